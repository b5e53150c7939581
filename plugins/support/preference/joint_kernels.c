/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels of the joint loss: one source with vectors of eight doubles, which
 * the compiler splits into the registers of each target.  Compiled with
 * -ffp-contract=off. */
#include "support/preference/joint_kernels.h"

#include <stdint.h>
#include <string.h>

typedef double lanes __attribute__((vector_size(8 * JOINT_LANES)));
typedef int64_t flags __attribute__((vector_size(8 * JOINT_LANES)));

#define INLINE static inline __attribute__((always_inline))

/* Vectors are passed by address, because passing them by value depends on the
 * target. */
INLINE void at_least(lanes *x) {
  const lanes least = (lanes){0} + JOINT_LEAST;
  const flags keeps = *x > least;
  *x = (lanes)(((flags)*x & keeps) | ((flags)least & ~keeps));
}

INLINE void multiply(size_t count, const double *c, const double *gain,
                     const lanes *node, lanes *product) {
  *product = (lanes){0} + 1.0;
  for (size_t i = 0; i < count; i++) {
    lanes p = c[i] + *node * gain[i];
    at_least(&p);
    *product *= p;
  }
}

INLINE void fill_product(size_t count, const double *c, const double *gain,
                         size_t nodes, const double *node, double *product) {
  for (size_t k = 0; k < nodes; k += JOINT_LANES) {
    const size_t left = nodes - k < JOINT_LANES ? nodes - k : JOINT_LANES;
    lanes here = {0}, made;
    memcpy(&here, node + k, left * sizeof *node);
    multiply(count, c, gain, &here, &made);
    memcpy(product + k, &made, left * sizeof *product);
  }
}

/* With P = c + eta (g - c) and 1 - P = (1 - c) - eta (g - c), one division
 * gives both quotients. */
INLINE void fill_moments(size_t nodes, const double *node, const double *part,
                         const double *g, const double *c, double *first,
                         double *second) {
  lanes gain, casual, sums[2] = {{0}, {0}};
  memcpy(&gain, g, sizeof gain);
  memcpy(&casual, c, sizeof casual);
  gain -= casual;
  const lanes other = 1.0 - casual;
  for (size_t k = 0; k < nodes; k++) {
    const lanes lean = node[k] * gain;
    lanes p = casual + lean, q = other - lean;
    at_least(&p);
    at_least(&q);
    const lanes quotient = part[k] / (p * q);
    sums[0] += quotient * q;
    sums[1] += quotient * node[k];
  }
  memcpy(first, &sums[0], sizeof sums[0]);
  memcpy(second, &sums[1], sizeof sums[1]);
}

#define KERNELS(path, attribute)                                              \
  attribute static void product_##path(size_t count, const double *c,         \
                                       const double *gain, size_t nodes,      \
                                       const double *node, double *product) { \
    fill_product(count, c, gain, nodes, node, product);                       \
  }                                                                           \
  attribute static void moments_##path(                                       \
      size_t nodes, const double *node, const double *part, const double *g,  \
      const double *c, double *first, double *second) {                       \
    fill_moments(nodes, node, part, g, c, first, second);                     \
  }                                                                           \
  static const joint_kernels table_##path = {.product = product_##path,       \
                                             .moments = moments_##path}

KERNELS(plain, );
#if defined(__x86_64__)
KERNELS(avx2, __attribute__((target("avx2"))));
KERNELS(avx512, __attribute__((target("avx512f,avx512dq"))));
#endif

const joint_kernels *joint_kernels_plain(void) {
  return &table_plain;
}

const joint_kernels *joint_kernels_avx2(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return &table_avx2;
#endif
  return NULL;
}

const joint_kernels *joint_kernels_avx512(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
    return &table_avx512;
#endif
  return NULL;
}

const joint_kernels *joint_kernels_best(void) {
  const joint_kernels *widest = joint_kernels_avx512();
  if (widest == NULL) widest = joint_kernels_avx2();
  return widest == NULL ? joint_kernels_plain() : widest;
}
