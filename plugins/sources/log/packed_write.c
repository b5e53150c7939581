/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the sections of a packed log. */
#include "sources/log/packed_write.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER ((size_t)1 << 18)
#define COLUMN_BUFFER ((size_t)1 << 16)
#define EXACT                                                    \
  9007199254740992.0 /* 2^53: whole numbers up to it are doubles \
                      */

static heed_status cannot_write(const packed_writer *self) {
  return heed_fail(self->error, HEED_IO, "cannot write the output: %s",
                   strerror(errno));
}

static heed_status write_at(const packed_writer *self, const void *bytes,
                            size_t length, uint64_t offset) {
  const char *next = bytes;
  while (length > 0) {
    const ssize_t step = pwrite(self->file, next, length, (off_t)offset);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return cannot_write(self);
    next += step;
    offset += (uint64_t)step;
    length -= (size_t)step;
  }
  return HEED_OK;
}

heed_status packed_writer_open(packed_writer *self, int file,
                               heed_error *error) {
  *self = (packed_writer){.file = file, .error = error};
  self->offset = PACKED_HEADER;
  self->buffer = malloc(BUFFER);
  return self->buffer == NULL ? heed_no_memory(error) : HEED_OK;
}

void packed_writer_close(packed_writer *self) {
  free(self->sections);
  free(self->buffer);
}

/* ---- bytes of a section ---- */

static heed_status flush(packed_writer *self) {
  const heed_status status =
      write_at(self, self->buffer, self->used, self->offset);
  (void)crypto_generichash_update(&self->hash, self->buffer, self->used);
  self->offset += self->used;
  self->used = 0;
  return status;
}

