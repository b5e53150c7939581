/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a packed log gets: from a reading in memory (packed_save.c), or from
 * temporary files (packed_sort.c).  All columns are written at the same time.
 */
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

/* A column of annotations or of pairs. */
typedef struct packed_part {
  packed_id id;
  size_t index; /* of a covariate, a feature or a text */
  packed_encoding encoding;
  packed_range range;
  packed_column out;
} packed_part;

typedef struct packed_parts {
  packed_part *all;
  size_t count;
} packed_parts;

/* First all annotations and pairs are measured, in any order; then they are
 * written, in the order of the file.  packed_content_close() always follows
 * packed_content_open(). */
typedef struct packed_content {
  const log_reading *log; /* its settings, files and counts */
  packed_has_columns has;
  unsigned drop;
  packed_names users, models, topics, words;
  const size_t *first; /* users + 1 */
  packed_classes classes;
  /* Call packed_put_annotation() and packed_put_pair() for each. */
  heed_status (*send_annotations)(void *context);
  heed_status (*send_pairs)(void *context);
  void *context;
  /* Made here. */
  packed_parts annotation_parts, pair_parts;
  packed_column names; /* of pairs */
  size_t annotations, pairs;
  uint64_t name_bytes;
} packed_content;

/* log, has and drop are set. */
heed_status packed_content_open(packed_content *self);
void packed_content_close(packed_content *self);
void packed_measure_annotation(packed_content *self,
                               const packed_annotation *one);
/* at: the number of the pair. */
void packed_measure_pair(packed_content *self, size_t at,
                         const packed_pair *one);
heed_status packed_write_content(packed_content *self, int file);
heed_status packed_put_annotation(packed_content *self,
                                  const packed_annotation *one);
heed_status packed_put_pair(packed_content *self, size_t at,
                            const packed_pair *one);

/* What a reading knows of an annotation or a pair, which live as long as the
 * reading.  The class and the row are not set. */
packed_class packed_class_at(const log_reading *log, size_t at);
packed_annotation packed_annotation_at(const log_reading *log, size_t at);
packed_pair packed_pair_at(const log_reading *log, size_t at);

/* Says how much was packed. */
void packed_tell(const log_reading *log, size_t annotations, size_t pairs);

/* Reads and packs a log of any size, in memory that `packing` limits.  The
 * reading is open.  bytes: what the log would need in memory. */
heed_status packed_sort(log_reading *log, const heed_packing *packing,
                        unsigned drop, uint64_t bytes);

#endif
