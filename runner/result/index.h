/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the cell of a key and the files with its record. */
#ifndef HEED_RESULT_INDEX_H
#define HEED_RESULT_INDEX_H

#include "old.h"
#include "result/result.h"
#include "work/batch.h"

typedef struct work_index_key {
  char key[PLAN_KEY_SIZE];
  size_t cell;
} work_index_key;

/* A file of records: the result of an earlier run, or a part. */
typedef struct work_index_source {
  char *path;       /* for messages */
  const char *part; /* its name in the folder; NULL: the result */
} work_index_source;

typedef struct work_index_place {
  size_t source; /* SIZE_MAX: the cell is not recorded */
  size_t row;
  int64_t status;
} work_index_place;

typedef struct work_index {
  struct host_arena *memory; /* owns the index and all that it points to */
  const heed_plan *plan;
  const heed_work *work;    /* NULL: none */
  result_old old;           /* the earlier result */
  size_t count;             /* cells of the plan */
  work_index_key *keys;     /* by key */
  work_index_place *places; /* count: for each cell, its best record */
  size_t source_count;
  work_index_source *sources;
  /* Finished cells that the plan lacks: of the result, and of parts. */
  size_t orphans, part_orphans;
  /* The names of parts whose bytes are not those of their names. */
  size_t damaged_count;
  const char **damaged;
  /* The cells whose record is in source i: cells[first[i]] … cells[first[i + 1]
   * - 1], ascending. */
  size_t *first, *cells;
} work_index;

/* Reads the keys of the result file (NULL or missing: ignored) and of all parts
 * of the folder (NULL: ignored).  A done record takes precedence over a failed
 * one.  HEED_IO: the file is there, but cannot be read or is not a heed
 * result. */
heed_status index_open(const heed_plan *plan, const char *result_path,
                       const heed_work *work, work_index **result,
                       heed_error *error);
void index_close(work_index *self);

/* Opens a source again: its bytes are checked again. */
heed_status index_open_source(const work_index *self, size_t source,
                              hdf_file *file, hid_t *root, heed_error *error);

/* Reads an open result, as batch_read_part() reads a part. */
heed_status batch_read_result(hdf_file file, hid_t root, const heed_plan *plan,
                              work_batch *result);

#endif
