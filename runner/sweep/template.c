/* SPDX-License-Identifier: GPL-3.0-or-later
 * Templates: Lua values as JSON, with numbers for axes. */
#include "template.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "steady.h"
#include "text.h"

#define PATH_TEXT 256
#define DEEPEST 24

static heed_status read(lua_State *lua, int index, const char *path,
                        unsigned depth, json_t **result, heed_error *error);

static heed_status string_at(lua_State *lua, int index, const char *path,
                             json_t **result, heed_error *error) {
  const char *text = text_at(lua, index, path, error);
  if (text == NULL) return HEED_INVALID;
  *result = json_string(text);
  return HEED_OK;
}

static heed_status number_at(lua_State *lua, int index, const char *path,
                             json_t **result, heed_error *error) {
  const double number = lua_tonumber(lua, index);
  if (!isfinite(number))
    return heed_fail(error, HEED_INVALID,
                     "%s: found %s, expected a finite number", path,
                     isnan(number) ? "nan (not a number)"
                     : number > 0  ? "infinity"
                                   : "-infinity");
  *result = lua_isinteger(lua, index) ? json_integer(lua_tointeger(lua, index))
                                      : json_real(number);
  return HEED_OK;
}

static heed_status unfit(lua_State *lua, int index, const char *path,
                         heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "%s: found a %s, expected a number, text, boolean, table, "
                   "plugin or axis%s",
                   path, luaL_typename(lua, index),
                   lua_iscfunction(lua, index)
                       ? "; a plugin needs its braces: h.KIND.NAME {}"
                       : "");
}

/* ---- tables ---- */

static heed_status list_at(lua_State *lua, int index, size_t count,
                           const char *path, unsigned depth, json_t **result,
                           heed_error *error) {
  heed_status status = HEED_OK;
  json_t *list = json_array();
  for (size_t i = 1; status == HEED_OK && i <= count; i++) {
    char below[PATH_TEXT];
    json_t *item = NULL;
    (void)snprintf(below, sizeof below, "%s[%zu]", path, i);
    lua_rawgeti(lua, index, (lua_Integer)i);
    status = read(lua, lua_gettop(lua), below, depth + 1, &item, error);
    lua_pop(lua, 1);
    if (status == HEED_OK) (void)json_array_append_new(list, item);
  }
  if (status == HEED_OK)
    *result = list;
  else
    json_decref(list);
  return status;
}

/* Stores the pair on top of the stack in the object. */
static heed_status pair_at(lua_State *lua, const char *path, unsigned depth,
                           json_t *object, heed_error *error) {
  char below[PATH_TEXT];
  json_t *item = NULL;
  heed_status status;
  const char *key;
  if (lua_type(lua, -2) != LUA_TSTRING)
    return heed_fail(error, HEED_INVALID,
                     "%s%sfound a table with both named and unnamed values, or "
                     "with gaps",
                     path, *path == '\0' ? "" : ": ");
  key = text_at(lua, -2, path, error);
  if (key == NULL) return HEED_INVALID;
  if (text_has_control(key))
    return heed_fail(error, HEED_INVALID,
                     "%s%sfound a key with a control character", path,
                     *path == '\0' ? "" : ": ");
  (void)snprintf(below, sizeof below, "%s%s%s", path, *path == '\0' ? "" : ".",
                 key);
  status = read(lua, lua_gettop(lua), below, depth + 1, &item, error);
  if (status != HEED_OK) return status;
  (void)json_object_set_new(object, key, item);
  return HEED_OK;
}

/* In the order of steady_keys(): Lua's order changes from run to run. */
static heed_status record_at(lua_State *lua, int index, const char *path,
                             unsigned depth, json_t **result,
                             heed_error *error) {
  heed_status status = HEED_OK;
  json_t *object;
  (void)steady_keys(lua, index);
  object = json_object();
  for (lua_Integer i = 1; status == HEED_OK; i++) {
    if (lua_rawgeti(lua, -1, i) == LUA_TNIL) break;
    lua_pushvalue(lua, -1);
    (void)lua_rawget(lua, index);
    status = pair_at(lua, path, depth, object, error);
    lua_pop(lua, 2);
  }
  lua_pop(lua, status == HEED_OK ? 2 : 1);
  if (status == HEED_OK)
    *result = object;
  else
    json_decref(object);
  return status;
}

static heed_status table_at(lua_State *lua, int index, const char *path,
                            unsigned depth, json_t **result,
                            heed_error *error) {
  size_t entries = 0;
  const size_t listed = (size_t)lua_rawlen(lua, index);
  if (depth > DEEPEST || !lua_checkstack(lua, 8))
    return heed_fail(error, HEED_INVALID,
                     "%.60s…: tables are nested too deeply, or in a cycle",
                     path);
  if (listed == 0) return record_at(lua, index, path, depth, result, error);
  lua_pushnil(lua);
  while (lua_next(lua, index) != 0) {
    entries++;
    lua_pop(lua, 1);
  }
  if (entries == listed)
    return list_at(lua, index, listed, path, depth, result, error);
  return record_at(lua, index, path, depth, result, error);
}

static heed_status read(lua_State *lua, int index, const char *path,
                        unsigned depth, json_t **result, heed_error *error) {
  *result = NULL;
  switch (lua_type(lua, index)) {
    case LUA_TBOOLEAN:
      *result = json_boolean(lua_toboolean(lua, index));
      return HEED_OK;
    case LUA_TNUMBER:
      return number_at(lua, index, path, result, error);
    case LUA_TSTRING:
      return string_at(lua, index, path, result, error);
    case LUA_TTABLE:
      return table_at(lua, index, path, depth, result, error);
    case LUA_TUSERDATA:
      *result = object_template(lua, index);
      if (*result != NULL) return HEED_OK;
      break;
    default:
      break;
  }
  return unfit(lua, index, path, error);
}

heed_status template_read(lua_State *lua, int index, const char *path,
                          json_t **result, heed_error *error) {
  return read(lua, lua_absindex(lua, index), path, 0, result, error);
}

/* ---- axes in templates ---- */

size_t template_axis(const json_t *template) {
  const json_t *number = json_object_get(template, AXIS_KEY);
  return number == NULL ? SIZE_MAX : (size_t)json_integer_value(number);
}

void template_axes(const json_t *template, uint8_t *used) {
  const size_t axis = template_axis(template);
  const char *key;
  json_t *item;
  size_t i;
  if (axis != SIZE_MAX) {
    used[axis] = 1;
    return;
  }
  json_object_foreach((json_t *)template, key, item) {
    template_axes(item, used);
  }
  json_array_foreach(template, i, item) {
    template_axes(item, used);
  }
}

json_t *template_fill(const heed_sweep *self, const json_t *template,
                      const size_t *position) {
  const size_t axis = template_axis(template);
  const char *key;
  json_t *item, *result;
  size_t i;
  if (axis != SIZE_MAX)
    return template_fill(
        self, json_array_get(self->axes[axis].values, position[axis]),
        position);
  if (json_is_object(template)) {
    result = json_object();
    json_object_foreach((json_t *)template, key, item) {
      (void)json_object_set_new(result, key,
                                template_fill(self, item, position));
    }
    return result;
  }
  if (json_is_array(template)) {
    result = json_array();
    json_array_foreach(template, i, item) {
      (void)json_array_append_new(result, template_fill(self, item, position));
    }
    return result;
  }
  return json_incref((json_t *)template);
}
