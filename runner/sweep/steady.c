/* SPDX-License-Identifier: GPL-3.0-or-later
 * What Lua itself does differently in each run. */
#include "steady.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS "heed.numbers" /* in the registry: object -> its number */

/* ---- order of keys ---- */

typedef enum order_rank {
  RANK_NUMBER,
  RANK_TEXT,
  RANK_BOOLEAN,
  RANK_OTHER
} order_rank;

typedef struct order_key {
  order_rank rank;
  bool is_integer;
  lua_Integer integer; /* or a boolean */
  double number;
  const char *text; /* Lua holds it */
  size_t length;
  lua_Integer place; /* in the list as Lua gives it */
} order_key;

static order_key key_at(lua_State *lua, int index) {
  order_key key = {.rank = RANK_OTHER};
  switch (lua_type(lua, index)) {
    case LUA_TNUMBER:
      key.rank = RANK_NUMBER;
      key.is_integer = lua_isinteger(lua, index) != 0;
      key.integer = key.is_integer ? lua_tointeger(lua, index) : 0;
      key.number = lua_tonumber(lua, index);
      break;
    case LUA_TSTRING:
      key.rank = RANK_TEXT;
      key.text = lua_tolstring(lua, index, &key.length);
      break;
    case LUA_TBOOLEAN:
      key.rank = RANK_BOOLEAN;
      key.integer = lua_toboolean(lua, index);
      break;
    default:
      break;
  }
  return key;
}

static int order_numbers(const order_key *a, const order_key *b) {
  if (a->is_integer && b->is_integer)
    return a->integer < b->integer ? -1 : a->integer > b->integer;
  return a->number < b->number ? -1 : a->number > b->number;
}

static int order_texts(const order_key *a, const order_key *b) {
  const size_t shared = a->length < b->length ? a->length : b->length;
  const int order = memcmp(a->text, b->text, shared);
  if (order != 0) return order;
  return a->length < b->length ? -1 : a->length > b->length;
}

static int by_order(const void *one, const void *other) {
  const order_key *a = one, *b = other;
  if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
  if (a->rank == RANK_NUMBER) return order_numbers(a, b);
  if (a->rank == RANK_TEXT) return order_texts(a, b);
  return a->integer < b->integer ? -1 : a->integer > b->integer;
}

/* Pushes a list of the keys in Lua's order; returns its length. */
static size_t list_keys(lua_State *lua, int index) {
  lua_Integer count = 0;
  lua_newtable(lua);
  lua_pushnil(lua);
  while (lua_next(lua, index) != 0) {
    lua_pop(lua, 1);
    lua_pushvalue(lua, -1);
    lua_rawseti(lua, -3, ++count);
  }
  return (size_t)count;
}

/* Pushes an array of the keys in the list on top of the stack, in order. */
static const order_key *sort_keys(lua_State *lua, size_t count) {
  const int list = lua_gettop(lua);
  order_key *keys = lua_newuserdatauv(lua, (count + 1) * sizeof *keys, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(lua, list, (lua_Integer)i + 1);
    keys[i] = key_at(lua, -1);
    keys[i].place = (lua_Integer)i + 1;
    lua_pop(lua, 1); /* the table still holds it */
  }
  qsort(keys, count, sizeof *keys, by_order);
  return keys;
}

bool steady_keys(lua_State *lua, int index) {
  const int table = lua_absindex(lua, index);
  const order_key *keys;
  size_t count;
  luaL_checkstack(lua, 8, "too many values");
  count = list_keys(lua, table);
  keys = sort_keys(lua, count);
  lua_createtable(lua, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(lua, -3, keys[i].place);
    lua_rawseti(lua, -2, (lua_Integer)i + 1);
  }
  const bool ordered = count < 2 || keys[count - 2].rank != RANK_OTHER;
  lua_replace(lua, -3);
  lua_pop(lua, 1);
  return ordered;
}

/* ---- pairs, next ---- */

static int no_order(lua_State *lua, const char *function) {
  return luaL_error(lua,
                    "%s: several keys of this table are tables or functions, "
                    "which have no order; use texts or numbers as keys",
                    function);
}

/* Upvalues: the keys, the place of the last one. */
static int next_pair(lua_State *lua) {
  lua_Integer place = lua_tointeger(lua, lua_upvalueindex(2));
  luaL_checktype(lua, 1, LUA_TTABLE);
  for (;;) {
    if (lua_rawgeti(lua, lua_upvalueindex(1), ++place) == LUA_TNIL) return 1;
    lua_pushvalue(lua, -1);
    if (lua_rawget(lua, 1) != LUA_TNIL) break; /* not removed since */
    lua_pop(lua, 2);
  }
  lua_pushinteger(lua, place);
  lua_replace(lua, lua_upvalueindex(2));
  return 2;
}

