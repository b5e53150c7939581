/* SPDX-License-Identifier: GPL-3.0-or-later
 * Priors on nodes, and the refit of their parameters.
 *
 * Users.  A trait is normal.  The prior mass of a node is that of its cell,
 *
 *   pi_k = Phi((above_k - m) / s) - Phi((below_k - m) / s),
 *
 * and the cells at the ends are open: a user beyond the last node is counted
 * there.  m and s maximise sum_k R_k log pi_k, R_k the users' mass on the node,
 * with two pseudo-users at m0 - s0 and m0 + s0.
 *
 * Pairs without models: one pseudo-pair a node of easiness.  Pairs of models:
 * tau and the spread of strengths from
 *
 *   tau^2 = mean_i (Var x_i + (E x_i - m_i)^2
 *                   + (1 - Var x_i / tau^2)^2 Var m_i),              (3)
 *   strength_sd^2 = mean_m (s_m^2 + Var s_m),
 *
 * with m_i = s_a - s_b.  The last term of (3) is the uncertainty of strengths:
 * E x_i moves with m_i by 1 - Var x_i / tau^2.  Both are fixed points of the
 * likelihood without x and, by Laplace's approximation, s; they may lower the
 * bound, whose strengths are at their best value. */
#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "estimators/people/fit.h"

enum { PSEUDO = 2 };
enum { MOST_NODES = 32 }; /* of an axis */

/* Of the pseudo-users: mean and sd by trait.  Attend form: of logit eta. */
static double pseudo_mean(size_t trait) {
  static const double means[PEOPLE_TRAITS] = {1, 0, -1};
  return means[trait];
}

static double pseudo_variance(const people_fit *self, size_t trait) {
  return trait == PEOPLE_QUALITY && self->nodes.form == PEOPLE_ATTEND ? 2 : 1;
}

/* Where x of pairs is fitted, the ability form fixes the mean ability, which
 * sets the unit and the sign of x.  The mean habit is 0: a fitted one can
 * exchange the classes. */
static bool fits_mean(const people_fit *self, size_t trait) {
  if (trait == PEOPLE_HABIT) return false;
  return trait == PEOPLE_TIE || self->kind == PEOPLE_HARD ||
         self->nodes.form == PEOPLE_ATTEND;
}

static bool has_trait(const people_fit *self, size_t trait) {
  return self->nodes.axis[trait].count > 1;
}

void people_hyper_open(people_fit *self) {
  const crowd_annotations *annotations = self->annotations;
  const size_t half = self->nodes.pairs / 2;
  double said[3] = {0};
  for (size_t n = 0; n < annotations->count; n++)
    said[annotations->key[n] % annotations->codes % annotations->choices]++;
  self->hyper =
      (people_hyper){.share = (said[ANNOTATED_A] + 1) /
                              (said[ANNOTATED_A] + said[ANNOTATED_B] + 2),
                     .tau = 1,
                     .strength_sd = 1};
  for (size_t d = 0; d < PEOPLE_TRAITS; d++) {
    self->hyper.mean[d] = pseudo_mean(d);
    self->hyper.sd[d] = 1;
  }
  if (self->nodes.form == PEOPLE_ATTEND) self->hyper.sd[PEOPLE_QUALITY] = 1.5;
  for (size_t k = 0; k < half; k++) self->weight[k] = 1 / (double)half;
}

/* ---- one axis ---- */

/* log pi_k, not below a floor.  Tails are taken from their own side. */
static double log_mass(const people_axis *axis, size_t k, double mean,
                       double sd) {
  double low = (people_edge_below(axis, k) - mean) / sd;
  double high = (people_edge_above(axis, k) - mean) / sd;
  if (low > 0) {
    const double turned = low;
    low = -high;
    high = -turned;
  }
  const double p = gsl_cdf_ugaussian_P(high) - gsl_cdf_ugaussian_P(low);
  return log(fmax(p, 1e-300));
}

/* What the refit of a trait maximises. */
typedef struct trait_problem {
  const people_axis *axis;
  double mass[MOST_NODES]; /* R */
  double pseudo_mean, pseudo_variance;
} trait_problem;

/* log-prior of m and s: the two pseudo-users. */
static double log_pseudo_users(double pseudo_mean, double pseudo_variance,
                               double mean, double sd) {
  const double square = pseudo_variance + pow(pseudo_mean - mean, 2);
  return -PSEUDO * (square / (2 * sd * sd) + log(sd));
}

static double value_at(const trait_problem *self, double mean, double sd) {
  double sum =
      log_pseudo_users(self->pseudo_mean, self->pseudo_variance, mean, sd);
  for (size_t k = 0; k < self->axis->count; k++)
    if (self->mass[k] > 0)
      sum += self->mass[k] * log_mass(self->axis, k, mean, sd);
  return sum;
}

/* Golden section, over the mean or over log s; the start if that is better. */
static double best(const trait_problem *self, bool is_mean, double mean,
                   double sd) {
  const double golden = 0.61803398874989484820;
  const double *t = self->axis->value;
  double low = is_mean ? t[0] : log(PEOPLE_LEAST_SD);
  double high = is_mean ? t[self->axis->count - 1] : log(PEOPLE_MOST_SD);
  for (int i = 0; i < 60; i++) {
    const double a = high - golden * (high - low);
    const double b = low + golden * (high - low);
    const double at_a =
        is_mean ? value_at(self, a, sd) : value_at(self, mean, exp(a));
    const double at_b =
        is_mean ? value_at(self, b, sd) : value_at(self, mean, exp(b));
    if (at_a < at_b)
      low = a;
    else
      high = b;
  }
  const double found = is_mean ? (low + high) / 2 : exp((low + high) / 2);
  const double there =
      is_mean ? value_at(self, found, sd) : value_at(self, mean, found);
  if (there > value_at(self, mean, sd)) return found;
  return is_mean ? mean : sd;
}

