/* SPDX-License-Identifier: GPL-3.0-or-later
 * The words of require "heed": a constructor a plugin, axis, rows,
 * linspace, logspace and sweep.
 *
 * What they return is opaque to the sweep: a userdata that holds a template.
 * C code between Lua and jansson returns a status and raises it only once
 * nothing is left to free. */
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep.h"

#define PLUGIN_OBJECT "heed.plugin"
#define AXIS_OBJECT "heed.axis"
#define SWEEP_OBJECT "heed.sweep"
#define MOST_VALUES 1000000

/* A userdata's content. */
typedef struct language_held {
  json_t *template;
  char where[WHERE_SIZE]; /* sweeps */
} language_held;

/* ---- objects ---- */

static language_held *push_object(lua_State *lua, const char *type) {
  language_held *made = lua_newuserdatauv(lua, sizeof *made, 1);
  memset(made, 0, sizeof *made);
  luaL_setmetatable(lua, type);
  return made;
}

static int object_free(lua_State *lua) {
  language_held *self = lua_touserdata(lua, 1);
  json_decref(self->template);
  self->template = NULL;
  return 0;
}

static int object_read(lua_State *lua) {
  return luaL_error(lua, "what h has made cannot be looked into");
}

static int object_write(lua_State *lua) {
  return luaL_error(lua,
                    "what h has made does not change: give its constructor "
                    "the value");
}

static void push_type(lua_State *lua, const char *type) {
  static const luaL_Reg functions[] = {{"__gc", object_free},
                                       {"__index", object_read},
                                       {"__newindex", object_write},
                                       {NULL, NULL}};
  (void)luaL_newmetatable(lua, type);
  luaL_setfuncs(lua, functions, 0);
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 1);
}

json_t *language_object(lua_State *lua, int index) {
  const language_held *found = luaL_testudata(lua, index, PLUGIN_OBJECT);
  if (found == NULL) found = luaL_testudata(lua, index, AXIS_OBJECT);
  return found == NULL ? NULL : json_incref(found->template);
}

/* ---- errors ---- */

/* "sweep.lua:12" of the line that called the running C function, be it by way
 * of pcall(). */
static void position(lua_State *lua, char where[WHERE_SIZE]) {
  lua_Debug caller;
  (void)snprintf(where, WHERE_SIZE, "%s", "the sweep");
  for (int level = 1; lua_getstack(lua, level, &caller) != 0; level++) {
    if (lua_getinfo(lua, "Sl", &caller) == 0 || caller.currentline <= 0)
      continue;
    (void)snprintf(where, WHERE_SIZE, "%s:%d", caller.short_src,
                   caller.currentline);
    return;
  }
}

/* Raises "sweep.lua:12: CALL: message"; call may be NULL. */
static int raise(lua_State *lua, const char *call, const char *message) {
  char where[WHERE_SIZE];
  position(lua, where);
  lua_pushfstring(lua, "%s: %s%s%s", where, call == NULL ? "" : call,
                  call == NULL ? "" : ": ", message);
  return lua_error(lua);
}

/* __index of words: upvalue 1 is their table, upvalue 2 what it is called in
 * sweeps, like h.source. */
