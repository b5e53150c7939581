/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arrays carved one after the other out of one block of memory.  With base NULL
 * they are only counted: `end` is then the size that the block must have. */
#ifndef HEED_SUPPORT_LLM_CARVING_H
#define HEED_SUPPORT_LLM_CARVING_H

#include <stddef.h>

typedef struct carving {
  char *base; /* at a multiple of 64 */
  size_t end;
} carving;

/* NULL where nothing is needed, or while only counting. */
static inline void *carve(carving *of, size_t count, size_t size) {
  const size_t at = of->end;
  of->end += (count * size + 63) / 64 * 64;
  return count > 0 && of->base != NULL ? of->base + at : NULL;
}

static inline float *carve_floats(carving *of, size_t rows, size_t width) {
  return carve(of, rows * width, sizeof(float));
}

#endif
