/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter as the headers of a later minor version would build it: each struct
 * of its descriptor has a member more than this heed knows, and so has the host
 * that it hopes for. */
#include <math.h>

#include "heed/filter.h"

typedef struct later_parameter {
  heed_parameter known;
  const char *widget;
} later_parameter;
typedef struct later_output {
  heed_output known;
  double scale;
} later_output;
typedef struct later_functions {
  heed_filter_functions known;
  void (*explain)(void);
} later_functions;
typedef struct later_plugin {
  heed_plugin known;
  const char *licence;
} later_plugin;
typedef struct later_host {
  heed_host known;
  double (*temperature)(const heed_host *host);
} later_host;

static const later_parameter parameters[] = {
    {.known = {.name = "first",
               .type = HEED_NUMBER,
               .default_value = "1",
               .doc = "a number to report"},
     .widget = "slider"},
    {.known = {.name = "second",
               .type = HEED_NUMBER,
               .default_value = "2",
               .doc = "a number to report"},
     .widget = "dial"},
};
static const later_output outputs[] = {
    {.known = {.name = "first", .doc = "the first parameter"}, .scale = 1},
    {.known = {.name = "second", .doc = "the second parameter"}, .scale = 1},
    {.known = {.name = "temperature",
               .flags = HEED_MAY_BE_NAN,
               .doc = "of the host; NaN: this host has none"},
     .scale = 1},
};

static heed_status keep_all(void *self, const heed_host *host,
                            const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_selection *selection, heed_error *error) {
  const heed_value *values = self;
  double temperature = NAN;
  (void)crowd, (void)posterior, (void)selection, (void)error;
  /* What HEED_HAS(host, temperature) is with the later headers. */
  if (host->size >= sizeof(later_host))
    temperature = ((const later_host *)host)->temperature(host);
  host->output(host, 0, &values[0].number, 1);
  host->output(host, 1, &values[1].number, 1);
  host->output(host, 2, &temperature, 1);
  return HEED_OK;
}

static void explain(void) {}

static const later_functions functions = {
    .known = {.size = sizeof functions, .select = keep_all},
    .explain = explain,
};

#define LATER_ABI                                                \
  {                                                              \
    HEED_ABI_MAJOR, HEED_ABI_MINOR + 3, sizeof(later_parameter), \
        sizeof(heed_dimension), sizeof(later_output)             \
  }

static const later_plugin newer = {
    .known = {.size = sizeof newer,
              .abi = LATER_ABI,
              .kind = HEED_FILTER,
              .name = "newer",
              .version = "1.0",
              .summary = "Keeps all; of a later minor version of the ABI",
              .parameters = &parameters[0].known,
              .parameter_count = sizeof parameters / sizeof *parameters,
              .outputs = &outputs[0].known,
              .output_count = sizeof outputs / sizeof *outputs,
              .functions = &functions,
              .functions_size = sizeof functions},
    .licence = "GPL-3.0-or-later",
};

static const heed_plugin *const plugins[] = {&newer.known};
HEED_EXPORT extern const heed_plugin_list heed_plugins;
HEED_EXPORT const heed_plugin_list heed_plugins = {sizeof heed_plugins,
                                                   LATER_ABI, 1, plugins};
