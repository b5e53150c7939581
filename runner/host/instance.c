/* SPDX-License-Identifier: GPL-3.0-or-later
 * Instances: turns resolved JSON into values and instantiates plugins with
 * them. */
#include <string.h>

#include "heed/memory.h"
#include "host/host.h"
#include "host/process.h"

typedef struct instance_opened {
  heed_instance public; /* first: a heed_instance * is an instance_opened * */
  const heed_value *values;
  bool made; /* create() ran and succeeded */
} instance_opened;

static heed_status fill(const host_registry *plugins,
                        const heed_parameter *parameter, const json_t *json,
                        host_service *host, heed_value *value,
                        heed_error *error);

static heed_status fill_list(const host_registry *plugins,
                             const heed_parameter *item, const json_t *json,
                             host_service *host, heed_value *value,
                             heed_error *error) {
  heed_value *items;
  heed_status status = HEED_OK;
  value->count = json_array_size(json);
  items = arena_allocate(host->output, value->count, sizeof *items);
  if (items == NULL) return heed_no_memory(error);
  value->items = items;
  for (size_t i = 0; status == HEED_OK && i < value->count; i++)
    status =
        fill(plugins, item, json_array_get(json, i), host, &items[i], error);
  return status;
}

static void sort_texts(const char **texts, size_t count) {
  for (size_t i = 1; i < count; i++)
    for (size_t j = i; j > 0 && strcmp(texts[j - 1], texts[j]) > 0; j--) {
      const char *swapped = texts[j];
      texts[j] = texts[j - 1];
      texts[j - 1] = swapped;
    }
}

static heed_status fill_map(const host_registry *plugins,
                            const heed_parameter *item, const json_t *json,
                            host_service *host, heed_value *value,
                            heed_error *error) {
  heed_status status = HEED_OK;
  size_t position = 0;
  value->count = json_object_size(json);
  heed_memory memory = {&host->host, false};
  heed_value *items = heed_allocate(&memory, value->count, sizeof *items);
  const char **keys = heed_allocate(&memory, value->count, sizeof *keys);
  for (void *i = json_object_iter((json_t *)json); i != NULL && !memory.refused;
       i = json_object_iter_next((json_t *)json, i))
    keys[position++] = heed_copy_text(&memory, json_object_iter_key(i));
  if (memory.refused) return heed_no_memory(error);
  sort_texts(keys, value->count);
  value->items = items;
  value->keys = keys;
  for (size_t i = 0; status == HEED_OK && i < value->count; i++)
    status = fill(plugins, item, json_object_get(json, keys[i]), host,
                  &items[i], error);
  return status;
}

static heed_status fill_text(const heed_parameter *parameter,
                             const json_t *json, host_service *host,
                             heed_value *value, heed_error *error) {
  value->text = arena_copy(host->output, json_string_value(json));
  if (value->text == NULL) return heed_no_memory(error);
  for (size_t i = 0;
       parameter->choices != NULL && parameter->choices[i] != NULL; i++)
    if (strcmp(parameter->choices[i], value->text) == 0)
      value->integer = (int64_t)i;
  return HEED_OK;
}

static heed_status fill(const host_registry *plugins,
                        const heed_parameter *parameter, const json_t *json,
                        host_service *host, heed_value *value,
                        heed_error *error) {
  value->type = parameter->type;
  value->given = json != NULL && !json_is_null(json);
  if (!value->given) return HEED_OK;
  value->number = json_number_value(json);
  switch ((enum heed_types)parameter->type) {
    case HEED_NUMBER:
      return HEED_OK;
    case HEED_INTEGER:
      value->integer = json_integer_value(json);
      return HEED_OK;
    case HEED_BOOLEAN:
      value->integer = json_is_true(json);
      return HEED_OK;
    case HEED_ENUM_OR_NUMBER:
      if (json_is_number(json)) return HEED_OK;
      return fill_text(parameter, json, host, value, error);
    case HEED_TEXT:
    case HEED_PATH:
    case HEED_ENUM:
      return fill_text(parameter, json, host, value, error);
    case HEED_LIST:
      return fill_list(plugins, parameter->item, json, host, value, error);
    case HEED_MAP:
      return fill_map(plugins, parameter->item, json, host, value, error);
    case HEED_RECORD:
      value->count = parameter->field_count;
      return schema_values(plugins, parameter->fields, parameter->field_count,
                           json, host, &value->items, error);
    case HEED_PLUGIN:
      return instance_open(plugins, json, host, &value->instance, error);
  }
  return heed_fail(error, HEED_INTERNAL,
                   "%s: the parameter has an unknown type", parameter->name);
}

