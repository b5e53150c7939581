/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tree of a sweep: each point of the grid is a path of resolved stages.
 * Points that agree in their first stages share these nodes. */
#include "tree.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "axes.h"
#include "check.h"
#include "heed/estimator.h"
#include "heed/source.h"
#include "host/hash.h"
#include "label.h"
#include "override.h"
#include "sandbox.h"
#include "steady.h"
#include "template.h"
#include "used.h"

#define NOTHING SIZE_MAX

typedef struct tree_node {
  size_t parent, spec;
  size_t first_child, last_child, next_sibling;
  size_t first_point, last_point;
} tree_node;

typedef struct grid_point {
  size_t *position; /* root_count */
  size_t next;      /* next point of the same leaf */
} grid_point;

typedef struct tree_builder {
  heed_sweep *self;
  sweep_tree *result;
  heed_error *error;

  size_t root_count;
  size_t *roots;    /* axes that span the grid */
  size_t *position; /* axis_count: current point */

  uint8_t *used[PLAN_STAGE_COUNT]; /* axis_count: axes in a stage's template */
  json_t *seen[PLAN_STAGE_COUNT];  /* indices along those: number of a spec */
  json_t *specs;                   /* hash: number of a spec */
  json_t *asked;                   /* "source with plugin": true */

  size_t node_count, node_room;
  tree_node *nodes;
  json_t *children; /* "parent/spec": number of a node */
  size_t first_root, last_root;
  size_t point_count, point_room;
  grid_point *points;

  host_arena *memory; /* of instances made for checks */
  host_service host;
  host_sink sink;
  json_int_t blas_threads;
} tree_builder;

/* Room for one more element of an array that doubles. */
static void *grown(void *elements, size_t count, size_t *room, size_t size) {
  if (count < *room) return elements;
  void *moved = realloc(elements, (*room * 2 + 16) * size);
  if (moved != NULL) *room = *room * 2 + 16;
  return moved;
}

/* ---- errors: line and point ---- */

static heed_status explain(const tree_builder *builder, plan_stage stage,
                           const char *where, heed_status status,
                           const char *message) {
  const char *set = override_about(builder->self, message);
  const char *point =
      axes_point_text(builder->self, builder->used[stage], builder->position);
  if (set != NULL)
    return heed_fail(builder->error, status, "--set %s: %s", set, message);
  return heed_fail(builder->error, status, "%s: %s%s%s%s", where, message,
                   *point == '\0' ? "" : " (where ", point,
                   *point == '\0' ? "" : ")");
}

/* ---- instances: create() refuses bad values at planning time ---- */

static void announce(const tree_builder *builder, const char *plugin) {
  const planner_options *options = builder->self->options;
  if (options->notice != NULL)
    options->notice(options->context, PLANNER_MAKES, plugin);
}

/* Lets a source look into its files: nothing reads the world that it makes. */
static heed_status try_files(tree_builder *builder,
                             const heed_instance *instance, heed_error *error) {
  static const bool no_texts = false;
  const size_t rows = builder->self->options->rows;
  const heed_source_functions *functions = instance->plugin->functions;
  if (rows == 0 || instance->plugin->kind != HEED_SOURCE ||
      !HEED_HAS(functions, check) || functions->check == NULL)
    return HEED_OK;
  builder->host.plugin = instance->plugin;
  builder->host.texts = &no_texts;
  return functions->check(instance->self, &builder->host.host, rows, error);
}

static heed_status try_instance(tree_builder *builder, const json_t *resolved,
                                heed_error *error) {
  const heed_instance *made = NULL;
  heed_status status;
  announce(builder, json_string_value(json_object_get(resolved, "plugin")));
  status = instance_open(builder->self->plugins, resolved, &builder->host,
                         &made, error);
  if (status == HEED_OK) status = try_files(builder, made, error);
  instance_close(made);
  announce(builder, "");
  arena_clear(builder->memory);
  arena_clear(builder->host.scratch);
  return status;
}

