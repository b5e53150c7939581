/* SPDX-License-Identifier: GPL-3.0-or-later
 * The classes of annotations: what an annotation says. */
#ifndef HEED_SOURCES_LOG_PACKED_CLASSES_H
#define HEED_SOURCES_LOG_PACKED_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct packed_class {
  int32_t model_a, model_b; /* below PACKED_MODELS_MOST; -1: unknown */
  int8_t choice, left;
} packed_class;

#define PACKED_MODELS_MOST ((size_t)1 << 29)

/* A hash table with linear probing. */
typedef struct packed_classes {
  packed_class *all;
  size_t count, room;
  uint64_t *slots; /* mask + 1: the key of a class; 0: free */
  uint32_t *found; /* mask + 1: its number */
  size_t mask;     /* 0: no table */
} packed_classes;

void packed_classes_close(packed_classes *self);
/* The number of a class, a new one if the class is new.  False: out of memory.
 */
bool packed_know_class(packed_classes *self, packed_class one,
                       uint32_t *number);
/* Numbers the classes by what they say, whatever annotation had them first. */
bool packed_sort_classes(packed_classes *self);
/* Of a known class. */
uint32_t packed_number_of(const packed_classes *self, packed_class one);

#endif
