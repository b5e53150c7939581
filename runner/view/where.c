/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where cells lie on the grid. */
#include "view/where.h"

#include <string.h>

enum { MOST_VALUES = 4 }; /* of an axis */

static bool has_value(const heed_plan *plan, const bool *cells, size_t axis,
                      size_t value) {
  for (size_t point = 0; point < plan->point_count; point++) {
    if (plan->points[point].position[axis] != value) continue;
    for (size_t i = 0; i < plan->replicates; i++)
      if (cells[point * plan->replicates + i]) return true;
  }
  return false;
}

static size_t count_values(const heed_plan *plan, const bool *cells,
                           size_t axis) {
  size_t count = 0;
  for (size_t i = 0; i < plan->axes[axis].coordinate.count; i++)
    count += has_value(plan, cells, axis, i);
  return count;
}

/* Adds all of it or nothing: a character is never cut. */
static void add(char text[WHERE_SIZE], const char *more) {
  const size_t used = strlen(text), length = strlen(more);
  if (length < WHERE_SIZE - used) memcpy(text + used, more, length + 1);
}

static void add_axis(const heed_plan *plan, const bool *cells, size_t axis,
                     char text[WHERE_SIZE]) {
  const plan_coordinate *coordinate = &plan->axes[axis].coordinate;
  size_t told = 0;
  if (*text != '\0') add(text, "; ");
  add(text, coordinate->name);
  for (size_t i = 0; i < coordinate->count; i++) {
    char label[LABEL_SIZE];
    if (!has_value(plan, cells, axis, i)) continue;
    if (told == MOST_VALUES) {
      add(text, ", …");
      return;
    }
    view_label(coordinate, i, label);
    add(text, told++ == 0 ? " = " : ", ");
    add(text, label);
  }
}

void view_where(const heed_plan *plan, const bool *cells,
                char text[WHERE_SIZE]) {
  *text = '\0';
  for (size_t axis = 0; axis < plan->axis_count; axis++) {
    const size_t count = count_values(plan, cells, axis);
    if (count > 0 && count < plan->axes[axis].coordinate.count)
      add_axis(plan, cells, axis, text);
  }
}
