/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables that a record keeps beside its metrics. */
#include "keep.h"

enum { KEPT_USER_COLUMNS = 8 }; /* at most, without covariates */

static heed_status keep_users(const stages_keeping *self, heed_record *record,
                              heed_error *error) {
  const heed_crowd *crowd = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const stages_crowd *all = &self->levels[PLAN_ANNOTATIONS].crowd;
  const heed_posterior *posterior = &self->levels[PLAN_POSTERIOR].posterior;
  const heed_column *name = heed_table_column(crowd->users, "name");
  const stages_level *trainer = &self->levels[PLAN_POLICY];
  const size_t users = crowd->users->rows;
  const int64_t *times =
      heed_table_data(crowd->annotations, "count", HEED_INT64);
  heed_memory memory = {self->host, false};
  double *mean = evaluation_user_means(crowd, posterior, &memory);
  double *refined = NULL;
  int64_t *index = heed_scratch(&memory, users, sizeof *index);
  int64_t *count = heed_scratch(&memory, users, sizeof *count);
  int64_t *row = heed_scratch(&memory, users, sizeof *row);
  heed_column *columns =
      heed_scratch(&memory, KEPT_USER_COLUMNS + keep_covariate_count(crowd),
                   sizeof *columns);
  heed_table table = {sizeof table, plan_kept_names[PLAN_KEPT_USERS], users, 0,
                      columns};
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) {
    index[j] = (int64_t)j;
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++)
      count[j] += heed_count_at(times, i);
  }
  columns[table.column_count++] = (heed_column){"user", HEED_INT64, 1, index};
  if (name != NULL) columns[table.column_count++] = *name;
  columns[table.column_count++] = (heed_column){"mean", HEED_FLOAT64, 1, mean};
  if (posterior->unit == HEED_BY_USER)
    columns[table.column_count++] =
        (heed_column){"sd", HEED_FLOAT64, 1, posterior->sd};
  columns[table.column_count++] =
      (heed_column){"annotations", HEED_INT64, 1, count};
  for (size_t j = 0; keep_has_rows(self) && j < users; j++)
    row[j] = (int64_t)posterior->row[j];
  if (keep_has_rows(self))
    columns[table.column_count++] =
        (heed_column){"posterior", HEED_INT64, 1, row};
  if (all->eta != NULL)
    columns[table.column_count++] = (heed_column){
        "eta", HEED_FLOAT64, all->dimension, (void *)(uintptr_t)all->eta};
  if (trainer->policy.size != 0 && trainer->policy.refined != NULL) {
    refined = evaluation_user_means(crowd, trainer->policy.refined, &memory);
    columns[table.column_count++] =
        (heed_column){"refined_mean", HEED_FLOAT64, 1, refined};
  }
  if (!all->resampled) keep_covariates(crowd, &table, &memory);
  if (memory.refused) return heed_no_memory(error);
  return record_keep(record, &table, table.name, error);
}

/* The ridge of the estimator's strengths, if it has one. */
static double ridge_of(const stages_keeping *self) {
  const double standard = 0.05;
  const size_t node = self->levels[PLAN_POSTERIOR].node;
  const json_t *ridge = json_object_get(
      json_object_get(self->plan->nodes[node].spec, "parameters"), "ridge");
  return json_is_number(ridge) ? json_number_value(ridge) : standard;
}

