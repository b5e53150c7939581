/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a table: code shared by all formats. */
#include "sources/log/rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#define WARNED 20 /* skipped rows reported one by one; traces report all */

heed_status log_fault(log_faults *faults, const char *path, size_t line,
                      heed_error *error, const char *format, ...) {
  char what[HEED_MESSAGE_SIZE / 2], where[32] = "";
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  if (line > 0) (void)snprintf(where, sizeof where, ":%zu", line);
  if (!faults->skip)
    return heed_fail(error, HEED_INVALID, "%s%s: %s", path, where, what);
  faults->count++;
  faults->host->trace(faults->host, "malformed_line", faults->count,
                      (double)line);
  if (faults->count <= WARNED)
    faults->host->warn(faults->host, "row_skipped", "%s%s: %s", path, where,
                       what);
  return HEED_OK;
}

heed_status log_no_column(const char *path, const char *name,
                          const char *const *there, size_t count,
                          heed_error *error) {
  char list[HEED_MESSAGE_SIZE / 2] = "";
  size_t used = 0;
  for (size_t i = 0; i < count && used < sizeof list; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s\"%s\"",
                             i == 0 ? "" : ", ", there[i]);
  return heed_fail(error, HEED_INVALID,
                   "%s: missing column \"%s\"; the file has %s", path, name,
                   count == 0 ? "none" : list);
}

size_t log_not_utf8(const char *text, size_t length) {
  size_t position = 0;
  while (position < length) {
    utf8proc_int32_t point;
    const utf8proc_ssize_t step =
        utf8proc_iterate((const utf8proc_uint8_t *)text + position,
                         (utf8proc_ssize_t)(length - position), &point);
    if (step <= 0 || point == 0) return position;
    position += (size_t)step;
  }
  return length;
}

heed_status log_append(const heed_host *host, log_rows *rows,
                       const char *const *cells, size_t line,
                       heed_error *error) {
  heed_memory memory = {host, false};
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
  for (size_t i = 0; i < rows->width; i++)
    rows->cells[rows->count * rows->width + i] =
        heed_copy_text(&memory, cells[i]);
  if (memory.refused) return heed_no_memory(error);
  rows->line[rows->count++] = line;
  return HEED_OK;
}
