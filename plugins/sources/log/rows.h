/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a table in a file, as texts: CSV, JSON Lines or HDF5, a few columns
 * of it chosen by name.  Every row knows its line. */
#ifndef HEED_SOURCES_LOG_ROWS_H
#define HEED_SOURCES_LOG_ROWS_H

#include "heed/memory.h"

typedef enum log_format { LOG_AUTO, LOG_CSV, LOG_JSONL, LOG_HDF5 } log_format;
extern const char *const log_format_words[]; /* in that order, ended by NULL */

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

/* names[width]: the columns wanted; NULL: not wanted, and all its cells are
 * NULL.  A column that the file lacks is HEED_INVALID. */
heed_status log_read(const heed_host *host, const char *path, log_format format,
                     const char *const *names, size_t width, log_faults *faults,
                     log_rows *result, heed_error *error);

/* For the readers: appends a row, copying the cells. */
heed_status log_append(const heed_host *host, log_rows *rows,
                       const char *const *cells, size_t line,
                       heed_error *error);

/* Where the first byte that is not UTF-8, or is NUL, stands; length: none. */
size_t log_not_utf8(const char *text, size_t length);

heed_status log_read_csv(const heed_host *host, const char *bytes,
                         size_t length, const char *const *names,
                         log_faults *faults, log_rows *rows, heed_error *error);
heed_status log_read_jsonl(const heed_host *host, const char *bytes,
                           size_t length, const char *const *names,
                           log_faults *faults, log_rows *rows,
                           heed_error *error);
heed_status log_read_hdf5(const heed_host *host, const char *const *names,
                          log_faults *faults, log_rows *rows,
                          heed_error *error);

/* The message for a column that is not there, with those that are. */
heed_status log_no_column(const char *path, const char *name,
                          const char *const *there, size_t count,
                          heed_error *error);

#endif
