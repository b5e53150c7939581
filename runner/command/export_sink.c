/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where an export goes. */
#include "export_sink.h"

#include <string.h>
#include <utf8proc.h>

void sink_open(export_sink *self, const output_stream *stream,
               heed_error *error) {
  self->stream = stream;
  self->status = HEED_OK;
  self->error = error;
  for (size_t i = 0; i < SINK_KNOWN; i++) self->known[i] = (sink_known){0, "0"};
  self->used = 0;
}

static void put_out(export_sink *self, const char *bytes, size_t length) {
  if (self->stream == NULL || self->status != HEED_OK || length == 0) return;
  self->status = standard_add(self->stream, bytes, length, self->error);
}

heed_status sink_flush(export_sink *self) {
  put_out(self, self->bytes, self->used);
  self->used = 0;
  return self->status;
}

void sink_bytes(export_sink *self, const char *bytes, size_t length) {
  if (length > SINK_SIZE - self->used) (void)sink_flush(self);
  if (length > SINK_SIZE) {
    put_out(self, bytes, length);
    return;
  }
  memcpy(self->bytes + self->used, bytes, length);
  self->used += length;
}

void sink_text(export_sink *self, const char *text) {
  sink_bytes(self, text, strlen(text));
}

/* ---- JSON ---- */

static bool is_utf8(const char *text, size_t length) {
  const utf8proc_uint8_t *next = (const utf8proc_uint8_t *)text;
  for (size_t i = 0; i < length;) {
    utf8proc_int32_t character;
    utf8proc_ssize_t taken = 1;
    if (next[i] >= 0x80)
      taken = utf8proc_iterate(next + i, (utf8proc_ssize_t)(length - i),
                               &character);
    if (taken <= 0) return false;
    i += (size_t)taken;
  }
  return true;
}

static bool is_plain(char byte) {
  return (unsigned char)byte >= 0x20 && byte != '"' && byte != '\\';
}

static void put_escaped(export_sink *self, char byte) {
  static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
  char escape[8];
  for (const char *letter = letters; *letter != '\0'; letter += 2)
    if (*letter == byte) {
      const char two[] = {'\\', letter[1]};
      sink_bytes(self, two, sizeof two);
      return;
    }
  (void)snprintf(escape, sizeof escape, "\\u%04X", (unsigned)byte & 0xffu);
  sink_text(self, escape);
}

bool sink_json(export_sink *self, const char *text) {
  const size_t length = strlen(text);
  if (!is_utf8(text, length)) return false;
  sink_bytes(self, "\"", 1);
  for (size_t i = 0; i < length;) {
    const size_t start = i;
    while (i < length && is_plain(text[i])) i++;
    sink_bytes(self, text + start, i - start);
    if (i < length) put_escaped(self, text[i++]);
  }
  sink_bytes(self, "\"", 1);
  return true;
}

/* ---- numbers ---- */

static const char *text_of(export_sink *self, double value) {
  uint64_t bits;
  sink_known *known;
  memcpy(&bits, &value, sizeof bits);
  known = &self->known[(bits * 0x9e3779b97f4a7c15u) >> 54];
  if (known->value != value) {
    known->value = value;
    view_number(value, known->text);
  }
  return known->text;
}

void sink_field_number(export_sink *self, double value) {
  sink_text(self, text_of(self, value));
}

void sink_number(export_sink *self, double value) {
  const char *text = text_of(self, value);
  sink_text(self, text);
  if (strpbrk(text, ".e") == NULL) sink_bytes(self, ".0", 2);
}

void sink_integer(export_sink *self, int64_t value) {
  char text[NUMBER_SIZE];
  (void)snprintf(text, sizeof text, "%lld", (long long)value);
  sink_text(self, text);
}
