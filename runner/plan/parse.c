/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads a plan and checks every key: a plan may come from another machine or be
 * written by hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "plan/plan.h"

/* Values in a record; sums and products of them do not overflow. */
#define MOST_VALUES ((size_t)1 << 28)

/* A place in the plan, for messages ("axes[2].name"), and where its values
 * go. */
typedef struct parse_place {
  const char *list; /* NULL: the top level */
  size_t index;
  heed_error *error;
  host_arena *memory;
} parse_place;

/* Returns statuses as constants, which analysers can follow. */
static heed_status wrong(const parse_place *place, const char *key,
                         const char *expected) {
  if (place->list == NULL)
    (void)heed_fail(place->error, HEED_INVALID, "plan: %s: expected %s", key,
                    expected);
  else
    (void)heed_fail(place->error, HEED_INVALID, "plan: %s[%zu].%s: expected %s",
                    place->list, place->index, key, expected);
  return HEED_INVALID;
}

static heed_status text(const parse_place *place, const json_t *object,
                        const char *key, const char **result) {
  *result = json_string_value(json_object_get(object, key));
  return *result == NULL ? wrong(place, key, "a text") : HEED_OK;
}

/* Reads a text that may be null or missing. */
static heed_status optional_text(const parse_place *place, const json_t *object,
                                 const char *key, const char **result) {
  const json_t *value = json_object_get(object, key);
  *result = NULL;
  if (value == NULL || json_is_null(value)) return HEED_OK;
  return text(place, object, key, result);
}

static heed_status natural(const parse_place *place, const json_t *object,
                           const char *key, size_t *result) {
  const json_t *value = json_object_get(object, key);
  if (!json_is_integer(value) || json_integer_value(value) < 0)
    return wrong(place, key, "a whole number, 0 or more");
  *result = (size_t)json_integer_value(value);
  return HEED_OK;
}

static heed_status digest(const parse_place *place, const json_t *object,
                          const char *key, const char **result) {
  const heed_status status = text(place, object, key, result);
  if (status != HEED_OK) return status;
  if (*result == NULL || strlen(*result) != PLAN_KEY_SIZE - 1 ||
      strspn(*result, "0123456789abcdef") != PLAN_KEY_SIZE - 1)
    return wrong(place, key, "a SHA-256 of 64 hexadecimal digits");
  return HEED_OK;
}

/* Reads the array under key into *list and allocates as many zeroed
 * elements. */
static heed_status array(const heed_plan *self, const char *key,
                         const json_t **list, size_t size, void **elements,
                         heed_error *error) {
  const parse_place top = {NULL, 0, error, NULL};
  *elements = NULL;
  *list = json_object_get(self->json, key);
  if (!json_is_array(*list)) return wrong(&top, key, "a list");
  *elements = arena_allocate(self->memory, json_array_size(*list), size);
  return *elements == NULL ? heed_no_memory(error) : HEED_OK;
}

static heed_status read_numbers(const parse_place *place, const json_t *list,
                                plan_coordinate *result) {
  result->numbers =
      arena_allocate(place->memory, json_array_size(list), sizeof(double));
  if (result->numbers == NULL) return heed_no_memory(place->error);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *value = json_array_get(list, i);
    if (!json_is_number(value)) return wrong(place, "numbers", "only numbers");
    result->numbers[i] = json_number_value(value);
  }
  result->count = json_array_size(list);
  return HEED_OK;
}

static heed_status read_labels(const parse_place *place, const json_t *list,
                               plan_coordinate *result) {
  result->labels =
      arena_allocate(place->memory, json_array_size(list), sizeof(char *));
  if (result->labels == NULL) return heed_no_memory(place->error);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *value = json_array_get(list, i);
    if (!json_is_string(value)) return wrong(place, "labels", "only texts");
    result->labels[i] = json_string_value(value);
  }
  result->count = json_array_size(list);
  return HEED_OK;
}

