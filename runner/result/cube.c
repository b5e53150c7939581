/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cube: all cells of a plan on the grid of its axes, in memory. */
#include "cube.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *nans(size_t count) {
  double *values = malloc((count + 1) * sizeof *values);
  for (size_t i = 0; values != NULL && i < count; i++) values[i] = NAN;
  return values;
}

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

/* Place on the grid: axes in order, the replicate last. */
static void place_cells(result_cube *self) {
  const heed_plan *plan = self->plan;
  for (size_t point = 0; point < plan->point_count; point++) {
    size_t place = 0;
    for (size_t i = 0; i < plan->axis_count; i++)
      place = place * plan->axes[i].coordinate.count +
              plan->points[point].position[i];
    for (size_t i = 0; i < plan->replicates; i++)
      self->place_of[point * plan->replicates + i] =
          place * plan->replicates + i;
  }
}

static bool make_room(result_cube *self) {
  const heed_plan *plan = self->plan;
  bool whole = true;
  self->place_of = calloc(plan_cell_count(plan) + 1, sizeof *self->place_of);
  self->values = calloc(plan->metric_count + 1, sizeof *self->values);
  self->status = malloc(self->places + 1);
  self->keys = calloc(self->places + 1, sizeof *self->keys);
  self->key_texts = calloc(plan_cell_count(plan) + 1, sizeof *self->key_texts);
  for (size_t i = 0; self->values != NULL && i < plan->metric_count; i++) {
    self->values[i] = nans(self->places * plan->metrics[i].count);
    whole = whole && self->values[i] != NULL;
  }
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++) {
    self->kept[i] = calloc(self->places + 1, sizeof *self->kept[i]);
    whole = whole && self->kept[i] != NULL;
  }
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) {
    self->seconds[i] = nans(self->places);
    whole = whole && self->seconds[i] != NULL;
  }
  return whole && self->place_of != NULL && self->values != NULL &&
         self->status != NULL && self->keys != NULL && self->key_texts != NULL;
}

heed_status cube_create(const heed_plan *plan, result_cube **result,
                        heed_error *error) {
  result_cube *self = calloc(1, sizeof *self);
  if (self == NULL) return no_memory(error);
  self->plan = plan;
  self->places = plan->replicates;
  for (size_t i = 0; i < plan->axis_count; i++)
    self->places *= plan->axes[i].coordinate.count;
  if (!make_room(self)) {
    cube_free(self);
    return no_memory(error);
  }
  place_cells(self);
  for (size_t i = 0; i < self->places; i++) {
    self->status[i] = RECORD_MISSING;
    self->keys[i] = "";
  }
  for (size_t cell = 0; cell < plan_cell_count(plan); cell++) {
    plan_cell_key(plan, cell, self->key_texts[cell]);
    self->keys[self->place_of[cell]] = self->key_texts[cell];
  }
  *result = self;
  return HEED_OK;
}

void cube_free(result_cube *self) {
  if (self == NULL) return;
  for (size_t i = 0; self->values != NULL && i < self->plan->metric_count; i++)
    free(self->values[i]);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) free(self->seconds[i]);
  for (size_t i = 0; i < self->failure_count; i++) {
    free(self->failures[i].stage);
    free(self->failures[i].plugin);
    free(self->failures[i].message);
  }
  for (size_t i = 0; i < self->warning_count; i++) {
    free(self->warnings[i].code);
    free(self->warnings[i].plugin);
    free(self->warnings[i].message);
  }
  free(self->place_of);
  free(self->values);
  free(self->status);
  free(self->keys);
  free(self->key_texts);
  free(self->failures);
  free(self->warnings);
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++) free(self->kept[i]);
  free(self);
}

static heed_status add_failure(result_cube *self, size_t place,
                               const work_batch *batch, size_t i,
                               heed_error *error) {
  result_failure *failures = realloc(
      self->failures, (self->failure_count + 1) * sizeof *self->failures);
  result_failure *added;
  if (failures == NULL) return no_memory(error);
  self->failures = failures;
  added = &failures[self->failure_count++];
  added->place = place;
  added->signal = batch->failure_signal[i];
  added->stage = strdup(batch->failure_stage[i]);
  added->plugin = strdup(batch->failure_plugin[i]);
  added->message = strdup(batch->failure_message[i]);
  if (added->stage == NULL || added->plugin == NULL || added->message == NULL)
    return no_memory(error);
  return HEED_OK;
}

static heed_status add_warning(result_cube *self, size_t place,
                               const work_batch *batch, size_t i,
                               heed_error *error) {
  result_warning *warnings = realloc(
      self->warnings, (self->warning_count + 1) * sizeof *self->warnings);
  result_warning *added;
  if (warnings == NULL) return no_memory(error);
  self->warnings = warnings;
  added = &warnings[self->warning_count++];
  added->place = place;
  added->number = self->warning_count;
  added->code = strdup(batch->warning_code[i]);
  added->plugin = strdup(batch->warning_plugin[i]);
  added->message = strdup(batch->warning_message[i]);
  if (added->code == NULL || added->plugin == NULL || added->message == NULL)
    return no_memory(error);
  return HEED_OK;
}

/* The first of the sorted rows that is not below `row`. */
static size_t first_of(const int64_t *rows, size_t count, size_t row) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (rows[middle] < (int64_t)row)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

heed_status cube_fill(result_cube *self, size_t cell, const work_batch *batch,
                      size_t row, heed_error *error) {
  const size_t place = self->place_of[cell];
  heed_status status = HEED_OK;
  self->status[place] = (int8_t)batch->status[row];
  for (size_t i = 0; i < self->plan->metric_count; i++) {
    const size_t count = self->plan->metrics[i].count;
    memcpy(self->values[i] + place * count,
           batch->values + row * self->plan->value_count +
               self->plan->metrics[i].offset,
           count * sizeof(double));
  }
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    self->seconds[i][place] = batch->seconds[row * PLAN_STAGE_COUNT + i];
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    if (batch->kept_count[i] != NULL)
      self->kept[i][place] = batch->kept_count[i][row];
  for (size_t i = first_of(batch->failure_row, batch->failure_count, row);
       status == HEED_OK && i < batch->failure_count &&
       batch->failure_row[i] == (int64_t)row;
       i++)
    status = add_failure(self, place, batch, i, error);
  for (size_t i = first_of(batch->warning_row, batch->warning_count, row);
       status == HEED_OK && i < batch->warning_count &&
       batch->warning_row[i] == (int64_t)row;
       i++)
    status = add_warning(self, place, batch, i, error);
  return status;
}

static int failures_by_place(const void *a, const void *b) {
  const result_failure *left = a, *right = b;
  return (left->place > right->place) - (left->place < right->place);
}

static int warnings_by_place(const void *a, const void *b) {
  const result_warning *left = a, *right = b;
  const int order = (left->place > right->place) - (left->place < right->place);
  return order != 0
             ? order
             : (left->number > right->number) - (left->number < right->number);
}

void cube_sort(result_cube *self) {
  if (self->failure_count > 0)
    qsort(self->failures, self->failure_count, sizeof *self->failures,
          failures_by_place);
  if (self->warning_count > 0)
    qsort(self->warnings, self->warning_count, sizeof *self->warnings,
          warnings_by_place);
}
