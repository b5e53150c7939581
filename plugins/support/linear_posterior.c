/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users whose choices are linear in eta. */
#include "support/linear_posterior.h"

#include <math.h>

/* f' and -f''. */
typedef struct derivatives {
  double slope, information;
} derivatives;

static void add(const linear_posterior *self, size_t row, double eta,
                double sign, derivatives *to) {
  if (self->d[row] == 0) return;
  const double ratio = self->d[row] / (self->c[row] + eta * self->d[row]);
  to->slope += sign * ratio;
  to->information += sign * ratio * ratio;
}

static derivatives of_prior(const linear_posterior *self, double eta) {
  const double up = eta - self->low, down = self->high - eta;
  derivatives is = {0, 0};
  if (self->alpha > 1) {
    is.slope += (self->alpha - 1) / up;
    is.information += (self->alpha - 1) / (up * up);
  }
  if (self->beta > 1) {
    is.slope -= (self->beta - 1) / down;
    is.information += (self->beta - 1) / (down * down);
  }
  return is;
}

/* Of all the user's annotations but `without` (SIZE_MAX: of all). */
static derivatives of_user(const linear_posterior *self, size_t user,
                           size_t without, double eta) {
  derivatives is = of_prior(self, eta);
  for (size_t i = self->crowd->first[user]; i < self->crowd->first[user + 1];
       i++)
    if (i != without) add(self, i, eta, 1, &is);
  return is;
}

/* Newton's method inside a shrinking bracket, on annotations but one. */
static double solve(const linear_posterior *self, size_t user, size_t without,
                    double eta, double everyone) {
  enum { MOST = 200 };
  double low = self->low, high = self->high;
  derivatives is = of_user(self, user, without, eta);
  if (!(is.information > 0)) return everyone; /* f is flat */
  if (!(of_user(self, user, without, low).slope > 0)) return low;
  if (!(of_user(self, user, without, high).slope < 0)) return high;
  for (int i = 0; i < MOST && high - low > 1e-14; i++) {
    if (is.slope > 0)
      low = eta;
    else
      high = eta;
    const double next = eta + is.slope / is.information;
    const double moved = fabs(next - eta);
    const bool inside = next > low && next < high;
    eta = inside ? next : (low + high) / 2;
    if (inside && moved < 1e-15) break;
    is = of_user(self, user, without, eta);
  }
  return eta;
}

static double clipped(const linear_posterior *self, double eta) {
  return self->clip ? fmin(fmax(eta, 0), 1) : eta;
}

static void fill_user(const linear_posterior *self, size_t user,
                      double everyone, heed_posterior *into) {
  const size_t from = self->crowd->first[user];
  const size_t to = self->crowd->first[user + 1];
  const double eta = self->eta[user],
               flat = (self->high - self->low) / sqrt(12);
  const derivatives whole = of_user(self, user, SIZE_MAX, eta);
  into->mean[user] = clipped(self, eta);
  into->sd[user] =
      whole.information > 0 ? fmin(1 / sqrt(whole.information), flat) : flat;
  for (size_t i = from; i < to; i++) {
    derivatives rest = whole;
    add(self, i, eta, -1, &rest);
    if (self->d[i] == 0)
      into->left_out[i] = into->mean[user];
    else if (to - from <= LINEAR_POSTERIOR_EXACT ||
             rest.information < 0.5 * whole.information)
      into->left_out[i] = clipped(self, solve(self, user, i, eta, everyone));
    else
      into->left_out[i] = clipped(
          self, fmin(fmax(eta + rest.slope / rest.information, self->low),
                     self->high));
  }
}

heed_status linear_posterior_fill(const linear_posterior *self,
                                  const heed_host *host, heed_posterior *into,
                                  heed_error *error) {
  const size_t users = self->crowd->users->rows;
  const size_t rows = self->crowd->annotations->rows;
  double everyone = 0;
  into->unit = HEED_BY_USER;
  into->units = users;
  into->mean = host->allocate(host, users, sizeof(double));
  into->sd = host->allocate(host, users, sizeof(double));
  into->left_out = host->allocate(host, rows, sizeof(double));
  if (into->mean == NULL || into->sd == NULL || into->left_out == NULL)
    return heed_fail(error, HEED_MEMORY, "memory is out");
  for (size_t j = 0; j < users; j++) everyone += self->eta[j] / (double)users;
  for (size_t j = 0; j < users; j++) fill_user(self, j, everyone, into);
  return HEED_OK;
}
