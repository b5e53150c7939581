/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables that a record keeps beside its metrics. */
#include "keep.h"

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

static heed_status keep_users(const keeping *self, record *into,
                              heed_error *error) {
  const heed_crowd *of = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const crowd *all = &self->levels[PLAN_ANNOTATIONS].crowd;
  const heed_posterior *posterior = &self->levels[PLAN_POSTERIOR].posterior;
  const heed_column *name = heed_table_column(of->users, "name");
  const level *trainer = &self->levels[PLAN_POLICY];
  const size_t users = of->users->rows;
  double *mean = evaluation_user_means(of, posterior, self->scratch);
  double *refined = NULL;
  int64_t *index = arena_allocate(self->scratch, users, sizeof *index);
  int64_t *count = arena_allocate(self->scratch, users, sizeof *count);
  heed_column columns[7];
  heed_table table = {sizeof table, "users", users, 0, columns};
  if (mean == NULL || count == NULL || index == NULL) return no_memory(error);
  for (size_t j = 0; j < users; j++) {
    index[j] = (int64_t)j;
    count[j] = (int64_t)(of->first[j + 1] - of->first[j]);
  }
  columns[table.column_count++] = (heed_column){"user", HEED_INT64, 1, index};
  if (name != NULL) columns[table.column_count++] = *name;
  columns[table.column_count++] = (heed_column){"mean", HEED_FLOAT64, 1, mean};
  if (posterior->unit == HEED_BY_USER)
    columns[table.column_count++] =
        (heed_column){"sd", HEED_FLOAT64, 1, posterior->sd};
  columns[table.column_count++] =
      (heed_column){"annotations", HEED_INT64, 1, count};
  if (all->eta != NULL)
    columns[table.column_count++] = (heed_column){
        "eta", HEED_FLOAT64, all->dimension, (void *)(uintptr_t)all->eta};
  if (trainer->node != SIZE_MAX && trainer->policy.refined != NULL) {
    refined = evaluation_user_means(of, trainer->policy.refined, self->scratch);
    if (refined == NULL) return no_memory(error);
    columns[table.column_count++] =
        (heed_column){"refined_mean", HEED_FLOAT64, 1, refined};
  }
  return record_keep(into, &table, table.name, error);
}

/* The models of a log; nothing where it names none. */
static heed_status keep_models(const keeping *self, record *into,
                               heed_error *error) {
  const heed_crowd *of = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const heed_posterior *posterior = &self->levels[PLAN_POSTERIOR].posterior;
  const heed_table *models = of->world->models, *pairs = of->world->pairs;
  const heed_column *name =
      models == NULL ? NULL : heed_table_column(models, "name");
  const int32_t *a = heed_table_data(pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(pairs, "model_b", HEED_INT32);
  const int64_t *pair = heed_table_data(of->annotations, "pair", HEED_INT64);
  if (name == NULL || models->rows == 0 || a == NULL || b == NULL)
    return HEED_OK;
  int64_t *index = arena_allocate(self->scratch, models->rows, sizeof *index);
  int64_t *count = arena_allocate(self->scratch, models->rows, sizeof *count);
  if (index == NULL || count == NULL) return no_memory(error);
  for (size_t m = 0; m < models->rows; m++) index[m] = (int64_t)m;
  for (size_t i = 0; i < of->annotations->rows; i++) {
    if (a[pair[i]] >= 0) count[a[pair[i]]]++;
    if (b[pair[i]] >= 0) count[b[pair[i]]]++;
  }
  heed_column columns[4] = {{"model", HEED_INT64, 1, index},
                            *name,
                            {"annotations", HEED_INT64, 1, count}};
  heed_table table = {sizeof table, "models", models->rows, 3, columns};
  if (posterior->strength != NULL)
    columns[table.column_count++] =
        (heed_column){"strength", HEED_FLOAT64, 1, posterior->strength};
  return record_keep(into, &table, table.name, error);
}

static heed_status keep_trace(const keeping *self, record *into,
                              heed_error *error) {
  size_t total = 0, at = 0;
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    if (self->levels[i].node != SIZE_MAX) total += self->levels[i].point_count;
  if (total == 0) return HEED_OK;
  const char **series = arena_allocate(self->scratch, total, sizeof *series);
  int64_t *step = arena_allocate(self->scratch, total, sizeof *step);
  double *value = arena_allocate(self->scratch, total, sizeof *value);
  if (series == NULL || step == NULL || value == NULL) return no_memory(error);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    for (size_t j = 0;
         self->levels[i].node != SIZE_MAX && j < self->levels[i].point_count;
         j++, at++) {
      series[at] = self->levels[i].points[j].series;
      step[at] = (int64_t)self->levels[i].points[j].step;
      value[at] = self->levels[i].points[j].value;
    }
  heed_column columns[] = {{"series", HEED_STRING, 1, series},
                           {"step", HEED_INT64, 1, step},
                           {"value", HEED_FLOAT64, 1, value}};
  const heed_table table = {sizeof table, "trace", total, 3, columns};
  return record_keep(into, &table, table.name, error);
}

/* ---- all of it ---- */

heed_status keep_tables(const keeping *of, record *into, heed_error *error) {
  const level *trainer = &of->levels[PLAN_POLICY];
  heed_status status = HEED_OK;
  if (of->plan->keep_users) status = keep_users(of, into, error);
  if (status == HEED_OK && of->plan->keep_models)
    status = keep_models(of, into, error);
  if (status == HEED_OK && of->plan->keep_trace)
    status = keep_trace(of, into, error);
  if (status == HEED_OK && of->plan->keep_policy && trainer->node != SIZE_MAX &&
      trainer->policy.table != NULL)
    status = record_keep(into, trainer->policy.table, "policy", error);
  return status;
}
