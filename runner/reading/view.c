/* SPDX-License-Identifier: GPL-3.0-or-later
 * A view of a result by some of its axes. */
#include "reading/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void group_points(view *self) {
  const plan *of = self->of->plan;
  for (size_t i = 0; i < self->group_count; i++) self->example[i] = SIZE_MAX;
  for (size_t point = 0; point < of->point_count; point++) {
    size_t group = 0;
    for (size_t i = 0; i < self->axis_count; i++)
      group = group * of->axes[self->axes[i]].coordinate.count +
              of->points[point].at[self->axes[i]];
    self->group_of[point] = group;
    if (self->example[group] == SIZE_MAX) self->example[group] = point;
    if (result_is_bootstrap(self->of, point)) self->bootstrap[group] = true;
  }
}

void view_close(view *self) {
  free(self->axes);
  free(self->group_of);
  free(self->example);
  free(self->bootstrap);
  free(self->values);
  free(self->weights);
}

heed_status view_open(const result *of, size_t axis_count, const size_t *axes,
                      view *self, heed_error *error) {
  const plan *in = of->plan;
  memset(self, 0, sizeof *self);
  self->of = of;
  self->axis_count = axis_count;
  self->group_count = 1;
  for (size_t i = 0; i < axis_count; i++)
    self->group_count *= in->axes[axes[i]].coordinate.count;
  self->axes = calloc(axis_count + 1, sizeof *self->axes);
  self->group_of = calloc(in->point_count + 1, sizeof *self->group_of);
  self->values = calloc(in->replicates + 1, sizeof *self->values);
  self->weights = calloc(in->replicates + 1, sizeof *self->weights);
  self->example = calloc(self->group_count + 1, sizeof *self->example);
  self->bootstrap = calloc(self->group_count + 1, sizeof *self->bootstrap);
  if (self->axes == NULL || self->group_of == NULL || self->values == NULL ||
      self->weights == NULL || self->example == NULL ||
      self->bootstrap == NULL) {
    view_close(self);
    return heed_fail(error, HEED_MEMORY, "memory is out");
  }
  if (axis_count > 0) memcpy(self->axes, axes, axis_count * sizeof *axes);
  group_points(self);
  return HEED_OK;
}

summary view_summary(view *self, size_t group, size_t value) {
  const plan *of = self->of->plan;
  for (size_t i = 0; i < of->replicates; i++)
    self->values[i] = self->weights[i] = 0;
  for (size_t point = 0; point < of->point_count; point++) {
    if (self->group_of[point] != group) continue;
    for (size_t i = 0; i < of->replicates; i++) {
      const double one = result_value(self->of, point, i, value);
      if (isnan(one)) continue;
      self->values[i] += one;
      self->weights[i] += 1;
    }
  }
  for (size_t i = 0; i < of->replicates; i++)
    self->values[i] /= self->weights[i]; /* 0 / 0: NaN */
  return summarise_replicates(self->values, of->replicates,
                              self->bootstrap[group]);
}
