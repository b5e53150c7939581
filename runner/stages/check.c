/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks the outputs of plugins: counts, ranges, NaN. */
#include "stages/check.h"

#include <math.h>

typedef struct expected_column {
  const char *name;
  heed_column_type type;
  size_t width; /* 0: any */
} expected_column;

static heed_status wrong(heed_error *error, const char *what) {
  return heed_fail(error, HEED_NUMERIC, "invalid output: %s", what);
}

/* Columns of the vocabulary must have its type and width. */
static heed_status check_columns(const heed_table *table,
                                 const expected_column *expected, size_t count,
                                 heed_error *error) {
  for (size_t i = 0; i < count; i++) {
    const heed_column *column = heed_table_column(table, expected[i].name);
    if (column == NULL) continue;
    if (column->data == NULL || column->type != expected[i].type ||
        (expected[i].width != 0 && column->width != expected[i].width))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: column %s of table %s has type "
                       "%d and width %zu, expected type %d and width %zu",
                       column->name, table->name, (int)column->type,
                       column->width, (int)expected[i].type, expected[i].width);
  }
  return HEED_OK;
}

static heed_status check_indices(const heed_table *table, const char *name,
                                 size_t limit, const char *text,
                                 heed_error *error) {
  const int64_t *index = heed_table_data(table, name, HEED_INT64);
  for (size_t i = 0; index != NULL && i < table->rows; i++)
    if (index[i] < 0 || (size_t)index[i] >= limit)
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: %s.%s of row %zu is %lld, "
                       "expected one of the %zu %s",
                       table->name, name, i, (long long)index[i], limit, text);
  return HEED_OK;
}

static heed_status check_probabilities(const heed_table *table,
                                       const char *name, heed_error *error) {
  const double *p = heed_table_data(table, name, HEED_FLOAT64);
  for (size_t i = 0; p != NULL && i < table->rows; i++)
    if (!isnan(p[i]) && !(p[i] >= 0 && p[i] <= 1))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: %s.%s of row %zu is %g, expected "
                       "a probability",
                       table->name, name, i, p[i]);
  return HEED_OK;
}

static heed_status check_prompts(const heed_world *world, heed_error *error) {
  const expected_column columns[] = {
      {"features", HEED_FLOAT64, world->candidates * world->features},
      {"reference", HEED_FLOAT64, world->candidates},
      {"reward", HEED_FLOAT64, world->candidates},
      {"text", HEED_STRING, 1},
      {"response", HEED_STRING, 1},
      {"cut", HEED_INT8, 1}};
  if (world->prompts == NULL)
    return world->held_out == 0
               ? HEED_OK
               : wrong(error, "held-out prompts without a table of prompts");
  if (world->held_out > world->prompts->rows)
    return wrong(error, "more held-out prompts than prompts");
  return check_columns(world->prompts, columns,
                       sizeof columns / sizeof *columns, error);
}

static heed_status check_range(const heed_table *table, const char *name,
                               int low, int high, const char *expected,
                               heed_error *error) {
  const heed_column *column = heed_table_column(table, name);
  const int8_t *value = column == NULL ? NULL : column->data;
  for (size_t i = 0; value != NULL && i < table->rows * column->width; i++)
    if (value[i] < low || value[i] > high)
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: %s.%s of row %zu is %d, expected "
                       "%s",
                       table->name, name, i / column->width, value[i],
                       expected);
  return HEED_OK;
}

/* Topics are 0, 1, …; NULL: the table has none. */
static heed_status check_topics(const heed_table *table, heed_error *error) {
  const int32_t *topic = heed_table_data(table, "topic", HEED_INT32);
  for (size_t i = 0; topic != NULL && i < table->rows; i++)
    if (topic[i] < 0)
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: %s.topic of row %zu is %d, "
                       "expected 0 or more",
                       table->name, i, (int)topic[i]);
  return HEED_OK;
}

static heed_status check_counts(const heed_table *table, heed_error *error) {
  const int64_t *count = heed_table_data(table, "count", HEED_INT64);
  for (size_t i = 0; count != NULL && i < table->rows; i++)
    if (count[i] < 1)
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: %s.count of row %zu is %lld, expected "
                       "1 or more",
                       table->name, i, (long long)count[i]);
  return HEED_OK;
}

static heed_status check_order(const heed_table *table, heed_error *error) {
  const int64_t *user = heed_table_data(table, "user", HEED_INT64);
  for (size_t i = 1; i < table->rows; i++)
    if (user[i] < user[i - 1])
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: %s.user of row %zu is %lld after "
                       "%lld, expected rows ordered by user",
                       table->name, i, (long long)user[i],
                       (long long)user[i - 1]);
  return HEED_OK;
}

