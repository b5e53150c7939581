/* SPDX-License-Identifier: GPL-3.0-or-later
 * h.axis, in two forms:
 *
 *   h.axis { "gap", 0.6, 0.74, unit = "1" }       or one table of values
 *   h.axis("levels", { { 0.5 }, { 0.1, 0.9 } }, { unit = "1" })
 *
 * In the second form, a value can itself be a list. */
#include "axis.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "object.h"
#include "sandbox.h"
#include "steady.h"
#include "template.h"
#include "text.h"

/* Positions on Lua's stack of the arguments of h.axis. */
typedef struct axis_form {
  int name, values, options; /* options: a table, or 0 */
  bool listed; /* values: one table; else the elements of the braces */
} axis_form;

/* A letter, then letters, digits and '_': a valid name of a data set. */
static bool is_name(const char *text) {
  const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return *text != '\0' && strspn(text, letters) == strlen(text) &&
         (*text < '0' || *text > '9') && *text != '_' && strlen(text) < 64;
}

/* ---- options ---- */

static heed_status read_tie(lua_State *lua, const heed_sweep *self,
                            sweep_axis *axis, heed_error *error) {
  const sweep_object *other = luaL_testudata(lua, -1, OBJECT_AXIS);
  const char *text;
  if (other != NULL) {
    axis->tie = self->axes[template_axis(other->template)].name;
    return HEED_OK;
  }
  if (lua_type(lua, -1) != LUA_TSTRING)
    return heed_fail(error, HEED_INVALID,
                     "tie: found a %s, expected the name of another axis",
                     luaL_typename(lua, -1));
  text = text_at(lua, -1, "tie", error);
  if (text == NULL) return HEED_INVALID;
  axis->tie = arena_copy(self->memory, text);
  return HEED_OK;
}

static heed_status read_text(lua_State *lua, const heed_sweep *self,
                             const char *key, const char **result,
                             heed_error *error) {
  const char *text;
  if (lua_type(lua, -1) != LUA_TSTRING)
    return heed_fail(error, HEED_INVALID, "%s: found a %s, expected a text",
                     key, luaL_typename(lua, -1));
  text = text_at(lua, -1, key, error);
  if (text == NULL) return HEED_INVALID;
  *result = arena_copy(self->memory, text);
  return HEED_OK;
}

/* The pair on top of the stack: its key is a text. */
static heed_status read_option(lua_State *lua, const heed_sweep *self,
                               sweep_axis *axis, heed_error *error) {
  static const char *const options[] = {"unit", "doc", "tie", "labels"};
  const char *key = text_at(lua, -2, "an option", error), *nearest;
  if (key == NULL) return HEED_INVALID;
  if (strcmp(key, "unit") == 0)
    return read_text(lua, self, key, &axis->unit, error);
  if (strcmp(key, "doc") == 0)
    return read_text(lua, self, key, &axis->doc, error);
  if (strcmp(key, "tie") == 0) return read_tie(lua, self, axis, error);
  if (strcmp(key, "labels") == 0)
    return template_read(lua, -1, "labels", &axis->labels, error);
  nearest = schema_nearest(key, options, 4);
  return heed_fail(error, HEED_INVALID, "%s: unknown option; %s", key,
                   nearest == NULL
                       ? "expected unit, doc, tie or labels"
                       : label_format(self, "did you mean \"%s\"?", nearest));
}

/* In braces, integer keys belong to name and values. */
static heed_status read_options(lua_State *lua, const heed_sweep *self,
                                const axis_form *given, sweep_axis *axis,
                                heed_error *error) {
  if (given->options == 0) return HEED_OK;
  (void)steady_keys(lua, given->options);
  for (lua_Integer i = 1;; i++) {
    heed_status status = HEED_OK;
    if (lua_rawgeti(lua, -1, i) == LUA_TNIL) break;
    lua_pushvalue(lua, -1);
    (void)lua_rawget(lua, given->options);
    if (lua_type(lua, -2) == LUA_TSTRING)
      status = read_option(lua, self, axis, error);
    else if (given->options != 1 || !lua_isinteger(lua, -2))
      status = heed_fail(error, HEED_INVALID, "found a %s as a key%s",
                         luaL_typename(lua, -2),
                         given->options == 1 ? "" : " of its options");
    lua_pop(lua, status == HEED_OK ? 2 : 3);
    if (status != HEED_OK) return status;
  }
  lua_pop(lua, 2);
  return HEED_OK;
}

/* ---- values ---- */

/* The table at given->values. */
static heed_status read_list(lua_State *lua, const axis_form *given,
                             sweep_axis *axis, heed_error *error) {
  const heed_status status =
      template_read(lua, given->values, "values", &axis->values, error);
  if (status != HEED_OK) return status;
  if (json_is_array(axis->values) || json_object_size(axis->values) == 0)
    return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "found a table of named values, expected a list");
}

/* The values after the name in the braces. */
static heed_status read_inline(lua_State *lua, sweep_axis *axis,
                               heed_error *error) {
  const size_t count = (size_t)lua_rawlen(lua, 1);
  heed_status status = HEED_OK;
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
  return status;
}

static heed_status read_values(lua_State *lua, const axis_form *given,
                               sweep_axis *axis, heed_error *error) {
  const heed_status status = given->listed ? read_list(lua, given, axis, error)
                                           : read_inline(lua, axis, error);
  if (status == HEED_OK && json_array_size(axis->values) == 0)
    return heed_fail(error, HEED_INVALID,
                     "found no values, expected at least one");
  return status;
}

