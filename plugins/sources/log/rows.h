/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a table, as texts, and what becomes of malformed ones.  Every row
 * knows its line.  Readers of a format fill them (formats.h). */
#ifndef HEED_SOURCES_LOG_ROWS_H
#define HEED_SOURCES_LOG_ROWS_H

#include "heed/memory.h"

/* What becomes of malformed rows. */
typedef struct log_faults {
  const heed_host *host;
  bool skip; /* count and warn; else stop at the first */
  size_t count;
} log_faults;

/* One malformed row: HEED_INVALID with the message, or HEED_OK if rows are
 * skipped.  line: of an HDF5 file the row, 1, 2, …; 0: none. */
HEED_PRINTF(5, 6)
heed_status log_fault(log_faults *faults, const char *path, size_t line,
                      heed_error *error, const char *format, ...);

typedef struct log_rows {
  const char *path;
  size_t count, width;
  const char **cells; /* count x width; NULL: the row lacks that column */
  size_t *line;       /* count: where the row starts; HDF5: its number */
  size_t room;
} log_rows;

/* For the readers: appends a row, copying the cells. */
heed_status log_append(const heed_host *host, log_rows *rows,
                       const char *const *cells, size_t line,
                       heed_error *error);

/* Where the first byte that is not UTF-8, or is NUL, stands; length: none. */
size_t log_not_utf8(const char *text, size_t length);

/* The message for a column that is not there, with those that are. */
heed_status log_no_column(const char *path, const char *name,
                          const char *const *there, size_t count,
                          heed_error *error);

#endif
