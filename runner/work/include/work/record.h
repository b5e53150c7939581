/* SPDX-License-Identifier: GPL-3.0-or-later
 * A record: the outcome of one cell. */
#ifndef HEED_WORK_RECORD_H
#define HEED_WORK_RECORD_H

#include "hdf/kept.h"
#include "heed/table.h"
#include "plan/plan.h"

/* Stored as int8; the values are part of the file format. */
typedef enum heed_record_status {
  RECORD_DONE = 0,
  RECORD_FAILED = 1, /* the stage returned an error or a bad output */
  RECORD_CRASHED = 2,
  RECORD_TIMED_OUT = 3,
  RECORD_OUT_OF_MEMORY = 4,
  RECORD_MISSING = -1 /* not run: in result files only */
} heed_record_status;

typedef struct heed_record_warning {
  char *code, *plugin, *message;
} heed_record_warning;

#define RECORD_BLOCK KEPT_BLOCK

/* A large kept table, which is made while it is written.  next: the next rows,
 * at most RECORD_BLOCK; they live until the next call. */
typedef struct heed_record_stream {
  const char *name;
  size_t rows;
  void *context;
  heed_status (*next)(void *context, heed_table *block, heed_error *error);
} heed_record_stream;

typedef struct heed_record {
  struct host_arena *memory; /* owns the record and all that it points to */
  size_t cell;
  char key[PLAN_KEY_SIZE];
  heed_record_status status;
  double *values;                   /* plan->value_count; NaN: not reported */
  double seconds[PLAN_STAGE_COUNT]; /* 0: shared with an earlier cell, which has
                                       the time; NaN: not run */

  /* Unless RECORD_DONE. */
  plan_stage stage;
  char *plugin;  /* "estimator/em" */
  char *message; /* for the user */
  int signal;    /* the signal that ended the worker; 0: none */

  size_t warning_count;
  heed_record_warning *warnings;

  /* The tables that `keep` asks for: "users", "models", "trace", "policy",
   * "responses", "selection"; deep copies. */
  size_t kept_count;
  heed_table **kept;
  /* Those of them that are large, not copied: the record must be written before
   * another cell runs. */
  size_t stream_count;
  heed_record_stream *streams;
} heed_record;

/* A record with NaN values, RECORD_DONE, key set.  NULL: out of memory. */
heed_record *record_create(const heed_plan *plan, size_t cell);
void record_free(heed_record *record);

heed_status record_fail(heed_record *record, heed_record_status status,
                        plan_stage stage, const char *plugin, int signal,
                        const char *message, heed_error *error);
heed_status record_warn(heed_record *record, const char *code,
                        const char *plugin, const char *message,
                        heed_error *error);
/* Keeps a deep copy of the table under another name. */
heed_status record_keep(heed_record *record, const heed_table *table,
                        const char *name, heed_error *error);
/* Keeps a table that is made in blocks: a copy if it is one block, else the
 * stream.  Its context must live as long as the record's stages. */
heed_status record_keep_stream(heed_record *record,
                               const heed_record_stream *stream,
                               heed_error *error);

#endif
