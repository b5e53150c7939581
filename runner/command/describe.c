/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed describe: shows a plugin's description, parameters and outputs, or the
 * definition of a metric. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "plugins.h"
#include "sweep/annotations.h"

#define RANGE_SIZE 256

static void bound_text(double number, char *text, size_t size) {
  if (isfinite(number))
    (void)snprintf(text, size, "%.10g", number);
  else
    (void)snprintf(text, size, "%sinf", number < 0 ? "-" : "");
}

/* "[0, 1)", the choices, or the kind of plugin. */
static void allowed(const heed_parameter *parameter, char text[RANGE_SIZE]) {
  size_t used = 0;
  char low[32], high[32];
  *text = '\0';
  if (parameter->type == HEED_PLUGIN) {
    (void)snprintf(text, RANGE_SIZE, "of kind %s", kind_name(parameter->kind));
    return;
  }
  for (size_t i = 0;
       parameter->choices != NULL && parameter->choices[i] != NULL; i++)
    if (used < RANGE_SIZE)
      used += (size_t)snprintf(text + used, RANGE_SIZE - used, "%s%s",
                               i == 0 ? "" : " | ", parameter->choices[i]);
  if ((parameter->low == 0 && parameter->high == 0) || used >= RANGE_SIZE)
    return;
  bound_text(parameter->low, low, sizeof low);
  bound_text(parameter->high, high, sizeof high);
  (void)snprintf(text + used, RANGE_SIZE - used, "%s%s%s, %s%s",
                 used == 0 ? "" : " | ",
                 (parameter->flags & HEED_OPEN_LOW) != 0 ? "(" : "[", low, high,
                 (parameter->flags & HEED_OPEN_HIGH) != 0 ? ")" : "]");
}

static void print_parameters(const heed_parameter *parameters, size_t count,
                             int indent) {
  for (size_t i = 0; i < count; i++) {
    const heed_parameter *parameter = &parameters[i];
    char range[RANGE_SIZE];
    allowed(parameter, range);
    printf("%*s%-*s %s", indent, "", 20 - indent, parameter->name,
           plugins_type_name(parameter->type));
    if (parameter->item != NULL)
      printf(" of %s", plugins_type_name(parameter->item->type));
    printf("%s%s", *range == '\0' ? "" : " ", range);
    if (parameter->unit != NULL) printf(" %s", parameter->unit);
    if (parameter->default_value != NULL)
      printf(", default %s", *parameter->default_value == '\0'
                                 ? "\"\""
                                 : parameter->default_value);
    else
      printf(", %s",
             (parameter->flags & HEED_OPTIONAL) != 0 ? "optional" : "required");
    printf("\n%*s%s\n", indent + 4, "",
           parameter->doc == NULL ? "" : parameter->doc);
    if (parameter->type == HEED_RECORD)
      print_parameters(parameter->fields, parameter->field_count, indent + 4);
    if (parameter->item != NULL && parameter->item->type == HEED_RECORD)
      print_parameters(parameter->item->fields, parameter->item->field_count,
                       indent + 4);
  }
}

static void print_outputs(const heed_plugin *plugin) {
  for (size_t i = 0; i < plugin->output_count; i++) {
    const heed_output *output = &plugin->outputs[i];
    printf("  %-18s %s", output->name, output->doc == NULL ? "" : output->doc);
    for (size_t j = 0;
         output->dimensions != NULL && output->dimensions[j] != NULL; j++)
      printf("%s%s", j == 0 ? ", by " : ", ", output->dimensions[j]);
    printf("%s%s\n", output->unit == NULL ? "" : ", in ",
           output->unit == NULL ? "" : output->unit);
  }
}

static void print_plugin(const heed_plugin *plugin,
                         const host_plugin_file *file) {
  printf("%s/%s %s: %s\n", kind_name(plugin->kind), plugin->name,
         plugin->version, plugin->summary);
  if (plugin->reference != NULL) printf("%s\n", plugin->reference);
  printf("%s\nSHA-256 %s\n", file->path, file->sha256);
  if (plugin->parameter_count > 0) printf("\nparameters\n");
  print_parameters(plugin->parameters, plugin->parameter_count, 2);
  if (plugin->output_count > 0) printf("\noutputs\n");
  print_outputs(plugin);
}

