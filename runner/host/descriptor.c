/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks names, schemas and required functions of descriptors.  adopt.c checks
 * the sizes first. */
#include "descriptor.h"

#include <string.h>

typedef struct descriptor_subject {
  const char *file, *kind, *name;
  heed_error *error;
} descriptor_subject;

static heed_status wrong(const descriptor_subject *subject, const char *what,
                         const char *name) {
  return heed_fail(subject->error, HEED_INVALID, "%s: %s/%s: %s%s%s",
                   subject->file, subject->kind, subject->name, what,
                   name == NULL ? "" : ": ", name == NULL ? "" : name);
}

#define NAME_RULE \
  " (expected lower case, digits and '_', starting with a letter)"

static bool is_name(const char *text) {
  return text != NULL && *text >= 'a' && *text <= 'z' &&
         strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

/* Texts of descriptors go to terminals, to JSON and into result files.  NULL:
 * there is no text. */
static bool is_plain(const char *text) {
  json_t *value = text == NULL ? NULL : json_string(text);
  const bool whole = text == NULL || value != NULL; /* UTF-8 */
  json_decref(value);
  for (; whole && text != NULL && *text != '\0'; text++) {
    const unsigned char byte = (unsigned char)text[0];
    const unsigned char next = (unsigned char)text[1];
    if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0))
      return false;
  }
  return whole;
}

static heed_status check_text(const descriptor_subject *subject,
                              const char *what, const char *owner,
                              const char *text) {
  char full[160];
  if (is_plain(text)) return HEED_OK;
  (void)snprintf(full, sizeof full,
                 "%s is not plain text (expected UTF-8 without control "
                 "characters)",
                 what);
  return wrong(subject, full, owner);
}

static heed_status check_choices(const descriptor_subject *subject,
                                 const heed_parameter *parameter) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && parameter->choices != NULL &&
                     parameter->choices[i] != NULL;
       i++)
    status = check_text(subject, "a choice of a parameter", parameter->name,
                        parameter->choices[i]);
  return status;
}

static heed_status check_words(const descriptor_subject *subject,
                               const heed_parameter *parameter) {
  heed_status status = check_text(subject, "the doc of a parameter",
                                  parameter->name, parameter->doc);
  if (status == HEED_OK)
    status = check_text(subject, "the unit of a parameter", parameter->name,
                        parameter->unit);
  if (status == HEED_OK)
    status = check_text(subject, "the default of a parameter", parameter->name,
                        parameter->default_value);
  return status == HEED_OK ? check_choices(subject, parameter) : status;
}

static heed_status check_parameters(const descriptor_subject *subject,
                                    const heed_parameter *parameters,
                                    size_t count);

static heed_status check_parameter(const descriptor_subject *subject,
                                   const heed_parameter *parameter) {
  const heed_status status = check_words(subject, parameter);
  if (status != HEED_OK) return status;
  switch ((enum heed_types)parameter->type) {
    case HEED_ENUM:
    case HEED_ENUM_OR_NUMBER:
      if (parameter->choices == NULL || parameter->choices[0] == NULL)
        return wrong(subject, "an enum parameter has no choices",
                     parameter->name);
      return HEED_OK;
    case HEED_LIST:
    case HEED_MAP:
      if (parameter->item == NULL)
        return wrong(subject, "a list or map parameter has no item",
                     parameter->name);
      return check_parameter(subject, parameter->item);
    case HEED_RECORD:
      if (parameter->fields == NULL)
        return wrong(subject, "a record parameter has no fields",
                     parameter->name);
      return check_parameters(subject, parameter->fields,
                              parameter->field_count);
    case HEED_PLUGIN:
      if (kind_name(parameter->kind) == NULL)
        return wrong(subject, "a plugin parameter has an unknown kind",
                     parameter->name);
      return HEED_OK;
    case HEED_NUMBER:
    case HEED_INTEGER:
    case HEED_BOOLEAN:
    case HEED_TEXT:
    case HEED_PATH:
      return HEED_OK;
  }
  return wrong(subject, "a parameter has an unknown type", parameter->name);
}

