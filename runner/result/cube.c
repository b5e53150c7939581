/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cube: all cells of a plan on the grid of its axes, in memory. */
#include "cube.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

static double *nans(host_arena *memory, size_t count) {
  double *values = arena_allocate(memory, count, sizeof *values);
  for (size_t i = 0; values != NULL && i < count; i++) values[i] = NAN;
  return values;
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

static void make_room(result_cube *self) {
  const heed_plan *plan = self->plan;
  const size_t cells = plan_cell_count(plan);
  host_arena *memory = self->memory;
  self->place_of = arena_allocate(memory, cells, sizeof *self->place_of);
  self->values =
      arena_allocate(memory, plan->metric_count, sizeof *self->values);
  self->status = arena_allocate(memory, self->places, sizeof *self->status);
  self->keys = arena_allocate(memory, self->places, sizeof *self->keys);
  self->key_texts = arena_allocate(memory, cells, sizeof *self->key_texts);
  for (size_t i = 0; self->values != NULL && i < plan->metric_count; i++)
    self->values[i] = nans(memory, self->places * plan->metrics[i].count);
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    self->kept[i] = arena_allocate(memory, self->places, sizeof *self->kept[i]);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    self->seconds[i] = nans(memory, self->places);
}

static size_t count_places(const heed_plan *plan) {
  size_t count = plan->replicates;
  for (size_t i = 0; i < plan->axis_count; i++)
    count *= plan->axes[i].coordinate.count;
  return count;
}

heed_status cube_create(const heed_plan *plan, result_cube **result,
                        heed_error *error) {
  host_arena *memory = arena_create();
  result_cube *self = arena_allocate(memory, 1, sizeof *self);
  if (arena_refused(memory)) {
    arena_free(memory);
    return heed_no_memory(error);
  }
  *self = (result_cube){
      .memory = memory, .plan = plan, .places = count_places(plan)};
  make_room(self);
  if (arena_refused(memory)) {
    cube_free(self);
    return heed_no_memory(error);
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
  if (self != NULL) arena_free(self->memory);
}

static void add_failure(result_cube *self, size_t place,
                        const work_batch *batch, size_t i) {
  result_failure *grown = arena_grow(self->memory, self->failures,
                                     self->failure_count, sizeof *grown);
  if (grown == NULL) return;
  self->failures = grown;
  grown[self->failure_count++] = (result_failure){
      .place = place,
      .signal = batch->failure_signal[i],
      .stage = arena_copy(self->memory, batch->failure_stage[i]),
      .plugin = arena_copy(self->memory, batch->failure_plugin[i]),
      .message = arena_copy(self->memory, batch->failure_message[i])};
}

static void add_warning(result_cube *self, size_t place,
                        const work_batch *batch, size_t i) {
  result_warning *grown = arena_grow(self->memory, self->warnings,
                                     self->warning_count, sizeof *grown);
  if (grown == NULL) return;
  self->warnings = grown;
  grown[self->warning_count] = (result_warning){
      .place = place,
      .number = self->warning_count + 1,
      .code = arena_copy(self->memory, batch->warning_code[i]),
      .plugin = arena_copy(self->memory, batch->warning_plugin[i]),
      .message = arena_copy(self->memory, batch->warning_message[i])};
  self->warning_count++;
}

/* The first of the sorted rows that is at least `row`. */
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
       i < batch->failure_count && batch->failure_row[i] == (int64_t)row; i++)
    add_failure(self, place, batch, i);
  for (size_t i = first_of(batch->warning_row, batch->warning_count, row);
       i < batch->warning_count && batch->warning_row[i] == (int64_t)row; i++)
    add_warning(self, place, batch, i);
  return arena_refused(self->memory) ? heed_no_memory(error) : HEED_OK;
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
