/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts of a log. */
#include "sources/log/text.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#define DIGITS_MOST 512 /* characters of a number */

/* The bytes at the start that are ASCII and not NUL: eight at a time, then one
 * at a time. */
static size_t ascii_length(const char *text, size_t length) {
  const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  size_t count = 0;
  for (uint64_t word; count + sizeof word <= length; count += sizeof word) {
    memcpy(&word, text + count, sizeof word);
    if (((word | (word - ones)) & tops) != 0) break;
  }
  while (count < length && (signed char)text[count] > 0) count++;
  return count;
}

size_t log_not_utf8(const char *text, size_t length) {
  size_t position = 0;
  while (position < length) {
    utf8proc_int32_t point;
    utf8proc_ssize_t step;
    position += ascii_length(text + position, length - position);
    if (position == length) return length;
    step = utf8proc_iterate((const utf8proc_uint8_t *)text + position,
                            (utf8proc_ssize_t)(length - position), &point);
    if (step <= 0 || point == 0) return position;
    position += (size_t)step;
  }
  return length;
}

/* Where the first LF or CR is; length if there is none.  In blocks, as a file
 * may have only one of the two. */
static size_t find_end(const char *bytes, size_t position, size_t length) {
  while (position < length) {
    const size_t left = length - position, block = left < 256 ? left : 256;
    const char *start = bytes + position;
    const char *feed = memchr(start, '\n', block);
    const char *back =
        memchr(start, '\r', feed == NULL ? block : (size_t)(feed - start));
    if (back != NULL) return (size_t)(back - bytes);
    if (feed != NULL) return (size_t)(feed - bytes);
    position += block;
  }
  return length;
}

size_t log_line_end(const char *bytes, size_t position, size_t length) {
  position = find_end(bytes, position, length);
  if (position == length) return length;
  return position + (bytes[position] == '\r' && position + 1 < length &&
                             bytes[position + 1] == '\n'
                         ? 2
                         : 1);
}

static bool is_blank(char character) {
  return character == ' ' || (character >= '\t' && character <= '\r');
}

log_text log_trim(log_text text) {
  while (text.length > 0 && is_blank(*text.bytes)) {
    text.bytes++;
    text.length--;
  }
  while (text.length > 0 && is_blank(text.bytes[text.length - 1]))
    text.length--;
  return text;
}

bool log_is_blank(log_text text) {
  for (size_t i = 0; i < text.length; i++)
    if (!is_blank(text.bytes[i])) return false;
  return true;
}

bool log_number_in(log_text text, double *number) {
  char digits[DIGITS_MOST], *end;
  text = log_trim(text);
  if (text.length == 0 || text.length >= sizeof digits) return false;
  memcpy(digits, text.bytes, text.length);
  digits[text.length] = '\0';
  *number = strtod(digits, &end);
  return *end == '\0' && isfinite(*number);
}

void log_number_text(double number, bool is_single,
                     char text[LOG_NUMBER_SIZE]) {
  /* So many digits survive being read, but for subnormal numbers. */
  int digits = is_single ? FLT_DIG : DBL_DIG;
  if (fabs(number) < (is_single ? (double)FLT_MIN : DBL_MIN)) digits = 1;
  if (number == trunc(number) && fabs(number) < 0x1p53) {
    (void)snprintf(text, LOG_NUMBER_SIZE, "%lld", (long long)number);
    return;
  }
  do (void)snprintf(text, LOG_NUMBER_SIZE, "%.*g", digits, number);
  while (digits++ < 17 && (is_single ? strtof(text, NULL) != (float)number
                                     : strtod(text, NULL) != number));
}
