/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of descriptors: sizes, names, schemas, required functions. */
#include "descriptor.h"

#include <string.h>

#include "host.h"

typedef struct subject {
  const char *file, *kind, *name;
  heed_error *error;
} subject;

static heed_status wrong(const subject *of, const char *what,
                         const char *name) {
  return heed_fail(of->error, HEED_INVALID, "%s: %s/%s: %s%s%s", of->file,
                   of->kind, of->name, what, name == NULL ? "" : ": ",
                   name == NULL ? "" : name);
}

/* Lower case, digits and '_', a letter first. */
static bool is_name(const char *text) {
  return text != NULL && *text >= 'a' && *text <= 'z' &&
         strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

heed_status descriptor_check_list(const heed_plugin_list *list,
                                  const char *file, heed_error *error) {
  if (list->abi != HEED_ABI)
    return heed_fail(error, HEED_INVALID,
                     "%s: built for plugin ABI %u, this heed has ABI %d: "
                     "rebuild the plugin against this heed's headers",
                     file, (unsigned)list->abi, HEED_ABI);
  if (list->size != sizeof *list)
    return heed_fail(error, HEED_INVALID,
                     "%s: its heed_plugins is %zu bytes, expected %zu", file,
                     list->size, sizeof *list);
  if (list->count == 0 || list->plugins == NULL)
    return heed_fail(error, HEED_INVALID, "%s: lists no plugin", file);
  return HEED_OK;
}

static heed_status check_parameters(const subject *of,
                                    const heed_parameter *parameters,
                                    size_t count);

static heed_status check_parameter(const subject *of,
                                   const heed_parameter *parameter) {
  switch (parameter->type) {
    case HEED_ENUM:
    case HEED_ENUM_OR_NUMBER:
      if (parameter->choices == NULL || parameter->choices[0] == NULL)
        return wrong(of, "an enum parameter without choices", parameter->name);
      return HEED_OK;
    case HEED_LIST:
    case HEED_MAP:
      if (parameter->item == NULL)
        return wrong(of, "a list or map parameter without item",
                     parameter->name);
      return check_parameter(of, parameter->item);
    case HEED_RECORD:
      if (parameter->fields == NULL)
        return wrong(of, "a record parameter without fields", parameter->name);
      return check_parameters(of, parameter->fields, parameter->field_count);
    case HEED_PLUGIN:
      if (kind_name(parameter->kind) == NULL)
        return wrong(of, "a plugin parameter of no known kind",
                     parameter->name);
      return HEED_OK;
    case HEED_NUMBER:
    case HEED_INTEGER:
    case HEED_BOOLEAN:
    case HEED_TEXT:
    case HEED_PATH:
      return HEED_OK;
  }
  return wrong(of, "a parameter of no known type", parameter->name);
}

static heed_status check_parameters(const subject *of,
                                    const heed_parameter *parameters,
                                    size_t count) {
  if (count > 0 && parameters == NULL)
    return wrong(of, "parameters are NULL though counted", NULL);
  for (size_t i = 0; i < count; i++) {
    if (!is_name(parameters[i].name))
      return wrong(of, "a parameter's name is not lower case, digits and '_'",
                   parameters[i].name);
    for (size_t j = 0; j < i; j++)
      if (strcmp(parameters[i].name, parameters[j].name) == 0)
        return wrong(of, "two parameters of one name", parameters[i].name);
    const heed_status status = check_parameter(of, &parameters[i]);
    if (status != HEED_OK) return status;
  }
  return HEED_OK;
}

static bool has_labels(const heed_plugin *plugin, const char *parameter) {
  for (size_t i = 0; i < plugin->parameter_count; i++)
    if (strcmp(plugin->parameters[i].name, parameter) == 0)
      return plugin->parameters[i].type == HEED_LIST ||
             plugin->parameters[i].type == HEED_MAP;
  return false;
}

static bool has_dimension(const heed_plugin *plugin, const char *name) {
  for (size_t i = 0; i < plugin->dimension_count; i++)
    if (strcmp(plugin->dimensions[i].name, name) == 0) return true;
  return false;
}

static heed_status check_dimensions(const subject *of,
                                    const heed_plugin *plugin) {
  if (plugin->dimension_count > 0 && plugin->dimensions == NULL)
    return wrong(of, "dimensions are NULL though counted", NULL);
  for (size_t i = 0; i < plugin->dimension_count; i++) {
    const heed_dimension *dimension = &plugin->dimensions[i];
    if (!is_name(dimension->name) || dimension->parameter == NULL)
      return wrong(of, "a dimension without name or parameter", NULL);
    if (!has_labels(plugin, dimension->parameter))
      return wrong(of, "a dimension of what is no list or map parameter",
                   dimension->parameter);
  }
  return HEED_OK;
}

static heed_status check_outputs(const subject *of, const heed_plugin *plugin) {
  if (plugin->output_count > 0 && plugin->outputs == NULL)
    return wrong(of, "outputs are NULL though counted", NULL);
  for (size_t i = 0; i < plugin->output_count; i++) {
    const char *const *along = plugin->outputs[i].dimensions;
    if (!is_name(plugin->outputs[i].name))
      return wrong(of, "an output's name is not lower case, digits and '_'",
                   plugin->outputs[i].name);
    for (size_t j = 0; j < i; j++)
      if (strcmp(plugin->outputs[i].name, plugin->outputs[j].name) == 0)
        return wrong(of, "two outputs of one name", plugin->outputs[i].name);
    for (; along != NULL && *along != NULL; along++)
      if (!has_dimension(plugin, *along))
        return wrong(of, "an output along no dimension of its own", *along);
  }
  return HEED_OK;
}

/* The first required function that is NULL, or NULL. */
static const char *missing_function(const heed_plugin *plugin) {
  switch (plugin->kind) {
    case HEED_SOURCE: {
      const heed_source_functions *has = plugin->functions;
      return has->make == NULL ? "make" : NULL;
    }
    case HEED_DISTRIBUTION: {
      const heed_distribution_functions *has = plugin->functions;
      if (has->quantile == NULL) return "quantile";
      if (has->theta_count == NULL) return "theta_count";
      if (has->theta == NULL) return "theta";
      if (has->start == NULL) return "start";
      if (has->node_count == NULL) return "node_count";
      if (has->nodes == NULL) return "nodes";
      if (has->log_weights == NULL) return "log_weights";
      if (has->refit != NULL && has->free_count == NULL) return NULL;
      if (has->free_count == NULL) return "free_count (or refit)";
      if (has->to_free == NULL) return "to_free";
      return has->from_free == NULL ? "from_free" : NULL;
    }
    case HEED_USER_MODEL: {
      const heed_user_model_functions *has = plugin->functions;
      if (has->domain == NULL) return "domain";
      if (has->casual == NULL) return "casual";
      if (has->log_likelihood != NULL && has->simulate != NULL) return NULL;
      return has->probability == NULL ? "probability" : NULL;
    }
    case HEED_ESTIMATOR: {
      const heed_estimator_functions *has = plugin->functions;
      return has->estimate == NULL ? "estimate" : NULL;
    }
    case HEED_FILTER: {
      const heed_filter_functions *has = plugin->functions;
      return has->select == NULL ? "select" : NULL;
    }
    case HEED_TRAINER: {
      const heed_trainer_functions *has = plugin->functions;
      return has->train == NULL ? "train" : NULL;
    }
    case HEED_KIND_COUNT:
      break;
  }
  return "of its kind";
}

static size_t functions_size(heed_kind kind) {
  switch (kind) {
    case HEED_SOURCE:
      return sizeof(heed_source_functions);
    case HEED_DISTRIBUTION:
      return sizeof(heed_distribution_functions);
    case HEED_USER_MODEL:
      return sizeof(heed_user_model_functions);
    case HEED_ESTIMATOR:
      return sizeof(heed_estimator_functions);
    case HEED_FILTER:
      return sizeof(heed_filter_functions);
    case HEED_TRAINER:
      return sizeof(heed_trainer_functions);
    case HEED_KIND_COUNT:
      break;
  }
  return 0;
}

heed_status descriptor_check(const heed_plugin *plugin, const char *file,
                             heed_error *error) {
  subject of = {file, "?", "?", error};
  const char *missing;
  heed_status status;
  if (plugin == NULL)
    return heed_fail(error, HEED_INVALID, "%s: a descriptor is NULL", file);
  if (plugin->abi != HEED_ABI || plugin->size != sizeof *plugin)
    return heed_fail(error, HEED_INVALID,
                     "%s: a descriptor of ABI %u and %zu bytes, expected ABI "
                     "%d and %zu bytes",
                     file, (unsigned)plugin->abi, plugin->size, HEED_ABI,
                     sizeof *plugin);
  if (kind_name(plugin->kind) == NULL)
    return heed_fail(error, HEED_INVALID, "%s: a plugin of unknown kind %d",
                     file, (int)plugin->kind);
  of.kind = kind_name(plugin->kind);
  if (!is_name(plugin->name))
    return wrong(&of, "its name is not lower case, digits and '_'",
                 plugin->name);
  of.name = plugin->name;
  if (plugin->version == NULL) return wrong(&of, "it has no version", NULL);
  if (plugin->summary == NULL) return wrong(&of, "it has no summary", NULL);
  status = check_parameters(&of, plugin->parameters, plugin->parameter_count);
  if (status == HEED_OK) status = check_dimensions(&of, plugin);
  if (status == HEED_OK) status = check_outputs(&of, plugin);
  if (status != HEED_OK) return status;
  if (plugin->functions == NULL ||
      plugin->functions_size != functions_size(plugin->kind))
    return heed_fail(error, HEED_INVALID,
                     "%s: %s/%s: a table of functions of %zu bytes, expected "
                     "%zu",
                     file, of.kind, of.name,
                     plugin->functions == NULL ? 0 : plugin->functions_size,
                     functions_size(plugin->kind));
  missing = missing_function(plugin);
  return missing == NULL ? HEED_OK
                         : wrong(&of, "a required function is NULL", missing);
}
