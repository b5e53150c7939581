/* SPDX-License-Identifier: GPL-3.0-or-later
 * Packed logs from and to a reading. */
#ifndef HEED_SOURCES_LOG_PACKED_SAVE_H
#define HEED_SOURCES_LOG_PACKED_SAVE_H

#include "sources/log/packed_read.h"
#include "sources/log/reading.h"

/* Writes what log_read_rows() took.  drop: bits of PACKED_DROPS. */
heed_status packed_save(log_reading *self, unsigned drop, int file);

/* Fills a reading as log_read_rows() does.  The columns that the sweep does not
 * name are those of the file.  settings: of the reading. */
heed_status packed_load(log_reading *self, log_settings *settings);

/* Fills an open reading so that log_read_rows() can add rows: all names can be
 * found.  Columns that the file has dropped are not read.  *drop: adds those
 * bits. */
heed_status packed_load_to_append(log_reading *self, log_settings *settings,
                                  const char *path, unsigned *drop);

/* Makes the tables of a world whose annotations are counts; reads user by user.
 * Fills in what the source reports. */
heed_status packed_count(log_reading *self, log_settings *settings);

/* Checks the file without making tables, in memory that does not depend on the
 * number of annotations.  rows: as in check() of sources; SIZE_MAX: reads all.
 * *load: only packed_load() finds what is wrong, or the log is small. */
heed_status packed_inspect(log_settings *settings, const heed_host *host,
                           size_t rows, bool *load, heed_error *error);

/* pack() of the source. */
heed_status log_pack(const heed_value *values, const heed_host *host,
                     const heed_packing *packing, heed_error *error);

/* Whether the sweep's log is packed.  HEED_INVALID: it is one of several files.
 */
heed_status packed_is_source(const log_settings *settings, bool *is,
                             heed_error *error);

#endif