static int find_word(lua_State *lua) {
  const char *words[256], *name, *table, *nearest;
  size_t count = 0;
  lua_pushvalue(lua, 2);
  if (lua_rawget(lua, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  name = luaL_tolstring(lua, 2, NULL);
  table = lua_tostring(lua, lua_upvalueindex(2));
  lua_pushnil(lua);
  while (lua_next(lua, lua_upvalueindex(1)) != 0) {
    if (count < 256) words[count++] = lua_tostring(lua, -2);
    lua_pop(lua, 1);
  }
  nearest = schema_nearest(name, words, count);
  if (nearest != NULL)
    return luaL_error(lua, "there is no %s.%s; did you mean %s.%s?", table,
                      name, table, nearest);
  return luaL_error(lua, "there is no %s.%s; `heed list` shows what there is",
                    table, name);
}

/* Replaces the table on top of the stack by one that can only be looked into,
 * and that is called `name` in messages. */
static void close_words(lua_State *lua, const char *name) {
  static const luaL_Reg functions[] = {{"__newindex", object_write},
                                       {NULL, NULL}};
  lua_newtable(lua);
  luaL_newlib(lua, functions);
  lua_rotate(lua, -3, -1); /* closed, metatable, words */
  lua_pushstring(lua, name);
  lua_pushcclosure(lua, find_word, 2);
  lua_setfield(lua, -2, "__index");
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_setmetatable(lua, -2);
}

/* ---- h.KIND.NAME {…} ---- */

static heed_status plugin_template(lua_State *lua, const heed_plugin *plugin,
                                   const char *where, json_t **result,
                                   heed_error *error) {
  json_t *parameters = NULL, *label;
  heed_status status;
  char full[128];
  if (lua_isnoneornil(lua, 1))
    parameters = json_object();
  else if (!lua_istable(lua, 1))
    return heed_fail(error, HEED_INVALID,
                     "found a %s, expected its parameters between braces",
                     luaL_typename(lua, 1));
  status = parameters != NULL ? HEED_OK
                              : template_read(lua, 1, "", &parameters, error);
  if (status != HEED_OK) return status;
  (void)snprintf(full, sizeof full, "%s/%s", kind_name(plugin->kind),
                 plugin->name);
  label = json_incref(json_object_get(parameters, "label"));
  (void)json_object_del(parameters, "label");
  *result = json_pack("{s:s, s:o, s:s}", "plugin", full, "parameters",
                      parameters, WHERE_KEY, where);
  if (json_array_size(parameters) > 0)
    status = heed_fail(error, HEED_INVALID,
                       "found a list, expected parameters by name");
  else if (label != NULL && !json_is_string(label))
    status = heed_fail(error, HEED_INVALID, "label: expected a text");
  else if (label != NULL)
    (void)json_object_set(*result, LABEL_KEY, label);
  json_decref(label);
  return status;
}

static int construct(lua_State *lua) {
  const heed_plugin *plugin = lua_touserdata(lua, lua_upvalueindex(1));
  const heed_sweep *self = sandbox_sweep(lua);
  char where[WHERE_SIZE], call[160];
  heed_error error;
  heed_status status;
  language_held *made = push_object(lua, PLUGIN_OBJECT);
  position(lua, where);
  status = plugin_template(lua, plugin, where, &made->template, &error);
  if (status == HEED_OK)
    status = check_plugin(self, plugin, made->template, &error);
  if (status == HEED_OK) return 1;
  (void)snprintf(call, sizeof call, "h.%s.%s", kind_name(plugin->kind),
                 plugin->name);
  return raise(lua, call, error.message);
}

/* ---- h.linspace, h.logspace ---- */

/* Rounded to 15 digits: 0.1 + 2 x 0.1 is then 0.3, as a person writes it. */
static double rounded(double number) {
  char text[32];
  (void)snprintf(text, sizeof text, "%.15g", number);
  return strtod(text, NULL);
}

static int spaced(lua_State *lua, const char *call, bool logarithmic) {
  const double low = luaL_checknumber(lua, 1), high = luaL_checknumber(lua, 2);
  const lua_Integer count = luaL_checkinteger(lua, 3);
  if (count < 1 || count > MOST_VALUES)
    return raise(lua, call, "the count must be between 1 and 1000000");
  if (!isfinite(low) || !isfinite(high))
    return raise(lua, call, "the ends must be finite numbers");
  if (logarithmic && (low <= 0 || high <= 0))
    return raise(lua, call, "the ends must be above 0");
  lua_createtable(lua, (int)count, 0);
  for (lua_Integer i = 0; i < count; i++) {
    const double share = count == 1 ? 0 : (double)i / (double)(count - 1);
    double value = logarithmic ? exp(log(low) + share * (log(high) - log(low)))
                               : low + share * (high - low);
    if (i == 0) value = low;
    if (i > 0 && i == count - 1) value = high;
    lua_pushnumber(lua, rounded(value));
    lua_rawseti(lua, -2, i + 1);
  }
  return 1;
}

static int linspace(lua_State *lua) {
  return spaced(lua, "h.linspace", false);
}

static int logspace(lua_State *lua) {
  return spaced(lua, "h.logspace", true);
}

/* ---- h.axis {…} ---- */

/* A letter, then letters, digits and '_': fit to name a data set. */
static bool is_name(const char *text) {
  const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return *text != '\0' && strspn(text, letters) == strlen(text) &&
         (*text < '0' || *text > '9') && *text != '_' && strlen(text) < 64;
}

/* What an axis is told beside its values: into the named places. */
static heed_status axis_option(lua_State *lua, const heed_sweep *self,
                               sweep_axis *axis, heed_error *error) {
  static const char *const options[] = {"unit", "doc", "tie", "labels"};
  const char *key = lua_tostring(lua, -2), *nearest;
  const char **texts[] = {&axis->unit, &axis->doc, &axis->tie};
  for (size_t i = 0; i < 3; i++) {
    const language_held *other;
    if (strcmp(key, options[i]) != 0) continue;
    other = i == 2 ? luaL_testudata(lua, -1, AXIS_OBJECT) : NULL;
    if (other != NULL)
      *texts[i] = self->axes[template_axis(other->template)].name;
    else if (lua_type(lua, -1) == LUA_TSTRING)
      *texts[i] = arena_copy(self->memory, lua_tostring(lua, -1));
    else
      return heed_fail(error, HEED_INVALID, "%s: found a %s, expected %s", key,
                       luaL_typename(lua, -1),
                       i == 2 ? "the name of another axis" : "a text");
    return HEED_OK;
  }
  if (strcmp(key, "labels") == 0)
    return template_read(lua, -1, "labels", &axis->labels, error);
  nearest = schema_nearest(key, options, 4);
  return heed_fail(error, HEED_INVALID, "%s: there is no such option; %s", key,
                   nearest == NULL
                       ? "expected unit, doc, tie or labels"
                       : label_format(self, "did you mean \"%s\"?", nearest));
}

static heed_status axis_options(lua_State *lua, const heed_sweep *self,
                                sweep_axis *axis, heed_error *error) {
  lua_pushnil(lua);
  while (lua_next(lua, 1) != 0) {
    heed_status status = HEED_OK;
    if (lua_type(lua, -2) == LUA_TSTRING)
      status = axis_option(lua, self, axis, error);
    else if (!lua_isinteger(lua, -2))
      status = heed_fail(error, HEED_INVALID, "found a %s as a key",
                         luaL_typename(lua, -2));
    lua_pop(lua, status == HEED_OK ? 1 : 2);
    if (status != HEED_OK) return status;
  }
  return HEED_OK;
}

/* One table of values, as h.linspace makes it. */
static bool is_list_of_values(lua_State *lua) {
  bool state;
  if (lua_rawlen(lua, 1) != 2) return false;
  state = lua_rawgeti(lua, 1, 2) == LUA_TTABLE;
  lua_pop(lua, 1);
  return state;
}

static heed_status axis_values(lua_State *lua, sweep_axis *axis,
                               heed_error *error) {
  const size_t count = (size_t)lua_rawlen(lua, 1);
  heed_status status = HEED_OK;
  if (is_list_of_values(lua)) {
    lua_rawgeti(lua, 1, 2);
    status = template_read(lua, -1, "values", &axis->values, error);
    lua_pop(lua, 1);
    if (status == HEED_OK && !json_is_array(axis->values) &&
        json_object_size(axis->values) > 0)
      return heed_fail(error, HEED_INVALID,
                       "found a table of named values, expected a list");
  } else {
    axis->values = json_array();
    for (size_t i = 2; status == HEED_OK && i <= count; i++) {
      char path[48];
      json_t *value = NULL;
      (void)snprintf(path, sizeof path, "value %zu", i - 1);
      lua_rawgeti(lua, 1, (lua_Integer)i);
      status = template_read(lua, -1, path, &value, error);
      lua_pop(lua, 1);
      if (status == HEED_OK) (void)json_array_append_new(axis->values, value);
    }
  }
  if (status == HEED_OK && json_array_size(axis->values) == 0)
    return heed_fail(error, HEED_INVALID,
                     "it has no values; expected at least one");
  return status;
}

static heed_status axis_labels(const sweep_axis *axis, heed_error *error) {
  const json_t *label;
  size_t i;
  if (axis->labels == NULL) return HEED_OK;
  if (json_array_size(axis->labels) != json_array_size(axis->values))
    return heed_fail(error, HEED_INVALID,
                     "labels: found %zu, expected one for each of the %zu "
                     "values",
                     json_array_size(axis->labels),
                     json_array_size(axis->values));
  json_array_foreach(axis->labels, i, label) {
    if (!json_is_string(label))
      return heed_fail(error, HEED_INVALID, "labels[%zu]: expected a text",
                       i + 1);
  }
  return HEED_OK;
}

/* The table at index 1 as an axis. */
static heed_status axis_read(lua_State *lua, const heed_sweep *self,
                             sweep_axis *made, heed_error *error) {
  heed_status status;
  char where[WHERE_SIZE];
  position(lua, where);
  made->where = arena_copy(self->memory, where);
  if (lua_rawgeti(lua, 1, 1) == LUA_TSTRING)
    made->name = arena_copy(self->memory, lua_tostring(lua, -1));
  lua_pop(lua, 1);
  if (made->name == NULL)
    return heed_fail(error, HEED_INVALID,
                     "expected a name, then values: h.axis { \"name\", 1, 2 }");
  if (!is_name(made->name))
    return heed_fail(error, HEED_INVALID,
                     "an axis is named with a letter, then letters, digits and "
                     "_, fewer than 64");
  status = axis_options(lua, self, made, error);
  if (status == HEED_OK) status = axis_values(lua, made, error);
  return status == HEED_OK ? axis_labels(made, error) : status;
}

static heed_status axis_keep(heed_sweep *self, const sweep_axis *made,
                             language_held *object, heed_error *error) {
  sweep_axis *axes = realloc(self->axes, (self->axis_count + 1) * sizeof *axes);
  if (axes == NULL) return heed_no_memory(error);
  self->axes = axes;
  axes[self->axis_count] = *made;
  object->template =
      json_pack("{s:I}", AXIS_KEY, (json_int_t)self->axis_count++);
  return HEED_OK;
}

static int make_axis(lua_State *lua) {
  heed_sweep *self = sandbox_sweep(lua);
  sweep_axis read = {.inside = SIZE_MAX, .root = SIZE_MAX};
  char call[96] = "h.axis";
  heed_error error;
  language_held *made;
  if (!lua_istable(lua, 1))
    return raise(lua, call,
                 "expected a name and values between braces: h.axis { \"mu\", "
                 "0.6, 0.7 }");
  made = push_object(lua, AXIS_OBJECT);
  if (axis_read(lua, self, &read, &error) == HEED_OK &&
      axis_keep(self, &read, made, &error) == HEED_OK)
    return 1;
  json_decref(read.values);
  json_decref(read.labels);
  if (read.name != NULL)
    (void)snprintf(call, sizeof call, "h.axis { \"%.60s\", … }", read.name);
  return raise(lua, call, error.message);
}

/* ---- h.sweep {…} ---- */

/* A copy of the table at index 1 without `exclude`, which is left on top of
 * the stack (nil: none) above the copy. */
static void split_exclude(lua_State *lua) {
  lua_newtable(lua);
  lua_pushnil(lua);
  while (lua_next(lua, 1) != 0) {
    lua_pushvalue(lua, -2);
    lua_insert(lua, -2);
    lua_rawset(lua, -4);
  }
  lua_pushliteral(lua, "exclude");
  lua_pushliteral(lua, "exclude");
  lua_rawget(lua, -3);
  lua_insert(lua, -2);
  lua_pushnil(lua);
  lua_rawset(lua, -4);
}

static int make_sweep(lua_State *lua) {
  language_held *made;
  heed_error error;
  if (!lua_istable(lua, 1))
    return raise(lua, "h.sweep", "expected its parts between braces");
  lua_settop(lua, 1);
  made = push_object(lua, SWEEP_OBJECT);
  position(lua, made->where);
  split_exclude(lua); /* 1 given, 2 object, 3 copy, 4 exclude */
  if (!lua_isnil(lua, 4) && !lua_isfunction(lua, 4))
    return raise(lua, "h.sweep",
                 "exclude: expected a function(point) that returns true for "
                 "points to leave out");
  lua_setiuservalue(lua, 2, 1);
  if (template_read(lua, 3, "", &made->template, &error) != HEED_OK)
    return raise(lua, "h.sweep", error.message);
  lua_pushvalue(lua, 2);
  return 1;
}

heed_status language_take(heed_sweep *self, heed_error *error) {
  language_held *taken = luaL_testudata(self->lua, -1, SWEEP_OBJECT);
  if (taken == NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: the sweep returns %s, expected: return h.sweep { … }",
                     self->options->sweep,
                     lua_isnil(self->lua, -1) ? "nothing"
                     : luaL_testudata(self->lua, -1, PLUGIN_OBJECT) != NULL
                         ? "a plugin"
                     : luaL_testudata(self->lua, -1, AXIS_OBJECT) != NULL
                         ? "an axis"
                         : luaL_typename(self->lua, -1));
  self->where = arena_copy(self->memory, taken->where);
  self->record = json_deep_copy(taken->template);
  self->exclude = LUA_NOREF;
  if (lua_getiuservalue(self->lua, -1, 1) == LUA_TFUNCTION)
    self->exclude = luaL_ref(self->lua, LUA_REGISTRYINDEX);
  else
    lua_pop(self->lua, 1);
  lua_pop(self->lua, 1);
  if (json_is_object(self->record)) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: h.sweep: found a list, expected named parts",
                   self->where);
}

/* ---- h ---- */

static void push_kind(lua_State *lua, const host_registry *plugins,
                      heed_kind kind) {
  char name[64];
  void *plain; /* Lua knows no pointers to const */
  lua_newtable(lua);
  for (size_t i = 0; i < registry_count(plugins); i++) {
    const heed_plugin *plugin = registry_at(plugins, i, NULL);
    if (plugin->kind != kind) continue;
    memcpy(&plain, &plugin, sizeof plain);
    lua_pushlightuserdata(lua, plain);
    lua_pushcclosure(lua, construct, 1);
    lua_setfield(lua, -2, plugin->name);
  }
  (void)snprintf(name, sizeof name, "h.%s", kind_name(kind));
  close_words(lua, name);
}

void language_push(heed_sweep *self) {
  static const luaL_Reg functions[] = {{"axis", make_axis},
                                       {"linspace", linspace},
                                       {"logspace", logspace},
                                       {"sweep", make_sweep},
                                       {NULL, NULL}};
  lua_State *lua = self->lua;
  push_type(lua, PLUGIN_OBJECT);
  push_type(lua, AXIS_OBJECT);
  push_type(lua, SWEEP_OBJECT);
  luaL_newlib(lua, functions);
  lua_getfield(lua, -1, "axis");
  lua_pushcclosure(lua, language_rows, 1);
  lua_setfield(lua, -2, "rows");
  for (int kind = 0; kind < HEED_KIND_COUNT; kind++) {
    push_kind(lua, self->plugins, (heed_kind)kind);
    lua_setfield(lua, -2, kind_name((heed_kind)kind));
  }
  close_words(lua, "h");
}
