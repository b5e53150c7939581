/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts for a terminal or a page. */
#include "view/safe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "heed/status.h"

/* The bytes of the next character and its code; -1: not UTF-8, one byte. */
static size_t read_character(const char *text, size_t length, int32_t *code) {
  utf8proc_int32_t found;
  const utf8proc_ssize_t size =
      utf8proc_iterate((const utf8proc_uint8_t *)text,
                       (utf8proc_ssize_t)(length < 4 ? length : 4), &found);
  *code = size > 0 ? found : -1;
  return size > 0 ? (size_t)size : 1;
}

static bool is_obeyed(int32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
         (code >= 0x200e && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

size_t safe_copy(const char *text, size_t length, bool keeps_lines,
                 char *target) {
  size_t used = 0;
  for (size_t i = 0; i < length;) {
    char shown[SAFE_GROWTH + 1];
    int32_t code;
    const size_t size = read_character(text + i, length - i, &code);
    const bool stays =
        !is_obeyed(code) || (keeps_lines && (code == '\n' || code == '\t'));
    if (stays)
      memcpy(shown, text + i, size);
    else if (code < 0x20)
      (void)snprintf(shown, sizeof shown, "\\x%02x", (unsigned char)text[i]);
    else
      (void)snprintf(shown, sizeof shown, "\\u%04x", (unsigned)code & 0xffff);
    const size_t width = stays ? size : code < 0x20 ? 4 : 6;
    memcpy(target + used, shown, width);
    used += width;
    i += size;
  }
  return used;
}

static char *copy_of(const char *text, bool keeps_lines) {
  const size_t length = strlen(text);
  char *copy = malloc(SAFE_GROWTH * length + 1);
  if (copy != NULL) copy[safe_copy(text, length, keeps_lines, copy)] = '\0';
  return copy;
}

char *safe_line(const char *text) {
  return copy_of(text, false);
}

char *safe_lines(const char *text) {
  return copy_of(text, true);
}

void safe_put(FILE *file, const char *text) {
  char *line = safe_line(text);
  (void)fputs(line == NULL ? HEED_OUT_OF_MEMORY : line, file);
  free(line);
}

/* 0: the byte does not begin a character of several bytes. */
static size_t size_of(unsigned char first) {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
}

size_t safe_unfinished(const char *text, size_t length) {
  for (size_t back = 1; back <= 3 && back <= length; back++) {
    const unsigned char byte = (unsigned char)text[length - back];
    if ((byte & 0xc0) == 0x80) continue;
    return size_of(byte) > back ? back : 0;
  }
  return 0;
}

size_t safe_width(const char *text, size_t length) {
  size_t width = 0;
  for (size_t i = 0; i < length;) {
    int32_t code;
    i += read_character(text + i, length - i, &code);
    width += code < 0 ? 1 : (size_t)utf8proc_charwidth(code);
  }
  return width;
}

const char *safe_next(const char *text) {
  int32_t code;
  return text + read_character(text, strlen(text), &code);
}
