/* SPDX-License-Identifier: GPL-3.0-or-later
 * The values of the functions of require "heed", opaque to the sweep, and their
 * errors. */
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
/* The template of a plugin or an axis on Lua's stack; new reference, or NULL if
 * the value is neither. */
json_t *object_template(lua_State *lua, int index);
/* __newindex of read-only values. */
int object_write(lua_State *lua);

/* "sweep.lua:12": the line that called the running C function, directly or
 * through pcall(). */
void object_caller(lua_State *lua, char where[WHERE_SIZE]);
/* Raises "sweep.lua:12: CALL: message"; call may be NULL. */
int object_raise(lua_State *lua, const char *call, const char *message);

#endif
