/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed/vector.h: one source, compiled for one, four and eight lanes.
 *
 * Each operation of vector_body.h rounds as IEEE 754 says, and every fused
 * multiply-add is explicit (this file is compiled with -ffp-contract=off), so
 * all implementations return the same bits.  Sums have eight lanes whatever
 * the width of a register. */
#include "host/vector.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Unrolls a short loop whose values belong in registers. */
#if defined(__clang__)
#define VECTOR_UNROLL _Pragma("unroll")
#else
#define VECTOR_UNROLL _Pragma("GCC unroll 8")
#endif

#define VECTOR_LANES 1
#define VECTOR_TARGET
#define VECTOR_NAME(name) name##_plain
#define VECTOR_WORD "plain"
#include "vector_body.h"
#undef VECTOR_LANES
#undef VECTOR_TARGET
#undef VECTOR_NAME
#undef VECTOR_WORD

#if defined(__x86_64__)
#include <immintrin.h>

#define VECTOR_LANES 4
#define VECTOR_TARGET __attribute__((target("avx2,fma")))
#define VECTOR_NAME(name) name##_avx2
#define VECTOR_WORD "avx2"
#include "vector_body.h"
#undef VECTOR_LANES
#undef VECTOR_TARGET
#undef VECTOR_NAME
#undef VECTOR_WORD

#define VECTOR_LANES 8
#define VECTOR_TARGET __attribute__((target("avx512f,avx512dq,fma")))
#define VECTOR_NAME(name) name##_avx512
#define VECTOR_WORD "avx512"
#include "vector_body.h"
#endif

const heed_vector *vector_plain(void) {
  return &table_plain.vector;
}

const heed_vector *vector_avx2(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &table_avx2.vector;
#endif
  return NULL;
}

const heed_vector *vector_avx512(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
    return &table_avx512.vector;
#endif
  return NULL;
}

const heed_vector *vector_best(void) {
  const heed_vector *widest = vector_avx512();
  if (widest == NULL) widest = vector_avx2();
  return widest == NULL ? vector_plain() : widest;
}
