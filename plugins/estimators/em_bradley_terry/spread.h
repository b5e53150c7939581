/* SPDX-License-Identifier: GPL-3.0-or-later
 * The uncertainty of a fit of em_bradley_terry, for posteriors of users.
 *
 * If strengths are small, the data determine only the product of eta and
 * strength, and the scale of the strengths is the most uncertain parameter.  So
 * posteriors are a sum over fits at several scales t, s = e^t u, u the fitted
 * strengths over their root mean square, with P_eta fitted at each, and weights
 *
 *   log weight(t) = penalised profile log-likelihood
 *                   - t^2 / 2 for t > 0: a weak prior, flat below 1
 *                   - 1/2 log det' (1 + e^2t H(t)).
 *
 * The last term integrates over the M - 2 other directions of the strengths, by
 * Laplace's approximation under a normal prior of variance e^2t; H is the
 * expected information on strengths, and det' leaves out the direction u.
 * Users' posteriors at t use strengths drawn from that approximation, with
 * precision H + e^-2t, because a user's own choices helped to fit u. */
#ifndef HEED_ESTIMATORS_EM_BRADLEY_TERRY_SPREAD_H
#define HEED_ESTIMATORS_EM_BRADLEY_TERRY_SPREAD_H

#include "estimators/em_bradley_terry/fit.h"

enum { SPREAD_MOST = 33 }; /* scales */

typedef struct bradley_terry_spread {
  size_t count;
  double scale[SPREAD_MOST];  /* t, ascending */
  double weight[SPREAD_MOST]; /* sums to 1 */
  double level[SPREAD_MOST];  /* mean of eta over users */
} bradley_terry_spread;

/* After a fit, x.  The state of `self` is then no longer that of the fit. */
heed_status spread_find(bradley_terry_fit *self, const double *x,
                        bradley_terry_spread *spread, heed_error *error);

/* Sets y to draw number i of the fit, with its E-step. */
void spread_draw(bradley_terry_fit *self, const double *x,
                 const bradley_terry_spread *spread, size_t i, double *y);

/* Standard deviation over scales of the users' mean eta. */
double spread_of_level(const bradley_terry_spread *spread);

#endif
