/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of distributions. */
#include "host/promise.h"
#include "trial.h"

#define MOST_THETA 1000000u

static const double means[] = {0.05, 0.3, 0.5, 0.95};
static const double variances[] = {0.001, 0.05, 0.2};
static const size_t node_wishes[] = {1, 2, 3, 10, 101};

typedef struct distribution_nodes {
  size_t count;
  double *place, *log_weight;
} distribution_nodes;

static const heed_distribution_functions *functions(
    const contract_trial *self) {
  return self->plugin->functions;
}

static const void *instance(const contract_trial *self) {
  return self->instance->self;
}

/* ---- calls ---- */

static size_t dimension(contract_trial *self) {
  size_t wide;
  if (functions(self)->dimension == NULL) return 1;
  trial_call(self, "dimension");
  wide = functions(self)->dimension(instance(self));
  (void)trial_return(self, HEED_OK, NULL);
  if (wide == 0 || wide > MOST_THETA)
    trial_fail(self, "returned %zu, expected the number of values of an eta",
               wide);
  return wide;
}

static size_t theta_count(contract_trial *self) {
  trial_call(self, "theta_count");
  const size_t count = functions(self)->theta_count(instance(self));
  (void)trial_return(self, HEED_OK, NULL);
  if (count > MOST_THETA)
    trial_fail(self, "returned %zu, expected the number of parameters", count);
  return count;
}

static double *theta(contract_trial *self) {
  const size_t count = theta_count(self);
  double *values = trial_doubles(self, "theta", count);
  trial_call(self, "theta");
  functions(self)->theta(instance(self), values);
  (void)trial_return(self, HEED_OK, NULL);
  trial_finite(self, "theta", values, count);
  return values;
}

static double *start(contract_trial *self, double mean, double variance) {
  const size_t count = theta_count(self);
  double *values = trial_doubles(self, "theta", count);
  trial_call(self, "start");
  functions(self)->start(instance(self), mean, variance, values);
  (void)trial_return(self, HEED_OK, NULL);
  trial_finite(self, "theta", values, count);
  return values;
}

static size_t node_count(contract_trial *self, size_t wanted) {
  trial_call(self, "node_count");
  const size_t count = functions(self)->node_count(instance(self), wanted);
  (void)trial_return(self, HEED_OK, NULL);
  if (count == 0 || count > MOST_THETA)
    trial_fail(self, "returned %zu for %zu wanted nodes, expected at least 1",
               count, wanted);
  return count;
}

static void place_nodes(contract_trial *self, const double *values,
                        distribution_nodes *made) {
  const size_t wide = dimension(self);
  made->place = trial_doubles(self, "nodes", made->count * wide);
  trial_call(self, "nodes");
  functions(self)->nodes(instance(self), values, made->count, made->place);
  (void)trial_return(self, HEED_OK, NULL);
  trial_finite(self, "nodes", made->place, made->count * wide);
}

static void keep_promise(const contract_trial *self, heed_status status,
                         const heed_error *error) {
  if (status != HEED_OK) trial_fail(self, "%s", error->message);
}

static double *weigh_nodes(contract_trial *self, const double *values,
                           const distribution_nodes *given) {
  double *log_weight = trial_doubles(self, "log_weight", given->count);
  heed_error error = {HEED_OK, ""};
  trial_call(self, "log_weights");
  functions(self)->log_weights(instance(self), values, given->count,
                               given->place, log_weight);
  (void)trial_return(self, HEED_OK, NULL);
  trial_filled(self, "log_weight", log_weight, given->count);
  keep_promise(self,
               promise_weights(log_weight, given->count, PROMISE_EXACT, &error),
               &error);
  return log_weight;
}

static distribution_nodes nodes_of(contract_trial *self, const double *values,
                                   size_t wanted) {
  distribution_nodes made = {.count = node_count(self, wanted)};
  place_nodes(self, values, &made);
  made.log_weight = weigh_nodes(self, values, &made);
  return made;
}

static double *quantiles(contract_trial *self, size_t count, const double *u) {
  const size_t wide = dimension(self);
  double *eta = trial_doubles(self, "eta", count * wide);
  heed_error error = {HEED_OK, ""};
  trial_call(self, "quantile");
  const heed_status status =
      functions(self)->quantile(instance(self), count, u, eta, &error);
  if (!trial_return(self, status, &error)) return NULL;
  trial_finite(self, "eta", eta, count * wide);
  return eta;
}

