/* SPDX-License-Identifier: GPL-3.0-or-later
 * Type annotations of sweeps for editors: `heed describe --lua`. */
#ifndef HEED_PLANNING_ANNOTATIONS_H
#define HEED_PLANNING_ANNOTATIONS_H

#include "host/host.h"

/* heed.d.lua: the types of require "heed" with these plugins, in LuaCATS (the
 * notation of lua-language-server).  The caller frees the text. */
heed_status annotations_write(const host_registry *plugins, char **text,
                              heed_error *error);

/* A keyword of Lua: sweeps write h.KIND["WORD"] instead of h.KIND.WORD. */
bool annotations_is_keyword(const char *name);

#endif
