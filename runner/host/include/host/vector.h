/* SPDX-License-Identifier: GPL-3.0-or-later
 * The implementations of heed/vector.h.
 *
 * Callers: service.c (the extension), evaluation, tests. */
#ifndef HEED_HOST_VECTOR_H
#define HEED_HOST_VECTOR_H

#include "heed/vector.h"

/* The best that this processor can run. */
const heed_vector *vector_best(void);

/* One of them; NULL: this processor cannot run it. */
const heed_vector *vector_plain(void);
const heed_vector *vector_avx2(void);
const heed_vector *vector_avx512(void);

/* For pi[i] = e^(x[i] + c t[i]) / Z: log Z = most + log(sum), the mean and the
 * variance of t under pi, the mean of f and its covariance with t.  count >= 1;
 * x, t and c are finite. */
typedef struct vector_tilted {
  double most, sum, mean, variance, value, covariance;
} vector_tilted;

/* An implementation: what plugins see, and what the host alone uses. */
typedef struct vector_path {
  heed_vector vector; /* first: each heed_vector * here is a vector_path * */
  vector_tilted (*tilt)(size_t count, const double *x, const double *t,
                        const double *f, double c);
} vector_path;

static inline vector_tilted vector_tilt(const heed_vector *vector, size_t count,
                                        const double *x, const double *t,
                                        const double *f, double c) {
  return ((const vector_path *)vector)->tilt(count, x, t, f, c);
}

#endif
