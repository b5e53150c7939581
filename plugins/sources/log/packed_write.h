/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the sections of a packed log, one after the other, through a buffer:
 * no section need fit in memory. */
#ifndef HEED_SOURCES_LOG_PACKED_WRITE_H
#define HEED_SOURCES_LOG_PACKED_WRITE_H

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
typedef double packed_get_float(const void *context, size_t at);
heed_status packed_write_integers(packed_writer *self, packed_id id,
                                  size_t index, size_t count,
                                  packed_get_integer *get, const void *context);
/* As integers if all are. */
heed_status packed_write_floats(packed_writer *self, packed_id id, size_t index,
                                size_t count, packed_get_float *get,
                                const void *context);
heed_status packed_write_names(packed_writer *self, packed_id id, size_t count,
                               const char *const *names);

/* Writes the directory and the header. */
heed_status packed_finish(packed_writer *self);

#endif
