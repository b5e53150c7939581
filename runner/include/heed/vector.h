/* SPDX-License-Identifier: MIT
 * Optional: fast arithmetic on arrays of doubles.
 *
 *   const heed_vector *vector = heed_vector_of(host);
 *   if (vector == NULL) return ...;        a host before ABI 4.1
 *   vector->sigmoid(count, x, p);
 *
 * The host chooses an implementation that the processor can run (AVX-512, AVX2
 * or plain C).  All of them return the same bits, for any alignment of the
 * arrays.  All functions may be called on any thread.
 *
 * An ulp is the distance between two neighbouring doubles at the exact result.
 * A NaN as input gives NaN; an infinity gives the limit.  The output may be the
 * same array as the input; otherwise they must not overlap. */
#ifndef HEED_VECTOR_H
#define HEED_VECTOR_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_vector {
  size_t size;      /* sizeof(heed_vector), set by the host */
  const char *name; /* "avx512", "avx2" or "plain" */

  /* y[i] = f(x[i]), within 2 ulp. */
  void (*exp)(size_t count, const double *x, double *y);
  void (*log)(size_t count, const double *x, double *y);
  void (*log1p)(size_t count, const double *x, double *y); /* log(1 + x) */
  void (*sigmoid)(size_t count, const double *x, double *y);
  void (*softplus)(size_t count, const double *x, double *y); /* log(1+e^x) */

  /* Both at once: y = softplus(x), and its derivative, slope = sigmoid(x). */
  void (*softplus_sigmoid)(size_t count, const double *x, double *y,
                           double *slope);

  /* x[i] = sqrt(-2 log u[i]) cos(2 pi v[i]), u and v from 0 to 1, within 4
   * ulp: standard normal if u and v are uniform. */
  void (*normal)(size_t count, const double *u, const double *v, double *x);

  /* Sums of x[i], x[i] y[i] and weight[i] x[i] y[i].  The error is at most
   * (140 + count / 1024) 2^-53 times the sum of the magnitudes.  The order of
   * the additions depends only on count. */
  double (*sum)(size_t count, const double *x);
  double (*dot)(size_t count, const double *x, const double *y);
  double (*weighted_dot)(size_t count, const double *weight, const double *x,
                         const double *y);

  /* Adds x' diag(weight) x to gram: for each two columns of x, the weighted sum
   * of their products over the rows.  x is rows x width, gram is width x width
   * and symmetric, both row-major.  Sums run from the first row to the last. */
  void (*gram)(size_t rows, size_t width, const double *x, const double *weight,
               double *gram);

  /* log of the sum of e^x[i]; count 0: -infinity. */
  double (*log_sum_exp)(size_t count, const double *x);
  /* The same, and y[i] = e^x[i] / sum of e^x[j]. */
  double (*softmax)(size_t count, const double *x, double *y);

  /* Bradley-Terry: win[s][i] = sum over j of weight[s][j] sigmoid(reward[i] -
   * reward[j]), for s < sets; weight and win are sets x count.  Rewards are
   * finite.  The error is at most (count + 10 + 2 range of the rewards) 2^-53
   * times the sum of the magnitudes. */
  void (*wins)(size_t count, const double *reward, size_t sets,
               const double *weight, double *win);
} heed_vector;

/* Extension: a const heed_vector *, valid as long as the process. */
#define HEED_VECTOR "heed.vector"

static inline const heed_vector *heed_vector_of(const heed_host *host) {
  return (const heed_vector *)host->extension(host, HEED_VECTOR);
}

/* `count` draws of heed_normal(), up to rounding. */
static inline void heed_normals(const heed_vector *vector, heed_stream *stream,
                                size_t count, double *x) {
  double u[64], v[64];
  for (size_t i = 0; i < count; i += 64) {
    const size_t drawn = count - i < 64 ? count - i : 64;
    for (size_t j = 0; j < drawn; j++) {
      u[j] = heed_uniform(stream);
      v[j] = heed_uniform(stream);
    }
    vector->normal(drawn, u, v, x + i);
  }
}

#ifdef __cplusplus
}
#endif

#endif