static heed_status read_coordinate(const parse_place *place,
                                   const json_t *object,
                                   plan_coordinate *result) {
  const json_t *numbers = json_object_get(object, "numbers");
  const json_t *labels = json_object_get(object, "labels");
  heed_status status = text(place, object, "name", &result->name);
  if (status == HEED_OK)
    status = optional_text(place, object, "unit", &result->unit);
  if (status == HEED_OK)
    status = optional_text(place, object, "doc", &result->doc);
  if (status != HEED_OK) return status;
  if (json_is_array(numbers) && labels == NULL)
    return read_numbers(place, numbers, result);
  if (json_is_array(labels) && numbers == NULL)
    return read_labels(place, labels, result);
  return wrong(place, "numbers", "a list of numbers or a list of labels");
}

static heed_status read_axis(const parse_place *place, const json_t *object,
                             plan_axis *axis) {
  heed_status status = read_coordinate(place, object, &axis->coordinate);
  const json_t *tied = json_object_get(object, "tied");
  if (status != HEED_OK) return status;
  if (axis->coordinate.count == 0)
    return wrong(place, "numbers", "at least one value");
  if (tied == NULL) return HEED_OK;
  if (!json_is_array(tied)) return wrong(place, "tied", "a list");
  axis->tied =
      arena_allocate(place->memory, json_array_size(tied), sizeof *axis->tied);
  if (axis->tied == NULL) return heed_no_memory(place->error);
  for (size_t i = 0; i < json_array_size(tied); i++) {
    axis->tied_count = i + 1;
    status = read_coordinate(place, json_array_get(tied, i), &axis->tied[i]);
    if (status != HEED_OK) return status;
    if (axis->tied[i].count != axis->coordinate.count)
      return wrong(place, "tied", "as many values as the axis has");
  }
  return HEED_OK;
}

static heed_status read_axes(heed_plan *self, heed_error *error) {
  const json_t *list;
  void *made;
  heed_status status =
      array(self, "axes", &list, sizeof *self->axes, &made, error);
  self->axes = made;
  for (size_t i = 0; status == HEED_OK && i < json_array_size(list); i++) {
    const parse_place place = {"axes", i, error, self->memory};
    self->axis_count = i + 1;
    status = read_axis(&place, json_array_get(list, i), &self->axes[i]);
  }
  return status;
}

static heed_status read_dimensions(heed_plan *self, heed_error *error) {
  const json_t *list;
  void *made;
  heed_status status =
      array(self, "dimensions", &list, sizeof *self->dimensions, &made, error);
  self->dimensions = made;
  for (size_t i = 0; status == HEED_OK && i < json_array_size(list); i++) {
    const parse_place place = {"dimensions", i, error, self->memory};
    self->dimension_count = i + 1;
    status =
        read_coordinate(&place, json_array_get(list, i), &self->dimensions[i]);
  }
  return status;
}

static heed_status read_plugins(heed_plan *self, heed_error *error) {
  const json_t *list;
  void *made;
  heed_status status =
      array(self, "plugins", &list, sizeof *self->plugins, &made, error);
  self->plugins = made;
  for (size_t i = 0; status == HEED_OK && i < json_array_size(list); i++) {
    const parse_place place = {"plugins", i, error, self->memory};
    const json_t *object = json_array_get(list, i);
    plan_plugin *plugin = &self->plugins[i];
    const char *kind = NULL;
    status = text(&place, object, "kind", &kind);
    if (status == HEED_OK && !kind_of(kind, &plugin->kind))
      status = wrong(&place, "kind", "a kind of plugin");
    if (status == HEED_OK) status = text(&place, object, "name", &plugin->name);
    if (status == HEED_OK)
      status = text(&place, object, "version", &plugin->version);
    if (status == HEED_OK) status = text(&place, object, "file", &plugin->file);
    if (status == HEED_OK)
      status = digest(&place, object, "sha256", &plugin->sha256);
    self->plugin_count = i + 1;
  }
  return status;
}

static heed_status read_inputs(heed_plan *self, heed_error *error) {
  const json_t *list;
  void *made;
  heed_status status =
      array(self, "inputs", &list, sizeof *self->inputs, &made, error);
  self->inputs = made;
  for (size_t i = 0; status == HEED_OK && i < json_array_size(list); i++) {
    const parse_place place = {"inputs", i, error, self->memory};
    const json_t *object = json_array_get(list, i);
    status = text(&place, object, "path", &self->inputs[i].path);
    if (status == HEED_OK)
      status = digest(&place, object, "sha256", &self->inputs[i].sha256);
    self->input_count = i + 1;
  }
  return status;
}

