/* SPDX-License-Identifier: GPL-3.0-or-later
 * A fit in hand, for the files that em is made of. */
#ifndef HEED_ESTIMATORS_EM_FIT_H
#define HEED_ESTIMATORS_EM_FIT_H

#include "heed/distribution.h"
#include "heed/estimator.h"
#include "support/attention/em_driver.h"
#include "support/attention/histories.h"
#include "support/attention/prior_fit.h"
#include "support/numeric/free_weights.h"

typedef struct em_fit {
  attention_em em;
  const heed_value *values;
  const heed_host *host;
  const heed_instance *prior, *model;
  const heed_distribution_functions *distribution;
  attention_histories histories;
  prior_fit *prior_fit;       /* of a prior that is fitted, or else */
  free_weights *free_weights; /* of one whose weights are free */
  bool fits_prior, estimates_mu;
  bool ignores_prior; /* mu's */
  double fixed_mu;    /* NaN: p of each pair */

  /* Parameters x: theta, on the free scale if the prior has one (steps are
   * extrapolated, and on that scale they stay in the domain), then phi, then
   * mu if it is estimated. */
  size_t theta_count, prior_count, phi_count;
  bool free_scale;
  double *theta; /* theta_count, on its own scale */
  double *phi_low, *phi_high;

  size_t node_count;
  double *nodes, *log_weight;
  double *log_likelihood; /* groups x nodes, at `at` */
  double *responsibility; /* groups x nodes */
  double *mass;           /* nodes: expected users */
  double *point;          /* nodes, phi, mu of log_likelihood */
  bool have_likelihood;
  double *trial;       /* groups x nodes */
  double *ends;        /* mixtures, per answer: P at eta = 0 and at 1 */
  double *atom_weight; /* of each answer, for one atom */
  heed_status status;
  heed_error *error;
} em_fit;

static inline double *phi_of(const em_fit *self, double *x) {
  return self->phi_count == 0 ? NULL : x + self->prior_count;
}

static inline double mu_of(const em_fit *self, const double *x) {
  return self->estimates_mu ? x[self->em.count - 1] : self->fixed_mu;
}

/* The M-step of a prior's atoms: each moves to where its users' answers are
 * most probable, into nodes. */
void em_move_atoms(em_fit *self, double *x);

/* Puts x where a fit starts; the first starts are chosen, others random. */
heed_status em_start_at(void *state, size_t start, double *x,
                        heed_error *error);

#endif
