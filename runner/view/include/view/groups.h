/* SPDX-License-Identifier: GPL-3.0-or-later
 * A view of a result by some of its axes.  A group holds the points that agree
 * on these axes, averaged over the other axes within each replicate. */
#ifndef HEED_VIEW_GROUPS_H
#define HEED_VIEW_GROUPS_H

#include "view/summary.h"
#include "view/view.h"

typedef struct view_groups {
  struct host_arena *memory; /* owns the arrays below */
  const view_result *result;
  size_t axis_count;
  size_t *axes;             /* indices into plan->axes */
  size_t group_count;       /* row-major over the axes */
  size_t *group_of;         /* of each point */
  size_t *example;          /* a point of each group; SIZE_MAX: empty group */
  bool *bootstrap;          /* of each group */
  double *values, *weights; /* one per replicate */
} view_groups;

heed_status view_groups_open(const view_result *result, size_t axis_count,
                             const size_t *axes, view_groups *self,
                             heed_error *error);
void view_groups_close(view_groups *self);

/* Summary of value number `value` of a record over the replicates of a group.
 */
view_estimate view_groups_summary(view_groups *self, size_t group,
                                  size_t value);

/* How many cells of a group have a value, of all its cells.  Groups whose
 * missing cells differ are not comparable: their means are over other cells. */
typedef struct view_cells {
  size_t known, all;
} view_cells;
view_cells view_groups_cells(const view_groups *self, size_t group,
                             size_t value);

/* Whether a group of the view lacks a value in some of its cells, but not in
 * all. */
bool view_groups_partial(const view_groups *self, size_t value);

#endif
