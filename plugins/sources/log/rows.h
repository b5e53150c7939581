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
  const char *unit;   /* "line", or "row" in HDF5 */
  size_t most;        /* rows that are wanted; SIZE_MAX: all */
  bool cut;           /* not the whole file is in memory */
  size_t room;
} log_rows;

/* Whether the file may have more rows. */
bool log_is_part(const log_rows *rows);

/* For readers: appends a row and copies its cells.  Once there are as many rows
 * as are wanted, it drops the row; a reader may stop. */
heed_status log_append(const heed_host *host, log_rows *rows,
                       const char *const *cells, size_t line,
                       heed_error *error);

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

/* Offset of the first byte that is NUL or not UTF-8; length if none. */
size_t log_not_utf8(const char *text, size_t length);

/* Where the line that begins at `position` ends, its end included: LF, CR LF,
 * or CR alone as in files of old Macs and of Excel's "CSV (Macintosh)". */
size_t log_line_end(const char *bytes, size_t position, size_t length);

/* The text without the blanks around it: where it begins, and its length. */
const char *log_trim(const char *text, size_t *length);
/* Whether nothing but blanks is there.  NULL is blank. */
bool log_is_blank(const char *text);

#define LOG_NUMBER_SIZE 32
/* A number of a typed format as a text: a whole number below 2^53 as its
 * digits (1.0 and 1e0 are "1"), any other by the fewest digits that read back
 * as the same number; is_single: as the same number of 32 bits. */
void log_number_text(double number, bool is_single, char text[LOG_NUMBER_SIZE]);

/* The message for a missing column, with the existing ones. */
heed_status log_no_column(const char *path, const char *name,
                          const char *const *there, size_t count,
                          heed_error *error);

#endif
