/* SPDX-License-Identifier: GPL-3.0-or-later
 * The uniform distribution on an interval: an uninformative prior without
 * fitted parameters. */
#include <math.h>

#include "heed/distribution.h"

enum { LOW, HIGH, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [LOW] = {.name = "low",
             .type = HEED_NUMBER,
             .default_value = "0",
             .low = -1,
             .high = 1,
             .doc = "lower end"},
    [HIGH] = {.name = "high",
              .type = HEED_NUMBER,
              .default_value = "1",
              .low = -1,
              .high = 1,
              .doc = "upper end"},
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

static double at_share(const heed_value *values, double share) {
  return values[LOW].number +
         share * (values[HIGH].number - values[LOW].number);
}

static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  (void)error;
  for (size_t i = 0; i < count; i++) eta[i] = at_share(self, u[i]);
  return HEED_OK;
}

static size_t theta_count(const void *self) {
  (void)self;
  return 0;
}

static void theta(const void *self, double *values_of) {
  (void)self;
  (void)values_of;
}

static void start(const void *self, double mean, double variance,
                  double *values_of) {
  (void)self;
  (void)mean;
  (void)variance;
  (void)values_of;
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}

/* The midpoint rule. */
static void nodes(const void *self, const double *values_of, size_t count,
                  double *point) {
  (void)values_of;
  for (size_t k = 0; k < count; k++)
    point[k] = at_share(self, ((double)k + 0.5) / (double)count);
}

static void log_weights(const void *self, const double *values_of, size_t count,
                        const double *point, double *log_weight) {
  (void)self;
  (void)values_of;
  (void)point;
  for (size_t k = 0; k < count; k++) log_weight[k] = -log((double)count);
}

static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *values_of,
                         heed_error *error) {
  (void)self;
  (void)count;
  (void)point;
  (void)mass;
  (void)values_of;
  (void)error;
  return HEED_OK;
}

static const heed_distribution_functions functions = {
    .size = sizeof functions,
    .quantile = quantile,
    .theta_count = theta_count,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = nodes,
    .log_weights = log_weights,
    .refit = refit,
};

static const heed_plugin uniform = {
    .size = sizeof uniform,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "uniform",
    .version = "1.0",
    .summary = "uniform on [low, high]",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&uniform};
HEED_PLUGINS(plugins)
