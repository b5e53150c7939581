/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strengths of models.  With the support S_i(k) of the pairs held, they
 * maximise
 *
 *   sum_i log sum_k prior(k; m_i) exp S_i(k) - sum_m s_m^2 / (2 sd^2),
 *
 * m_i = s_a - s_b.  The prior is a normal distribution on nodes, so with p its
 * moments and q those of the belief, the derivatives by m_i are
 *
 *   (E_q x - E_p x) / tau^2 and -(Var_p x - Var_q x) / tau^4.
 *
 * Users must not take the strengths as known: abilities would be too large
 * where models have few pairs.  In stage 2 the prior of x_i is therefore N(c_i,
 * tau^2 + v_i), with c_i and v_i the mean and variance of m_i given all but the
 * annotations of pair i, by Laplace's approximation.
 *
 * The evidence need not be concave: the information of a pair is at least
 * `least` of its prior's, and steps are halved until they gain. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "estimators/people/fit.h"
#include "support/crowd/pair_name.h"
#include "support/numeric/threads.h"

static const double least = 0.02;
/* For many models, the covariance is estimated from DRAWS draws, in every
 * RARELY-th pass. */
enum { DRAWS = 50, RARELY = 8 };

typedef struct effect_moments {
  double log_z, mean, variance;
} effect_moments;

/* Of the nodes with weights exp(log_weight). */
static effect_moments moments_of(const people_fit *self,
                                 const double *log_weight, double *mass) {
  const size_t count = self->nodes.pairs;
  const double *x = self->nodes.x;
  effect_moments result = {.log_z =
                               self->vector->softmax(count, log_weight, mass)};
  for (size_t k = 0; k < count; k++) result.mean += mass[k] * x[k];
  for (size_t k = 0; k < count; k++)
    result.variance += mass[k] * pow(x[k] - result.mean, 2);
  return result;
}

static bool has_models(const people_fit *self, size_t pair) {
  return self->effects.a[pair] >= 0 && self->effects.b[pair] >= 0;
}

static bool seen(const people_fit *self, size_t pair) {
  const size_t *first = self->annotations->first_of_pair;
  return first[pair + 1] > first[pair];
}

/* The log evidence of a pair at m; its slope and information. */
static double evidence_of(const people_fit *self, size_t pair, double m,
                          double *room) {
  const size_t count = self->nodes.pairs;
  const double *support = self->support + pair * count;
  const double tau2 = pow(self->hyper.tau, 2);
  double *row = room, *mass = room + count;
  for (size_t k = 0; k < count; k++)
    row[k] = -pow(self->nodes.x[k] - m, 2) / (2 * tau2);
  const effect_moments prior = moments_of(self, row, mass);
  for (size_t k = 0; k < count; k++) row[k] += support[k];
  const effect_moments belief = moments_of(self, row, mass);
  self->effects.slope[pair] = (belief.mean - prior.mean) / tau2;
  self->effects.inform[pair] =
      fmax((prior.variance - belief.variance) / tau2, least) / tau2;
  return belief.log_z - prior.log_z;
}

typedef struct effects_work {
  people_fit *self;
  const double *s;
} effects_work;

static void add_part(void *context, size_t part) {
  const effects_work *work = context;
  people_fit *self = work->self;
  const people_effects *effects = &self->effects;
  const size_t pairs = self->annotations->pairs;
  const threads_range range = threads_share(pairs, part, people_parts(pairs));
  double sum = 0;
  for (size_t i = range.first; i < range.end; i++)
    if (seen(self, i))
      sum +=
          evidence_of(self, i, work->s[effects->a[i]] - work->s[effects->b[i]],
                      self->room + part * self->room_each);
  effects->value[part] = sum;
}

static double value(void *context, const double *s) {
  people_fit *self = context;
  effects_work work = {self, s};
  const size_t parts = people_parts(self->annotations->pairs);
  double sum = 0;
  threads_run(self->threads, parts, add_part, &work);
  for (size_t part = 0; part < parts; part++) sum += self->effects.value[part];
  self->effects.evidence = sum;
  return sum -
         strengths_penalty(self->effects.sums.ridge, self->effects.models, s);
}

/* slope and inform are those of the last s whose value was requested. */
static void differentiate(void *context, const double *s,
                          crowd_strengths *sums) {
  const people_fit *self = context;
  const people_effects *effects = &self->effects;
  (void)s;
  for (size_t i = 0; i < self->annotations->pairs; i++)
    if (seen(self, i) && effects->a[i] != effects->b[i])
      strengths_add(sums, (size_t)effects->a[i], (size_t)effects->b[i],
                    effects->slope[i], effects->inform[i]);
}

