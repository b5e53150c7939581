/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and values of the sections of a packed log. */
#include <stdlib.h>
#include <string.h>

#include "sources/log/packed_loading.h"

/* ---- names ---- */

uint64_t packed_count_of(const packed_loading *self, packed_id id) {
  const packed_section *section = packed_find(&self->in, id, 0);
  return section == NULL ? 0 : section->count;
}

heed_status packed_load_names(packed_loading *self, packed_id id, size_t count,
                              const char **texts) {
  const packed_section *section = packed_find(&self->in, id, 0);
  packed_cursor cursor;
  heed_status status =
      packed_cursor_open(&cursor, &self->in, id, 0, count, 0, 0);
  char *bytes = status == HEED_OK
                    ? heed_allocate(&self->memory, section->length + 1, 1)
                    : NULL;
  if (status == HEED_OK && bytes == NULL) status = packed_no_memory(self);
  STEP(packed_read_names(&cursor, bytes));
  STEP(packed_cursor_end(&cursor));
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    texts[i] = bytes;
    bytes += strlen(bytes) + 1;
  }
  packed_cursor_close(&cursor);
  return status;
}

heed_status packed_load_list(packed_loading *self, packed_id id,
                             const char ***list, size_t *count) {
  *count = packed_count_of(self, id);
  *list = heed_allocate(&self->memory, *count + 1, sizeof **list);
  if (*list == NULL) return packed_no_memory(self);
  return packed_load_names(self, id, *count, *list);
}

heed_status packed_load_ids(packed_loading *self, packed_id id, size_t count,
                            log_names *names, bool find) {
  heed_status status;
  if (packed_count_of(self, id) != count)
    return packed_damaged(&self->in,
                          "the section \"%s\" does not fit the facts",
                          packed_what(id));
  free(names->text);
  names->text = calloc(count + 1, sizeof *names->text);
  names->room = count + 1;
  if (names->text == NULL) return packed_no_memory(self);
  status = packed_load_names(self, id, count, names->text);
  if (status != HEED_OK || !find) {
    names->count = count;
    return status;
  }
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    if (!log_adopt_name(names, names->text[i]))
      status = names->refused
                   ? packed_no_memory(self)
                   : packed_damaged(&self->in,
                                    "the section \"%s\" has \"%.60s\" twice",
                                    packed_what(id), names->text[i]);
  return status;
}

/* ---- values ---- */

heed_status packed_load_integers(packed_loading *self, packed_id id,
                                 size_t index, size_t count, int64_t low,
                                 int64_t high, packed_put *put, void *target) {
  int64_t block[PACKED_BLOCK];
  packed_cursor cursor;
  heed_status status =
      packed_cursor_open(&cursor, &self->in, id, index, count, low, high);
  for (size_t i = 0; status == HEED_OK && i < count; i += PACKED_BLOCK) {
    const size_t step = count - i < PACKED_BLOCK ? count - i : PACKED_BLOCK;
    status = packed_next_integers(&cursor, block, step);
    for (size_t k = 0; status == HEED_OK && k < step; k++)
      put(self, target, i + k, block[k]);
  }
  STEP(packed_cursor_end(&cursor));
  packed_cursor_close(&cursor);
  return status;
}

heed_status packed_load_floats(packed_loading *self, packed_id id, size_t index,
                               size_t count, bool of_rows, double *target,
                               size_t stride) {
  double block[PACKED_BLOCK];
  packed_cursor cursor;
  heed_status status =
      packed_cursor_open(&cursor, &self->in, id, index, count, 0, 0);
  for (size_t i = 0; status == HEED_OK && i < count; i += PACKED_BLOCK) {
    const size_t step = count - i < PACKED_BLOCK ? count - i : PACKED_BLOCK;
    status = packed_next_floats(&cursor, block, step);
    for (size_t k = 0; status == HEED_OK && k < step; k++) {
      const size_t at = of_rows && self->row != NULL ? self->row[i + k] : i + k;
      target[at * stride] = block[k];
    }
  }
  STEP(packed_cursor_end(&cursor));
  packed_cursor_close(&cursor);
  return status;
}

void packed_put_8(packed_loading *self, void *target, size_t at,
                  int64_t value) {
  (void)self;
  ((int8_t *)target)[at] = (int8_t)value;
}

void packed_put_32(packed_loading *self, void *target, size_t at,
                   int64_t value) {
  (void)self;
  ((int32_t *)target)[at] = (int32_t)value;
}

void packed_put_unsigned(packed_loading *self, void *target, size_t at,
                         int64_t value) {
  (void)self;
  ((uint32_t *)target)[at] = (uint32_t)value;
}

void packed_put_64(packed_loading *self, void *target, size_t at,
                   int64_t value) {
  (void)self;
  ((int64_t *)target)[at] = value;
}

void packed_put_size(packed_loading *self, void *target, size_t at,
                     int64_t value) {
  (void)self;
  ((size_t *)target)[at] = (size_t)value;
}
