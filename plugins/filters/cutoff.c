/* SPDX-License-Identifier: GPL-3.0-or-later
 * The filter that keeps users whose eta-hat reaches a threshold. */
#include "heed/filter.h"
#include "support/crowd/units.h"

enum { THRESHOLD, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [THRESHOLD] = {.name = "threshold",
                   .type = HEED_NUMBER,
                   .doc = "the least eta-hat to keep"},
};

static heed_status keep_above(void *self, const heed_host *host,
                              const heed_crowd *crowd,
                              const heed_posterior *posterior,
                              heed_selection *selection, heed_error *error) {
  const heed_value *values = self;
  size_t *unit = host->scratch(host, selection->count, sizeof *unit);
  heed_status status;
  if (unit == NULL) return heed_no_memory(error);
  status = units_of(crowd, posterior, unit, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < selection->count; i++)
    if (posterior->mean[unit[i]] < values[THRESHOLD].number)
      selection->weight[i] = 0.0;
  return HEED_OK;
}

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep_above,
};

static const heed_plugin cutoff = {
    .size = sizeof cutoff,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "cutoff",
    .version = "1.0",
    .summary = "Keeps users with eta-hat at or above a threshold",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&cutoff};
HEED_PLUGINS(plugins)
