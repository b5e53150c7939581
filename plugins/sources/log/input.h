/* SPDX-License-Identifier: GPL-3.0-or-later
 * The bytes of a file, decompressed, through a window that moves forward. */
#ifndef HEED_SOURCES_LOG_INPUT_H
#define HEED_SOURCES_LOG_INPUT_H

#include "heed/memory.h"

typedef struct log_unpacker log_unpacker;

typedef struct log_input {
  const char *path;
  heed_error *error;
  int file;
  log_unpacker *unpacker; /* NULL: the file is not compressed */
  char *bytes;            /* the window: `length` bytes of `room` */
  size_t length, room;
  bool at_end; /* the file ends where the window ends */
} log_input;

/* Opens a file and reads its first bytes; a byte order mark is dropped.
 * log_input_close() follows always. */
heed_status log_input_open(log_input *self, const char *path,
                           heed_error *error);

/* Drops the first `used` bytes of the window and reads more. */
heed_status log_input_more(log_input *self, size_t used);

void log_input_close(log_input *self);

#endif
