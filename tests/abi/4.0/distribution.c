/* SPDX-License-Identifier: GPL-3.0-or-later
 * A distribution of ABI 4.0: a share of users has attentiveness 0.9, the others
 * have 0.1.  It offers an extension. */
#include <heed/distribution.h>
#include <math.h>

enum { LOW, HIGH, ATOMS };
static const double atoms[ATOMS] = {0.1, 0.9};

static const heed_parameter parameters[] = {{.name = "share",
                                             .type = HEED_NUMBER,
                                             .default_value = "0.5",
                                             .low = 0,
                                             .high = 1,
                                             .doc = "of attentive users"}};
static const heed_output outputs[] = {
    {.name = "share", .doc = "of attentive users, fitted"}};

static size_t dimension(const void *self) {
  (void)self;
  return 1;
}

static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  const double share = ((const heed_value *)self)->number;
  (void)error;
  for (size_t i = 0; i < count; i++)
    eta[i] = atoms[u[i] > 1 - share ? HIGH : LOW];
  return HEED_OK;
}

static size_t theta_count(const void *self) {
  (void)self;
  return 1;
}

static void theta(const void *self, double *values) {
  *values = ((const heed_value *)self)->number;
}

static void start(const void *self, double mean, double variance,
                  double *values) {
  (void)self, (void)variance;
  *values = fmin(fmax((mean - 0.1) / 0.8, 0.01), 0.99);
}

static size_t node_count(const void *self, size_t wanted) {
  (void)self, (void)wanted;
  return ATOMS;
}

static void nodes(const void *self, const double *values, size_t count,
                  double *places) {
  (void)self, (void)values;
  for (size_t k = 0; k < count; k++) places[k] = atoms[k];
}

static void log_weights(const void *self, const double *values, size_t count,
                        const double *places, double *log_weight) {
  (void)self, (void)count, (void)places;
  log_weight[LOW] = log(1 - *values);
  log_weight[HIGH] = log(*values);
}

static size_t free_count(const void *self) {
  (void)self;
  return 1;
}

static void to_free(const void *self, const double *values, double *free) {
  (void)self;
  *free = log(*values / (1 - *values));
}

static void from_free(const void *self, const double *free, double *values) {
  (void)self;
  *values = 1 / (1 + exp(-*free));
}

static heed_status refit(const void *self, size_t count, const double *places,
                         const double *mass, double *values,
                         heed_error *error) {
  (void)self, (void)count, (void)places, (void)error;
  *values = mass[HIGH] / (mass[LOW] + mass[HIGH]);
  return HEED_OK;
}

static const heed_distribution_functions functions = {
    .size = sizeof functions,
    .atoms_move = false,
    .weights_free = false,
    .dimension = dimension,
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

/* The number of atoms, for whoever asks. */
static const void *extension(const char *name) {
  static const double count = ATOMS;
  return strcmp(name, "frozen.atoms") == 0 ? &count : NULL;
}

static const heed_plugin frozen = {
    .size = sizeof frozen,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "frozen",
    .version = "1.0",
    .summary = "Two atoms, of ABI 4.0",
    .parameters = parameters,
    .parameter_count = 1,
    .outputs = outputs,
    .output_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
    .extension = extension,
};

static const heed_plugin *const plugins[] = {&frozen};
HEED_PLUGINS(plugins)
