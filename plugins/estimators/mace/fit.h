/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a fit of MACE keeps, and its variational form (variational.c).  Included
 * by mace.c and that file only. */
#ifndef HEED_ESTIMATORS_MACE_FIT_H
#define HEED_ESTIMATORS_MACE_FIT_H

#include "heed/estimator.h"
#include "support/crowd/overlap.h"

/* Counts that the priors add: to choices that name the better response, to
 * spam, and to spam of A and of B. */
typedef struct mace_priors {
  double knows, spams, each;
} mace_priors;

/* A user's probabilities of knowing, of spamming A and of spamming B; in the
 * variational form the exponentials of their mean logarithms, which sum to
 * less than 1.  divergence: in that form, KL(q || prior) of theta and xi, in
 * nat. */
typedef struct mace_weights {
  double knows, spams_a, spams_b;
  double divergence;
} mace_weights;

/* x: competence theta of each user, then P(A) xi of each when spamming, then
 * the share.  In the variational form theta and xi are means. */
typedef struct mace_fit {
  const heed_value *values;
  const heed_host *host;
  crowd_overlap overlap;
  mace_priors priors;
  bool variational, fits_share;
  double share;          /* if not fitted */
  double log_betas;      /* of the variational form */
  double *log_odds;      /* (P) */
  mace_weights *weights; /* (J) */

  /* By code (overlap.h): (2 J) */
  double *ratio, *middle, *times, *for_a;
} mace_fit;

/* The number of user j's choices. */
static inline double mace_choices(const mace_fit *self, size_t j) {
  return self->times[2 * j] + self->times[2 * j + 1];
}

/* ---- the variational form: variational.c ---- */

/* Puts theta and xi of user j where expected counts can be: at least 0 and at
 * most the number of choices. */
void variational_put_within(const mace_fit *self, size_t j, double *theta,
                            double *xi);

/* log B of both priors. */
double variational_log_betas(const mace_priors *priors);

mace_weights variational_weights(const mace_fit *self, size_t j, double theta,
                                 double xi);

/* Fills unit, units, mean, sd and left_out.  others[annotations]: P(this choice
 * is right | the others on the pair); not read of ties. */
heed_status variational_fill(const mace_fit *self, const double *x,
                             const double *others, heed_posterior *posterior,
                             heed_error *error);

#endif
