/* SPDX-License-Identifier: GPL-3.0-or-later
 * Axes: which axes span the grid, which are tied to another, and which are
 * inside an alternative of another and become alternatives themselves. */
#include "axes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "template.h"

static size_t count_of(const sweep_axis *axis) {
  return json_array_size(axis->values);
}

/* ---- flattening ---- */

/* The axes inside one alternative of an axis. */
typedef struct axes_inner {
  size_t count;
  size_t *axes;     /* count: their numbers */
  size_t *roots;    /* count: index in `axes` of each one's root */
  size_t *position; /* axis_count: current combination */
} axes_inner;

static void inner_free(axes_inner *self) {
  free(self->axes);
  free(self->roots);
  free(self->position);
}

static heed_status inner_find(const heed_sweep *self, const json_t *value,
                              axes_inner *result, heed_error *error) {
  uint8_t *used = calloc(self->axis_count + 1, 1);
  *result = (axes_inner){
      .axes = calloc(self->axis_count + 1, sizeof(size_t)),
      .roots = calloc(self->axis_count + 1, sizeof(size_t)),
      .position = calloc(self->axis_count + 1, sizeof(size_t)),
  };
  if (used == NULL || result->axes == NULL || result->roots == NULL ||
      result->position == NULL) {
    free(used);
    return heed_no_memory(error);
  }
  template_axes(value, used);
  for (size_t i = 0; i < self->axis_count; i++)
    if (used[i]) result->axes[result->count++] = i;
  free(used);
  return HEED_OK;
}

/* An axis inside an alternative can be tied to another in that alternative. */
static heed_status inner_tie(const heed_sweep *self, const sweep_axis *outer,
                             axes_inner *inner, heed_error *error) {
  for (size_t i = 0; i < inner->count; i++) {
    const sweep_axis *here = &self->axes[inner->axes[i]];
    inner->roots[i] = i;
    if (here->tie == NULL) continue;
    for (size_t j = 0; j < inner->count; j++)
      if (j != i && strcmp(self->axes[inner->axes[j]].name, here->tie) == 0)
        inner->roots[i] = j;
    const sweep_axis *target = &self->axes[inner->axes[inner->roots[i]]];
    if (target == here || target->tie != NULL)
      return heed_fail(error, HEED_INVALID,
                       "%s: axis \"%s\" is inside an alternative of axis "
                       "\"%s\" and tied to \"%s\"; expected an untied axis "
                       "inside the same alternative",
                       here->where, here->name, outer->name, here->tie);
    if (count_of(target) != count_of(here))
      return heed_fail(error, HEED_INVALID,
                       "%s: axis \"%s\" has %zu value%s but is tied to \"%s\", "
                       "which has %zu",
                       here->where, here->name, count_of(here),
                       heed_plural(count_of(here)), here->tie,
                       count_of(target));
  }
  return HEED_OK;
}

/* Goes to the next combination, the last axis fastest; false after the last. */
static bool inner_next(const heed_sweep *self, axes_inner *inner) {
  bool more = false;
  for (size_t i = inner->count; i-- > 0 && !more;) {
    const size_t axis = inner->axes[i];
    if (inner->roots[i] != i) continue;
    more = ++inner->position[axis] < count_of(&self->axes[axis]);
    if (!more) inner->position[axis] = 0;
  }
  for (size_t i = 0; i < inner->count; i++)
    inner->position[inner->axes[i]] =
        inner->position[inner->axes[inner->roots[i]]];
  return more;
}

static const char *value_label(const heed_sweep *self, const sweep_axis *axis,
                               size_t position) {
  if (axis->labels != NULL)
    return json_string_value(json_array_get(axis->labels, position));
  return label_of(self, json_array_get(axis->values, position));
}

/* "LABEL low=0.1" for the current combination. */
static const char *inner_label(const heed_sweep *self, const char *label,
                               const axes_inner *inner) {
  for (size_t i = 0; i < inner->count; i++) {
    const sweep_axis *here = &self->axes[inner->axes[i]];
    label =
        label_format(self, "%s %s=%s", label, here->name,
                     value_label(self, here, inner->position[inner->axes[i]]));
  }
  return label;
}

