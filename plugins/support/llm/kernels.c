/* SPDX-License-Identifier: GPL-3.0-or-later
 * Elementwise kernels: the same source for four lanes and for eight. */
#include "support/llm/kernels.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define KERNEL_LANES 4
#define KERNEL_TARGET
#define KERNEL(name) name##_plain
#include "support/llm/kernels_body.h"
#undef KERNEL_LANES
#undef KERNEL_TARGET
#undef KERNEL

#if defined(__x86_64__)
#define KERNEL_LANES 8
#define KERNEL_TARGET __attribute__((target("avx2,fma")))
#define KERNEL(name) name##_avx2
#include "support/llm/kernels_body.h"
#endif

const llm_kernels *kernels_plain(void) {
  return &table_plain;
}

const llm_kernels *kernels_best(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &table_avx2;
#endif
  return &table_plain;
}
