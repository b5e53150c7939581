/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator whose instances share their parameter. */
#include "breach.h"

static const heed_parameter parameters[] = {
    {.name = "shy",
     .type = HEED_BOOLEAN,
     .default_value = "false",
     .doc = "whether everyone is less attentive"}};

static bool shy; /* of the instance that was made last */

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host, (void)error;
  shy = values[0].integer != 0;
  *self = NULL;
  return HEED_OK;
}

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_status status = honest_estimate(host, crowd, posterior, error);
  (void)self;
  if (status == HEED_OK && shy) posterior->mean[0] = 0.25;
  return status;
}

BREACH_ESTIMATOR("shared", estimate, , .create = create,
                 .parameters = parameters, .parameter_count = 1)
