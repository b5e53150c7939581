/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a table: code shared by all formats. */
#include "sources/log/rows.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define WARNED 20 /* skipped rows reported one by one; traces report all */

/* Control characters of Unicode, and those that turn the direction of a line.
 */
static bool is_unsafe(utf8proc_int32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
         (point >= 0x200e && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2066 && point <= 0x2069);
}

/* Copies a message.  A character that a precision such as %.40s has cut is
 * dropped. */
static void show(const char *message, char *shown, size_t size) {
  size_t length = strlen(message), used = 0;
  while (length > 0 && used + 8 < size) {
    utf8proc_int32_t point = 0;
    utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)message,
                                             (utf8proc_ssize_t)length, &point);
    if (step <= 0) {
      step = 1;
    } else if (!is_unsafe(point)) {
      memcpy(shown + used, message, (size_t)step);
      used += (size_t)step;
    } else {
      used += (size_t)snprintf(shown + used, size - used,
                               point < 0x20 ? "\\x%02x" : "\\u%04x",
                               (unsigned)point);
    }
    message += step;
    length -= (size_t)step;
  }
  shown[used] = '\0';
}

heed_status log_fail(heed_error *error, heed_status status, const char *format,
                     ...) {
  char message[HEED_MESSAGE_SIZE], shown[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  show(message, shown, sizeof shown);
  return heed_fail(error, status, "%s", shown);
}

void log_warn(const heed_host *host, const char *code, const char *format,
              ...) {
  char message[HEED_MESSAGE_SIZE], shown[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  show(message, shown, sizeof shown);
  host->warn(host, code, "%s", shown);
}

void log_add(char *text, size_t size, const char *format, ...) {
  const size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text + used, size - used, format, arguments);
  va_end(arguments);
}

heed_status log_fault(log_faults *faults, const char *path, size_t line,
                      heed_error *error, const char *format, ...) {
  char what[HEED_MESSAGE_SIZE], shown[HEED_MESSAGE_SIZE], where[32] = "";
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  show(what, shown, sizeof shown);
  if (line > 0) (void)snprintf(where, sizeof where, ":%zu", line);
  if (!faults->skip)
    return heed_fail(error, HEED_INVALID, "%s%s: %s", path, where, shown);
  faults->count++;
  faults->host->trace(faults->host, "malformed_line", faults->count,
                      (double)line);
  if (faults->count <= WARNED)
    faults->host->warn(faults->host, "row_skipped", "%s%s: %s", path, where,
                       shown);
  return HEED_OK;
}

heed_status log_no_column(const char *path, const char *name,
                          const char *const *there, size_t count,
                          heed_error *error) {
  char list[HEED_MESSAGE_SIZE / 2] = "";
  size_t used = 0;
  for (size_t i = 0; i < count && used < sizeof list; i++)
    if (*there[i] != '\0')
      used += (size_t)snprintf(list + used, sizeof list - used, "%s\"%s\"",
                               used == 0 ? "" : ", ", there[i]);
  return log_fail(error, HEED_INVALID,
                  "%s: missing column \"%s\"; the file has %s", path, name,
                  used == 0 ? "none" : list);
}

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
  return character != '\0' && strchr(" \t\r\n\f\v", character) != NULL;
}

const char *log_trim(const char *text, size_t *length) {
  while (is_blank(*text)) text++;
  *length = strlen(text);
  while (*length > 0 && is_blank(text[*length - 1])) --*length;
  return text;
}

bool log_is_blank(const char *text) {
  size_t length = 0;
  if (text != NULL) (void)log_trim(text, &length);
  return length == 0;
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

bool log_is_part(const log_rows *rows) {
  return rows->cut || rows->count == rows->most;
}

/* One block of memory for the texts of a row: rows are many. */
static void copy_cells(heed_memory *memory, const char *const *cells,
                       size_t width, const char **copies) {
  size_t length = 0;
  char *room;
  for (size_t i = 0; i < width; i++)
    if (cells[i] != NULL) length += strlen(cells[i]) + 1;
  room = heed_allocate(memory, length, 1);
  for (size_t i = 0; room != NULL && i < width; i++) {
    copies[i] = cells[i] == NULL ? NULL : room;
    if (cells[i] != NULL) room = stpcpy(room, cells[i]) + 1;
  }
}

heed_status log_append(const heed_host *host, log_rows *rows,
                       const char *const *cells, size_t line,
                       heed_error *error) {
  heed_memory memory = {host, false};
  if (rows->count >= rows->most) return HEED_OK;
  if (rows->count == rows->room) {
    const size_t room = rows->room == 0 ? 1024 : 2 * rows->room;
    const char **more = heed_scratch(&memory, room, rows->width * sizeof *more);
    size_t *lines = heed_scratch_sizes(&memory, room);
    if (memory.refused) return heed_no_memory(error);
    if (rows->count > 0) {
      memcpy(more, rows->cells, rows->count * rows->width * sizeof *more);
      memcpy(lines, rows->line, rows->count * sizeof *lines);
    }
    rows->cells = more;
    rows->line = lines;
    rows->room = room;
  }
  copy_cells(&memory, cells, rows->width,
             &rows->cells[rows->count * rows->width]);
  if (memory.refused) return heed_no_memory(error);
  rows->line[rows->count++] = line;
  return HEED_OK;
}
