/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the words of require "heed" return, opaque to the sweep; and how they
 * raise an error. */
#ifndef HEED_SWEEP_OBJECT_H
#define HEED_SWEEP_OBJECT_H

#include <jansson.h>
#include <lua.h>

#include "state.h"

#define OBJECT_PLUGIN "heed.plugin"
#define OBJECT_AXIS "heed.axis"
#define OBJECT_SWEEP "heed.sweep"

/* A userdata's content. */
typedef struct sweep_object {
  json_t *template;
  char where[WHERE_SIZE]; /* sweeps */
} sweep_object;

/* Makes the types. */
void object_open(lua_State *lua);
/* Pushes an empty object of one of the types above. */
sweep_object *object_push(lua_State *lua, const char *type);
/* A plugin's or an axis's template at a place on Lua's stack; new reference, or
 * NULL when it is neither. */
json_t *object_template(lua_State *lua, int index);
/* __newindex of what does not change. */
int object_write(lua_State *lua);

/* "sweep.lua:12" of the line that called the running C function, be it by way
 * of pcall(). */
void object_caller(lua_State *lua, char where[WHERE_SIZE]);
/* Raises "sweep.lua:12: CALL: message"; call may be NULL. */
int object_raise(lua_State *lua, const char *call, const char *message);

#endif
