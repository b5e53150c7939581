/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a table.  A reader sends each row of a file to a sink, and keeps
 * none: a log may be larger than memory. */
#ifndef HEED_SOURCES_LOG_ROWS_H
#define HEED_SOURCES_LOG_ROWS_H

#include <jansson.h>

#include "sources/log/faults.h"

#define LOG_REASONS 12 /* why records are set aside, counted apart */

/* Records that are no comparison. */
typedef struct log_asides {
  char reason[LOG_REASONS][80];
  size_t count[LOG_REASONS], reasons, total;
} log_asides;

/* What a column is wanted for. */
typedef enum log_use {
  LOG_AS_ID,     /* an id or a word */
  LOG_AS_NUMBER, /* its digits do not matter, its value does */
  LOG_AS_TEXT    /* a text, or messages: a list or an object of JSON is valid */
} log_use;

typedef struct log_wanted {
  const char *name; /* NULL: not wanted, and all its cells are missing */
  log_use use;
  bool optional; /* JSON: an object may lack it */
} log_wanted;

typedef struct log_row {
  const log_text *cells; /* width; they live as long as the call */
  size_t line;           /* its first line; HDF5: its number, 1, 2, … */
  /* What foresee() noted. */
  bool is_foreseen;
  uint32_t user, pair;
} log_row;

typedef struct log_sink {
  heed_status (*take)(void *context, const log_row *row);
  /* Rows that take() is about to get: asks for the memory that it will read.
   * NULL: nothing to ask for. */
  void (*foresee)(void *context, log_row *rows, size_t count);
  void *context;
} log_sink;

/* The reading of one file. */
typedef struct log_job log_job;
struct log_job {
  const heed_host *host;
  const char *path;
  const log_wanted *wanted; /* width */
  size_t width;
  size_t most; /* rows to read; SIZE_MAX: all */
  log_faults *faults;
  log_sink sink;
  /* For presets (presets.h). */
  const struct log_settings
      *preset;        /* translates records; NULL: nothing does */
  log_asides *asides; /* NULL: what is set aside is not counted */
  json_t *sample; /* a list that gets the records, instead of rows; or NULL */
  /* Called with the names of the columns of a table, and fills in `wanted` and
   * `width`; NULL: they are known. */
  heed_status (*choose)(log_job *job, const char *const *names, size_t count);
  heed_error *error;

  size_t count;     /* rows sent */
  bool cut;         /* the file has more than what was read */
  const char *unit; /* "line", or "row" in HDF5 */
};

/* For readers: sends a row.  They stop once enough are sent. */
heed_status log_send(log_job *job, const log_text *cells, size_t line);

/* For readers that have several rows at once.  *sent: rows until enough were
 * sent or one failed, that one included. */
heed_status log_send_rows(log_job *job, log_row *rows, size_t count,
                          size_t *sent);

static inline bool log_has_enough(const log_job *job) {
  return job->count >= job->most;
}

/* Whether the file may have more rows. */
static inline bool log_is_part(const log_job *job) {
  return job->cut || log_has_enough(job);
}

#endif
