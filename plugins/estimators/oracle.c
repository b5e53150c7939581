/* SPDX-License-Identifier: GPL-3.0-or-later
 * The oracle: reports the true attentiveness, the upper bound for any estimator
 * as input of a filter. */
#include <string.h>

#include "heed/estimator.h"
#include "support/attention/gap.h"
#include "support/attention/parameters.h"
#include "support/attention/point_posterior.h"

enum { MODEL, MU, PARAMETER_COUNT };

static const heed_parameter parameters[] = {
    [MODEL] =
        ESTIMATOR_MODEL("user model that gives the choices of a casual user"),
    [MU] =
        ESTIMATOR_MU(gap_words,
                     "P(A is better) of a pair, for held-out log-loss: known, "
                     "requested, pair (its own p), or a number"),
};

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_value *values = self;
  const heed_column *eta = heed_table_column(crowd->users, "eta");
  attention_histories histories;
  heed_status status;
  if (eta == NULL || eta->width != 1)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the true attentiveness is not known: users are real, or "
                     "have several values of it");
  status = point_posterior_open(host, crowd, values[MODEL].instance,
                                &values[MU], &histories, posterior, error);
  if (status != HEED_OK) return status;
  memcpy(posterior->mean, eta->data, posterior->units * sizeof(double));
  point_posterior_same(crowd, posterior);
  return HEED_OK;
}

static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *probability,
                           heed_error *error) {
  const heed_value *values = self;
  return point_posterior_predict(host, posterior, values[MODEL].instance,
                                 held_out, posterior->mu, probability, error);
}

static const heed_estimator_functions functions = {
    .size = sizeof functions,
    .estimate = estimate,
    .predict = predict,
};

static const heed_plugin oracle = {
    .size = sizeof oracle,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "oracle",
    .version = "1.0",
    .summary = "the true attentiveness: the upper bound for any estimator",
    .flags = HEED_SEES_TRUTH,
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&oracle};
HEED_PLUGINS(plugins)