static size_t free_count(contract_trial *self) {
  trial_need(self, functions(self)->free_count, "free_count");
  trial_need(self, functions(self)->to_free, "to_free");
  trial_need(self, functions(self)->from_free, "from_free");
  trial_call(self, "free_count");
  const size_t count = functions(self)->free_count(instance(self));
  (void)trial_return(self, HEED_OK, NULL);
  if (count > theta_count(self))
    trial_fail(self, "returned %zu, expected at most theta_count, %zu", count,
               theta_count(self));
  return count;
}

static double *to_free(contract_trial *self, const double *values) {
  const size_t count = free_count(self);
  double *unbound = trial_doubles(self, "free", count);
  trial_call(self, "to_free");
  functions(self)->to_free(instance(self), values, unbound);
  (void)trial_return(self, HEED_OK, NULL);
  trial_filled(self, "free", unbound, count);
  return unbound;
}

static double *from_free(contract_trial *self, const double *unbound) {
  const size_t count = theta_count(self);
  double *values = trial_doubles(self, "theta", count);
  trial_call(self, "from_free");
  functions(self)->from_free(instance(self), unbound, values);
  (void)trial_return(self, HEED_OK, NULL);
  trial_finite(self, "theta", values, count);
  return values;
}

/* Returns false if the plugin refuses. */
static bool refit(contract_trial *self, const distribution_nodes *given,
                  const double *mass, double *values) {
  heed_error error = {HEED_OK, ""};
  trial_call(self, "refit");
  const heed_status status = functions(self)->refit(
      instance(self), given->count, given->place, mass, values, &error);
  if (!trial_return(self, status, &error)) return false;
  trial_finite(self, "theta", values, theta_count(self));
  return true;
}

/* ---- checks ---- */

/* The outputs begin with the values of theta. */
static void count_parameters(contract_trial *self) {
  const heed_plugin *plugin = self->plugin;
  const size_t count = theta_count(self);
  (void)dimension(self);
  (void)theta(self);
  for (size_t i = count; i < plugin->output_count; i++)
    if ((plugin->outputs[i].flags & HEED_MAY_BE_NAN) == 0)
      trial_fail(self,
                 "output %s has no parameter, since theta_count() "
                 "returns %zu; expected the flag HEED_MAY_BE_NAN",
                 plugin->outputs[i].name, count);
  for (size_t i = 0; i < sizeof node_wishes / sizeof *node_wishes; i++)
    if (functions(self)->weights_free &&
        node_count(self, node_wishes[i]) != count)
      trial_fail(self,
                 "returned %zu, expected theta_count, %zu, since "
                 "weights_free",
                 node_count(self, node_wishes[i]), count);
}

/* u in (0, 1), with the least and greatest values of heed_uniform(). */
static double *uniforms(contract_trial *self, size_t count) {
  double *u = trial_doubles(self, "u", count);
  for (size_t i = 0; i < count; i++) u[i] = ((double)i + 0.5) / (double)count;
  u[0] = 0x1p-53;
  u[count - 1] = 1 - 0x1p-53;
  return u;
}

static void raise_quantiles(contract_trial *self) {
  enum { COUNT = 201 };
  const size_t wide = dimension(self);
  heed_error error = {HEED_OK, ""};
  double *u = uniforms(self, COUNT * wide);
  for (size_t i = 0; wide > 1 && i < COUNT; i++)
    for (size_t k = 0; k < wide; k++)
      u[i * wide + k] = ((double)i + 0.5) / COUNT;
  const double *eta = quantiles(self, COUNT, u);
  if (wide == 1 && eta != NULL)
    keep_promise(self, promise_rising(u, eta, COUNT, &error), &error);
}

