/* SPDX-License-Identifier: GPL-3.0-or-later
 * Turns scores into probabilities. */
#include "sources/llm/tau.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>
#include <stdbool.h>

/* Beyond this a sigmoid is 0 or 1 to the last bit. */
#define SATURATED 750.0

double tau_sigmoid(double x) {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* Mean of sigmoid(sharpness x difference). */
static double mean_at(size_t count, const double *difference,
                      double sharpness) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += tau_sigmoid(sharpness * difference[i]);
  return sum / (double)count;
}

double tau_mean(size_t count, const double *difference, double tau) {
  return mean_at(count, difference, 1 / tau);
}

double tau_better(size_t count, const double *difference) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += difference[i] > 0 ? 1 : difference[i] < 0 ? 0 : 0.5;
  return sum / (double)count;
}

heed_status tau_spread(const char *judge, size_t count,
                       const double *difference, double *tau,
                       heed_error *error) {
  double mean = 0, square = 0;
  for (size_t i = 0; i < count; i++) mean += difference[i] / (double)count;
  for (size_t i = 0; i < count; i++)
    square += (difference[i] - mean) * (difference[i] - mean);
  *tau = count > 1 ? sqrt(square / ((double)count - 1)) : 0;
  return *tau > 0 ? HEED_OK
                  : heed_fail(error, HEED_INVALID,
                              "%s: all %zu pairs have the same score "
                              "difference; their spread, 0, cannot be tau",
                              judge, count);
}

/* ---- fitting ---- */

typedef struct tau_problem {
  size_t count;
  const double *difference;
  double mu;
} tau_problem;

static double excess(double sharpness, void *context) {
  const tau_problem *self = context;
  return mean_at(self->count, self->difference, sharpness) - self->mu;
}

/* excess(low) <= 0 <= excess(high); NaN: out of memory. */
static double root(tau_problem *self, double low, double high) {
  gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
  gsl_function function = {excess, self};
  double place = NAN;
  if (solver == NULL) return NAN;
  (void)gsl_root_fsolver_set(solver, &function, low, high);
  for (int i = 0; i < 200; i++) {
    (void)gsl_root_fsolver_iterate(solver);
    place = gsl_root_fsolver_root(solver);
    if (gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                               gsl_root_fsolver_x_upper(solver), 0,
                               1e-14) == GSL_SUCCESS)
      break;
  }
  gsl_root_fsolver_free(solver);
  return place;
}

static double largest(size_t count, const double *difference) {
  double most = 0;
  for (size_t i = 0; i < count; i++) most = fmax(most, fabs(difference[i]));
  return most;
}

static double smallest(size_t count, const double *difference) {
  double least = HUGE_VAL;
  for (size_t i = 0; i < count; i++)
    if (difference[i] != 0) least = fmin(least, fabs(difference[i]));
  return least;
}

static heed_status out_of_reach(const tau_problem *self, double most,
                                heed_error *error) {
  const double better = tau_better(self->count, self->difference);
  return heed_fail(error, HEED_INVALID,
                   "mu = %g cannot be reached: the judge prefers A's response "
                   "in a share of %.4f of the %zu pairs (ties half), and no "
                   "tau makes the mean of p more than %.4f",
                   self->mu, better, self->count, fmax(better, most));
}

/* The mean is 0.5 at sharpness 0 and may not be monotone: small steps find the
 * first place where it is mu. */
heed_status tau_fit(size_t count, const double *difference, double mu,
                    double *tau, heed_error *error) {
  tau_problem self = {count, difference, mu};
  const double widest = largest(count, difference);
  double low, high = 1e-9 / widest, most = 0.5, above;
  if (widest <= 0) return out_of_reach(&self, most, error);
  *tau = 1 / high;
  if (fabs(excess(high, &self)) < 1e-9) return HEED_OK; /* mu is 0.5 */
  const double end = fmin(SATURATED / smallest(count, difference), 1e300);
  do {
    low = high;
    high = fmin(1.25 * low, end);
    above = excess(high, &self);
    most = fmax(most, mu + above);
  } while (above < 0 && high < end);
  if (above < 0) return out_of_reach(&self, most, error);
  const double sharpness = root(&self, low, high);
  if (isnan(sharpness)) return heed_no_memory(error);
  *tau = 1 / sharpness;
  return HEED_OK;
}
