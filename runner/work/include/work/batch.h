/* SPDX-License-Identifier: GPL-3.0-or-later
 * A batch: finished cells read from a part or a result file, in the same shape
 * for every plan. */
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

  size_t failure_count; /* failures, of rows that are not done */
  int64_t *failure_row, *failure_signal;
  char **failure_stage, **failure_plugin, **failure_message;

  size_t warning_count;
  int64_t *warning_row;
  char **warning_code, **warning_plugin, **warning_message;

  /* For each kept table, in the order of plan_kept_names: the positions of a
   * record's rows.  NULL: the file has no such table.  The file stays open; the
   * rows are read one record at a time. */
  size_t *kept_first[PLAN_KEPT_COUNT], *kept_count[PLAN_KEPT_COUNT];
  hdf_file file;
  hid_t root;
} work_batch;

/* The group of table number `which` in a part or a result: the selection is
 * large.  NULL: out of memory. */
hdf_kept *batch_create_kept(hdf_file *file, hid_t root, size_t which,
                            size_t rows);

/* The bytes of a part with these records, from malloc(). */
heed_status part_build(const heed_plan *plan, const heed_record *const *records,
                       size_t count, void **bytes, size_t *length,
                       heed_error *error);

/* The same part in the empty file behind a descriptor; path is for errors. */
heed_status part_write(const heed_plan *plan, const heed_record *const *records,
                       size_t count, int descriptor, const char *path,
                       heed_error *error);

/* Reads an open part.  The batch owns the file afterwards, even after a
 * failure; file.path is borrowed until batch_free(). */
heed_status batch_read_part(hdf_file file, hid_t root, const heed_plan *plan,
                            work_batch *result);
/* The same, but only what batch_kept() needs; also for a result file. */
heed_status batch_read_kept(hdf_file file, hid_t root, work_batch *result);
void batch_free(work_batch *batch);

/* The rows of a record in table number `which`; free them with kept_free().
 * NULL: none, or a failure that batch->file records. */
heed_table *batch_kept(work_batch *batch, size_t which, size_t row);

/* The same for `count` of these rows from row `skip`, and only the columns with
 * these names, ended by NULL, that the table has. */
heed_table *batch_kept_rows(work_batch *batch, size_t which, size_t row,
                            size_t skip, size_t count,
                            const char *const *columns);

/* For readers of batches: the failures and warnings, from datasets whose names
 * begin with the prefix; `rows` names the dataset of their rows.  Records of
 * one cell are adjacent, in order. */
void batch_read_failures(work_batch *batch, const char *rows,
                         const char *prefix);
void batch_read_warnings(work_batch *batch, const char *rows,
                         const char *prefix);
/* Finds the rows of each record by the column `cell` of each kept table. */
void batch_find_kept(work_batch *batch);

#endif