static heed_status check_parameters(const descriptor_subject *subject,
                                    const heed_parameter *parameters,
                                    size_t count) {
  if (count > 0 && parameters == NULL)
    return wrong(subject, "parameter_count is not 0, but parameters is NULL",
                 NULL);
  for (size_t i = 0; i < count; i++) {
    if (!is_name(parameters[i].name))
      return wrong(subject, "a parameter has an invalid name" NAME_RULE,
                   parameters[i].name);
    for (size_t j = 0; j < i; j++)
      if (strcmp(parameters[i].name, parameters[j].name) == 0)
        return wrong(subject, "two parameters have the same name",
                     parameters[i].name);
    const heed_status status = check_parameter(subject, &parameters[i]);
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

static heed_status check_dimensions(const descriptor_subject *subject,
                                    const heed_plugin *plugin) {
  if (plugin->dimension_count > 0 && plugin->dimensions == NULL)
    return wrong(subject, "dimension_count is not 0, but dimensions is NULL",
                 NULL);
  for (size_t i = 0; i < plugin->dimension_count; i++) {
    const heed_dimension *dimension = &plugin->dimensions[i];
    if (!is_name(dimension->name) || dimension->parameter == NULL)
      return wrong(subject,
                   "a dimension has no parameter or an invalid name" NAME_RULE,
                   NULL);
    if (!has_labels(plugin, dimension->parameter))
      return wrong(subject, "the parameter of a dimension is not a list or map",
                   dimension->parameter);
  }
  return HEED_OK;
}

static heed_status check_outputs(const descriptor_subject *subject,
                                 const heed_plugin *plugin) {
  if (plugin->output_count > 0 && plugin->outputs == NULL)
    return wrong(subject, "output_count is not 0, but outputs is NULL", NULL);
  for (size_t i = 0; i < plugin->output_count; i++) {
    const char *const *along = plugin->outputs[i].dimensions;
    if (!is_name(plugin->outputs[i].name))
      return wrong(subject, "an output has an invalid name" NAME_RULE,
                   plugin->outputs[i].name);
    for (size_t j = 0; j < i; j++)
      if (strcmp(plugin->outputs[i].name, plugin->outputs[j].name) == 0)
        return wrong(subject, "two outputs have the same name",
                     plugin->outputs[i].name);
    heed_status status =
        check_text(subject, "the doc of an output", plugin->outputs[i].name,
                   plugin->outputs[i].doc);
    if (status == HEED_OK)
      status = check_text(subject, "the unit of an output",
                          plugin->outputs[i].name, plugin->outputs[i].unit);
    if (status != HEED_OK) return status;
    for (; along != NULL && *along != NULL; along++)
      if (!has_dimension(plugin, *along))
        return wrong(subject, "an output has an unknown dimension", *along);
  }
  return HEED_OK;
}

/* The first required function that is NULL; NULL: none is missing. */
static const char *missing_function(const heed_plugin *plugin) {
  switch ((enum heed_kinds)plugin->kind) {
    case HEED_SOURCE: {
      const heed_source_functions *functions = plugin->functions;
      return functions->make == NULL ? "make" : NULL;
    }
    case HEED_DISTRIBUTION: {
      const heed_distribution_functions *functions = plugin->functions;
      if (functions->quantile == NULL) return "quantile";
      if (functions->theta_count == NULL) return "theta_count";
      if (functions->theta == NULL) return "theta";
      if (functions->start == NULL) return "start";
      if (functions->node_count == NULL) return "node_count";
      if (functions->nodes == NULL) return "nodes";
      if (functions->log_weights == NULL) return "log_weights";
      if (functions->refit != NULL && functions->free_count == NULL)
        return NULL;
      if (functions->free_count == NULL) return "free_count (or refit)";
      if (functions->to_free == NULL) return "to_free";
      return functions->from_free == NULL ? "from_free" : NULL;
    }
    case HEED_USER_MODEL: {
      const heed_user_model_functions *functions = plugin->functions;
      if (functions->domain == NULL) return "domain";
      if (functions->casual == NULL) return "casual";
      if (functions->log_likelihood != NULL && functions->simulate != NULL)
        return NULL;
      return functions->probability == NULL ? "probability" : NULL;
    }
    case HEED_ESTIMATOR: {
      const heed_estimator_functions *functions = plugin->functions;
      return functions->estimate == NULL ? "estimate" : NULL;
    }
    case HEED_FILTER: {
      const heed_filter_functions *functions = plugin->functions;
      return functions->select == NULL ? "select" : NULL;
    }
    case HEED_TRAINER: {
      const heed_trainer_functions *functions = plugin->functions;
      return functions->train == NULL ? "train" : NULL;
    }
    case HEED_KIND_COUNT:
      break;
  }
  return "of its kind";
}

size_t descriptor_functions_size(heed_kind kind) {
  switch ((enum heed_kinds)kind) {
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
  descriptor_subject subject = {file, "?", "?", error};
  const char *missing;
  heed_status status;
  subject.kind = kind_name(plugin->kind);
  if (!is_name(plugin->name))
    return wrong(&subject, "invalid name" NAME_RULE, plugin->name);
  subject.name = plugin->name;
  if (plugin->version == NULL) return wrong(&subject, "no version", NULL);
  if (plugin->summary == NULL) return wrong(&subject, "no summary", NULL);
  status = check_text(&subject, "the version", NULL, plugin->version);
  if (status == HEED_OK)
    status = check_text(&subject, "the summary", NULL, plugin->summary);
  if (status == HEED_OK)
    status = check_text(&subject, "the reference", NULL, plugin->reference);
  if (status != HEED_OK) return status;
  status =
      check_parameters(&subject, plugin->parameters, plugin->parameter_count);
  if (status == HEED_OK) status = check_dimensions(&subject, plugin);
  if (status == HEED_OK) status = check_outputs(&subject, plugin);
  if (status != HEED_OK) return status;
  missing = missing_function(plugin);
  return missing == NULL
             ? HEED_OK
             : wrong(&subject, "a required function is NULL", missing);
}
