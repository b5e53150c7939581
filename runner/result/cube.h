/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cube: all cells of a plan on the grid of its axes, in memory. */
#ifndef HEED_RESULT_CUBE_H
#define HEED_RESULT_CUBE_H

#include "work/batch.h"

typedef struct result_failure {
  size_t place; /* index on the grid */
  int64_t signal;
  char *stage, *plugin, *message;
} result_failure;

typedef struct result_warning {
  size_t place, number; /* number: in order of arrival */
  char *code, *plugin, *message;
} result_warning;

typedef struct result_cube {
  struct host_arena *memory; /* owns the cube and all that it points to */
  const heed_plan *plan;
  size_t places;    /* axes' lengths x replicates */
  size_t *place_of; /* for each cell of the plan */
  double **values;  /* a metric: places x its count; NaN: none */
  double *seconds[PLAN_STAGE_COUNT];
  int8_t *status;
  const char **keys;
  char (*key_texts)[PLAN_KEY_SIZE];
  size_t failure_count, warning_count;
  result_failure *failures;
  result_warning *warnings;
  size_t *kept[PLAN_KEPT_COUNT]; /* for each place: rows in each kept table */
} result_cube;

heed_status cube_create(const heed_plan *plan, result_cube **result,
                        heed_error *error);
void cube_free(result_cube *self);

/* Copies the record in a row of a batch to a cell. */
heed_status cube_fill(result_cube *self, size_t cell, const work_batch *batch,
                      size_t row, heed_error *error);

/* Sorts failures and warnings by place: the order of parts is random. */
void cube_sort(result_cube *self);

#endif
