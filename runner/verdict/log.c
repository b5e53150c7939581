/* SPDX-License-Identifier: GPL-3.0-or-later
 * The verdict on a log: all of it. */
#include <stdlib.h>

#include "verdict/verdict.h"

static heed_status choose_point(const view_result *result, size_t cell,
                                verdict_log *log, heed_error *error) {
  size_t *points = calloc(result->plan->point_count + 1, sizeof *points);
  if (points == NULL) return heed_no_memory(error);
  const size_t count = verdict_points(result, points);
  log->known = count > 0;
  log->point = cell == SIZE_MAX ? points[0] : cell / result->plan->replicates;
  log->others = count > 0 ? count - 1 : 0;
  free(points);
  return HEED_OK;
}

/* Simulated users and models have no names, and need no verdict. */
static bool is_log(const verdict_log *log) {
  return (log->users.table != NULL &&
          heed_table_column(log->users.table, "name") != NULL) ||
         log->board.table != NULL;
}

heed_status verdict_open(view_result *result, size_t cell,
                         const verdict_question *question, verdict_log *log,
                         heed_error *error) {
  *log = (verdict_log){.question = *question};
  heed_status status = choose_point(result, cell, log, error);
  const size_t first = log->point * result->plan->replicates;
  if (status != HEED_OK || !log->known) return status;
  status = verdict_judge(result, first, question, &log->users, error);
  if (status == HEED_OK)
    status = verdict_find_board(result, log->point, &log->board, error);
  if (status == HEED_OK && log->users.table != NULL)
    status = verdict_find_share(result, log->point, question, &log->users,
                                &log->share, error);
  log->known = status == HEED_OK && is_log(log);
  if (!log->known) verdict_close(log);
  return status;
}

void verdict_close(verdict_log *log) {
  verdict_users_free(&log->users);
  verdict_board_free(&log->board);
  log->known = false;
}