static heed_status try_plugin(tree_builder *builder, plan_stage stage,
                              const json_t *filled) {
  const char *full = json_string_value(json_object_get(filled, "plugin"));
  const heed_plugin *plugin =
      registry_named(builder->self->plugins, full, NULL);
  heed_parameter itself = {.name = "plugin", .type = HEED_PLUGIN};
  json_t *given = json_pack("{s:O}", "plugin", filled), *resolved = NULL;
  heed_error error = {HEED_OK, ""};
  heed_status status;
  itself.kind = plugin->kind;
  status = schema_resolve(builder->self->plugins, &itself, 1, given,
                          builder->self->folder, "", &resolved, &error);
  if (status == HEED_OK)
    status = try_instance(builder, json_object_get(resolved, "plugin"), &error);
  json_decref(resolved);
  json_decref(given);
  if (status == HEED_OK) return HEED_OK;
  return explain(builder, stage,
                 json_string_value(json_object_get(filled, WHERE_KEY)), status,
                 error.message);
}

/* Tries every plugin that the sweep constructs, the innermost first, so that an
 * error names the line of that plugin's constructor. */
static heed_status try_plugins(tree_builder *builder, plan_stage stage,
                               const json_t *filled) {
  heed_status status = HEED_OK;
  const char *key;
  json_t *item;
  size_t i;
  json_object_foreach((json_t *)filled, key, item) {
    status = try_plugins(builder, stage, item);
    if (status != HEED_OK) return status;
  }
  json_array_foreach(filled, i, item) {
    status = try_plugins(builder, stage, item);
    if (status != HEED_OK) return status;
  }
  if (json_object_get(filled, WHERE_KEY) == NULL) return HEED_OK;
  return try_plugin(builder, stage, filled);
}

/* Tries the plugins that the sweep did not construct: defaults, bare names. */
static heed_status try_whole(tree_builder *builder, plan_stage stage,
                             const json_t *resolved, heed_error *error) {
  const heed_parameter *key = &builder->self->schema[stage];
  const heed_value *values = NULL;
  heed_status status;
  if (key->type == HEED_PLUGIN) return try_instance(builder, resolved, error);
  announce(builder, key->name);
  status = schema_values(builder->self->plugins, key->fields, key->field_count,
                         resolved, &builder->host, &values, error);
  schema_close(values, key->field_count);
  announce(builder, "");
  arena_clear(builder->memory);
  arena_clear(builder->host.scratch);
  return status;
}

/* ---- specs ---- */

static heed_status hash_spec(const tree_builder *builder, plan_stage stage,
                             const json_t *resolved, char hash[PLAN_KEY_SIZE],
                             heed_error *error) {
  json_t *plugins = json_object(), *copy = NULL, *whole;
  heed_status status =
      used_value(builder->self, &builder->self->schema[stage], resolved,
                 plugins, builder->result->inputs, &copy, error);
  char *text;
  if (status == HEED_OK) {
    whole = json_pack("{s:s, s:o, s:O}", "stage", plan_stage_name(stage),
                      "spec", copy, "plugins", plugins);
    text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
      status = heed_no_memory(error);
    else
      hash_bytes(text, strlen(text), hash);
    free(text);
    json_decref(whole);
    (void)json_object_update(builder->result->plugins, plugins);
  }
  json_decref(plugins);
  return status;
}

/* The stage's plugin if it is HEED_COSTLY; else NULL. */
static const heed_plugin *costly_plugin(const heed_sweep *self,
                                        const json_t *resolved) {
  const char *full = json_string_value(json_object_get(resolved, "plugin"));
  const heed_plugin *plugin =
      full == NULL ? NULL : registry_named(self->plugins, full, NULL);
  return plugin != NULL && (plugin->flags & HEED_COSTLY) != 0 ? plugin : NULL;
}

/* Hash of a costly stage without its HEED_LATE parameters; "" if it has none.
 */
