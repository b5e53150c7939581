/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads columns of a table by name, from a file of any form that heed knows. */
#ifndef HEED_SOURCES_LOG_READ_H
#define HEED_SOURCES_LOG_READ_H

#include "sources/log/rows.h"

typedef enum log_form {
  LOG_AUTO,
  LOG_CSV,
  LOG_TSV,
  LOG_JSONL,
  LOG_JSON,
  LOG_HDF5,
  LOG_SQLITE,
  LOG_PACKED, /* not rows: packed_load() */
  LOG_FORM_COUNT
} log_form;
extern const char *const log_form_words[]; /* in that order */

typedef struct log_read_options {
  log_form form;      /* LOG_AUTO: by the name and the first bytes */
  const char *items;  /* JSON: log_read_json(); or NULL */
  const char *query;  /* SQLite; or NULL */
  bool takes_records; /* tables: each row becomes a record, an object of JSON */
} log_read_options;

/* The form of a file by its name: the end of the name, before an end that says
 * that the file is compressed. */
log_form log_form_of(const char *path);

/* Sends the rows of job->path.  A missing column is HEED_INVALID. */
heed_status log_read(log_job *job, const log_read_options *options);

#endif
