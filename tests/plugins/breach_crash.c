/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator that crashes in create(). */
#include "breach.h"

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  volatile uintptr_t nowhere = 64; /* so that no compiler sees through it */
  (void)host, (void)values, (void)error;
  *(volatile int *)nowhere = 1;
  *self = NULL;
  return HEED_OK;
}

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  (void)self;
  return honest_estimate(host, crowd, posterior, error);
}

BREACH_ESTIMATOR("crash", estimate, , .create = create)