static heed_status hash_early(const tree_builder *builder, plan_stage stage,
                              const json_t *resolved, char hash[PLAN_KEY_SIZE],
                              heed_error *error) {
  const heed_plugin *plugin = costly_plugin(builder->self, resolved);
  json_t *rest = json_deep_copy(resolved);
  json_t *parameters = json_object_get(rest, "parameters");
  const size_t count = plugin == NULL ? 0 : plugin->parameter_count;
  heed_status status = HEED_OK;
  bool any = false;
  hash[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    if ((plugin->parameters[i].flags & HEED_LATE) == 0) continue;
    (void)json_object_del(parameters, plugin->parameters[i].name);
    any = true;
  }
  if (any) status = hash_spec(builder, stage, rest, hash, error);
  json_decref(rest);
  return status;
}

/* The number of a spec; equal hashes have equal numbers.  Takes over resolved.
 */
static heed_status intern_spec(tree_builder *builder, plan_stage stage,
                               json_t *resolved, const json_t *filled,
                               size_t *number) {
  sweep_tree *result = builder->result;
  sweep_stage spec = {.stage = stage,
                      .resolved = resolved,
                      .costly = costly_plugin(builder->self, resolved) != NULL};
  heed_error error = {HEED_OK, ""};
  const json_t *known;
  sweep_stage *specs;
  heed_status status = hash_spec(builder, stage, resolved, spec.hash, &error);
  if (status == HEED_OK) {
    known = json_object_get(builder->specs, spec.hash);
    if (known != NULL) {
      *number = (size_t)json_integer_value(known);
      json_decref(resolved);
      return HEED_OK;
    }
    status = try_plugins(builder, stage, filled);
    if (status != HEED_OK) {
      json_decref(resolved);
      return status;
    }
    if (json_object_get(filled, WHERE_KEY) == NULL)
      status = try_whole(builder, stage, resolved, &error);
    if (status == HEED_OK)
      status = hash_early(builder, stage, resolved, spec.early, &error);
  }
  specs = realloc(result->specs, (result->spec_count + 1) * sizeof *specs);
  if (specs != NULL) result->specs = specs;
  if (status != HEED_OK || specs == NULL) {
    json_decref(resolved);
    if (status == HEED_OK) return heed_no_memory(builder->error);
    return explain(builder, stage, builder->self->where, status, error.message);
  }
  *number = result->spec_count++;
  result->specs[*number] = spec;
  (void)json_object_set_new(builder->specs, spec.hash,
                            json_integer((json_int_t)*number));
  return HEED_OK;
}

static const json_t *template_of(const tree_builder *builder,
                                 plan_stage stage) {
  return json_object_get(builder->self->record,
                         builder->self->schema[stage].name);
}

static heed_status make_spec(tree_builder *builder, plan_stage stage,
                             size_t *number) {
  const json_t *template = template_of(builder, stage);
  json_t *filled = template == NULL ? NULL
                                    : template_fill(builder->self, template,
                                                    builder->position);
  json_t *resolved = NULL;
  heed_error error = {HEED_OK, ""};
  heed_status status =
      check_key(builder->self, stage, filled, &resolved, &error);
  *number = NOTHING;
  if (status != HEED_OK) {
    const char *where = json_string_value(json_object_get(filled, WHERE_KEY));
    status =
        explain(builder, stage, where == NULL ? builder->self->where : where,
                status, error.message);
  } else if (json_is_null(resolved)) {
    json_decref(resolved);
  } else {
    status = intern_spec(builder, stage, resolved, filled, number);
  }
  json_decref(filled);
  return status;
}

/* The spec of a stage at the current point; NOTHING if it has none. */
static heed_status spec_at(tree_builder *builder, plan_stage stage,
                           size_t *number) {
  const char *key = "";
  const json_t *known;
  heed_status status;
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  if (stream == NULL) return heed_no_memory(builder->error);
  for (size_t i = 0; i < builder->self->axis_count; i++)
    if (builder->used[stage][i])
      (void)fprintf(stream, "%zu,", builder->position[i]);
  (void)fclose(stream);
  key = text == NULL ? "" : text;
  known = json_object_get(builder->seen[stage], key);
  if (known != NULL) {
    *number = (size_t)json_integer_value(known);
    status = HEED_OK;
  } else {
    status = make_spec(builder, stage, number);
    if (status == HEED_OK)
      (void)json_object_set_new(builder->seen[stage], key,
                                json_integer((json_int_t)*number));
  }
  free(text);
  return status;
}

