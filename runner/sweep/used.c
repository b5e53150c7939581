/* SPDX-License-Identifier: GPL-3.0-or-later
 * The files that a resolved value depends on: plugins and inputs.  Keys depend
 * on the content of an input file, not on its path. */
#include "used.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/hash.h"

typedef struct used_collector {
  const heed_sweep *self;
  json_t *plugins, *inputs;
  heed_error *error;
} used_collector;

static heed_status collect(const used_collector *collector,
                           const heed_parameter *parameter,
                           const json_t *resolved, json_t **copy);

static heed_status collect_path(const used_collector *collector,
                                const char *path, json_t **copy) {
  json_t *digest = json_object_get(collector->inputs, path);
  if (digest == NULL) {
    char text[HASH_SIZE];
    heed_status status;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
      return heed_fail(collector->error, HEED_IO, "%s: cannot read: %s", path,
                       strerror(errno));
    status = hash_descriptor(file, path, text, collector->error);
    (void)close(file);
    if (status != HEED_OK) return status;
    digest = json_string(text);
    (void)json_object_set_new(collector->inputs, path, digest);
  }
  *copy = json_incref(digest);
  return HEED_OK;
}

static heed_status collect_record(const used_collector *collector,
                                  const heed_parameter *parameters,
                                  size_t count, const json_t *resolved,
                                  json_t **copy) {
  heed_status status = HEED_OK;
  *copy = json_object();
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    const json_t *value = json_object_get(resolved, parameters[i].name);
    json_t *item = NULL;
    if ((parameters[i].flags & SCHEMA_ADDED) != 0 && json_is_null(value))
      continue;
    status = collect(collector, &parameters[i], value, &item);
    if (status == HEED_OK)
      (void)json_object_set_new(*copy, parameters[i].name, item);
    else
      json_decref(item);
  }
  return status;
}

static heed_status collect_plugin(const used_collector *collector,
                                  const json_t *resolved, json_t **copy) {
  const char *full = json_string_value(json_object_get(resolved, "plugin"));
  const host_plugin_file *file = NULL;
  const heed_plugin *plugin =
      registry_named(collector->self->plugins, full, &file);
  json_t *parameters = NULL;
  heed_status status;
  if (plugin == NULL)
    return heed_fail(collector->error, HEED_INTERNAL, "plugin %s is not loaded",
                     full);
  (void)json_object_set_new(collector->plugins, full,
                            json_string(file->sha256));
  status =
      collect_record(collector, plugin->parameters, plugin->parameter_count,
                     json_object_get(resolved, "parameters"), &parameters);
  *copy = json_pack("{s:s, s:o}", "plugin", full, "parameters", parameters);
  return status;
}

static heed_status collect_items(const used_collector *collector,
                                 const heed_parameter *item,
                                 const json_t *resolved, json_t **copy) {
  heed_status status = HEED_OK;
  const char *key;
  json_t *value, *item_copy = NULL;
  size_t i;
  *copy = json_is_array(resolved) ? json_array() : json_object();
  json_array_foreach(resolved, i, value) {
    status = collect(collector, item, value, &item_copy);
    if (status != HEED_OK) break;
    (void)json_array_append_new(*copy, item_copy);
  }
  json_object_foreach((json_t *)resolved, key, value) {
    status = collect(collector, item, value, &item_copy);
    if (status != HEED_OK) break;
    (void)json_object_set_new(*copy, key, item_copy);
  }
  if (status != HEED_OK) json_decref(item_copy);
  return status;
}

static heed_status collect(const used_collector *collector,
                           const heed_parameter *parameter,
                           const json_t *resolved, json_t **copy) {
  *copy = NULL;
  if (resolved == NULL || json_is_null(resolved)) {
    *copy = json_null();
    return HEED_OK;
  }
  switch ((enum heed_types)parameter->type) {
    case HEED_PATH:
      return collect_path(collector, json_string_value(resolved), copy);
    case HEED_LIST:
    case HEED_MAP:
      return collect_items(collector, parameter->item, resolved, copy);
    case HEED_RECORD:
      return collect_record(collector, parameter->fields,
                            parameter->field_count, resolved, copy);
    case HEED_PLUGIN:
      return collect_plugin(collector, resolved, copy);
    case HEED_NUMBER:
    case HEED_INTEGER:
    case HEED_BOOLEAN:
    case HEED_TEXT:
    case HEED_ENUM:
    case HEED_ENUM_OR_NUMBER:
      break;
  }
  *copy = json_incref((json_t *)resolved);
  return HEED_OK;
}

heed_status used_value(const heed_sweep *self, const heed_parameter *parameter,
                       const json_t *resolved, json_t *plugins, json_t *inputs,
                       json_t **copy, heed_error *error) {
  const used_collector collector = {self, plugins, inputs, error};
  const heed_status status = collect(&collector, parameter, resolved, copy);
  if (status != HEED_OK) {
    json_decref(*copy);
    *copy = NULL;
  }
  return status;
}