/* ---- uncertainty ---- */

static void exact_variances(people_fit *self) {
  const people_effects *effects = &self->effects;
  gsl_matrix *covariance = effects->sums.information;
  gsl_linalg_cholesky_invert(covariance);
  for (size_t m = 0; m < effects->models; m++)
    effects->s_variance[m] = gsl_matrix_get(covariance, m, m);
  for (size_t i = 0; i < self->annotations->pairs; i++) {
    if (!has_models(self, i)) continue;
    const size_t a = (size_t)effects->a[i], b = (size_t)effects->b[i];
    effects->variance[i] = effects->s_variance[a] + effects->s_variance[b] -
                           2 * gsl_matrix_get(covariance, a, b);
  }
}

static void drawn_variances(people_fit *self) {
  people_effects *effects = &self->effects;
  double *draw = effects->sums.trial;
  const size_t pairs = self->annotations->pairs;
  memset(effects->s_variance, 0, effects->models * sizeof *draw);
  memset(effects->variance, 0, pairs * sizeof *draw);
  for (uint64_t n = 0; n < DRAWS; n++) {
    heed_stream stream = self->host->stream(self->host, "strengths", n);
    strengths_draw(&effects->sums, &stream, draw);
    for (size_t m = 0; m < effects->models; m++)
      effects->s_variance[m] += draw[m] * draw[m] / DRAWS;
    for (size_t i = 0; i < pairs; i++)
      if (has_models(self, i))
        effects->variance[i] +=
            pow(draw[effects->a[i]] - draw[effects->b[i]], 2) / DRAWS;
  }
}

/* Without the pair's own slope and information.  What is known before any
 * annotation bounds the variance, since draws of it are noisy. */
static void leave_out_pairs(people_fit *self) {
  people_effects *effects = &self->effects;
  const double most = 2 * pow(self->hyper.strength_sd, 2);
  for (size_t i = 0; i < self->annotations->pairs; i++) {
    if (!has_models(self, i)) continue;
    effects->center[i] = effects->s[effects->a[i]] - effects->s[effects->b[i]];
    effects->spread[i] = effects->variance[i];
    if (!seen(self, i) || effects->a[i] == effects->b[i]) continue;
    const double precision =
        fmax(1 / effects->variance[i] - effects->inform[i], 1 / most);
    effects->center[i] -= effects->slope[i] / precision;
    effects->spread[i] = 1 / precision;
  }
}

void people_move_strengths(people_fit *self) {
  people_effects *effects = &self->effects;
  const strengths_problem problem = {
      .context = self, .value = value, .differentiate = differentiate};
  const double precision = pow(self->hyper.strength_sd, -2);
  effects->sums.ridge = precision / 2;
  strengths_maximise(&effects->sums, &problem, effects->s);
  (void)value(self, effects->s);
  strengths_clear(&effects->sums);
  differentiate(self, effects->s, &effects->sums);
  effects->log_det = strengths_factorise(&effects->sums, precision);
  if (!effects->sums.sparse)
    exact_variances(self);
  else if (effects->moves++ % RARELY == 0)
    drawn_variances(self);
  if (effects->integrates) leave_out_pairs(self);
}

/* ---- opening ---- */

static size_t count_comparisons(const people_fit *self) {
  size_t count = 0;
  for (size_t i = 0; i < self->annotations->pairs; i++) count += seen(self, i);
  return count > 0 ? count : 1;
}

heed_status people_effects_open(people_fit *self, const heed_crowd *crowd,
                                heed_error *error) {
  const heed_table *pairs = crowd->world->pairs;
  people_effects *effects = &self->effects;
  heed_memory memory = {self->host, false};
  if (self->kind != PEOPLE_STRENGTHS) return HEED_OK;
  effects->models = crowd->world->models->rows;
  effects->a = heed_table_data(pairs, "model_a", HEED_INT32);
  effects->b = heed_table_data(pairs, "model_b", HEED_INT32);
  effects->s = heed_allocate_doubles(&memory, effects->models);
  effects->s_variance = heed_scratch_doubles(&memory, effects->models);
  effects->variance = heed_scratch_doubles(&memory, pairs->rows);
  effects->center = heed_scratch_doubles(&memory, pairs->rows);
  effects->spread = heed_scratch_doubles(&memory, pairs->rows);
  effects->slope = heed_scratch_doubles(&memory, pairs->rows);
  effects->inform = heed_scratch_doubles(&memory, pairs->rows);
  effects->value = heed_scratch_doubles(&memory, PEOPLE_PARTS);
  if (memory.refused) return heed_no_memory(error);
  return strengths_open(self->host, effects->models, count_comparisons(self),
                        0.5, &effects->sums, error);
}