static bool dimension_named(const heed_plan *self, const char *name,
                            size_t *index) {
  for (*index = 0; *index < self->dimension_count; ++*index)
    if (strcmp(self->dimensions[*index].name, name) == 0) return true;
  return false;
}

static heed_status read_metric(heed_plan *self, const parse_place *place,
                               const json_t *object, plan_metric *metric) {
  const json_t *names = json_object_get(object, "dimensions");
  heed_status status = text(place, object, "name", &metric->name);
  if (status == HEED_OK)
    status = optional_text(place, object, "unit", &metric->unit);
  if (status == HEED_OK) status = text(place, object, "doc", &metric->doc);
  if (status != HEED_OK) return status;
  metric->count = 1;
  metric->offset = self->value_count;
  metric->dimensions =
      arena_allocate(place->memory, json_array_size(names), sizeof(size_t));
  if (metric->dimensions == NULL) return heed_no_memory(place->error);
  for (size_t i = 0; i < json_array_size(names); i++) {
    const char *name = json_string_value(json_array_get(names, i));
    if (name == NULL || !dimension_named(self, name, &metric->dimensions[i]))
      return wrong(place, "dimensions", "names of dimensions of this plan");
    metric->count *= self->dimensions[metric->dimensions[i]].count;
    if (metric->count > MOST_VALUES)
      return wrong(place, "dimensions", "at most 2^28 values");
  }
  metric->dimension_count = json_array_size(names);
  self->value_count += metric->count;
  if (self->value_count > MOST_VALUES)
    return wrong(place, "dimensions", "at most 2^28 values in all");
  return HEED_OK;
}

static heed_status read_metrics(heed_plan *self, heed_error *error) {
  const json_t *list;
  void *made;
  heed_status status =
      array(self, "metrics", &list, sizeof *self->metrics, &made, error);
  self->metrics = made;
  for (size_t i = 0; status == HEED_OK && i < json_array_size(list); i++) {
    const parse_place place = {"metrics", i, error, self->memory};
    self->metric_count = i + 1;
    status =
        read_metric(self, &place, json_array_get(list, i), &self->metrics[i]);
  }
  return status;
}

static bool stage_of(const char *name, plan_stage *stage) {
  for (unsigned i = 0; i < PLAN_STAGE_COUNT; i++)
    if (strcmp(plan_stage_name((plan_stage)i), name) == 0) {
      *stage = (plan_stage)i;
      return true;
    }
  return false;
}

static heed_status read_node(heed_plan *self, const parse_place *place,
                             const json_t *object, plan_node *node) {
  const json_t *parent = json_object_get(object, "parent");
  const char *stage = NULL, *key = NULL;
  heed_status status = text(place, object, "stage", &stage);
  if (status != HEED_OK) return status;
  if (!stage_of(stage, &node->stage)) return wrong(place, "stage", "a stage");
  status = digest(place, object, "key", &key);
  if (status != HEED_OK) return status;
  memcpy(node->key, key, PLAN_KEY_SIZE);
  node->costly = json_is_true(json_object_get(object, "costly"));
  if (json_object_get(object, "shared") != NULL) {
    const char *shared;
    status = digest(place, object, "shared", &shared);
    if (status != HEED_OK) return status;
    memcpy(node->shared, shared, PLAN_KEY_SIZE);
  }
  node->spec = json_object_get(object, "spec");
  if (!json_is_object(node->spec)) return wrong(place, "spec", "an object");
  node->first_point = SIZE_MAX;
  node->parent = SIZE_MAX;
  if (json_is_null(parent)) return HEED_OK;
  status = natural(place, object, "parent", &node->parent);
  if (status != HEED_OK) return status;
  if (node->parent >= place->index ||
      self->nodes[node->parent].stage >= node->stage)
    return wrong(place, "parent",
                 "an earlier node of an earlier stage, or null");
  return HEED_OK;
}