/* ---- points ---- */

static int no_such_axis(lua_State *lua) {
  return luaL_error(lua, "point.%s: unknown axis", steady_text(lua, 2));
}

static void push_value(lua_State *lua, const heed_sweep *self,
                       const sweep_axis *axis, size_t position) {
  const json_t *value = json_array_get(axis->values, position);
  if (json_is_integer(value))
    lua_pushinteger(lua, (lua_Integer)json_integer_value(value));
  else if (json_is_real(value))
    lua_pushnumber(lua, json_real_value(value));
  else if (json_is_boolean(value))
    lua_pushboolean(lua, json_is_true(value));
  else if (axis->labels != NULL)
    lua_pushstring(lua,
                   json_string_value(json_array_get(axis->labels, position)));
  else
    lua_pushstring(lua, label_of(self, value));
}

/* Pushes the sweep's exclude() and the point as its argument. */
static void push_point(const tree_builder *builder) {
  const heed_sweep *self = builder->self;
  static const luaL_Reg functions[] = {{"__index", no_such_axis}, {NULL, NULL}};
  lua_rawgeti(self->lua, LUA_REGISTRYINDEX, self->exclude);
  lua_newtable(self->lua);
  for (size_t i = 0; i < self->axis_count; i++) {
    if (!self->axes[i].live) continue;
    push_value(self->lua, self, &self->axes[i], builder->position[i]);
    lua_setfield(self->lua, -2, self->axes[i].name);
  }
  luaL_newlib(self->lua, functions);
  lua_setmetatable(self->lua, -2);
}

static heed_status is_excluded(tree_builder *builder, bool *excluded) {
  heed_sweep *self = builder->self;
  heed_status status;
  *excluded = false;
  if (self->exclude == LUA_NOREF) return HEED_OK;
  push_point(builder);
  status = sandbox_call(self, 1, builder->error);
  if (status != HEED_OK) return status;
  if (!lua_isboolean(self->lua, -1) && !lua_isnil(self->lua, -1))
    status = heed_fail(builder->error, HEED_INVALID,
                       "%s: h.sweep: exclude returned a %s, expected true or "
                       "false",
                       self->where, luaL_typename(self->lua, -1));
  *excluded = lua_toboolean(self->lua, -1) != 0;
  lua_pop(self->lua, 1);
  return status;
}

/* ---- pairs of plugins that do not suit each other ---- */

static void outline_of(const heed_instance *source, heed_outline *outline) {
  const heed_source_functions *functions = source->plugin->functions;
  *outline = (heed_outline){.size = sizeof *outline};
  if (functions->outline != NULL) functions->outline(source->self, outline);
}

/* Asks a plugin whether it accepts the worlds of a source. */
static heed_status ask_plugin(tree_builder *builder, const heed_plugin *plugin,
                              const json_t *spec, const heed_outline *outline,
                              heed_error *error) {
  const heed_instance *instance = NULL;
  heed_status status = HEED_OK;
  if (outline->counts == HEED_YES && (plugin->flags & HEED_READS_COUNTS) == 0)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "%s/%s needs single annotations; this source gives "
                     "counts of them",
                     kind_name(plugin->kind), plugin->name);
  if (plugin->kind != HEED_ESTIMATOR) return HEED_OK;
  status = instance_open(builder->self->plugins, spec, &builder->host,
                         &instance, error);
  if (status == HEED_OK) {
    const heed_estimator_functions *functions = plugin->functions;
    if (functions->accepts != NULL)
      status = functions->accepts(instance->self, outline, error);
  }
  instance_close(instance);
  return status;
}

static heed_status ask_pair(tree_builder *builder, const json_t *source,
                            const json_t *spec, heed_error *error) {
  const char *name = json_string_value(json_object_get(spec, "plugin"));
  const heed_plugin *plugin =
      registry_named(builder->self->plugins, name, NULL);
  const heed_instance *world = NULL;
  heed_outline outline;
  heed_status status;
  announce(builder, name);
  status = instance_open(builder->self->plugins, source, &builder->host, &world,
                         error);
  if (status == HEED_OK) {
    outline_of(world, &outline);
    status = ask_plugin(builder, plugin, spec, &outline, error);
  }
  instance_close(world);
  announce(builder, "");
  arena_clear(builder->memory);
  arena_clear(builder->host.scratch);
  return status;
}

