/* SPDX-License-Identifier: GPL-3.0-or-later
 * A fit of em, shared by its files:
 *   em.c       parameters, the fit from open to report, the descriptor
 *   steps.c    the E-step and the M-step
 *   atoms.c    the M-step of a prior's atoms
 *   starts.c   starting points
 *   profile.c  the profile of mu
 *   gold.c     how many gold pairs mu needs
 *   spread.c   posteriors with the uncertainty of the fit */
#ifndef HEED_ESTIMATORS_EM_FIT_H
#define HEED_ESTIMATORS_EM_FIT_H

#include "support/attention/em_driver.h"
#include "support/attention/guesses.h"
#include "support/attention/histories.h"
#include "support/attention/node_posterior.h"
#include "support/attention/node_prior.h"
#include "support/attention/phi.h"

/* The range searched for mu; at 1/2 choices carry no information. */
#define EM_MU_LEAST 0.01
#define EM_MU_MOST 0.99

typedef struct em_fit {
  attention_em em;
  const heed_host *host;
  attention_node_prior prior;
  attention_phi phi;
  attention_histories histories;
  bool fits_prior, estimates_mu;
  bool ignores_mu_prior;
  double mu_alpha, mu_beta; /* of mu's prior, Beta */
  double fixed_mu;          /* NaN: p of each pair */

  /* Parameters x: theta, on the free scale if the prior has one (steps are
   * extrapolated, and on that scale they stay in the domain), then phi, then mu
   * if it is estimated. */
  size_t prior_count; /* of theta's values in x */
  bool free_scale;
  double *theta; /* on its own scale */

  /* prior.log_likelihood holds at this point: nodes, phi, mu. */
  double *point;
  bool have_likelihood;

  double *trial;       /* groups x nodes */
  double *ends;        /* mixtures, per answer: P at eta = 0 and at 1 */
  double *atom_weight; /* of each answer, for one atom */
  heed_status status;  /* of steps */
  heed_error *error;
} em_fit;

/* NULL if the user model has none. */
static inline double *em_phi_of(const em_fit *self, double *x) {
  return self->phi.count == 0 ? NULL : x + self->prior_count;
}

static inline double em_mu_of(const em_fit *self, const double *x) {
  return self->estimates_mu ? x[self->em.count - 1] : self->fixed_mu;
}

/* theta on its own scale. */
static inline double *em_theta_of(const em_fit *self, double *x) {
  return self->free_scale ? self->theta : x;
}

/* log Beta(mu; mu_alpha, mu_beta) up to a constant; 0 if mu is not
 * estimated. */
double em_log_mu_prior(const em_fit *self, double mu);

/* The E-step at x; returns the objective. */
double em_e_step(void *state, double *x);

/* Start, E-step and M-step. */
extern const attention_em_steps em_steps;

/* The M-step of a prior's atoms: moves each to where its users' answers are
 * most probable, in the prior's nodes. */
void em_move_atoms(em_fit *self, double *x);

/* Sets x to a starting point; the first starts are fixed, others random. */
heed_status em_start_at(void *state, size_t start, double *x,
                        heed_error *error);

/* The information of the data on mu, after a fit that estimated it: the 95 %
 * profile interval, with mu's prior; and, without that prior, the range that
 * explains the data equally well. */
typedef struct em_mu_profile {
  double low, high;
  double low_of_data, high_of_data;
} em_mu_profile;

heed_status em_profile_mu(em_fit *self, double objective,
                          em_mu_profile *profile);

/* Between the two calls mu is given, not estimated: x lacks its last value. */
void em_hold_mu(em_fit *self, double mu);
void em_release_mu(em_fit *self);

/* The largest objective with this mu, without mu's log-prior; from x, which
 * moves there.  enough: stops once it is reached; or NULL. */
double em_climb_at(em_fit *self, double mu, const double *enough, double *x);

/* Fills a posterior after a fit and its E-step, which stay unchanged.
 * shape: the fit's.  profile: that of mu if it is estimated. */
heed_status em_fill(em_fit *self, const node_posterior *shape,
                    const em_mu_profile *profile, heed_posterior *posterior,
                    heed_error *error);

/* The number of further annotations of gold pairs that narrow mu's 95 %
 * interval to `width`, after a posterior is filled: 0 if it is as narrow; NaN
 * if each pair has its own p, or no number suffices. */
heed_status em_count_gold(em_fit *self, const heed_posterior *posterior,
                          double width, double *needed, heed_error *error);

/* Compares a filled posterior with a guess.  If the posterior does not include
 * the uncertainty of the fit, the error is that of an eta which all users
 * share. If the prior is not fitted, the guess is the prior. */
heed_status em_find_guesses(em_fit *self, const heed_posterior *posterior,
                            attention_guesses *guesses, heed_error *error);

#endif
