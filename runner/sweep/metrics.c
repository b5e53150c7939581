/* SPDX-License-Identifier: GPL-3.0-or-later
 * The metrics of a sweep, and their dimensions beside its axes: those of the
 * host, and those that the plugins of the plan declare. */
#include "metrics.h"

#include <stdlib.h>
#include <string.h>

#include "evaluation/evaluation.h"
#include "label.h"

typedef struct metrics_list {
  const heed_sweep *self;
  const sweep_tree *tree;
  heed_error *error;
  json_t *dimensions, *metrics; /* by name; values as in the plan */
} metrics_list;

/* ---- dimensions ---- */

static bool holds(const json_t *array, const json_t *value) {
  const json_t *item;
  size_t i;
  json_array_foreach(array, i, item) {
    if (json_equal(item, value)) return true;
  }
  return false;
}

/* Numbers are in ascending order, labels in order of first occurrence. */
static void insert_number(json_t *array, const json_t *value) {
  size_t position = 0;
  if (holds(array, value)) return;
  while (position < json_array_size(array) &&
         json_number_value(json_array_get(array, position)) <
             json_number_value(value))
    position++;
  (void)json_array_insert(array, position, (json_t *)value);
}

static json_t *dimension_of(const metrics_list *list,
                            const heed_dimension *dimension) {
  json_t *known = json_object_get(list->dimensions, dimension->name);
  if (known == NULL) {
    known = json_pack("{s:s, s:s?, s:s?}", "name", dimension->name, "unit",
                      dimension->unit, "doc", dimension->doc);
    (void)json_object_set_new(list->dimensions, dimension->name, known);
  }
  return known;
}

static json_t *values_of(json_t *dimension, const char *kind) {
  json_t *values = json_object_get(dimension, kind);
  if (values == NULL) {
    values = json_array();
    (void)json_object_set_new(dimension, kind, values);
  }
  return values;
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Labels from a map are in alphabetical order, as plugins see them. */
static heed_status add_keys(const metrics_list *list, json_t *dimension,
                            const json_t *map) {
  json_t *labels = values_of(dimension, "labels"), *value;
  const char **keys = calloc(json_object_size(map) + 1, sizeof *keys), *key;
  size_t count = 0;
  if (keys == NULL) return heed_no_memory(list->error);
  json_object_foreach((json_t *)map, key, value) {
    keys[count++] = key;
  }
  qsort(keys, count, sizeof *keys, by_text);
  for (size_t i = 0; i < count; i++) {
    json_t *label = json_string(keys[i]);
    if (!holds(labels, label)) (void)json_array_append(labels, label);
    json_decref(label);
  }
  free(keys);
  return HEED_OK;
}

static heed_status add_items(const metrics_list *list, json_t *dimension,
                             const json_t *items) {
  const json_t *item;
  size_t i;
  json_array_foreach(items, i, item) {
    if (json_is_number(item)) {
      json_t *number = json_real(json_number_value(item));
      insert_number(values_of(dimension, "numbers"), number);
      json_decref(number);
    } else if (json_is_string(item)) {
      json_t *labels = values_of(dimension, "labels");
      if (!holds(labels, item)) (void)json_array_append(labels, (json_t *)item);
    } else {
      return heed_fail(list->error, HEED_UNSUPPORTED,
                       "dimension \"%s\": expected numbers or texts",
                       json_string_value(json_object_get(dimension, "name")));
    }
  }
  return HEED_OK;
}

/* Adds the values of one resolved record to its dimensions. */
static heed_status add_dimensions(const metrics_list *list,
                                  const heed_dimension *dimensions,
                                  size_t count, const json_t *given) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    const json_t *value = json_object_get(given, dimensions[i].parameter);
    json_t *dimension;
    if (value == NULL || json_is_null(value)) continue;
    dimension = dimension_of(list, &dimensions[i]);
    status = json_is_object(value) ? add_keys(list, dimension, value)
                                   : add_items(list, dimension, value);
    if (status == HEED_OK && json_object_get(dimension, "numbers") != NULL &&
        json_object_get(dimension, "labels") != NULL)
      return heed_fail(list->error, HEED_UNSUPPORTED,
                       "dimension \"%s\": one plugin of this sweep has "
                       "numbers, another has texts",
                       dimensions[i].name);
  }
  return status;
}

/* ---- metrics ---- */

static size_t length_of(const metrics_list *list, const char *dimension) {
  const json_t *known = json_object_get(list->dimensions, dimension);
  return json_array_size(json_object_get(known, "numbers")) +
         json_array_size(json_object_get(known, "labels"));
}