heed_status check_annotations(const heed_table *table, size_t users,
                              size_t pairs, heed_error *error) {
  static const expected_column columns[] = {
      {"user", HEED_INT64, 1},  {"pair", HEED_INT64, 1},
      {"choice", HEED_INT8, 1}, {"left", HEED_INT8, 1},
      {"p", HEED_FLOAT64, 1},   {"topic", HEED_INT32, 1},
      {"count", HEED_INT64, 1}};
  heed_status status =
      check_columns(table, columns, sizeof columns / sizeof *columns, error);
  for (size_t i = 0; status == HEED_OK && i < 4; i++)
    if (heed_table_column(table, columns[i].name) == NULL)
      return wrong(error,
                   "annotations lack the column user, pair, choice or left");
  if (status == HEED_OK)
    status = check_indices(table, "user", users, "users", error);
  if (status == HEED_OK)
    status = check_indices(table, "pair", pairs, "pairs", error);
  if (status == HEED_OK) status = check_order(table, error);
  if (status == HEED_OK) status = check_probabilities(table, "p", error);
  if (status == HEED_OK) status = check_topics(table, error);
  if (status == HEED_OK) status = check_counts(table, error);
  if (status == HEED_OK)
    status = check_range(table, "choice", HEED_CHOSE_B, HEED_CHOSE_TIE,
                         "0 (B), 1 (A) or 2 (a tie)", error);
  if (status == HEED_OK)
    status = check_range(table, "left", HEED_LEFT_UNKNOWN, HEED_CHOSE_A,
                         "0 (B), 1 (A) or -1 (unknown)", error);
  return status;
}

/* A log has its own users and annotations. */
static heed_status check_log(const heed_world *world, heed_error *error) {
  if ((world->annotations == NULL) != (world->users == NULL))
    return wrong(error,
                 "annotations without users, or users without annotations");
  return world->annotations == NULL
             ? HEED_OK
             : check_annotations(world->annotations, world->users->rows,
                                 world->pairs->rows, error);
}

static heed_status check_models(const heed_world *world, heed_error *error) {
  static const char *const names[] = {"model_a", "model_b"};
  const size_t count = world->models == NULL ? 0 : world->models->rows;
  for (size_t k = 0; k < 2; k++) {
    const int32_t *model = heed_table_data(world->pairs, names[k], HEED_INT32);
    for (size_t i = 0; model != NULL && i < world->pairs->rows; i++)
      if (model[i] < 0 || (size_t)model[i] >= count)
        return heed_fail(error, HEED_NUMERIC,
                         "invalid output: pairs.%s of row %zu is %d, "
                         "expected a model below %zu",
                         names[k], i, (int)model[i], count);
  }
  return HEED_OK;
}

static heed_status check_gap(double gap, const char *name, heed_error *error) {
  if (isnan(gap) || (gap >= 0 && gap <= 1)) return HEED_OK;
  return heed_fail(error, HEED_NUMERIC,
                   "invalid output: %s is %g, expected a probability or "
                   "NaN",
                   name, gap);
}

heed_status check_world(const heed_world *world, heed_error *error) {
  const expected_column columns[] = {
      {"prompt", HEED_INT64, 1},
      {"response_a", HEED_INT64, 1},
      {"response_b", HEED_INT64, 1},
      {"p", HEED_FLOAT64, 1},
      {"gold", HEED_FLOAT64, 1},
      {"model_a", HEED_INT32, 1},
      {"model_b", HEED_INT32, 1},
      {"topic", HEED_INT32, 1},
      {"difference", HEED_FLOAT64, world->features},
      {"text_a", HEED_STRING, 1},
      {"text_b", HEED_STRING, 1},
      {"cut_a", HEED_INT8, 1},
      {"cut_b", HEED_INT8, 1},
      {"reward_a", HEED_FLOAT64, 1},
      {"reward_b", HEED_FLOAT64, 1},
      {"verdict", HEED_INT8, world->judge_count}};
  heed_status status;
  if (world->pairs == NULL) return wrong(error, "a world without pairs");
  status = check_prompts(world, error);
  if (status == HEED_OK)
    status = check_columns(world->pairs, columns,
                           sizeof columns / sizeof *columns, error);
  if (status == HEED_OK && world->prompts != NULL)
    status = check_indices(world->pairs, "prompt", world->prompts->rows,
                           "prompts", error);
  if (status == HEED_OK && world->candidates > 0)
    status = check_indices(world->pairs, "response_a", world->candidates,
                           "candidates", error);
  if (status == HEED_OK && world->candidates > 0)
    status = check_indices(world->pairs, "response_b", world->candidates,
                           "candidates", error);
  if (status == HEED_OK) status = check_probabilities(world->pairs, "p", error);
  if (status == HEED_OK)
    status = check_probabilities(world->pairs, "gold", error);
  if (status == HEED_OK) status = check_topics(world->pairs, error);
  if (status == HEED_OK)
    status = check_range(world->pairs, "verdict", -1, HEED_CHOSE_TIE,
                         "0 (B), 1 (A), 2 (a tie) or -1 (none)", error);
  if (status == HEED_OK) status = check_models(world, error);
  if (status == HEED_OK) status = check_gap(world->mu, "mu", error);
  if (status == HEED_OK)
    status = check_gap(world->mu_requested, "mu_requested", error);
  return status == HEED_OK ? check_log(world, error) : status;
}

