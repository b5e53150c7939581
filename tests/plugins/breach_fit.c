/* SPDX-License-Identifier: GPL-3.0-or-later
 * A distribution with density a x^(a - 1) that draws from another one, comes
 * back from its free scale at twice the value, and does not fit. */
#include "heed/distribution.h"

static const heed_parameter parameters[] = {{.name = "shape",
                                             .type = HEED_NUMBER,
                                             .default_value = "3",
                                             .low = 1,
                                             .high = 5,
                                             .doc = "a"}};

static heed_status uniform(const void *self, size_t count, const double *u,
                           double *eta, heed_error *error) {
  (void)self, (void)error;
  for (size_t i = 0; i < count; i++) eta[i] = u[i];
  return HEED_OK;
}

static size_t one(const void *self) {
  (void)self;
  return 1;
}

static void theta(const void *self, double *values) {
  values[0] = ((const heed_value *)self)[0].number;
}

static void start(const void *self, double mean, double variance,
                  double *values) {
  (void)self, (void)variance;
  values[0] = mean / (1 - mean);
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}

static void nodes(const void *self, const double *values, size_t count,
                  double *place) {
  (void)self, (void)values;
  for (size_t k = 0; k < count; k++)
    place[k] = ((double)k + 0.5) / (double)count;
}

static void log_weights(const void *self, const double *values, size_t count,
                        const double *place, double *log_weight) {
  double sum = 0;
  (void)self;
  for (size_t k = 0; k < count; k++) sum += pow(place[k], values[0] - 1);
  for (size_t k = 0; k < count; k++)
    log_weight[k] = (values[0] - 1) * log(place[k]) - log(sum);
}

static void to_free(const void *self, const double *values, double *unbound) {
  (void)self;
  unbound[0] = log(values[0]);
}

static void from_free(const void *self, const double *unbound, double *values) {
  (void)self;
  values[0] = 2 * exp(unbound[0]);
}

static heed_status refit(const void *self, size_t count, const double *place,
                         const double *mass, double *values,
                         heed_error *error) {
  (void)self, (void)count, (void)place, (void)mass, (void)error;
  values[0] = 3;
  return HEED_OK;
}

static const heed_distribution_functions functions = {
    .size = sizeof functions,
    .quantile = uniform,
    .theta_count = one,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = nodes,
    .log_weights = log_weights,
    .free_count = one,
    .to_free = to_free,
    .from_free = from_free,
    .refit = refit,
};
static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "loose",
    .version = "1.0",
    .summary = "breaks its contract",
    .parameters = parameters,
    .parameter_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
