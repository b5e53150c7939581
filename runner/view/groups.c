/* SPDX-License-Identifier: GPL-3.0-or-later
 * A view of a result by some of its axes. */
#include "view/groups.h"

#include <math.h>
#include <string.h>

#include "host/host.h"

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
  arena_free(self->memory);
  self->memory = NULL;
}

heed_status view_groups_open(const view_result *result, size_t axis_count,
                             const size_t *axes, view_groups *self,
                             heed_error *error) {
  const heed_plan *plan = result->plan;
  host_arena *memory = arena_create();
  memset(self, 0, sizeof *self);
  self->memory = memory;
  self->result = result;
  self->axis_count = axis_count;
  self->group_count = 1;
  for (size_t i = 0; i < axis_count; i++)
    self->group_count *= plan->axes[axes[i]].coordinate.count;
  const size_t groups = self->group_count;
  self->axes = arena_allocate(memory, axis_count, sizeof *self->axes);
  self->group_of =
      arena_allocate(memory, plan->point_count, sizeof *self->group_of);
  self->values = arena_allocate(memory, plan->replicates, sizeof(double));
  self->weights = arena_allocate(memory, plan->replicates, sizeof(double));
  self->example = arena_allocate(memory, groups, sizeof *self->example);
  self->bootstrap = arena_allocate(memory, groups, sizeof *self->bootstrap);
  if (arena_refused(memory)) {
    view_groups_close(self);
    return heed_no_memory(error);
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

view_cells view_groups_cells(const view_groups *self, size_t group,
                             size_t value) {
  const heed_plan *plan = self->result->plan;
  view_cells cells = {0, 0};
  for (size_t point = 0; point < plan->point_count; point++) {
    if (self->group_of[point] != group) continue;
    cells.all += plan->replicates;
    for (size_t i = 0; i < plan->replicates; i++)
      if (!isnan(view_value(self->result, point, i, value))) cells.known++;
  }
  return cells;
}

bool view_groups_partial(const view_groups *self, size_t value) {
  for (size_t group = 0; group < self->group_count; group++) {
    const view_cells cells = view_groups_cells(self, group, value);
    if (cells.known > 0 && cells.known < cells.all) return true;
  }
  return false;
}
