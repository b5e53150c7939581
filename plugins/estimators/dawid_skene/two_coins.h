/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users with two accuracies, one for each better response.  The
 * others as fitted, with p_n = P(A is better | the others on the pair),
 *
 *   f(a, b) = sum_n log P(y_n) + log-priors,
 *   P(A) = a p + (1 - b)(1 - p),  P(B) = (1 - a) p + b (1 - p)
 *
 * is concave.  eta = a + b - 1; its sd is that of the curvature of f at the
 * fit, and left_out is the eta of the maximum without the annotation: found
 * exactly for users of up to TWO_COINS_EXACT annotations, and for others by one
 * Newton step from the fit.
 *
 * Called by dawid_skene. */
#ifndef HEED_ESTIMATORS_DAWID_SKENE_TWO_COINS_H
#define HEED_ESTIMATORS_DAWID_SKENE_TWO_COINS_H

#include "heed/estimator.h"

enum { TWO_COINS_EXACT = 64 };

typedef struct two_coins {
  const heed_crowd *crowd;
  const int8_t *choice; /* annotations */
  double alpha, beta;   /* of the prior of each accuracy; at least 1 */
  double least;         /* distance of accuracies from 0 and 1 */
  const double *others; /* annotations: p_n; not read of ties */
  const double *a, *b;  /* users: the maximum of f */
  bool clip;            /* clip reported values to [0, 1] */
} two_coins;

/* Fills unit, units, mean, sd and left_out. */
heed_status two_coins_fill(const two_coins *self, const heed_host *host,
                           heed_posterior *posterior, heed_error *error);

#endif
