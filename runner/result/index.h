/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the cell of a key and the files with its record. */
#ifndef HEED_RESULT_INDEX_H
#define HEED_RESULT_INDEX_H

#include "result/result.h"
#include "work/batch.h"

typedef struct work_index_key {
  char key[PLAN_KEY_SIZE];
  size_t cell;
} work_index_key;

/* A file of records: the result of an earlier run, or a part. */
typedef struct work_index_source {
  char *path;
  bool result;
} work_index_source;

typedef struct work_index_place {
  size_t source; /* SIZE_MAX: the cell is not recorded */
  size_t row;
  int64_t status;
} work_index_place;

typedef struct work_index {
  struct host_arena *memory; /* owns the index and all that it points to */
  const heed_plan *plan;
  size_t count;             /* cells of the plan */
  work_index_key *keys;     /* by key */
  work_index_place *places; /* count: for each cell, its best record */
  size_t source_count;
  work_index_source *sources;
  size_t orphans; /* finished cells of the result that the plan lacks */
  /* The cells whose record is in source i: cells[first[i]] … cells[first[i + 1]
   * - 1], ascending. */
  size_t *first, *cells;
} work_index;

/* Reads the keys of the result file (NULL or missing: ignored) and of all parts
 * of the folder (NULL: ignored).  A done record takes precedence over a failed
 * one. */
heed_status index_open(const heed_plan *plan, const char *result_path,
                       const char *folder, work_index **result,
                       heed_error *error);
void index_close(work_index *self);

/* The cells with this key: returns the first index into keys, and *count. */
size_t index_find(const work_index *self, const char *key, size_t *count);

#endif
