/* SPDX-License-Identifier: GPL-3.0-or-later
 * Newton's method by differences: gradient and Hessian from 1 + n + n^2 values,
 * a damped step, halved until it gains. */
#include "support/numeric/newton.h"

#include <assert.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

/* Relative to 1 + |x|.  At 1e-3 the error of a second difference is 1e-6 of
 * the curvature, and 1e-9 of f's own rounding of 1e-15. */
#define DIFFERENCE 1e-4
#define STEPS_MOST 100
#define HALVINGS_MOST 30
/* The longest step, relative to 1 + |x|. */
#define LONGEST 2

/* Of one maximisation; arrays of n values, hessian and factor (n,n). */
typedef struct newton_state {
  const newton_problem *problem;
  double *x, *trial, *up, *down, *gradient, *step, *held;
  double *hessian, *factor;
  newton_result result;
} newton_state;

double *newton_room(heed_memory *memory, size_t count) {
  return heed_scratch_doubles(memory, 6 * count + 2 * count * count);
}

static double width(const newton_state *self, size_t i) {
  return DIFFERENCE * (1 + fabs(self->x[i]));
}

static double value_at(newton_state *self, const double *x) {
  const double value = self->problem->value(self->problem->context, x);
  self->result.values++;
  return isnan(value) ? -HUGE_VAL : value;
}

/* f at x with values i and j (which may be equal) moved by whole widths. */
static double shifted(newton_state *self, size_t i, double by_i, size_t j,
                      double by_j) {
  memcpy(self->trial, self->x, self->problem->count * sizeof *self->trial);
  self->trial[i] += by_i * width(self, i);
  if (j != i) self->trial[j] += by_j * width(self, j);
  return value_at(self, self->trial);
}

/* Slope and curvature in x[i]; whether it is held at a bound. */
static void differentiate_one(newton_state *self, size_t i) {
  const double h = width(self, i), here = self->result.value;
  const double up = self->up[i] = shifted(self, i, 1, i, 0);
  const double down = self->down[i] = shifted(self, i, -1, i, 0);
  const bool inside = up > -HUGE_VAL && down > -HUGE_VAL;
  double *curvature = &self->hessian[i * self->problem->count + i];
  self->held[i] =
      !(up > here) && !(down > here) && (!inside || up == here || down == here);
  if (inside) {
    self->gradient[i] = (up - down) / (2 * h);
    *curvature = (up - 2 * here + down) / (h * h);
  } else {
    self->gradient[i] = up > -HUGE_VAL     ? (up - here) / h
                        : down > -HUGE_VAL ? (here - down) / h
                                           : 0;
    *curvature = -fabs(self->gradient[i]) / h;
  }
}

/* d^2 f / dx_i dx_j from f at x + h_i + h_j and x - h_i - h_j. */
static double mixed(newton_state *self, size_t i, size_t j) {
  const double both = shifted(self, i, 1, j, 1);
  const double neither = shifted(self, i, -1, j, -1);
  const double twice = both - self->up[i] - self->up[j] +
                       2 * self->result.value - self->down[i] - self->down[j] +
                       neither;
  return isfinite(twice) ? twice / (2 * width(self, i) * width(self, j)) : 0;
}

static void differentiate(newton_state *self) {
  const size_t n = self->problem->count;
  for (size_t i = 0; i < n; i++) differentiate_one(self, i);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      self->hessian[i * n + j] = self->hessian[j * n + i] =
          self->held[i] != 0 || self->held[j] != 0 ? 0 : mixed(self, i, j);
  for (size_t i = 0; i < n; i++) {
    if (self->held[i] == 0) continue;
    self->gradient[i] = 0;
    self->hessian[i * n + i] = -1;
  }
}

/* (damping D - hessian) step = gradient, D the size of its diagonal; false if
 * that matrix is not positive definite. */
static bool solve(newton_state *self, double damping) {
  const size_t n = self->problem->count;
  gsl_matrix_view factor = gsl_matrix_view_array(self->factor, n, n);
  gsl_vector_view step = gsl_vector_view_array(self->step, n);
  memcpy(self->step, self->gradient, n * sizeof *self->step);
  for (size_t i = 0; i < n * n; i++) self->factor[i] = -self->hessian[i];
  for (size_t i = 0; i < n; i++)
    self->factor[i * n + i] +=
        damping * (fabs(self->hessian[i * n + i]) + 1e-12);
  if (gsl_linalg_cholesky_decomp1(&factor.matrix) != 0) return false;
  gsl_linalg_cholesky_svx(&factor.matrix, &step.vector);
  return true;
}

/* A step, damped as much as concavity needs and not too long; returns the gain
 * that it promises, or 0. */
static double find_step(newton_state *self) {
  const size_t n = self->problem->count;
  double damping = 0, size = 1, promised = 0;
  while (!solve(self, damping)) {
    damping = damping == 0 ? 1e-3 : 4 * damping;
    if (!(damping < 1e6)) return 0;
  }
  for (size_t i = 0; i < n; i++) {
    const double most = LONGEST * (1 + fabs(self->x[i]));
    size = fmin(size, most / fmax(fabs(self->step[i]), most));
  }
  for (size_t i = 0; i < n; i++) {
    self->step[i] *= size;
    promised += self->gradient[i] * self->step[i];
  }
  return isfinite(promised) ? promised : 0;
}

/* Moves x along the step until f rises; false: it never did. */
static bool climb(newton_state *self) {
  const size_t n = self->problem->count;
  double size = 1;
  for (int halvings = 0; halvings < HALVINGS_MOST; halvings++) {
    for (size_t i = 0; i < n; i++)
      self->trial[i] = self->x[i] + size * self->step[i];
    const double there = value_at(self, self->trial);
    if (there > self->result.value) {
      memcpy(self->x, self->trial, n * sizeof *self->x);
      self->result.value = there;
      return true;
    }
    size /= 2;
  }
  return false;
}

newton_result newton_maximise(const newton_problem *problem, double value,
                              double *room, double *x) {
  const size_t n = problem->count;
  newton_state self = {.problem = problem,
                       .x = x,
                       .trial = room,
                       .up = room + n,
                       .down = room + 2 * n,
                       .gradient = room + 3 * n,
                       .step = room + 4 * n,
                       .held = room + 5 * n,
                       .hessian = room + 6 * n,
                       .factor = room + 6 * n + n * n,
                       .result = {.value = value}};
  assert(value > -HUGE_VAL);
  for (int steps = 0;
       steps < STEPS_MOST && self.result.values < problem->most_values;
       steps++) {
    const double enough = problem->tolerance * (1 + fabs(self.result.value));
    differentiate(&self);
    if (!(find_step(&self) > enough) || !climb(&self)) break;
  }
  return self.result;
}
