/* SPDX-License-Identifier: GPL-3.0-or-later
 * The functions of require "heed". */
#ifndef HEED_SWEEP_LANGUAGE_H
#define HEED_SWEEP_LANGUAGE_H

#include <lauxlib.h>

#include "state.h"

/* Pushes the table h. */
void language_push(lua_State *lua);
/* Whether `label` among a plugin's parameters names it on an axis. */
bool language_takes_label(const heed_plugin *plugin);
/* The functions of h other than constructors of plugins; ends with NULL. */
extern const luaL_Reg language_words[];
/* Moves the sweep on top of the stack into record, where and exclude. */
heed_status language_take(heed_sweep *self, heed_error *error);

#endif
