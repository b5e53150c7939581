/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the steps of reading a log share. */
#include "sources/log/reading.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

heed_status log_row_fault(log_reading *self, size_t row, const char *format,
                          ...) {
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(&self->faults, self->rows.path, self->rows.line[row],
                   self->error, "%s", what);
}

bool log_number_in(const char *text, double *number) {
  char *end;
  if (log_is_blank(text)) return false;
  *number = strtod(text, &end);
  return end != text && log_is_blank(end) && isfinite(*number);
}
