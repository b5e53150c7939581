/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tree of a sweep: each point of the grid is a path of resolved stages, and
 * points that agree in their first stages share those nodes. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "host/hash.h"
#include "sweep.h"

#define NOTHING SIZE_MAX

typedef struct node {
  size_t parent, spec;
  size_t first_child, last_child, next_sibling;
  size_t first_point, last_point;
} node;

typedef struct grid_point {
  size_t *at;  /* root_count */
  size_t next; /* of the same leaf */
} grid_point;

typedef struct builder {
  sweep *self;
  sweep_tree *result;
  heed_error *error;

  size_t root_count;
  size_t *roots; /* axes that span the grid */
  size_t *at;    /* axis_count: the point at hand */

  uint8_t *used[PLAN_STAGE_COUNT]; /* axis_count: axes in a stage's template */
  json_t *seen[PLAN_STAGE_COUNT];  /* indices along those: number of a spec */
  json_t *specs;                   /* hash: number of a spec */

  size_t node_count, node_room;
  node *nodes;
  json_t *children; /* "parent/spec": number of a node */
  size_t first_root, last_root;
  size_t point_count, point_room;
  grid_point *points;

  arena *memory; /* of instances made to be checked */
  service host;
  json_int_t blas_threads;
} builder;

static heed_status out_of_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

/* Room for one more element of an array that doubles. */
static void *grown(void *elements, size_t count, size_t *room, size_t size) {
  if (count < *room) return elements;
  void *moved = realloc(elements, (*room * 2 + 16) * size);
  if (moved != NULL) *room = *room * 2 + 16;
  return moved;
}

/* ---- errors: whose line, which point ---- */

/* The --set that speaks of the key path a message begins with, or NULL. */
static const char *set_about(const sweep *self, const char *message) {
  for (size_t i = self->options->set_count; i-- > 0;) {
    const char *set = self->options->sets[i];
    const size_t length = strcspn(set, "=");
    if (strncmp(set, message, length) == 0 &&
        strchr(":.[", message[length]) != NULL)
      return set;
  }
  return NULL;
}

static heed_status explain(const builder *of, plan_stage stage,
                           const char *where, heed_status status,
                           const char *message) {
  const char *set = set_about(of->self, message);
  const char *point = axes_point_text(of->self, of->used[stage], of->at);
  if (set != NULL)
    return heed_fail(of->error, status, "--set %s: %s", set, message);
  return heed_fail(of->error, status, "%s: %s%s%s%s", where, message,
                   *point == '\0' ? "" : " (where ", point,
                   *point == '\0' ? "" : ")");
}

/* ---- instances: create() says at planning time what it refuses ---- */

static void announce(const builder *of, const char *plugin) {
  const planner_options *options = of->self->options;
  if (options->notice != NULL)
    options->notice(options->context, PLANNER_MAKES, plugin);
}

static heed_status try_instance(builder *of, const json_t *resolved,
                                heed_error *error) {
  const heed_instance *made = NULL;
  heed_status status;
  announce(of, json_string_value(json_object_get(resolved, "plugin")));
  status = instance_open(of->self->plugins, resolved, &of->host, &made, error);
  instance_close(made);
  announce(of, "");
  arena_clear(of->memory);
  arena_clear(of->host.scratch);
  return status;
}

static heed_status try_plugin(builder *of, plan_stage stage,
                              const json_t *filled) {
  const char *full = json_string_value(json_object_get(filled, "plugin"));
  const heed_plugin *plugin = check_named(of->self, full, NULL);
  heed_parameter itself = {.name = "plugin", .type = HEED_PLUGIN};
  json_t *given = json_pack("{s:O}", "plugin", filled), *resolved = NULL;
  heed_error error = {HEED_OK, ""};
  heed_status status;
  itself.kind = plugin->kind;
  status = schema_resolve(of->self->plugins, &itself, 1, given,
                          of->self->folder, "", &resolved, &error);
  if (status == HEED_OK)
    status = try_instance(of, json_object_get(resolved, "plugin"), &error);
  json_decref(resolved);
  json_decref(given);
  if (status == HEED_OK) return HEED_OK;
  return explain(of, stage,
                 json_string_value(json_object_get(filled, WHERE_KEY)), status,
                 error.message);
}

/* Every plugin that the sweep constructs, the innermost first, so that a
 * refusal names the line of its own constructor. */
