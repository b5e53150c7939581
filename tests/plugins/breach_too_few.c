/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator whose standard deviations have room for one user less than there
 * are. */
#include "breach.h"

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_status status = honest_estimate(host, crowd, posterior, error);
  (void)self;
  if (status != HEED_OK) return status;
  posterior->sd = host->allocate(host, crowd->users->rows - 1, sizeof(double));
  return HEED_OK;
}

BREACH_ESTIMATOR("too_few", estimate, )
