/* SPDX-License-Identifier: MIT-0
 * A filter: posterior to the weight of each annotation.  Its contract is
 * heed/filter.h.
 *
 * This filter keeps the annotations of users with eta-hat at or above a
 * threshold.  Replace it with yours. */
#include <heed/filter.h>

enum { THRESHOLD, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [THRESHOLD] = {.name = "threshold",
                   .type = HEED_NUMBER,
                   .default_value = "0.5",
                   .low = -1,
                   .high = 1,
                   .doc = "least eta-hat that is kept"},
};

enum { KEPT, OUTPUT_COUNT };

static const heed_output outputs[] = {
    [KEPT] = {.name = "kept", .doc = "annotations kept"},
};

/* On entry, all weights of the selection are 1, and eta is eta-hat of each
 * annotation. */
static heed_status keep_above(void *self, const heed_host *host,
                              const heed_crowd *crowd,
                              const heed_posterior *posterior,
                              heed_selection *selection, heed_error *error) {
  const heed_value *values = self;
  double kept = 0;
  (void)crowd, (void)posterior, (void)error;
  for (size_t i = 0; i < selection->count; i++) {
    if (selection->eta[i] < values[THRESHOLD].number)
      selection->weight[i] = 0;
    else
      kept++;
  }
  host->output(host, KEPT, &kept, 1);
  return HEED_OK;
}

/* ---- the descriptor ---- */

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep_above,
};

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "template_name",
    .version = "0.1",
    .summary = "Keeps users with eta-hat at or above a threshold",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
