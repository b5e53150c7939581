/* SPDX-License-Identifier: MIT-0
 * A distribution of attentiveness.  Its contract is heed/distribution.h.
 *
 * This distribution has one parameter: density a x^(a - 1) on [0, 1], a > 0. It
 * is uniform at a = 1 and has mean a / (a + 1).  Replace it with yours. */
#include <heed/distribution.h>
#include <math.h>

enum { SHAPE, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [SHAPE] = {.name = "shape",
               .type = HEED_NUMBER,
               .default_value = "2",
               .low = 0.01,
               .high = 100,
               .doc = "a of the density a x^(a - 1); a fitted prior "
                      "ignores it"},
};

/* The parameters of theta; an estimator reports this one as prior_shape. */
static const heed_output outputs[] = {
    {.name = "shape", .doc = "a, fitted"},
};

/* Limits of fits: outside them, nodes are too coarse for the density. */
static const double least = 1e-3, most = 1e3;

static double clamp(double value, double low, double high) {
  return fmin(fmax(value, low), high);
}

/* ---- drawing users: the inverse of the distribution function, x^a ---- */

static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  const heed_value *values = self;
  (void)error;
  for (size_t i = 0; i < count; i++)
    eta[i] = pow(u[i], 1 / values[SHAPE].number);
  return HEED_OK;
}

/* ---- a prior with parameters theta = {a} ---- */

static size_t theta_count(const void *self) {
  (void)self;
  return PARAMETER_COUNT;
}

static void theta(const void *self, double *fitted) {
  const heed_value *values = self;
  fitted[SHAPE] = values[SHAPE].number;
}

/* Matches the mean; a single parameter cannot also match the variance. */
static void start(const void *self, double mean, double variance,
                  double *fitted) {
  (void)self, (void)variance;
  mean = clamp(mean, 0.05, 0.95);
  fitted[SHAPE] = mean / (1 - mean);
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self;
  return wanted;
}

/* The nodes are the middles of equal intervals; theta does not matter. */
static void nodes(const void *self, const double *fitted, size_t count,
                  double *place) {
  (void)self, (void)fitted;
  for (size_t k = 0; k < count; k++)
    place[k] = ((double)k + 0.5) / (double)count;
}

/* The density at the nodes, scaled so that the weights sum to 1. */
static void log_weights(const void *self, const double *fitted, size_t count,
                        const double *place, double *log_weight) {
  double highest = -HUGE_VAL, sum = 0;
  (void)self;
  for (size_t k = 0; k < count; k++) {
    log_weight[k] = (fitted[SHAPE] - 1) * log(place[k]);
    highest = fmax(highest, log_weight[k]);
  }
  for (size_t k = 0; k < count; k++) sum += exp(log_weight[k] - highest);
  for (size_t k = 0; k < count; k++) log_weight[k] -= highest + log(sum);
}

/* ---- unbounded theta, log a: an estimator maximises over it ---- */

static size_t free_count(const void *self) {
  (void)self;
  return PARAMETER_COUNT;
}

static void to_free(const void *self, const double *fitted, double *unbound) {
  (void)self;
  unbound[SHAPE] = log(fitted[SHAPE]);
}

static void from_free(const void *self, const double *unbound, double *fitted) {
  (void)self;
  fitted[SHAPE] = clamp(exp(unbound[SHAPE]), least, most);
}

/* ---- the descriptor ---- */

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
};

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "template_name",
    .version = "0.1",
    .summary = "Density a x^(a - 1) on [0, 1]",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
