/* SPDX-License-Identifier: GPL-3.0-or-later
 * A log on its way from rows of texts to a world.  Each file does one step:
 * take.c, order.c, world.c, judges.c. */
#ifndef HEED_SOURCES_LOG_READING_H
#define HEED_SOURCES_LOG_READING_H

#include "sources/log/names.h"
#include "sources/log/rows.h"
#include "sources/log/settings.h"
#include "sources/log/times.h"

typedef struct log_annotation {
  size_t user, pair, row; /* row in the log */
  int8_t choice, left;
  double p;     /* NaN: none */
  double time;  /* only if the log has it */
  int64_t turn; /* position among the user's rows */
} log_annotation;

typedef struct log_reading {
  const heed_value *values;
  const heed_host *host;
  heed_world *world;
  heed_error *error;
  log_faults faults;
  size_t most; /* rows to read of each file; SIZE_MAX: all */
  log_rows rows;
  log_names everyone; /* users, also those who only tie */
  log_names users, pairs, models, topics;
  log_annotation *all; /* of well-formed rows, in the order of the log */
  size_t count, row_count, tie_count, duplicate_count, only_ties;
  log_time_form time_form; /* of the first time in the log */
  bool words_listed;       /* unknown words for choices */
  /* Per pair, from its first row. */
  int32_t *model_a, *model_b, *topic;
  int64_t *line;
  const char **text_a, **text_b, **prompt;
  double *difference;
  size_t features;
} log_reading;

static inline const char *log_cell(const log_reading *self, size_t row,
                                   size_t column) {
  return self->rows.cells[row * self->rows.width + column];
}

/* Reports a malformed row. */
HEED_PRINTF(3, 4)
heed_status log_row_fault(log_reading *self, size_t row, const char *format,
                          ...);

/* False: the text is not a finite number.  Blanks around it do not matter. */
bool log_number_in(const char *text, double *number);

/* Reads the file and takes its rows. */
heed_status log_read_rows(log_reading *self);

/* Whether the log tells the order of each user's annotations. */
bool log_knows_order(const heed_value *values);

/* Drops duplicates and ties as the parameters say, numbers the users, and
 * orders the annotations by user, then by time if the log has it. */
heed_status log_order_annotations(log_reading *self);

heed_status log_make_annotations(const log_reading *self);
heed_status log_make_pairs(const log_reading *self);
/* Each prompt once, and the prompt of each pair. */
heed_status log_make_prompts(log_reading *self);
heed_status log_make_names(const log_reading *self);
heed_status log_make_verdicts(log_reading *self);

#endif
