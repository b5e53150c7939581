/* SPDX-License-Identifier: GPL-3.0-or-later
 * A temporary file without a name: written once from its start, then read from
 * its start, as often as needed.  Its space is free when the process ends. */
#ifndef HEED_SOURCES_LOG_SPOOL_H
#define HEED_SOURCES_LOG_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/status.h"

typedef struct log_spool {
  const char *folder;
  heed_error *error;
  int file;
  unsigned char *buffer;
  size_t used, filled; /* of the buffer */
  uint64_t length;     /* bytes written */
  uint64_t position;   /* reading: bytes of the file that were read */
  bool reading;
} log_spool;

/* log_spool_close() always follows; the folder's name stays until then. */
heed_status log_spool_open(log_spool *self, const char *folder,
                           heed_error *error);
void log_spool_close(log_spool *self);

heed_status log_spool_put(log_spool *self, const void *bytes, size_t length);
/* From now on the spool is read, from its start. */
heed_status log_spool_rewind(log_spool *self);
static inline bool log_spool_has_more(const log_spool *self) {
  return self->position - (self->filled - self->used) < self->length;
}
heed_status log_spool_take(log_spool *self, void *bytes, size_t length);

/* A whole number in as few bytes as it needs, 1 to 10: seven bits in each, the
 * lowest first; the top bit says that more follow. */
heed_status log_spool_put_number(log_spool *self, uint64_t number);
heed_status log_spool_take_long_number(log_spool *self, uint64_t *number);

static inline heed_status log_spool_take_number(log_spool *self,
                                                uint64_t *number) {
  if (self->used == self->filled || self->buffer[self->used] >= 0x80)
    return log_spool_take_long_number(self, number);
  *number = self->buffer[self->used++];
  return HEED_OK;
}

/* One that may be negative: 0, -1, 1, -2, 2 … are 0, 1, 2, 3, 4 … */
static inline heed_status log_spool_put_signed(log_spool *self,
                                               int64_t number) {
  const uint64_t sign = number < 0 ? UINT64_MAX : 0;
  return log_spool_put_number(self, (uint64_t)number << 1 ^ sign);
}

static inline heed_status log_spool_take_signed(log_spool *self,
                                                int64_t *number) {
  uint64_t folded = 0;
  const heed_status status = log_spool_take_number(self, &folded);
  *number = (int64_t)(folded >> 1 ^ (0 - (folded & 1)));
  return status;
}

#endif
