/* SPDX-License-Identifier: GPL-3.0-or-later
 * h.rows { "arm", { "all", filter = …, trainer = … }, … }: an axis whose values
 * set several parameters at once.
 *
 * The rows' names are an axis, and each column is an axis tied to it.  h.axis
 * makes and checks all of them. */
#include "rows.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "text.h"

enum { ROWS = 1, NAMES, COLUMNS, AXES }; /* positions on Lua's stack */

static int complain(lua_State *lua, lua_Integer row, const char *message) {
  lua_rawgeti(lua, ROWS, 1);
  return luaL_error(lua, "h.rows { \"%s\", … }: row %d: %s",
                    lua_tostring(lua, -1), (int)row, message);
}

/* The rows' names as the axis that the columns are tied to; the first value
 * of ROWS is the axis's name. */
static lua_Integer read_names(lua_State *lua) {
  const lua_Integer count = (lua_Integer)lua_rawlen(lua, ROWS);
  if (count < 2 || lua_rawgeti(lua, ROWS, 1) != LUA_TSTRING)
    luaL_error(lua,
               "h.rows: expected a name, then rows: h.rows { \"arm\", "
               "{ \"all\", filter = … }, … }");
  lua_createtable(lua, (int)count, 0);
  lua_insert(lua, NAMES);
  lua_settop(lua, NAMES);
  for (lua_Integer row = 1; row < count; row++) {
    if (lua_rawgeti(lua, ROWS, row + 1) != LUA_TTABLE)
      complain(lua, row, "expected a table: { \"its name\", KEY = VALUE, … }");
    if (lua_rawgeti(lua, -1, 1) != LUA_TSTRING || lua_rawlen(lua, -2) != 1)
      complain(lua, row, "expected its name first, then only KEY = VALUE");
    lua_rawseti(lua, NAMES, row);
    lua_pop(lua, 1);
  }
  return count - 1;
}

static int by_name(const void *a, const void *b) {
  const char *const *left = a, *const *right = b;
  return strcmp(*left, *right);
}

/* The keys of the first row in alphabetical order: Lua's own order changes from
 * run to run. */
static lua_Integer read_columns(lua_State *lua) {
  const char *keys[128] = {NULL};
  size_t count = 0;
  heed_error error;
  lua_rawgeti(lua, ROWS, 2);
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pop(lua, 1);
    if (lua_type(lua, -1) != LUA_TSTRING) continue;
    if (count == sizeof keys / sizeof *keys)
      return complain(lua, 1, "more than 128 columns");
    keys[count] = text_at(lua, -1, "a key", &error);
    if (keys[count++] == NULL) return complain(lua, 1, error.message);
  }
  qsort(keys, count, sizeof *keys, by_name);
  lua_createtable(lua, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(lua, keys[i]);
    lua_rawseti(lua, -2, (lua_Integer)i + 1);
  }
  lua_replace(lua, COLUMNS);
  lua_settop(lua, COLUMNS);
  return (lua_Integer)count;
}

/* Checks that a row has exactly the keys of the first row. */
static void check_keys(lua_State *lua, lua_Integer row, lua_Integer columns) {
  lua_Integer found = 0;
  char message[160];
  lua_rawgeti(lua, ROWS, row + 1);
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    found += lua_type(lua, -2) == LUA_TSTRING;
    lua_pop(lua, 1);
  }
  for (lua_Integer i = 1; i <= columns; i++) {
    lua_rawgeti(lua, COLUMNS, i);
    (void)snprintf(message, sizeof message,
                   "missing key %.60s, which the first row has",
                   lua_tostring(lua, -1));
    if (lua_rawget(lua, -2) == LUA_TNIL) complain(lua, row, message);
    lua_pop(lua, 1);
  }
  if (found > columns)
    complain(lua, row, "found a key that the first row lacks");
  lua_settop(lua, AXES);
}

/* Calls h.axis(name, values, options) with the three values on top of the
 * stack. */
static void call_axis(lua_State *lua) {
  lua_pushcfunction(lua, axis_make);
  lua_insert(lua, -4);
  lua_call(lua, 3, 1);
}

static void make_names(lua_State *lua) {
  lua_rawgeti(lua, ROWS, 1);
  lua_pushvalue(lua, NAMES);
  lua_pushnil(lua);
  call_axis(lua);
  lua_pop(lua, 1);
}

/* Pushes the values of the column whose key is on top of the stack.  Returns
 * whether they need labels; only numbers, or only texts, do not. */
static bool push_column(lua_State *lua, lua_Integer rows) {
  bool numbers = true, texts = true;
  lua_createtable(lua, (int)rows, 0);
  for (lua_Integer row = 1; row <= rows; row++) {
    int type;
    lua_rawgeti(lua, ROWS, row + 1);
    lua_pushvalue(lua, -3);
    type = lua_rawget(lua, -2);
    numbers = numbers && type == LUA_TNUMBER;
    texts = texts && type == LUA_TSTRING;
    lua_rawseti(lua, -3, row);
    lua_pop(lua, 1);
  }
  return !numbers && !texts;
}

/* Replaces the key on top of the stack by its column as an axis.  Numbers and
 * texts are their own labels; the label of any other value is its row's name.
 */
static void make_column(lua_State *lua, lua_Integer rows) {
  const bool labelled = push_column(lua, rows);
  lua_createtable(lua, 0, 2);
  lua_rawgeti(lua, ROWS, 1);
  lua_setfield(lua, -2, "tie");
  if (labelled) {
    lua_pushvalue(lua, NAMES);
    lua_setfield(lua, -2, "labels");
  }
  call_axis(lua);
}

int rows_axis(lua_State *lua) {
  lua_Integer rows, columns;
  if (!lua_istable(lua, ROWS))
    return luaL_error(lua, "h.rows: expected a name and rows in braces");
  lua_settop(lua, ROWS);
  rows = read_names(lua);
  lua_settop(lua, COLUMNS);
  columns = read_columns(lua);
  lua_createtable(lua, 0, (int)columns);
  for (lua_Integer row = 2; row <= rows; row++) check_keys(lua, row, columns);
  make_names(lua);
  for (lua_Integer i = 1; i <= columns; i++) {
    lua_rawgeti(lua, COLUMNS, i);
    lua_pushvalue(lua, -1);
    make_column(lua, rows);
    lua_rawset(lua, AXES);
  }
  return 1;
}
