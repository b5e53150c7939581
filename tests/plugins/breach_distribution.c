/* SPDX-License-Identifier: GPL-3.0-or-later
 * Distributions that are none: one with quantiles that fall and weights that
 * sum to 2, one whose nodes descend and that leaves a weight unset. */
#include "heed/distribution.h"

static heed_status falling(const void *self, size_t count, const double *u,
                           double *eta, heed_error *error) {
  (void)self, (void)error;
  for (size_t i = 0; i < count; i++) eta[i] = 1 - u[i];
  return HEED_OK;
}

static size_t theta_count(const void *self) {
  (void)self;
  return 0;
}

static void theta(const void *self, double *values) {
  (void)self, (void)values;
}

static void start(const void *self, double mean, double variance,
                  double *values) {
  (void)self, (void)mean, (void)variance, (void)values;
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}

static void ascending(const void *self, const double *values, size_t count,
                      double *place) {
  (void)self, (void)values;
  for (size_t k = 0; k < count; k++)
    place[k] = ((double)k + 0.5) / (double)count;
}

static void descending(const void *self, const double *values, size_t count,
                       double *place) {
  (void)self, (void)values;
  for (size_t k = 0; k < count; k++)
    place[k] = 1 - ((double)k + 0.5) / (double)count;
}

static void heavy(const void *self, const double *values, size_t count,
                  const double *place, double *log_weight) {
  (void)self, (void)values, (void)place;
  for (size_t k = 0; k < count; k++) log_weight[k] = log(2 / (double)count) - 1;
}

static void partial(const void *self, const double *values, size_t count,
                    const double *place, double *log_weight) {
  (void)self, (void)values, (void)place;
  for (size_t k = 1; k < count; k++) log_weight[k] = -log((double)count - 1);
}

static heed_status refit(const void *self, size_t count, const double *place,
                         const double *mass, double *values,
                         heed_error *error) {
  (void)self, (void)count, (void)place, (void)mass, (void)values, (void)error;
  return HEED_OK;
}

static const heed_distribution_functions fallen = {
    .size = sizeof fallen,
    .quantile = falling,
    .theta_count = theta_count,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = ascending,
    .log_weights = heavy,
    .refit = refit,
};
static const heed_distribution_functions turned = {
    .size = sizeof turned,
    .quantile = falling,
    .theta_count = theta_count,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = descending,
    .log_weights = partial,
    .refit = refit,
};
static const heed_plugin first = {
    .size = sizeof first,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "fallen",
    .version = "1.0",
    .summary = "breaks its contract",
    .functions = &fallen,
    .functions_size = sizeof fallen,
};
static const heed_plugin second = {
    .size = sizeof second,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "turned",
    .version = "1.0",
    .summary = "breaks its contract",
    .functions = &turned,
    .functions_size = sizeof turned,
};
static const heed_plugin *const plugins[] = {&first, &second};
HEED_PLUGINS(plugins)
