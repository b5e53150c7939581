/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a plan from a sweep file, in this process. */
#include "sweep/sweep.h"

#include <lauxlib.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "axes.h"
#include "check.h"
#include "label.h"
#include "language.h"
#include "metrics.h"
#include "override.h"
#include "require.h"
#include "sandbox.h"
#include "template.h"
#include "text.h"
#include "tree.h"

/* ---- the head: keys other than stages ---- */

static heed_status check_words(const heed_sweep *self, heed_error *error) {
  const char *names[SWEEP_KEY_COUNT + 1], *key, *nearest;
  json_t *value;
  for (size_t i = 0; i < SWEEP_KEY_COUNT; i++) names[i] = self->schema[i].name;
  names[SWEEP_KEY_COUNT] = "exclude";
  json_object_foreach(self->record, key, value) {
    bool known = false;
    for (size_t i = 0; i < SWEEP_KEY_COUNT && !known; i++)
      known = strcmp(names[i], key) == 0;
    if (known) continue;
    nearest = schema_nearest(key, names, SWEEP_KEY_COUNT + 1);
    return heed_fail(
        error, HEED_INVALID,
        "%s: h.sweep: unknown part \"%s\" of a sweep%s%s%s", self->where, key,
        nearest == NULL ? "" : "; did you mean \"",
        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
  }
  return HEED_OK;
}

/* No schema type allows both a word and a whole number. */
static heed_status make_whole(const char *name, json_t **resolved,
                              heed_error *error) {
  const double value = json_number_value(*resolved);
  if (json_is_string(*resolved)) return HEED_OK;
  if (value != floor(value))
    return heed_fail(error, HEED_INVALID,
                     "%s: found %g, expected a whole number", name, value);
  json_decref(*resolved);
  *resolved = json_integer((json_int_t)value);
  return HEED_OK;
}

static heed_status read_key(const heed_sweep *self, size_t key, json_t *head,
                            heed_error *error) {
  const char *name = self->schema[key].name;
  const json_t *template = json_object_get(self->record, name);
  uint8_t *used = calloc(self->axis_count + 1, 1);
  const char *set;
  json_t *resolved = NULL;
  heed_error said = {HEED_OK, ""};
  heed_status status;
  if (used == NULL) return heed_no_memory(error);
  if (template != NULL) template_axes(template, used);
  const bool swept = memchr(used, 1, self->axis_count) != NULL;
  free(used);
  if (swept)
    return heed_fail(error, HEED_INVALID,
                     "%s: %s: found an axis, expected one value for the whole "
                     "sweep",
                     self->where, name);
  status = check_key(self, key, template, &resolved, &said);
  if (status == HEED_OK && key == SWEEP_THREADS)
    status = make_whole(name, &resolved, &said);
  set = override_about(self, said.message);
  if (status != HEED_OK)
    return set == NULL
               ? heed_fail(error, status, "%s: %s", self->where, said.message)
               : heed_fail(error, status, "--set %s: %s", set, said.message);
  (void)json_object_set_new(head, name, resolved);
  return HEED_OK;
}

/* The file's name without folder and ending. */
static const char *stem(const heed_sweep *self) {
  const char *slash = strrchr(self->options->sweep, '/');
  const char *name = slash == NULL ? self->options->sweep : slash + 1;
  const char *dot = strrchr(name, '.');
  return label_format(
      self, "%.*s",
      (int)(dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name)),
      name);
}

static heed_status read_head(const heed_sweep *self, json_t *head,
                             heed_error *error) {
  heed_status status = check_words(self, error);
  for (size_t i = SWEEP_TITLE; status == HEED_OK && i < SWEEP_KEY_COUNT; i++)
    status = read_key(self, i, head, error);
  if (status == HEED_OK && json_is_null(json_object_get(head, "title")))
    (void)json_object_set_new(head, "title", json_string(stem(self)));
  return status;
}

/* ---- parts of the plan ---- */

static json_t *list_axes(const heed_sweep *self) {
  json_t *axes = json_array();
  for (size_t i = 0; i < self->axis_count; i++) {
    json_t *axis, *tied;
    if (!self->axes[i].live || self->axes[i].root != i) continue;
    axis = axes_coordinate(self, &self->axes[i]);
    tied = json_array();
    for (size_t j = 0; j < self->axis_count; j++)
      if (j != i && self->axes[j].live && self->axes[j].root == i)
        (void)json_array_append_new(tied,
                                    axes_coordinate(self, &self->axes[j]));
    (void)json_object_set_new(axis, "tied", tied);
    (void)json_array_append_new(axes, axis);
  }
  return axes;
}

static json_t *list_plugins(const heed_sweep *self, const sweep_tree *tree) {
  json_t *plugins = json_array(), *digest;
  for (size_t i = 0; i < registry_count(self->plugins); i++) {
    const host_plugin_file *file;
    const heed_plugin *plugin = registry_at(self->plugins, i, &file);
    const char *kind = kind_name(plugin->kind);
    digest = json_object_get(tree->plugins,
                             label_format(self, "%s/%s", kind, plugin->name));
    if (digest != NULL)
      (void)json_array_append_new(
          plugins, json_pack("{s:s, s:s, s:s, s:s, s:O}", "kind", kind, "name",
                             plugin->name, "version", plugin->version, "file",
                             file->path, "sha256", digest));
  }
  return plugins;
}

/* The input files of stages, on which keys depend; then the Lua files that the
 * sweep required, on which no key depends. */
