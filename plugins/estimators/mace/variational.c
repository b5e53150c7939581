/* SPDX-License-Identifier: GPL-3.0-or-later
 * The variational form of MACE (Hovy et al. 2013, section 3): user j's
 * competence has the distribution q = Beta(a, b), and the probability xi of A
 * when spamming has Beta(c, d).  With n choices,
 *
 *   a = alpha + knowing,  b = beta + n - knowing,
 *   c = strategy + spam of A,  d = strategy + spam of B,
 *
 * the expected counts.  As a + b is known, and c + d follows from b, the means
 * theta = a / (a + b) and xi = c / (c + d) say all of it. */
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>

#include "fit.h"
#include "heed/memory.h"

/* Users of at most so many annotations are solved again for each left_out. */
enum { EXACT = 64 };

typedef struct beta_shapes {
  double a, b;
} beta_shapes;

static beta_shapes of_theta(const mace_fit *self, double choices,
                            double theta) {
  const double both = self->priors.knows + self->priors.spams + choices;
  return (beta_shapes){theta * both, (1 - theta) * both};
}

static beta_shapes of_xi(const mace_fit *self, size_t j, double theta,
                         double xi) {
  const double b = of_theta(self, mace_choices(self, j), theta).b;
  const double both = 2 * self->priors.each + fmax(b - self->priors.spams, 0);
  return (beta_shapes){xi * both, (1 - xi) * both};
}

void variational_put_within(const mace_fit *self, size_t j, double *theta,
                            double *xi) {
  const double alpha = self->priors.knows, each = self->priors.each;
  const double choices = mace_choices(self, j);
  const double both = alpha + self->priors.spams + choices;
  *theta = fmin(fmax(*theta, alpha / both), (alpha + choices) / both);
  const beta_shapes shapes = of_xi(self, j, *theta, *xi);
  const double least = each / (shapes.a + shapes.b);
  *xi = fmin(fmax(*xi, least), 1 - least);
}

double variational_log_betas(const mace_priors *priors) {
  return gsl_sf_lnbeta(priors->knows, priors->spams) +
         gsl_sf_lnbeta(priors->each, priors->each);
}

/* E[log x] and E[log (1 - x)] under Beta(a, b). */
typedef struct mean_logs {
  double up, down;
} mean_logs;

static mean_logs mean_logs_of(beta_shapes q) {
  const double both = gsl_sf_psi(q.a + q.b);
  return (mean_logs){gsl_sf_psi(q.a) - both, gsl_sf_psi(q.b) - both};
}

/* KL(Beta(q) || Beta(prior)) without the prior's log B. */
static double divergence(beta_shapes q, double prior_a, double prior_b,
                         mean_logs means) {
  return (q.a - prior_a) * means.up + (q.b - prior_b) * means.down -
         gsl_sf_lnbeta(q.a, q.b);
}

mace_weights variational_weights(const mace_fit *self, size_t j, double theta,
                                 double xi) {
  const mace_priors *priors = &self->priors;
  const beta_shapes t = of_theta(self, mace_choices(self, j), theta);
  const beta_shapes s = of_xi(self, j, theta, xi);
  const mean_logs of_t = mean_logs_of(t), of_s = mean_logs_of(s);
  return (mace_weights){
      .knows = exp(of_t.up),
      .spams_a = exp(of_t.down + of_s.up),
      .spams_b = exp(of_t.down + of_s.down),
      .divergence = divergence(t, priors->knows, priors->spams, of_t) +
                    divergence(s, priors->each, priors->each, of_s) +
                    self->log_betas};
}

/* ---- users ---- */

/* One user, the others as fitted: theta solves
 *
 *   alpha + sum_n k_n(theta) = theta (alpha + beta + choices),
 *
 * k_n = P(choice n is not spam), with odds odds[n] e^(psi(a) - psi(b)). */
typedef struct variational_user {
  const mace_fit *fit;
  const double *odds; /* annotations of the user; 0: a tie */
  size_t count;
  double choices; /* that are not ties */
} variational_user;

/* A value and its derivative in theta. */
typedef struct variational_slope {
  double value, slope;
} variational_slope;

/* e^(psi(b) - psi(a)), and minus the derivative of its logarithm. */
static variational_slope spam_at(beta_shapes q) {
  return (variational_slope){
      exp(gsl_sf_psi(q.b) - gsl_sf_psi(q.a)),
      (q.a + q.b) * (gsl_sf_psi_1(q.a) + gsl_sf_psi_1(q.b))};
}

/* k_n */
static variational_slope knowing(double odds, const variational_slope *spam) {
  const double k = odds / (odds + spam->value);
  return (variational_slope){k, k * (1 - k) * spam->slope};
}

/* The left side of the equation minus the right one, of so many choices;
 * excluded: an annotation, or SIZE_MAX. */
