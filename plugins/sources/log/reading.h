/* SPDX-License-Identifier: GPL-3.0-or-later
 * A log on its way from rows to a world.  Each file does one step: take.c
 * takes rows, order.c orders annotations, world.c makes tables, judges.c reads
 * verdicts. */
#ifndef HEED_SOURCES_LOG_READING_H
#define HEED_SOURCES_LOG_READING_H

#include "sources/log/conversation.h"
#include "sources/log/names.h"
#include "sources/log/rows.h"
#include "sources/log/settings.h"
#include "sources/log/times.h"

/* Annotations of well-formed rows, in the order of the log. */
typedef struct log_annotations {
  size_t count, room;
  uint32_t *user, *pair;
  uint32_t *line;
  int64_t *row; /* of the files, malformed or not; NULL: nobody asks */
  int8_t *choice, *left;
  double *p, *time;  /* NULL: the log has none */
  double *covariate; /* room x covariates: a number; NaN: missing or a word */
  uint32_t *word;    /* the same: 1 + id of a word; 0: none */
} log_annotations;

/* Pairs, from the first row of each.  What the log lacks is NULL. */
typedef struct log_pairs {
  log_names names; /* text: the names */
  size_t room;
  int32_t *model_a, *model_b, *topic;
  uint32_t *line, *file; /* NULL file: the only one */
  double *gold;
  double *difference;  /* room x features */
  uint64_t *hash;      /* room x TEXT_COUNT, of texts; 0: unknown */
  int64_t *text_row;   /* row that has the texts; -1: none */
  int8_t *text_turned; /* that row calls A what the pair calls B */
  int8_t *messages;    /* the texts are messages */
  uint32_t *prompt;    /* its number; NULL: texts are not loaded */
  const char **text;   /* room x 2, of A and of B; the same */
} log_pairs;

typedef struct log_reading {
  const log_settings *settings;
  const heed_host *host;
  heed_world *world;
  heed_error *error;
  log_faults faults;
  size_t most; /* rows to read of each file; SIZE_MAX: all */
  log_wanted *wanted;
  size_t width;
  log_job job; /* of the current file */
  size_t file; /* number of the current file */
  /* Files of the log that a packed log was made from, which come first.
   * is_packed: there are no others. */
  const char **packed_files;
  size_t packed_file_count;
  bool is_packed;
  size_t *begin; /* files + 1: first annotation of each file */
  bool is_part;  /* a file may have more rows */
  int64_t row;   /* of all files, malformed or not */
  size_t line;   /* of the current row */
  log_pool pool;
  log_hash hash;      /* of texts */
  bool loads_texts;   /* a stage needs them */
  log_names everyone; /* users, also those who only tie */
  log_names models, topics, prompts;
  log_names words; /* of covariates */
  bool *has_words; /* of each covariate */
  log_annotations all;
  log_pairs pairs;
  size_t row_count, omitted_count, tie_count, duplicate_count;
  size_t user_count, only_ties;
  log_asides asides;
  log_time_form time_form; /* of the first time in the log */
  bool words_listed;       /* unknown words for choices */
  bool refused;            /* out of memory */
  uint64_t memory;         /* bytes that the arrays may have; 0: any */
  bool is_full;            /* they would have more */
  bool keeps_rows;         /* all.row */
  /* Gets each row whose cells are valid, instead of the pairs and annotations.
   * NULL: none. */
  heed_status (*divert)(void *context, const log_row *row, log_text pair);
  void *divert_context;
  size_t features;
  /* Made by log_order_annotations(): the annotations that count, and their
   * order; the users that count, and the number of each in `everyone`. */
  uint32_t *order;
  size_t count;
  uint32_t *user_number; /* of `everyone`; UINT32_MAX: does not count */
  int64_t *turn;         /* by annotation; NULL: the order is unknown */
} log_reading;

/* Reports that the current row is malformed. */
HEED_PRINTF(2, 3)
heed_status log_row_fault(log_reading *self, const char *format, ...);

/* What the log calls a place: "line" or "row". */
static inline const char *log_unit(const log_reading *self) {
  return self->job.unit;
}

/* The files that annotations come from, with those of a packed log. */
size_t log_file_count(const log_reading *self);
const char *log_path(const log_reading *self, size_t file);
size_t log_file_of(const log_reading *self, size_t annotation);

/* Bytes of the arrays and names. */
uint64_t log_bytes(const log_reading *self);

heed_status log_open_reading(log_reading *self);
void log_close_reading(log_reading *self);

/* Sends the rows of all files. */
heed_status log_read_files(log_reading *self, log_sink sink);
/* Reads the files and takes their rows. */
heed_status log_read_rows(log_reading *self);
/* Takes rows that send() sends. */
typedef heed_status log_send_all(log_reading *self, log_sink sink,
                                 void *context);
heed_status log_take_rows(log_reading *self, log_send_all *send, void *context);
/* Sends the rows of each file again, to another sink. */
heed_status log_read_again(const log_reading *self, log_sink sink);

/* heed_source_functions.texts() */
heed_status log_read_texts(log_reading *log, size_t count, const int64_t *rows,
                           heed_take_texts *take, void *context);

/* Drops duplicates and ties as the parameters say, numbers the users, and
 * orders the annotations by user, then by time if the log has it. */
heed_status log_order_annotations(log_reading *self);

heed_status log_make_annotations(log_reading *self);
heed_status log_make_pairs(log_reading *self);
/* Each prompt once, and the prompt of each pair. */
heed_status log_make_prompts(log_reading *self);
heed_status log_make_names(log_reading *self);
heed_status log_make_verdicts(log_reading *self);

#endif
