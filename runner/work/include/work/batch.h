/* SPDX-License-Identifier: GPL-3.0-or-later
 * A batch: finished cells as read from a part or from a result file, in one
 * shape, whatever plan wrote them. */
#ifndef HEED_WORK_BATCH_H
#define HEED_WORK_BATCH_H

#include "hdf/hdf.h"
#include "hdf/kept.h"
#include "work/record.h"

typedef struct work_batch {
  size_t rows;
  char **keys; /* "": no cell */
  int64_t *status;
  double *seconds; /* rows x PLAN_STAGE_COUNT */

  double *values; /* rows x plan->value_count; NaN: the file has none */

  size_t failure_count; /* of rows that are not done */
  int64_t *failure_row, *failure_signal;
  char **failure_stage, **failure_plugin, **failure_message;

  size_t warning_count;
  int64_t *warning_row;
  char **warning_code, **warning_plugin, **warning_message;

  /* Of each kept table, as plan_kept_names: where in it the rows of a record
   * stand. NULL: the file has no such table.  The rows themselves are read one
   * record at a time, from the file, which stays open. */
  size_t *kept_first[PLAN_KEPT_COUNT], *kept_count[PLAN_KEPT_COUNT];
  hdf_file file;
  hid_t root;
} work_batch;

/* The bytes of a part that holds these records, from malloc(). */
heed_status part_build(const heed_plan *plan, const heed_record *const *records,
                       size_t count, void **bytes, size_t *length,
                       heed_error *error);

/* Reads a part.  path is borrowed until batch_free(). */
heed_status batch_read_part(const char *path, const heed_plan *plan,
                            work_batch *result, heed_error *error);
/* The same without all but what batch_kept() needs. */
heed_status batch_read_kept(const char *path, work_batch *result,
                            heed_error *error);
void batch_free(work_batch *batch);

/* What a record kept in table number `which`, to be freed with kept_free();
 * NULL: nothing, or a failure, which batch->file then knows. */
heed_table *batch_kept(work_batch *batch, size_t which, size_t row);

/* For those who read batches: the failures and warnings, from datasets whose
 * names begin with the prefix; `rows` names the one that says whose they are.
 * Records of one cell stand together, in order. */
void batch_read_failures(work_batch *batch, const char *rows,
                         const char *prefix);
void batch_read_warnings(work_batch *batch, const char *rows,
                         const char *prefix);
/* Finds the rows of each record, by the column
 * `cell` of each kept table. */
void batch_find_kept(work_batch *batch);

#endif
