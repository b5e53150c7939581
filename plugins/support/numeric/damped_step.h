/* SPDX-License-Identifier: GPL-3.0-or-later
 * A damped Newton step of few values.  Called by newton.h and by
 * attention/prior_fit.h. */
#ifndef HEED_SUPPORT_NUMERIC_DAMPED_STEP_H
#define HEED_SUPPORT_NUMERIC_DAMPED_STEP_H

#include <stdbool.h>
#include <stddef.h>

/* Solves (damping D - hessian) step = gradient by Cholesky; false if that
 * matrix is not positive definite.  hessian[n x n]; scale[n]: D's diagonal,
 * NULL: 1; factor[n x n]: room. */
bool damped_step(size_t n, const double *hessian, double damping,
                 const double *scale, const double *gradient, double *factor,
                 double *step);

#endif