static void refit_trait(people_fit *self, size_t trait) {
  const people_nodes *nodes = &self->nodes;
  double *mean = &self->hyper.mean[trait], *sd = &self->hyper.sd[trait];
  trait_problem problem = {.axis = &nodes->axis[trait],
                           .pseudo_mean = pseudo_mean(trait),
                           .pseudo_variance = pseudo_variance(self, trait)};
  assert(problem.axis->count <= MOST_NODES);
  for (size_t m = 0; m < nodes->users; m++)
    problem.mass[m / nodes->stride[trait] % problem.axis->count] +=
        self->of_users.mass[m];
  if (fits_mean(self, trait)) *mean = best(&problem, true, *mean, *sd);
  *sd = best(&problem, false, *mean, *sd);
}

/* ---- all ---- */

static void add_trait_prior(people_fit *self, size_t trait) {
  const people_nodes *nodes = &self->nodes;
  const people_axis *axis = &nodes->axis[trait];
  double prior[MOST_NODES];
  for (size_t k = 0; k < axis->count; k++)
    prior[k] =
        log_mass(axis, k, self->hyper.mean[trait], self->hyper.sd[trait]);
  for (size_t m = 0; m < nodes->users; m++)
    self->user_prior[m] += prior[m / nodes->stride[trait] % axis->count];
}

void people_set_priors(people_fit *self) {
  const people_nodes *nodes = &self->nodes;
  const size_t half = nodes->pairs / 2;
  memset(self->user_prior, 0, nodes->users * sizeof *self->user_prior);
  for (size_t d = 0; d < PEOPLE_TRAITS; d++)
    if (has_trait(self, d)) add_trait_prior(self, d);
  if (self->kind == PEOPLE_STRENGTHS) return;
  for (size_t k = 0; k < half; k++) {
    const double weight = log(self->weight[k]);
    self->pair_prior[half + k] = log(self->hyper.share) + weight;
    self->pair_prior[half - 1 - k] = log1p(-self->hyper.share) + weight;
  }
}

double people_log_hyperprior(const people_fit *self) {
  const people_effects *effects = &self->effects;
  const double sd = self->hyper.strength_sd, tau = self->hyper.tau;
  double sum = 0;
  for (size_t d = 0; d < PEOPLE_TRAITS; d++)
    if (has_trait(self, d))
      sum += log_pseudo_users(pseudo_mean(d), pseudo_variance(self, d),
                              self->hyper.mean[d], self->hyper.sd[d]);
  if (self->kind == PEOPLE_FREE)
    for (size_t k = 0; k < self->nodes.pairs / 2; k++)
      sum += log(self->weight[k]);
  if (self->kind == PEOPLE_STRENGTHS) {
    sum -= strengths_penalty(1 / (2 * sd * sd), effects->models, effects->s);
    sum -= (double)effects->models * log(sd) + effects->log_det / 2;
    sum -= PSEUDO * (1 / (2 * sd * sd) + log(sd));
    sum -= PSEUDO * (0.5 / (2 * tau * tau) + log(tau));
  }
  return sum;
}

static void refit_weights(people_fit *self) {
  const size_t half = self->nodes.pairs / 2;
  const double *mass = self->of_pairs.mass;
  for (size_t k = 0; k < half; k++)
    self->weight[k] = (mass[half + k] + mass[half - 1 - k] + 1) /
                      (self->of_pairs.count + (double)half);
}

static void refit_effects(people_fit *self) {
  const people_effects *effects = &self->effects;
  const double squares = self->of_pairs.squares + PSEUDO * 0.5;
  double spread = PSEUDO;
  for (size_t m = 0; m < effects->models; m++)
    spread += effects->s[m] * effects->s[m] + effects->s_variance[m];
  self->hyper.tau =
      fmax(sqrt(squares / (self->of_pairs.count + PSEUDO)), PEOPLE_LEAST_TAU);
  self->hyper.strength_sd = sqrt(spread / ((double)effects->models + PSEUDO));
}

static double moved(double earlier, double value) {
  return fabs(value - earlier) / fmax(1, fabs(earlier));
}

double people_refit(people_fit *self) {
  const people_hyper earlier = self->hyper;
  double most = 0;
  for (size_t d = 0; d < PEOPLE_TRAITS; d++) {
    if (has_trait(self, d)) refit_trait(self, d);
    most = fmax(most, moved(earlier.mean[d], self->hyper.mean[d]));
    most = fmax(most, moved(earlier.sd[d], self->hyper.sd[d]));
  }
  if (self->kind == PEOPLE_FREE) {
    for (size_t k = 0; k < self->nodes.pairs / 2; k++)
      self->pair_prior[k] = self->weight[k]; /* to compare with */
    refit_weights(self);
    for (size_t k = 0; k < self->nodes.pairs / 2; k++)
      most = fmax(most, moved(self->pair_prior[k], self->weight[k]));
  }
  if (self->kind == PEOPLE_STRENGTHS) {
    refit_effects(self);
    most = fmax(most, moved(earlier.tau, self->hyper.tau));
    most = fmax(most, moved(earlier.strength_sd, self->hyper.strength_sd));
  }
  people_set_priors(self);
  return most;
}
