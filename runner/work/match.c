/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the values of a plan in records of another plan. */
#include "work/match.h"

#include <stdlib.h>
#include <string.h>

char *match_layout(const heed_plan *plan) {
  json_t *layout = json_pack("{sOsO}", "dimensions",
                             json_object_get(plan->json, "dimensions"),
                             "metrics", json_object_get(plan->json, "metrics"));
  char *text = json_dumps(layout, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(layout);
  return text;
}

static const json_t *named(const json_t *list, const char *name) {
  const json_t *item;
  size_t i;
  json_array_foreach(list, i, item) {
    const char *own = json_string_value(json_object_get(item, "name"));
    if (own != NULL && strcmp(own, name) == 0) return item;
  }
  return NULL;
}

/* The labels of a stored dimension: an array of numbers or of texts. */
static const json_t *labels_of(const json_t *dimension) {
  const json_t *numbers = json_object_get(dimension, "numbers");
  return numbers != NULL ? numbers : json_object_get(dimension, "labels");
}

/* The labels of dimension number `index` of a stored metric; NULL: none. */
static const json_t *metric_labels(const json_t *stored, const json_t *metric,
                                   size_t index) {
  const char *name = json_string_value(
      json_array_get(json_object_get(metric, "dimensions"), index));
  if (name == NULL) return NULL;
  return labels_of(named(json_object_get(stored, "dimensions"), name));
}

static size_t metric_rank(const json_t *metric) {
  return json_array_size(json_object_get(metric, "dimensions"));
}

static size_t metric_size(const json_t *stored, const json_t *metric) {
  size_t size = 1;
  for (size_t i = 0; i < metric_rank(metric); i++)
    size *= json_array_size(metric_labels(stored, metric, i));
  return size;
}

/* The position of label `index` of a dimension among stored labels. */
static bool find_label(const json_t *labels, const plan_coordinate *coordinate,
                       size_t index, size_t *position) {
  for (*position = 0; *position < json_array_size(labels); ++*position) {
    const json_t *label = json_array_get(labels, *position);
    if (coordinate->numbers != NULL && json_is_number(label) &&
        json_number_value(label) == coordinate->numbers[index])
      return true;
    if (coordinate->labels != NULL && json_is_string(label) &&
        strcmp(json_string_value(label), coordinate->labels[index]) == 0)
      return true;
  }
  return false;
}

/* The position of value number `value` of a metric in the stored metric. */
static bool find_value(const json_t *stored, const json_t *metric,
                       const heed_plan *plan, const plan_metric *wanted,
                       size_t value, size_t *position) {
  size_t stride = 1;
  *position = 0;
  if (metric_rank(metric) != wanted->dimension_count) return false;
  for (size_t i = wanted->dimension_count; i-- > 0;) {
    const plan_coordinate *dimension = &plan->dimensions[wanted->dimensions[i]];
    const json_t *labels = metric_labels(stored, metric, i);
    const char *name = json_string_value(
        json_array_get(json_object_get(metric, "dimensions"), i));
    size_t label;
    if (name == NULL || strcmp(name, dimension->name) != 0) return false;
    if (!find_label(labels, dimension, value % dimension->count, &label))
      return false;
    *position += label * stride;
    stride *= json_array_size(labels);
    value /= dimension->count;
  }
  return true;
}

static void match_metric(const json_t *stored, const json_t *metric,
                         size_t offset, const heed_plan *plan,
                         work_match *result) {
  const char *name = json_string_value(json_object_get(metric, "name"));
  for (size_t i = 0; name != NULL && i < plan->metric_count; i++) {
    const plan_metric *wanted = &plan->metrics[i];
    if (strcmp(wanted->name, name) != 0) continue;
    for (size_t value = 0; value < wanted->count; value++) {
      size_t position;
      if (find_value(stored, metric, plan, wanted, value, &position))
        result->source[wanted->offset + value] = offset + position;
    }
  }
}

heed_status match_make(const json_t *stored, const heed_plan *plan,
                       work_match *result, heed_error *error) {
  const json_t *metrics = json_object_get(stored, "metrics"), *metric;
  size_t i;
  result->width = 0;
  result->source = malloc((plan->value_count + 1) * sizeof *result->source);
  if (result->source == NULL) return heed_no_memory(error);
  for (i = 0; i < plan->value_count; i++) result->source[i] = SIZE_MAX;
  json_array_foreach(metrics, i, metric) {
    match_metric(stored, metric, result->width, plan, result);
    result->width += metric_size(stored, metric);
  }
  return HEED_OK;
}

void match_free(work_match *self) {
  free(self->source);
  self->source = NULL;
}
