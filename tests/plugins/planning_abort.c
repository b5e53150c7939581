/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter that aborts in create(). */
#include <stdlib.h>

#include "heed/heed.h"

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host, (void)values, (void)self, (void)error;
  abort();
}
static heed_status choose(void *self, const heed_host *host,
                          const heed_crowd *crowd,
                          const heed_posterior *posterior,
                          heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}
static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = choose};
static const heed_plugin aborting = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "aborting",
    .version = "1.0",
    .summary = "aborts",
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&aborting};
HEED_PLUGINS(plugins)
