/* SPDX-License-Identifier: GPL-3.0-or-later
 * Decodes UTF-8. */
#include "support/llm/utf8.h"

#include <stdlib.h>
#include <utf8proc.h>

#define REPLACEMENT 0xfffdu

/* The range of a character's second byte, given its first; returns the number
 * of following bytes, 0 if the first is invalid. */
static int following(uint8_t first, uint8_t *least, uint8_t *most) {
  *least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  *most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (first >= 0xc2 && first <= 0xdf) return 1;
  if (first >= 0xe0 && first <= 0xef) return 2;
  return first >= 0xf0 && first <= 0xf4 ? 3 : 0;
}

size_t utf8_read(const uint8_t *bytes, size_t left, uint32_t *character) {
  uint8_t least, most;
  *character = bytes[0];
  if (bytes[0] < 0x80) return 1;
  const int more = following(bytes[0], &least, &most);
  *character = bytes[0] & (0x3fu >> more);
  for (int i = 1; i <= more; i++) {
    if ((size_t)i == left || bytes[i] < least || bytes[i] > most) {
      *character = REPLACEMENT;
      return (size_t)i;
    }
    *character = *character << 6 | (bytes[i] & 0x3fu);
    least = 0x80;
    most = 0xbf;
  }
  if (more == 0) *character = REPLACEMENT;
  return (size_t)more + 1;
}

char *utf8_clean(const char *text, size_t length, size_t *clean) {
  /* One byte becomes at most three. */
  char *made = malloc(3 * length + 1);
  *clean = 0;
  for (size_t position = 0; made != NULL && position < length;) {
    uint32_t character;
    const size_t taken = utf8_read((const uint8_t *)text + position,
                                   length - position, &character);
    *clean += (size_t)utf8proc_encode_char((utf8proc_int32_t)character,
                                           (uint8_t *)made + *clean);
    position += taken;
  }
  if (made != NULL) made[*clean] = 0;
  return made;
}
