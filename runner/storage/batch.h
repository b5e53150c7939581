/* SPDX-License-Identifier: GPL-3.0-or-later
 * A batch: finished cells as read from a part or from a result file, in one
 * shape, whatever plan wrote them. */
#ifndef HEED_STORAGE_BATCH_H
#define HEED_STORAGE_BATCH_H

#include "hdf.h"
#include "storage/record.h"

typedef struct batch {
  size_t rows;
  char **keys; /* "": no cell */
  int64_t *status;
  double *seconds; /* rows x PLAN_STAGE_COUNT */

  /* Values of the plan's metrics: metric i of row r begins at
   * values[i] + r * stride[i]; NULL: the file has no such metric. */
  size_t metric_count;
  double **values;
  size_t *stride;

  size_t failure_count; /* of rows that are not done */
  int64_t *failure_row, *failure_signal;
  char **failure_stage, **failure_plugin, **failure_message;

  size_t warning_count;
  int64_t *warning_row;
  char **warning_code, **warning_plugin, **warning_message;

  heed_table *kept[3]; /* as kept_names; column `cell` is the row */
  void *owned;         /* what values point into, or NULL */
} batch;

/* The bytes of a part that holds these records, from malloc(). */
heed_status part_build(const plan *plan, const record *const *records,
                       size_t count, void **bytes, size_t *length,
                       heed_error *error);

/* Reads a part or a result file; `tables`: its kept tables too. */
heed_status batch_read_part(const char *path, const plan *plan, bool tables,
                            batch *result, heed_error *error);
heed_status batch_read_result(const char *path, const plan *plan, bool tables,
                              batch *result, heed_error *error);
void batch_free(batch *batch);

#endif