static heed_status flatten(heed_sweep *self, size_t number, heed_error *error);

/* Turns one alternative into one per combination of its inner axes. */
static heed_status spread(const heed_sweep *self, const sweep_axis *outer,
                          size_t index, axes_inner *inner, json_t *values,
                          json_t *labels, heed_error *error) {
  const json_t *value = json_array_get(outer->values, index);
  const char *given = json_string_value(json_object_get(value, LABEL_KEY));
  do {
    json_t *filled = template_fill(self, value, inner->position);
    if (labels != NULL)
      (void)json_array_append_new(
          labels,
          json_string(inner_label(
              self, json_string_value(json_array_get(outer->labels, index)),
              inner)));
    if (given != NULL)
      (void)json_object_set_new(filled, LABEL_KEY,
                                json_string(inner_label(self, given, inner)));
    (void)json_array_append_new(values, filled);
    if (json_array_size(values) > MOST_POINTS)
      return heed_fail(error, HEED_INVALID,
                       "%s: axis \"%s\", with the axes inside its "
                       "alternatives, has more than %d values",
                       outer->where, outer->name, MOST_POINTS);
  } while (inner_next(self, inner));
  return HEED_OK;
}

static heed_status take_in(heed_sweep *self, size_t number,
                           const axes_inner *inner, heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < inner->count; i++) {
    sweep_axis *here = &self->axes[inner->axes[i]];
    if (here->inside != SIZE_MAX && here->inside != number)
      return heed_fail(
          error, HEED_INVALID,
          "%s: axis \"%s\" is inside alternatives of two axes, \"%s\" "
          "and \"%s\"; make one axis for each",
          here->where, here->name, self->axes[here->inside].name,
          self->axes[number].name);
    here->inside = number;
    status = flatten(self, inner->axes[i], error);
  }
  return status;
}

static heed_status flatten(heed_sweep *self, size_t number, heed_error *error) {
  sweep_axis *here = &self->axes[number];
  json_t *values, *labels;
  heed_status status = HEED_OK;
  if (here->flat) return HEED_OK;
  here->flat = true;
  values = json_array();
  labels = here->labels == NULL ? NULL : json_array();
  for (size_t i = 0; status == HEED_OK && i < count_of(here); i++) {
    axes_inner inner;
    status = inner_find(self, json_array_get(here->values, i), &inner, error);
    if (status == HEED_OK) status = take_in(self, number, &inner, error);
    if (status == HEED_OK) status = inner_tie(self, here, &inner, error);
    if (status == HEED_OK)
      status = spread(self, here, i, &inner, values, labels, error);
    inner_free(&inner);
  }
  json_decref(here->values);
  json_decref(here->labels);
  here->values = values;
  here->labels = labels;
  return status;
}

/* ---- ties ---- */

