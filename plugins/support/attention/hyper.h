/* SPDX-License-Identifier: GPL-3.0-or-later
 * Hyperpriors: independent normal distributions of a distribution's parameters
 * on their free scale (to_free() in heed/distribution.h): of Beta the
 * logarithms of alpha and beta; of Gaussian mean and log sd; of two_point the
 * log-odds of low, of how far high lies from low to 1, and of share.
 *
 * The parameters `center` and `spread` of bayes and of the distribution drawn,
 * lists of numbers. */
#ifndef HEED_SUPPORT_ATTENTION_HYPER_H
#define HEED_SUPPORT_ATTENTION_HYPER_H

#include "heed/distribution.h"

#define HYPER_MOST 3 /* parameters of a distribution */

/* In a schema; .name = "center", "spread". */
#define HYPER_CENTER                                                       \
  {                                                                        \
    .name = "center", .type = HEED_LIST, .flags = HEED_OPTIONAL, .low = 1, \
    .high = HYPER_MOST, .item = &hyper_center_item,                        \
    .doc =                                                                 \
        "means of the distribution's parameters on their free scale "      \
        "(beta: log alpha, log beta); left out: where it has them"         \
  }
#define HYPER_SPREAD                                                       \
  {                                                                        \
    .name = "spread", .type = HEED_LIST, .flags = HEED_OPTIONAL, .low = 1, \
    .high = HYPER_MOST, .item = &hyper_spread_item,                        \
    .doc = "their standard deviations; left out: 1 each"                   \
  }
extern const heed_parameter hyper_center_item, hyper_spread_item;

typedef struct attention_hyper {
  const heed_instance *instance;
  const heed_distribution_functions *functions;
  size_t count, theta_count;
  double center[HYPER_MOST], spread[HYPER_MOST];
} attention_hyper;

/* HEED_INVALID where the distribution has no free scale, more than HYPER_MOST
 * parameters, or another number of them than the lists. */
heed_status hyper_open(const heed_instance *instance, const heed_value *center,
                       const heed_value *spread, attention_hyper *result,
                       heed_error *error);

/* log density at a point of the free scale */
double hyper_log_density(const attention_hyper *self, const double *free);

#endif