static heed_status check_finite(const double *values, size_t count,
                                const char *name, heed_error *error) {
  if (values == NULL)
    return heed_fail(error, HEED_NUMERIC, "invalid output: %s is missing",
                     name);
  for (size_t i = 0; i < count; i++)
    if (!isfinite(values[i]))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: %s[%zu] is %g, expected a finite "
                       "number",
                       name, i, values[i]);
  return HEED_OK;
}

static heed_status check_within(const double *values, size_t count, double low,
                                double high, const char *name,
                                heed_error *error) {
  const heed_status status = check_finite(values, count, name, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < count; i++)
    if (values[i] < low || values[i] > high)
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: %s[%zu] is %.17g, expected it "
                       "within [%g, %g]",
                       name, i, values[i], low, high);
  return HEED_OK;
}

static size_t units_expected(const heed_crowd *crowd,
                             const heed_posterior *posterior) {
  switch ((enum heed_units)posterior->unit) {
    case HEED_BY_USER:
      return crowd->users->rows;
    case HEED_BY_USER_TOPIC:
      return crowd->users->rows * posterior->topics;
    case HEED_BY_ANNOTATION:
      return crowd->annotations->rows;
  }
  return SIZE_MAX;
}

static heed_status check_nodes(const heed_posterior *posterior,
                               heed_error *error) {
  heed_status status;
  if (posterior->node_count == 0) return HEED_OK;
  if (posterior->nodes == NULL || posterior->mass == NULL ||
      posterior->row == NULL)
    return wrong(error, "node_count is not 0, but nodes, mass or row is NULL");
  status =
      check_finite(posterior->nodes, posterior->node_count, "nodes", error);
  if (status == HEED_OK)
    status = check_within(posterior->mass,
                          posterior->row_count * posterior->node_count, 0,
                          1 + 1e-9, "mass", error);
  for (size_t i = 0; status == HEED_OK && i < posterior->units; i++)
    if (posterior->row[i] >= posterior->row_count)
      return wrong(error, "a row index beyond the rows of mass");
  for (size_t row = 0; status == HEED_OK && row < posterior->row_count; row++) {
    double sum = 0;
    for (size_t k = 0; k < posterior->node_count; k++)
      sum += posterior->mass[row * posterior->node_count + k];
    if (!(fabs(sum - 1) < 1e-9))
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: row %zu of mass sums to %.12g, "
                       "expected 1",
                       row, sum);
  }
  return status;
}

static heed_status check_quantiles(const heed_posterior *posterior,
                                   heed_error *error) {
  heed_status status;
  if (posterior->quantiles == NULL) return HEED_OK;
  if (posterior->levels == NULL)
    return wrong(error, "quantiles without levels");
  for (size_t i = 0; i < posterior->level_count; i++)
    if (!(posterior->levels[i] > (i == 0 ? 0 : posterior->levels[i - 1]) &&
          posterior->levels[i] < 1))
      return wrong(error, "levels are not ascending within (0, 1)");
  status = check_finite(posterior->quantiles,
                        posterior->units * posterior->level_count, "quantiles",
                        error);
  for (size_t i = 0; status == HEED_OK && i < posterior->units; i++)
    for (size_t j = 1; j < posterior->level_count; j++)
      if (posterior->quantiles[i * posterior->level_count + j] <
          posterior->quantiles[i * posterior->level_count + j - 1])
        return wrong(error, "quantiles are not ascending");
  return status;
}

