/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the sections of a packed log, one after the other, through a buffer:
 * no section need fit in memory. */
#ifndef HEED_SOURCES_LOG_PACKED_WRITE_H
#define HEED_SOURCES_LOG_PACKED_WRITE_H

#include <stddef.h>

#include "sources/log/packed.h"
#include "sources/log/text.h"

typedef struct packed_writer {
  int file; /* empty; borrowed */
  heed_error *error;
  packed_section *sections;
  size_t count, room;
  uint64_t offset; /* bytes written */
  unsigned char *buffer;
  size_t used;
  crypto_generichash_state hash; /* of the current section */
} packed_writer;

/* packed_writer_close() always follows. */
heed_status packed_writer_open(packed_writer *self, int file,
                               heed_error *error);
void packed_writer_close(packed_writer *self);

/* A section: begin, put its values, end. */
heed_status packed_begin(packed_writer *self, packed_id id, size_t index,
                         packed_encoding encoding);
/* Integers from `low` to `high`. */
heed_status packed_begin_integers(packed_writer *self, packed_id id,
                                  size_t index, int64_t low, int64_t high);
heed_status packed_put_integer(packed_writer *self, int64_t value);
heed_status packed_put_float(packed_writer *self, double value);
heed_status packed_put_name(packed_writer *self, const char *name);
heed_status packed_end(packed_writer *self);

/* A whole section of what get() returns for 0 … count - 1. */
typedef int64_t packed_get_integer(const void *context, size_t at);
heed_status packed_write_integers(packed_writer *self, packed_id id,
                                  size_t index, size_t count,
                                  packed_get_integer *get, const void *context);
heed_status packed_write_names(packed_writer *self, packed_id id, size_t count,
                               const char *const *names);

/* What is known of the values of a column before it is written. */
typedef struct packed_range {
  size_t count;
  int64_t low, high;  /* of integers */
  double least, most; /* of floats */
  bool has_fractions; /* not all floats are whole numbers */
} packed_range;

static inline void packed_measure_integer(packed_range *self, int64_t value) {
  if (self->count++ == 0) self->low = self->high = value;
  if (value < self->low) self->low = value;
  if (value > self->high) self->high = value;
}

void packed_measure_float(packed_range *self, double value);

/* A section whose place and size are known: several are written at the same
 * time, value by value. */
typedef struct packed_column {
  crypto_generichash_state *hash;
  packed_writer *out;
  size_t section;
  unsigned char *buffer;
  size_t used;
  uint64_t offset; /* bytes written */
  int64_t base;
  uint32_t width;
  bool has_fractions;
} packed_column;

/* Keeps a place in the file; packed_column_close() always follows. */
heed_status packed_reserve(packed_writer *self, packed_column *column,
                           packed_id id, size_t index, packed_encoding encoding,
                           const packed_range *range);
/* bytes: of all names, with the NUL of each. */
heed_status packed_reserve_names(packed_writer *self, packed_column *column,
                                 packed_id id, size_t count, uint64_t bytes);
heed_status packed_column_integer(packed_column *self, int64_t value);
/* Integers if all are. */
heed_status packed_column_float(packed_column *self, double value);
heed_status packed_column_name(packed_column *self, const char *name);
/* After the last value. */
heed_status packed_column_end(packed_column *self);
void packed_column_close(packed_column *self);

/* Writes the directory and the header. */
heed_status packed_finish(packed_writer *self);

#endif
