/* SPDX-License-Identifier: GPL-3.0-or-later
 * The functions of require "heed": a constructor for each plugin, linspace,
 * logspace and sweep; axis.c and rows.c have the others.
 *
 * Their values are opaque to the sweep (object.c).  C code between Lua and
 * jansson returns a status and raises it only once nothing is left to free. */
#include "language.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "check.h"
#include "label.h"
#include "object.h"
#include "rows.h"
#include "sandbox.h"
#include "steady.h"
#include "template.h"

#define MOST_VALUES 1000000

/* __index of words: upvalue 1 is their table, upvalue 2 its name in sweeps,
 * such as h.source. */
static int find_word(lua_State *lua) {
  const char *words[256], *name, *table, *nearest;
  size_t count = 0, length;
  lua_pushvalue(lua, 2);
  if (lua_rawget(lua, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  name = steady_text(lua, 2);
  length = lua_rawlen(lua, -1);
  table = lua_tostring(lua, lua_upvalueindex(2));
  if (strlen(name) != length)
    return luaL_error(lua, "%s: zero byte in a name", table);
  (void)steady_keys(lua, lua_upvalueindex(1));
  for (lua_Integer i = 1; count < 256; i++) {
    const bool is_end = lua_rawgeti(lua, -1, i) == LUA_TNIL;
    words[count] = lua_tostring(lua, -1);
    lua_pop(lua, 1); /* the table holds it */
    if (is_end) break;
    count++;
  }
  nearest = schema_nearest(name, words, count);
  if (nearest != NULL)
    return luaL_error(lua, "unknown name %s.%s; did you mean %s.%s?", table,
                      name, table, nearest);
  return luaL_error(lua, "unknown name %s.%s; `heed list` shows the plugins",
                    table, name);
}

/* Replaces the table on top of the stack by a read-only table with the name
 * `name` in messages. */
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

/* `label` names the plugin on an axis, unless the plugin has a parameter of
 * that name. */
bool language_takes_label(const heed_plugin *plugin) {
  for (size_t i = 0; i < plugin->parameter_count; i++)
    if (strcmp(plugin->parameters[i].name, "label") == 0) return false;
  return true;
}

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
                     "found a %s, expected its parameters in braces",
                     luaL_typename(lua, 1));
  status = parameters != NULL ? HEED_OK
                              : template_read(lua, 1, "", &parameters, error);
  if (status != HEED_OK) return status;
  (void)snprintf(full, sizeof full, "%s/%s", kind_name(plugin->kind),
                 plugin->name);
  label = language_takes_label(plugin)
              ? json_incref(json_object_get(parameters, "label"))
              : NULL;
  if (label != NULL) (void)json_object_del(parameters, "label");
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
  sweep_object *made = object_push(lua, OBJECT_PLUGIN);
  object_caller(lua, where);
  status = plugin_template(lua, plugin, where, &made->template, &error);
  if (status == HEED_OK)
    status = check_plugin(self, plugin, made->template, &error);
  if (status == HEED_OK) return 1;
  (void)snprintf(call, sizeof call, "h.%s.%s", kind_name(plugin->kind),
                 plugin->name);
  return object_raise(lua, call, error.message);
}

/* ---- h.linspace, h.logspace ---- */

/* Rounded to 15 digits, so that 0.1 + 2 x 0.1 is 0.3. */
static double rounded(double number) {
  char text[32];
  (void)snprintf(text, sizeof text, "%.15g", number);
  return strtod(text, NULL);
}

static int spaced(lua_State *lua, const char *call, bool logarithmic) {
  const double low = luaL_checknumber(lua, 1), high = luaL_checknumber(lua, 2);
  const lua_Integer count = luaL_checkinteger(lua, 3);
  if (count < 1 || count > MOST_VALUES)
    return object_raise(lua, call, "the count must be between 1 and 1000000");
  if (!isfinite(low) || !isfinite(high))
    return object_raise(lua, call, "the ends must be finite numbers");
  if (logarithmic && (low <= 0 || high <= 0))
    return object_raise(lua, call, "the ends must be above 0");
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

/* ---- h.sweep {…} ---- */

/* Pushes a copy of the table at index 1 without `exclude`, then `exclude` (nil:
 * none). */
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
  sweep_object *made;
  heed_error error;
  if (!lua_istable(lua, 1))
    return object_raise(lua, "h.sweep", "expected its parts in braces");
  lua_settop(lua, 1);
  made = object_push(lua, OBJECT_SWEEP);
  object_caller(lua, made->where);
  split_exclude(lua); /* 1 given, 2 object, 3 copy, 4 exclude */
  if (!lua_isnil(lua, 4) && !lua_isfunction(lua, 4))
    return object_raise(
        lua, "h.sweep",
        "exclude: expected a function(point) that returns true for "
        "points to leave out");
  lua_setiuservalue(lua, 2, 1);
  if (template_read(lua, 3, "", &made->template, &error) != HEED_OK)
    return object_raise(lua, "h.sweep", error.message);
  lua_pushvalue(lua, 2);
  return 1;
}

static const char *place_of_return(const heed_sweep *self) {
  if (self->returned_line <= 0) return self->options->sweep;
  return label_format(self, "%s:%d", self->options->sweep, self->returned_line);
}

heed_status language_take(heed_sweep *self, heed_error *error) {
  sweep_object *taken = luaL_testudata(self->lua, -1, OBJECT_SWEEP);
  if (taken == NULL)
    return heed_fail(
        error, HEED_INVALID,
        "%s: the sweep returns %s, expected return h.sweep { … }",
        place_of_return(self),
        lua_isnil(self->lua, -1)                               ? "nothing"
        : luaL_testudata(self->lua, -1, OBJECT_PLUGIN) != NULL ? "a plugin"
        : luaL_testudata(self->lua, -1, OBJECT_AXIS) != NULL
            ? "an axis"
            : label_format(self, "a %s", luaL_typename(self->lua, -1)));
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

const luaL_Reg language_words[] = {
    {"axis", axis_make},    {"rows", rows_axis},   {"linspace", linspace},
    {"logspace", logspace}, {"sweep", make_sweep}, {NULL, NULL},
};

void language_push(lua_State *lua) {
  const heed_sweep *self = sandbox_sweep(lua);
  object_open(lua);
  lua_newtable(lua);
  luaL_setfuncs(lua, language_words, 0);
  for (int kind = 0; kind < HEED_KIND_COUNT; kind++) {
    push_kind(lua, self->plugins, (heed_kind)kind);
    lua_setfield(lua, -2, kind_name((heed_kind)kind));
  }
  close_words(lua, "h");
}
