/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator that does not close the files it opens. */
#include <fcntl.h>

#include "breach.h"

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const heed_status status = honest_estimate(host, crowd, posterior, error);
  (void)self;
  if (status != HEED_OK) return status;
  posterior->sd[0] = open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ? 1 : 0;
  return HEED_OK;
}

BREACH_ESTIMATOR("leak_files", estimate, )
