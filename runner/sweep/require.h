/* SPDX-License-Identifier: GPL-3.0-or-later
 * require: Lua files of the sweep's folder. */
#ifndef HEED_SWEEP_REQUIRE_H
#define HEED_SWEEP_REQUIRE_H

#include "state.h"

/* The function `require`; h is its upvalue 1. */
int require_file(lua_State *lua);
/* [{"path":…, "sha256":…}], with_text: and "text"; new reference. */
json_t *require_list(const heed_sweep *self, bool with_text);
void require_close(heed_sweep *self);

#endif
