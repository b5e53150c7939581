/* SPDX-License-Identifier: GPL-3.0-or-later
 * Failures by kind, with their place on the grid. */
#include <stdlib.h>
#include <string.h>

#include "diagnosis/findings.h"

typedef struct failures_search {
  const work_batch *batch;
  bool by_message;
  size_t *kind; /* of each failure; SIZE_MAX: beyond the last kind */
} failures_search;

static bool is_of(const failures_search *self, const diagnosis_failure *kind,
                  size_t failure) {
  const work_batch *batch = self->batch;
  return batch->status[batch->failure_row[failure]] == kind->status &&
         strcmp(batch->failure_stage[failure], kind->stage) == 0 &&
         strcmp(batch->failure_plugin[failure], kind->plugin) == 0 &&
         (!self->by_message ||
          strcmp(batch->failure_message[failure], kind->message) == 0);
}

static void sort_failures(failures_search *self, diagnosis_failure *kinds,
                          size_t *count, size_t *more) {
  const work_batch *batch = self->batch;
  for (size_t i = 0; i < batch->failure_count; i++) {
    size_t k = 0;
    while (k < *count && !is_of(self, &kinds[k], i)) k++;
    self->kind[i] = k < DIAGNOSIS_KINDS ? k : SIZE_MAX;
    if (k == DIAGNOSIS_KINDS) {
      ++*more;
      continue;
    }
    if (k == *count)
      kinds[(*count)++] =
          (diagnosis_failure){.status = batch->status[batch->failure_row[i]],
                              .stage = batch->failure_stage[i],
                              .plugin = batch->failure_plugin[i],
                              .message = batch->failure_message[i]};
    kinds[k].cells++;
  }
}

/* cells, rows: room for one per cell and per row. */
static void place_kind(const view_result *result, const failures_search *self,
                       size_t kind, bool *cells, bool *rows, char *where) {
  const work_batch *batch = self->batch;
  memset(rows, 0, batch->rows);
  for (size_t i = 0; i < batch->failure_count; i++)
    if (self->kind[i] == kind) rows[batch->failure_row[i]] = true;
  for (size_t cell = 0; cell < plan_cell_count(result->plan); cell++)
    cells[cell] = rows[view_place(result, cell)];
  view_where(result->plan, cells, where);
}

heed_status diagnosis_failures(const view_result *result, bool by_message,
                               diagnosis_failure **found, size_t *count,
                               size_t *more, heed_error *error) {
  const size_t failures = result->cells.failure_count;
  failures_search self = {&result->cells, by_message,
                          calloc(failures + 1, sizeof *self.kind)};
  diagnosis_failure *made = calloc(DIAGNOSIS_KINDS, sizeof *made);
  bool *cells = calloc(plan_cell_count(result->plan) + 1, sizeof *cells);
  bool *rows = calloc(result->cells.rows + 1, sizeof *rows);
  const bool whole =
      self.kind != NULL && made != NULL && cells != NULL && rows != NULL;
  *count = *more = 0;
  *found = NULL;
  if (whole) {
    sort_failures(&self, made, count, more);
    for (size_t i = 0; i < *count; i++)
      place_kind(result, &self, i, cells, rows, made[i].where);
    *found = made;
  } else {
    free(made);
  }
  free(self.kind);
  free(cells);
  free(rows);
  return whole ? HEED_OK : heed_no_memory(error);
}