/* Checks that the unit of each annotation exists. */
static heed_status check_units(const heed_crowd *crowd,
                               const heed_posterior *posterior,
                               heed_error *error) {
  const int32_t *topic =
      heed_table_data(crowd->annotations, "topic", HEED_INT32);
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  const int32_t *of_pair =
      heed_table_data(crowd->world->pairs, "topic", HEED_INT32);
  if (posterior->units != units_expected(crowd, posterior))
    return heed_fail(error, HEED_NUMERIC,
                     "invalid output: a posterior of %zu unit%s, expected "
                     "%zu",
                     posterior->units, heed_plural(posterior->units),
                     units_expected(crowd, posterior));
  if (posterior->unit != HEED_BY_USER_TOPIC) return HEED_OK;
  if (posterior->topics == 0) return wrong(error, "a posterior without topics");
  for (size_t i = 0; i < crowd->annotations->rows; i++) {
    const int32_t position = topic != NULL     ? topic[i]
                             : of_pair != NULL ? of_pair[pair[i]]
                                               : 0;
    if ((size_t)position >= posterior->topics)
      return heed_fail(error, HEED_NUMERIC,
                       "invalid output: a posterior of %zu topic%s, but "
                       "annotation %zu has topic %d",
                       posterior->topics, heed_plural(posterior->topics), i,
                       (int)position);
  }
  return HEED_OK;
}

/* Fits may be missing but not infinite; fitted parameters must be finite. */
static heed_status check_fits(const heed_crowd *crowd,
                              const heed_posterior *posterior,
                              heed_error *error) {
  const heed_plugin *prior =
      posterior->prior == NULL ? NULL : posterior->prior->plugin;
  heed_status status = check_gap(posterior->mu, "mu", error);
  if (status == HEED_OK) status = check_gap(posterior->mu_low, "mu_low", error);
  if (status == HEED_OK)
    status = check_gap(posterior->mu_high, "mu_high", error);
  if (status != HEED_OK) return status;
  if (isinf(posterior->log_likelihood) || isinf(posterior->objective))
    return wrong(error, "the log-likelihood or the objective is infinite");
  if (prior != NULL && posterior->theta != NULL) {
    const heed_distribution_functions *functions = prior->functions;
    status = check_finite(posterior->theta,
                          functions->theta_count(posterior->prior->self),
                          "theta", error);
  }
  if (status == HEED_OK && posterior->model != NULL && posterior->phi != NULL) {
    const heed_user_model_functions *functions =
        posterior->model->plugin->functions;
    heed_domain domain = {0};
    functions->domain(posterior->model->self, &domain);
    status = check_finite(posterior->phi, domain.phi_count, "phi", error);
  }
  if (status == HEED_OK && posterior->strength != NULL)
    status = crowd->world->models == NULL
                 ? wrong(error, "strengths of models in a world without models")
                 : check_finite(posterior->strength, crowd->world->models->rows,
                                "strength", error);
  return status;
}

heed_status check_posterior(const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_error *error) {
  const size_t annotations = crowd->annotations->rows;
  double low = -HUGE_VAL, high = HUGE_VAL;
  heed_status status = check_units(crowd, posterior, error);
  if (status != HEED_OK) return status;
  if (posterior->model != NULL) {
    const heed_user_model_functions *functions =
        posterior->model->plugin->functions;
    heed_domain domain = {0};
    functions->domain(posterior->model->self, &domain);
    /* Sums of node masses may leave the domain by rounding. */
    low = domain.low - 1e-9;
    high = domain.high + 1e-9;
  }
  status =
      check_within(posterior->mean, posterior->units, low, high, "mean", error);
  if (status == HEED_OK)
    status =
        check_within(posterior->sd, posterior->units, 0, HUGE_VAL, "sd", error);
  if (status == HEED_OK)
    status = check_within(posterior->left_out, annotations, low, high,
                          "left_out", error);
  if (status == HEED_OK)
    status =
        check_within(posterior->casual, annotations, 0, 1, "casual", error);
  if (status == HEED_OK)
    status = check_within(posterior->p, annotations, 0, 1, "p", error);
  if (status == HEED_OK) status = check_quantiles(posterior, error);
  if (status == HEED_OK) status = check_fits(crowd, posterior, error);
  return status == HEED_OK ? check_nodes(posterior, error) : status;
}

heed_status check_selection(const heed_crowd *crowd,
                            const heed_selection *selection,
                            heed_error *error) {
  const size_t count = crowd->annotations->rows;
  heed_status status =
      check_within(selection->weight, count, 0, HUGE_VAL, "weight", error);
  if (status == HEED_OK)
    status = check_finite(selection->eta, count, "eta", error);
  if (status == HEED_OK)
    status = check_finite(selection->left_out, count, "left_out", error);
  if (status == HEED_OK)
    status = check_within(selection->casual, count, 0, 1, "casual", error);
  return status;
}

heed_status check_policy(const heed_crowd *crowd, const heed_policy *policy,
                         heed_error *error) {
  if (!(policy->scale > 0) || !isfinite(policy->scale))
    return wrong(error, "the policy's scale is not a finite number above 0");
  return policy->refined == NULL
             ? HEED_OK
             : check_posterior(crowd, policy->refined, error);
}
