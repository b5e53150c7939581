/* SPDX-License-Identifier: GPL-3.0-or-later
 * One reader per form of file: csv.c, json.c, hdf5.c, sqlite.c.  read.c calls
 * them. */
#ifndef HEED_SOURCES_LOG_FORMATS_H
#define HEED_SOURCES_LOG_FORMATS_H

#include "sources/log/input.h"
#include "sources/log/rows.h"

heed_status log_read_csv(log_job *job, log_input *input, char separator);
/* Objects: each on a line, or one after the other, or in a list.
 * items: log_paths of lists in each object, whose items are the rows; NULL: an
 * object is a row. */
heed_status log_read_json(log_job *job, log_input *input, const char *items);
heed_status log_read_hdf5(log_job *job);
heed_status log_read_sqlite(log_job *job, const char *query);

#endif