/* Stages whose plugins read the annotations of the source. */
static bool reads_annotations(plan_stage stage) {
  return stage == PLAN_POSTERIOR || stage == PLAN_SELECTION ||
         stage == PLAN_POLICY;
}

/* Once for each source with each plugin. */
static heed_status check_pair(tree_builder *builder, plan_stage stage,
                              size_t source, size_t spec) {
  const sweep_tree *result = builder->result;
  char key[64];
  heed_error error = {HEED_OK, ""};
  heed_status status;
  (void)snprintf(key, sizeof key, "%zu with %zu", source, spec);
  if (json_object_get(builder->asked, key) != NULL) return HEED_OK;
  (void)json_object_set_new(builder->asked, key, json_true());
  status = ask_pair(builder, result->specs[source].resolved,
                    result->specs[spec].resolved, &error);
  if (status == HEED_OK) return HEED_OK;
  const json_t *where = json_object_get(template_of(builder, stage), WHERE_KEY);
  return explain(
      builder, stage,
      where == NULL ? builder->self->where : json_string_value(where), status,
      error.message);
}

/* ---- nodes ---- */

static heed_status add_node(tree_builder *builder, size_t parent, size_t spec,
                            size_t *number) {
  tree_node *nodes = grown(builder->nodes, builder->node_count,
                           &builder->node_room, sizeof *nodes);
  size_t *first = &builder->first_root, *last = &builder->last_root;
  if (nodes == NULL) return heed_no_memory(builder->error);
  builder->nodes = nodes;
  *number = builder->node_count++;
  nodes[*number] =
      (tree_node){parent, spec, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING};
  if (parent != NOTHING) {
    first = &nodes[parent].first_child;
    last = &nodes[parent].last_child;
  }
  if (*first == NOTHING)
    *first = *number;
  else
    nodes[*last].next_sibling = *number;
  *last = *number;
  return HEED_OK;
}

static heed_status child_with(tree_builder *builder, size_t parent, size_t spec,
                              size_t *number) {
  char key[48];
  const json_t *known;
  heed_status status;
  (void)snprintf(key, sizeof key, "%zu/%zu", parent, spec);
  known = json_object_get(builder->children, key);
  if (known != NULL) {
    *number = (size_t)json_integer_value(known);
    return HEED_OK;
  }
  status = add_node(builder, parent, spec, number);
  if (status == HEED_OK)
    (void)json_object_set_new(builder->children, key,
                              json_integer((json_int_t)*number));
  return status;
}

static heed_status add_point(tree_builder *builder, size_t leaf) {
  grid_point *points = grown(builder->points, builder->point_count,
                             &builder->point_room, sizeof *points);
  tree_node *node = &builder->nodes[leaf];
  size_t *position;
  if (points == NULL) return heed_no_memory(builder->error);
  builder->points = points;
  position = arena_allocate(builder->self->memory, builder->root_count,
                            sizeof *position);
  if (position == NULL) return heed_no_memory(builder->error);
  for (size_t i = 0; i < builder->root_count; i++)
    position[i] = builder->position[builder->roots[i]];
  points[builder->point_count] = (grid_point){position, NOTHING};
  if (node->first_point == NOTHING)
    node->first_point = builder->point_count;
  else
    points[node->last_point].next = builder->point_count;
  node->last_point = builder->point_count++;
  return HEED_OK;
}

static heed_status visit(tree_builder *builder) {
  size_t position = NOTHING, source = NOTHING;
  bool excluded;
  heed_status status = is_excluded(builder, &excluded);
  if (status != HEED_OK || excluded) return status;
  for (unsigned i = 0; status == HEED_OK && i < PLAN_STAGE_COUNT; i++) {
    size_t spec = NOTHING;
    status = spec_at(builder, (plan_stage)i, &spec);
    if (i == PLAN_WORLD) source = spec;
    if (status == HEED_OK && reads_annotations((plan_stage)i) &&
        spec != NOTHING && source != NOTHING)
      status = check_pair(builder, (plan_stage)i, source, spec);
    if (status == HEED_OK && spec != NOTHING)
      status = child_with(builder, position, spec, &position);
  }
  return status == HEED_OK ? add_point(builder, position) : status;
}

