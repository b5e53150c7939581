/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a value of JSON to rows. */
#ifndef HEED_SOURCES_LOG_JSON_ROWS_H
#define HEED_SOURCES_LOG_JSON_ROWS_H

#include "sources/log/json_numbers.h"
#include "sources/log/rows.h"

#define JSON_DEPTH 8 /* lists within lists */

typedef struct json_rows {
  log_job *job;
  const char *items; /* paths of lists, each ended by "[]"; NULL: none */
  json_room room;
  log_text *cells;                  /* job->width */
  char (*numbers)[LOG_NUMBER_SIZE]; /* job->width: texts of numbers */
  char **dumps;                     /* job->width: texts of lists; or NULL */
  json_t **made; /* by column: what a preset makes of the record; or NULL */
} json_rows;

heed_status json_rows_open(json_rows *self, log_job *job, const char *items);

/* Sends one row.  values: the record, and what keys are looked for in before
 * it.
 */
heed_status json_send(json_rows *self, const json_t *const *values,
                      size_t depth, size_t line);

/* For records of tables as well: gives a record to the sample or the preset of
 * the job. */
heed_status json_take_record(json_rows *self, const json_t *record,
                             size_t line);

/* Sends the rows of an object that begins on this line; bytes: its text. */
heed_status json_take(json_rows *self, const json_t *object, const char *bytes,
                      size_t length, size_t line);

#endif
