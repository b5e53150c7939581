/* SPDX-License-Identifier: GPL-3.0-or-later
 * The normal distribution, truncated to [0, 1]. */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "heed/distribution.h"
#include "support/attention/node_family.h"

enum { MEAN, SD, PARAMETER_COUNT };

/* With a larger sd the truncated density is flat or linear to the eye. */
static const double least_sd = 0.005, most_sd = 10;

static const heed_parameter parameters[] = {
    [MEAN] = {.name = "mean",
              .type = HEED_NUMBER,
              .standard = "0.5",
              .low = -10,
              .high = 10,
              .doc = "mean before truncation; as a fitted prior, not read"},
    [SD] = {.name = "sd",
            .type = HEED_NUMBER,
            .standard = "0.2",
            .low = 0.005,
            .high = 10,
            .doc = "sd before truncation; as a fitted prior, not read"},
};

static const heed_output outputs[] = {
    {.name = "mean", .doc = "mean before truncation, fitted"},
    {.name = "sd", .doc = "sd before truncation, fitted"},
};

/* log w = base + (mean / sd^2) x - (1 / (2 sd^2)) x^2, about the middle. */
static void statistics(double x, double *t1, double *t2) {
  *t1 = x - 0.5;
  *t2 = -(x - 0.5) * (x - 0.5) / 2;
}

static const node_family family = {statistics, 0, 1};

static void to_natural(const double *values_of, double ab[2]) {
  ab[1] = 1 / (values_of[SD] * values_of[SD]);
  ab[0] = (values_of[MEAN] - 0.5) * ab[1];
}

/* Inverts the CDF in whichever tail keeps the digits. */
static double quantile_at(double u, double mean, double sd) {
  double low = (0 - mean) / sd, high = (1 - mean) / sd, z;
  if (low > 0) {
    const double q_low = gsl_cdf_ugaussian_Q(low);
    const double q_high = gsl_cdf_ugaussian_Q(high);
    z = gsl_cdf_ugaussian_Qinv(q_low + u * (q_high - q_low));
  } else {
    const double p_low = gsl_cdf_ugaussian_P(low);
    const double p_high = gsl_cdf_ugaussian_P(high);
    z = gsl_cdf_ugaussian_Pinv(p_low + u * (p_high - p_low));
  }
  return fmin(fmax(mean + sd * z, 0), 1);
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  const double mean = values[MEAN].number, sd = values[SD].number;
  (void)host;
  if (fmax(-mean, mean - 1) > 30 * sd)
    return heed_fail(error, HEED_INVALID,
                     "mean: found %g with sd %g, expected a mean within 30 sd "
                     "of [0, 1]",
                     mean, sd);
  *self = (void *)(uintptr_t)values;
  return HEED_OK;
}

static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  const heed_value *values = self;
  (void)error;
  for (size_t i = 0; i < count; i++)
    eta[i] = quantile_at(u[i], values[MEAN].number, values[SD].number);
  return HEED_OK;
}

static size_t theta_count(const void *self) {
  (void)self;
  return PARAMETER_COUNT;
}

static void theta(const void *self, double *values_of) {
  const heed_value *values = self;
  values_of[MEAN] = values[MEAN].number;
  values_of[SD] = values[SD].number;
}

static void start(const void *self, double mean, double variance,
                  double *values_of) {
  (void)self;
  values_of[MEAN] = fmin(fmax(mean, 0.02), 0.98);
  values_of[SD] = fmin(fmax(sqrt(fmax(variance, 0)), 0.05), 0.5);
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}

static void nodes(const void *self, const double *values_of, size_t count,
                  double *point) {
  (void)self;
  (void)values_of;
  node_family_nodes(&family, count, point);
}

static void log_weights(const void *self, const double *values_of, size_t count,
                        const double *point, double *log_weight) {
  double ab[2];
  (void)self;
  to_natural(values_of, ab);
  node_family_weights(&family, ab, count, point, log_weight);
}

static size_t free_count(const void *self) {
  (void)self;
  return PARAMETER_COUNT;
}

static void to_free(const void *self, const double *values_of, double *free) {
  (void)self;
  free[MEAN] = values_of[MEAN];
  free[SD] = log(values_of[SD]);
}

static void from_free(const void *self, const double *free, double *values_of) {
  (void)self;
  values_of[MEAN] = free[MEAN];
  values_of[SD] = fmin(fmax(exp(free[SD]), least_sd), most_sd);
}

static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *values_of,
                         heed_error *error) {
  const double most = 1 / (least_sd * least_sd);
  const double least = 1 / (most_sd * most_sd);
  const double low[2] = {-most, least}, high[2] = {most, most};
  double ab[2];
  heed_status status;
  (void)self;
  to_natural(values_of, ab);
  status = node_family_fit(&family, count, point, mass, low, high, ab, error);
  if (status != HEED_OK) return status;
  values_of[SD] = 1 / sqrt(ab[1]);
  values_of[MEAN] = 0.5 + ab[0] / ab[1];
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

static const heed_plugin gaussian = {
    .size = sizeof gaussian,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "gaussian",
    .version = "1.0",
    .summary = "normal distribution truncated to [0, 1]",
    .reference = "arXiv 2510.13830, section 4",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&gaussian};
HEED_PLUGINS(plugins)
