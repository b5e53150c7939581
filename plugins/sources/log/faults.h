/* SPDX-License-Identifier: GPL-3.0-or-later
 * Messages that quote a log, and the handling of malformed rows. */
#ifndef HEED_SOURCES_LOG_FAULTS_H
#define HEED_SOURCES_LOG_FAULTS_H

#include "heed/memory.h"
#include "sources/log/text.h"

/* Handling of malformed rows. */
typedef struct log_faults {
  const heed_host *host;
  bool skip;   /* count and warn; else stop at the first */
  bool silent; /* neither: the rows are read once more */
  size_t count;
} log_faults;

/* Reports a malformed row: HEED_INVALID with the message, or HEED_OK if rows
 * are skipped.  line: in an HDF5 file the row, 1, 2, …; 0: none. */
HEED_PRINTF(5, 6)
heed_status log_fault(log_faults *faults, const char *path, size_t line,
                      heed_error *error, const char *format, ...);

/* heed_fail() for a message that quotes the log.  The texts of a log come from
 * strangers: control characters are shown as \x1b, and those that turn the
 * direction of a line as \u202e. */
HEED_PRINTF(3, 4)
heed_status log_fail(heed_error *error, heed_status status, const char *format,
                     ...);

/* The same for a warning. */
HEED_PRINTF(3, 4)
void log_warn(const heed_host *host, const char *code, const char *format, ...);

/* Appends to a text of `size` bytes; what does not fit is cut. */
HEED_PRINTF(3, 4)
void log_add(char *text, size_t size, const char *format, ...);

/* The message for a missing column, with the existing ones. */
heed_status log_no_column(const char *path, const char *name,
                          const char *const *there, size_t count,
                          heed_error *error);

#endif
