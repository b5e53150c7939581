/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the words of require "heed" share: the objects that they return, and how
 * they raise an error.
 *
 * C code between Lua and jansson returns a status and raises it only once
 * nothing is left to free. */
#ifndef HEED_PLANNING_LANGUAGE_H
#define HEED_PLANNING_LANGUAGE_H

#include <lauxlib.h>

#include "state.h"

#define LANGUAGE_PLUGIN "heed.plugin"
#define LANGUAGE_AXIS "heed.axis"
#define LANGUAGE_SWEEP "heed.sweep"

/* A userdata's content; opaque to the sweep. */
typedef struct sweep_object {
  json_t *template;
  char where[WHERE_SIZE]; /* sweeps */
} sweep_object;

/* Pushes an empty object of one of the types above. */
sweep_object *language_push(lua_State *lua, const char *type);

/* "sweep.lua:12" of the line that called the running C function, directly or
 * through pcall(). */
void language_position(lua_State *lua, char where[WHERE_SIZE]);

/* Raises "sweep.lua:12: CALL: message"; call may be NULL. */
int language_raise(lua_State *lua, const char *call, const char *message);

/* h.axis and h.rows. */
int language_axis(lua_State *lua);
int language_rows(lua_State *lua);

#endif
