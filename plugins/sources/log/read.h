/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads columns of a table by name: CSV, JSON Lines or HDF5. */
#ifndef HEED_SOURCES_LOG_READ_H
#define HEED_SOURCES_LOG_READ_H

#include "sources/log/rows.h"

typedef enum log_format { LOG_AUTO, LOG_CSV, LOG_JSONL, LOG_HDF5 } log_format;
extern const char *const log_format_words[]; /* in that order, ended by NULL */

/* names[width]: the wanted columns; NULL: not wanted, and all its cells are
 * NULL. A missing column is HEED_INVALID.
 * numbers[width]: the columns wanted as numbers; others are ids, words and
 * texts.  NULL: none.
 * most: rows to read; SIZE_MAX: all. */
heed_status log_read(const heed_host *host, const char *path, log_format format,
                     const char *const *names, const bool *numbers,
                     size_t width, size_t most, log_faults *faults,
                     log_rows *result, heed_error *error);

#endif
