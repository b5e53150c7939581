/* SPDX-License-Identifier: GPL-3.0-or-later
 * A Lua that can only compute. */
#ifndef HEED_SWEEP_SANDBOX_H
#define HEED_SWEEP_SANDBOX_H

#include "state.h"

/* push_require pushes the function `require`. */
heed_status sandbox_open(heed_sweep *self, void (*push_require)(lua_State *lua),
                         heed_error *error);
void sandbox_close(heed_sweep *self);
/* Runs the file's text; leaves its value on the stack. */
heed_status sandbox_run(heed_sweep *self, heed_error *error);
/* Calls the function below its `arguments` values, for one result. */
heed_status sandbox_call(heed_sweep *self, int arguments, heed_error *error);
/* Pushes a text as a function, or an error; returns Lua's status.  name: the
 * file's name in messages. */
int sandbox_load(heed_sweep *self, const json_t *text, const char *name);
heed_sweep *sandbox_sweep(lua_State *lua);

#endif
