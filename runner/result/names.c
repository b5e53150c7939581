/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names of datasets in a result file. */
#include "names.h"

#include <stdio.h>
#include <string.h>

static bool is_reserved(const char *name) {
  static const char *const reserved[] = {
      "replicate", "status",  "cells",  "errors", "warnings",       "timing",
      "labels",    "plugins", "inputs", "sweep",  "selection_texts"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (strcmp(reserved[i], name) == 0) return true;
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    if (strcmp(plan_kept_names[i], name) == 0) return true;
  return false;
}

static bool names_axis(const heed_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->axis_count; i++) {
    const plan_axis *axis = &plan->axes[i];
    if (strcmp(axis->coordinate.name, name) == 0) return true;
    for (size_t j = 0; j < axis->tied_count; j++)
      if (strcmp(axis->tied[j].name, name) == 0) return true;
  }
  return false;
}

static bool names_dimension(const heed_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->dimension_count; i++)
    if (strcmp(plan->dimensions[i].name, name) == 0) return true;
  return false;
}

static void compose(const char *given, const char *end, char name[NAME_SIZE]) {
  (void)snprintf(name, NAME_SIZE, "%.240s%s", given, end);
}

void name_axis(const plan_coordinate *coordinate, char name[NAME_SIZE]) {
  compose(coordinate->name, is_reserved(coordinate->name) ? "_axis" : "", name);
}

void name_dimension(const heed_plan *plan, const plan_coordinate *coordinate,
                    char name[NAME_SIZE]) {
  const bool taken =
      is_reserved(coordinate->name) || names_axis(plan, coordinate->name);
  compose(coordinate->name, taken ? "_dimension" : "", name);
}

void name_metric(const heed_plan *plan, const plan_metric *metric,
                 char name[NAME_SIZE]) {
  const bool taken = is_reserved(metric->name) ||
                     names_axis(plan, metric->name) ||
                     names_dimension(plan, metric->name);
  compose(metric->name, taken ? "_metric" : "", name);
}
