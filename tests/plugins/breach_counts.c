/* SPDX-License-Identifier: GPL-3.0-or-later
 * An estimator that says that it reads counts, and takes each for one. */
#include <string.h>

#include "breach.h"

/* The share of a user's choices that are A. */
static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  const heed_status status = honest_estimate(host, crowd, posterior, error);
  (void)self;
  if (status != HEED_OK) return status;
  for (size_t j = 0; j < crowd->users->rows; j++) {
    double a = 0, all = 0;
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++) {
      a += choice[i] == HEED_CHOSE_A;
      all++;
    }
    posterior->mean[j] = all > 0 ? a / all : 0.5;
  }
  return HEED_OK;
}

BREACH_ESTIMATOR("counts", estimate, , .flags = HEED_READS_COUNTS)
