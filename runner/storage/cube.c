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
static void place_cells(cube *self) {
  const plan *of = self->plan;
  for (size_t point = 0; point < of->point_count; point++) {
    size_t place = 0;
    for (size_t i = 0; i < of->axis_count; i++)
      place = place * of->axes[i].coordinate.count + of->points[point].at[i];
    for (size_t i = 0; i < of->replicates; i++)
      self->place_of[point * of->replicates + i] = place * of->replicates + i;
  }
}

static bool make_room(cube *self) {
  const plan *of = self->plan;
  bool whole = true;
  self->place_of = calloc(plan_cell_count(of) + 1, sizeof *self->place_of);
  self->values = calloc(of->metric_count + 1, sizeof *self->values);
  self->status = malloc(self->places + 1);
  self->keys = calloc(self->places + 1, sizeof *self->keys);
  self->key_texts = calloc(plan_cell_count(of) + 1, sizeof *self->key_texts);
  for (size_t i = 0; self->values != NULL && i < of->metric_count; i++) {
    self->values[i] = nans(self->places * of->metrics[i].count);
    whole = whole && self->values[i] != NULL;
  }
  for (size_t i = 0; i < KEPT_TABLES; i++) {
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

heed_status cube_create(const plan *of, cube **result, heed_error *error) {
  cube *self = calloc(1, sizeof *self);
  if (self == NULL) return no_memory(error);
  self->plan = of;
  self->places = of->replicates;
  for (size_t i = 0; i < of->axis_count; i++)
    self->places *= of->axes[i].coordinate.count;
  if (!make_room(self)) {
    cube_free(self);
    return no_memory(error);
  }
  place_cells(self);
  for (size_t i = 0; i < self->places; i++) {
    self->status[i] = RECORD_MISSING;
    self->keys[i] = "";
  }
  for (size_t cell = 0; cell < plan_cell_count(of); cell++) {
    plan_cell_key(of, cell, self->key_texts[cell]);
    self->keys[self->place_of[cell]] = self->key_texts[cell];
  }
  *result = self;
  return HEED_OK;
}

void cube_free(cube *self) {
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
  for (size_t i = 0; i < KEPT_TABLES; i++) free(self->kept[i]);
  free(self);
}

static heed_status add_failure(cube *self, size_t place, const batch *from,
                               size_t i, heed_error *error) {
  cube_failure *failures = realloc(
      self->failures, (self->failure_count + 1) * sizeof *self->failures);
  cube_failure *added;
  if (failures == NULL) return no_memory(error);
  self->failures = failures;
  added = &failures[self->failure_count++];
  added->place = place;
  added->signal = from->failure_signal[i];
  added->stage = strdup(from->failure_stage[i]);
  added->plugin = strdup(from->failure_plugin[i]);
  added->message = strdup(from->failure_message[i]);
  if (added->stage == NULL || added->plugin == NULL || added->message == NULL)
    return no_memory(error);
  return HEED_OK;
}

static heed_status add_warning(cube *self, size_t place, const batch *from,
                               size_t i, heed_error *error) {
  cube_warning *warnings = realloc(
      self->warnings, (self->warning_count + 1) * sizeof *self->warnings);
  cube_warning *added;
  if (warnings == NULL) return no_memory(error);
  self->warnings = warnings;
  added = &warnings[self->warning_count++];
  added->place = place;
  added->number = self->warning_count;
  added->code = strdup(from->warning_code[i]);
  added->plugin = strdup(from->warning_plugin[i]);
  added->message = strdup(from->warning_message[i]);
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

heed_status cube_fill(cube *self, size_t cell, const batch *from, size_t row,
                      heed_error *error) {
  const size_t place = self->place_of[cell];
  heed_status status = HEED_OK;
  self->status[place] = (int8_t)from->status[row];
  for (size_t i = 0; i < self->plan->metric_count; i++) {
    const size_t count = self->plan->metrics[i].count;
    memcpy(self->values[i] + place * count,
           from->values + row * self->plan->value_count +
               self->plan->metrics[i].offset,
           count * sizeof(double));
  }
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    self->seconds[i][place] = from->seconds[row * PLAN_STAGE_COUNT + i];
  for (size_t i = 0; i < KEPT_TABLES; i++)
    if (from->kept_count[i] != NULL)
      self->kept[i][place] = from->kept_count[i][row];
  for (size_t i = first_of(from->failure_row, from->failure_count, row);
       status == HEED_OK && i < from->failure_count &&
       from->failure_row[i] == (int64_t)row;
       i++)
    status = add_failure(self, place, from, i, error);
  for (size_t i = first_of(from->warning_row, from->warning_count, row);
       status == HEED_OK && i < from->warning_count &&
       from->warning_row[i] == (int64_t)row;
       i++)
    status = add_warning(self, place, from, i, error);
  return status;
}

static int failures_by_place(const void *a, const void *b) {
  const cube_failure *left = a, *right = b;
  return (left->place > right->place) - (left->place < right->place);
}

static int warnings_by_place(const void *a, const void *b) {
  const cube_warning *left = a, *right = b;
  const int order = (left->place > right->place) - (left->place < right->place);
  return order != 0
             ? order
             : (left->number > right->number) - (left->number < right->number);
}

void cube_sort(cube *self) {
  if (self->failure_count > 0)
    qsort(self->failures, self->failure_count, sizeof *self->failures,
          failures_by_place);
  if (self->warning_count > 0)
    qsort(self->warnings, self->warning_count, sizeof *self->warnings,
          warnings_by_place);
}
