/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed list: lists the plugins by kind, or the metrics. */
#include <stdlib.h>

#include "metrics.h"
#include "plugins.h"
#include "table.h"

static void print_json(const host_registry *plugins, const size_t *order,
                       const heed_kind *only) {
  json_t *all = json_array();
  for (size_t i = 0; i < registry_count(plugins); i++) {
    const host_plugin_file *file;
    const heed_plugin *plugin = registry_at(plugins, order[i], &file);
    if (only == NULL || plugin->kind == *only)
      (void)json_array_append_new(all, plugins_json(plugin, file, false));
  }
  (void)json_dumpf(all, stdout, JSON_INDENT(2));
  printf("\n");
  json_decref(all);
}

static void print_table(const host_registry *plugins, const size_t *order,
                        const heed_kind *only) {
  int last = -1;
  for (size_t i = 0; i < registry_count(plugins); i++) {
    const heed_plugin *plugin = registry_at(plugins, order[i], NULL);
    if (only != NULL && plugin->kind != *only) continue;
    if ((int)plugin->kind != last)
      printf("%s%s\n", last < 0 ? "" : "\n", kind_name(plugin->kind));
    last = (int)plugin->kind;
    printf("  %-18s %s\n", plugin->name, plugin->summary);
  }
}

int command_list(const command_arguments *given) {
  if (given->kind == COMMAND_METRICS) {
    metrics_list(given->json);
    return EXIT_DONE;
  }
  const heed_kind kind = (heed_kind)given->kind;
  const heed_kind *only = given->kind == COMMAND_NONE ? NULL : &kind;
  host_registry *plugins;
  size_t *order;
  const int status = plugins_load(&given->common, &plugins);
  if (status != EXIT_DONE) return status;
  order = plugins_order(plugins);
  if (order != NULL && given->json)
    print_json(plugins, order, only);
  else if (order != NULL)
    print_table(plugins, order, only);
  free(order);
  registry_free(plugins);
  return EXIT_DONE;
}