/* Unknown plugin: names the nearest, or the command that lists them. */
static void say_missing(const host_registry *plugins, heed_kind kind,
                        const char *name) {
  const size_t all = registry_count(plugins);
  const char **names = calloc(all + 1, sizeof *names), *nearest;
  size_t count = 0;
  for (size_t i = 0; names != NULL && i < all; i++)
    if (registry_at(plugins, i, NULL)->kind == kind)
      names[count++] = registry_at(plugins, i, NULL)->name;
  nearest = names == NULL ? NULL : schema_nearest(name, names, count);
  if (nearest != NULL)
    (void)command_usage("describe", "unknown plugin %s/%s; did you mean %s/%s?",
                        kind_name(kind), name, kind_name(kind), nearest);
  else
    (void)command_usage("describe",
                        "unknown plugin %s/%s; heed list %s shows the choices",
                        kind_name(kind), name, kind_name(kind));
  free(names);
}

/* The plugin "kind/name"; NULL after a message if there is none. */
static const heed_plugin *find(const host_registry *plugins, const char *full,
                               const host_plugin_file **file) {
  const heed_plugin *plugin = NULL;
  for (heed_kind kind = 0; kind < HEED_KIND_COUNT; kind++) {
    const size_t length = strlen(kind_name(kind));
    if (strncmp(full, kind_name(kind), length) != 0 || full[length] != '/')
      continue;
    plugin = registry_find(plugins, kind, full + length + 1, file);
    if (plugin == NULL) say_missing(plugins, kind, full + length + 1);
  }
  return plugin;
}

/* ---- metrics ---- */

/* Outputs of plugins are also metrics of results. */
static const char *kind_of_output(const char *name) {
  static const char *const roles[][2] = {{"prior", "distribution"},
                                         {"model", "user_model"}};
  for (heed_kind kind = 0; kind < HEED_KIND_COUNT; kind++) {
    const size_t length = strlen(kind_name(kind));
    if (strncmp(name, kind_name(kind), length) == 0 && name[length] == '_')
      return kind_name(kind);
  }
  for (size_t i = 0; i < 2; i++) {
    const size_t length = strlen(roles[i][0]);
    if (strncmp(name, roles[i][0], length) == 0 && name[length] == '_')
      return roles[i][1];
  }
  return NULL;
}

static int unknown_metric(const char *name) {
  const char *names[METRIC_COUNT], *nearest, *kind;
  for (evaluation_metric i = 0; i < METRIC_COUNT; i++)
    names[i] = evaluation_metrics[i].name;
  nearest = schema_nearest(name, names, METRIC_COUNT);
  kind = kind_of_output(name);
  if (nearest != NULL)
    return command_usage(
        "describe", "unknown metric %s; did you mean " METRICS_PREFIX "%s?",
        name, nearest);
  if (kind != NULL)
    return command_usage("describe",
                         "%s is an output of a plugin, not a metric of "
                         "evaluation; heed describe %s/NAME shows it",
                         name, kind);
  return command_usage("describe",
                       "unknown metric %s; heed list metric shows the choices",
                       name);
}

static int describe_metric(const char *name, bool json) {
  const evaluation_metric which = evaluation_named(name);
  if (which == METRIC_COUNT) return unknown_metric(name);
  if (!json) {
    metrics_print(which);
    return EXIT_DONE;
  }
  json_t *made = metrics_json(which);
  (void)json_dumpf(made, stdout, JSON_INDENT(2));
  printf("\n");
  json_decref(made);
  return EXIT_DONE;
}

/* Prints the types of all plugins, for editors. */
static int print_annotations(const host_registry *plugins) {
  heed_error error;
  char *text;
  if (annotations_write(plugins, &text, &error) != HEED_OK)
    return command_error(&error);
  (void)fputs(text, stdout);
  free(text);
  return EXIT_DONE;
}

int command_describe(const command_arguments *given) {
  host_registry *plugins;
  const host_plugin_file *file;
  const heed_plugin *plugin;
  if (given->lua == (given->plugin != NULL) || (given->lua && given->json))
    return command_usage("describe", "expected either KIND/NAME or --lua");
  if (given->plugin != NULL &&
      strncmp(given->plugin, METRICS_PREFIX, strlen(METRICS_PREFIX)) == 0)
    return describe_metric(given->plugin + strlen(METRICS_PREFIX), given->json);
  const int status = plugins_load(&given->common, &plugins);
  if (status != EXIT_DONE) return status;
  if (given->lua) {
    const int printed = print_annotations(plugins);
    registry_free(plugins);
    return printed;
  }
  plugin = find(plugins, given->plugin, &file);
  if (plugin != NULL && given->json) {
    json_t *json = plugins_json(plugin, file, true);
    (void)json_dumpf(json, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(json);
  } else if (plugin != NULL) {
    print_plugin(plugin, file);
  }
  registry_free(plugins);
  return plugin == NULL ? EXIT_USAGE : EXIT_DONE;
}