/* Goes to the next point, the last axis fastest. */
static bool next_point(tree_builder *builder) {
  bool more = false;
  for (size_t i = builder->root_count; i-- > 0 && !more;) {
    const size_t axis = builder->roots[i];
    more = ++builder->position[axis] <
           json_array_size(builder->self->axes[axis].values);
    if (!more) builder->position[axis] = 0;
  }
  for (size_t i = 0; i < builder->self->axis_count; i++)
    if (builder->self->axes[i].live)
      builder->position[i] = builder->position[builder->self->axes[i].root];
  return more;
}

static heed_status check_size(const tree_builder *builder, size_t points,
                              size_t replicates) {
  if (points > MOST_POINTS)
    return heed_fail(builder->error, HEED_INVALID,
                     "%s: the axes span more than %d points; shorten or tie "
                     "them",
                     builder->self->where, MOST_POINTS);
  if (points * replicates > MOST_CELLS)
    return heed_fail(builder->error, HEED_INVALID,
                     "%s: found %zu point%s with %zu replicate%s, expected "
                     "at most %d cells",
                     builder->self->where, points, heed_plural(points),
                     replicates, heed_plural(replicates), MOST_CELLS);
  return HEED_OK;
}

static heed_status visit_all(tree_builder *builder, size_t replicates) {
  size_t points = 1;
  heed_status status = HEED_OK;
  for (size_t i = 0; i < builder->root_count && points <= MOST_POINTS; i++)
    points *= json_array_size(builder->self->axes[builder->roots[i]].values);
  status = check_size(builder, points, 1);
  if (status != HEED_OK) return status;
  do status = visit(builder);
  while (status == HEED_OK && next_point(builder));
  if (status != HEED_OK) return status;
  if (builder->point_count == 0)
    return heed_fail(builder->error, HEED_INVALID,
                     "%s: h.sweep: exclude removes all %zu point%s",
                     builder->self->where, points, heed_plural(points));
  return check_size(builder, builder->point_count, replicates);
}

/* ---- to JSON, depth first ---- */

static void emit_points(const tree_builder *builder, size_t first,
                        json_int_t leaf) {
  for (size_t i = first; i != NOTHING; i = builder->points[i].next) {
    json_t *object = json_array();
    for (size_t j = 0; j < builder->root_count; j++)
      (void)json_array_append_new(
          object, json_integer((json_int_t)builder->points[i].position[j]));
    (void)json_array_append_new(
        builder->result->points,
        json_pack("{s:o, s:I}", "at", object, "leaf", leaf));
  }
}

static void node_key(const tree_builder *builder, const char *parent_key,
                     plan_stage stage, const char *hash,
                     char key[PLAN_KEY_SIZE]) {
  char text[256];
  const int length = snprintf(
      text, sizeof text,
      "heed " HEED_VERSION " blas %" JSON_INTEGER_FORMAT "\n%s\n%s\n%s",
      builder->blas_threads, parent_key, plan_stage_name(stage), hash);
  hash_bytes(text, (size_t)length, key);
}

static void emit(const tree_builder *builder, size_t first, json_t *parent,
                 const char *parent_key) {
  for (size_t i = first; i != NOTHING; i = builder->nodes[i].next_sibling) {
    const sweep_stage *spec = &builder->result->specs[builder->nodes[i].spec];
    const json_int_t number =
        (json_int_t)json_array_size(builder->result->nodes);
    char key[PLAN_KEY_SIZE];
    node_key(builder, parent_key, spec->stage, spec->hash, key);
    json_t *made =
        json_pack("{s:s, s:O, s:s, s:b, s:O}", "stage",
                  plan_stage_name(spec->stage), "parent", parent, "key", key,
                  "costly", spec->costly, "spec", spec->resolved);
    if (spec->early[0] != '\0') {
      char shared[PLAN_KEY_SIZE];
      node_key(builder, parent_key, spec->stage, spec->early, shared);
      (void)json_object_set_new(made, "shared", json_string(shared));
    }
    (void)json_array_append_new(builder->result->nodes, made);
    json_t *self = json_integer(number);
    emit(builder, builder->nodes[i].first_child, self, key);
    json_decref(self);
    emit_points(builder, builder->nodes[i].first_point, number);
  }
}

