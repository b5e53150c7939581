/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bytes as they are, or decompressed by zlib (RFC 1952) or libzstd (RFC 8878).
 * The first bytes of a file tell which; its name does not matter. */
#include "sources/log/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "sources/log/faults.h"

#define STEP ((size_t)1 << 18)
#define ROOM_MOST ((size_t)1 << 30) /* of a row */

/* A compressed file: its bytes that are not decompressed yet. */
struct log_unpacker {
  bool is_gzip;
  z_stream gzip;
  ZSTD_DStream *zstd;
  unsigned char packed[STEP];
  size_t used, length; /* of packed */
  bool between;        /* a member or frame has ended */
  bool file_ended;
};

static heed_status cannot_read(const log_input *self) {
  return heed_fail(self->error, HEED_IO, "%s: cannot read: %s", self->path,
                   strerror(errno));
}

/* Fills `bytes` unless the file ends. */
static heed_status read_file(const log_input *self, void *bytes, size_t size,
                             size_t *length) {
  *length = 0;
  while (*length < size) {
    const ssize_t step =
        read(self->file, (char *)bytes + *length, size - *length);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return cannot_read(self);
    if (step == 0) break;
    *length += (size_t)step;
  }
  return HEED_OK;
}

/* ---- decompression ---- */

static heed_status damaged(const log_input *self, const char *why) {
  return log_fail(self->error, HEED_INVALID,
                  "%s: cannot decompress %s: %s; the file may be damaged",
                  self->path, self->unpacker->is_gzip ? "gzip" : "zstd", why);
}

static heed_status unpack_gzip(log_input *self, char *bytes, size_t size,
                               size_t *length) {
  log_unpacker *unpacker = self->unpacker;
  z_stream *gzip = &unpacker->gzip;
  int code;
  if (unpacker->between && inflateReset(gzip) != Z_OK)
    return damaged(self, "zlib fails");
  gzip->next_in = unpacker->packed + unpacker->used;
  gzip->avail_in = (uInt)(unpacker->length - unpacker->used);
  gzip->next_out = (Bytef *)bytes;
  gzip->avail_out = (uInt)size;
  code = inflate(gzip, Z_NO_FLUSH);
  unpacker->used = unpacker->length - gzip->avail_in;
  *length = size - gzip->avail_out;
  unpacker->between = code == Z_STREAM_END;
  if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
    return HEED_OK;
  if (code == Z_MEM_ERROR) return heed_no_memory(self->error);
  return damaged(self, gzip->msg == NULL ? "bad data" : gzip->msg);
}

static heed_status unpack_zstd(log_input *self, char *bytes, size_t size,
                               size_t *length) {
  log_unpacker *unpacker = self->unpacker;
  ZSTD_inBuffer in = {unpacker->packed, unpacker->length, unpacker->used};
  ZSTD_outBuffer out = {bytes, size, 0};
  const size_t code = ZSTD_decompressStream(unpacker->zstd, &out, &in);
  unpacker->used = in.pos;
  *length = out.pos;
  unpacker->between = code == 0;
  return ZSTD_isError(code) ? damaged(self, ZSTD_getErrorName(code)) : HEED_OK;
}

/* Zeros may follow the last member of a gzip file: tapes were padded so. */
static bool only_zeros_follow(const log_unpacker *self) {
  for (size_t i = self->used; i < self->length; i++)
    if (self->packed[i] != 0) return false;
  return self->is_gzip && self->between;
}

/* Some decompressed bytes; none: the file has ended. */
static heed_status unpack(log_input *self, char *bytes, size_t size,
                          size_t *length) {
  log_unpacker *unpacker = self->unpacker;
  heed_status status = HEED_OK;
  *length = 0;
  while (status == HEED_OK && *length == 0) {
    if (unpacker->used == unpacker->length && !unpacker->file_ended) {
      unpacker->used = 0;
      status = read_file(self, unpacker->packed, sizeof unpacker->packed,
                         &unpacker->length);
      if (status != HEED_OK) return status;
      unpacker->file_ended = unpacker->length < sizeof unpacker->packed;
    }
    const size_t before = unpacker->used;
    if (only_zeros_follow(unpacker)) {
      unpacker->used = unpacker->length;
      if (unpacker->file_ended) return HEED_OK;
      continue;
    }
    if (unpacker->used == unpacker->length && unpacker->file_ended &&
        unpacker->between)
      return HEED_OK;
    status = unpacker->is_gzip ? unpack_gzip(self, bytes, size, length)
                               : unpack_zstd(self, bytes, size, length);
    if (status == HEED_OK && *length == 0 && unpacker->used == before &&
        unpacker->file_ended && !unpacker->between)
      return damaged(self, "it is truncated");
  }
  return status;
}

