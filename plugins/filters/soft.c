/* SPDX-License-Identifier: GPL-3.0-or-later
 * The filter that weighs annotations by the attentiveness of their users. */
#include <math.h>

#include "heed/filter.h"
#include "support/crowd/units.h"

enum { POWER, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [POWER] = {.name = "power",
               .type = HEED_NUMBER,
               .standard = "1",
               .low = 0.0,
               .high = HUGE_VAL,
               .doc = "weight = eta-hat^power; eta-hat below 0 weighs 0"},
};

static heed_status weigh(void *self, const heed_host *host,
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
    selection->weight[i] *=
        pow(fmax(posterior->mean[unit[i]], 0.0), values[POWER].number);
  return HEED_OK;
}

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = weigh,
};

static const heed_plugin soft = {
    .size = sizeof soft,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "soft",
    .version = "1.0",
    .summary = "Weighs annotations by eta-hat of their user, to a power",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&soft};
HEED_PLUGINS(plugins)
