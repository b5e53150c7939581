/* SPDX-License-Identifier: GPL-3.0-or-later
 * Judges the users of a cell. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/verdict.h"

const char *const verdict_call_names[] = {"unsure", "careless", "trusted"};
const char *const verdict_basis_names[] = {"unknown", "normal", "posterior"};

/* A table of one cell.  NULL: none, or a failure that the result records. */
static heed_table *read_table(view_result *result, size_t which, size_t cell,
                              heed_error *error) {
  result->cells.file.error = error;
  return batch_kept(&result->cells, which, view_place(result, cell));
}

/* The nodes of a cell. */
typedef struct verdict_nodes {
  heed_table *table; /* NULL: none */
  size_t count;
  const double *low, *high, *mass; /* mass: mean over users */
} verdict_nodes;

static heed_status read_nodes(view_result *result, size_t cell,
                              verdict_nodes *nodes, heed_error *error) {
  heed_table *table = read_table(result, PLAN_KEPT_ETA_NODES, cell, error);
  *nodes = (verdict_nodes){.table = table};
  if (result->cells.file.status != HEED_OK) return result->cells.file.status;
  nodes->low = heed_table_data(table, "low", HEED_FLOAT64);
  nodes->high = heed_table_data(table, "high", HEED_FLOAT64);
  nodes->mass = heed_table_data(table, "mass", HEED_FLOAT64);
  if (nodes->low != NULL && nodes->high != NULL && nodes->mass != NULL)
    nodes->count = table->rows;
  return HEED_OK;
}

/* The masses of a cell, rows x count.  Cells with another number of nodes have
 * a column of another name, which is NaN here. */
static const float *find_masses(const heed_table *table, size_t count) {
  for (size_t i = 0; table != NULL && i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    if (column->type == HEED_FLOAT32 && column->width == count &&
        strncmp(column->name, "mass_", 5) == 0 && table->rows > 0 &&
        !isnan(((const float *)column->data)[0]))
      return column->data;
  }
  return NULL;
}

static bool find_by_posterior(const verdict_nodes *nodes,
                              const heed_table *posterior, double threshold,
                              const verdict_users *users, double *below) {
  const float *mass = find_masses(posterior, nodes->count);
  const int64_t *row = heed_table_data(users->table, "posterior", HEED_INT64);
  if (nodes->count == 0 || mass == NULL || row == NULL) return false;
  for (size_t j = 0; j < users->count; j++)
    if (row[j] < 0 || (uint64_t)row[j] >= posterior->rows) return false;
  for (size_t j = 0; j < users->count; j++)
    below[j] = careless_below(nodes->count, nodes->low, nodes->high,
                              mass + (size_t)row[j] * nodes->count, threshold);
  return true;
}

/* Returns false without a standard deviation: an estimator that knows none
 * reports 0 for everyone. */
static bool find_normal(const heed_table *users, double threshold,
                        double *below) {
  const double *mean = heed_table_data(users, "mean", HEED_FLOAT64);
  const double *sd = heed_table_data(users, "sd", HEED_FLOAT64);
  bool known = false;
  for (size_t j = 0; mean != NULL && sd != NULL && j < users->rows; j++)
    known = known || sd[j] > 0;
  for (size_t j = 0; j < users->rows; j++)
    below[j] = known ? careless_below_normal(mean[j], sd[j], threshold) : NAN;
  return known;
}

/* The threshold for calls: verdict.h. */
static double doubted_threshold(const view_result *result, size_t cell,
                                const verdict_users *users, double threshold) {
  const double error = verdict_value(result, cell, "estimator_level_error");
  const double *mean = heed_table_data(users->table, "mean", HEED_FLOAT64);
  double level = 0;
  for (size_t j = 0; mean != NULL && j < users->count; j++)
    level += mean[j] / (double)users->count;
  return error > 0 && level > 0 ? threshold / (1 + error / level) : threshold;
}

static heed_status find_careless(view_result *result, size_t cell,
                                 double threshold, verdict_users *users,
                                 heed_error *error) {
  verdict_nodes nodes;
  heed_status status = read_nodes(result, cell, &nodes, error);
  heed_table *posterior =
      status == HEED_OK
          ? read_table(result, PLAN_KEPT_ETA_POSTERIOR, cell, error)
          : NULL;
  if (status == HEED_OK) status = result->cells.file.status;
  if (status == HEED_OK &&
      find_by_posterior(&nodes, posterior, threshold, users, users->careless)) {
    users->basis = VERDICT_POSTERIOR;
    (void)find_by_posterior(&nodes, posterior, users->doubted, users,
                            users->surely);
  } else if (status == HEED_OK) {
    if (find_normal(users->table, threshold, users->careless))
      users->basis = VERDICT_NORMAL;
    (void)find_normal(users->table, users->doubted, users->surely);
  }
  kept_free(posterior);
  kept_free(nodes.table);
  return status;
}

