/* SPDX-License-Identifier: GPL-3.0-or-later
 * --set path=value: changes one value of a sweep without touching its file.
 *
 * The path is the same as in messages: users.count, estimator.prior.alpha.  It
 * follows the schemas, so it can also set a parameter that the sweep omits.
 * axis.NAME=[…] replaces the values of an axis. */
#include "override.h"

#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "template.h"
#include "text.h"

typedef struct sweep_override {
  heed_sweep *self;
  const char *set; /* whole, for messages */
  json_t *value;
  heed_error *error;
} sweep_override;

static heed_status wrong(const sweep_override *override, const char *what) {
  return heed_fail(override->error, HEED_INVALID, "--set %s: %s", override->set,
                   what);
}

static heed_status no_such(const sweep_override *override, const char *name,
                           const char *noun, const char *const *names,
                           size_t count) {
  const char *nearest = schema_nearest(name, names, count);
  if (nearest != NULL)
    return heed_fail(override->error, HEED_INVALID,
                     "--set %s: unknown %s \"%s\"; did you mean \"%s\"?",
                     override->set, noun, name, nearest);
  return heed_fail(override->error, HEED_INVALID, "--set %s: unknown %s \"%s\"",
                   override->set, noun, name);
}

static heed_status set_in(const sweep_override *override,
                          const heed_parameter *parameters, size_t count,
                          json_t *object, const char *path);

/* In a map, any key is a parameter that `item` describes. */
static heed_status set_in_map(const sweep_override *override,
                              const heed_parameter *item, json_t *map,
                              const char *path) {
  const char *dot = strchr(path, '.');
  const size_t length = dot == NULL ? strlen(path) : (size_t)(dot - path);
  heed_parameter named = *item;
  named.name = label_format(override->self, "%.*s", (int)length, path);
  return set_in(override, &named, 1, map, path);
}

static heed_status set_in_plugin(const sweep_override *override, json_t *child,
                                 const char *path) {
  const heed_plugin *plugin =
      registry_named(override->self->plugins,
                     json_string_value(json_object_get(child, "plugin")), NULL);
  if (plugin == NULL) return wrong(override, "unknown plugin");
  if (json_object_get(child, "parameters") == NULL)
    (void)json_object_set_new(child, "parameters", json_object());
  return set_in(override, plugin->parameters, plugin->parameter_count,
                json_object_get(child, "parameters"), path);
}

/* The object for a plugin that is given by its bare name. */
static json_t *named_plugin(const heed_parameter *parameter, const char *name) {
  char full[128];
  const char *slash = strchr(name, '/');
  (void)snprintf(full, sizeof full, "%s/%s", kind_name(parameter->kind),
                 slash == NULL ? name : slash + 1);
  return json_pack("{s:s, s:{}}", "plugin", full, "parameters");
}

/* A copy of a parameter's value, to be changed, since the sweep may use one
 * value in two places; or the default if the sweep omits the parameter. */
static json_t *child_of(const heed_parameter *parameter, const json_t *object) {
  const json_t *child = json_object_get(object, parameter->name);
  if (parameter->type == HEED_PLUGIN) {
    const char *name =
        child == NULL ? parameter->default_value : json_string_value(child);
    return name != NULL ? named_plugin(parameter, name) : json_deep_copy(child);
  }
  if (child != NULL) return json_deep_copy(child);
  return parameter->default_value != NULL
             ? json_loads(parameter->default_value, JSON_DECODE_ANY, NULL)
             : json_object();
}

static heed_status descend(const sweep_override *override,
                           const heed_parameter *parameter, json_t *object,
                           const char *path) {
  json_t *child = child_of(parameter, object);
  const size_t axis = template_axis(child);
  heed_status status = HEED_OK;
  if (axis != SIZE_MAX)
    status = wrong(
        override, label_format(override->self,
                               "%s is the axis \"%s\"; replace it as a whole, "
                               "or set the axis: axis.%s=[…]",
                               parameter->name, override->self->axes[axis].name,
                               override->self->axes[axis].name));
  else if (parameter->type == HEED_PLUGIN && json_is_object(child))
    status = set_in_plugin(override, child, path);
  else if (parameter->type == HEED_RECORD && json_is_object(child))
    status = set_in(override, parameter->fields, parameter->field_count, child,
                    path);
  else if (parameter->type == HEED_MAP && json_is_object(child))
    status = set_in_map(override, parameter->item, child, path);
  else
    status =
        wrong(override, label_format(override->self, "\"%s\" has no parameters",
                                     parameter->name));
  if (status == HEED_OK) (void)json_object_set(object, parameter->name, child);
  json_decref(child);
  return status;
}

