/* SPDX-License-Identifier: GPL-3.0-or-later
 * The classes of annotations. */
#include "sources/log/packed_classes.h"

#include <stdlib.h>

/* 1 to 2^62. */
static uint64_t key_of(packed_class one) {
  const uint64_t a = (uint64_t)(one.model_a + 1);
  const uint64_t b = (uint64_t)(one.model_b + 1);
  return ((a << 29 | b) << 4 | (uint64_t)one.choice << 2 |
          (uint64_t)(one.left + 1)) +
         1;
}

static size_t place_of(const packed_classes *self, uint64_t key) {
  size_t place = (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & self->mask;
  while (self->slots[place] != 0 && self->slots[place] != key)
    place = (place + 1) & self->mask;
  return place;
}

/* Puts all classes into a table of mask + 1 slots. */
static bool fill(packed_classes *self, size_t mask) {
  free(self->slots);
  free(self->found);
  self->mask = 0;
  self->slots = calloc(mask + 1, sizeof *self->slots);
  self->found = calloc(mask + 1, sizeof *self->found);
  if (self->slots == NULL || self->found == NULL) return false;
  self->mask = mask;
  for (size_t i = 0; i < self->count; i++) {
    const uint64_t key = key_of(self->all[i]);
    const size_t place = place_of(self, key);
    self->slots[place] = key;
    self->found[place] = (uint32_t)i;
  }
  return true;
}

static bool has_room(packed_classes *self) {
  const size_t room = self->room == 0 ? 64 : 2 * self->room;
  packed_class *more;
  if (self->count < self->room) return true;
  more = reallocarray(self->all, room, sizeof *more);
  if (more == NULL) return false;
  self->all = more;
  self->room = room;
  return true;
}

bool packed_know_class(packed_classes *self, packed_class one,
                       uint32_t *number) {
  const uint64_t key = key_of(one);
  size_t place;
  if (2 * self->count >= self->mask &&
      !fill(self, self->mask == 0 ? 1023 : 2 * self->mask + 1))
    return false;
  place = place_of(self, key);
  if (self->slots[place] == 0) {
    if (!has_room(self)) return false;
    self->all[self->count] = one;
    self->slots[place] = key;
    self->found[place] = (uint32_t)self->count++;
  }
  *number = self->found[place];
  return true;
}

static int compare(const void *one, const void *other) {
  const uint64_t a = key_of(*(const packed_class *)one);
  const uint64_t b = key_of(*(const packed_class *)other);
  return a < b ? -1 : a > b;
}

bool packed_sort_classes(packed_classes *self) {
  if (self->count == 0) return true;
  qsort(self->all, self->count, sizeof *self->all, compare);
  return fill(self, self->mask);
}

uint32_t packed_number_of(const packed_classes *self, packed_class one) {
  return self->found[place_of(self, key_of(one))];
}

void packed_classes_close(packed_classes *self) {
  free(self->all);
  free(self->slots);
  free(self->found);
}
