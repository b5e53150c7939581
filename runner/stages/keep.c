/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables that a record keeps beside its metrics. */
#include "keep.h"

#include <math.h>

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

/* ---- the selection ---- */

/* The kept annotations that prefer one response. */
typedef struct chosen_rows {
  size_t count, *rows;
  const int64_t *user, *pair;
  const int8_t *choice;
} chosen_rows;

static heed_status find_chosen(const stages_keeping *self, chosen_rows *found,
                               heed_error *error) {
  const heed_table *all = self->levels[PLAN_ANNOTATIONS].crowd.seen.annotations;
  found->user = heed_table_data(all, "user", HEED_INT64);
  found->pair = heed_table_data(all, "pair", HEED_INT64);
  found->choice = heed_table_data(all, "choice", HEED_INT8);
  found->count = 0;
  found->rows = self->host->scratch(self->host, all->rows, sizeof *found->rows);
  if (found->rows == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < all->rows; i++)
    if (self->selection->weight[i] > 0 && found->choice[i] != HEED_CHOSE_TIE)
      found->rows[found->count++] = i;
  return HEED_OK;
}

static void add_column(heed_table *table, const char *name,
                       heed_column_type type, void *data) {
  table->columns[table->column_count++] = (heed_column){name, type, 1, data};
}

static heed_status add_numbers(const stages_keeping *self,
                               const chosen_rows *chosen, heed_table *table,
                               heed_error *error) {
  heed_memory memory = {self->host, false};
  int64_t *user = heed_scratch(&memory, chosen->count, sizeof *user);
  int64_t *pair = heed_scratch(&memory, chosen->count, sizeof *pair);
  int8_t *choice = heed_scratch(&memory, chosen->count, sizeof *choice);
  double *weight = heed_scratch_doubles(&memory, chosen->count);
  double *eta = heed_scratch_doubles(&memory, chosen->count);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < chosen->count; i++) {
    const size_t row = chosen->rows[i];
    user[i] = chosen->user[row];
    pair[i] = chosen->pair[row];
    choice[i] = chosen->choice[row];
    weight[i] = self->selection->weight[row];
    eta[i] = self->selection->eta[row];
  }
  add_column(table, "user", HEED_INT64, user);
  add_column(table, "pair", HEED_INT64, pair);
  add_column(table, "choice", HEED_INT8, choice);
  add_column(table, "weight", HEED_FLOAT64, weight);
  add_column(table, "eta_hat", HEED_FLOAT64, eta);
  return HEED_OK;
}

/* P(A's response is better) before anybody judged the pair: what the fit says
 * of its models; else the gap, or the p that the pair came with, if the
 * estimator used it; else one half.  An estimator's own p will not do: some fit
 * it to the choices of the pair. */
typedef struct pair_priors {
  const heed_posterior *posterior;
  const int32_t *model_a, *model_b;
  const double *gold;
  const double *own, *of_pair; /* p of the annotation, of the pair */
} pair_priors;

static pair_priors find_priors(const stages_keeping *self) {
  const heed_crowd *crowd = &self->levels[PLAN_ANNOTATIONS].crowd.seen;
  const heed_table *pairs = crowd->world->pairs;
  return (pair_priors){
      .posterior = &self->levels[PLAN_POSTERIOR].posterior,
      .model_a = heed_table_data(pairs, "model_a", HEED_INT32),
      .model_b = heed_table_data(pairs, "model_b", HEED_INT32),
      .gold = heed_table_data(pairs, "gold", HEED_FLOAT64),
      .own = heed_table_data(crowd->annotations, "p", HEED_FLOAT64),
      .of_pair = heed_table_data(pairs, "p", HEED_FLOAT64)};
}

static bool is_close(double one, double other) {
  return fabs(one - other) < 1e-9;
}

