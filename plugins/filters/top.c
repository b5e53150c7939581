/* SPDX-License-Identifier: GPL-3.0-or-later
 * The filter that keeps the most attentive, as a share of users or labels. */
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
                   "annotated), or labels: users in order of eta-hat until "
                   "exactly that share of annotations stands"},
};

enum { THRESHOLD, OUTPUT_COUNT };

static const heed_output outputs[] = {
    [THRESHOLD] = {.name = "threshold",
                   .flags = HEED_MAY_BE_NAN,
                   .doc = "eta-hat of the last user kept"},
};

static heed_status keep_top(void *self, const heed_host *host,
                            const heed_crowd *crowd,
                            const heed_posterior *posterior,
                            heed_selection *selection, heed_error *error) {
  const heed_value *values = self;
  ranking_kept kept;
  const heed_status status = ranking_select(
      host, crowd, posterior, values[SHARE].number,
      (ranking_by)values[BY].integer, posterior->mean, selection, &kept, error);
  if (status != HEED_OK) return status;
  host->output(host, THRESHOLD, &kept.threshold, 1);
  return HEED_OK;
}

static const heed_filter_functions functions = {
    .size = sizeof functions,
    .select = keep_top,
};

static const heed_plugin top = {
    .size = sizeof top,
    .abi = HEED_ABI,
    .kind = HEED_FILTER,
    .name = "top",
    .version = "1.0",
    .summary = "Keeps the most attentive users, or their labels",
    .reference = "arXiv:2510.13830, section 4",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&top};
HEED_PLUGINS(plugins)
