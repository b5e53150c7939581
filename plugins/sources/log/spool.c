/* SPDX-License-Identifier: GPL-3.0-or-later
 * Temporary files without names. */
#include "sources/log/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER ((size_t)1 << 16)
#define NUMBER_MOST ((size_t)10) /* bytes of a number */

static heed_status failed(const log_spool *self, const char *what) {
  return heed_fail(self->error, HEED_IO, "%s: cannot %s a temporary file: %s",
                   self->folder, what, strerror(errno));
}

/* Some file systems do not support unnamed files. */
static int open_unnamed(const char *folder) {
  const int file =
      open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  char *path = NULL;
  int named;
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return file;
  if (asprintf(&path, "%s/heed-pack-XXXXXX", folder) < 0) return -1;
  named = mkostemp(path, O_CLOEXEC);
  if (named >= 0) (void)unlink(path);
  free(path);
  return named;
}

heed_status log_spool_open(log_spool *self, const char *folder,
                           heed_error *error) {
  *self = (log_spool){
      .folder = folder, .error = error, .file = open_unnamed(folder)};
  if (self->file < 0) return failed(self, "create");
  self->buffer = malloc(BUFFER);
  return self->buffer == NULL ? heed_no_memory(error) : HEED_OK;
}

void log_spool_close(log_spool *self) {
  if (self->buffer != NULL || self->file > 0) (void)close(self->file);
  free(self->buffer);
  *self = (log_spool){.file = -1};
}

static heed_status flush(log_spool *self) {
  const unsigned char *next = self->buffer;
  while (self->used > 0) {
    const ssize_t step = write(self->file, next, self->used);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return failed(self, "write");
    next += step;
    self->used -= (size_t)step;
  }
  return HEED_OK;
}

heed_status log_spool_put(log_spool *self, const void *bytes, size_t length) {
  const unsigned char *next = bytes;
  self->length += length;
  while (length > 0) {
    const size_t left = BUFFER - self->used;
    const size_t step = length < left ? length : left;
    memcpy(self->buffer + self->used, next, step);
    self->used += step;
    next += step;
    length -= step;
    if (self->used == BUFFER) {
      const heed_status status = flush(self);
      if (status != HEED_OK) return status;
    }
  }
  return HEED_OK;
}

heed_status log_spool_rewind(log_spool *self) {
  heed_status status = HEED_OK;
  if (!self->reading) status = flush(self);
  self->reading = true;
  self->used = self->filled = 0;
  self->position = 0;
  return status;
}

static heed_status fill(log_spool *self) {
  ssize_t step;
  do step = pread(self->file, self->buffer, BUFFER, (off_t)self->position);
  while (step < 0 && errno == EINTR);
  if (step < 0) return failed(self, "read");
  if (step == 0)
    return heed_fail(self->error, HEED_IO, "%s: a temporary file is truncated",
                     self->folder);
  self->position += (uint64_t)step;
  self->filled = (size_t)step;
  self->used = 0;
  return HEED_OK;
}

heed_status log_spool_take(log_spool *self, void *bytes, size_t length) {
  unsigned char *next = bytes;
  while (length > 0) {
    if (self->used == self->filled) {
      const heed_status status = fill(self);
      if (status != HEED_OK) return status;
    }
    const size_t left = self->filled - self->used;
    const size_t step = length < left ? length : left;
    memcpy(next, self->buffer + self->used, step);
    self->used += step;
    next += step;
    length -= step;
  }
  return HEED_OK;
}

static size_t write_number(unsigned char *bytes, uint64_t number) {
  size_t length = 0;
  for (; number >= 0x80; number >>= 7)
    bytes[length++] = (unsigned char)(number | 0x80);
  bytes[length++] = (unsigned char)number;
  return length;
}

heed_status log_spool_put_number(log_spool *self, uint64_t number) {
  unsigned char bytes[NUMBER_MOST] = {0};
  size_t length;
  if (BUFFER - self->used <= NUMBER_MOST) {
    length = write_number(bytes, number);
    return log_spool_put(self, bytes, length);
  }
  length = write_number(self->buffer + self->used, number);
  self->used += length;
  self->length += length;
  return HEED_OK;
}

heed_status log_spool_take_long_number(log_spool *self, uint64_t *number) {
  unsigned char byte = 0x80;
  heed_status status = HEED_OK;
  *number = 0;
  for (unsigned shift = 0; status == HEED_OK && byte >= 0x80; shift += 7) {
    if (self->used < self->filled)
      byte = self->buffer[self->used++];
    else
      status = log_spool_take(self, &byte, 1);
    *number |= (uint64_t)(byte & 0x7f) << shift;
  }
  return status;
}
