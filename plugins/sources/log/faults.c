/* SPDX-License-Identifier: GPL-3.0-or-later
 * Messages that quote a log. */
#include "sources/log/faults.h"

#include <stdarg.h>
#include <stdio.h>
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
  if (faults->silent) return HEED_OK;
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
