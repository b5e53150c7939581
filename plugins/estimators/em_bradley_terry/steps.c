/* SPDX-License-Identifier: GPL-3.0-or-later
 * The steps of em_bradley_terry, for the driver
 * (support/attention/em_driver.h). */
#include <math.h>
#include <string.h>

#include "estimators/em_bradley_terry/fit.h"
#include "support/attention/prior_fit.h"

double bradley_terry_chance(double d) {
  return d >= 0 ? 1 / (1 + exp(-d)) : exp(d) / (1 + exp(d));
}

static double penalty(const bradley_terry_fit *self, const double *s) {
  return strengths_penalty(self->strengths.ridge, self->models, s);
}

void bradley_terry_set_p(bradley_terry_fit *self, const double *s,
                         double shift) {
  const annotation_kinds *kinds = &self->kinds;
  for (size_t c = 0; c < kinds->count; c++)
    if (kinds->gold == NULL || isnan(kinds->gold[c]))
      kinds->p[c] = bradley_terry_chance(s[kinds->model_a[c]] -
                                         s[kinds->model_b[c]] + shift);
}

static void find_likelihood(bradley_terry_fit *self, double *x) {
  attention_node_prior *prior = &self->prior;
  bradley_terry_set_p(self, x, 0);
  if (self->status == HEED_OK)
    self->status = kinds_likelihood(
        &self->kinds, self->host, bradley_terry_phi_of(self, x), prior->count,
        prior->nodes, prior->log_likelihood, prior->likelihood, prior->most,
        &prior->scaled, self->error);
}

static double e_step(void *state, double *x) {
  bradley_terry_fit *self = state;
  attention_node_prior *prior = &self->prior;
  double *theta = bradley_terry_theta_of(self, x);
  if (prior->free_weights != NULL)
    prior->distribution->theta(prior->prior->self, theta);
  if (!phi_within(&self->phi, bradley_terry_phi_of(self, x))) return -HUGE_VAL;
  node_prior_place(prior, theta);
  if (!node_prior_sums_to_one(prior)) return -HUGE_VAL;
  find_likelihood(self, x);
  const double objective =
      node_prior_expect(prior, &self->histories, -penalty(self, x), theta);
  return isnan(objective) ? -HUGE_VAL : objective;
}

/* ---- the M-step of the strengths ---- */

/* A regression at x; theta and phi stay fixed. */
typedef struct bradley_terry_regression {
  bradley_terry_fit *fit;
  const double *phi;
} bradley_terry_regression;

/* log g of every kind at strengths s, with the difference shifted. */
static void log_attended(const bradley_terry_regression *at, const double *s,
                         double shift, double *target) {
  static const double one = 1;
  bradley_terry_fit *self = at->fit;
  bradley_terry_set_p(self, s, shift);
  kinds_probability(&self->kinds, at->phi, 1, &one, target);
  for (size_t c = 0; c < self->kinds.count; c++) target[c] = log(target[c]);
}

static double weighted(void *context, const double *s) {
  const bradley_terry_regression *at = context;
  const bradley_terry_fit *self = at->fit;
  log_attended(at, s, 0, self->log_g);
  double sum = -penalty(self, s);
  for (size_t c = 0; c < self->kinds.count; c++)
    if (self->attended[c] > 0) sum += self->attended[c] * self->log_g[c];
  return sum;
}

/* Derivatives of log g by the difference are numerical, for any model of
 * ties. */
static void differentiate(void *context, const double *s,
                          crowd_strengths *sums) {
  const bradley_terry_regression *at = context;
  const bradley_terry_fit *self = at->fit;
  const double h = 1e-4;
  log_attended(at, s, h, self->up);
  log_attended(at, s, -h, self->down);
  for (size_t c = 0; c < self->kinds.count; c++) {
    const size_t a = (size_t)self->kinds.model_a[c];
    const size_t b = (size_t)self->kinds.model_b[c];
    const double w = self->attended[c];
    const double up = self->up[c], down = self->down[c];
    if (!(w > 0) || a == b) continue;
    strengths_add(sums, a, b, w * (up - down) / (2 * h),
                  fmax(-w * (up - 2 * self->log_g[c] + down) / (h * h), 0));
  }
}

