/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels for mixtures: one source, compiled for one, four and eight lanes with
 * -ffp-contract=off. */
#include "support/attention/mixture_kernels.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MIXTURE_WIDTH 1
#define MIXTURE_TARGET
#define MIXTURE(name) name##_plain
#define MIXTURE_WORD "plain"
#include "support/attention/mixture_kernels_body.h"
#undef MIXTURE_WIDTH
#undef MIXTURE_TARGET
#undef MIXTURE
#undef MIXTURE_WORD

#if defined(__x86_64__)
#include <immintrin.h>

#define MIXTURE_WIDTH 4
#define MIXTURE_TARGET __attribute__((target("avx2,fma")))
#define MIXTURE(name) name##_avx2
#define MIXTURE_WORD "avx2"
#include "support/attention/mixture_kernels_body.h"
#undef MIXTURE_WIDTH
#undef MIXTURE_TARGET
#undef MIXTURE
#undef MIXTURE_WORD

#define MIXTURE_WIDTH 8
#define MIXTURE_TARGET __attribute__((target("avx512f,avx512dq,fma")))
#define MIXTURE(name) name##_avx512
#define MIXTURE_WORD "avx512"
#include "support/attention/mixture_kernels_body.h"
#endif

const mixture_kernels *mixture_kernels_plain(void) {
  return &table_plain;
}

const mixture_kernels *mixture_kernels_avx2(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &table_avx2;
#endif
  return NULL;
}

const mixture_kernels *mixture_kernels_avx512(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
    return &table_avx512;
#endif
  return NULL;
}

const mixture_kernels *mixture_kernels_best(void) {
  const mixture_kernels *widest = mixture_kernels_avx512();
  if (widest == NULL) widest = mixture_kernels_avx2();
  return widest == NULL ? mixture_kernels_plain() : widest;
}

void mixture_pad(size_t nodes, const double *node, double *padded) {
  assert(nodes > 0);
  for (size_t k = 0; k < mixture_padded(nodes); k++)
    padded[k] = node[k < nodes ? k : nodes - 1];
}

/* P is monotone in eta, so its smallest positive value is at the first or last
 * node, or next to it if P is 0 there. */
static double least_of(const mixture_ends *ends, size_t nodes,
                       const double *node) {
  const size_t place[] = {0, nodes > 1, nodes - 1 - (nodes > 1), nodes - 1};
  double least = 1;
  for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
    const double p = fma(ends->d, node[place[i]], ends->c);
    if (p >= DBL_MIN && p < least) least = p;
  }
  return least;
}

size_t mixture_interval(size_t count, const mixture_ends *ends, size_t nodes,
                        const double *node) {
  enum { BITS = 1000 };
  double least = 0.5;
  for (size_t i = 0; i < count; i++)
    least = fmin(least, least_of(&ends[i], nodes, node));
  const double factors = floor(BITS / -log2(least));
  return factors > 1 ? (size_t)factors : 1;
}