static double prior_of(const pair_priors *self, size_t row, int64_t pair) {
  const double p = self->posterior->p[row];
  const double *strength = self->posterior->strength;
  if (self->gold != NULL && !isnan(self->gold[pair])) return self->gold[pair];
  if (is_close(p, self->posterior->mu) ||
      (self->own != NULL && is_close(p, self->own[row])) ||
      (self->of_pair != NULL && is_close(p, self->of_pair[pair])))
    return p;
  if (strength == NULL || self->model_a == NULL || self->model_b == NULL ||
      self->model_a[pair] < 0 || self->model_b[pair] < 0)
    return 0.5;
  return 1 / (1 + exp(strength[self->model_b[pair]] -
                      strength[self->model_a[pair]]));
}

/* What a label of the pair needs: docs/results.md has the formula. */
static heed_status add_evidence(const stages_keeping *self,
                                const chosen_rows *chosen, heed_table *table,
                                heed_error *error) {
  const pair_priors priors = find_priors(self);
  heed_memory memory = {self->host, false};
  float *left_out = heed_scratch(&memory, chosen->count, sizeof *left_out);
  float *casual = heed_scratch(&memory, chosen->count, sizeof *casual);
  float *prior = heed_scratch(&memory, chosen->count, sizeof *prior);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < chosen->count; i++) {
    const size_t row = chosen->rows[i];
    left_out[i] = (float)self->selection->left_out[row];
    casual[i] = (float)self->selection->casual[row];
    prior[i] = (float)prior_of(&priors, row, chosen->pair[row]);
  }
  add_column(table, "eta_left_out", HEED_FLOAT32, left_out);
  add_column(table, "casual", HEED_FLOAT32, casual);
  add_column(table, "prior", HEED_FLOAT32, prior);
  return HEED_OK;
}

static heed_status add_pair_names(const stages_keeping *self,
                                  const chosen_rows *chosen, heed_table *table,
                                  heed_error *error) {
  const heed_table *pairs = self->levels[PLAN_WORLD].world.pairs;
  const char *const *known = heed_table_data(pairs, "name", HEED_STRING);
  const char **name;
  if (known == NULL) return HEED_OK;
  name = self->host->scratch(self->host, chosen->count, sizeof *name);
  if (name == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < chosen->count; i++)
    name[i] = known[chosen->pair[chosen->rows[i]]];
  add_column(table, "pair_name", HEED_STRING, name);
  return HEED_OK;
}

/* Rows of the table `models`, if these have names. */
static heed_status add_models(const stages_keeping *self,
                              const chosen_rows *chosen, heed_table *table,
                              heed_error *error) {
  static const char *const names[] = {"model_a", "model_b"};
  const heed_world *world = &self->levels[PLAN_WORLD].world;
  if (world->models == NULL || heed_table_column(world->models, "name") == NULL)
    return HEED_OK;
  for (size_t side = 0; side < 2; side++) {
    const int32_t *known =
        heed_table_data(world->pairs, names[side], HEED_INT32);
    int32_t *model;
    if (known == NULL) continue;
    model = self->host->scratch(self->host, chosen->count, sizeof *model);
    if (model == NULL) return heed_no_memory(error);
    for (size_t i = 0; i < chosen->count; i++)
      model[i] = known[chosen->pair[chosen->rows[i]]];
    add_column(table, names[side], HEED_INT32, model);
  }
  return HEED_OK;
}

/* Of a world with texts: 1 if those of the pair are lists of messages. */
static heed_status add_messages(const stages_keeping *self,
                                const chosen_rows *chosen, heed_table *table,
                                heed_error *error) {
  const heed_table *pairs = self->levels[PLAN_WORLD].world.pairs;
  const int8_t *known = heed_table_data(pairs, "messages", HEED_INT8);
  int8_t *messages;
  if (known == NULL) return HEED_OK;
  messages = self->host->scratch(self->host, chosen->count, sizeof *messages);
  if (messages == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < chosen->count; i++)
    messages[i] = known[chosen->pair[chosen->rows[i]]];
  add_column(table, "messages", HEED_INT8, messages);
  return HEED_OK;
}

