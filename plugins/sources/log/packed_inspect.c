/* SPDX-License-Identifier: GPL-3.0-or-later
 * Packed logs without tables: memory does not grow with the log. */
#include <stdlib.h>

#include "sources/log/packed_loading.h"
#include "sources/log/packed_save.h"

heed_status packed_is_source(const log_settings *settings, bool *is,
                             heed_error *error) {
  const heed_value *paths = &settings->values[PATH];
  *is = false;
  for (size_t i = 0; i < paths->count; i++)
    *is = *is || settings->read.form == LOG_PACKED ||
          (settings->read.form == LOG_AUTO &&
           log_form_of(paths->items[i].text) == LOG_PACKED);
  if (!*is || paths->count == 1) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "path: found %zu files with a packed log among them, "
                   "expected one packed log; heed pack --append joins logs",
                   paths->count);
}

/* The current user: annotations, and the pairs of these. */
typedef struct user_pairs {
  packed_cursor pairs, rows;
  bool known; /* the file has pairs */
  int64_t *pair, *row;
  size_t room;
} user_pairs;

static heed_status open_pairs(user_pairs *self, packed_file *in) {
  const uint64_t count = (uint64_t)in->facts[FACT_ANNOTATIONS];
  heed_status status;
  *self = (user_pairs){.known = packed_has(in, PACKED_PAIR)};
  if (!self->known) return HEED_OK;
  status = packed_cursor_open(&self->pairs, in, PACKED_PAIR, 0, count,
                              -(int64_t)UINT32_MAX, UINT32_MAX);
  if (packed_has(in, PACKED_ROW))
    STEP(packed_cursor_open(&self->rows, in, PACKED_ROW, 0, count, 0,
                            (int64_t)count - 1));
  return status;
}

static void close_pairs(user_pairs *self) {
  packed_cursor_close(&self->pairs);
  packed_cursor_close(&self->rows);
  free(self->pair);
  free(self->row);
}

static int compare_pairs(const void *one, const void *other) {
  const int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return a < b ? -1 : a > b;
}

static bool has_room_for(user_pairs *self, size_t count) {
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

/* Whether the next user, of `count` annotations, annotates a pair twice. */
static heed_status find_twice(user_pairs *self, size_t count, bool *twice) {
  heed_status status = HEED_OK;
  if (!self->known) return HEED_OK;
  if (!has_room_for(self, count))
    return heed_no_memory(self->pairs.file->error);
  STEP(packed_next_integers(&self->pairs, self->pair, count));
  if (self->rows.window != NULL)
    STEP(packed_next_integers(&self->rows, self->row, count));
  if (status != HEED_OK) return status;
  if (self->rows.window != NULL)
    for (size_t i = 0; i < count; i++) self->pair[i] += self->row[i];
  qsort(self->pair, count, sizeof *self->pair, compare_pairs);
  for (size_t i = 1; i < count; i++)
    *twice = *twice || self->pair[i] == self->pair[i - 1];
  return HEED_OK;
}

static heed_status find_repeated(packed_file *in, bool *twice) {
  packed_stream stream;
  user_pairs pairs;
  bool any = true;
  heed_status status = packed_stream_open(&stream, in);
  const heed_status opened = open_pairs(&pairs, in);
  STEP(opened);
  while (status == HEED_OK && any) {
    status = packed_next_user(&stream, &any);
    if (any) STEP(find_twice(&pairs, stream.count, twice));
  }
  packed_stream_close(&stream);
  close_pairs(&pairs);
  return status;
}

static heed_status inspect_columns(packed_loading *self,
                                   log_settings *settings) {
  heed_status status = packed_load_columns(self);
  STEP(packed_check_texts(self, settings));
  STEP(packed_adopt_columns(self, settings));
  STEP(packed_adopt_covariates(self, settings));
  STEP(packed_check_differences(self));
  return status;
}

#define SMALL 1000000 /* annotations */

static bool is_small(const packed_loading *self) {
  return self->in.facts[FACT_ANNOTATIONS] <= SMALL;
}

heed_status packed_inspect(log_settings *settings, const heed_host *host,
                           size_t rows, bool *load, heed_error *error) {
  heed_world world = {.size = sizeof world};
  log_reading log = {
      .host = host, .settings = settings, .world = &world, .error = error};
  packed_loading self = {.log = &log, .memory = {host, false}};
  bool twice = false;
  heed_status status =
      packed_open(&self.in, settings->values[PATH].items[0].text, error);
  *load = status == HEED_OK && is_small(&self);
  if (!*load) STEP(inspect_columns(&self, settings));
  if (!*load && rows == SIZE_MAX) {
    STEP(find_repeated(&self.in, &twice));
    STEP(packed_check_rest(&self.in));
    *load =
        status == HEED_OK &&
        (settings->values[REFERENCES].count > 0 ||
         (twice && settings->values[DUPLICATES].integer == DUPLICATES_ERROR));
  }
  packed_close(&self.in);
  return status;
}
