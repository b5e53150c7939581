/* SPDX-License-Identifier: GPL-3.0-or-later
 * The values of the functions of require "heed": a userdata that holds a
 * template. */
#include "object.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

sweep_object *object_push(lua_State *lua, const char *type) {
  sweep_object *made = lua_newuserdatauv(lua, sizeof *made, 1);
  memset(made, 0, sizeof *made);
  luaL_setmetatable(lua, type);
  return made;
}

static int object_free(lua_State *lua) {
  sweep_object *self = lua_touserdata(lua, 1);
  json_decref(self->template);
  self->template = NULL;
  return 0;
}

static int object_read(lua_State *lua) {
  return luaL_error(lua, "cannot read a field of a value made by h");
}

int object_write(lua_State *lua) {
  return luaL_error(lua,
                    "cannot change a value made by h; pass the field to its "
                    "constructor");
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

void object_open(lua_State *lua) {
  push_type(lua, OBJECT_PLUGIN);
  push_type(lua, OBJECT_AXIS);
  push_type(lua, OBJECT_SWEEP);
}

json_t *object_template(lua_State *lua, int index) {
  const sweep_object *found = luaL_testudata(lua, index, OBJECT_PLUGIN);
  if (found == NULL) found = luaL_testudata(lua, index, OBJECT_AXIS);
  return found == NULL ? NULL : json_incref(found->template);
}

/* ---- errors ---- */

/* Lua shortens a long path to "..." and its end, which may start within a
 * character.  Returns the text after that character. */
static const char *place_of(const lua_Debug *caller) {
  const char *text = caller->short_src;
  if (strncmp(text, "...", 3) != 0) return text;
  for (text += 3; ((unsigned char)*text & 0xc0) == 0x80;) text++;
  return text;
}

void object_caller(lua_State *lua, char where[WHERE_SIZE]) {
  lua_Debug caller;
  (void)snprintf(where, WHERE_SIZE, "%s", "the sweep");
  for (int level = 1; lua_getstack(lua, level, &caller) != 0; level++) {
    const char *place;
    if (lua_getinfo(lua, "Sl", &caller) == 0 || caller.currentline <= 0)
      continue;
    place = place_of(&caller);
    (void)snprintf(where, WHERE_SIZE, "%s%s:%d",
                   place == caller.short_src ? "" : "...", place,
                   caller.currentline);
    return;
  }
}

int object_raise(lua_State *lua, const char *call, const char *message) {
  char where[WHERE_SIZE];
  object_caller(lua, where);
  lua_pushfstring(lua, "%s: %s%s%s", where, call == NULL ? "" : call,
                  call == NULL ? "" : ": ", message);
  return lua_error(lua);
}
