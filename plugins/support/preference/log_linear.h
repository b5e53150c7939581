/* SPDX-License-Identifier: GPL-3.0-or-later
 * Preference learning of log-linear policies, pi ∝ pi_ref exp(theta.phi).
 *
 * Such a policy's margins are linear, z = X w with w = beta theta and a row of
 * X the difference of features, preferred minus other.  The objective to
 * minimise is
 *   sum_i weight_i loss(z_i) + ridge/2 |w|^2,
 * so ridge is the precision of a normal prior on each value of w, with the same
 * meaning for any number of annotations.
 *
 * Called by policy_fit.h, by the joint fit, and by the trainer dpo's tuning. */
#ifndef HEED_SUPPORT_PREFERENCE_LOG_LINEAR_H
#define HEED_SUPPORT_PREFERENCE_LOG_LINEAR_H

#include "heed/memory.h"
#include "heed/vector.h"

/* support/preference/loss.h */
typedef struct preference_label preference_label;
typedef struct preference_loss preference_loss;

typedef struct log_linear {
  size_t count, features;        /* n, d */
  const double *x;               /* (n,d) */
  const double *weight;          /* (n) >= 0 */
  const preference_label *label; /* (n); NULL: the loss ignores labels */
} log_linear;

/* Workspace of a fit, for up to n annotations; reuse it. */
typedef struct log_linear_scratch {
  const heed_vector *vector;
  double *margin, *trial;          /* (n) */
  double *slope, *information;     /* (n) */
  double *curvature;               /* (n) */
  double *value;                   /* (rows of a block) */
  double *gradient, *step, *point; /* (d) */
  double *hessian;                 /* (d,d) */
  double *block;                   /* (rows of a block, d) */
} log_linear_scratch;

typedef struct log_linear_fit {
  double objective;  /* with the ridge */
  double loss;       /* without */
  size_t iterations; /* Newton steps */
  bool converged;
} log_linear_fit;

/* From heed_scratch(). */
log_linear_scratch *log_linear_room(heed_memory *memory, size_t count,
                                    size_t features);

/* z = X w */
void log_linear_margins(const log_linear *data, const double *w, double *z);

/* step = (X' diag(information) X + ridge I)^-1 (-X' slope - ridge w), with
 * slope and information (n) already weighted; decrement is the predicted
 * decrease of the objective.  False: the matrix is not positive definite. */
bool log_linear_step(const log_linear *data, const double *slope,
                     const double *information, double ridge, const double *w,
                     log_linear_scratch *scratch, double *step,
                     double *decrement);

/* Newton's method from w (Fisher scoring if the loss is not convex and its
 * Hessian not positive definite), with steps halved until the objective falls;
 * tolerance is relative to the objective.  w is the best point found, even
 * without convergence. */
log_linear_fit log_linear_minimise(const log_linear *data,
                                   const preference_loss *loss, double ridge,
                                   double tolerance,
                                   log_linear_scratch *scratch, double *w);

#endif
