/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users with the uncertainty of the fit, and whether they
 * distinguish users.
 *
 * With pseudo-users the prior of each user is that of node_prior_predictive().
 * If mu is estimated, posteriors are a sum over mu along its profile. */
#include <math.h>
#include <string.h>

#include "estimators/em/fit.h"
#include "heed/memory.h"

enum { GAPS = 21 };

static bool has_spread(const em_fit *self) {
  return self->prior.pseudo_users > 0;
}

/* A mixture of fits, and what adding one needs. */
typedef struct em_mixture {
  em_fit *self;
  const node_posterior *shape;
  node_mixture sums;
  double *weights;  /* groups x nodes: the prior of each group */
  double reference; /* the first fit that is added has weight 1 */
} em_mixture;

/* Adds the fit at x.  objective: of its E-step.  log_prior: of its mu. */
static heed_status add_fit(em_mixture *mixture, double *x, double objective,
                           double log_prior, heed_error *error) {
  em_fit *self = mixture->self;
  node_posterior fit = *mixture->shape;
  fit.phi = em_phi_of(self, x);
  fit.log_weight = mixture->weights;
  fit.own_weights = true;
  histories_spread_p(&self->histories);
  const heed_status status = node_prior_predictive(
      &self->prior, &self->histories, self->host, em_theta_of(self, x),
      mixture->weights, &objective, error);
  if (status != HEED_OK) return status;
  if (mixture->sums.weights == 0) mixture->reference = objective + log_prior;
  return node_mixture_add(&mixture->sums,
                          exp(objective + log_prior - mixture->reference), &fit,
                          self->host, error);
}

/* Along the profile of mu: gaps from half an interval below the 95 % interval
 * to half an interval above it. */
static heed_status add_gaps(em_mixture *mixture, const em_mu_profile *profile,
                            heed_error *error) {
  em_fit *self = mixture->self;
  const double width = profile->high - profile->low;
  double *x = self->em.trial;
  for (size_t i = 0; i < GAPS; i++) {
    const double mu = profile->low + width * (2 * (double)i / (GAPS - 1) - 0.5);
    if (!(mu >= EM_MU_LEAST && mu <= EM_MU_MOST)) continue;
    memcpy(x, self->em.x, self->em.count * sizeof *x);
    (void)em_climb_at(self, mu, NULL, x);
    const double log_prior = em_log_mu_prior(self, mu);
    em_hold_mu(self, mu);
    const double objective = em_e_step(self, x);
    const heed_status status =
        self->status == HEED_OK
            ? add_fit(mixture, x, objective, log_prior, error)
            : self->status;
    em_release_mu(self);
    if (status != HEED_OK) return status;
  }
  return HEED_OK;
}

heed_status em_fill(em_fit *self, const node_posterior *shape,
                    const em_mu_profile *profile, heed_posterior *posterior,
                    heed_error *error) {
  heed_memory memory = {self->host, false};
  em_mixture mixture = {.self = self, .shape = shape};
  if (!has_spread(self))
    return node_posterior_fill(shape, self->host, posterior, error);
  mixture.weights = heed_scratch_doubles(
      &memory, self->histories.group_count * self->prior.count);
  if (memory.refused) return heed_no_memory(error);
  heed_status status =
      node_mixture_open(shape, self->host, posterior, &mixture.sums, error);
  if (status == HEED_OK)
    status =
        self->estimates_mu && profile->high > profile->low
            ? add_gaps(&mixture, profile, error)
            : add_fit(&mixture, self->em.x, posterior->objective, 0, error);
  if (status != HEED_OK) return status;
  (void)em_e_step(self, self->em.x);
  histories_spread_p(&self->histories);
  return self->status == HEED_OK
             ? node_mixture_close(&mixture.sums, shape, self->host, error)
             : self->status;
}

/* ---- identification ---- */

/* Of the prior itself. */
static double prior_error(const em_fit *self) {
  double mean = 0, variance = 0;
  for (size_t k = 0; k < self->prior.count; k++)
    mean += exp(self->prior.log_weight[k]) * self->prior.nodes[k];
  for (size_t k = 0; k < self->prior.count; k++)
    variance += exp(self->prior.log_weight[k]) * (self->prior.nodes[k] - mean) *
                (self->prior.nodes[k] - mean);
  return sqrt(variance);
}

heed_status em_find_guesses(em_fit *self, const heed_posterior *posterior,
                            attention_guesses *guesses, heed_error *error) {
  const heed_posterior *users =
      posterior->unit == HEED_BY_ANNOTATION ? posterior->state : posterior;
  *guesses = guesses_compare(users, &self->histories.domain);
  if (has_spread(self)) return HEED_OK;
  if (!self->fits_prior) {
    guesses->guess = prior_error(self);
    guesses->beaten =
        !(guesses->error > 0.99 * guesses->guess) || guesses->guess == 0;
    return HEED_OK;
  }
  return guesses_of_common(&self->histories, self->host,
                           em_phi_of(self, self->em.x), guesses, error);
}