static heed_status add_names(const stages_keeping *self,
                             const chosen_rows *chosen, heed_table *table,
                             heed_error *error) {
  const heed_table *users = self->levels[PLAN_ANNOTATIONS].crowd.seen.users;
  const char *const *known = heed_table_data(users, "name", HEED_STRING);
  const char **name;
  if (known == NULL) return HEED_OK;
  name = self->host->scratch(self->host, chosen->count, sizeof *name);
  if (name == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < chosen->count; i++)
    name[i] = known[chosen->user[chosen->rows[i]]];
  add_column(table, "name", HEED_STRING, name);
  return HEED_OK;
}

static heed_status add_prompts(const stages_keeping *self,
                               const chosen_rows *chosen, heed_table *table,
                               heed_error *error) {
  const heed_world *world = &self->levels[PLAN_WORLD].world;
  const int64_t *prompt_of =
      heed_table_data(world->pairs, "prompt", HEED_INT64);
  const char *const *known =
      world->prompts == NULL
          ? NULL
          : heed_table_data(world->prompts, "text", HEED_STRING);
  const char **prompt;
  if (prompt_of == NULL || known == NULL) return HEED_OK;
  prompt = self->host->scratch(self->host, chosen->count, sizeof *prompt);
  if (prompt == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < chosen->count; i++)
    prompt[i] = known[prompt_of[chosen->pair[chosen->rows[i]]]];
  add_column(table, "prompt", HEED_STRING, prompt);
  return HEED_OK;
}

static heed_status add_responses(const stages_keeping *self,
                                 const chosen_rows *rows, heed_table *table,
                                 heed_error *error) {
  const heed_table *pairs = self->levels[PLAN_WORLD].world.pairs;
  const char *const *a = heed_table_data(pairs, "text_a", HEED_STRING);
  const char *const *b = heed_table_data(pairs, "text_b", HEED_STRING);
  heed_memory memory = {self->host, false};
  const char **chosen, **rejected;
  if (a == NULL || b == NULL) return HEED_OK;
  chosen = heed_scratch(&memory, rows->count, sizeof *chosen);
  rejected = heed_scratch(&memory, rows->count, sizeof *rejected);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < rows->count; i++) {
    const bool chose_a = rows->choice[rows->rows[i]] == HEED_CHOSE_A;
    const int64_t pair = rows->pair[rows->rows[i]];
    chosen[i] = (chose_a ? a : b)[pair];
    rejected[i] = (chose_a ? b : a)[pair];
  }
  add_column(table, "chosen", HEED_STRING, chosen);
  add_column(table, "rejected", HEED_STRING, rejected);
  return HEED_OK;
}

static heed_status keep_selection(const stages_keeping *self,
                                  heed_record *record, heed_error *error) {
  heed_column columns[16];
  heed_table table = {sizeof table, plan_kept_names[PLAN_KEPT_SELECTION], 0, 0,
                      columns};
  chosen_rows chosen;
  heed_status status;
  /* Resampled logs measure the uncertainty of metrics.  They are not data sets
   * to export, and their texts are those of replicate 0. */
  if (self->levels[PLAN_ANNOTATIONS].crowd.resampled) return HEED_OK;
  status = find_chosen(self, &chosen, error);
  if (status == HEED_OK) status = add_numbers(self, &chosen, &table, error);
  if (status == HEED_OK) status = add_evidence(self, &chosen, &table, error);
  if (status == HEED_OK) status = add_models(self, &chosen, &table, error);
  if (status == HEED_OK) status = add_names(self, &chosen, &table, error);
  if (status == HEED_OK) status = add_pair_names(self, &chosen, &table, error);
  if (status == HEED_OK) status = add_messages(self, &chosen, &table, error);
  if (status == HEED_OK) status = add_prompts(self, &chosen, &table, error);
  if (status == HEED_OK) status = add_responses(self, &chosen, &table, error);
  table.rows = chosen.count;
  return status == HEED_OK ? record_keep(record, &table, table.name, error)
                           : status;
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
