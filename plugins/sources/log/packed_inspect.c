/* SPDX-License-Identifier: GPL-3.0-or-later
 * Packed logs without tables: memory does not grow with the log. */
#include "sources/log/packed_loading.h"
#include "sources/log/packed_pairs.h"
#include "sources/log/packed_save.h"

heed_status packed_is_source(const log_settings *settings, bool *is,
                             heed_error *error) {
  const heed_value *paths = &settings->values[PATH];
  *is = false;
  for (size_t i = 0; i < paths->count; i++)
    *is = *is || settings->read.form == LOG_PACKED ||
          (settings->read.form == LOG_AUTO &&
           log_form_of(paths->items[i].text) == LOG_PACKED);
  /* The sweep may name the form of the log that was packed. */
  if (paths->count == 1) *is = *is || packed_is(paths->items[0].text);
  if (!*is || paths->count == 1) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "path: found %zu files with a packed log among them, "
                   "expected one packed log; heed pack --append joins logs",
                   paths->count);
}

static heed_status find_repeated(packed_file *in, size_t *repeated) {
  packed_stream stream;
  packed_pairs pairs;
  bool any = true;
  heed_status status = packed_stream_open(&stream, in);
  const heed_status opened = packed_pairs_open(&pairs, in);
  STEP(opened);
  while (status == HEED_OK && any) {
    status = packed_next_user(&stream, &any);
    if (any) STEP(packed_next_pairs(&pairs, stream.count, repeated));
  }
  packed_stream_close(&stream);
  packed_pairs_close(&pairs);
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
  const bool counts =
      settings->values[ANNOTATIONS].integer == ANNOTATIONS_COUNTS;
  size_t repeated = 0;
  heed_status status =
      packed_open(&self.in, settings->values[PATH].items[0].text, error);
  /* Counting reads user by user, too. */
  *load =
      status == HEED_OK && (is_small(&self) || (counts && rows == SIZE_MAX));
  if (!*load) STEP(inspect_columns(&self, settings));
  if (!*load && rows == SIZE_MAX) {
    STEP(find_repeated(&self.in, &repeated));
    STEP(packed_check_rest(&self.in));
    *load = status == HEED_OK &&
            (settings->values[REFERENCES].count > 0 ||
             (repeated > 0 &&
              settings->values[DUPLICATES].integer == DUPLICATES_ERROR));
  }
  packed_close(&self.in);
  return status;
}
