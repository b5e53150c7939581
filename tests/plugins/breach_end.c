/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter that divides by the low end of its range. */
#include "heed/filter.h"

static const heed_parameter parameters[] = {{.name = "width",
                                             .type = HEED_NUMBER,
                                             .default_value = "1",
                                             .low = 0,
                                             .high = 1,
                                             .doc = "what weights are for 1"}};

static heed_status weigh(void *self, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         heed_selection *selection, heed_error *error) {
  const heed_value *values = self;
  (void)host, (void)crowd, (void)posterior, (void)error;
  for (size_t i = 0; i < selection->count; i++)
    selection->weight[i] = 0 / values[0].number;
  selection->weight[0] = 1;
  return HEED_OK;
}

static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = weigh};
static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "end",
    .version = "1.0",
    .summary = "breaks its contract",
    .parameters = parameters,
    .parameter_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
