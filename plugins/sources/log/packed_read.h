/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads the sections of a packed log.  A cursor moves through one section with
 * a window of a few pages, whatever the size of the file; several cursors may
 * move at once.  Nothing in the file is trusted.
 *
 * The file is read, not mapped: a file that is cut while heed reads it is an
 * error, not a crash, and pages do not count as heed's memory. */
#ifndef HEED_SOURCES_LOG_PACKED_READ_H
#define HEED_SOURCES_LOG_PACKED_READ_H

#include "sources/log/packed.h"

typedef struct packed_file {
  const char *path;
  heed_error *error;
  int file;
  packed_section *sections;
  bool *checked; /* each: its hash was compared */
  size_t count;
  int64_t facts[FACT_COUNT];
} packed_file;

/* Reads and checks the header, the directory and the facts.  packed_close()
 * always follows. */
heed_status packed_open(packed_file *self, const char *path, heed_error *error);
void packed_close(packed_file *self);

/* Whether a file begins as packed logs do. */
bool packed_is(const char *path);

/* NULL: the file has no such section. */
const packed_section *packed_find(const packed_file *self, packed_id id,
                                  size_t index);
static inline bool packed_has(const packed_file *self, packed_id id) {
  return packed_find(self, id, 0) != NULL;
}
/* Whether --drop left out these columns. */
static inline bool packed_dropped(const packed_file *self, int drop) {
  return (self->facts[FACT_DROPPED] >> drop & 1) != 0;
}

/* Compares the hashes of all sections that no cursor has read to its end. */
heed_status packed_check_rest(packed_file *self);

/* HEED_INVALID: the file is not as heed writes it. */
HEED_PRINTF(2, 3)
heed_status packed_damaged(const packed_file *self, const char *format, ...);

typedef struct packed_cursor {
  packed_file *file;
  const packed_section *section;
  uint64_t read, left; /* bytes read of the section; values to come */
  unsigned char *window;
  size_t used, filled;
  int64_t low, high; /* allowed values */
  crypto_generichash_state hash;
} packed_cursor;

/* Opens a section that must be there, with `count` values, integers from low to
 * high (floats may be any).  packed_cursor_close() always follows. */
heed_status packed_cursor_open(packed_cursor *self, packed_file *file,
                               packed_id id, size_t index, uint64_t count,
                               int64_t low, int64_t high);
void packed_cursor_close(packed_cursor *self);

/* The next `count` values; no more than are left. */
heed_status packed_next_integers(packed_cursor *self, int64_t *values,
                                 size_t count);
heed_status packed_next_floats(packed_cursor *self, double *values,
                               size_t count);
/* All names, one after the other, a NUL after each, into bytes[length of the
 * section]. */
heed_status packed_read_names(packed_cursor *self, char *bytes);
/* After the last value: whether the section is what was written. */
heed_status packed_cursor_end(packed_cursor *self);

/* ---- a log that does not fit in memory ---- */

/* Moves from user to user; memory does not depend on the number of annotations,
 * only on the longest user.  Estimators that need only users and classes can
 * so read any log. */
typedef struct packed_stream {
  packed_cursor first, classes;
  size_t user, users;
  int64_t begin;
  /* Of the current user. */
  size_t count, room;
  int64_t *class_of;
} packed_stream;

heed_status packed_stream_open(packed_stream *self, packed_file *file);
void packed_stream_close(packed_stream *self);
/* Fills in count and class_of.  *any is false after the last user; then the
 * sections are checked. */
heed_status packed_next_user(packed_stream *self, bool *any);

#endif
