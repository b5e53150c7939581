/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator with a NaN among its means. */
#include <math.h>

#include "breach.h"

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_status status = honest_estimate(host, crowd, posterior, error);
  (void)self;
  if (status != HEED_OK) return status;
  posterior->mean[0] = NAN;
  return HEED_OK;
}

BREACH_ESTIMATOR("nan", estimate, )
