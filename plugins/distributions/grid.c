/* SPDX-License-Identifier: GPL-3.0-or-later
 * Free weights on fixed nodes: as a fitted prior, the nonparametric maximum
 * likelihood (Laird 1978), which identifies as many moments of P_eta as users
 * have annotations. */
#include <math.h>

#include "heed/distribution.h"

enum { NODES, LOW, HIGH, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [NODES] = {.name = "nodes",
               .type = HEED_INTEGER,
               .default_value = "41",
               .low = 2,
               .high = 10000,
               .doc = "number of equally spaced nodes, including both ends"},
    [LOW] = {.name = "low",
             .type = HEED_NUMBER,
             .default_value = "0",
             .low = -1,
             .high = 1,
             .doc = "lowest node"},
    [HIGH] = {.name = "high",
              .type = HEED_NUMBER,
              .default_value = "1",
              .low = -1,
              .high = 1,
              .doc = "highest node"},
};

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host;
  if (!(values[LOW].number < values[HIGH].number))
    return heed_fail(error, HEED_INVALID,
                     "low: found %g, expected less than high, %g",
                     values[LOW].number, values[HIGH].number);
  *self = (void *)(uintptr_t)values;
  return HEED_OK;
}

static size_t count_of(const void *self) {
  return (size_t)((const heed_value *)self)[NODES].integer;
}

static double node_at(const heed_value *values, size_t k) {
  const double share = (double)k / (double)(values[NODES].integer - 1);
  return values[LOW].number +
         share * (values[HIGH].number - values[LOW].number);
}

/* Users are drawn from equal weights. */
static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  const size_t nodes = count_of(self);
  (void)error;
  for (size_t i = 0; i < count; i++) {
    const size_t k = (size_t)(u[i] * (double)nodes);
    eta[i] = node_at(self, k < nodes ? k : nodes - 1);
  }
  return HEED_OK;
}

static void theta(const void *self, double *weight) {
  const size_t count = count_of(self);
  for (size_t k = 0; k < count; k++) weight[k] = 1 / (double)count;
}

/* Flat for all moments: a node with initial weight 0 would keep it. */
static void start(const void *self, double mean, double variance,
                  double *weight) {
  (void)mean;
  (void)variance;
  theta(self, weight);
}

static size_t node_count(const void *self, size_t wanted) {
  (void)wanted;
  return count_of(self);
}

static void nodes(const void *self, const double *weight, size_t count,
                  double *point) {
  (void)weight;
  for (size_t k = 0; k < count; k++) point[k] = node_at(self, k);
}

static void log_weights(const void *self, const double *weight, size_t count,
                        const double *point, double *log_weight) {
  (void)self;
  (void)point;
  for (size_t k = 0; k < count; k++)
    log_weight[k] = weight[k] > 0 ? log(weight[k]) : -HUGE_VAL;
}

static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *weight,
                         heed_error *error) {
  double sum = 0;
  (void)self;
  (void)point;
  for (size_t k = 0; k < count; k++) sum += mass[k];
  if (!(sum > 0))
    return heed_fail(error, HEED_NUMERIC, "all nodes have weight 0");
  for (size_t k = 0; k < count; k++) weight[k] = mass[k] / sum;
  return HEED_OK;
}

static const heed_distribution_functions functions = {
    .size = sizeof functions,
    .weights_free = true,
    .quantile = quantile,
    .theta_count = count_of,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = nodes,
    .log_weights = log_weights,
    .refit = refit,
};

static const heed_plugin grid = {
    .size = sizeof grid,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "grid",
    .version = "1.0",
    .summary = "free weights on fixed nodes: the nonparametric prior",
    .reference = "Laird 1978, J. Am. Stat. Assoc. 73, 805-811",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&grid};
HEED_PLUGINS(plugins)
