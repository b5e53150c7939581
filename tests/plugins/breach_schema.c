/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two filters with a schema that is wrong: a default out of its range, and a
 * parameter that does not say what it is. */
#include "heed/filter.h"

static const heed_parameter beyond[] = {{.name = "share",
                                         .type = HEED_NUMBER,
                                         .default_value = "2",
                                         .low = 0,
                                         .high = 1,
                                         .doc = "how much to keep"}};

static const heed_parameter silent[] = {
    {.name = "share", .type = HEED_NUMBER, .default_value = "1"}};

static heed_status keep(void *self, const heed_host *host,
                        const heed_crowd *crowd,
                        const heed_posterior *posterior,
                        heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}

static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = keep};
static const heed_plugin with_default = {
    .size = sizeof with_default,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "beyond",
    .version = "1.0",
    .summary = "breaks its contract",
    .parameters = beyond,
    .parameter_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin without_doc = {
    .size = sizeof without_doc,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "silent",
    .version = "1.0",
    .summary = "breaks its contract",
    .parameters = silent,
    .parameter_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&with_default, &without_doc};
HEED_PLUGINS(plugins)