static json_t *list_inputs(const heed_sweep *self, const sweep_tree *tree) {
  json_t *inputs = json_array(), *required = require_list(self, false), *digest;
  const char *path;
  json_object_foreach(tree->inputs, path, digest) {
    (void)json_array_append_new(
        inputs, json_pack("{s:s, s:O}", "path", path, "sha256", digest));
  }
  (void)json_array_extend(inputs, required);
  json_decref(required);
  return inputs;
}

static json_t *describe_sweep(const heed_sweep *self) {
  json_t *sets = json_array();
  for (size_t i = 0; i < self->options->set_count; i++)
    (void)json_array_append_new(sets, json_string(self->options->sets[i]));
  return json_pack("{s:s, s:O, s:o, s:o}", "file", self->path, "text",
                   self->text, "set", sets, "required",
                   require_list(self, true));
}

static heed_status assemble(heed_sweep *self, json_t **result,
                            heed_error *error) {
  sweep_tree tree = {0};
  json_t *made =
      json_pack("{s:i, s:s}", "heed_plan", PLAN_FORMAT, "heed", HEED_VERSION);
  heed_status status = read_head(self, made, error);
  if (status == HEED_OK) status = axes_settle(self, error);
  if (status == HEED_OK) status = axes_check_coordinates(self, error);
  if (status == HEED_OK) status = tree_build(self, made, &tree, error);
  if (status == HEED_OK) {
    (void)json_object_set_new(made, "sweep", describe_sweep(self));
    (void)json_object_set_new(made, "plugins", list_plugins(self, &tree));
    (void)json_object_set_new(made, "inputs", list_inputs(self, &tree));
    (void)json_object_set_new(made, "axes", list_axes(self));
    status = metrics_add(self, &tree, made, error);
  }
  if (status == HEED_OK) {
    (void)json_object_set(made, "nodes", tree.nodes);
    (void)json_object_set(made, "points", tree.points);
    *result = json_incref(made);
  }
  tree_free(&tree);
  json_decref(made);
  return status;
}

/* ---- */

/* The folder in messages: "scripts/" as the user wrote it, unless the sweep is
 * a link to another folder. */
static const char *shown_folder(const heed_sweep *self) {
  const char *given = self->options->sweep, *slash = strrchr(given, '/');
  const char *earlier = label_format(
      self, "%.*s", slash == NULL ? 0 : (int)(slash + 1 - given), given);
  char *absolute = realpath(*earlier == '\0' ? "." : earlier, NULL);
  const bool same = absolute != NULL && strcmp(absolute, self->folder) == 0;
  free(absolute);
  return same ? earlier : label_format(self, "%s/", self->folder);
}

/* The path must be UTF-8: the plan and the messages contain it. */
static heed_status find_folder(heed_sweep *self, heed_error *error) {
  const char *given = self->options->sweep;
  char path[PATH_MAX], *absolute = realpath(given, NULL);
  (void)snprintf(path, sizeof path, "%s", absolute == NULL ? given : absolute);
  free(absolute);
  if (!text_is_utf8(given) || !text_is_utf8(path))
    return heed_fail(error, HEED_INVALID, "%s: the path %s is not UTF-8", given,
                     path);
  self->path = arena_copy(self->memory, path);
  self->folder = arena_copy(self->memory, dirname(path));
  if (self->path == NULL || self->folder == NULL) return heed_no_memory(error);
  self->shown_folder = shown_folder(self);
  return HEED_OK;
}

/* Which axes the sweep itself uses, before --set takes some away. */
static heed_status mark_written(heed_sweep *self, heed_error *error) {
  uint8_t *used = calloc(self->axis_count + 1, 1);
  if (used == NULL) return heed_no_memory(error);
  template_axes(self->record, used);
  /* An axis is only inside axes made after it, so one pass suffices. */
  for (size_t i = self->axis_count; i-- > 0;) {
    self->axes[i].written = used[i] != 0;
    if (used[i]) template_axes(self->axes[i].values, used);
  }
  free(used);
  return HEED_OK;
}

/* Pushes the function `require`, which knows "heed". */
static void push_require(lua_State *lua) {
  language_push(lua);
  lua_pushcclosure(lua, require_file, 1);
}

static heed_status read_sweep(heed_sweep *self, heed_error *error) {
  heed_status status = sandbox_open(self, push_require, error);
  if (status == HEED_OK) status = sandbox_run(self, error);
  if (status == HEED_OK) status = language_take(self, error);
  if (status == HEED_OK) status = mark_written(self, error);
  for (size_t i = 0; status == HEED_OK && i < self->options->set_count; i++)
    status = override_apply(self, self->options->sets[i], error);
  return status;
}

heed_status sweep_make_plan(const host_registry *plugins,
                            const planner_options *options, json_t **result,
                            heed_error *error) {
  heed_sweep self = {
      .plugins = plugins, .options = options, .exclude = LUA_NOREF};
  heed_status status;
  self.memory = arena_create();
  if (self.memory == NULL) return heed_no_memory(error);
  check_schema(&self);
  status = find_folder(&self, error);
  if (status == HEED_OK) status = read_sweep(&self, error);
  if (status == HEED_OK) status = assemble(&self, result, error);
  sandbox_close(&self);
  for (size_t i = 0; i < self.axis_count; i++) {
    json_decref(self.axes[i].values);
    json_decref(self.axes[i].labels);
  }
  free(self.axes);
  json_decref(self.record);
  json_decref(self.text);
  require_close(&self);
  arena_free(self.memory);
  return status;
}
