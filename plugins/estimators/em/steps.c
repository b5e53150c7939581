/* SPDX-License-Identifier: GPL-3.0-or-later
 * The steps of em, for the driver (support/attention/em_driver.h).
 *
 * Invariant: if have_likelihood, prior.log_likelihood holds at `point`.  Most
 * steps change neither nodes nor phi nor mu, and keep it. */
#include <math.h>
#include <string.h>

#include "estimators/em/fit.h"
#include "support/attention/prior_fit.h"

double em_log_mu_prior(const em_fit *self, double mu) {
  if (!self->estimates_mu || self->ignores_mu_prior) return 0;
  return (self->mu_alpha - 1) * log(mu) + (self->mu_beta - 1) * log1p(-mu);
}

/* ---- E-step ---- */

static bool in_domain(const em_fit *self, double *x) {
  const heed_domain *domain = &self->histories.domain;
  const double *nodes = self->prior.nodes;
  if (!phi_within(&self->phi, em_phi_of(self, x))) return false;
  if (self->estimates_mu &&
      !(em_mu_of(self, x) >= EM_MU_LEAST && em_mu_of(self, x) <= EM_MU_MOST))
    return false;
  for (size_t k = 0; k < self->prior.count; k++) {
    if (!(nodes[k] >= domain->low && nodes[k] <= domain->high)) return false;
    /* An extrapolation may reorder atoms. */
    if (k > 0 && nodes[k] < nodes[k - 1]) return false;
  }
  return node_prior_sums_to_one(&self->prior);
}

/* p at x, and the likelihood of all groups at the prior's nodes. */
static void find_likelihood(em_fit *self, double *x, double *target) {
  if (self->estimates_mu) histories_set_p(&self->histories, em_mu_of(self, x));
  if (self->status == HEED_OK)
    self->status = histories_likelihood(&self->histories, self->host,
                                        em_phi_of(self, x), self->prior.count,
                                        self->prior.nodes, target, self->error);
}

static bool stands_at(const em_fit *self, double *x) {
  const size_t nodes = self->prior.count, phi = self->phi.count;
  const double *phi_there = self->point + nodes;
  return self->have_likelihood &&
         memcmp(self->point, self->prior.nodes, nodes * sizeof *x) == 0 &&
         (phi == 0 ||
          memcmp(phi_there, em_phi_of(self, x), phi * sizeof *x) == 0) &&
         (!self->estimates_mu || phi_there[phi] == em_mu_of(self, x));
}

static void update_likelihood(em_fit *self, double *x) {
  const size_t nodes = self->prior.count, phi = self->phi.count;
  if (stands_at(self, x)) return;
  memcpy(self->point, self->prior.nodes, nodes * sizeof *x);
  if (phi > 0) memcpy(self->point + nodes, em_phi_of(self, x), phi * sizeof *x);
  self->point[nodes + phi] = em_mu_of(self, x);
  self->have_likelihood = true;
  find_likelihood(self, x, self->prior.log_likelihood);
  self->prior.scaled = false;
}

double em_e_step(void *state, double *x) {
  em_fit *self = state;
  attention_node_prior *prior = &self->prior;
  double *theta = em_theta_of(self, x);
  if (prior->free_weights != NULL)
    prior->distribution->theta(prior->prior->self, theta);
  if (self->free_scale)
    prior->distribution->from_free(prior->prior->self, x, theta);
  node_prior_place(prior, theta);
  if (!in_domain(self, x)) return -HUGE_VAL;
  update_likelihood(self, x);
  const double objective = node_prior_expect(
      prior, &self->histories, em_log_mu_prior(self, em_mu_of(self, x)), theta);
  return isnan(objective) ? -HUGE_VAL : objective;
}

/* ---- M-step ---- */

/* Expected log-likelihood, and mu's log-prior, at other phi or mu. */
static double expected(void *context, double *x) {
  em_fit *self = context;
  find_likelihood(self, x, self->trial);
  self->have_likelihood = false;
  return node_prior_expected(&self->prior, &self->histories,
                             em_log_mu_prior(self, em_mu_of(self, x)),
                             self->trial);
}

/* theta in x is unchanged since the E-step. */
static void improve_prior(em_fit *self, double *x) {
  attention_node_prior *prior = &self->prior;
  double *theta = em_theta_of(self, x);
  if (self->status == HEED_OK)
    self->status = prior_fit_improve(prior->fit, prior->nodes, prior->mass,
                                     theta, self->error);
  if (self->free_scale)
    prior->distribution->to_free(prior->prior->self, theta, x);
}

static void m_step(void *state, double *x) {
  em_fit *self = state;
  if (self->prior.fit != NULL) {
    if (self->prior.distribution->atoms_move) em_move_atoms(self, x);
    improve_prior(self, x);
  }
  phi_ascend(&self->phi, expected, self, x, self->prior_count);
  if (self->estimates_mu)
    ascend_coordinate(expected, self, x, self->em.count - 1, EM_MU_LEAST,
                      EM_MU_MOST);
}

const attention_em_steps em_steps = {
    .start = em_start_at, .e_step = em_e_step, .m_step = m_step};