static void part_quantiles(contract_trial *self) {
  enum { COUNT = 12 };
  const size_t wide = dimension(self);
  double *u = uniforms(self, COUNT * wide);
  const double *all = quantiles(self, COUNT, u);
  for (size_t i = 0; all != NULL && i < COUNT; i++) {
    const double *one = quantiles(self, 1, u + i * wide);
    if (one != NULL && memcmp(one, all + i * wide, wide * sizeof(double)) != 0)
      trial_fail(self,
                 "gives %.17g for u[%zu] alone but %.17g among others, "
                 "expected the same",
                 one[0], i, all[i * wide]);
  }
}

static void ascend(contract_trial *self) {
  const double *values = theta(self);
  const size_t wide = dimension(self);
  for (size_t i = 0; i < sizeof node_wishes / sizeof *node_wishes; i++) {
    distribution_nodes made = {.count = node_count(self, node_wishes[i])};
    heed_error error = {HEED_OK, ""};
    place_nodes(self, values, &made);
    if (wide == 1)
      keep_promise(self,
                   promise_ascending(made.place, made.count,
                                     !functions(self)->atoms_move, &error),
                   &error);
  }
}

static void weigh(contract_trial *self) {
  const double *values = theta(self);
  for (size_t i = 0; i < sizeof node_wishes / sizeof *node_wishes; i++)
    (void)nodes_of(self, values, node_wishes[i]);
}

static void start_inside(contract_trial *self) {
  const bool has_free = functions(self)->free_count != NULL;
  for (size_t i = 0; i < sizeof means / sizeof *means; i++)
    for (size_t j = 0; j < sizeof variances / sizeof *variances; j++) {
      const double *values = start(self, means[i], variances[j]);
      (void)nodes_of(self, values, 50);
      if (has_free)
        trial_finite(self, "free", to_free(self, values), free_count(self));
    }
}

static void check_trip(contract_trial *self, const double *values) {
  const size_t count = theta_count(self);
  const double *again = from_free(self, to_free(self, values));
  heed_error error = {HEED_OK, ""};
  keep_promise(self,
               promise_round_trip(values, again, count, PROMISE_EXACT, &error),
               &error);
}

static void come_back(contract_trial *self) {
  if (free_count(self) == 0) trial_skip(self, "it has no free parameter");
  for (size_t i = 0; i < sizeof means / sizeof *means; i++)
    for (size_t j = 0; j < sizeof variances / sizeof *variances; j++)
      check_trip(self, start(self, means[i], variances[j]));
}

/* Moves one coordinate far out at a time; the others are 0. */
static void come_from_anywhere(contract_trial *self) {
  static const double far[] = {-30, -3, 0, 3, 30};
  enum { MOST = 8 };
  const size_t count = free_count(self);
  double *unbound = trial_doubles(self, "free", count);
  for (size_t i = 0; i < count; i++) unbound[i] = 0;
  for (size_t i = 0; i < count && i < MOST; i++)
    for (size_t j = 0; j < sizeof far / sizeof *far; j++) {
      unbound[i] = far[j];
      (void)nodes_of(self, from_free(self, unbound), 50);
      unbound[i] = 0;
    }
}

/* sum_k mass[k] log weight_k */
static double objective(size_t count, const double *mass,
                        const double *log_weight) {
  double sum = 0;
  for (size_t k = 0; k < count; k++)
    if (mass[k] > 0) sum += mass[k] * log_weight[k];
  return sum;
}

/* The masses are those of theta `drawn`, which is therefore optimal. */
static void check_fit(contract_trial *self, const double *drawn,
                      double *values) {
  distribution_nodes given = nodes_of(self, drawn, 50);
  double *mass = trial_doubles(self, "mass", given.count);
  for (size_t k = 0; k < given.count; k++)
    mass[k] = 100 * exp(given.log_weight[k]);
  const double best = objective(given.count, mass, given.log_weight);
  if (!refit(self, &given, mass, values)) return;
  if (functions(self)->atoms_move) {
    distribution_nodes moved = {.count = given.count};
    place_nodes(self, values, &moved);
    trial_about(self, "refit");
    for (size_t k = 0; k < given.count; k++)
      if (!(fabs(moved.place[k] - given.place[k]) <= 1e-9))
        trial_fail(self,
                   "leaves node %zu at %.12g, expected its new place, %.12g", k,
                   moved.place[k], given.place[k]);
  }
  const double found =
      objective(given.count, mass, weigh_nodes(self, values, &given));
  trial_about(self, "refit");
  if (!(found >= best - 1e-6 * fabs(best) - 1e-9))
    trial_fail(self,
               "reaches sum mass x log weight = %.9g, expected at least %.9g",
               found, best);
}

