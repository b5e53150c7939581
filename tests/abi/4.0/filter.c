/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter of ABI 4.0: keeps annotations of units at or above a threshold. */
#include <heed/filter.h>

static const heed_parameter parameters[] = {{.name = "least",
                                             .type = HEED_NUMBER,
                                             .default_value = "0.5",
                                             .low = 0,
                                             .high = 1,
                                             .doc = "the least eta-hat kept"}};
static const heed_output outputs[] = {
    {.name = "kept", .doc = "annotations kept"}};

static heed_status keep(void *self, const heed_host *host,
                        const heed_crowd *crowd,
                        const heed_posterior *posterior,
                        heed_selection *selection, heed_error *error) {
  const double least = ((const heed_value *)self)->number;
  double kept = 0;
  (void)crowd;
  if (!HEED_HAS(posterior, state))
    return heed_fail(error, HEED_INTERNAL, "the posterior is too short");
  for (size_t i = 0; i < selection->count; i++) {
    if (selection->eta[i] < least) selection->weight[i] = 0;
    kept += selection->weight[i];
  }
  host->output(host, 0, &kept, 1);
  return HEED_OK;
}

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep,
};

static const heed_plugin frozen = {
    .size = sizeof frozen,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "frozen",
    .version = "1.0",
    .summary = "Keeps by a threshold, of ABI 4.0",
    .parameters = parameters,
    .parameter_count = 1,
    .outputs = outputs,
    .output_count = 1,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&frozen};
HEED_PLUGINS(plugins)
