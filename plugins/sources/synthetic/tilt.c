/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tilts: models A and B, and the lean that gives a gap.  Called by the source
 * synthetic. */
#include "sources/synthetic/tilt.h"

#include <cblas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>

/* Upper limits: beyond this sharpness the gap barely grows; beyond this
 * likeness it shrinks, because too few candidates are left to lean with.  Found
 * by trial over 16 to 64 candidates and cosines of 0.4 and 0.7. */
#define SHARPNESS_MOST 16.0
#define LIKENESS_MOST 4.0

void tilt_log_policy(preference_tilt lean, double sign, size_t count,
                     const double *along, const double *across,
                     double *log_probability) {
  double highest = -HUGE_VAL, total = 0.0;
  for (size_t k = 0; k < count; k++) {
    log_probability[k] =
        lean.sharpness *
        (sign * along[k] - 0.5 * lean.likeness * across[k] * across[k]);
    highest = fmax(highest, log_probability[k]);
  }
  for (size_t k = 0; k < count; k++) total += exp(log_probability[k] - highest);
  for (size_t k = 0; k < count; k++) log_probability[k] -= highest + log(total);
}

static void policy(preference_tilt lean, double sign, size_t count,
                   const double *along, const double *across,
                   double *probability) {
  tilt_log_policy(lean, sign, count, along, across, probability);
  for (size_t k = 0; k < count; k++) probability[k] = exp(probability[k]);
}

double tilt_gap(const tilt_pool *pool, preference_tilt lean) {
  const size_t wide = pool->candidates;
  double *a = pool->scratch, *b = a + wide, *beats = b + wide;
  double sum = 0.0;
  for (size_t i = 0; i < pool->prompts; i++) {
    const double *along = pool->along + i * wide;
    const double *across = pool->across + i * wide;
    policy(lean, 1.0, wide, along, across, a);
    policy(lean, -1.0, wide, along, across, b);
    /* beats = win b, (K) */
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)wide, (int)wide, 1.0,
                pool->win + i * wide * wide, (int)wide, b, 1, 0.0, beats, 1);
    sum += cblas_ddot((int)wide, a, 1, beats, 1);
  }
  return sum / (double)pool->prompts;
}

/* The path from no gap to the largest: first the sharpness grows, then, if it
 * is free, the likeness.  `place` runs from 0 to 1, or to 2. */
typedef struct tilt_path {
  const tilt_pool *pool;
  double mu, likeness;
} tilt_path;

static preference_tilt lean_at(const tilt_path *self, double place) {
  return (preference_tilt){
      .sharpness = SHARPNESS_MOST * fmin(place, 1.0),
      .likeness = isnan(self->likeness) ? LIKENESS_MOST * fmax(place - 1.0, 0.0)
                                        : self->likeness,
  };
}

static double excess(double place, void *context) {
  const tilt_path *self = context;
  return tilt_gap(self->pool, lean_at(self, place)) - self->mu;
}

/* excess(low) <= 0 <= excess(high) */
static double root(tilt_path *self, double low, double high) {
  const gsl_root_fsolver_type *type = gsl_root_fsolver_brent;
  gsl_root_fsolver *solver = gsl_root_fsolver_alloc(type);
  gsl_function function = {excess, self};
  double place = NAN;
  if (solver == NULL) return NAN;
  gsl_root_fsolver_set(solver, &function, low, high);
  for (int i = 0; i < 100; i++) {
    gsl_root_fsolver_iterate(solver);
    place = gsl_root_fsolver_root(solver);
    low = gsl_root_fsolver_x_lower(solver);
    high = gsl_root_fsolver_x_upper(solver);
    if (gsl_root_test_interval(low, high, 0.0, 1e-9) == GSL_SUCCESS) break;
  }
  gsl_root_fsolver_free(solver);
  return place;
}

heed_status tilt_calibrate(const tilt_pool *pool, double mu, double likeness,
                           preference_tilt *lean, double *most) {
  tilt_path self = {.pool = pool, .mu = mu, .likeness = likeness};
  double low = 0.0, high = 1.0;
  *lean = lean_at(&self, 0.0);
  *most = mu + excess(high, &self);
  if (excess(0.0, &self) >= 0.0) return HEED_OK; /* mu is 0.5 */
  if (*most < mu && isnan(likeness)) {
    low = high;
    high = 2.0;
    *most = mu + excess(high, &self);
  }
  if (*most < mu) return HEED_INVALID;
  const double place = root(&self, low, high);
  if (isnan(place)) return HEED_MEMORY;
  *lean = lean_at(&self, place);
  return HEED_OK;
}
