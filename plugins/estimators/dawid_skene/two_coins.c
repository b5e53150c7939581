/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users with two accuracies: derivatives of f, and its maximum
 * without one annotation, by Newton's method with step halving. */
#include "two_coins.h"

#include <math.h>

#include "heed/memory.h"

/* A user's accuracies where A's response is better, and where B's is. */
typedef struct coins {
  double a, b;
} coins;

/* f with its gradient and -Hessian. */
typedef struct curve {
  double value;
  double slope_a, slope_b;
  double aa, ab, bb;
} curve;

/* P(choice) = c + a g_a + b g_b. */
static void add(const two_coins *self, size_t row, coins at, double sign,
                curve *sum) {
  const bool chose_a = self->choice[row] == HEED_CHOSE_A;
  const double p = self->others[row];
  const double g_a = chose_a ? p : -p, g_b = chose_a ? p - 1 : 1 - p;
  const double chance = (chose_a ? 1 - p : p) + at.a * g_a + at.b * g_b;
  const double a = g_a / chance, b = g_b / chance;
  sum->value += sign * log(chance);
  sum->slope_a += sign * a;
  sum->slope_b += sign * b;
  sum->aa += sign * a * a;
  sum->ab += sign * a * b;
  sum->bb += sign * b * b;
}

static void add_prior(double up, double down, double x, double *value,
                      double *slope, double *information) {
  *value += up * log(x) + down * log1p(-x);
  *slope += up / x - down / (1 - x);
  *information += up / (x * x) + down / ((1 - x) * (1 - x));
}

/* Over all the user's annotations except `excluded` (SIZE_MAX: over all). */
static curve curve_at(const two_coins *self, size_t user, size_t excluded,
                      coins at) {
  const double up = self->alpha - 1, down = self->beta - 1;
  curve sum = {0};
  add_prior(up, down, at.a, &sum.value, &sum.slope_a, &sum.aa);
  add_prior(up, down, at.b, &sum.value, &sum.slope_b, &sum.bb);
  for (size_t i = self->crowd->first[user]; i < self->crowd->first[user + 1];
       i++)
    if (i != excluded && self->choice[i] != HEED_CHOSE_TIE)
      add(self, i, at, 1, &sum);
  return sum;
}

static double within(const two_coins *self, double x) {
  return fmin(fmax(x, self->least), 1 - self->least);
}

/* A slope that leads out of the bounds. */
static bool stopped(const two_coins *self, double x, double slope) {
  return (x <= self->least && slope < 0) || (x >= 1 - self->least && slope > 0);
}

/* The Newton step.  An accuracy at its bound stays there; one that f does not
 * depend on does not move. */
static coins step_of(const two_coins *self, const curve *f, coins at) {
  const double slope_a = stopped(self, at.a, f->slope_a) ? 0 : f->slope_a;
  const double slope_b = stopped(self, at.b, f->slope_b) ? 0 : f->slope_b;
  const double ab = slope_a == 0 || slope_b == 0 ? 0 : f->ab;
  const double determinant = f->aa * f->bb - ab * ab;
  if (determinant > 1e-12 * f->aa * f->bb)
    return (coins){(f->bb * slope_a - ab * slope_b) / determinant,
                   (f->aa * slope_b - ab * slope_a) / determinant};
  const double both = f->aa + f->bb; /* along the gradient */
  return both > 0 ? (coins){slope_a / both, slope_b / both} : (coins){0, 0};
}

static coins moved(const two_coins *self, coins at, coins step, double share) {
  return (coins){within(self, at.a + share * step.a),
                 within(self, at.b + share * step.b)};
}

static coins solve(const two_coins *self, size_t user, size_t excluded,
                   coins at) {
  enum { MOST = 100, HALVINGS = 40 };
  curve f = curve_at(self, user, excluded, at);
  for (int i = 0; i < MOST; i++) {
    const coins step = step_of(self, &f, at);
    if (fabs(step.a) + fabs(step.b) < 1e-13) break;
    double share = 1;
    coins next = moved(self, at, step, share);
    curve there = curve_at(self, user, excluded, next);
    for (int h = 0; h < HALVINGS && !(there.value >= f.value); h++) {
      share /= 2;
      next = moved(self, at, step, share);
      there = curve_at(self, user, excluded, next);
    }
    if (!(there.value > f.value)) break; /* rounding */
    at = next;
    f = there;
  }
  return at;
}

/* ---- eta ---- */

static double eta_of(const two_coins *self, coins at) {
  const double eta = at.a + at.b - 1;
  return self->clip ? fmin(fmax(eta, 0), 1) : eta;
}

/* At most that of two uniform accuracies. */
static double sd_of(const curve *f) {
  const double flat = sqrt(2.0 / 12);
  const double determinant = f->aa * f->bb - f->ab * f->ab;
  if (!(determinant > 1e-12 * f->aa * f->bb)) return flat;
  return fmin(sqrt((f->aa + f->bb - 2 * f->ab) / determinant), flat);
}

static void fill_user(const two_coins *self, size_t user,
                      heed_posterior *posterior) {
  const size_t start = self->crowd->first[user];
  const size_t end = self->crowd->first[user + 1];
  const coins at = {self->a[user], self->b[user]};
  const curve whole = curve_at(self, user, SIZE_MAX, at);
  posterior->mean[user] = eta_of(self, at);
  posterior->sd[user] = sd_of(&whole);
  for (size_t i = start; i < end; i++) {
    posterior->left_out[i] = posterior->mean[user];
    if (self->choice[i] == HEED_CHOSE_TIE) continue;
    curve rest = whole;
    add(self, i, at, -1, &rest);
    const coins left = end - start <= TWO_COINS_EXACT
                           ? solve(self, user, i, at)
                           : moved(self, at, step_of(self, &rest, at), 1);
    posterior->left_out[i] = eta_of(self, left);
  }
}

heed_status two_coins_fill(const two_coins *self, const heed_host *host,
                           heed_posterior *posterior, heed_error *error) {
  const size_t users = self->crowd->users->rows;
  heed_memory memory = {host, false};
  posterior->unit = HEED_BY_USER;
  posterior->units = users;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->left_out =
      heed_allocate_doubles(&memory, self->crowd->annotations->rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) fill_user(self, j, posterior);
  return HEED_OK;
}
