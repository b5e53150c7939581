/* SPDX-License-Identifier: GPL-3.0-or-later
 * Annotations and pairs in temporary files, in few bytes. */
#ifndef HEED_SOURCES_LOG_PACKED_RECORDS_H
#define HEED_SOURCES_LOG_PACKED_RECORDS_H

#include "sources/log/packed_content.h"
#include "sources/log/spool.h"

#define PACKED_NO_ROW INT64_MAX

/* Records of one kind. */
typedef struct packed_records {
  log_spool spool;
  packed_has_columns has;
  size_t covariates, features;
  /* Of the last annotation; reading: of the next one, or PACKED_NO_ROW. */
  int64_t row;
  uint32_t user; /* reading: the same */
  int64_t line;  /* of the last pair; of annotations: line - row */
} packed_records;

/* content: log and has are set. */
heed_status packed_records_open(packed_records *self,
                                const packed_content *content,
                                const char *folder);
void packed_records_close(packed_records *self);

/* Rows ascend.  The class may have any number. */
heed_status packed_put_annotation_record(packed_records *self, uint32_t user,
                                         const packed_annotation *one);
/* Before the first packed_take_annotation_record(). */
heed_status packed_rewind_annotations(packed_records *self);
/* The annotation of self->row and self->user.  Its numbers and words are put
 * where they are said to be. */
heed_status packed_take_annotation_record(packed_records *self,
                                          packed_annotation *one,
                                          double *number, uint32_t *word);

heed_status packed_put_pair_record(packed_records *self,
                                   const packed_pair *one);
heed_status packed_rewind_pairs(packed_records *self);

/* Where the texts and numbers of a pair that is read live. */
typedef struct packed_pair_room {
  packed_pair pair;
  char *name;
  size_t room;
  double *difference;
  uint64_t hash[TEXT_COUNT];
} packed_pair_room;

heed_status packed_pair_room_open(packed_pair_room *self,
                                  const packed_content *content);
void packed_pair_room_close(packed_pair_room *self);
heed_status packed_take_pair_record(packed_records *self,
                                    packed_pair_room *room);

#endif
