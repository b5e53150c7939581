/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a packed log gets: from a reading in memory (packed_save.c), or from
 * temporary files (packed_sort.c). */
#ifndef HEED_SOURCES_LOG_PACKED_CONTENT_H
#define HEED_SOURCES_LOG_PACKED_CONTENT_H

#include "sources/log/packed_classes.h"
#include "sources/log/packed_write.h"
#include "sources/log/reading.h"

typedef struct packed_annotation {
  int64_t pair, row, line;
  uint32_t class_of;
  double p, time;
  const double *number; /* of each covariate */
  const uint32_t *word;
} packed_annotation;

typedef struct packed_pair {
  const char *name;
  int32_t model_a, model_b;
  int64_t line, file, topic, text_row;
  double gold;
  const double *difference; /* of each feature */
  int8_t text_turned, messages;
  const uint64_t *hash; /* of each text */
} packed_pair;

typedef struct packed_names {
  const char *const *text;
  size_t count;
} packed_names;

/* Which optional columns the log has. */
typedef struct packed_has_columns {
  bool models, p, time, topic, gold, texts;
} packed_has_columns;

typedef struct packed_content {
  const log_reading *log; /* its settings, files and counts */
  packed_has_columns has;
  size_t annotations, pairs;
  packed_names users, models, topics, words;
  const size_t *first; /* users + 1 */
  packed_classes classes;
  /* The caller asks for 0, 1, 2, … and may start again with 0.  What is
   * returned lives until the next call.  column: PACKED_CLASS …, the only
   * member that must be set, beside `row`. */
  const packed_annotation *(*annotation)(void *context, size_t at,
                                         packed_id column);
  const packed_pair *(*pair)(void *context, size_t at);
  void *context;
  heed_status failed; /* of one of these calls */
} packed_content;

heed_status packed_write_content(packed_content *content, unsigned drop,
                                 int file);

/* Says how much was packed. */
void packed_tell(const log_reading *log, size_t annotations, size_t pairs);

/* Reads and packs a log of any size, in memory that `packing` limits.  The
 * reading is open.  bytes: what the log would need in memory. */
heed_status packed_sort(log_reading *log, const heed_packing *packing,
                        unsigned drop, uint64_t bytes);

#endif
