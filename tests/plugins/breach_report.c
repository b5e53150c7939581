/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter that reports what its descriptor does not have, and a filter that
 * reports an infinite number and fails without a message where nobody has
 * nodes. */
#include "heed/filter.h"

static const heed_output outputs[] = {{.name = "kept", .doc = "kept"}};

static heed_status report_more(void *self, const heed_host *host,
                               const heed_crowd *crowd,
                               const heed_posterior *posterior,
                               heed_selection *selection, heed_error *error) {
  const double values[] = {1, 2};
  (void)self, (void)crowd, (void)posterior, (void)selection, (void)error;
  host->output(host, 0, values, 2);
  return HEED_OK;
}

static heed_status report_much(void *self, const heed_host *host,
                               const heed_crowd *crowd,
                               const heed_posterior *posterior,
                               heed_selection *selection, heed_error *error) {
  const double much = HUGE_VAL;
  (void)self, (void)crowd, (void)selection, (void)error;
  if (posterior->node_count == 0) return HEED_INTERNAL;
  host->output(host, 0, &much, 1);
  return HEED_OK;
}

static const heed_filter_functions more = {.size = sizeof more,
                                           .select = report_more};
static const heed_filter_functions much = {.size = sizeof much,
                                           .select = report_much};
static const heed_plugin first = {
    .size = sizeof first,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "more",
    .version = "1.0",
    .summary = "breaks its contract",
    .outputs = outputs,
    .output_count = 1,
    .functions = &more,
    .functions_size = sizeof more,
};
static const heed_plugin second = {
    .size = sizeof second,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "much",
    .version = "1.0",
    .summary = "breaks its contract",
    .outputs = outputs,
    .output_count = 1,
    .functions = &much,
    .functions_size = sizeof much,
};
static const heed_plugin *const plugins[] = {&first, &second};
HEED_PLUGINS(plugins)
