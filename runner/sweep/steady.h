/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a sweep give the same plan in each run.  Lua's order of keys and the
 * addresses in its texts would differ. */
#ifndef HEED_SWEEP_STEADY_H
#define HEED_SWEEP_STEADY_H

#include <lua.h>
#include <stdbool.h>

/* Replaces pairs, next, tostring, print's texts and string.format.  The tables
 * of the base and the string library are open. */
void steady_open(lua_State *lua);

/* Pushes a list of the keys of a table: numbers, texts in the order of their
 * bytes, booleans, others.  False: several others, which have no order. */
bool steady_keys(lua_State *lua, int index);

/* Pushes the value as a text and returns it, as luaL_tolstring() does; a number
 * in the order of first use takes the place of an address. */
const char *steady_text(lua_State *lua, int index);

#endif