/* Omits a metric whose dimension has no values in this sweep. */
static heed_status add_metric(const metrics_list *list, const char *prefix,
                              const heed_output *output) {
  const char *name = label_format(list->self, "%s%s", prefix, output->name);
  const json_t *known = json_object_get(list->metrics, name);
  json_t *dimensions = json_array();
  heed_status status = HEED_OK;
  for (size_t i = 0;
       output->dimensions != NULL && output->dimensions[i] != NULL; i++) {
    if (length_of(list, output->dimensions[i]) == 0) {
      json_decref(dimensions);
      return HEED_OK;
    }
    (void)json_array_append_new(dimensions, json_string(output->dimensions[i]));
  }
  if (known == NULL)
    (void)json_object_set_new(
        list->metrics, name,
        json_pack("{s:s, s:s?, s:s, s:O}", "name", name, "unit", output->unit,
                  "doc", output->doc == NULL ? "" : output->doc, "dimensions",
                  dimensions));
  else if (!json_equal(json_object_get(known, "dimensions"), dimensions))
    status = heed_fail(list->error, HEED_UNSUPPORTED,
                       "two plugins of this sweep report \"%s\" with different "
                       "dimensions",
                       name);
  json_decref(dimensions);
  return status;
}

static heed_status add_outputs(const metrics_list *list, const char *prefix,
                               const heed_plugin *plugin) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < plugin->output_count; i++)
    status = add_metric(list, prefix, &plugin->outputs[i]);
  return status;
}

/* Adds the fitted parameters of an estimator's distributions and user models,
 * which are in its parameters, records, lists and maps. */
static heed_status add_fitted(const metrics_list *list, const json_t *value) {
  const char *full = json_string_value(json_object_get(value, "plugin")), *key;
  heed_status status = HEED_OK;
  json_t *item;
  size_t i;
  if (full != NULL) {
    const heed_plugin *plugin = registry_named(list->self->plugins, full, NULL);
    if (plugin != NULL && plugin->kind == HEED_DISTRIBUTION)
      return add_outputs(list, "prior_", plugin);
    if (plugin != NULL && plugin->kind == HEED_USER_MODEL)
      return add_outputs(list, "model_", plugin);
    return HEED_OK;
  }
  json_object_foreach((json_t *)value, key, item) {
    status = add_fitted(list, item);
    if (status != HEED_OK) return status;
  }
  json_array_foreach(value, i, item) {
    status = add_fitted(list, item);
    if (status != HEED_OK) return status;
  }
  return HEED_OK;
}

static const heed_plugin *plugin_of(const metrics_list *list,
                                    const sweep_stage *spec) {
  const char *full =
      json_string_value(json_object_get(spec->resolved, "plugin"));
  return full == NULL ? NULL : registry_named(list->self->plugins, full, NULL);
}

static heed_status add_all_dimensions(const metrics_list *list) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < list->tree->spec_count; i++) {
    const sweep_stage *spec = &list->tree->specs[i];
    const heed_plugin *plugin = plugin_of(list, spec);
    if (plugin != NULL)
      status = add_dimensions(list, plugin->dimensions, plugin->dimension_count,
                              json_object_get(spec->resolved, "parameters"));
    else if (spec->stage == PLAN_EVALUATION)
      status = add_dimensions(list, evaluation_dimensions,
                              evaluation_dimension_count, spec->resolved);
  }
  return status;
}

/* Whether some cell wants this metric of heed's own. */
static bool is_wanted(const metrics_list *list, const char *name) {
  for (size_t i = 0; i < list->tree->spec_count; i++) {
    const sweep_stage *spec = &list->tree->specs[i];
    if (spec->stage != PLAN_EVALUATION) continue;
    const json_t *wanted = json_object_get(spec->resolved, EVALUATION_WANTED);
    json_t *metric = json_string(name);
    const bool found = !json_is_array(wanted) || holds(wanted, metric);
    json_decref(metric);
    if (found) return true;
  }
  return false;
}

static heed_status add_all_metrics(const metrics_list *list) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < METRIC_COUNT; i++)
    if (is_wanted(list, evaluation_metrics[i].name))
      status = add_metric(list, "", &evaluation_metrics[i]);
  for (size_t i = 0; status == HEED_OK && i < list->tree->spec_count; i++) {
    const sweep_stage *spec = &list->tree->specs[i];
    const heed_plugin *plugin = plugin_of(list, spec);
    if (plugin == NULL) continue;
    status = add_outputs(
        list, label_format(list->self, "%s_", kind_name(plugin->kind)), plugin);
    if (status == HEED_OK && spec->stage == PLAN_POSTERIOR)
      status = add_fitted(list, json_object_get(spec->resolved, "parameters"));
  }
  return status;
}

/* ---- names ---- */

