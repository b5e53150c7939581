/* SPDX-License-Identifier: GPL-3.0-or-later
 * The filter that keeps users by lot: what any filter must beat at an equal
 * count of labels. */
#include "support/crowd/ranking.h"

enum { SHARE, BY, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [SHARE] = {.name = "share",
               .type = HEED_NUMBER,
               .flags = HEED_OPEN_LOW,
               .low = 0.0,
               .high = 1.0,
               .doc = "how much to keep"},
    [BY] = {.name = "by",
            .type = HEED_ENUM,
            .standard = "users",
            .choices = ranking_by_words,
            .doc = "what the share is of: users (units of the posterior that "
                   "annotated), or labels: users in random order until exactly "
                   "that share of annotations stands"},
};

static heed_status keep_by_lot(void *self, const heed_host *host,
                               const heed_crowd *crowd,
                               const heed_posterior *posterior,
                               heed_selection *selection, heed_error *error) {
  const heed_value *values = self;
  double *lot = host->scratch(host, posterior->units, sizeof *lot);
  ranking_kept kept;
  if (lot == NULL) return heed_no_memory(error);
  for (size_t u = 0; u < posterior->units; u++) {
    heed_stream stream = host->stream(host, "lot", u);
    lot[u] = heed_uniform(&stream);
  }
  return ranking_select(host, crowd, posterior, values[SHARE].number,
                        (ranking_by)values[BY].integer, lot, selection, &kept,
                        error);
}

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep_by_lot,
};

static const heed_plugin by_lot = {
    .size = sizeof by_lot,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "random",
    .version = "1.0",
    .summary = "Keeps users by lot: the control for other filters",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&by_lot};
HEED_PLUGINS(plugins)