static heed_status try_plugins(builder *of, plan_stage stage,
                               const json_t *filled) {
  heed_status status = HEED_OK;
  const char *key;
  json_t *item;
  size_t i;
  json_object_foreach((json_t *)filled, key, item) {
    status = try_plugins(of, stage, item);
    if (status != HEED_OK) return status;
  }
  json_array_foreach(filled, i, item) {
    status = try_plugins(of, stage, item);
    if (status != HEED_OK) return status;
  }
  if (json_object_get(filled, WHERE_KEY) == NULL) return HEED_OK;
  return try_plugin(of, stage, filled);
}

/* What the sweep did not construct itself: standard plugins, bare names. */
static heed_status try_whole(builder *of, plan_stage stage,
                             const json_t *resolved, heed_error *error) {
  const heed_parameter *key = &of->self->schema[stage];
  const heed_value *values = NULL;
  heed_status status;
  if (key->type == HEED_PLUGIN) return try_instance(of, resolved, error);
  announce(of, key->name);
  status = schema_values(of->self->plugins, key->fields, key->field_count,
                         resolved, &of->host, &values, error);
  schema_close(values, key->field_count);
  announce(of, "");
  arena_clear(of->memory);
  arena_clear(of->host.scratch);
  return status;
}

/* ---- specs ---- */

static heed_status hash_spec(const builder *of, plan_stage stage,
                             const json_t *resolved, char hash[PLAN_KEY_SIZE],
                             heed_error *error) {
  json_t *plugins = json_object(), *copy = NULL, *whole;
  heed_status status = used_value(of->self, &of->self->schema[stage], resolved,
                                  plugins, of->result->inputs, &copy, error);
  char *text;
  if (status == HEED_OK) {
    whole = json_pack("{s:s, s:o, s:O}", "stage", plan_stage_name(stage),
                      "spec", copy, "plugins", plugins);
    text = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
      status = out_of_memory(error);
    else
      hash_bytes(text, strlen(text), hash);
    free(text);
    json_decref(whole);
    (void)json_object_update(of->result->plugins, plugins);
  }
  json_decref(plugins);
  return status;
}

/* Its plugin, where that is HEED_COSTLY; else NULL. */
static const heed_plugin *costly_plugin(const sweep *self,
                                        const json_t *resolved) {
  const char *full = json_string_value(json_object_get(resolved, "plugin"));
  const heed_plugin *plugin =
      full == NULL ? NULL : check_named(self, full, NULL);
  return plugin != NULL && (plugin->flags & HEED_COSTLY) != 0 ? plugin : NULL;
}

/* Of a costly stage without what is HEED_LATE; "" where nothing is. */
static heed_status hash_early(const builder *of, plan_stage stage,
                              const json_t *resolved, char hash[PLAN_KEY_SIZE],
                              heed_error *error) {
  const heed_plugin *plugin = costly_plugin(of->self, resolved);
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
  if (any) status = hash_spec(of, stage, rest, hash, error);
  json_decref(rest);
  return status;
}

/* The number of the spec, the same for the same hash.  Takes over resolved. */
static heed_status intern_spec(builder *of, plan_stage stage, json_t *resolved,
                               const json_t *filled, size_t *number) {
  sweep_tree *result = of->result;
  stage_spec spec = {.stage = stage,
                     .resolved = resolved,
                     .costly = costly_plugin(of->self, resolved) != NULL};
  heed_error error = {HEED_OK, ""};
  const json_t *known;
  stage_spec *specs;
  heed_status status = hash_spec(of, stage, resolved, spec.hash, &error);
  if (status == HEED_OK) {
    known = json_object_get(of->specs, spec.hash);
    if (known != NULL) {
      *number = (size_t)json_integer_value(known);
      json_decref(resolved);
      return HEED_OK;
    }
    status = try_plugins(of, stage, filled);
    if (status != HEED_OK) {
      json_decref(resolved);
      return status;
    }
    if (json_object_get(filled, WHERE_KEY) == NULL)
      status = try_whole(of, stage, resolved, &error);
    if (status == HEED_OK)
      status = hash_early(of, stage, resolved, spec.early, &error);
  }
  specs = realloc(result->specs, (result->spec_count + 1) * sizeof *specs);
  if (specs != NULL) result->specs = specs;
  if (status != HEED_OK || specs == NULL) {
    json_decref(resolved);
    if (status == HEED_OK) return out_of_memory(of->error);
    return explain(of, stage, of->self->where, status, error.message);
  }
  *number = result->spec_count++;
  result->specs[*number] = spec;
  (void)json_object_set_new(of->specs, spec.hash,
                            json_integer((json_int_t)*number));
  return HEED_OK;
}

