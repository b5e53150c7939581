/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arrays carved one after the other out of one block of memory.  With base NULL
 * they are only counted: `end` is then the size that the block must have. */
#ifndef HEED_SUPPORT_LLM_CARVING_H
#define HEED_SUPPORT_LLM_CARVING_H

#include <stddef.h>

typedef struct llm_carving {
  char *base; /* at a multiple of 64 */
  size_t end;
} llm_carving;

/* NULL where nothing is needed, or while only counting. */
static inline void *carve(llm_carving *carving, size_t count, size_t size) {
  const size_t position = carving->end;
  carving->end += (count * size + 63) / 64 * 64;
  return count > 0 && carving->base != NULL ? carving->base + position : NULL;
}

static inline float *carve_floats(llm_carving *carving, size_t rows,
                                  size_t width) {
  return carve(carving, rows * width, sizeof(float));
}

#endif