static heed_status no_such_axis(const heed_sweep *self, const sweep_axis *here,
                                heed_error *error) {
  const char *names[128], *nearest;
  size_t count = 0;
  for (size_t i = 0; i < self->axis_count && count < 128; i++)
    if (&self->axes[i] != here && self->axes[i].inside == SIZE_MAX)
      names[count++] = self->axes[i].name;
  nearest = schema_nearest(here->tie, names, count);
  return heed_fail(
      error, HEED_INVALID,
      "%s: axis \"%s\" is tied to an unknown axis \"%s\"%s%s%s", here->where,
      here->name, here->tie, nearest == NULL ? "" : "; did you mean \"",
      nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

/* The axis that this one is tied to, one step; direct: still in the sweep. */
static heed_status tied_to(const heed_sweep *self, const sweep_axis *here,
                           const uint8_t *direct, size_t *target,
                           heed_error *error) {
  for (*target = 0; *target < self->axis_count; ++*target) {
    const sweep_axis *other = &self->axes[*target];
    if (other == here || other->inside != SIZE_MAX ||
        strcmp(other->name, here->tie) != 0)
      continue;
    if (other->written && !direct[*target])
      return heed_fail(error, HEED_INVALID,
                       "%s: axis \"%s\" is tied to \"%s\", which --set "
                       "removed; set both",
                       here->where, here->name, other->name);
    return HEED_OK;
  }
  return no_such_axis(self, here, error);
}

/* Finds the root of an axis, and makes all axes on the way live. */
static heed_status chase(heed_sweep *self, size_t number, const uint8_t *direct,
                         heed_error *error) {
  size_t position = number, steps = 0;
  heed_status status = flatten(self, position, error);
  self->axes[number].live = true;
  while (status == HEED_OK && self->axes[position].tie != NULL) {
    size_t target = SIZE_MAX;
    status = tied_to(self, &self->axes[position], direct, &target, error);
    if (status == HEED_OK && ++steps > self->axis_count)
      return heed_fail(error, HEED_INVALID,
                       "%s: axis \"%s\" is tied to itself, in a cycle",
                       self->axes[number].where, self->axes[number].name);
    if (status != HEED_OK) return status;
    position = target;
    self->axes[position].live = true;
    status = flatten(self, position, error);
  }
  self->axes[number].root = position;
  return status;
}

static heed_status check_length(const heed_sweep *self, const sweep_axis *here,
                                heed_error *error) {
  const sweep_axis *root = &self->axes[here->root];
  if (count_of(root) == count_of(here)) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: axis \"%s\" has %zu value%s but is tied to \"%s\", "
                   "which has %zu",
                   here->where, here->name, count_of(here),
                   heed_plural(count_of(here)), root->name, count_of(root));
}

/* An axis that no part of the sweep uses but that is tied to a live axis is a
 * further coordinate of that axis. */
static bool is_further_coordinate(const heed_sweep *self,
                                  const sweep_axis *here,
                                  const uint8_t *direct) {
  size_t target;
  if (here->live || here->written || here->tie == NULL ||
      here->inside != SIZE_MAX)
    return false;
  return tied_to(self, here, direct, &target, NULL) == HEED_OK &&
         self->axes[target].live;
}

static heed_status find_live(heed_sweep *self, const uint8_t *direct,
                             heed_error *error) {
  heed_status status = HEED_OK;
  bool found = true;
  for (size_t i = 0; status == HEED_OK && i < self->axis_count; i++)
    if (direct[i]) status = chase(self, i, direct, error);
  while (status == HEED_OK && found) {
    found = false;
    for (size_t i = 0; status == HEED_OK && i < self->axis_count; i++) {
      if (!is_further_coordinate(self, &self->axes[i], direct)) continue;
      status = chase(self, i, direct, error);
      found = true;
    }
  }
  /* Axes made live on the way from another have no root yet. */
  for (size_t i = 0; status == HEED_OK && i < self->axis_count; i++)
    if (self->axes[i].live) status = chase(self, i, direct, error);
  return status;
}

static void warn_unused(const heed_sweep *self, const sweep_axis *here) {
  const planner_options *options = self->options;
  if (options->notice == NULL || here->live || here->written ||
      here->inside != SIZE_MAX)
    return;
  options->notice(options->context, PLANNER_WARNED,
                  label_format(self, "%s: axis \"%s\" is not used", here->where,
                               here->name));
}

static heed_status check_live(const heed_sweep *self, size_t number,
                              heed_error *error) {
  const sweep_axis *here = &self->axes[number];
  if (here->inside != SIZE_MAX)
    return heed_fail(error, HEED_INVALID,
                     "%s: axis \"%s\" is inside an alternative of axis \"%s\" "
                     "and elsewhere in the sweep; make one axis for each",
                     here->where, here->name, self->axes[here->inside].name);
  for (size_t i = 0; i < number; i++)
    if (self->axes[i].live && strcmp(self->axes[i].name, here->name) == 0)
      return heed_fail(error, HEED_INVALID,
                       "%s: an axis \"%s\" already exists, made at %s; use "
                       "it in both places, or rename one",
                       here->where, here->name, self->axes[i].where);
  return check_length(self, here, error);
}

static bool all_numbers(const sweep_axis *axis) {
  const json_t *value;
  size_t i;
  if (axis->labels != NULL) return false;
  json_array_foreach(axis->values, i, value) {
    if (!json_is_number(value)) return false;
  }
  return true;
}

/* Makes labels, unless all values are numbers. */
static void give_labels(const heed_sweep *self, sweep_axis *here) {
  json_t *labels;
  if (here->labels != NULL || all_numbers(here)) return;
  labels = json_array();
  for (size_t i = 0; i < count_of(here); i++)
    (void)json_array_append_new(labels,
                                json_string(value_label(self, here, i)));
  here->labels = labels;
}

heed_status axes_settle(heed_sweep *self, heed_error *error) {
  uint8_t *direct = calloc(self->axis_count + 1, 1);
  heed_status status = HEED_OK;
  if (direct == NULL) return heed_no_memory(error);
  template_axes(self->record, direct);
  /* Alternatives first: an axis inside one does not span the grid. */
  for (size_t i = 0; status == HEED_OK && i < self->axis_count; i++)
    if (direct[i]) status = flatten(self, i, error);
  if (status == HEED_OK) status = find_live(self, direct, error);
  for (size_t i = 0; status == HEED_OK && i < self->axis_count; i++) {
    if (self->axes[i].live) status = check_live(self, i, error);
    if (status == HEED_OK && self->axes[i].live)
      give_labels(self, &self->axes[i]);
    warn_unused(self, &self->axes[i]);
  }
  free(direct);
  return status;
}

/* ---- coordinates ---- */

json_t *axes_coordinate(const heed_sweep *self, const sweep_axis *axis) {
  const bool numeric = all_numbers(axis);
  json_t *values = json_array();
  for (size_t i = 0; i < count_of(axis); i++)
    (void)json_array_append_new(
        values,
        numeric ? json_real(json_number_value(json_array_get(axis->values, i)))
                : json_string(value_label(self, axis, i)));
  return json_pack("{s:s, s:s?, s:s?, s:o}", "name", axis->name, "unit",
                   axis->unit, "doc", axis->doc, numeric ? "numbers" : "labels",
                   values);
}

static heed_status check_distinct(const heed_sweep *self,
                                  const sweep_axis *here, heed_error *error) {
  json_t *seen = json_object();
  heed_status status = HEED_OK;
  const bool numeric = all_numbers(here);
  for (size_t i = 0; status == HEED_OK && i < count_of(here); i++) {
    char number[40];
    const char *label = number;
    if (numeric)
      (void)snprintf(number, sizeof number, "%.17g",
                     json_number_value(json_array_get(here->values, i)));
    else
      label = value_label(self, here, i);
    if (json_object_get(seen, label) != NULL)
      status = heed_fail(
          error, HEED_INVALID, "%s: axis \"%s\" has the value %s twice%s",
          here->where, here->name, numeric ? value_label(self, here, i) : label,
          numeric ? "" : "; use label = \"…\" to name them");
    (void)json_object_set_new(seen, label, json_true());
  }
  json_decref(seen);
  return status;
}

heed_status axes_check_coordinates(const heed_sweep *self, heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < self->axis_count; i++)
    if (self->axes[i].live && self->axes[i].root == i)
      status = check_distinct(self, &self->axes[i], error);
  return status;
}

const char *axes_point_text(const heed_sweep *self, const uint8_t *used,
                            const size_t *position) {
  const char *text = "";
  for (size_t i = 0; i < self->axis_count; i++)
    if (used[i] && self->axes[i].live)
      text = label_format(self, "%s%s%s = %s", text, *text == '\0' ? "" : ", ",
                          self->axes[i].name,
                          value_label(self, &self->axes[i], position[i]));
  return text;
}
