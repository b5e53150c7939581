/* SPDX-License-Identifier: GPL-3.0-or-later
 * Priors on nodes, and the refit of their parameters.
 *
 * Users.  On the nodes of an axis a normal prior is a distribution of the
 * exponential family,
 *
 *   pi_k = width_k exp(-(t_k - m)^2 / (2 s^2)) / Z(m, s),
 *
 * so that its maximum-likelihood m and s match the first two moments of the
 * users' beliefs.  Two pseudo-users at m0 - s0 and m0 + s0 are among them.
 * Moments are matched one at a time; each raises the evidence bound.
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
#include <math.h>

#include "estimators/people/fit.h"

static const double least_tau = 0.3; /* pair nodes are 0.5 apart */
static const double least_sd = 0.02, most_sd = 20;
enum { PSEUDO = 2 };

/* Of the pseudo-users: mean and sd by trait.  Attend form: of logit eta. */
static double pseudo_mean(size_t trait) {
  static const double means[PEOPLE_TRAITS] = {1, 0, -1};
  return means[trait];
}

static double pseudo_variance(const people_fit *self, size_t trait) {
  return trait == PEOPLE_QUALITY && self->nodes.form == PEOPLE_ATTEND ? 2 : 1;
}

/* The mean ability is the unit of x, and positive: it says which way is up.
 * The mean habit is 0: a fitted one turns classes round. */
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

/* log Z, and the mean of (t - center)^power under pi; power 0: log Z alone. */
typedef struct axis_moments {
  double log_z, mean, square;
} axis_moments;

static axis_moments moments_of(const people_axis *axis, double mean, double sd,
                               double center) {
  double most = -HUGE_VAL, sum = 0;
  axis_moments result = {0};
  for (size_t k = 0; k < axis->count; k++)
    most = fmax(most, -pow((axis->value[k] - mean) / sd, 2) / 2);
  for (size_t k = 0; k < axis->count; k++) {
    const double t = axis->value[k];
    const double mass =
        people_width(axis, k) * exp(-pow((t - mean) / sd, 2) / 2 - most);
    sum += mass;
    result.mean += mass * (t - center);
    result.square += mass * (t - center) * (t - center);
  }
  result.log_z = most + log(sum);
  result.mean /= sum;
  result.square /= sum;
  return result;
}

/* The value in [low, high] where a rising moment meets its target. */
static double match(const people_axis *axis, bool is_mean, double mean,
                    double sd, double target) {
  double low = is_mean ? axis->value[0] - 5 : log(least_sd);
  double high = is_mean ? axis->value[axis->count - 1] + 5 : log(most_sd);
  for (int i = 0; i < 60; i++) {
    const double middle = (low + high) / 2;
    const double here = is_mean
                            ? moments_of(axis, middle, sd, 0).mean
                            : moments_of(axis, mean, exp(middle), mean).square;
    if (here < target)
      low = middle;
    else
      high = middle;
  }
  return is_mean ? (low + high) / 2 : exp((low + high) / 2);
}

static void refit_trait(people_fit *self, size_t trait) {
  const people_axis *axis = &self->nodes.axis[trait];
  const double *t = self->nodes.trait[trait], *mass = self->of_users.mass;
  const double m0 = pseudo_mean(trait);
  double *mean = &self->hyper.mean[trait], *sd = &self->hyper.sd[trait];
  double count = PSEUDO, first = PSEUDO * m0, square = 0;
  for (size_t m = 0; m < self->nodes.users; m++) {
    count += mass[m];
    first += mass[m] * t[m];
  }
  if (fits_mean(self, trait))
    *mean = match(axis, true, *mean, *sd, first / count);
  square = PSEUDO * (pseudo_variance(self, trait) + pow(m0 - *mean, 2));
  for (size_t m = 0; m < self->nodes.users; m++)
    square += mass[m] * pow(t[m] - *mean, 2);
  *sd = match(axis, false, *mean, *sd, square / count);
}

/* ---- all ---- */

void people_set_priors(people_fit *self) {
  const people_nodes *nodes = &self->nodes;
  const size_t half = nodes->pairs / 2;
  for (size_t m = 0; m < nodes->users; m++) {
    self->user_prior[m] = nodes->log_width[m];
    for (size_t d = 0; d < PEOPLE_TRAITS; d++)
      if (has_trait(self, d))
        self->user_prior[m] -=
            pow((nodes->trait[d][m] - self->hyper.mean[d]) / self->hyper.sd[d],
                2) /
            2;
  }
  const double log_z =
      self->vector->log_sum_exp(nodes->users, self->user_prior);
  for (size_t m = 0; m < nodes->users; m++) self->user_prior[m] -= log_z;
  if (self->kind == PEOPLE_STRENGTHS) return;
  for (size_t k = 0; k < half; k++) {
    const double weight = log(self->weight[k]);
    self->pair_prior[half + k] = log(self->hyper.share) + weight;
    self->pair_prior[half - 1 - k] = log1p(-self->hyper.share) + weight;
  }
}

static double log_pseudo_users(const people_fit *self, size_t trait) {
  const double mean = self->hyper.mean[trait], sd = self->hyper.sd[trait];
  const double square =
      pseudo_variance(self, trait) + pow(pseudo_mean(trait) - mean, 2);
  const axis_moments at = moments_of(&self->nodes.axis[trait], mean, sd, mean);
  return -PSEUDO * (square / (2 * sd * sd) + at.log_z);
}

double people_log_hyperprior(const people_fit *self) {
  const people_effects *effects = &self->effects;
  const double sd = self->hyper.strength_sd, tau = self->hyper.tau;
  double sum = 0;
  for (size_t d = 0; d < PEOPLE_TRAITS; d++)
    if (has_trait(self, d)) sum += log_pseudo_users(self, d);
  if (self->kind == PEOPLE_FREE)
    for (size_t k = 0; k < self->nodes.pairs / 2; k++)
      sum += log(self->weight[k]);
  if (self->kind == PEOPLE_STRENGTHS) {
    sum -= strengths_penalty(1 / (2 * sd * sd), effects->models, effects->s);
    sum -= (double)effects->models * log(sd);
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
      fmax(sqrt(squares / (self->of_pairs.count + PSEUDO)), least_tau);
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