static heed_status check_labels(const sweep_axis *axis, heed_error *error) {
  const json_t *label;
  size_t i;
  if (axis->labels == NULL) return HEED_OK;
  if (!json_is_array(axis->labels))
    return heed_fail(error, HEED_INVALID, "labels: expected a list of texts");
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

/* ---- the two forms ---- */

/* { "name", value, … } or { "name", { value, … } }, with options between. */
static axis_form braces(lua_State *lua) {
  axis_form given = {.options = 1};
  lua_rawgeti(lua, 1, 1);
  given.name = lua_gettop(lua);
  given.listed =
      lua_rawgeti(lua, 1, 2) == LUA_TTABLE && lua_rawlen(lua, 1) == 2;
  given.values = lua_gettop(lua);
  return given;
}

/* ("name", { value, … }) or ("name", { value, … }, { options }). */
static axis_form arguments(lua_State *lua) {
  return (axis_form){.name = 1,
                     .values = 2,
                     .options = lua_istable(lua, 3) ? 3 : 0,
                     .listed = true};
}

static heed_status check_arguments(lua_State *lua, heed_error *error) {
  if (!lua_istable(lua, 2))
    return heed_fail(error, HEED_INVALID,
                     "found %s%s, expected a list of values: h.axis(\"mu\", "
                     "{ 0.6, 0.7 })",
                     lua_isnil(lua, 2) ? "" : "a ",
                     lua_isnil(lua, 2) ? "nothing" : luaL_typename(lua, 2));
  if (lua_isnil(lua, 3) || lua_istable(lua, 3)) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "found a %s after the values, expected a table of options: "
                   "{ unit = \"s\" }",
                   luaL_typename(lua, 3));
}

/* ---- h.axis ---- */

static heed_status read_name(lua_State *lua, const heed_sweep *self, int index,
                             sweep_axis *axis, heed_error *error) {
  const char *text;
  if (lua_type(lua, index) != LUA_TSTRING)
    return heed_fail(error, HEED_INVALID,
                     "expected a name, then values: h.axis { \"name\", 1, 2 }");
  text = text_at(lua, index, "its name", error);
  if (text == NULL) return HEED_INVALID;
  axis->name = arena_copy(self->memory, text);
  if (is_name(text)) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "expected as its name a letter, then letters, digits and "
                   "_, fewer than 64 in all");
}

static heed_status read_axis(lua_State *lua, const heed_sweep *self,
                             sweep_axis *axis, heed_error *error) {
  const bool called = lua_type(lua, 1) == LUA_TSTRING;
  const axis_form given = called ? arguments(lua) : braces(lua);
  char where[WHERE_SIZE];
  heed_status status;
  object_caller(lua, where);
  axis->where = arena_copy(self->memory, where);
  status = read_name(lua, self, given.name, axis, error);
  if (status == HEED_OK && called) status = check_arguments(lua, error);
  if (status == HEED_OK) status = read_options(lua, self, &given, axis, error);
  if (status == HEED_OK) status = read_values(lua, &given, axis, error);
  return status == HEED_OK ? check_labels(axis, error) : status;
}

static heed_status keep_axis(heed_sweep *self, const sweep_axis *axis,
                             sweep_object *object, heed_error *error) {
  sweep_axis *axes = realloc(self->axes, (self->axis_count + 1) * sizeof *axes);
  if (axes == NULL) return heed_no_memory(error);
  self->axes = axes;
  axes[self->axis_count] = *axis;
  object->template =
      json_pack("{s:I}", AXIS_KEY, (json_int_t)self->axis_count++);
  return HEED_OK;
}

int axis_make(lua_State *lua) {
  heed_sweep *self = sandbox_sweep(lua);
  sweep_axis axis = {.inside = SIZE_MAX, .root = SIZE_MAX};
  const bool in_braces = lua_istable(lua, 1);
  char call[96] = "h.axis";
  heed_error error;
  sweep_object *made;
  if (!in_braces && lua_type(lua, 1) != LUA_TSTRING)
    return object_raise(lua, call,
                        "expected a name and values: h.axis { \"mu\", 0.6, "
                        "0.7 } or h.axis(\"mu\", { 0.6, 0.7 })");
  if (lua_gettop(lua) > 3)
    return object_raise(lua, call,
                        "expected at most a name, a list of values and a "
                        "table of options");
  if (in_braces && lua_gettop(lua) > 1)
    return object_raise(lua, call,
                        "found values after the braces, expected them inside: "
                        "h.axis { \"mu\", 0.6, 0.7 }");
  lua_settop(lua, 3);
  made = object_push(lua, OBJECT_AXIS);
  if (read_axis(lua, self, &axis, &error) == HEED_OK &&
      keep_axis(self, &axis, made, &error) == HEED_OK) {
    lua_settop(lua, 4);
    return 1;
  }
  json_decref(axis.values);
  json_decref(axis.labels);
  if (axis.name != NULL)
    (void)snprintf(
        call, sizeof call,
        in_braces ? "h.axis { \"%.60s\", … }" : "h.axis(\"%.60s\", …)",
        axis.name);
  return object_raise(lua, call, error.message);
}