static variational_slope gap_at(const variational_user *self, double choices,
                                size_t excluded, double theta) {
  const beta_shapes q = of_theta(self->fit, choices, theta);
  const variational_slope spam = spam_at(q);
  variational_slope gap = {self->fit->priors.knows - q.a, -(q.a + q.b)};
  for (size_t n = 0; n < self->count; n++) {
    if (n == excluded) continue;
    const variational_slope k = knowing(self->odds[n], &spam);
    gap.value += k.value;
    gap.slope += k.slope;
  }
  return gap;
}

/* Without one annotation, by Newton's method inside a shrinking bracket: the
 * gap is not negative where all choices are spam, and not positive where none
 * is. */
static double solve(const variational_user *self, size_t excluded,
                    double theta) {
  enum { MOST = 200 };
  const mace_priors *priors = &self->fit->priors;
  const double choices = self->choices - 1;
  const double both = priors->knows + priors->spams + choices;
  double low = priors->knows / both, high = (priors->knows + choices) / both;
  theta = fmin(fmax(theta, low), high);
  for (int i = 0; i < MOST && high - low > 1e-14; i++) {
    const variational_slope gap = gap_at(self, choices, excluded, theta);
    if (gap.value > 0)
      low = theta;
    else
      high = theta;
    const double next = theta - gap.value / gap.slope;
    const bool inside = gap.slope < 0 && next >= low && next <= high;
    const double moved = fabs(next - theta);
    theta = inside ? next : (low + high) / 2;
    if (inside && moved < 1e-14) break;
  }
  return theta;
}

/* The variance of q takes expected counts for observed ones.  Divided by the
 * share of information that is not missing (Dempster, Laird and Rubin 1977, J.
 * R. Stat. Soc. B 39, 1-38), it is that of the observed choices. */
static double sd_of(const variational_user *self, double theta) {
  const variational_slope gap = gap_at(self, self->choices, SIZE_MAX, theta);
  const beta_shapes q = of_theta(self->fit, self->choices, theta);
  const double flat = 1 / sqrt(12), both = q.a + q.b;
  const double known = -gap.slope / both;
  if (!(known > 0)) return flat;
  return fmin(sqrt(theta * (1 - theta) / (both + 1) / known), flat);
}

/* One Newton step for users of many annotations. */
static void leave_out(const variational_user *self, double theta,
                      double *left_out) {
  const double choices = self->choices - 1;
  for (size_t n = 0; n < self->count; n++) left_out[n] = theta;
  if (choices < 0) return;
  const variational_slope spam = spam_at(of_theta(self->fit, choices, theta));
  const variational_slope all = gap_at(self, choices, SIZE_MAX, theta);
  for (size_t n = 0; n < self->count; n++) {
    if (self->odds[n] == 0) continue;
    const variational_slope own = knowing(self->odds[n], &spam);
    const double slope = all.slope - own.slope;
    left_out[n] =
        self->count <= EXACT || !(slope < 0)
            ? solve(self, n, theta)
            : fmin(fmax(theta - (all.value - own.value) / slope, 0), 1);
  }
}

/* P(choice | not spam) / e^E[log P(choice | spam)] of a user's annotations.
 * The weights hold E[log (1 - theta)], which depends on theta. */
static void fill_odds(const mace_fit *self, const double *x, size_t j,
                      const double *others, double *odds) {
  const heed_crowd *crowd = self->overlap.crowd;
  const int8_t *choice =
      heed_table_data(crowd->annotations, "choice", HEED_INT8);
  const beta_shapes s = of_xi(self, j, x[j], x[self->overlap.users + j]);
  const mean_logs means = mean_logs_of(s);
  const double for_a = exp(-means.up), for_b = exp(-means.down);
  for (size_t r = crowd->first[j]; r < crowd->first[j + 1]; r++)
    odds[r] = choice[r] == HEED_CHOSE_TIE
                  ? 0
                  : others[r] * (choice[r] == HEED_CHOSE_A ? for_a : for_b);
}

heed_status variational_fill(const mace_fit *self, const double *x,
                             const double *others, heed_posterior *posterior,
                             heed_error *error) {
  const heed_crowd *crowd = self->overlap.crowd;
  const size_t users = self->overlap.users, rows = crowd->annotations->rows;
  heed_memory memory = {self->host, false};
  double *odds = heed_scratch_doubles(&memory, rows);
  posterior->unit = HEED_BY_USER;
  posterior->units = users;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->left_out = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) {
    const size_t start = crowd->first[j];
    const variational_user user = {
        self, odds + start, crowd->first[j + 1] - start, mace_choices(self, j)};
    fill_odds(self, x, j, others, odds);
    posterior->mean[j] = x[j];
    posterior->sd[j] = sd_of(&user, x[j]);
    leave_out(&user, x[j], posterior->left_out + start);
  }
  return HEED_OK;
}