static void regress(bradley_terry_fit *self, double *x) {
  bradley_terry_regression at = {self, bradley_terry_phi_of(self, x)};
  const strengths_problem problem = {
      .context = &at, .value = weighted, .differentiate = differentiate};
  strengths_maximise(&self->strengths, &problem, x);
}

/* ---- the M-step of phi ---- */

static double expected(void *context, double *x) {
  bradley_terry_fit *self = context;
  const attention_node_prior *prior = &self->prior;
  const double *phi = bradley_terry_phi_of(self, x);
  bradley_terry_set_p(self, x, 0);
  if (self->kinds.mass != NULL) {
    kinds_set_ends(&self->kinds, phi);
    return kinds_expected(&self->kinds);
  }
  if (self->status == HEED_OK)
    self->status = kinds_likelihood(&self->kinds, self->host, phi, prior->count,
                                    prior->nodes, self->trial, NULL, NULL, NULL,
                                    self->error);
  return node_prior_expected(prior, &self->histories, 0, self->trial);
}

static void m_step(void *state, double *x) {
  bradley_terry_fit *self = state;
  attention_node_prior *prior = &self->prior;
  if (prior->fit != NULL)
    self->status =
        prior_fit_improve(prior->fit, prior->nodes, prior->mass,
                          bradley_terry_theta_of(self, x), self->error);
  kinds_attend(&self->kinds, prior->responsibility, self->attended);
  regress(self, x);
  phi_ascend(&self->phi, expected, self, x, self->models + prior->theta_count);
}

/* ---- starts ---- */

/* Within its bounds; positive parameters vary up to tenfold around the model's
 * start. */
static double random_phi(const attention_phi *self, size_t i,
                         heed_stream *stream) {
  const double standard = self->start[i];
  double low = self->low[i], high = self->high[i];
  const double u = heed_uniform(stream);
  if (low < 0 || standard <= 0) return low + u * (high - low);
  low = fmax(low, standard / 10);
  high = fmin(high, standard * 10);
  return low * pow(high / low, u);
}

/* The first start has no strengths and the user model's own parameters.  Others
 * have random parameters, and the strengths of a fit in which everyone
 * attends. */
static heed_status start_at(void *state, size_t start, double *x,
                            heed_error *error) {
  bradley_terry_fit *self = state;
  double *phi = bradley_terry_phi_of(self, x), mean = 0.5, variance = 0.08;
  (void)error;
  memset(x, 0, self->models * sizeof *x);
  for (size_t i = 0; i < self->phi.count; i++) phi[i] = self->phi.start[i];
  if (start > 0) {
    heed_stream stream = self->host->stream(self->host, "start", start);
    mean = 0.2 + 0.6 * heed_uniform(&stream);
    variance = 0.01 + 0.1 * heed_uniform(&stream);
    for (size_t i = 0; i < self->phi.count; i++)
      phi[i] = random_phi(&self->phi, i, &stream);
    for (size_t c = 0; c < self->kinds.count; c++)
      self->attended[c] = self->kinds.total[c];
    regress(self, x);
  }
  self->prior.distribution->start(self->prior.prior->self, mean, variance,
                                  bradley_terry_theta_of(self, x));
  return HEED_OK;
}

/* ---- a scale without bounds ---- */

static bool has_free_scale(const attention_node_prior *prior) {
  const heed_distribution_functions *functions = prior->distribution;
  return !functions->weights_free && functions->free_count != NULL &&
         functions->free_count(prior->prior->self) == prior->theta_count;
}

static void to_free(void *state, const double *x, double *free) {
  const bradley_terry_fit *self = state;
  const attention_node_prior *prior = &self->prior;
  memcpy(free, x, self->em.count * sizeof *free);
  if (has_free_scale(prior))
    prior->distribution->to_free(prior->prior->self, x + self->models,
                                 free + self->models);
}

static void from_free(void *state, const double *free, double *x) {
  const bradley_terry_fit *self = state;
  const attention_node_prior *prior = &self->prior;
  memcpy(x, free, self->em.count * sizeof *x);
  if (has_free_scale(prior))
    prior->distribution->from_free(prior->prior->self, free + self->models,
                                   x + self->models);
}

const attention_em_steps bradley_terry_steps = {.start = start_at,
                                                .e_step = e_step,
                                                .m_step = m_step,
                                                .to_free = to_free,
                                                .from_free = from_free};
