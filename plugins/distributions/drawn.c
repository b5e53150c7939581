/* SPDX-License-Identifier: GPL-3.0-or-later
 * A distribution whose parameters are themselves drawn, anew in every
 * replicate, from a hyperprior (support/attention/hyper.h): users of
 * simulation-based calibration (Talts et al. 2018, arXiv 1804.06788).
 *
 * Users are drawn from the distribution's nodes, as estimators see it. */
#include <math.h>

#include "heed/memory.h"
#include "support/attention/hyper.h"

enum { OF, CENTER, SPREAD, NODES, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [OF] = {.name = "of",
            .type = HEED_PLUGIN,
            .standard = "beta",
            .kind = HEED_DISTRIBUTION,
            .doc = "the distribution whose parameters are drawn"},
    [CENTER] = HYPER_CENTER,
    [SPREAD] = HYPER_SPREAD,
    [NODES] = {.name = "nodes",
               .type = HEED_INTEGER,
               .standard = "100",
               .low = 2,
               .high = 10000,
               .doc = "nodes that users are drawn from, where it has none of "
                      "its own"},
};

typedef struct drawn {
  attention_hyper hyper;
  double theta[HYPER_MOST];
  size_t node_count;
  double *nodes, *log_weight;
  double *below; /* P(eta at or below the node) */
} drawn;

static void find_nodes(drawn *self) {
  const heed_distribution_functions *functions = self->hyper.functions;
  const void *object = self->hyper.instance->self;
  double sum = 0;
  functions->nodes(object, self->theta, self->node_count, self->nodes);
  functions->log_weights(object, self->theta, self->node_count, self->nodes,
                         self->log_weight);
  for (size_t k = 0; k < self->node_count; k++)
    self->below[k] = sum += exp(self->log_weight[k]);
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **result, heed_error *error) {
  heed_memory memory = {host, false};
  drawn *self = heed_allocate(&memory, 1, sizeof *self);
  heed_stream stream = host->stream(host, "theta", 0);
  double free[HYPER_MOST];
  heed_status status;
  if (self == NULL) return heed_no_memory(error);
  status = hyper_open(values[OF].instance, &values[CENTER], &values[SPREAD],
                      &self->hyper, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->hyper.count; i++)
    free[i] =
        self->hyper.center[i] + self->hyper.spread[i] * heed_normal(&stream);
  self->hyper.functions->from_free(self->hyper.instance->self, free,
                                   self->theta);
  self->node_count = self->hyper.functions->node_count(
      self->hyper.instance->self, (size_t)values[NODES].integer);
  self->nodes = heed_allocate_doubles(&memory, self->node_count);
  self->log_weight = heed_allocate_doubles(&memory, self->node_count);
  self->below = heed_allocate_doubles(&memory, self->node_count);
  if (memory.refused) return heed_no_memory(error);
  find_nodes(self);
  *result = self;
  return HEED_OK;
}

static heed_status quantile(const void *object, size_t count, const double *u,
                            double *eta, heed_error *error) {
  const drawn *self = object;
  (void)error;
  for (size_t i = 0; i < count; i++) {
    size_t low = 0, high = self->node_count - 1;
    while (low < high) { /* the first node with u at or below */
      const size_t middle = (low + high) / 2;
      if (self->below[middle] < u[i])
        low = middle + 1;
      else
        high = middle;
    }
    eta[i] = self->nodes[low];
  }
  return HEED_OK;
}

/* As a prior it is the distribution with the parameters that were drawn, which
 * are not fitted. */
static size_t theta_count(const void *self) {
  (void)self;
  return 0;
}

static void theta(const void *self, double *values) {
  (void)self;
  (void)values;
}

static void start(const void *self, double mean, double variance,
                  double *values) {
  (void)self;
  (void)mean;
  (void)variance;
  (void)values;
}

static size_t node_count(const void *object, size_t wanted) {
  (void)wanted;
  return ((const drawn *)object)->node_count;
}

static void nodes(const void *object, const double *values, size_t count,
                  double *point) {
  const drawn *self = object;
  (void)values;
  for (size_t k = 0; k < count; k++) point[k] = self->nodes[k];
}

static void log_weights(const void *object, const double *values, size_t count,
                        const double *point, double *log_weight) {
  const drawn *self = object;
  (void)values;
  (void)point;
  for (size_t k = 0; k < count; k++) log_weight[k] = self->log_weight[k];
}

static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *values,
                         heed_error *error) {
  (void)self;
  (void)count;
  (void)point;
  (void)mass;
  (void)values;
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

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "drawn",
    .version = "1.0",
    .summary = "a distribution whose parameters are drawn in every replicate",
    .reference = "Talts et al. 2018, arXiv 1804.06788",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
