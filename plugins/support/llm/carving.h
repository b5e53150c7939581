/* SPDX-License-Identifier: GPL-3.0-or-later
 * Carves arrays one after the other out of one block of memory.  The same code
 * first counts, then carves:
 *
 *   static void place(void *object, carving_block *block) {
 *     thing *self = object;
 *     self->mean = carve_doubles(block, self->users, 1);
 *     self->next = carve_sizes(block, self->users + 1);
 *   }
 *
 *   self->memory = carving_open(place, self);
 *   if (self->memory == NULL) return heed_no_memory(error);
 *
 * For memory without a host: of language models, or of objects that outlive a
 * call. With a host, heed/memory.h is simpler. */
#ifndef HEED_SUPPORT_LLM_CARVING_H
#define HEED_SUPPORT_LLM_CARVING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define CARVING_ALIGNMENT ((size_t)64)

typedef struct carving_block {
  char *base; /* at a multiple of CARVING_ALIGNMENT; NULL: only counts */
  size_t end; /* SIZE_MAX: exceeds the address space */
} carving_block;

/* NULL if nothing is needed, or while counting. */
static inline void *carve(carving_block *block, size_t count, size_t size) {
  const size_t most = SIZE_MAX / 2, position = block->end;
  if (position > most || (size > 0 && count > (most - position) / size)) {
    block->end = SIZE_MAX;
    return NULL;
  }
  block->end += (count * size + CARVING_ALIGNMENT - 1) / CARVING_ALIGNMENT *
                CARVING_ALIGNMENT;
  return block->base != NULL && block->end > position ? block->base + position
                                                      : NULL;
}

static inline float *carve_floats(carving_block *block, size_t rows,
                                  size_t width) {
  return carve(block, rows, width * sizeof(float));
}

static inline double *carve_doubles(carving_block *block, size_t rows,
                                    size_t width) {
  return carve(block, rows, width * sizeof(double));
}

static inline size_t *carve_sizes(carving_block *block, size_t count) {
  return carve(block, count, sizeof(size_t));
}

/* A zeroed block for everything that place() carves for the object, carved, for
 * the caller to free().  NULL: out of memory, and all arrays are NULL. */
static inline void *carving_open(void (*place)(void *object,
                                               carving_block *block),
                                 void *object) {
  carving_block counted = {NULL, 0}, block = {NULL, 0};
  void *memory;
  place(object, &counted);
  if (counted.end == SIZE_MAX) return NULL;
  memory = calloc(1, counted.end + CARVING_ALIGNMENT);
  if (memory == NULL) return NULL;
  block.base = (char *)memory +
               (CARVING_ALIGNMENT - (uintptr_t)memory % CARVING_ALIGNMENT);
  place(object, &block);
  assert(block.end == counted.end);
  return memory;
}

#endif
