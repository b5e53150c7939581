/* SPDX-License-Identifier: GPL-3.0-or-later
 * h.axis. */
#ifndef HEED_SWEEP_AXIS_H
#define HEED_SWEEP_AXIS_H

#include <lua.h>

/* The function h.axis. */
int axis_make(lua_State *lua);

#endif
