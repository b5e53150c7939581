/* SPDX-License-Identifier: GPL-3.0-or-later
 * h.rows. */
#ifndef HEED_SWEEP_ROWS_H
#define HEED_SWEEP_ROWS_H

#include <lua.h>

/* The function h.rows. */
int rows_axis(lua_State *lua);

#endif
