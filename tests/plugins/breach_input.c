/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator that changes the annotations that it reads. */
#include "breach.h"

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_status status = honest_estimate(host, crowd, posterior, error);
  (void)self;
  if (status != HEED_OK) return status;
  int8_t *choice = heed_table_data(crowd->annotations, "choice", HEED_INT8);
  choice[3] = HEED_CHOSE_TIE;
  return HEED_OK;
}

BREACH_ESTIMATOR("input", estimate, )
