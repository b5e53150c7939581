/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users whose choices are linear in eta: derivatives of f, and
 * its maximum without one annotation, by Newton's method inside a shrinking
 * bracket. */
#include "support/attention/linear_posterior.h"

#include <assert.h>
#include <math.h>

#include "heed/memory.h"

/* f' and -f''. */
typedef struct linear_posterior_derivatives {
  double slope, information;
} linear_posterior_derivatives;

static void add(const linear_posterior *self, size_t row, double eta,
                double sign, linear_posterior_derivatives *derivatives) {
  if (self->d[row] == 0) return;
  const double ratio = self->d[row] / (self->c[row] + eta * self->d[row]);
  derivatives->slope += sign * ratio;
  derivatives->information += sign * ratio * ratio;
}

static linear_posterior_derivatives of_prior(const linear_posterior *self,
                                             double eta) {
  const double up = eta - self->low, down = self->high - eta;
  linear_posterior_derivatives derivatives = {0, 0};
  if (self->alpha > 1) {
    derivatives.slope += (self->alpha - 1) / up;
    derivatives.information += (self->alpha - 1) / (up * up);
  }
  if (self->beta > 1) {
    derivatives.slope -= (self->beta - 1) / down;
    derivatives.information += (self->beta - 1) / (down * down);
  }
  return derivatives;
}

/* Over all the user's annotations except `without` (SIZE_MAX: over all). */
static linear_posterior_derivatives of_user(const linear_posterior *self,
                                            size_t user, size_t excluded,
                                            double eta) {
  linear_posterior_derivatives derivatives = of_prior(self, eta);
  for (size_t i = self->crowd->first[user]; i < self->crowd->first[user + 1];
       i++)
    if (i != excluded) add(self, i, eta, 1, &derivatives);
  return derivatives;
}

/* Newton's method inside a shrinking bracket, without one annotation. */
static double solve(const linear_posterior *self, size_t user, size_t excluded,
                    double eta, double everyone) {
  enum { MOST = 200 };
  double low = self->low, high = self->high;
  linear_posterior_derivatives derivatives = of_user(self, user, excluded, eta);
  if (!(derivatives.information > 0)) return everyone; /* f is flat */
  if (!(of_user(self, user, excluded, low).slope > 0)) return low;
  if (!(of_user(self, user, excluded, high).slope < 0)) return high;
  for (int i = 0; i < MOST && high - low > 1e-14; i++) {
    if (derivatives.slope > 0)
      low = eta;
    else
      high = eta;
    const double next = eta + derivatives.slope / derivatives.information;
    const double moved = fabs(next - eta);
    const bool inside = next > low && next < high;
    eta = inside ? next : (low + high) / 2;
    if (inside && moved < 1e-15) break;
    derivatives = of_user(self, user, excluded, eta);
  }
  return eta;
}

static double clipped(const linear_posterior *self, double eta) {
  return self->clip ? fmin(fmax(eta, 0), 1) : eta;
}

static void fill_user(const linear_posterior *self, size_t user,
                      double everyone, heed_posterior *posterior) {
  const size_t start = self->crowd->first[user];
  const size_t end = self->crowd->first[user + 1];
  const double eta = self->eta[user],
               flat = (self->high - self->low) / sqrt(12);
  const linear_posterior_derivatives whole = of_user(self, user, SIZE_MAX, eta);
  posterior->mean[user] = clipped(self, eta);
  posterior->sd[user] =
      whole.information > 0 ? fmin(1 / sqrt(whole.information), flat) : flat;
  for (size_t i = start; i < end; i++) {
    linear_posterior_derivatives rest = whole;
    add(self, i, eta, -1, &rest);
    if (self->d[i] == 0)
      posterior->left_out[i] = posterior->mean[user];
    else if (end - start <= LINEAR_POSTERIOR_EXACT ||
             rest.information < 0.5 * whole.information)
      posterior->left_out[i] =
          clipped(self, solve(self, user, i, eta, everyone));
    else
      posterior->left_out[i] = clipped(
          self, fmin(fmax(eta + rest.slope / rest.information, self->low),
                     self->high));
  }
}

heed_status linear_posterior_fill(const linear_posterior *self,
                                  const heed_host *host,
                                  heed_posterior *posterior,
                                  heed_error *error) {
  const size_t users = self->crowd->users->rows;
  const size_t rows = self->crowd->annotations->rows;
  heed_memory memory = {host, false};
  double everyone = 0;
  assert(self->low < self->high && self->alpha >= 1 && self->beta >= 1);
  posterior->unit = HEED_BY_USER;
  posterior->units = users;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->left_out = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) everyone += self->eta[j] / (double)users;
  for (size_t j = 0; j < users; j++) fill_user(self, j, everyone, posterior);
  return HEED_OK;
}