static void maximise(contract_trial *self) {
  trial_need(self, functions(self)->refit, "refit");
  if (theta_count(self) == 0) trial_skip(self, "it has no parameter to fit");
  check_fit(self, start(self, 0.3, 0.05), start(self, 0.6, 0.02));
  check_fit(self, start(self, 0.7, 0.02), start(self, 0.5, 0.1));
}

static void moments(size_t count, const double *value, const double *weight,
                    double *mean, double *sd) {
  *mean = *sd = 0;
  for (size_t i = 0; i < count; i++) *mean += weight[i] * value[i];
  for (size_t i = 0; i < count; i++)
    *sd += weight[i] * (value[i] - *mean) * (value[i] - *mean);
  *sd = sqrt(*sd);
}

/* Compares the drawn users with the prior. */
static void agree(contract_trial *self) {
  enum { COUNT = 1000 };
  double weight[COUNT], mean[2], sd[2];
  if (dimension(self) > 1) trial_skip(self, "an eta has several values");
  double *u = uniforms(self, COUNT);
  const double *eta = quantiles(self, COUNT, u);
  for (size_t i = 0; i < COUNT; i++) weight[i] = 1.0 / COUNT;
  moments(COUNT, eta, weight, &mean[0], &sd[0]);
  distribution_nodes made = nodes_of(self, theta(self), 400);
  for (size_t k = 0; k < made.count; k++)
    made.log_weight[k] = exp(made.log_weight[k]);
  moments(made.count, made.place, made.log_weight, &mean[1], &sd[1]);
  const double least = 0.02 + 0.02 * (sd[0] + sd[1]);
  trial_about(self, "");
  if (fabs(mean[0] - mean[1]) > least || fabs(sd[0] - sd[1]) > least)
    trial_fail(self,
               "quantile() has mean %.4f and sd %.4f, nodes() and "
               "log_weights() have %.4f and %.4f, expected equality within "
               "%.2f",
               mean[0], sd[0], mean[1], sd[1], least);
}

/* ---- all functions ---- */

static void exercise(contract_trial *self) {
  enum { COUNT = 25 };
  const size_t wide = dimension(self), count = theta_count(self);
  trial_take(self, "eta", quantiles(self, COUNT, uniforms(self, COUNT * wide)),
             COUNT * wide);
  double *values = start(self, 0.4, 0.04);
  distribution_nodes made = nodes_of(self, theta(self), 20);
  trial_take(self, "theta", values, count);
  trial_take(self, "nodes", made.place, made.count * wide);
  trial_take(self, "log_weight", made.log_weight, made.count);
  if (functions(self)->free_count != NULL && free_count(self) > 0)
    trial_take(self, "theta from free", from_free(self, to_free(self, values)),
               count);
  if (functions(self)->refit == NULL || count == 0) return;
  double *mass = trial_doubles(self, "mass", made.count);
  for (size_t k = 0; k < made.count; k++) mass[k] = 1 + (double)(k % 3);
  if (refit(self, &made, mass, values))
    trial_take(self, "theta refitted", values, count);
}

static const contract_check checks[] = {
    {"counts of parameters, nodes and outputs agree", count_parameters,
     CHECK_ENDS},
    {"quantile() is finite and rises with u", raise_quantiles, CHECK_ENDS},
    {"a quantile does not depend on other values of u", part_quantiles, 0},
    {"nodes() ascend", ascend, CHECK_ENDS},
    {"log_weights() sum to 1", weigh, CHECK_ENDS},
    {"start() is inside the domain for any moments", start_inside, CHECK_ENDS},
    {"from_free() undoes to_free()", come_back, CHECK_ENDS},
    {"from_free() gives valid parameters from anywhere", come_from_anywhere,
     CHECK_ENDS},
    {"refit() maximises", maximise, 0},
    {"draws and nodes have the same distribution", agree, 0},
};

const contract_kind contract_distribution = {
    .checks = checks,
    .check_count = sizeof checks / sizeof *checks,
    .exercise = exercise,
    .ends = true,
};
