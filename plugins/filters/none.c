/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keeps every annotation. */
#include "heed/filter.h"

static heed_status keep_all(void *self, const heed_host *host,
                            const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep_all,
};

static const heed_plugin none = {
    .size = sizeof none,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "none",
    .version = "1.0",
    .summary = "Keeps every annotation",
    .flags = HEED_READS_COUNTS,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&none};
HEED_PLUGINS(plugins)
