/* SPDX-License-Identifier: GPL-3.0-or-later
 * Starting points of em: from moments, from atoms merged from free weights on a
 * grid, or random. */
#include <math.h>
#include <string.h>

#include "estimators/em/fit.h"
#include "heed/memory.h"
#include "support/numeric/free_weights.h"

/* The first starts of atoms; more are random.  Other priors start only from
 * moments, unless eta may be below 0. */
enum { START_FREE, START_MOMENTS, START_MIDDLE };

/* Mean and variance of eta by moments, for a shared p: for user j, k/n = 1/2 +
 * eta (mu - 1/2) + noise of variance q (1 - q) / n. */
static void moments(const em_fit *self, double mu, double *mean,
                    double *variance) {
  const attention_histories *histories = &self->histories;
  const double low = histories->domain.low, high = histories->domain.high;
  const double inside = 0.02 * (high - low);
  double sum = 0, squares = 0, noise = 0, users = 0;
  *mean = 0.5;
  *variance = 0.08;
  if (isnan(mu) || fabs(mu - 0.5) < 1e-6) return;
  for (size_t j = 0; j < histories->group_count; j++) {
    const heed_answers *answers =
        histories->reduced ? &histories->classes : &histories->answers[j];
    double n = 0, k = 0;
    for (size_t i = 0; i < answers->count; i++) {
      if (!histories_has_gap(histories, j, i)) continue;
      const double weight =
          histories->reduced ? histories->counts[j * answers->count + i] : 1;
      n += weight * (answers->choice[i] != HEED_CHOSE_TIE);
      k += weight * (answers->choice[i] == HEED_CHOSE_A);
    }
    if (n < 2) continue;
    const double rate = k / n, equal = histories->users[j];
    users += equal;
    sum += equal * rate;
    squares += equal * rate * rate;
    noise += equal * rate * (1 - rate) / (n - 1);
  }
  if (users < 2) return;
  const double gap = mu - 0.5;
  *mean = fmin(fmax((sum / users - 0.5) / gap, low + inside), high - inside);
  *variance =
      fmax((squares / users - sum / users * sum / users - noise / users) /
               (gap * gap),
           0.005);
  *variance = fmin(*variance, 0.9 * (*mean - low) * (high - *mean));
}

/* Merges neighbours, the closest for their mass first, until `count` are
 * left. */
static void merge_atoms(size_t start, size_t count, double *point,
                        double *mass) {
  while (start > count) {
    size_t best = 0;
    double least = HUGE_VAL;
    for (size_t k = 0; k + 1 < start; k++) {
      const double both = mass[k] + mass[k + 1];
      const double apart = point[k + 1] - point[k];
      const double lost = mass[k] * mass[k + 1] / both * apart * apart;
      if (lost < least) {
        least = lost;
        best = k;
      }
    }
    const double both = mass[best] + mass[best + 1];
    point[best] =
        (mass[best] * point[best] + mass[best + 1] * point[best + 1]) / both;
    mass[best] = both;
    start--;
    memmove(point + best + 1, point + best + 2,
            (start - best - 1) * sizeof *point);
    memmove(mass + best + 1, mass + best + 2,
            (start - best - 1) * sizeof *mass);
  }
}

/* Atoms start where free weights on a grid place users: a start from moments
 * may fall into the saddle where all atoms coincide. */
static heed_status start_atoms(em_fit *self, double *x, heed_error *error) {
  enum { GRID = 61 };
  const heed_domain *domain = &self->histories.domain;
  double point[GRID], mass[GRID], sum = 0;
  const size_t groups = self->histories.group_count;
  heed_memory memory = {self->host, false};
  double *likelihood = heed_scratch_doubles(&memory, groups * GRID);
  free_weights *weights = free_weights_open(&memory, groups, GRID);
  heed_status status;
  if (memory.refused) return heed_no_memory(error);
  for (size_t k = 0; k < GRID; k++) {
    point[k] =
        domain->low + (domain->high - domain->low) * (double)k / (GRID - 1);
    mass[k] = 1.0 / GRID;
  }
  status =
      histories_likelihood(&self->histories, self->host, em_phi_of(self, x),
                           GRID, point, likelihood, error);
  if (status != HEED_OK) return status;
  (void)free_weights_scale(groups, GRID, likelihood, likelihood, NULL);
  (void)free_weights_solve(weights, self->histories.users, likelihood,
                           FREE_WEIGHTS_TOLERANCE, mass);
  for (size_t j = 0; j < groups; j++) sum += self->histories.users[j];
  for (size_t k = 0; k < GRID; k++) mass[k] *= sum;
  merge_atoms(GRID, self->prior.count, point, mass);
  return self->prior.distribution->refit(
      self->prior.prior->self, self->prior.count, point, mass, x, error);
}

/* Mean and variance of eta for a later start.  The middle one is that of [0, 1]
 * for any domain: if eta may be below 0 and mu is estimated, a start that
 * is symmetric about 0 is a saddle of the likelihood, because eta and mu - 1/2
 * may change sign together. */
static void later_start(const em_fit *self, size_t start, double *mean,
                        double *variance) {
  heed_stream stream = self->host->stream(self->host, "start", start);
  const double low = self->histories.domain.low;
  const double width = self->histories.domain.high - low;
  *mean = 0.5;
  *variance = 0.12;
  if (start == START_MIDDLE) return;
  *mean = low + width * (0.15 + 0.7 * heed_uniform(&stream));
  *variance = width * width * (0.01 + 0.14 * heed_uniform(&stream));
}

/* theta from moments, if the prior is fitted. */
static void start_theta(const em_fit *self, size_t start, double mu,
                        double *theta) {
  double mean, variance;
  moments(self, mu, &mean, &variance);
  if (start >= START_MIDDLE) later_start(self, start, &mean, &variance);
  self->prior.distribution->start(self->prior.prior->self, mean, variance,
                                  theta);
}

heed_status em_start_at(void *state, size_t start, double *x,
                        heed_error *error) {
  em_fit *self = state;
  const attention_node_prior *prior = &self->prior;
  double *theta = em_theta_of(self, x);
  if (self->estimates_mu) x[self->em.count - 1] = 0.75;
  if (self->phi.count > 0)
    memcpy(em_phi_of(self, x), self->phi.start, self->phi.count * sizeof *x);
  if (self->fits_prior && start == START_FREE &&
      prior->distribution->atoms_move) {
    if (self->estimates_mu)
      histories_set_p(&self->histories, em_mu_of(self, x));
    self->have_likelihood = false;
    return start_atoms(self, x, error);
  }
  if (self->fits_prior)
    start_theta(self, start, em_mu_of(self, x), theta);
  else
    prior->distribution->theta(prior->prior->self, theta);
  if (self->free_scale)
    prior->distribution->to_free(prior->prior->self, theta, x);
  return HEED_OK;
}