/* zlib and libzstd allocate for themselves. */
static heed_status start_unpacking(log_input *self, bool is_gzip) {
  log_unpacker *unpacker = calloc(1, sizeof *unpacker);
  if (unpacker == NULL) return heed_no_memory(self->error);
  unpacker->is_gzip = is_gzip;
  self->unpacker = unpacker;
  /* What has been read of the file is compressed. */
  memcpy(unpacker->packed, self->bytes, self->length);
  unpacker->length = self->length;
  unpacker->file_ended = self->length < STEP;
  self->length = 0;
  self->at_end = false;
  if (!is_gzip) unpacker->zstd = ZSTD_createDStream();
  return is_gzip ? inflateInit2(&unpacker->gzip, 15 + 16) == Z_OK
                       ? HEED_OK
                       : heed_no_memory(self->error)
         : unpacker->zstd == NULL ? heed_no_memory(self->error)
                                  : HEED_OK;
}

/* ---- the window ---- */

static heed_status make_room(log_input *self) {
  const size_t room = self->room == 0 ? 2 * STEP : 2 * self->room;
  char *more;
  if (self->room - self->length >= STEP) return HEED_OK;
  if (room > ROOM_MOST)
    return heed_fail(self->error, HEED_INVALID,
                     "%s: a row is longer than %zu bytes; a quote or a bracket "
                     "is possibly not closed",
                     self->path, ROOM_MOST / 2);
  more = realloc(self->bytes, room);
  if (more == NULL) return heed_no_memory(self->error);
  self->bytes = more;
  self->room = room;
  return HEED_OK;
}

heed_status log_input_more(log_input *self, size_t used) {
  size_t length = 0;
  heed_status status;
  if (used > 0) {
    memmove(self->bytes, self->bytes + used, self->length - used);
    self->length -= used;
  }
  status = make_room(self);
  if (status != HEED_OK) return status;
  if (self->unpacker != NULL) {
    status = unpack(self, self->bytes + self->length, STEP, &length);
    self->at_end = length == 0;
  } else {
    status = read_file(self, self->bytes + self->length, STEP, &length);
    self->at_end = length < STEP;
  }
  self->length += length;
  return status;
}

static bool begins(const log_input *self, const char *bytes, size_t length) {
  return self->length >= length && memcmp(self->bytes, bytes, length) == 0;
}

heed_status log_input_open(log_input *self, const char *path,
                           heed_error *error) {
  struct stat found;
  heed_status status;
  *self = (log_input){.path = path, .error = error};
  self->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (self->file < 0) return cannot_read(self);
  if (fstat(self->file, &found) != 0) return cannot_read(self);
  if (!S_ISREG(found.st_mode))
    return heed_fail(error, HEED_INVALID, "%s: is not a regular file", path);
  status = log_input_more(self, 0);
  if (status != HEED_OK) return status;
  if (begins(self, "\x1F\x8B", 2))
    status = start_unpacking(self, true);
  else if (begins(self, "\x28\xB5\x2F\xFD", 4))
    status = start_unpacking(self, false);
  while (status == HEED_OK && self->length < 8 && !self->at_end)
    status = log_input_more(self, 0);
  /* A byte order mark is redundant in UTF-8. */
  if (status == HEED_OK && begins(self, "\xEF\xBB\xBF", 3)) {
    memmove(self->bytes, self->bytes + 3, self->length - 3);
    self->length -= 3;
  }
  return status;
}

void log_input_close(log_input *self) {
  if (self->file >= 0) (void)close(self->file);
  if (self->unpacker != NULL) {
    if (self->unpacker->is_gzip) (void)inflateEnd(&self->unpacker->gzip);
    (void)ZSTD_freeDStream(self->unpacker->zstd);
    free(self->unpacker);
  }
  free(self->bytes);
}
