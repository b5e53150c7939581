/* SPDX-License-Identifier: GPL-3.0-or-later
 * A view of a result by some of its axes. */
#include "view/groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void group_points(view_groups *self) {
  const heed_plan *plan = self->result->plan;
  for (size_t i = 0; i < self->group_count; i++) self->example[i] = SIZE_MAX;
  for (size_t point = 0; point < plan->point_count; point++) {
    size_t group = 0;
    for (size_t i = 0; i < self->axis_count; i++)
      group = group * plan->axes[self->axes[i]].coordinate.count +
              plan->points[point].position[self->axes[i]];
    self->group_of[point] = group;
    if (self->example[group] == SIZE_MAX) self->example[group] = point;
    if (view_is_bootstrap(self->result, point)) self->bootstrap[group] = true;
  }
}

void view_groups_close(view_groups *self) {
  free(self->axes);
  free(self->group_of);
  free(self->example);
  free(self->bootstrap);
  free(self->values);
  free(self->weights);
}

heed_status view_groups_open(const view_result *result, size_t axis_count,
                             const size_t *axes, view_groups *self,
                             heed_error *error) {
  const heed_plan *plan = result->plan;
  memset(self, 0, sizeof *self);
  self->result = result;
  self->axis_count = axis_count;
  self->group_count = 1;
  for (size_t i = 0; i < axis_count; i++)
    self->group_count *= plan->axes[axes[i]].coordinate.count;
  self->axes = calloc(axis_count + 1, sizeof *self->axes);
  self->group_of = calloc(plan->point_count + 1, sizeof *self->group_of);
  self->values = calloc(plan->replicates + 1, sizeof *self->values);
  self->weights = calloc(plan->replicates + 1, sizeof *self->weights);
  self->example = calloc(self->group_count + 1, sizeof *self->example);
  self->bootstrap = calloc(self->group_count + 1, sizeof *self->bootstrap);
  if (self->axes == NULL || self->group_of == NULL || self->values == NULL ||
      self->weights == NULL || self->example == NULL ||
      self->bootstrap == NULL) {
    view_groups_close(self);
    return heed_fail(error, HEED_MEMORY, "memory is out");
  }
  if (axis_count > 0) memcpy(self->axes, axes, axis_count * sizeof *axes);
  group_points(self);
  return HEED_OK;
}

view_estimate view_groups_summary(view_groups *self, size_t group,
                                  size_t value) {
  const heed_plan *plan = self->result->plan;
  for (size_t i = 0; i < plan->replicates; i++)
    self->values[i] = self->weights[i] = 0;
  for (size_t point = 0; point < plan->point_count; point++) {
    if (self->group_of[point] != group) continue;
    for (size_t i = 0; i < plan->replicates; i++) {
      const double one = view_value(self->result, point, i, value);
      if (isnan(one)) continue;
      self->values[i] += one;
      self->weights[i] += 1;
    }
  }
  for (size_t i = 0; i < plan->replicates; i++)
    self->values[i] /= self->weights[i]; /* 0 / 0: NaN */
  return summarise_replicates(self->values, plan->replicates,
                              self->bootstrap[group]);
}
