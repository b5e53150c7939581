/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors by user of estimators that maximise over each user's eta, and
 * whose choices are linear in it: P(choice) = c + eta d, the rest of the model
 * as fitted.
 *
 *   f(eta) = sum_i log(c_i + eta d_i) + (alpha - 1) log t + (beta - 1) log(1-t)
 *
 * with t = (eta - low) / (high - low) is concave.  sd is (-f'')^(-1/2) at the
 * fit, at most that of a flat law; left_out maximises f without the annotation,
 * exactly for users of up to LINEAR_POSTERIOR_EXACT annotations, and by one
 * step of Newton's method from the fit, whose error is of order n^-2, for users
 * with more.
 *
 * Called by dawid_skene, mace and crowd_bt. */
#ifndef HEED_SUPPORT_ATTENTION_LINEAR_POSTERIOR_H
#define HEED_SUPPORT_ATTENTION_LINEAR_POSTERIOR_H

#include "heed/estimator.h"

enum { LINEAR_POSTERIOR_EXACT = 64 };

typedef struct linear_posterior {
  const heed_crowd *crowd;
  double low, high;    /* of eta */
  double alpha, beta;  /* at least 1 */
  const double *c, *d; /* annotations; d = 0: the choice says nothing */
  const double *eta;   /* users: where f is largest */
  bool clip;           /* to [0, 1] what the posterior says */
} linear_posterior;

/* Fills unit, units, mean, sd and left_out. */
heed_status linear_posterior_fill(const linear_posterior *self,
                                  const heed_host *host,
                                  heed_posterior *posterior, heed_error *error);

#endif
