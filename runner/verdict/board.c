/* SPDX-License-Identifier: GPL-3.0-or-later
 * The leaderboard of a point, and other values at it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/verdict.h"

static const double LEVEL = 0.95;

static heed_table *read_models(view_result *result, size_t cell,
                               heed_error *error) {
  result->cells.file.error = error;
  return batch_kept(&result->cells, PLAN_KEPT_MODELS, view_place(result, cell));
}

/* The strengths of a cell into a row; NaN if it has none. */
static void put_row(const heed_table *table, const char *column, size_t models,
                    double *row) {
  const double *strength = heed_table_data(table, column, HEED_FLOAT64);
  const bool known = strength != NULL && table->rows == models;
  for (size_t m = 0; m < models; m++) row[m] = known ? strength[m] : NAN;
}

static heed_status read_strengths(view_result *result, size_t point,
                                  size_t replicates, size_t models, double *raw,
                                  double *attended, heed_error *error) {
  for (size_t r = 0; r < replicates; r++) {
    heed_table *table =
        read_models(result, point * result->plan->replicates + r, error);
    if (result->cells.file.status != HEED_OK) return result->cells.file.status;
    put_row(table, "raw", models, raw + r * models);
    put_row(table, "strength", models, attended + r * models);
    kept_free(table);
  }
  return HEED_OK;
}

static size_t count_known(size_t replicates, size_t models,
                          const double *values) {
  size_t known = 0;
  for (size_t r = 1; r < replicates; r++)
    if (!isnan(values[r * models])) known++;
  return known;
}

/* Standings, or NULL without strengths in the log. */
static heed_status stand(size_t models, size_t replicates, const double *values,
                         verdict_standing **standings, heed_error *error) {
  if (isnan(values[0])) return HEED_OK;
  *standings = calloc(models, sizeof **standings);
  if (*standings == NULL) return heed_no_memory(error);
  return leaderboard_make(models, replicates - 1, values, LEVEL, *standings,
                          error);
}

/* Models by rank; equal ranks in the order of the table. */
static heed_status put_order(verdict_board *board, heed_error *error) {
  const verdict_standing *by =
      board->attended != NULL ? board->attended : board->raw;
  size_t count = 0;
  board->order = calloc(board->models, sizeof *board->order);
  if (board->order == NULL) return heed_no_memory(error);
  for (size_t rank = 1; rank <= board->models; rank++)
    for (size_t m = 0; m < board->models; m++)
      if ((by == NULL ? m + 1 : by[m].rank) == rank) board->order[count++] = m;
  return HEED_OK;
}

heed_status verdict_find_board(view_result *result, size_t point,
                               verdict_board *board, heed_error *error) {
  const size_t replicates =
      view_is_bootstrap(result, point) ? result->plan->replicates : 1;
  *board = (verdict_board){
      .table = read_models(result, point * result->plan->replicates, error)};
  if (board->table == NULL || board->table->rows == 0)
    return result->cells.file.status;
  const size_t models = board->models = board->table->rows;
  double *raw = calloc(replicates * models, sizeof *raw);
  double *attended = calloc(replicates * models, sizeof *attended);
  heed_status status = raw == NULL || attended == NULL
                           ? heed_no_memory(error)
                           : read_strengths(result, point, replicates, models,
                                            raw, attended, error);
  if (status == HEED_OK)
    status = stand(models, replicates, raw, &board->raw, error);
  if (status == HEED_OK)
    status = stand(models, replicates, attended, &board->attended, error);
  if (status == HEED_OK) {
    board->replicates = count_known(replicates, models,
                                    board->attended != NULL ? attended : raw);
    status = put_order(board, error);
  }
  free(raw);
  free(attended);
  if (status != HEED_OK) verdict_board_free(board);
  return status;
}

void verdict_board_free(verdict_board *board) {
  kept_free(board->table);
  free(board->raw);
  free(board->attended);
  free(board->order);
  *board = (verdict_board){0};
}

const char *verdict_model(const verdict_board *board, size_t model) {
  const char *const *name = heed_table_data(board->table, "name", HEED_STRING);
  return name == NULL ? "?" : name[model];
}

int64_t verdict_model_annotations(const verdict_board *board, size_t model) {
  const int64_t *count =
      heed_table_data(board->table, "annotations", HEED_INT64);
  return count == NULL ? 0 : count[model];
}

/* ---- metrics ---- */

view_estimate verdict_metric(const view_result *result, size_t point,
                             const char *name, size_t value) {
  const heed_plan *plan = result->plan;
  view_estimate none = {0, NAN, NAN, NAN};
  for (size_t i = 0; i < plan->metric_count; i++) {
    const plan_metric *metric = &plan->metrics[i];
    if (strcmp(metric->name, name) != 0 || value >= metric->count) continue;
    double *values = malloc(plan->replicates * sizeof *values);
    if (values == NULL) return none;
    for (size_t r = 0; r < plan->replicates; r++)
      values[r] = view_value(result, point, r, metric->offset + value);
    none = summarise_replicates(values, plan->replicates,
                                view_is_bootstrap(result, point));
    free(values);
  }
  return none;
}

bool verdict_find_parts(const view_result *result, size_t point,
                        view_estimate parts[VERDICT_PARTS]) {
  static const char *const names[VERDICT_PARTS] = {
      "attention_0_to_6", "attention_6_to_12", "attention_12_to_18",
      "attention_18_to_24"};
  bool known = false;
  for (size_t i = 0; i < VERDICT_PARTS; i++) {
    parts[i] = verdict_metric(result, point, names[i], 0);
    known = known || !isnan(parts[i].value);
  }
  return known;
}

bool verdict_parts_differ(const view_estimate parts[VERDICT_PARTS]) {
  for (size_t i = 0; i < VERDICT_PARTS; i++)
    for (size_t j = 0; j < VERDICT_PARTS; j++)
      if (parts[i].low > parts[j].high) return true;
  return false;
}

double verdict_value(const view_result *result, size_t cell, const char *name) {
  const heed_plan *plan = result->plan;
  for (size_t i = 0; i < plan->metric_count; i++)
    if (strcmp(plan->metrics[i].name, name) == 0)
      return view_value(result, cell / plan->replicates,
                        cell % plan->replicates, plan->metrics[i].offset);
  return NAN;
}

bool verdict_is_identified(const view_result *result, size_t cell) {
  const work_batch *cells = &result->cells;
  const int64_t place = (int64_t)view_place(result, cell);
  for (size_t i = 0; i < cells->warning_count; i++)
    if (cells->warning_row[i] == place &&
        strcmp(cells->warning_code[i], "not_identified") == 0)
      return false;
  return true;
}

static bool kept_any(const view_result *result, size_t point) {
  static const size_t tables[] = {PLAN_KEPT_USERS, PLAN_KEPT_MODELS};
  const size_t place = view_place(result, point * result->plan->replicates);
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    const size_t *count = result->cells.kept_count[tables[i]];
    if (count != NULL && count[place] > 0) return true;
  }
  return false;
}

size_t verdict_points(const view_result *result, size_t *points) {
  const heed_plan *plan = result->plan;
  size_t count = 0;
  for (size_t point = 0; point < plan->point_count; point++) {
    const size_t node = plan_node_at(plan, point, PLAN_POSTERIOR);
    bool known = !kept_any(result, point);
    for (size_t i = 0; !known && i < count; i++)
      known = plan_node_at(plan, points[i], PLAN_POSTERIOR) == node;
    if (!known) points[count++] = point;
  }
  return count;
}