static heed_status call_users(verdict_users *users, double alpha,
                              heed_error *error) {
  const size_t count = users->count;
  careless_entry *room = malloc((count + 1) * sizeof *room);
  double *attends = malloc((count + 1) * sizeof *attends);
  bool *called = malloc((count + 1) * sizeof *called);
  const bool refused = room == NULL || attends == NULL || called == NULL;
  if (!refused) {
    users->trusted_count = careless_call(count, users->careless, alpha, room,
                                         called, &users->trusted_error);
    for (size_t j = 0; j < count; j++) {
      if (called[j]) users->call[j] = VERDICT_TRUSTED;
      attends[j] = 1 - users->surely[j];
    }
    users->careless_count = careless_call(count, attends, alpha, room, called,
                                          &users->careless_error);
    for (size_t j = 0; j < count; j++)
      if (called[j]) users->call[j] = VERDICT_CARELESS;
  }
  free(room);
  free(attends);
  free(called);
  return refused ? heed_no_memory(error) : HEED_OK;
}

heed_status verdict_judge(view_result *result, size_t cell,
                          const verdict_question *question,
                          verdict_users *users, heed_error *error) {
  heed_status status;
  *users = (verdict_users){
      .table = read_table(result, PLAN_KEPT_USERS, cell, error)};
  if (users->table == NULL) return result->cells.file.status;
  users->count = users->table->rows;
  users->careless = calloc(users->count + 1, sizeof *users->careless);
  users->surely = calloc(users->count + 1, sizeof *users->surely);
  users->call = calloc(users->count + 1, sizeof *users->call);
  users->doubted = doubted_threshold(result, cell, users, question->threshold);
  status =
      users->careless == NULL || users->surely == NULL || users->call == NULL
          ? heed_no_memory(error)
          : find_careless(result, cell, question->threshold, users, error);
  users->identified = verdict_is_identified(result, cell);
  if (status == HEED_OK && users->identified)
    status = call_users(users, question->alpha, error);
  if (status != HEED_OK) verdict_users_free(users);
  return status;
}

void verdict_users_free(verdict_users *users) {
  kept_free(users->table);
  free(users->careless);
  free(users->surely);
  free(users->call);
  *users = (verdict_users){0};
}

/* ---- the share of users who attend ---- */

/* The share of users below the threshold. */
static double nodes_below(const verdict_nodes *nodes, double threshold) {
  double below = 0, all = 0;
  for (size_t k = 0; k < nodes->count; k++) {
    const float one = 1;
    all += nodes->mass[k];
    below += nodes->mass[k] * careless_below(1, &nodes->low[k], &nodes->high[k],
                                             &one, threshold);
  }
  return below / all;
}

heed_status verdict_find_share_above(view_result *result, size_t cell,
                                     double threshold, double *share,
                                     heed_error *error) {
  const verdict_question question = {threshold, VERDICT_ALPHA};
  verdict_users users = {0};
  const heed_status status =
      verdict_judge(result, cell, &question, &users, error);
  *share = users.count > 0 ? 0 : NAN;
  for (size_t j = 0; j < users.count; j++)
    *share += (1 - users.careless[j]) / (double)users.count;
  verdict_users_free(&users);
  return status;
}

/* In a replicate, from the means of the nodes or else from its users. */
static heed_status find_replicate(view_result *result, size_t cell,
                                  double threshold, double *share,
                                  heed_error *error) {
  verdict_nodes nodes;
  const heed_status status = read_nodes(result, cell, &nodes, error);
  const bool known = status == HEED_OK && nodes.count > 0;
  *share = known ? 1 - nodes_below(&nodes, threshold) : NAN;
  kept_free(nodes.table);
  return status != HEED_OK || known
             ? status
             : verdict_find_share_above(result, cell, threshold, share, error);
}

heed_status verdict_find_share(view_result *result, size_t point,
                               const verdict_question *question,
                               const verdict_users *users, verdict_share *share,
                               heed_error *error) {
  const size_t replicates =
      view_is_bootstrap(result, point) ? result->plan->replicates : 1;
  double *shares = malloc(replicates * sizeof *shares);
  double *attends = malloc((users->count + 1) * sizeof *attends);
  heed_status status = HEED_OK;
  if (shares == NULL || attends == NULL) status = heed_no_memory(error);
  for (size_t r = 1; status == HEED_OK && r < replicates; r++)
    status = find_replicate(result, point * result->plan->replicates + r,
                            question->threshold, &shares[r - 1], error);
  if (status == HEED_OK) {
    for (size_t j = 0; j < users->count; j++)
      attends[j] = 1 - users->careless[j];
    *share = careless_share(users->count, attends, replicates - 1, shares);
  }
  free(shares);
  free(attends);
  return status;
}

