/* SPDX-License-Identifier: GPL-3.0-or-later
 * Labels: names of values on an axis without numbers. */
#include "label.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *label_format(const heed_sweep *self, const char *format, ...) {
  va_list arguments;
  const char *kept = NULL;
  char *text = NULL;
  va_start(arguments, format);
  if (vasprintf(&text, format, arguments) < 0) text = NULL;
  va_end(arguments);
  if (text != NULL) kept = arena_copy(self->memory, text);
  free(text);
  return kept == NULL ? "" : kept;
}

/* The default value of a parameter, or NULL. */
static json_t *standard_of(const heed_sweep *self,
                           const heed_parameter *parameter) {
  json_t *record = NULL, *value = NULL;
  if (parameter->default_value == NULL) return NULL;
  if (schema_resolve(self->plugins, parameter, 1, NULL, self->folder, "",
                     &record, NULL) == HEED_OK)
    value = json_incref(json_object_get(record, parameter->name));
  json_decref(record);
  return value;
}

/* " name=value" if a sweep sets another value than the default. */
static const char *parameter_text(const heed_sweep *self,
                                  const heed_parameter *parameter,
                                  const json_t *given, const json_t *resolved) {
  json_t *standard;
  const char *text = "";
  if (given == NULL) return text;
  standard = standard_of(self, parameter);
  if (standard == NULL || !json_equal(standard, resolved)) {
    const bool nested = parameter->type == HEED_PLUGIN;
    const char *value = label_of(self, nested ? given : resolved);
    text = nested && strchr(value, ' ') != NULL
               ? label_format(self, " %s=(%s)", parameter->name, value)
               : label_format(self, " %s=%s", parameter->name, value);
  }
  json_decref(standard);
  return text;
}

static const char *plugin_label(const heed_sweep *self, const json_t *value) {
  const char *full = json_string_value(json_object_get(value, "plugin"));
  const heed_plugin *plugin = registry_named(self->plugins, full, NULL);
  const json_t *given = json_object_get(value, "parameters");
  const char *label = strchr(full, '/') == NULL ? full : strchr(full, '/') + 1;
  json_t *resolved = NULL;
  if (plugin == NULL ||
      schema_resolve(self->plugins, plugin->parameters, plugin->parameter_count,
                     given, self->folder, "", &resolved, NULL) != HEED_OK)
    return label;
  for (size_t i = 0; i < plugin->parameter_count; i++) {
    const heed_parameter *parameter = &plugin->parameters[i];
    label = label_format(
        self, "%s%s", label,
        parameter_text(self, parameter, json_object_get(given, parameter->name),
                       json_object_get(resolved, parameter->name)));
  }
  json_decref(resolved);
  return label;
}

/* A copy without the keys that heed adds; plugins become their labels. */
static json_t *plain_copy(const heed_sweep *self, const json_t *value) {
  const char *key;
  json_t *copy, *item;
  if (json_is_string(json_object_get(value, "plugin")))
    return json_string(label_of(self, value));
  if (json_is_array(value)) {
    copy = json_array();
    for (size_t i = 0; i < json_array_size(value); i++)
      (void)json_array_append_new(copy,
                                  plain_copy(self, json_array_get(value, i)));
    return copy;
  }
  if (!json_is_object(value)) return json_deep_copy(value);
  copy = json_object();
  json_object_foreach((json_t *)value, key, item) {
    if (key[0] != '\001')
      (void)json_object_set_new(copy, key, plain_copy(self, item));
  }
  return copy;
}

const char *label_of(const heed_sweep *self, const json_t *value) {
  const json_t *given = json_object_get(value, LABEL_KEY);
  const char *label = "";
  char *text;
  if (given != NULL) return json_string_value(given);
  if (json_is_string(json_object_get(value, "plugin")))
    return plugin_label(self, value);
  if (json_is_string(value)) return json_string_value(value);
  if (json_is_number(value))
    return label_format(self, "%.12g", json_number_value(value));
  json_t *plain = plain_copy(self, value);
  text = json_dumps(plain, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
  json_decref(plain);
  if (text != NULL) label = arena_copy(self->memory, text);
  free(text);
  return label == NULL ? "" : label;
}
