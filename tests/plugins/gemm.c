/* SPDX-License-Identifier: GPL-3.0-or-later
 * A source that multiplies matrices and reports how fast it was. */
#include "../bench/gemm.h"

#include "heed/heed.h"
#include "heed/memory.h"

static const heed_output outputs[] = {
    {.name = "rate", .doc = "GFLOP/s of a product of doubles"}};

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  const size_t count = GEMM_SIZE * GEMM_SIZE;
  heed_memory memory = {host, false};
  double *a = heed_scratch_doubles(&memory, count);
  double *b = heed_scratch_doubles(&memory, count);
  double *c = heed_scratch_doubles(&memory, count);
  double rate, *p;
  (void)self;
  world->pairs = heed_new_table(&memory, "pairs", 1);
  p = heed_new_column(&memory, world->pairs, "p", HEED_FLOAT64, 1);
  if (memory.refused) return heed_no_memory(error);
  *p = 0.5;
  rate = gemm_rate(a, b, c);
  host->output(host, 0, &rate, 1);
  return HEED_OK;
}

static const heed_source_functions functions = {.size = sizeof functions,
                                                .make = make};
static const heed_plugin gemm = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "gemm",
    .version = "1.0",
    .summary = "Multiplies matrices",
    .outputs = outputs,
    .output_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&gemm};
HEED_PLUGINS(plugins)