static const json_t *template_of(const builder *of, plan_stage stage) {
  return json_object_get(of->self->record, of->self->schema[stage].name);
}

static heed_status make_spec(builder *of, plan_stage stage, size_t *number) {
  const json_t *template = template_of(of, stage);
  json_t *filled =
      template == NULL ? NULL : template_fill(of->self, template, of->at);
  json_t *resolved = NULL;
  heed_error error = {HEED_OK, ""};
  heed_status status = check_key(of->self, stage, filled, &resolved, &error);
  *number = NOTHING;
  if (status != HEED_OK) {
    const char *where = json_string_value(json_object_get(filled, WHERE_KEY));
    status = explain(of, stage, where == NULL ? of->self->where : where, status,
                     error.message);
  } else if (json_is_null(resolved)) {
    json_decref(resolved);
  } else {
    status = intern_spec(of, stage, resolved, filled, number);
  }
  json_decref(filled);
  return status;
}

/* The spec of a stage at the point at hand: NOTHING where it has none. */
static heed_status spec_at(builder *of, plan_stage stage, size_t *number) {
  const char *key = "";
  const json_t *known;
  heed_status status;
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  if (stream == NULL) return out_of_memory(of->error);
  for (size_t i = 0; i < of->self->axis_count; i++)
    if (of->used[stage][i]) (void)fprintf(stream, "%zu,", of->at[i]);
  (void)fclose(stream);
  key = text == NULL ? "" : text;
  known = json_object_get(of->seen[stage], key);
  if (known != NULL) {
    *number = (size_t)json_integer_value(known);
    status = HEED_OK;
  } else {
    status = make_spec(of, stage, number);
    if (status == HEED_OK)
      (void)json_object_set_new(of->seen[stage], key,
                                json_integer((json_int_t)*number));
  }
  free(text);
  return status;
}

/* ---- points ---- */

static int no_such_axis(lua_State *lua) {
  return luaL_error(lua, "point.%s: this sweep has no such axis",
                    luaL_tolstring(lua, 2, NULL));
}

static void push_value(lua_State *lua, const sweep *self,
                       const sweep_axis *axis, size_t at) {
  const json_t *value = json_array_get(axis->values, at);
  if (json_is_integer(value))
    lua_pushinteger(lua, (lua_Integer)json_integer_value(value));
  else if (json_is_real(value))
    lua_pushnumber(lua, json_real_value(value));
  else if (json_is_boolean(value))
    lua_pushboolean(lua, json_is_true(value));
  else if (axis->labels != NULL)
    lua_pushstring(lua, json_string_value(json_array_get(axis->labels, at)));
  else
    lua_pushstring(lua, label_of(self, value));
}

/* Pushes the sweep's exclude() and the point as its argument. */
static void push_point(const builder *of) {
  const sweep *self = of->self;
  static const luaL_Reg functions[] = {{"__index", no_such_axis}, {NULL, NULL}};
  lua_rawgeti(self->lua, LUA_REGISTRYINDEX, self->exclude);
  lua_newtable(self->lua);
  for (size_t i = 0; i < self->axis_count; i++) {
    if (!self->axes[i].live) continue;
    push_value(self->lua, self, &self->axes[i], of->at[i]);
    lua_setfield(self->lua, -2, self->axes[i].name);
  }
  luaL_newlib(self->lua, functions);
  lua_setmetatable(self->lua, -2);
}

static heed_status is_excluded(builder *of, bool *excluded) {
  sweep *self = of->self;
  heed_status status;
  *excluded = false;
  if (self->exclude == LUA_NOREF) return HEED_OK;
  push_point(of);
  status = sandbox_call(self, 1, of->error);
  if (status != HEED_OK) return status;
  if (!lua_isboolean(self->lua, -1) && !lua_isnil(self->lua, -1))
    status = heed_fail(of->error, HEED_INVALID,
                       "%s: h.sweep: exclude returned a %s, expected true or "
                       "false",
                       self->where, luaL_typename(self->lua, -1));
  *excluded = lua_toboolean(self->lua, -1) != 0;
  lua_pop(self->lua, 1);
  return status;
}

/* ---- nodes ---- */

