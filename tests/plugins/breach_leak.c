/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator that does not free what it takes from malloc(). */
#include <stdlib.h>

#include "breach.h"

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_status status = honest_estimate(host, crowd, posterior, error);
  (void)self;
  if (status != HEED_OK) return status;
  void *lost = malloc(crowd->users->rows * sizeof(double));
  posterior->sd[0] = lost == NULL ? 1 : 0;
  return HEED_OK;
}

BREACH_ESTIMATOR("leak", estimate, )
