/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fits distributions: by refit() if the distribution has it, else by Newton's
 * method with numerical derivatives.
 *
 * A distribution has few parameters, so a step costs some ten evaluations of Q.
 * The Hessian of an earlier call is reused while its steps gain: EM moves theta
 * little from call to call. */
#include "support/attention/prior_fit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/numeric/damped_step.h"

#define STEPS_MOST 30u
#define HALVINGS_MOST 30u
/* Relative to 1 + |value|: the gradient's error is its square. */
#define DIFFERENCE 1e-4
#define TOLERANCE 1e-11
/* Steps per call that may reuse the Hessian of an earlier one. */
#define STALE_STEPS 3u

struct prior_fit {
  const heed_instance *prior;
  const heed_distribution_functions *functions;
  size_t nodes, parameters; /* parameters: of the free scale, p */
  double *log_weight;       /* nodes */
  double *theta;            /* theta_count */
  double *free, *trial;     /* p */
  double *gradient, *step;  /* p */
  double *hessian, *factor; /* (p,p) */
  bool known;               /* the Hessian is from an earlier, nearby point */
};

heed_status prior_fit_open(const heed_host *host, const heed_instance *prior,
                           size_t nodes, prior_fit **result,
                           heed_error *error) {
  const heed_distribution_functions *functions = prior->plugin->functions;
  if (functions->refit == NULL && functions->to_free == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "distribution %s cannot be fitted", prior->plugin->name);
  const size_t p =
      functions->to_free == NULL ? 0 : functions->free_count(prior->self);
  const size_t t = functions->theta_count(prior->self);
  heed_memory memory = {host, false};
  const prior_fit made = {.prior = prior,
                          .functions = functions,
                          .nodes = nodes,
                          .parameters = p,
                          .log_weight = heed_scratch_doubles(&memory, nodes),
                          .theta = heed_scratch_doubles(&memory, t),
                          .free = heed_scratch_doubles(&memory, p),
                          .trial = heed_scratch_doubles(&memory, p),
                          .gradient = heed_scratch_doubles(&memory, p),
                          .step = heed_scratch_doubles(&memory, p),
                          .hessian = heed_scratch_doubles(&memory, p * p),
                          .factor = heed_scratch_doubles(&memory, p * p)};
  prior_fit *self = heed_scratch(&memory, 1, sizeof *self);
  if (memory.refused) return heed_no_memory(error);
  *self = made;
  *result = self;
  return HEED_OK;
}

/* Q; a node without mass adds 0 for any weight. */
static double value_of(prior_fit *self, const double *nodes, const double *mass,
                       const double *theta) {
  double sum = 0.0;
  self->functions->log_weights(self->prior->self, theta, self->nodes, nodes,
                               self->log_weight);
  for (size_t k = 0; k < self->nodes; k++)
    if (mass[k] > 0.0) sum += mass[k] * self->log_weight[k];
  return sum;
}

/* Q at a point of the free scale; -HUGE_VAL where it is not a number. */
static double value_at(prior_fit *self, const double *nodes, const double *mass,
                       const double *free) {
  self->functions->from_free(self->prior->self, free, self->theta);
  const double value = value_of(self, nodes, mass, self->theta);
  return isnan(value) ? -HUGE_VAL : value;
}

static double shifted(prior_fit *self, const double *nodes, const double *mass,
                      size_t i, double by_i, size_t j, double by_j) {
  memcpy(self->trial, self->free, self->parameters * sizeof *self->trial);
  self->trial[i] += by_i;
  self->trial[j] += by_j;
  return value_at(self, nodes, mass, self->trial);
}

static double width(const prior_fit *self, size_t i) {
  return DIFFERENCE * (1.0 + fabs(self->free[i]));
}

/* Gradient of Q at self->free by central differences; and, if wanted, the
 * diagonal of the Hessian at no extra cost. */
