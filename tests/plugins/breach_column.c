/* SPDX-License-Identifier: GPL-3.0-or-later
 * A source that writes one value past the end of a column. */
#include "heed/source.h"

enum { PAIRS = 5 };

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  double *p;
  (void)self;
  world->pairs = host->table(host, "pairs", PAIRS);
  p = host->column(host, world->pairs, "p", HEED_FLOAT64, 1);
  if (p == NULL) return heed_no_memory(error);
  for (size_t i = 0; i <= PAIRS; i++) p[i] = 0.5;
  return HEED_OK;
}

static const heed_source_functions functions = {.size = sizeof functions,
                                                .make = make};
static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "column",
    .version = "1.0",
    .summary = "breaks its contract",
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
