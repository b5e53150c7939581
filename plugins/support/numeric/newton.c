/* SPDX-License-Identifier: GPL-3.0-or-later
 * Newton's method with finite differences: gradient and Hessian from n + n^2
 * values, and a damped step that is halved until f rises.
 *
 * If no step raises f, f may have a shallow local maximum: a prior that is
 * narrower than the distance of its nodes changes the likelihood as it passes
 * each node.  So before it ends, the search tries points further along the
 * flattest direction. */
#include "support/numeric/newton.h"

#include <assert.h>
#include <gsl/gsl_eigen.h>
#include <math.h>
#include <string.h>

#include "support/numeric/damped_step.h"

/* Relative to 1 + |x|: a prior that is almost a point changes within 10^-3. */
#define DIFFERENCE 1e-4
#define STEPS_MOST 100
#define HALVINGS_MOST 30
/* The longest step, relative to 1 + |x|. */
#define LONGEST 2

/* Of one maximisation; arrays of n values, hessian and factor (n,n). */
typedef struct newton_state {
  const newton_problem *problem;
  double *x, *trial, *up, *down, *gradient, *step, *held;
  double *direction, *kept;
  double *hessian, *factor;
  newton_result result;
} newton_state;

double *newton_room(heed_memory *memory, size_t count) {
  return heed_scratch_doubles(memory, 8 * count + 2 * count * count);
}

static double width(const newton_state *self, size_t i) {
  return DIFFERENCE * (1 + fabs(self->x[i]));
}

static bool may_go_on(const newton_state *self) {
  return self->result.values < self->problem->most_values;
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

/* Finds a step: damped enough for a concave model, and not too long.  Returns
 * the gain that it promises, or 0.  up: room for the size of the Hessian's
 * diagonal. */
static double find_step(newton_state *self) {
  const size_t n = self->problem->count;
  double damping = 0, size = 1, promised = 0;
  for (size_t i = 0; i < n; i++)
    self->up[i] = fabs(self->hessian[i * n + i]) + 1e-12;
  while (!damped_step(n, self->hessian, damping, self->up, self->gradient,
                      self->factor, self->step)) {
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

/* Moves x along the step, halved until f rises; false: f never rose. */
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

/* Whether only held values have a part in an eigenvector. */
static bool is_held(const newton_state *self, const gsl_matrix *vectors,
                    size_t index) {
  for (size_t i = 0; i < self->problem->count; i++)
    if (self->held[i] == 0 && fabs(gsl_matrix_get(vectors, i, index)) > 1e-6)
      return false;
  return true;
}

/* Sets direction to the flattest direction: the eigenvector of the Hessian with
 * the largest eigenvalue; its largest element is 1.  Held values have
 * eigenvalue -1 and are left out. */
static bool find_flattest(newton_state *self) {
  const size_t n = self->problem->count;
  gsl_eigen_symmv_workspace *room = gsl_eigen_symmv_alloc(n);
  gsl_vector *values = gsl_vector_alloc(n);
  gsl_matrix *vectors = gsl_matrix_alloc(n, n);
  gsl_matrix_view matrix = gsl_matrix_view_array(self->factor, n, n);
  size_t best = n;
  double most = 0;
  memcpy(self->factor, self->hessian, n * n * sizeof *self->factor);
  if (room != NULL && values != NULL && vectors != NULL &&
      gsl_eigen_symmv(&matrix.matrix, values, vectors, room) == 0)
    for (size_t i = 0; i < n; i++)
      if (!is_held(self, vectors, i) &&
          (best == n ||
           gsl_vector_get(values, i) > gsl_vector_get(values, best)))
        best = i;
  for (size_t i = 0; best < n && i < n; i++) {
    self->direction[i] = gsl_matrix_get(vectors, i, best);
    most = fmax(most, fabs(self->direction[i]));
  }
  for (size_t i = 0; best < n && i < n; i++) self->direction[i] /= most;
  if (room != NULL) gsl_eigen_symmv_free(room);
  if (values != NULL) gsl_vector_free(values);
  if (vectors != NULL) gsl_matrix_free(vectors);
  return best < n;
}

/* Moves x to a better point near x + size direction.  A ridge is rarely
 * straight, so Newton steps climb from there back to it.  False: found none. */
static bool look_beside(newton_state *self, double size, double enough) {
  enum { STEPS = 3 };
  const size_t n = self->problem->count;
  const double here = self->result.value;
  memcpy(self->kept, self->x, n * sizeof *self->x);
  for (size_t i = 0; i < n; i++) self->x[i] += size * self->direction[i];
  self->result.value = value_at(self, self->x);
  for (int steps = 0; self->result.value > -HUGE_VAL && steps < STEPS;
       steps++) {
    if (self->result.value > here + enough) return true;
    if (!may_go_on(self)) break;
    differentiate(self);
    if (!(find_step(self) > 0) || !climb(self)) break;
  }
  if (self->result.value > here + enough) return true;
  memcpy(self->x, self->kept, n * sizeof *self->x);
  self->result.value = here;
  return false;
}

/* Moves x along the flattest direction to a better point; false: there is
 * none. */
static bool leave_hollow(newton_state *self, double enough) {
  if (!find_flattest(self)) return false;
  for (int halving = 0; halving < 5 && may_go_on(self); halving++) {
    const double size = ldexp(1, -halving);
    if (look_beside(self, size, enough) || look_beside(self, -size, enough))
      return true;
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
                       .direction = room + 6 * n,
                       .kept = room + 7 * n,
                       .hessian = room + 8 * n,
                       .factor = room + 8 * n + n * n,
                       .result = {.value = value}};
  assert(value > -HUGE_VAL);
  for (int steps = 0; steps < STEPS_MOST && may_go_on(&self); steps++) {
    const double enough = problem->tolerance * (1 + fabs(self.result.value));
    differentiate(&self);
    if (!(find_step(&self) > enough && climb(&self)) &&
        !leave_hollow(&self, enough))
      break;
  }
  return self.result;
}