static void fill_gradient(prior_fit *self, const double *nodes,
                          const double *mass, double value, bool diagonal) {
  const size_t p = self->parameters;
  for (size_t i = 0; i < p; i++) {
    const double h = width(self, i);
    const double above = shifted(self, nodes, mass, i, h, i, 0.0);
    const double below = shifted(self, nodes, mass, i, -h, i, 0.0);
    self->gradient[i] = (above - below) / (2.0 * h);
    if (diagonal)
      self->hessian[i * p + i] = (above - 2.0 * value + below) / (h * h);
  }
}

static void fill_mixed(prior_fit *self, const double *nodes,
                       const double *mass) {
  const size_t p = self->parameters;
  for (size_t i = 0; i < p; i++)
    for (size_t j = 0; j < i; j++) {
      const double hi = width(self, i), hj = width(self, j);
      const double mixed = (shifted(self, nodes, mass, i, hi, j, hj) -
                            shifted(self, nodes, mass, i, hi, j, -hj) -
                            shifted(self, nodes, mass, i, -hi, j, hj) +
                            shifted(self, nodes, mass, i, -hi, j, -hj)) /
                           (4.0 * hi * hj);
      self->hessian[i * p + j] = self->hessian[j * p + i] = mixed;
    }
}

static void differentiate(prior_fit *self, const double *nodes,
                          const double *mass, double value) {
  fill_gradient(self, nodes, mass, value, !self->known);
  if (!self->known) fill_mixed(self, nodes, mass);
}

/* Newton's step, damped as much as concavity needs; returns its predicted gain.
 * NaN: a difference is NaN or infinite. */
static double newton_step(prior_fit *self) {
  const size_t p = self->parameters;
  double size = 0.0, promised = 0.0;
  for (size_t i = 0; i < p; i++) size += fabs(self->hessian[i * p + i]);
  if (!isfinite(size)) return NAN;
  double damping = 0.0;
  while (!damped_step(p, self->hessian, damping, NULL, self->gradient,
                      self->factor, self->step)) {
    damping = damping == 0.0 ? 1e-6 * size + 1e-12 : 10.0 * damping;
    if (damping > 1e6 * (size + 1.0)) return NAN;
  }
  for (size_t i = 0; i < p; i++)
    promised += 0.5 * self->gradient[i] * self->step[i];
  return promised;
}

/* Moves self->free along the step until Q rises; false: it never did. */
static bool climb(prior_fit *self, const double *nodes, const double *mass,
                  double *value) {
  const size_t p = self->parameters;
  double length = 1.0;
  for (size_t halving = 0; halving < HALVINGS_MOST; halving++) {
    for (size_t i = 0; i < p; i++)
      self->trial[i] = self->free[i] + length * self->step[i];
    const double found = value_at(self, nodes, mass, self->trial);
    assert(!isnan(found));
    if (found > *value) {
      memcpy(self->free, self->trial, p * sizeof *self->free);
      *value = found;
      return true;
    }
    length *= 0.5;
  }
  return false;
}

heed_status prior_fit_improve(prior_fit *self, const double *nodes,
                              const double *mass, double *theta,
                              heed_error *error) {
  const void *prior = self->prior->self;
  if (self->functions->refit != NULL)
    return self->functions->refit(prior, self->nodes, nodes, mass, theta,
                                  error);
  self->functions->to_free(prior, theta, self->free);
  double value = value_at(self, nodes, mass, self->free);
  bool moved = false;
  for (size_t i = 0; i < STEPS_MOST; i++) {
    const bool stale = self->known && i < STALE_STEPS;
    self->known = stale;
    differentiate(self, nodes, mass, value);
    const double promised = newton_step(self);
    self->known = isfinite(promised);
    if (self->known && promised <= TOLERANCE * (1.0 + fabs(value))) break;
    if (self->known && climb(self, nodes, mass, &value)) {
      moved = true;
      continue;
    }
    if (!stale) break;
    self->known = false;
  }
  if (moved) self->functions->from_free(prior, self->free, theta);
  return HEED_OK;
}
