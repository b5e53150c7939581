/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Beta distribution: attentiveness that varies smoothly over users; on
 * [0, 1], or stretched to another interval where some work against. */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "heed/distribution.h"
#include "support/attention/node_family.h"

enum { ALPHA, BETA, THETA_COUNT, LOW = THETA_COUNT, HIGH, PARAMETER_COUNT };

/* Beyond these the nodes cannot show the shape. */
static const double least = 1e-3, most = 1e4;

static const heed_parameter parameters[] = {
    [ALPHA] = {.name = "alpha",
               .type = HEED_NUMBER,
               .standard = "2",
               .low = 1e-3,
               .high = 1e4,
               .doc = "first shape; as a fitted prior, not read"},
    [BETA] = {.name = "beta",
              .type = HEED_NUMBER,
              .standard = "2",
              .low = 1e-3,
              .high = 1e4,
              .doc = "second shape; as a fitted prior, not read"},
    [LOW] = {.name = "low",
             .type = HEED_NUMBER,
             .standard = "0",
             .low = -1,
             .high = 1,
             .doc = "lower end"},
    [HIGH] = {.name = "high",
              .type = HEED_NUMBER,
              .standard = "1",
              .low = -1,
              .high = 1,
              .doc = "upper end"},
};

static const heed_output outputs[] = {
    {.name = "alpha", .doc = "first shape, fitted"},
    {.name = "beta", .doc = "second shape, fitted"},
};

/* log w = base + (alpha - 1) log x + (beta - 1) log(1 - x) */
static void statistics(double x, double *t1, double *t2) {
  *t1 = log(x);
  *t2 = log1p(-x);
}

static node_family family_of(const void *self) {
  const heed_value *values = self;
  return (node_family){statistics, values[LOW].number, values[HIGH].number};
}

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

static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  const heed_value *values = self;
  const double low = values[LOW].number, width = values[HIGH].number - low;
  for (size_t i = 0; i < count; i++) {
    eta[i] = gsl_cdf_beta_Pinv(u[i], values[ALPHA].number, values[BETA].number);
    if (!(eta[i] >= 0 && eta[i] <= 1))
      return heed_fail(error, HEED_NUMERIC,
                       "the quantile of Beta(%g, %g) at %g cannot be computed",
                       values[ALPHA].number, values[BETA].number, u[i]);
    eta[i] = low + width * eta[i];
  }
  return HEED_OK;
}

static size_t theta_count(const void *self) {
  (void)self;
  return THETA_COUNT;
}

static void theta(const void *self, double *values_of) {
  const heed_value *values = self;
  values_of[ALPHA] = values[ALPHA].number;
  values_of[BETA] = values[BETA].number;
}

/* Of x in [0, 1]: mean = a / (a + b), variance = mean (1 - mean) / (a + b + 1)
 */
static void start(const void *self, double mean, double variance,
                  double *values_of) {
  const node_family family = family_of(self);
  const double width = family.high - family.low;
  mean = fmin(fmax((mean - family.low) / width, 0.02), 0.98);
  variance /= width * width;
  const double full = mean * (1 - mean);
  const double sum = fmin(fmax(full / fmax(variance, 1e-3) - 1, 0.2), 200);
  values_of[ALPHA] = mean * sum;
  values_of[BETA] = (1 - mean) * sum;
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}

static void nodes(const void *self, const double *values_of, size_t count,
                  double *point) {
  const node_family family = family_of(self);
  (void)values_of;
  node_family_nodes(&family, count, point);
}

static void log_weights(const void *self, const double *values_of, size_t count,
                        const double *point, double *log_weight) {
  const double ab[2] = {values_of[ALPHA] - 1, values_of[BETA] - 1};
  const node_family family = family_of(self);
  node_family_weights(&family, ab, count, point, log_weight);
}

static size_t free_count(const void *self) {
  (void)self;
  return THETA_COUNT;
}

static void to_free(const void *self, const double *values_of, double *free) {
  (void)self;
  free[ALPHA] = log(values_of[ALPHA]);
  free[BETA] = log(values_of[BETA]);
}

static void from_free(const void *self, const double *free, double *values_of) {
  (void)self;
  values_of[ALPHA] = fmin(fmax(exp(free[ALPHA]), least), most);
  values_of[BETA] = fmin(fmax(exp(free[BETA]), least), most);
}

static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *values_of,
                         heed_error *error) {
  const double low[2] = {least - 1, least - 1}, high[2] = {most - 1, most - 1};
  double ab[2] = {values_of[ALPHA] - 1, values_of[BETA] - 1};
  const node_family family = family_of(self);
  const heed_status status =
      node_family_fit(&family, count, point, mass, low, high, ab, error);
  if (status != HEED_OK) return status;
  values_of[ALPHA] = ab[0] + 1;
  values_of[BETA] = ab[1] + 1;
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
    .free_count = free_count,
    .to_free = to_free,
    .from_free = from_free,
    .refit = refit,
};

static const heed_plugin beta = {
    .size = sizeof beta,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "beta",
    .version = "1.0",
    .summary = "Beta(alpha, beta) on [0, 1] or another interval",
    .reference = "arXiv 2510.13830, section 4",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&beta};
HEED_PLUGINS(plugins)