static heed_status put(packed_writer *self, const void *bytes, size_t length) {
  const unsigned char *next = bytes;
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

static packed_section *last(packed_writer *self) {
  return &self->sections[self->count - 1];
}

heed_status packed_begin(packed_writer *self, packed_id id, size_t index,
                         packed_encoding encoding) {
  if (self->count == self->room) {
    const size_t room = self->room == 0 ? 32 : 2 * self->room;
    packed_section *more =
        reallocarray(self->sections, room, sizeof *self->sections);
    if (more == NULL) return heed_no_memory(self->error);
    self->sections = more;
    self->room = room;
  }
  self->offset = (self->offset + PACKED_ALIGNMENT - 1) / PACKED_ALIGNMENT *
                 PACKED_ALIGNMENT;
  self->sections[self->count++] =
      (packed_section){.id = id,
                       .index = (uint32_t)index,
                       .encoding = encoding,
                       .width = encoding == PACKED_FLOATS ? 8 : 0,
                       .offset = self->offset};
  (void)crypto_generichash_init(&self->hash, NULL, 0, PACKED_HASH);
  return HEED_OK;
}

heed_status packed_end(packed_writer *self) {
  packed_section *section = last(self);
  const heed_status status = flush(self);
  (void)crypto_generichash_final(&self->hash, section->hash, PACKED_HASH);
  section->length = self->offset - section->offset;
  return status;
}

/* ---- values ---- */

static uint32_t width_for(uint64_t range) {
  return range == 0            ? 0
         : range <= UINT8_MAX  ? 1
         : range <= UINT16_MAX ? 2
         : range <= UINT32_MAX ? 4
                               : 8;
}

heed_status packed_begin_integers(packed_writer *self, packed_id id,
                                  size_t index, int64_t low, int64_t high) {
  const heed_status status = packed_begin(self, id, index, PACKED_INTEGERS);
  if (status != HEED_OK) return status;
  last(self)->base = low;
  last(self)->width = width_for((uint64_t)high - (uint64_t)low);
  return HEED_OK;
}

heed_status packed_put_integer(packed_writer *self, int64_t value) {
  packed_section *section = last(self);
  const uint64_t stored = htole64((uint64_t)value - (uint64_t)section->base);
  section->count++;
  return put(self, &stored, section->width);
}

heed_status packed_put_float(packed_writer *self, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits = htole64(bits);
  last(self)->count++;
  return put(self, &bits, sizeof bits);
}

heed_status packed_put_name(packed_writer *self, const char *name) {
  last(self)->count++;
  return put(self, name, strlen(name) + 1);
}

/* ---- whole sections ---- */

heed_status packed_write_integers(packed_writer *self, packed_id id,
                                  size_t index, size_t count,
                                  packed_get_integer *get,
                                  const void *context) {
  int64_t low = count == 0 ? 0 : INT64_MAX, high = count == 0 ? 0 : INT64_MIN;
  heed_status status;
  for (size_t i = 0; i < count; i++) {
    const int64_t value = get(context, i);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  status = packed_begin_integers(self, id, index, low, high);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    status = packed_put_integer(self, get(context, i));
  return status == HEED_OK ? packed_end(self) : status;
}

heed_status packed_write_names(packed_writer *self, packed_id id, size_t count,
                               const char *const *names) {
  heed_status status = packed_begin(self, id, 0, PACKED_NAMES);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    status = packed_put_name(self, names[i]);
  return status == HEED_OK ? packed_end(self) : status;
}

/* ---- columns ---- */

static bool is_whole(double value) {
  return fabs(value) <= EXACT && value == floor(value) &&
         !(value == 0 && signbit(value));
}

void packed_measure_float(packed_range *self, double value) {
  if (self->count++ == 0) self->least = self->most = value;
  self->has_fractions = self->has_fractions || !is_whole(value);
  if (value < self->least) self->least = value;
  if (value > self->most) self->most = value;
}

static heed_status keep_place(packed_writer *self, packed_column *column,
                              uint64_t count, uint64_t bytes) {
  packed_section *section = last(self);
  section->count = count;
  section->length = bytes;
  column->section = self->count - 1;
  column->offset = section->offset;
  column->base = section->base;
  column->width = section->width;
  column->out = self;
  column->buffer = malloc(COLUMN_BUFFER);
  column->hash =
      aligned_alloc(_Alignof(crypto_generichash_state), sizeof *column->hash);
  self->offset += bytes;
  if (column->buffer == NULL || column->hash == NULL)
    return heed_no_memory(self->error);
  (void)crypto_generichash_init(column->hash, NULL, 0, PACKED_HASH);
  return HEED_OK;
}

heed_status packed_reserve(packed_writer *self, packed_column *column,
                           packed_id id, size_t index, packed_encoding encoding,
                           const packed_range *range) {
  const bool is_float = encoding == PACKED_FLOATS;
  heed_status status;
  column->has_fractions = is_float && range->has_fractions;
  if (column->has_fractions)
    status = packed_begin(self, id, index, PACKED_FLOATS);
  else if (is_float)
    status = packed_begin_integers(self, id, index, (int64_t)range->least,
                                   (int64_t)range->most);
  else
    status = packed_begin_integers(self, id, index, range->low, range->high);
  if (status != HEED_OK) return status;
  return keep_place(self, column, range->count,
                    range->count * last(self)->width);
}

heed_status packed_reserve_names(packed_writer *self, packed_column *column,
                                 packed_id id, size_t count, uint64_t bytes) {
  const heed_status status = packed_begin(self, id, 0, PACKED_NAMES);
  return status == HEED_OK ? keep_place(self, column, count, bytes) : status;
}

static heed_status flush_column(packed_column *self) {
  const heed_status status =
      write_at(self->out, self->buffer, self->used, self->offset);
  (void)crypto_generichash_update(self->hash, self->buffer, self->used);
  self->offset += self->used;
  self->used = 0;
  return status;
}

static heed_status put_stored(packed_column *self, uint64_t stored) {
  stored = htole64(stored);
  memcpy(self->buffer + self->used, &stored, sizeof stored);
  self->used += self->width;
  return self->used > COLUMN_BUFFER - sizeof stored ? flush_column(self)
                                                    : HEED_OK;
}

heed_status packed_column_integer(packed_column *self, int64_t value) {
  return put_stored(self, (uint64_t)value - (uint64_t)self->base);
}

heed_status packed_column_float(packed_column *self, double value) {
  uint64_t bits;
  if (!self->has_fractions) return packed_column_integer(self, (int64_t)value);
  memcpy(&bits, &value, sizeof bits);
  return put_stored(self, bits);
}

heed_status packed_column_name(packed_column *self, const char *name) {
  size_t length = strlen(name) + 1;
  heed_status status = HEED_OK;
  while (status == HEED_OK && length > 0) {
    const size_t left = COLUMN_BUFFER - self->used;
    const size_t step = length < left ? length : left;
    memcpy(self->buffer + self->used, name, step);
    self->used += step;
    name += step;
    length -= step;
    if (self->used == COLUMN_BUFFER) status = flush_column(self);
  }
  return status;
}

heed_status packed_column_end(packed_column *self) {
  const heed_status status = flush_column(self);
  (void)crypto_generichash_final(
      self->hash, self->out->sections[self->section].hash, PACKED_HASH);
  return status;
}

void packed_column_close(packed_column *self) {
  free(self->buffer);
  free(self->hash);
  self->buffer = NULL;
  self->hash = NULL;
}

/* ---- the directory and the header ---- */

static void place_32(unsigned char *place, uint32_t value) {
  value = htole32(value);
  memcpy(place, &value, sizeof value);
}

static void place_64(unsigned char *place, uint64_t value) {
  value = htole64(value);
  memcpy(place, &value, sizeof value);
}

static void hash(const unsigned char *bytes, size_t length,
                 unsigned char *result) {
  (void)crypto_generichash(result, PACKED_HASH, bytes, length, NULL, 0);
}

static void place_entry(unsigned char *place, const packed_section *section) {
  place_32(place + PACKED_AT_ID, section->id);
  place_32(place + PACKED_AT_INDEX, section->index);
  place_32(place + PACKED_AT_ENCODING, section->encoding);
  place_32(place + PACKED_AT_WIDTH, section->width);
  place_64(place + PACKED_AT_BASE, (uint64_t)section->base);
  place_64(place + PACKED_AT_VALUES, section->count);
  place_64(place + PACKED_AT_OFFSET, section->offset);
  place_64(place + PACKED_AT_LENGTH, section->length);
  memcpy(place + PACKED_AT_HASH, section->hash, PACKED_HASH);
}

heed_status packed_finish(packed_writer *self) {
  unsigned char header[PACKED_HEADER] = PACKED_MAGIC;
  const size_t length = self->count * PACKED_ENTRY;
  unsigned char *directory = calloc(self->count + 1, PACKED_ENTRY);
  heed_status status;
  if (directory == NULL) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++)
    place_entry(directory + i * PACKED_ENTRY, &self->sections[i]);
  self->offset = (self->offset + PACKED_ALIGNMENT - 1) / PACKED_ALIGNMENT *
                 PACKED_ALIGNMENT;
  place_32(header + PACKED_AT_VERSION, PACKED_VERSION);
  place_32(header + PACKED_AT_COUNT, (uint32_t)self->count);
  place_64(header + PACKED_AT_SIZE, self->offset + length);
  place_64(header + PACKED_AT_DIRECTORY, self->offset);
  hash(directory, length, header + PACKED_AT_DIRECTORY_HASH);
  hash(header, PACKED_AT_HEADER_HASH, header + PACKED_AT_HEADER_HASH);
  status = write_at(self, directory, length, self->offset);
  if (status == HEED_OK) status = write_at(self, header, sizeof header, 0);
  free(directory);
  return status;
}