/* ---- the distribution of attentiveness ---- */

/* Ends of bin b: the first and the last are open. */
static double start_of(size_t b) {
  return b == 0 ? -HUGE_VAL : (double)b / VERDICT_BINS;
}

static double end_of(size_t b) {
  return b + 1 == VERDICT_BINS ? HUGE_VAL : (double)(b + 1) / VERDICT_BINS;
}

static void count_means(const verdict_users *users, verdict_bin *bins) {
  const double *mean = heed_table_data(users->table, "mean", HEED_FLOAT64);
  for (size_t j = 0; mean != NULL && j < users->count; j++)
    for (size_t b = 0; b < VERDICT_BINS; b++)
      if (mean[j] >= start_of(b) && mean[j] < end_of(b)) bins[b].users++;
}

/* The mean over users of P(eta in bin b), and its variance given the fit. */
static void sum_users(const verdict_nodes *nodes, const float *mass,
                      const int64_t *row, size_t users, size_t b, double *mean,
                      double *variance) {
  *mean = *variance = 0;
  for (size_t j = 0; j < users; j++) {
    const float *own = mass + (size_t)row[j] * nodes->count;
    const double p =
        careless_below(nodes->count, nodes->low, nodes->high, own, end_of(b)) -
        careless_below(nodes->count, nodes->low, nodes->high, own, start_of(b));
    *mean += p / (double)users;
    *variance += p * (1 - p) / ((double)users * (double)users);
  }
}

/* shares[(replicates - 1) x bins] */
static heed_status read_bins(view_result *result, size_t point,
                             size_t replicates, double *shares,
                             heed_error *error) {
  for (size_t r = 1; r < replicates; r++) {
    verdict_nodes nodes;
    const heed_status status =
        read_nodes(result, point * result->plan->replicates + r, &nodes, error);
    if (status != HEED_OK) return status;
    for (size_t b = 0; b < VERDICT_BINS; b++)
      shares[b * (replicates - 1) + r - 1] =
          nodes.count == 0 ? NAN
                           : nodes_below(&nodes, end_of(b)) -
                                 nodes_below(&nodes, start_of(b));
    kept_free(nodes.table);
  }
  return HEED_OK;
}

static heed_status fill_bins(view_result *result, size_t point,
                             const verdict_users *users,
                             const verdict_nodes *nodes,
                             const heed_table *posterior, verdict_bin *bins,
                             heed_error *error) {
  const size_t replicates =
      view_is_bootstrap(result, point) ? result->plan->replicates : 1;
  const float *mass = find_masses(posterior, nodes->count);
  const int64_t *row = heed_table_data(users->table, "posterior", HEED_INT64);
  double *shares = calloc(replicates * VERDICT_BINS, sizeof *shares);
  if (shares == NULL) return heed_no_memory(error);
  const heed_status status =
      read_bins(result, point, replicates, shares, error);
  for (size_t b = 0; status == HEED_OK && b < VERDICT_BINS; b++) {
    double mean, variance;
    sum_users(nodes, mass, row, users->count, b, &mean, &variance);
    bins[b].share = careless_interval(mean, variance, replicates - 1,
                                      shares + b * (replicates - 1));
  }
  free(shares);
  return status;
}

heed_status verdict_find_bins(view_result *result, size_t point,
                              const verdict_users *users,
                              verdict_bin bins[VERDICT_BINS],
                              heed_error *error) {
  const size_t cell = point * result->plan->replicates;
  verdict_nodes nodes;
  for (size_t b = 0; b < VERDICT_BINS; b++)
    bins[b] = (verdict_bin){0, {NAN, NAN, NAN, false}};
  count_means(users, bins);
  if (users->basis != VERDICT_POSTERIOR) return HEED_OK;
  heed_status status = read_nodes(result, cell, &nodes, error);
  heed_table *posterior =
      status == HEED_OK
          ? read_table(result, PLAN_KEPT_ETA_POSTERIOR, cell, error)
          : NULL;
  if (status == HEED_OK) status = result->cells.file.status;
  if (status == HEED_OK)
    status = fill_bins(result, point, users, &nodes, posterior, bins, error);
  kept_free(posterior);
  kept_free(nodes.table);
  return status;
}
