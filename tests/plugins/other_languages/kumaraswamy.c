/* SPDX-License-Identifier: GPL-3.0-or-later
 * The descriptor of kumaraswamy.f90: Fortran cannot initialise a pointer to a
 * function, so this is what stays C. */
#include <heed/distribution.h>

heed_status kumaraswamy_quantile(const void *self, size_t count,
                                 const double *u, double *eta,
                                 heed_error *error);
size_t kumaraswamy_theta_count(const void *self);
void kumaraswamy_theta(const void *self, double *theta);
void kumaraswamy_start(const void *self, double mean, double variance,
                       double *theta);
size_t kumaraswamy_node_count(const void *self, size_t wanted);
void kumaraswamy_nodes(const void *self, const double *theta, size_t count,
                       double *nodes);
void kumaraswamy_log_weights(const void *self, const double *theta,
                             size_t count, const double *nodes,
                             double *log_weight);
size_t kumaraswamy_free_count(const void *self);
void kumaraswamy_to_free(const void *self, const double *theta, double *free);
void kumaraswamy_from_free(const void *self, const double *free, double *theta);

static const heed_distribution_functions functions = {
    .size = sizeof functions,
    .quantile = kumaraswamy_quantile,
    .theta_count = kumaraswamy_theta_count,
    .theta = kumaraswamy_theta,
    .start = kumaraswamy_start,
    .node_count = kumaraswamy_node_count,
    .nodes = kumaraswamy_nodes,
    .log_weights = kumaraswamy_log_weights,
    .free_count = kumaraswamy_free_count,
    .to_free = kumaraswamy_to_free,
    .from_free = kumaraswamy_from_free,
};

static const heed_parameter parameters[] = {
    {.name = "a",
     .type = HEED_NUMBER,
     .default_value = "2",
     .low = 1e-2,
     .high = 1e3,
     .doc = "first shape"},
    {.name = "b",
     .type = HEED_NUMBER,
     .default_value = "2",
     .low = 1e-2,
     .high = 1e3,
     .doc = "second shape"},
};

static const heed_output outputs[] = {
    {.name = "a", .doc = "first shape, fitted"},
    {.name = "b", .doc = "second shape, fitted"},
};

static const heed_plugin kumaraswamy = {
    .size = sizeof kumaraswamy,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "kumaraswamy",
    .version = "1.0",
    .summary = "Kumaraswamy(a, b) on [0, 1], in Fortran",
    .reference = "Kumaraswamy, Journal of Hydrology 46 (1980), 79-88",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&kumaraswamy};
HEED_PLUGINS(plugins)
