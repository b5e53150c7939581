/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a log in a temporary file: the cells that the source wants, as they
 * were read. */
#ifndef HEED_SOURCES_LOG_PACKED_ROWS_H
#define HEED_SOURCES_LOG_PACKED_ROWS_H

#include "sources/log/reading.h"
#include "sources/log/spool.h"

typedef struct packed_rows {
  log_spool spool;
  int64_t row, line; /* of the last row */
} packed_rows;

heed_status packed_rows_open(packed_rows *self, const char *folder,
                             heed_error *error);
void packed_rows_close(packed_rows *self);

/* The current row of the reading. */
heed_status packed_put_row(packed_rows *self, const log_reading *log,
                           const log_row *row);

/* Sends all rows to a sink.  *moment: names of row n are noted from
 * n << PACKED_MOMENTS on. */
#define PACKED_MOMENTS 16
heed_status packed_send_rows(packed_rows *self, log_reading *log, log_sink sink,
                             uint64_t *moment);

#endif
