/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posterior-predictive checks (Gelman, Meng, Stern 1996, Statistica Sinica 6,
 * 733-760): do choices simulated from a fit look like those that were seen, in
 * respects that the fit does not maximise?
 *
 * Every user's eta is drawn from the posterior, and the user answers the same
 * pairs again.  Fitted parameters stay where they are: the same data gave
 * them, so the checks are mild, and a tail near 0 or 1 says the more. */
#ifndef HEED_ESTIMATORS_EM_BRADLEY_TERRY_PREDICTIVE_H
#define HEED_ESTIMATORS_EM_BRADLEY_TERRY_PREDICTIVE_H

#include "heed/estimator.h"
#include "support/attention/histories.h"

/* A dispersion is, over users of n_j labels of which k_j hit,
 * sum_j n_j (k_j/n_j - q)^2 / (q (1 - q)) / (users - 1), q = sum k / sum n: 1
 * if all users are alike and nothing else stirs them. */
typedef enum predictive_check {
  PREDICTIVE_LEFT_SHARE,           /* left choices among untied labels */
  PREDICTIVE_LEFT_DISPERSION,      /* hit: the left response was chosen */
  PREDICTIVE_AGREEMENT_DISPERSION, /* hit: the one that p says is better */
  PREDICTIVE_TIE_RATE,             /* ties among all labels */
  PREDICTIVE_TIE_DISPERSION,       /* hit: a tie */
  PREDICTIVE_COUNT
} predictive_check;

/* The names in that order, ended by NULL. */
extern const char *const predictive_names[];

typedef struct attention_predictive {
  double observed;
  double mean, low, high; /* predicted, with the central 95 % */
  double tail; /* P(predicted > observed), a half of P(equal) with it */
} attention_predictive;

/* All checks by `draws` simulations, with the streams "check" of the users;
 * NaN where there is nothing to check: no label says what stood left, or the
 * model has no ties.  For a mixture over one eta, not reduced; the posterior's
 * nodes and mass must be filled. */
heed_status predictive_simulate(
    const heed_host *host, const attention_histories *histories,
    const double *phi, const heed_posterior *posterior, size_t draws,
    attention_predictive predictive[PREDICTIVE_COUNT], heed_error *error);

#endif
