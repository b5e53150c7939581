/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strengths of models: a Bradley-Terry regression (Bradley and Terry 1952,
 * Biometrika 39, 324-345) with a ridge,
 *
 *   f(s) = sum_i w_i log g_i(s_a - s_b) - ridge sum_m s_m^2,
 *
 * maximised by Newton's method.  The M-step of em_bradley_terry and of
 * crowd_bt, which know g and w.
 *
 * For few models the information is a matrix.  For many models, of which most
 * pairs are not compared, it is a graph (numeric/laplacian.h). */
#ifndef HEED_SUPPORT_CROWD_STRENGTHS_H
#define HEED_SUPPORT_CROWD_STRENGTHS_H

#include <gsl/gsl_matrix.h>

#include "heed/host.h"
#include "heed/random.h"
#include "support/numeric/laplacian.h"

typedef struct crowd_strengths {
  size_t count; /* of models, M */
  double ridge;
  bool sparse;
  gsl_matrix *information; /* (M,M): -f''; NULL: sparse */
  laplacian graph;         /* sparse: -f'' */
  double added;            /* to the diagonal of the information */
  gsl_vector *gradient, *step;
  double *trial; /* (M) */
} crowd_strengths;

/* Supplied by the caller. */
typedef struct strengths_problem {
  void *context;
  /* f(s), with the penalty. */
  double (*value)(void *context, const double *s);
  /* Calls strengths_add() for each comparison, at the last s whose value was
   * requested. */
  void (*differentiate)(void *context, const double *s, crowd_strengths *sums);
} strengths_problem;

/* comparisons: the most pairs of models that are compared.  Call
 * strengths_close() even after a failure. */
heed_status strengths_open(const heed_host *host, size_t count,
                           size_t comparisons, double ridge,
                           crowd_strengths *self, heed_error *error);
void strengths_close(crowd_strengths *self);

/* ridge sum_m s_m^2 of `count` strengths. */
double strengths_penalty(double ridge, size_t count, const double *s);

/* Adds a comparison of models a and b: d/dx and -d^2/dx^2 of its term, by
 * x = s_a - s_b. */
void strengths_add(crowd_strengths *self, size_t a, size_t b, double slope,
                   double information);

/* Tests whether the models differ more than under coin tosses: the probability
 * of a score (Rao 1948, Proc. Camb. Philos. Soc. 44, 50-57) at least as large
 * as that at s = 0, if all choices are tosses; 1 if no models are compared.
 * tosses->differentiate adds, for each comparison, the slope and information at
 * s = 0; its value is not called. */
double strengths_chance(crowd_strengths *self, const strengths_problem *tosses);

/* Moves s to the maximum; f never falls. */
void strengths_maximise(crowd_strengths *self, const strengths_problem *problem,
                        double *s);

/* ---- the normal approximation of their uncertainty ---- */

/* Sets the information to 0; strengths_add() adds to it. */
void strengths_clear(crowd_strengths *self);

/* y'Hy, H the information. */
double strengths_information_along(crowd_strengths *self, const double *y);

/* Adds d to the diagonal of the information and returns its log determinant:
 * exact if it is not sparse, else approximate (numeric/laplacian.h).
 * -HUGE_VAL: it is not positive definite. */
double strengths_factorise(crowd_strengths *self, double d);

/* After strengths_factorise(): a draw from N(0, information^-1). */
void strengths_draw(crowd_strengths *self, heed_stream *stream, double *shift);

#endif
