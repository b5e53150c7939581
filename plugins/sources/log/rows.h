/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a table as texts, and the handling of malformed rows.  Every row
 * knows its line.  Readers (formats.h) fill them. */
#ifndef HEED_SOURCES_LOG_ROWS_H
#define HEED_SOURCES_LOG_ROWS_H

#include "heed/memory.h"

/* Handling of malformed rows. */
typedef struct log_faults {
  const heed_host *host;
  bool skip; /* count and warn; else stop at the first */
  size_t count;
} log_faults;

/* Reports a malformed row: HEED_INVALID with the message, or HEED_OK if rows
 * are skipped.  line: in an HDF5 file the row, 1, 2, …; 0: none. */
HEED_PRINTF(5, 6)
heed_status log_fault(log_faults *faults, const char *path, size_t line,
                      heed_error *error, const char *format, ...);

typedef struct log_rows {
  const char *path;
  size_t count, width;
  const char **cells; /* count x width; NULL: missing cell */
  size_t *line;       /* count: first line of each row; HDF5: its number */
  size_t room;
} log_rows;

/* For readers: appends a row and copies its cells. */
heed_status log_append(const heed_host *host, log_rows *rows,
                       const char *const *cells, size_t line,
                       heed_error *error);

/* Offset of the first byte that is NUL or not UTF-8; length if none. */
size_t log_not_utf8(const char *text, size_t length);

/* The message for a missing column, with the existing ones. */
heed_status log_no_column(const char *path, const char *name,
                          const char *const *there, size_t count,
                          heed_error *error);

#endif
