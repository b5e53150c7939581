/* SPDX-License-Identifier: GPL-3.0-or-later
 * Beliefs of pairs: q_i(k) proportional to prior_i(k) exp S_i(k), with S_i the
 * sum of the log messages of the pair's users. */
#include <math.h>
#include <string.h>

#include "estimators/people/fit.h"
#include "support/numeric/threads.h"

/* The sd of x around a known log-odds: half the distance of nodes. */
static const double known_sd = 0.25;

void people_add_gold(const people_fit *self, size_t pair, double *support) {
  const double error = self->gold_error;
  if (self->gold == NULL || isnan(self->gold[pair])) return;
  const double gold = self->gold[pair];
  const double p = fmin(fmax(gold, error), 1 - error);
  for (size_t k = 0; k < self->nodes.pairs; k++) {
    const double x = self->nodes.x[k];
    if (gold == 0 || gold == 1)
      support[k] += log(x > 0 ? p : x < 0 ? 1 - p : 0.5);
    else
      support[k] -= pow((x - log(p / (1 - p))) / known_sd, 2) / 2;
  }
}

void people_prior_of_pair(const people_fit *self, size_t pair, double *row) {
  const people_effects *effects = &self->effects;
  const size_t count = self->nodes.pairs;
  if (self->kind != PEOPLE_STRENGTHS) {
    memcpy(row, self->pair_prior, count * sizeof *row);
    return;
  }
  double m = 0, variance = pow(self->hyper.tau, 2);
  if (effects->a[pair] >= 0 && effects->b[pair] >= 0)
    m = effects->s[effects->a[pair]] - effects->s[effects->b[pair]];
  if (effects->integrates) {
    m = effects->center[pair];
    variance += effects->spread[pair];
  }
  for (size_t k = 0; k < count; k++)
    row[k] = -pow(self->nodes.x[k] - m, 2) / (2 * variance);
  const double log_z = self->vector->log_sum_exp(count, row);
  for (size_t k = 0; k < count; k++) row[k] -= log_z;
}

/* E (x - m)^2 of a pair.  If the prior of x is N(c, tau^2 + v), then given x,
 * x - m has mean rho (x - c) and variance rho v, rho = tau^2 / (tau^2 + v).
 * Else equation (3) of hyper.c. */
static double square_of(const people_fit *self, size_t pair, const double *q) {
  const people_effects *effects = &self->effects;
  const double m = effects->s[effects->a[pair]] - effects->s[effects->b[pair]];
  const double tau2 = pow(self->hyper.tau, 2);
  double mean = 0, variance = 0;
  for (size_t k = 0; k < self->nodes.pairs; k++)
    mean += q[k] * self->nodes.x[k];
  for (size_t k = 0; k < self->nodes.pairs; k++)
    variance += q[k] * pow(self->nodes.x[k] - mean, 2);
  if (effects->integrates) {
    const double c = effects->center[pair], v = effects->spread[pair];
    const double rho = tau2 / (tau2 + v);
    return rho * rho * (variance + (mean - c) * (mean - c)) + rho * v;
  }
  const double share = fmin(fmax(1 - variance / tau2, 0), 1);
  return variance + (mean - m) * (mean - m) +
         share * share * effects->variance[pair];
}

static void believe(people_fit *self, size_t pair, people_sums *sums,
                    double *row) {
  const size_t count = self->nodes.pairs;
  const size_t *first = self->annotations->first_of_pair;
  const double *support = self->support + pair * count;
  double *q = self->q + pair * count;
  people_prior_of_pair(self, pair, row);
  for (size_t k = 0; k < count; k++) row[k] += support[k];
  const double log_z = self->vector->softmax(count, row, q);
  if (first[pair + 1] == first[pair]) return;
  sums->log_z += log_z;
  sums->count++;
  memset(row, 0, count * sizeof *row);
  people_add_gold(self, pair, row);
  for (size_t k = 0; k < count; k++) {
    sums->expected += q[k] * (support[k] - row[k]);
    sums->mass[k] += q[k];
  }
  if (self->kind == PEOPLE_STRENGTHS) sums->squares += square_of(self, pair, q);
}

static void believe_part(void *context, size_t part) {
  people_fit *self = context;
  const size_t pairs = self->annotations->pairs;
  const threads_range range = threads_share(pairs, part, people_parts(pairs));
  people_sums *sums = &self->part[part];
  double *mass = sums->mass;
  *sums = (people_sums){.mass = mass};
  memset(mass, 0, self->nodes.pairs * sizeof *mass);
  for (size_t i = range.first; i < range.end; i++)
    believe(self, i, sums, self->room + part * self->room_each);
}

void people_believe_pairs(people_fit *self) {
  const size_t parts = people_parts(self->annotations->pairs);
  if (self->kind == PEOPLE_STRENGTHS) people_move_strengths(self);
  threads_run(self->threads, parts, believe_part, self);
  people_add_parts(self, parts, self->nodes.pairs, &self->of_pairs);
}
