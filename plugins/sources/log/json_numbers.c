/* SPDX-License-Identifier: GPL-3.0-or-later
 * Puts quotes around the numbers that jansson does not hold. */
#include "sources/log/json_numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whether these bytes are a number that jansson does not hold. */
typedef bool number_test(const char *number, size_t length);

/* Numbers of fewer digits jansson always holds. */
static bool is_long_integer(const char *number, size_t length) {
  const size_t sign = *number == '-';
  if (length < sign + 16 || number[sign] == '0' ||
      strspn(number + sign, "0123456789") != length - sign)
    return false;
  errno = 0;
  if (sign == 1)
    (void)strtoll(number, NULL, 10);
  else
    (void)strtoull(number, NULL, 10);
  return errno == 0;
}

/* Reads as 0 but is not 0. */
static bool is_tiny(const char *number, size_t length) {
  const size_t zeros = strspn(number, "-.0");
  return strtod(number, NULL) == 0 && zeros < length &&
         strchr("123456789", number[zeros]) != NULL;
}

/* The length of a text of JSON, its quotes included. */
static size_t text_length(const char *line, size_t length) {
  size_t end = 1;
  while (end < length && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
  return end < length ? end + 1 : length;
}

/* Whether a value ends here: not so a key that is a number, an error. */
static bool ends_value(const char *rest, size_t length) {
  size_t blanks = 0;
  while (blanks < length && strchr(" \t\r\n", rest[blanks]) != NULL) blanks++;
  return blanks < length && strchr(",]}", rest[blanks]) != NULL;
}

/* The value with quotes around some of its numbers: in the room, ended by NUL.
 * Its length; 0: out of memory. */
static size_t quote(json_room *room, const char *line, size_t length,
                    number_test *test) {
  size_t used = 0;
  if (room->size < 2 * length + 1) {
    room->size = 4 * length + 1;
    room->bytes = heed_scratch(&room->memory, room->size, 1);
  }
  if (room->memory.refused) return 0;
  for (size_t i = 0, step; i < length; i += step) {
    const size_t number = strspn(line + i, "+-.0123456789eE");
    const bool quoted = number > 0 &&
                        ends_value(line + i + number, length - i - number) &&
                        test(line + i, number);
    step = number > 0       ? number
           : line[i] == '"' ? text_length(line + i, length - i)
                            : 1;
    if (quoted) room->bytes[used++] = '"';
    memcpy(room->bytes + used, line + i, step);
    used += step;
    if (quoted) room->bytes[used++] = '"';
  }
  return used;
}

/* Whether a half of a UTF-16 pair is here: "\\ud83d"; low: the second half. */
static bool is_half(const char *bytes, size_t left, bool low) {
  return left >= 6 && bytes[0] == '\\' && bytes[1] == 'u' &&
         (bytes[2] == 'd' || bytes[2] == 'D') &&
         strchr(low ? "cdefCDEF" : "89abAB", bytes[3]) != NULL &&
         bytes[3] != '\0' && strspn(bytes + 4, "0123456789abcdefABCDEF") >= 2;
}

/* Writes U+FFFD where half of a pair stands alone: JavaScript cuts texts there,
 * and jansson refuses the whole value.  The length; 0: there is none, or memory
 * was refused. */
static size_t mend(json_room *room, const char *line, size_t length) {
  char *copy;
  bool any = false;
  if (memmem(line, length, "\\ud", 3) == NULL &&
      memmem(line, length, "\\uD", 3) == NULL)
    return 0;
  copy = heed_scratch(&room->memory, length + 1, 1);
  if (copy == NULL) return 0;
  memcpy(copy, line, length);
  for (size_t i = 0; i < length; i++) {
    if (copy[i] != '\\') continue;
    if (is_half(copy + i, length - i, false) &&
        is_half(copy + i + 6, length < i + 6 ? 0 : length - i - 6, true)) {
      i += 11;
    } else if (is_half(copy + i, length - i, false) ||
               is_half(copy + i, length - i, true)) {
      memcpy(copy + i + 2, "fffd", 4);
      any = true;
      i += 5;
    } else {
      i++; /* what is escaped */
    }
  }
  room->mended = copy;
  return any ? length : 0;
}

json_t *json_load(json_room *room, const char *bytes, size_t length,
                  json_error_t *where) {
  const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
  json_t *value = json_loadb(bytes, length, flags, where);
  room->was_mended = false;
  if (value == NULL && json_error_code(where) == json_error_invalid_syntax) {
    const size_t mended = mend(room, bytes, length);
    if (mended > 0) {
      bytes = room->mended;
      room->was_mended = true;
      value = json_loadb(bytes, mended, flags, where);
    }
  }
  if (value != NULL || json_error_code(where) != json_error_numeric_overflow)
    return value;
  /* A column that nobody asked for may hold a number that is too large. */
  length = quote(room, bytes, length, is_long_integer);
  return length == 0 ? NULL
                     : json_loadb(room->bytes, length,
                                  flags | JSON_DECODE_INT_AS_REAL, where);
}

json_t *json_load_tiny(json_room *room, const char *bytes, size_t length) {
  json_error_t where;
  length = quote(room, bytes, length, is_tiny);
  return length == 0
             ? NULL
             : json_loadb(room->bytes, length, JSON_DECODE_INT_AS_REAL, &where);
}