heed_status schema_values(const host_registry *plugins,
                          const heed_parameter *parameters, size_t count,
                          const json_t *resolved, host_service *host,
                          const heed_value **values, heed_error *error) {
  heed_status status = HEED_OK;
  heed_value *filled = arena_allocate(host->output, count, sizeof *filled);
  if (filled == NULL) return heed_no_memory(error);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    status = fill(plugins, &parameters[i],
                  json_object_get(resolved, parameters[i].name), host,
                  &filled[i], error);
  if (status != HEED_OK) schema_close(filled, count);
  *values = status == HEED_OK ? filled : NULL;
  return status;
}

void schema_close(const heed_value *values, size_t count) {
  for (size_t i = 0; values != NULL && i < count; i++) {
    if (values[i].type == HEED_PLUGIN) instance_close(values[i].instance);
    if (values[i].items != NULL) schema_close(values[i].items, values[i].count);
  }
}

static heed_status create(const heed_plugin *plugin, host_service *host,
                          instance_opened *made, heed_error *error) {
  const heed_plugin *outer = host->plugin;
  heed_error said = {HEED_OK, ""};
  heed_status status;
  if (plugin->create == NULL) {
    /* The instance is its values; plugins do not write to them. */
    memcpy(&made->public.self, &made->values, sizeof made->public.self);
    return HEED_OK;
  }
  host->plugin = plugin;
  status = plugin->create(&host->host, made->values, &made->public.self, &said);
  service_calls(host, outer);
  made->made = status == HEED_OK;
  if (status == HEED_OK) return HEED_OK;
  return heed_fail(error, status, "%s/%s: %s", kind_name(plugin->kind),
                   plugin->name,
                   said.message[0] == '\0' ? "create() failed without a message"
                                           : said.message);
}

heed_status instance_open(const host_registry *plugins, const json_t *spec,
                          host_service *host, const heed_instance **result,
                          heed_error *error) {
  const char *full = json_string_value(json_object_get(spec, "plugin"));
  const heed_plugin *plugin =
      full == NULL ? NULL : registry_named(plugins, full, NULL);
  heed_status status;
  instance_opened *made = arena_allocate(host->output, 1, sizeof *made);
  *result = NULL;
  if (made == NULL) return heed_no_memory(error);
  if (plugin == NULL)
    return heed_fail(error, HEED_INVALID, "the plugin %s is not loaded",
                     full == NULL ? "(none)" : full);
  made->public.plugin = plugin;
  status = schema_values(plugins, plugin->parameters, plugin->parameter_count,
                         json_object_get(spec, "parameters"), host,
                         &made->values, error);
  if (status != HEED_OK) return status;
  status = create(plugin, host, made, error);
  if (status == HEED_OK)
    *result = &made->public;
  else
    schema_close(made->values, plugin->parameter_count);
  return status;
}

void instance_close(const heed_instance *instance) {
  const instance_opened *made = (const instance_opened *)instance;
  if (instance == NULL) return;
  if (made->made && instance->plugin->destroy != NULL) {
    instance->plugin->destroy(instance->self);
    (void)process_settle_numbers();
  }
  schema_close(made->values, instance->plugin->parameter_count);
}

/* ---- visits ---- */

static heed_status visit_values(const heed_value *values, size_t count,
                                void *context,
                                heed_status (*visit)(void *,
                                                     const heed_instance *)) {
  heed_status status = HEED_OK;
  for (size_t i = 0; values != NULL && status == HEED_OK && i < count; i++) {
    if (values[i].type == HEED_PLUGIN && values[i].instance != NULL)
      status = instance_visit(values[i].instance, context, visit);
    if (status == HEED_OK && values[i].items != NULL)
      status = visit_values(values[i].items, values[i].count, context, visit);
  }
  return status;
}

heed_status instance_visit(const heed_instance *instance, void *context,
                           heed_status (*visit)(void *,
                                                const heed_instance *)) {
  const instance_opened *made = (const instance_opened *)instance;
  const heed_status status = visit_values(
      made->values, instance->plugin->parameter_count, context, visit);
  return status == HEED_OK ? visit(context, instance) : status;
}