/* Whether the root of a result file may use the name for something else.  The
 * file then has NAME_axis instead. */
static bool is_reserved(const char *name) {
  static const char *const reserved[] = {
      "replicate", "status", "cells",   "errors", "warnings",
      "timing",    "labels", "plugins", "inputs", "sweep"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (strcmp(name, reserved[i]) == 0) return true;
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    if (strcmp(plan_kept_names[i], name) == 0) return true;
  return false;
}

static const char *taken_by(const metrics_list *list, const char *name) {
  if (json_object_get(list->metrics, name) != NULL) return "a metric";
  if (json_object_get(list->dimensions, name) != NULL)
    return "a dimension of metrics";
  return NULL;
}

/* An axis "users" and an axis "users_axis" would be one dataset. */
static heed_status check_renamed(const metrics_list *list,
                                 const sweep_axis *here) {
  const heed_sweep *self = list->self;
  char name[256];
  const char *taken;
  (void)snprintf(name, sizeof name, "%.240s_axis", here->name);
  taken = taken_by(list, name);
  for (size_t i = 0; taken == NULL && i < self->axis_count; i++)
    if (self->axes[i].live && strcmp(self->axes[i].name, name) == 0)
      taken = "another axis";
  if (taken == NULL) return HEED_OK;
  return heed_fail(list->error, HEED_INVALID,
                   "%s: the axis \"%s\" has the name \"%s\" in the result "
                   "file, which is the name of %s; use another name",
                   here->where, here->name, name, taken);
}

static heed_status check_names(const metrics_list *list) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < list->self->axis_count; i++) {
    const sweep_axis *here = &list->self->axes[i];
    const char *taken = taken_by(list, here->name);
    if (!here->live) continue;
    if (taken != NULL)
      return heed_fail(list->error, HEED_INVALID,
                       "%s: an axis cannot have the name \"%s\", which is %s; "
                       "use another name, such as \"%s_axis\"",
                       here->where, here->name, taken, here->name);
    if (is_reserved(here->name)) status = check_renamed(list, here);
  }
  return status;
}

/* Refuses what no dataset could hold, before cells run. */
static heed_status check_rank(const metrics_list *list) {
  const heed_sweep *self = list->self;
  size_t axes = 0, most = 0;
  const char *name, *widest = "";
  json_t *metric;
  for (size_t i = 0; i < self->axis_count; i++)
    axes += self->axes[i].live && self->axes[i].root == i;
  json_object_foreach(list->metrics, name, metric) {
    const size_t count = json_array_size(json_object_get(metric, "dimensions"));
    if (count > most) widest = name;
    if (count > most) most = count;
  }
  if (axes + 1 + most <= PLAN_MOST_DIMENSIONS) return HEED_OK;
  return heed_fail(list->error, HEED_INVALID,
                   "%s: h.sweep: found %zu axes, expected at most %zu, because "
                   "a dataset of the result has at most %d dimensions: the "
                   "axes, the replicate%s%s; tie axes together or use fewer",
                   self->where, axes, PLAN_MOST_DIMENSIONS - 1 - most,
                   PLAN_MOST_DIMENSIONS,
                   most > 0 ? " and the dimensions of " : "", widest);
}

static json_t *listed(const json_t *by_name) {
  json_t *array = json_array(), *item;
  const char *name;
  json_object_foreach((json_t *)by_name, name, item) {
    (void)json_array_append(array, item);
  }
  return array;
}

/* A dimension that no metric of this sweep has would be an empty scale. */
static void drop_unused(const metrics_list *list) {
  const char *name, *metric;
  json_t *dimension, *item;
  void *next;
  json_object_foreach_safe(list->dimensions, next, name, dimension) {
    json_t *text = json_string(name);
    bool used = false;
    json_object_foreach(list->metrics, metric, item) {
      used = used || holds(json_object_get(item, "dimensions"), text);
    }
    json_decref(text);
    if (!used) (void)json_object_del(list->dimensions, name);
  }
}

heed_status metrics_add(const heed_sweep *self, const sweep_tree *nodes,
                        json_t *result, heed_error *error) {
  const metrics_list list = {self, nodes, error, json_object(), json_object()};
  heed_status status = add_all_dimensions(&list);
  if (status == HEED_OK) status = add_all_metrics(&list);
  drop_unused(&list);
  if (status == HEED_OK) status = check_names(&list);
  if (status == HEED_OK) status = check_rank(&list);
  if (status == HEED_OK) {
    (void)json_object_set_new(result, "dimensions", listed(list.dimensions));
    (void)json_object_set_new(result, "metrics", listed(list.metrics));
  }
  json_decref(list.dimensions);
  json_decref(list.metrics);
  return status;
}
