/* SPDX-License-Identifier: GPL-3.0-or-later
 * The profile of mu: the largest objective at each mu, from the fit.
 *
 * During profiling mu is given, not estimated: x lacks its last value. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "estimators/em/fit.h"

/* Half the 95 % quantile of chi^2 with one degree of freedom. */
#define FALL 1.920729410347062

void em_hold_mu(em_fit *self, double mu) {
  assert(self->estimates_mu);
  self->estimates_mu = false;
  self->em.count--;
  self->fixed_mu = mu;
  histories_set_p(&self->histories, mu);
  self->have_likelihood = false;
}

void em_release_mu(em_fit *self) {
  self->estimates_mu = true;
  self->em.count++;
  self->have_likelihood = false;
}

double em_climb_at(em_fit *self, double mu, const double *enough, double *x) {
  em_hold_mu(self, mu);
  const squarem_result result = em_driver_climb(&self->em, NULL, enough, x);
  em_release_mu(self);
  return result.objective;
}

/* Whether the profile at mu is at least `enough`; starts from x and moves
 * it. */
static bool reaches(em_fit *self, double mu, double enough, double *x) {
  const double without_prior = enough - em_log_mu_prior(self, mu);
  return em_climb_at(self, mu, &without_prior, x) >= without_prior;
}

/* The end of the interval between the estimate in x and a limit; the limit if
 * the profile does not fall by FALL below `top` before it. */
static double find_end(em_fit *self, const double *x, double limit,
                       double top) {
  enum { HALVINGS = 12 };
  const size_t bytes = self->em.count * sizeof *x;
  double inside = em_mu_of(self, x), outside = limit;
  memcpy(self->em.trial, x, bytes);
  if (reaches(self, limit, top - FALL, self->em.trial)) return limit;
  for (int i = 0; i < HALVINGS; i++) {
    const double middle = (inside + outside) / 2;
    memcpy(self->em.trial, x, bytes);
    if (reaches(self, middle, top - FALL, self->em.trial))
      inside = middle;
    else
      outside = middle;
  }
  return (inside + outside) / 2;
}

/* Without mu's prior, which must not pass for information in the data. */
static heed_status find_range_of_data(em_fit *self, const double *x,
                                      em_mu_profile *profile) {
  double *best = self->host->scratch(self->host, self->em.count, sizeof *best);
  if (best == NULL) return heed_no_memory(self->error);
  self->ignores_mu_prior = true;
  memcpy(best, x, self->em.count * sizeof *best);
  const double top = em_driver_climb(&self->em, NULL, NULL, best).objective;
  profile->low_of_data = find_end(self, best, EM_MU_LEAST, top);
  profile->high_of_data = find_end(self, best, EM_MU_MOST, top);
  self->ignores_mu_prior = false;
  return self->status;
}

heed_status em_profile_mu(em_fit *self, double objective,
                          em_mu_profile *profile) {
  const double *x = self->em.x;
  const bool flat = self->mu_alpha == 1 && self->mu_beta == 1;
  assert(self->estimates_mu);
  profile->low = find_end(self, x, EM_MU_LEAST, objective);
  profile->high = find_end(self, x, EM_MU_MOST, objective);
  profile->low_of_data = profile->low;
  profile->high_of_data = profile->high;
  return flat ? self->status : find_range_of_data(self, x, profile);
}
