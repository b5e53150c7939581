/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter whose descriptor says that a parameter is 8 bytes long. */
#include "heed/filter.h"

static heed_status keep_all(void *self, const heed_host *host,
                            const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}

static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = keep_all};

static const heed_plugin misbuilt = {
    .size = sizeof misbuilt,
    .abi = {HEED_ABI_MAJOR, HEED_ABI_MINOR, 8, sizeof(heed_dimension),
            sizeof(heed_output)},
    .kind = HEED_FILTER,
    .name = "misbuilt",
    .version = "1.0",
    .summary = "Has a stride that cannot be",
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&misbuilt};
HEED_PLUGINS(plugins)