/* Keeps the models of a log, if it names any. */
static heed_status keep_models(const stages_keeping *self, heed_record *record,
                               heed_error *error) {
  const heed_crowd *crowd = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const heed_posterior *posterior = &self->levels[PLAN_POSTERIOR].posterior;
  const heed_table *models = crowd->world->models, *pairs = crowd->world->pairs;
  const heed_column *name =
      models == NULL ? NULL : heed_table_column(models, "name");
  const int32_t *a = heed_table_data(pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(pairs, "model_b", HEED_INT32);
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  const int64_t *times =
      heed_table_data(crowd->annotations, "count", HEED_INT64);
  if (name == NULL || models->rows == 0 || a == NULL || b == NULL)
    return HEED_OK;
  heed_memory memory = {self->host, false};
  int64_t *index = heed_scratch(&memory, models->rows, sizeof *index);
  int64_t *count = heed_scratch(&memory, models->rows, sizeof *count);
  double *raw = heed_scratch_doubles(&memory, models->rows);
  if (memory.refused) return heed_no_memory(error);
  const heed_status status =
      evaluation_raw_strengths(crowd, ridge_of(self), &memory, raw, error);
  if (status != HEED_OK) return status;
  for (size_t m = 0; m < models->rows; m++) index[m] = (int64_t)m;
  for (size_t i = 0; i < crowd->annotations->rows; i++) {
    if (a[pair[i]] >= 0) count[a[pair[i]]] += heed_count_at(times, i);
    if (b[pair[i]] >= 0) count[b[pair[i]]] += heed_count_at(times, i);
  }
  heed_column columns[5] = {{"model", HEED_INT64, 1, index},
                            *name,
                            {"annotations", HEED_INT64, 1, count},
                            {"raw", HEED_FLOAT64, 1, raw}};
  heed_table table = {sizeof table, plan_kept_names[PLAN_KEPT_MODELS],
                      models->rows, 4, columns};
  if (posterior->strength != NULL)
    columns[table.column_count++] =
        (heed_column){"strength", HEED_FLOAT64, 1, posterior->strength};
  return record_keep(record, &table, table.name, error);
}

static heed_status keep_trace(const stages_keeping *self, heed_record *record,
                              heed_error *error) {
  size_t total = 0, position = 0;
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    if (self->levels[i].node != SIZE_MAX) total += self->levels[i].point_count;
  if (total == 0) return HEED_OK;
  heed_memory memory = {self->host, false};
  const char **series = heed_scratch(&memory, total, sizeof *series);
  int64_t *step = heed_scratch(&memory, total, sizeof *step);
  double *value = heed_scratch_doubles(&memory, total);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    for (size_t j = 0;
         self->levels[i].node != SIZE_MAX && j < self->levels[i].point_count;
         j++, position++) {
      series[position] = self->levels[i].points[j].series;
      step[position] = (int64_t)self->levels[i].points[j].step;
      value[position] = self->levels[i].points[j].value;
    }
  heed_column columns[] = {{"series", HEED_STRING, 1, series},
                           {"step", HEED_INT64, 1, step},
                           {"value", HEED_FLOAT64, 1, value}};
  const heed_table table = {sizeof table, plan_kept_names[PLAN_KEPT_TRACE],
                            total, 3, columns};
  return record_keep(record, &table, table.name, error);
}

/* ---- tables from plugins and from evaluation ---- */

static heed_status keep_policy(const stages_keeping *self, heed_record *record,
                               heed_error *error) {
  const stages_level *trainer = &self->levels[PLAN_POLICY];
  if (trainer->policy.size == 0 || trainer->policy.table == NULL)
    return HEED_OK;
  return record_keep(record, trainer->policy.table,
                     plan_kept_names[PLAN_KEPT_POLICY], error);
}

static heed_status keep_responses(const stages_keeping *self,
                                  heed_record *record, heed_error *error) {
  const heed_table *drawn = self->levels[PLAN_EVALUATION].responses;
  if (drawn == NULL) return HEED_OK;
  return record_keep(record, drawn, plan_kept_names[PLAN_KEPT_RESPONSES],
                     error);
}

/* ---- all tables ---- */

typedef heed_status keep_table(const stages_keeping *self, heed_record *record,
                               heed_error *error);

heed_status keep_tables(const stages_keeping *keeping, heed_record *record,
                        heed_error *error) {
  static keep_table *const tables[PLAN_KEPT_COUNT] = {
      [PLAN_KEPT_USERS] = keep_users,
      [PLAN_KEPT_MODELS] = keep_models,
      [PLAN_KEPT_TRACE] = keep_trace,
      [PLAN_KEPT_POLICY] = keep_policy,
      [PLAN_KEPT_RESPONSES] = keep_responses,
      [PLAN_KEPT_SELECTION] = keep_selection,
      [PLAN_KEPT_ETA_NODES] = keep_eta_nodes,
      [PLAN_KEPT_ETA_POSTERIOR] = keep_eta_posterior,
  };
  const unsigned with_users = PLAN_KEEP_ETA_NODES | PLAN_KEEP_ETA_POSTERIOR;
  const unsigned keep =
      keeping->plan->keep |
      ((keeping->plan->keep & PLAN_KEEP_USERS) != 0 ? with_users : 0);
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < PLAN_KEPT_COUNT; i++)
    if ((keep & 1u << i) != 0) status = tables[i](keeping, record, error);
  return status;
}