static heed_status read_nodes(heed_plan *self, heed_error *error) {
  const json_t *list;
  void *made;
  heed_status status =
      array(self, "nodes", &list, sizeof *self->nodes, &made, error);
  self->nodes = made;
  for (size_t i = 0; status == HEED_OK && i < json_array_size(list); i++) {
    const parse_place place = {"nodes", i, error, self->memory};
    status = read_node(self, &place, json_array_get(list, i), &self->nodes[i]);
    self->node_count = i + 1;
  }
  return status;
}

/* Counts a point under its leaf and all ancestors.  Points must be in
 * depth-first order, which makes those of a node contiguous. */
static bool count_point(heed_plan *self, size_t point) {
  for (size_t i = self->points[point].leaf; i != SIZE_MAX;
       i = self->nodes[i].parent) {
    plan_node *node = &self->nodes[i];
    if (node->first_point == SIZE_MAX) node->first_point = point;
    if (node->first_point + node->point_count != point) return false;
    node->point_count++;
  }
  return true;
}

static heed_status read_point(heed_plan *self, const parse_place *place,
                              const json_t *object, plan_point *point) {
  const json_t *indices = json_object_get(object, "at");
  const heed_status status = natural(place, object, "leaf", &point->leaf);
  if (status != HEED_OK) return status;
  if (point->leaf >= self->node_count) return wrong(place, "leaf", "a node");
  if (!json_is_array(indices) || json_array_size(indices) != self->axis_count)
    return wrong(place, "at", "one index per axis");
  for (size_t i = 0; i < self->axis_count; i++) {
    const json_t *index = json_array_get(indices, i);
    const json_int_t value = json_integer_value(index);
    if (!json_is_integer(index) || value < 0 ||
        (size_t)value >= self->axes[i].coordinate.count)
      return wrong(place, "at", "indices within the axes");
    point->position[i] = (size_t)value;
  }
  if (!count_point(self, place->index))
    return wrong(place, "leaf", "adjacent points of a node");
  return HEED_OK;
}

static heed_status read_points(heed_plan *self, heed_error *error) {
  const json_t *list;
  const parse_place top = {NULL, 0, error, self->memory};
  size_t *at_all; /* points x axes */
  void *made;
  heed_status status =
      array(self, "points", &list, sizeof *self->points, &made, error);
  self->points = made;
  if (status != HEED_OK) return status;
  if (json_array_size(list) == 0) return wrong(&top, "points", "a point");
  at_all = arena_allocate(self->memory, json_array_size(list),
                          self->axis_count * sizeof *at_all);
  if (at_all == NULL) return heed_no_memory(error);
  self->point_count = json_array_size(list);
  for (size_t i = 0; i < self->point_count; i++)
    self->points[i].position = at_all + i * self->axis_count;
  for (size_t i = 0; status == HEED_OK && i < self->point_count; i++) {
    const parse_place place = {"points", i, error, self->memory};
    status =
        read_point(self, &place, json_array_get(list, i), &self->points[i]);
  }
  return status;
}

static heed_status read_keep(heed_plan *self, heed_error *error) {
  const json_t *list = json_object_get(self->json, "keep"), *item;
  const parse_place top = {NULL, 0, error, self->memory};
  size_t i;
  json_array_foreach(list, i, item) {
    const char *name = json_string_value(item);
    size_t which = 0;
    while (name != NULL && which < PLAN_KEPT_COUNT &&
           strcmp(plan_kept_names[which], name) != 0)
      which++;
    if (name == NULL || which == PLAN_KEPT_COUNT)
      return wrong(&top, "keep",
                   "users, models, trace, policy, responses, selection, "
                   "eta_nodes or eta_posterior");
    self->keep |= 1u << which;
  }
  return HEED_OK;
}

/* Plans of earlier versions have no "threads": it is "auto". */
static heed_status read_threads(heed_plan *self, const parse_place *top) {
  const json_t *value = json_object_get(self->json, "threads");
  const char *word = json_string_value(value);
  self->threads = 0;
  if (value == NULL || (word != NULL && strcmp(word, "auto") == 0))
    return HEED_OK;
  if (!json_is_integer(value) || json_integer_value(value) < 1 ||
      json_integer_value(value) > PLAN_MOST_THREADS)
    return wrong(top, "threads", "\"auto\" or a whole number, 1 to 1024");
  self->threads = (size_t)json_integer_value(value);
  return HEED_OK;
}

