/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plugin that wants a function that nobody has. */
#include "heed/filter.h"

heed_status nobody_has_this(void *self, const heed_host *host,
                            const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_selection *selection, heed_error *error);

static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = nobody_has_this};
static const heed_plugin wanting = {
    .size = sizeof wanting,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "wanting",
    .version = "1.0",
    .summary = "Cannot be loaded",
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&wanting};
HEED_PLUGINS(plugins)
