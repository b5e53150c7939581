/* SPDX-License-Identifier: GPL-3.0-or-later
 * The pairs of a packed log, user by user. */
#include "sources/log/packed_pairs.h"

#include <stdlib.h>

heed_status packed_pairs_open(packed_pairs *self, packed_file *file) {
  const uint64_t count = (uint64_t)file->facts[FACT_ANNOTATIONS];
  heed_status status = HEED_OK;
  *self = (packed_pairs){.file = file,
                         .has_pairs = packed_has(file, PACKED_PAIR) &&
                                      file->facts[FACT_PAIRS] != (int64_t)count,
                         .has_rows = packed_has(file, PACKED_ROW)};
  if (self->has_pairs)
    status = packed_cursor_open(&self->pairs, file, PACKED_PAIR, 0, count,
                                -(int64_t)UINT32_MAX, UINT32_MAX);
  if (status == HEED_OK && self->has_rows)
    status = packed_cursor_open(&self->rows, file, PACKED_ROW, 0, count, 0,
                                (int64_t)count - 1);
  return status;
}

void packed_pairs_close(packed_pairs *self) {
  packed_cursor_close(&self->pairs);
  packed_cursor_close(&self->rows);
  free(self->pair);
  free(self->row);
}

static int compare_pairs(const void *one, const void *other) {
  const int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return a < b ? -1 : a > b;
}

static bool has_room_for(packed_pairs *self, size_t count) {
  const size_t room = 2 * count;
  int64_t *pair, *row;
  if (count <= self->room) return true;
  pair = reallocarray(self->pair, room, sizeof *pair);
  if (pair != NULL) self->pair = pair;
  row = reallocarray(self->row, room, sizeof *row);
  if (row != NULL) self->row = row;
  if (pair == NULL || row == NULL) return false;
  self->room = room;
  return true;
}

static size_t count_repeated(packed_pairs *self, size_t count) {
  size_t repeated = 0;
  if (self->has_rows)
    for (size_t i = 0; i < count; i++) self->pair[i] += self->row[i];
  qsort(self->pair, count, sizeof *self->pair, compare_pairs);
  for (size_t i = 1; i < count; i++)
    repeated += self->pair[i] == self->pair[i - 1];
  return repeated;
}

heed_status packed_next_pairs(packed_pairs *self, size_t count,
                              size_t *repeated) {
  heed_status status = HEED_OK;
  if (!has_room_for(self, count)) return heed_no_memory(self->file->error);
  if (self->has_rows)
    status = packed_next_integers(&self->rows, self->row, count);
  if (status == HEED_OK && self->has_pairs)
    status = packed_next_integers(&self->pairs, self->pair, count);
  if (status == HEED_OK && self->has_pairs)
    *repeated += count_repeated(self, count);
  return status;
}