static heed_status read_head(heed_plan *self, heed_error *error) {
  const parse_place top = {NULL, 0, error, self->memory};
  const json_t *format = json_object_get(self->json, "heed_plan");
  const json_t *seed = json_object_get(self->json, "seed");
  const json_t *sweep = json_object_get(self->json, "sweep");
  heed_status status;
  if (!json_is_integer(format) || json_integer_value(format) != PLAN_FORMAT)
    return wrong(&top, "heed_plan", "format 1: is this a heed plan?");
  if (!json_is_integer(seed)) return wrong(&top, "seed", "a whole number");
  self->seed = (uint64_t)json_integer_value(seed);
  status = text(&top, self->json, "title", &self->title);
  if (status == HEED_OK)
    status = natural(&top, self->json, "replicates", &self->replicates);
  if (status == HEED_OK)
    status = natural(&top, self->json, "blas_threads", &self->blas_threads);
  if (status == HEED_OK) status = read_threads(self, &top);
  if (status != HEED_OK) return status;
  if (self->replicates == 0) return wrong(&top, "replicates", "1 or more");
  status = text(&top, sweep, "file", &self->sweep_file);
  if (status == HEED_OK) status = text(&top, sweep, "text", &self->sweep_text);
  return status == HEED_OK ? read_keep(self, error) : status;
}

heed_status plan_parse(const char *bytes, size_t length, heed_plan **result,
                       heed_error *error) {
  json_error_t where;
  heed_plan *self = calloc(1, sizeof *self);
  heed_status status;
  if (self == NULL) return heed_no_memory(error);
  self->memory = arena_create();
  self->json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &where);
  if (self->memory == NULL) {
    status = heed_no_memory(error);
  } else if (self->json == NULL &&
             json_error_code(&where) == json_error_out_of_memory) {
    status = heed_no_memory(error);
  } else if (self->json == NULL) {
    status = heed_fail(error, HEED_INVALID, "plan: line %d, column %d: %s",
                       where.line, where.column, where.text);
  } else {
    status = read_head(self, error);
    if (status == HEED_OK) status = read_plugins(self, error);
    if (status == HEED_OK) status = read_inputs(self, error);
    if (status == HEED_OK) status = read_axes(self, error);
    if (status == HEED_OK) status = read_dimensions(self, error);
    if (status == HEED_OK) status = read_metrics(self, error);
    if (status == HEED_OK) status = read_nodes(self, error);
    if (status == HEED_OK) status = read_points(self, error);
  }
  if (status == HEED_OK)
    *result = self;
  else
    plan_free(self);
  return status;
}

heed_status plan_read(const char *path, heed_plan **result, heed_error *error) {
  FILE *file = fopen(path, "rb");
  char *bytes = NULL;
  long length = -1;
  heed_status status;
  if (file == NULL)
    return heed_fail(error, HEED_IO, "%s: cannot read: %s", path,
                     strerror(errno));
  if (fseek(file, 0, SEEK_END) == 0) length = ftell(file);
  if (length >= 0) bytes = malloc((size_t)length + 1);
  if (length >= 0 && bytes == NULL)
    status = heed_no_memory(error);
  else if (length < 0 || fseek(file, 0, SEEK_SET) != 0 ||
           fread(bytes, 1, (size_t)length, file) != (size_t)length)
    status = heed_fail(error, HEED_IO, "%s: cannot read", path);
  else
    status = plan_parse(bytes, (size_t)length, result, error);
  free(bytes);
  (void)fclose(file);
  return status;
}

heed_status plan_parse_file(const char *path, const char *text,
                            heed_plan **result, heed_error *error) {
  heed_error fault = {HEED_OK, ""};
  const heed_status status = plan_parse(text, strlen(text), result, &fault);
  if (status == HEED_OK) return HEED_OK;
  if (status == HEED_MEMORY) return heed_no_memory(error);
  return heed_fail(error, status, "%s: %s", path, fault.message);
}
