/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plugins on the search path. */
#include "plugins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"
#include "view/safe.h"

static void print_refusal(void *context, const char *file,
                          const heed_error *refusal) {
  (void)context;
  (void)file;
  if (refusal == NULL) return;
  fputs("heed: warning: ", stderr);
  safe_put(stderr, refusal->message);
  fputc('\n', stderr);
}

int plugins_load(const command_common *common, host_registry **result) {
  heed_error error;
  host_registry *plugins = NULL;
  command_probe found;
  heed_status status = probe_plugins(common, &found, &error);
  if (status != HEED_OK) return command_error(&error);
  for (size_t i = 0; i < found.count; i++)
    fprintf(stderr, "heed: warning: %s: %s\n", found.culprits[i],
            found.deaths[i]);
  status = registry_create(common->allow_unsafe, &plugins, &error);
  if (status == HEED_OK)
    status = registry_scan(plugins, common->plugin_path,
                           (const char *const *)found.culprits, NULL,
                           print_refusal, &error);
  probe_close(&found);
  if (status == HEED_OK) {
    *result = plugins;
    return EXIT_DONE;
  }
  registry_free(plugins);
  return command_error(&error);
}

static bool comes_before(const heed_plugin *a, const heed_plugin *b) {
  if (a->kind != b->kind) return a->kind < b->kind;
  return strcmp(a->name, b->name) < 0;
}

size_t *plugins_order(const host_registry *plugins) {
  const size_t count = registry_count(plugins);
  size_t *order = calloc(count + 1, sizeof *order);
  for (size_t i = 0; order != NULL && i < count; i++) {
    size_t position = i;
    for (; position > 0 &&
           comes_before(registry_at(plugins, i, NULL),
                        registry_at(plugins, order[position - 1], NULL));
         position--)
      order[position] = order[position - 1];
    order[position] = i;
  }
  return order;
}

const char *plugins_type_name(heed_type type) {
  switch ((enum heed_types)type) {
    case HEED_NUMBER:
      return "number";
    case HEED_INTEGER:
      return "integer";
    case HEED_BOOLEAN:
      return "boolean";
    case HEED_TEXT:
      return "text";
    case HEED_ENUM:
      return "enum";
    case HEED_ENUM_OR_NUMBER:
      return "enum or number";
    case HEED_PATH:
      return "path";
    case HEED_LIST:
      return "list";
    case HEED_MAP:
      return "map";
    case HEED_RECORD:
      return "record";
    case HEED_PLUGIN:
      return "plugin";
  }
  return "?";
}

static json_t *text_or_null(const char *text) {
  return text == NULL ? json_null() : json_string(text);
}

/* JSON has no infinity, so an infinite bound is null. */
static json_t *bound(double number) {
  return isfinite(number) ? json_real(number) : json_null();
}

static json_t *parameters_json(const heed_parameter *parameters, size_t count);

static json_t *parameter_json(const heed_parameter *parameter) {
  json_t *made = json_object();
  (void)json_object_set_new(made, "name", text_or_null(parameter->name));
  (void)json_object_set_new(made, "type",
                            json_string(plugins_type_name(parameter->type)));
  (void)json_object_set_new(made, "default",
                            text_or_null(parameter->default_value));
  (void)json_object_set_new(
      made, "optional", json_boolean((parameter->flags & HEED_OPTIONAL) != 0));
  if (parameter->low != 0 || parameter->high != 0) {
    (void)json_object_set_new(made, "low", bound(parameter->low));
    (void)json_object_set_new(made, "high", bound(parameter->high));
    (void)json_object_set_new(
        made, "open_low",
        json_boolean((parameter->flags & HEED_OPEN_LOW) != 0));
    (void)json_object_set_new(
        made, "open_high",
        json_boolean((parameter->flags & HEED_OPEN_HIGH) != 0));
  }
  if (parameter->choices != NULL) {
    json_t *choices = json_array();
    for (size_t i = 0; parameter->choices[i] != NULL; i++)
      (void)json_array_append_new(choices, json_string(parameter->choices[i]));
    (void)json_object_set_new(made, "choices", choices);
  }
  if (parameter->type == HEED_PLUGIN)
    (void)json_object_set_new(made, "kind",
                              json_string(kind_name(parameter->kind)));
  if (parameter->item != NULL)
    (void)json_object_set_new(made, "item", parameter_json(parameter->item));
  if (parameter->fields != NULL)
    (void)json_object_set_new(
        made, "fields",
        parameters_json(parameter->fields, parameter->field_count));
  (void)json_object_set_new(made, "unit", text_or_null(parameter->unit));
  (void)json_object_set_new(made, "doc", text_or_null(parameter->doc));
  return made;
}

static json_t *parameters_json(const heed_parameter *parameters, size_t count) {
  json_t *made = json_array();
  for (size_t i = 0; i < count; i++)
    (void)json_array_append_new(made, parameter_json(&parameters[i]));
  return made;
}

static json_t *output_json(const heed_output *output) {
  json_t *dimensions = json_array();
  for (size_t i = 0;
       output->dimensions != NULL && output->dimensions[i] != NULL; i++)
    (void)json_array_append_new(dimensions, json_string(output->dimensions[i]));
  return json_pack("{s:s, s:o, s:o, s:o}", "name", output->name, "dimensions",
                   dimensions, "unit", text_or_null(output->unit), "doc",
                   text_or_null(output->doc));
}

json_t *plugins_json(const heed_plugin *plugin, const host_plugin_file *file,
                     bool whole) {
  json_t *outputs = json_array();
  json_t *made = json_pack(
      "{s:s, s:s, s:s, s:s, s:o, s:s, s:s}", "kind", kind_name(plugin->kind),
      "name", plugin->name, "version", plugin->version, "summary",
      plugin->summary, "reference", text_or_null(plugin->reference), "file",
      file->path, "sha256", file->sha256);
  if (!whole) {
    json_decref(outputs);
    return made;
  }
  for (size_t i = 0; i < plugin->output_count; i++)
    (void)json_array_append_new(outputs, output_json(&plugin->outputs[i]));
  (void)json_object_set_new(
      made, "parameters",
      parameters_json(plugin->parameters, plugin->parameter_count));
  (void)json_object_set_new(made, "outputs", outputs);
  (void)json_object_set_new(made, "costly",
                            json_boolean((plugin->flags & HEED_COSTLY) != 0));
  return made;
}

const char *plugins_prefix(char path[PATH_MAX]) {
  const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  if (length < 0) return NULL;
  path[length] = '\0';
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(path, '/');
    if (slash == NULL) return NULL;
    *slash = '\0';
  }
  return path;
}
