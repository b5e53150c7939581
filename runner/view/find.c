/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds axes and metrics by the names that a user gives. */
#include <stdlib.h>
#include <string.h>

#include "evaluation/evaluation.h"
#include "host/host.h"
#include "view/view.h"

typedef const char *name_of(const heed_plan *plan, size_t index);

static const char *axis_name(const heed_plan *plan, size_t index) {
  return plan->axes[index].coordinate.name;
}

static const char *metric_name(const heed_plan *plan, size_t index) {
  return plan->metrics[index].name;
}

typedef struct find_list {
  const char *what;
  size_t count;
  name_of *name;
} find_list;

static heed_status unknown(const heed_plan *plan, const find_list *list,
                           const char *option, const char *name,
                           heed_error *error) {
  const char **names = calloc(list->count + 1, sizeof *names), *nearest;
  heed_status status;
  if (names == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < list->count; i++) names[i] = list->name(plan, i);
  nearest = schema_nearest(name, names, list->count);
  if (nearest != NULL)
    status =
        heed_fail(error, HEED_INVALID, "--%s %s: unknown %s; did you mean %s?",
                  option, name, list->what, nearest);
  else
    status = heed_fail(
        error, HEED_INVALID, "--%s %s: unknown %s; %s", option, name,
        list->what,
        list->count == 0 ? "the sweep has none" : "heed show lists them");
  free(names);
  return status;
}

static heed_status find(const heed_plan *plan, const find_list *list,
                        const char *option, const char *name, size_t *index,
                        heed_error *error) {
  for (*index = 0; *index < list->count; ++*index)
    if (strcmp(list->name(plan, *index), name) == 0) return HEED_OK;
  return unknown(plan, list, option, name, error);
}

heed_status view_find_axis(const heed_plan *plan, const char *option,
                           const char *name, size_t *index, heed_error *error) {
  const find_list axes = {"axis", plan->axis_count, axis_name};
  return find(plan, &axes, option, name, index, error);
}

heed_status view_find_metric(const heed_plan *plan, const char *option,
                             const char *name, const plan_metric **metric,
                             heed_error *error) {
  const evaluation_metric known = evaluation_named(name);
  const find_list metrics = {"metric", plan->metric_count, metric_name};
  size_t index;
  const heed_status status = find(plan, &metrics, option, name, &index, error);
  *metric = status == HEED_OK ? &plan->metrics[index] : NULL;
  if (status == HEED_INVALID && known != METRIC_COUNT)
    return heed_fail(error, HEED_INVALID,
                     "--%s %s: this sweep cannot have the metric, which needs "
                     "%s",
                     option, name, evaluation_definitions[known].needs);
  return status;
}
