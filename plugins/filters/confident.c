/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keeps users who are attentive with enough certainty: P(eta > threshold |
 * data) >= confidence. */
#include <math.h>

#include "heed/filter.h"
#include "heed/memory.h"
#include "support/crowd/units.h"

enum { THRESHOLD, CONFIDENCE, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [THRESHOLD] = {.name = "threshold",
                   .type = HEED_NUMBER,
                   .default_value = "0.5",
                   .doc = "threshold that eta must exceed"},
    [CONFIDENCE] = {.name = "confidence",
                    .type = HEED_NUMBER,
                    .default_value = "0.9",
                    .low = 0.0,
                    .high = 1.0,
                    .doc =
                        "minimum probability that eta exceeds the threshold"},
};

/* From weights on nodes; a node at the threshold does not exceed it. */
static double tail_of_nodes(const heed_posterior *posterior, size_t unit,
                            double threshold) {
  const double *mass =
      posterior->mass + posterior->row[unit] * posterior->node_count;
  double tail = 0.0;
  for (size_t k = 0; k < posterior->node_count; k++)
    if (posterior->nodes[k] > threshold) tail += mass[k];
  return tail;
}

/* Normal approximation of the posterior. */
static double tail_of_normal(double mean, double sd, double threshold) {
  if (!(sd > 0.0)) return mean > threshold ? 1.0 : 0.0;
  return 0.5 * erfc((threshold - mean) / (sd * sqrt(2.0)));
}

static double tail(const heed_posterior *posterior, size_t unit,
                   double threshold) {
  return posterior->node_count > 0
             ? tail_of_nodes(posterior, unit, threshold)
             : tail_of_normal(posterior->mean[unit], posterior->sd[unit],
                              threshold);
}

static heed_status keep_confident(void *self, const heed_host *host,
                                  const heed_crowd *crowd,
                                  const heed_posterior *posterior,
                                  heed_selection *selection,
                                  heed_error *error) {
  const heed_value *values = self;
  heed_memory memory = {host, false};
  size_t *unit = heed_scratch_sizes(&memory, selection->count);
  double *confidence = heed_scratch_doubles(&memory, posterior->units);
  heed_status status;
  if (memory.refused) return heed_no_memory(error);
  status = units_of(crowd, posterior, unit, error);
  if (status != HEED_OK) return status;
  for (size_t u = 0; u < posterior->units; u++)
    confidence[u] = tail(posterior, u, values[THRESHOLD].number);
  for (size_t i = 0; i < selection->count; i++)
    if (confidence[unit[i]] < values[CONFIDENCE].number)
      selection->weight[i] = 0.0;
  return HEED_OK;
}

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep_confident,
};

static const heed_plugin confident = {
    .size = sizeof confident,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "confident",
    .version = "1.0",
    .summary =
        "Keeps users with P(eta > threshold | data) >= confidence, from the "
        "posterior's nodes if available, otherwise by a normal approximation",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&confident};
HEED_PLUGINS(plugins)
