/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cholesky for a few values.  GSL's function would call its error handler if
 * the matrix is not positive definite; here that is not an error. */
#include "support/numeric/damped_step.h"

#include <math.h>

bool damped_step(size_t n, const double *hessian, double damping,
                 const double *scale, const double *gradient, double *factor,
                 double *step) {
  double *l = factor;
  for (size_t i = 0; i < n; i++) {
    step[i] = gradient[i];
    for (size_t j = 0; j <= i; j++) {
      const double added = scale == NULL ? damping : damping * scale[i];
      double sum = (i == j ? added : 0.0) - hessian[i * n + j];
      for (size_t k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      if (i == j && !(sum > 0.0)) return false;
      l[i * n + j] = i == j ? sqrt(sum) : sum / l[j * n + j];
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++) step[i] -= l[i * n + k] * step[k];
    step[i] /= l[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) step[i] -= l[k * n + i] * step[k];
    step[i] /= l[i * n + i];
  }
  return true;
}
