/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strengths of models: a Bradley-Terry regression (Bradley and Terry 1952,
 * Biometrika 39, 324-345) with a ridge,
 *
 *   f(s) = sum_i w_i log g_i(s_a - s_b) - ridge sum_m s_m^2,
 *
 * maximised by Newton's method.  The M-step of em_bradley_terry and of
 * crowd_bt, which know g and w. */
#ifndef HEED_SUPPORT_CROWD_STRENGTHS_H
#define HEED_SUPPORT_CROWD_STRENGTHS_H

#include <gsl/gsl_matrix.h>

#include "heed/host.h"

typedef struct crowd_strengths {
  size_t count; /* of models, M */
  double ridge;
  gsl_matrix *information; /* (M,M): -f'' */
  gsl_vector *gradient, *step;
  double *trial; /* (M) */
} crowd_strengths;

/* What the caller knows. */
typedef struct strengths_problem {
  void *context;
  /* f(s), with the penalty. */
  double (*value)(void *context, const double *s);
  /* Calls strengths_add() for each comparison, at the s whose value was asked
   * for last. */
  void (*differentiate)(void *context, const double *s, crowd_strengths *sums);
} strengths_problem;

/* Close it also after a failure. */
heed_status strengths_open(const heed_host *host, size_t count, double ridge,
                           crowd_strengths *self, heed_error *error);
void strengths_close(crowd_strengths *self);

/* ridge sum_m s_m^2 of `count` strengths. */
double strengths_penalty(double ridge, size_t count, const double *s);

/* Adds a comparison of models a and b: d/dx and -d^2/dx^2 of its term, by
 * x = s_a - s_b. */
void strengths_add(crowd_strengths *self, size_t a, size_t b, double slope,
                   double information);

/* Moves s to the maximum; f never falls by it. */
void strengths_maximise(crowd_strengths *self, const strengths_problem *problem,
                        double *s);

#endif