static heed_status set_in(const sweep_override *override,
                          const heed_parameter *parameters, size_t count,
                          json_t *object, const char *path) {
  const char *names[128], *dot = strchr(path, '.');
  const size_t length = dot == NULL ? strlen(path) : (size_t)(dot - path);
  for (size_t i = 0; i < count; i++) {
    const char *name = parameters[i].name;
    if (i < 128) names[i] = name;
    if (strlen(name) != length || strncmp(name, path, length) != 0) continue;
    if (dot != NULL) return descend(override, &parameters[i], object, dot + 1);
    if (json_is_null(override->value))
      (void)json_object_del(object, name);
    else
      (void)json_object_set(object, name, override->value);
    return HEED_OK;
  }
  return no_such(override,
                 label_format(override->self, "%.*s", (int)length, path),
                 "parameter", names, count < 128 ? count : 128);
}

/* ---- axis.NAME=… ---- */

static heed_status set_axis(const sweep_override *override, const char *name) {
  const heed_sweep *self = override->self;
  const char *names[128];
  bool found = false;
  for (size_t i = 0; i < self->axis_count; i++) {
    sweep_axis *axis = &self->axes[i];
    if (i < 128) names[i] = axis->name;
    if (strcmp(axis->name, name) != 0) continue;
    found = true;
    json_decref(axis->values);
    json_decref(axis->labels);
    axis->labels = NULL;
    axis->where = label_format(self, "--set %s", override->set);
    axis->values = json_is_array(override->value)
                       ? json_deep_copy(override->value)
                       : json_pack("[O]", override->value);
    if (json_array_size(axis->values) == 0)
      return wrong(override, "found no values, expected at least one");
  }
  if (found) return HEED_OK;
  return no_such(override, name, "axis", names,
                 self->axis_count < 128 ? self->axis_count : 128);
}

/* ---- */

static bool has_hidden_key(const json_t *value) {
  const char *key;
  json_t *item;
  size_t i;
  json_object_foreach((json_t *)value, key, item) {
    if (text_has_control(key) || has_hidden_key(item)) return true;
  }
  json_array_foreach(value, i, item) {
    if (has_hidden_key(item)) return true;
  }
  return false;
}

/* Why jansson refused what is JSON and yet no value for heed; NULL: it is no
 * JSON, so it is text. */
static const char *refusal_of(const json_error_t *why) {
  switch (json_error_code(why)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
      return "zero byte in a text";
    case json_error_stack_overflow:
      return "lists are nested too deeply";
    case json_error_numeric_overflow:
      return "a number is too large";
    case json_error_out_of_memory:
      return HEED_OUT_OF_MEMORY;
    default:
      return NULL;
  }
}

const char *override_about(const heed_sweep *self, const char *message) {
  for (size_t i = self->options->set_count; i-- > 0;) {
    const char *set = self->options->sets[i];
    const size_t length = strcspn(set, "=");
    if (strncmp(set, message, length) == 0 &&
        strchr(":.[", message[length]) != NULL)
      return set;
  }
  return NULL;
}

heed_status override_apply(heed_sweep *self, const char *set,
                           heed_error *error) {
  const char *equals = strchr(set, '=');
  sweep_override override = {self, set, NULL, error};
  json_error_t why;
  heed_status status;
  const char *path;
  if (equals == NULL || equals == set)
    return wrong(&override, "expected path=value, such as users.count=100");
  path = label_format(self, "%.*s", (int)(equals - set), set);
  if (path == NULL) return heed_no_memory(error);
  if (!text_is_utf8(path)) return wrong(&override, "the path is not UTF-8");
  /* Such keys are the room's own, in templates. */
  if (text_has_control(path))
    return wrong(&override, "the path has a control character");
  override.value = json_loads(equals + 1, JSON_DECODE_ANY, &why);
  if (override.value == NULL && refusal_of(&why) != NULL)
    return wrong(&override, refusal_of(&why));
  if (override.value == NULL) override.value = json_string(equals + 1);
  if (override.value == NULL)
    status = wrong(&override, "the value is not UTF-8");
  else if (has_hidden_key(override.value))
    status = wrong(&override, "a key has a control character");
  else if (strncmp(path, "axis.", 5) == 0)
    status = set_axis(&override, path + 5);
  else
    status =
        set_in(&override, self->schema, SWEEP_KEY_COUNT, self->record, path);
  json_decref(override.value);
  return status;
}