/* ---- */

/* A source's warning about its files.  A run has its warnings from the cells.
 */
static void pass_warning(void *context, const char *plugin, const char *code,
                         const char *message) {
  const tree_builder *builder = context;
  const planner_options *options = builder->self->options;
  (void)code;
  if (options->notice != NULL)
    options->notice(options->context, PLANNER_WARNED,
                    label_format(builder->self, "%s: %s", plugin, message));
}

static heed_status builder_open(tree_builder *builder, const json_t *head) {
  heed_sweep *self = builder->self;
  const size_t count = self->axis_count + 1;
  builder->roots = calloc(count, sizeof *builder->roots);
  builder->position = calloc(count, sizeof *builder->position);
  builder->memory = arena_create();
  builder->host.scratch = arena_create();
  if (builder->roots == NULL || builder->position == NULL ||
      builder->memory == NULL || builder->host.scratch == NULL)
    return heed_no_memory(builder->error);
  service_open(&builder->host);
  builder->host.output = builder->memory;
  builder->host.stage = "planning";
  builder->sink = (host_sink){.context = builder, .warn = pass_warning};
  if (self->options->rows > 0) builder->host.sink = &builder->sink;
  builder->host.seed =
      (uint64_t)json_integer_value(json_object_get(head, "seed"));
  builder->blas_threads =
      json_integer_value(json_object_get(head, "blas_threads"));
  builder->specs = json_object();
  builder->children = json_object();
  builder->asked = json_object();
  builder->first_root = builder->last_root = NOTHING;
  for (size_t i = 0; i < self->axis_count; i++)
    if (self->axes[i].live && self->axes[i].root == i)
      builder->roots[builder->root_count++] = i;
  for (unsigned i = 0; i < PLAN_STAGE_COUNT; i++) {
    const json_t *template = template_of(builder, (plan_stage)i);
    builder->seen[i] = json_object();
    builder->used[i] = calloc(count, 1);
    if (builder->used[i] == NULL) return heed_no_memory(builder->error);
    if (template != NULL) template_axes(template, builder->used[i]);
  }
  return HEED_OK;
}

static void builder_close(tree_builder *builder) {
  for (unsigned i = 0; i < PLAN_STAGE_COUNT; i++) {
    json_decref(builder->seen[i]);
    free(builder->used[i]);
  }
  json_decref(builder->specs);
  json_decref(builder->children);
  json_decref(builder->asked);
  arena_free(builder->memory);
  arena_free(builder->host.scratch);
  free(builder->roots);
  free(builder->position);
  free(builder->nodes);
  free(builder->points);
}

heed_status tree_build(heed_sweep *self, const json_t *head, sweep_tree *result,
                       heed_error *error) {
  tree_builder builder = {.self = self, .result = result, .error = error};
  heed_status status;
  *result = (sweep_tree){.plugins = json_object(),
                         .inputs = json_object(),
                         .nodes = json_array(),
                         .points = json_array()};
  status = builder_open(&builder, head);
  if (status == HEED_OK)
    status = visit_all(&builder, (size_t)json_integer_value(
                                     json_object_get(head, "replicates")));
  if (status == HEED_OK) {
    json_t *none = json_null();
    emit(&builder, builder.first_root, none, "-");
  }
  builder_close(&builder);
  return status;
}

void tree_free(sweep_tree *self) {
  for (size_t i = 0; i < self->spec_count; i++)
    json_decref(self->specs[i].resolved);
  free(self->specs);
  json_decref(self->plugins);
  json_decref(self->inputs);
  json_decref(self->nodes);
  json_decref(self->points);
}
