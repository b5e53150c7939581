/* SPDX-License-Identifier: GPL-3.0-or-later
 * Trains nothing: for logs without features, where only posterior and labels
 * matter. */
#include "heed/trainer.h"

static heed_status train_nothing(void *self, const heed_host *host,
                                 const heed_crowd *crowd,
                                 const heed_posterior *posterior,
                                 const heed_selection *selection,
                                 heed_policy *policy, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  policy->state = NULL;
  return HEED_OK;
}

static const heed_trainer_functions functions = {
    .size = sizeof functions,
    .train = train_nothing,
};

static const heed_plugin none = {
    .size = sizeof none,
    .abi = HEED_ABI,
    .kind = HEED_TRAINER,
    .name = "none",
    .version = "1.0",
    .summary = "Trains no policy",
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&none};
HEED_PLUGINS(plugins)