static heed_status add_node(builder *of, size_t parent, size_t spec,
                            size_t *number) {
  node *nodes = grown(of->nodes, of->node_count, &of->node_room, sizeof *nodes);
  size_t *first = &of->first_root, *last = &of->last_root;
  if (nodes == NULL) return out_of_memory(of->error);
  of->nodes = nodes;
  *number = of->node_count++;
  nodes[*number] =
      (node){parent, spec, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING};
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

static heed_status child_with(builder *of, size_t parent, size_t spec,
                              size_t *number) {
  char key[48];
  const json_t *known;
  heed_status status;
  (void)snprintf(key, sizeof key, "%zu/%zu", parent, spec);
  known = json_object_get(of->children, key);
  if (known != NULL) {
    *number = (size_t)json_integer_value(known);
    return HEED_OK;
  }
  status = add_node(of, parent, spec, number);
  if (status == HEED_OK)
    (void)json_object_set_new(of->children, key,
                              json_integer((json_int_t)*number));
  return status;
}

static heed_status add_point(builder *of, size_t leaf) {
  grid_point *points =
      grown(of->points, of->point_count, &of->point_room, sizeof *points);
  node *under = &of->nodes[leaf];
  size_t *at;
  if (points == NULL) return out_of_memory(of->error);
  of->points = points;
  at = arena_allocate(of->self->memory, of->root_count, sizeof *at);
  if (at == NULL) return out_of_memory(of->error);
  for (size_t i = 0; i < of->root_count; i++) at[i] = of->at[of->roots[i]];
  points[of->point_count] = (grid_point){at, NOTHING};
  if (under->first_point == NOTHING)
    under->first_point = of->point_count;
  else
    points[under->last_point].next = of->point_count;
  under->last_point = of->point_count++;
  return HEED_OK;
}

static heed_status visit(builder *of) {
  size_t at = NOTHING;
  bool excluded;
  heed_status status = is_excluded(of, &excluded);
  if (status != HEED_OK || excluded) return status;
  for (unsigned i = 0; status == HEED_OK && i < PLAN_STAGE_COUNT; i++) {
    size_t spec = NOTHING;
    status = spec_at(of, (plan_stage)i, &spec);
    if (status == HEED_OK && spec != NOTHING)
      status = child_with(of, at, spec, &at);
  }
  return status == HEED_OK ? add_point(of, at) : status;
}

/* The last axis fastest. */
static bool next_point(builder *of) {
  bool more = false;
  for (size_t i = of->root_count; i-- > 0 && !more;) {
    const size_t axis = of->roots[i];
    more = ++of->at[axis] < json_array_size(of->self->axes[axis].values);
    if (!more) of->at[axis] = 0;
  }
  for (size_t i = 0; i < of->self->axis_count; i++)
    if (of->self->axes[i].live) of->at[i] = of->at[of->self->axes[i].root];
  return more;
}

static heed_status check_size(const builder *of, size_t points,
                              size_t replicates) {
  if (points > MOST_POINTS)
    return heed_fail(of->error, HEED_INVALID,
                     "%s: the axes span more than %d points; make them shorter "
                     "or tie them",
                     of->self->where, MOST_POINTS);
  if (points * replicates > MOST_CELLS)
    return heed_fail(of->error, HEED_INVALID,
                     "%s: %zu points with %zu replicates are more than %d "
                     "cells",
                     of->self->where, points, replicates, MOST_CELLS);
  return HEED_OK;
}

static heed_status visit_all(builder *of, size_t replicates) {
  size_t points = 1;
  heed_status status = HEED_OK;
  for (size_t i = 0; i < of->root_count && points <= MOST_POINTS; i++)
    points *= json_array_size(of->self->axes[of->roots[i]].values);
  status = check_size(of, points, 1);
  if (status != HEED_OK) return status;
  do status = visit(of);
  while (status == HEED_OK && next_point(of));
  if (status != HEED_OK) return status;
  if (of->point_count == 0)
    return heed_fail(of->error, HEED_INVALID,
                     "%s: h.sweep: exclude leaves no point of %zu",
                     of->self->where, points);
  return check_size(of, of->point_count, replicates);
}

/* ---- to JSON, depth first ---- */

static void emit_points(const builder *of, size_t first, json_int_t leaf) {
  for (size_t i = first; i != NOTHING; i = of->points[i].next) {
    json_t *at = json_array();
    for (size_t j = 0; j < of->root_count; j++)
      (void)json_array_append_new(
          at, json_integer((json_int_t)of->points[i].at[j]));
    (void)json_array_append_new(
        of->result->points, json_pack("{s:o, s:I}", "at", at, "leaf", leaf));
  }
}

static void node_key(const builder *of, const char *parent_key,
                     plan_stage stage, const char *hash,
                     char key[PLAN_KEY_SIZE]) {
  char text[256];
  const int length = snprintf(
      text, sizeof text,
      "heed " HEED_VERSION " blas %" JSON_INTEGER_FORMAT "\n%s\n%s\n%s",
      of->blas_threads, parent_key, plan_stage_name(stage), hash);
  hash_bytes(text, (size_t)length, key);
}

static void emit(const builder *of, size_t first, json_t *parent,
                 const char *parent_key) {
  for (size_t i = first; i != NOTHING; i = of->nodes[i].next_sibling) {
    const stage_spec *spec = &of->result->specs[of->nodes[i].spec];
    const json_int_t number = (json_int_t)json_array_size(of->result->nodes);
    char key[PLAN_KEY_SIZE];
    node_key(of, parent_key, spec->stage, spec->hash, key);
    json_t *made =
        json_pack("{s:s, s:O, s:s, s:b, s:O}", "stage",
                  plan_stage_name(spec->stage), "parent", parent, "key", key,
                  "costly", spec->costly, "spec", spec->resolved);
    if (spec->early[0] != '\0') {
      char shared[PLAN_KEY_SIZE];
      node_key(of, parent_key, spec->stage, spec->early, shared);
      (void)json_object_set_new(made, "shared", json_string(shared));
    }
    (void)json_array_append_new(of->result->nodes, made);
    json_t *self = json_integer(number);
    emit(of, of->nodes[i].first_child, self, key);
    json_decref(self);
    emit_points(of, of->nodes[i].first_point, number);
  }
}

/* ---- */

static heed_status builder_open(builder *of, const json_t *head) {
  sweep *self = of->self;
  const size_t count = self->axis_count + 1;
  of->roots = calloc(count, sizeof *of->roots);
  of->at = calloc(count, sizeof *of->at);
  of->memory = arena_create();
  of->host.scratch = arena_create();
  if (of->roots == NULL || of->at == NULL || of->memory == NULL ||
      of->host.scratch == NULL)
    return out_of_memory(of->error);
  service_open(&of->host);
  of->host.output = of->memory;
  of->host.stage = "planning";
  of->host.seed = (uint64_t)json_integer_value(json_object_get(head, "seed"));
  of->blas_threads = json_integer_value(json_object_get(head, "blas_threads"));
  of->specs = json_object();
  of->children = json_object();
  of->first_root = of->last_root = NOTHING;
  for (size_t i = 0; i < self->axis_count; i++)
    if (self->axes[i].live && self->axes[i].root == i)
      of->roots[of->root_count++] = i;
  for (unsigned i = 0; i < PLAN_STAGE_COUNT; i++) {
    const json_t *template = template_of(of, (plan_stage)i);
    of->seen[i] = json_object();
    of->used[i] = calloc(count, 1);
    if (of->used[i] == NULL) return out_of_memory(of->error);
    if (template != NULL) template_axes(template, of->used[i]);
  }
  return HEED_OK;
}

static void builder_close(builder *of) {
  for (unsigned i = 0; i < PLAN_STAGE_COUNT; i++) {
    json_decref(of->seen[i]);
    free(of->used[i]);
  }
  json_decref(of->specs);
  json_decref(of->children);
  arena_free(of->memory);
  arena_free(of->host.scratch);
  free(of->roots);
  free(of->at);
  free(of->nodes);
  free(of->points);
}

heed_status tree_build(sweep *self, const json_t *head, sweep_tree *result,
                       heed_error *error) {
  builder of = {.self = self, .result = result, .error = error};
  heed_status status;
  *result = (sweep_tree){.plugins = json_object(),
                         .inputs = json_object(),
                         .nodes = json_array(),
                         .points = json_array()};
  status = builder_open(&of, head);
  if (status == HEED_OK)
    status = visit_all(
        &of, (size_t)json_integer_value(json_object_get(head, "replicates")));
  if (status == HEED_OK) {
    json_t *none = json_null();
    emit(&of, of.first_root, none, "-");
  }
  builder_close(&of);
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
