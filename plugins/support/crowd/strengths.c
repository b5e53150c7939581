/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strengths of models: Newton's method.  The regression is concave for the
 * models of this project; for others, steps are halved until they gain. */
#include "support/crowd/strengths.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"

/* Up to this many models, a matrix is always fast. */
enum { FEW = 256 };

/* A step on a matrix costs M^3 / 3 multiplications and additions in blocks,
 * about M^3 / 24 ns.  A step on a graph costs some twenty passes over its
 * edges, about 80 ns per edge. */
static bool is_sparse(size_t models, size_t comparisons) {
  return models > FEW && 2000 * (double)comparisons < pow((double)models, 3);
}

heed_status strengths_open(const heed_host *host, size_t count,
                           size_t comparisons, double ridge,
                           crowd_strengths *self, heed_error *error) {
  heed_memory memory = {host, false};
  const size_t most = comparisons < count * (count - 1) / 2
                          ? comparisons
                          : count * (count - 1) / 2;
  *self = (crowd_strengths){
      .count = count,
      .ridge = ridge,
      .sparse = is_sparse(count, most),
      .gradient = heed_allocated(&memory, gsl_vector_alloc(count)),
      .step = heed_allocated(&memory, gsl_vector_alloc(count)),
      .trial = heed_scratch_doubles(&memory, count)};
  if (self->sparse)
    laplacian_open(&memory, count, most, &self->graph);
  else
    self->information = heed_allocated(&memory, gsl_matrix_alloc(count, count));
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

void strengths_close(crowd_strengths *self) {
  if (self->information != NULL) gsl_matrix_free(self->information);
  if (self->gradient != NULL) gsl_vector_free(self->gradient);
  if (self->step != NULL) gsl_vector_free(self->step);
}

double strengths_penalty(double ridge, size_t count, const double *s) {
  double sum = 0;
  for (size_t m = 0; m < count; m++) sum += s[m] * s[m];
  return ridge * sum;
}

void strengths_clear(crowd_strengths *self) {
  gsl_vector_set_zero(self->gradient);
  self->added = 0;
  if (self->sparse)
    laplacian_clear(&self->graph, 0);
  else
    gsl_matrix_set_zero(self->information);
}

static void add_to_diagonal(crowd_strengths *self, double d) {
  self->added += d;
  if (self->sparse) {
    laplacian_shift(&self->graph, d);
    return;
  }
  for (size_t m = 0; m < self->count; m++)
    *gsl_matrix_ptr(self->information, m, m) += d;
}

static void add_ridge(crowd_strengths *self, double ridge, const double *s) {
  strengths_clear(self);
  add_to_diagonal(self, 2 * ridge);
  for (size_t m = 0; m < self->count; m++)
    gsl_vector_set(self->gradient, m, -(2 * ridge) * s[m]);
}

void strengths_add(crowd_strengths *self, size_t a, size_t b, double slope,
                   double information) {
  *gsl_vector_ptr(self->gradient, a) += slope;
  *gsl_vector_ptr(self->gradient, b) -= slope;
  if (self->sparse) {
    laplacian_add(&self->graph, a, b, information);
    return;
  }
  *gsl_matrix_ptr(self->information, a, a) += information;
  *gsl_matrix_ptr(self->information, b, b) += information;
  *gsl_matrix_ptr(self->information, a, b) -= information;
  *gsl_matrix_ptr(self->information, b, a) -= information;
}

/* Newton's step; returns its predicted gain to first order, 0 if there is no
 * step. */
static double find_step(crowd_strengths *self) {
  double promised = 0;
  if (self->sparse) {
    laplacian_solve(&self->graph, self->gradient->data, self->step->data);
  } else {
    if (gsl_linalg_cholesky_decomp1(self->information) != 0) return 0;
    gsl_linalg_cholesky_solve(self->information, self->gradient, self->step);
  }
  gsl_blas_ddot(self->gradient, self->step, &promised);
  return promised;
}

/* The number of models minus the number of groups of connected models.  In a
 * factorised matrix with a tiny ridge, one pivot of each group is as small as
 * the ridge.  The others are at least the information of one comparison divided
 * by the number of models. */
static double count_freedom(crowd_strengths *self) {
  const double small = 1e-6;
  double freedom = 0;
  if (self->sparse) return (double)laplacian_rank(&self->graph);
  for (size_t m = 0; m < self->count; m++)
    freedom += pow(gsl_matrix_get(self->information, m, m), 2) > small;
  return freedom;
}

double strengths_chance(crowd_strengths *self,
                        const strengths_problem *tosses) {
  const double ridge = 1e-10;
  memset(self->trial, 0, self->count * sizeof *self->trial);
  add_ridge(self, ridge, self->trial);
  tosses->differentiate(tosses->context, self->trial, self);
  const double score = find_step(self), freedom = count_freedom(self);
  return freedom > 0 ? gsl_cdf_chisq_Q(score, freedom) : 1;
}

/* Moves s along the step until f rises; false: it never did. */
static bool climb(crowd_strengths *self, const strengths_problem *problem,
                  double *s, double *value) {
  enum { MOST_HALVINGS = 30 };
  double size = 1;
  for (int i = 0; i < MOST_HALVINGS; i++) {
    for (size_t m = 0; m < self->count; m++)
      self->trial[m] = s[m] + size * gsl_vector_get(self->step, m);
    const double there = problem->value(problem->context, self->trial);
    if (there > *value) {
      memcpy(s, self->trial, self->count * sizeof *s);
      *value = there;
      return true;
    }
    size /= 2;
  }
  return false;
}

void strengths_maximise(crowd_strengths *self, const strengths_problem *problem,
                        double *s) {
  enum { MOST_STEPS = 25 };
  double value = problem->value(problem->context, s);
  for (int steps = 0; steps < MOST_STEPS; steps++) {
    add_ridge(self, self->ridge, s);
    problem->differentiate(problem->context, s, self);
    if (!(find_step(self) > 1e-13 * (1 + fabs(value))) ||
        !climb(self, problem, s, &value))
      return;
  }
}

/* ---- the normal approximation ---- */

double strengths_information_along(crowd_strengths *self, const double *y) {
  double along = 0;
  if (self->sparse) laplacian_multiply(&self->graph, y, self->trial);
  for (size_t a = 0; a < self->count; a++) {
    if (self->sparse) along += y[a] * self->trial[a];
    for (size_t b = 0; !self->sparse && b < self->count; b++)
      along += y[a] * gsl_matrix_get(self->information, a, b) * y[b];
  }
  return along;
}

double strengths_factorise(crowd_strengths *self, double d) {
  double log_det = 0;
  add_to_diagonal(self, d);
  if (self->sparse) return laplacian_log_determinant(&self->graph);
  if (gsl_linalg_cholesky_decomp1(self->information) != 0) return -HUGE_VAL;
  for (size_t m = 0; m < self->count; m++)
    log_det += 2 * log(gsl_matrix_get(self->information, m, m));
  return log_det;
}

void strengths_draw(crowd_strengths *self, heed_stream *stream, double *shift) {
  if (self->sparse) {
    laplacian_draw(&self->graph, self->added, stream, shift);
    return;
  }
  for (size_t m = 0; m < self->count; m++) shift[m] = heed_normal(stream);
  for (size_t m = self->count; m-- > 0;) { /* solve L' shift = z upwards */
    double sum = shift[m];
    for (size_t k = m + 1; k < self->count; k++)
      sum -= gsl_matrix_get(self->information, k, m) * shift[k];
    shift[m] = sum / gsl_matrix_get(self->information, m, m);
  }
}
