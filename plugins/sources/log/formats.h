/* SPDX-License-Identifier: GPL-3.0-or-later
 * One reader per format: csv.c, jsonl.c, hdf5.c.  read.c calls them. */
#ifndef HEED_SOURCES_LOG_FORMATS_H
#define HEED_SOURCES_LOG_FORMATS_H

#include "sources/log/rows.h"

heed_status log_read_csv(const heed_host *host, const char *bytes,
                         size_t length, const char *const *names,
                         log_faults *faults, log_rows *rows, heed_error *error);
heed_status log_read_jsonl(const heed_host *host, const char *bytes,
                           size_t length, const char *const *names,
                           const bool *numbers, log_faults *faults,
                           log_rows *rows, heed_error *error);
heed_status log_read_hdf5(const heed_host *host, const char *const *names,
                          const bool *numbers, log_faults *faults,
                          log_rows *rows, heed_error *error);

#endif