static int pairs(lua_State *lua) {
  luaL_checkany(lua, 1);
  if (luaL_getmetafield(lua, 1, "__pairs") != LUA_TNIL) {
    lua_pushvalue(lua, 1);
    lua_call(lua, 1, 3);
    return 3;
  }
  luaL_checktype(lua, 1, LUA_TTABLE);
  if (!steady_keys(lua, 1)) return no_order(lua, "pairs");
  lua_pushinteger(lua, 0);
  lua_pushcclosure(lua, next_pair, 2);
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

/* The first key after the given one in the order of steady_keys(). */
static int next(lua_State *lua) {
  order_key given, found = {.rank = RANK_OTHER};
  bool is_found = false;
  size_t others = 0;
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 2);
  given = key_at(lua, 2);
  lua_pushnil(lua); /* 3: the key that was found */
  lua_pushnil(lua);
  while (lua_next(lua, 1) != 0) {
    const order_key key = key_at(lua, -2);
    const bool is_later = lua_isnil(lua, 2) || by_order(&key, &given) > 0;
    others += key.rank == RANK_OTHER;
    if (is_later && (!is_found || by_order(&key, &found) < 0)) {
      found = key;
      is_found = true;
      lua_pushvalue(lua, -2);
      lua_replace(lua, 3);
    }
    lua_pop(lua, 1);
  }
  if (others > 1) return no_order(lua, "next");
  lua_settop(lua, 3);
  if (!is_found) return 1;
  lua_pushvalue(lua, 3);
  lua_rawget(lua, 1);
  return 2;
}

/* ---- texts ---- */

/* The number of an object, given at its first use. */
static lua_Integer number_of(lua_State *lua, int index) {
  lua_Integer number;
  (void)lua_getfield(lua, LUA_REGISTRYINDEX, NUMBERS);
  lua_pushvalue(lua, index);
  if (lua_rawget(lua, -2) == LUA_TNIL) {
    lua_pop(lua, 1);
    (void)lua_rawgeti(lua, -1, 0); /* how many have one */
    number = lua_tointeger(lua, -1) + 1;
    lua_pushinteger(lua, number);
    lua_rawseti(lua, -3, 0);
    lua_pushvalue(lua, index);
    lua_pushinteger(lua, number);
    lua_rawset(lua, -4);
  } else {
    number = lua_tointeger(lua, -1);
  }
  lua_pop(lua, 2);
  return number;
}

static bool has_address(lua_State *lua, int index) {
  switch (lua_type(lua, index)) {
    case LUA_TTABLE:
    case LUA_TFUNCTION:
    case LUA_TUSERDATA:
      break;
    default:
      return false;
  }
  if (luaL_getmetafield(lua, index, "__tostring") == LUA_TNIL) return true;
  lua_pop(lua, 1);
  return false;
}

const char *steady_text(lua_State *lua, int index) {
  const int value = lua_absindex(lua, index);
  const char *kind = luaL_typename(lua, value);
  char number[32];
  if (!has_address(lua, value)) return luaL_tolstring(lua, value, NULL);
  (void)snprintf(number, sizeof number, "0x%08llx",
                 (long long)number_of(lua, value));
  if (luaL_getmetafield(lua, value, "__name") == LUA_TNIL)
    lua_pushstring(lua, kind); /* luaL_getmetafield() pushed nothing */
  else if (lua_type(lua, -1) == LUA_TSTRING)
    kind = lua_tostring(lua, -1);
  lua_pushfstring(lua, "%s: %s", kind, number);
  lua_remove(lua, -2);
  return lua_tostring(lua, -1);
}

static int to_string(lua_State *lua) {
  luaL_checkany(lua, 1);
  (void)steady_text(lua, 1);
  return 1;
}

/* string.format: the original is upvalue 1. */
static int format(lua_State *lua) {
  const char *text = luaL_checkstring(lua, 1);
  int argument = 1;
  for (; *text != '\0'; text++) {
    if (*text != '%') continue;
    text += 1 + strspn(text + 1, "-+ #0123456789.");
    if (*text == '\0') break;
    if (*text == '%') continue;
    argument++;
    if (*text == 'p')
      return luaL_error(lua,
                        "string.format: %%p is not available, because a sweep "
                        "must be the same each time");
    if (*text != 's' || argument > lua_gettop(lua)) continue;
    if (!has_address(lua, argument)) continue;
    (void)steady_text(lua, argument);
    lua_replace(lua, argument);
  }
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  if (lua_pcall(lua, lua_gettop(lua) - 1, 1, 0) == LUA_OK) return 1;
  /* Lua knows neither the name nor the line of a function called from C. */
  luaL_where(lua, 1);
  (void)luaL_gsub(lua, lua_tostring(lua, 1), "'?'", "'format'");
  lua_concat(lua, 2);
  return lua_error(lua);
}

/* ---- */

void steady_open(lua_State *lua) {
  static const luaL_Reg base[] = {
      {"pairs", pairs}, {"next", next}, {"tostring", to_string}, {NULL, NULL}};
  lua_newtable(lua);
  lua_createtable(lua, 0, 1);
  lua_pushliteral(lua, "k"); /* does not keep objects alive */
  lua_setfield(lua, -2, "__mode");
  lua_setmetatable(lua, -2);
  lua_setfield(lua, LUA_REGISTRYINDEX, NUMBERS);
  lua_pushglobaltable(lua);
  luaL_setfuncs(lua, base, 0);
  (void)lua_getfield(lua, -1, LUA_STRLIBNAME);
  (void)lua_getfield(lua, -1, "format");
  lua_pushcclosure(lua, format, 1);
  lua_setfield(lua, -2, "format");
  lua_pop(lua, 2);
}
