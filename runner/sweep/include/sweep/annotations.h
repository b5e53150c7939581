/* SPDX-License-Identifier: GPL-3.0-or-later
 * Type annotations of sweeps for editors: `heed describe --lua`. */
#ifndef HEED_PLANNING_ANNOTATIONS_H
#define HEED_PLANNING_ANNOTATIONS_H

#include "host/host.h"

/* heed.d.lua: what require "heed" gives with these plugins, in LuaCATS (the
 * notation of lua-language-server).  The text is the caller's, to be freed. */
heed_status annotations_write(const host_registry *plugins, char **text,
                              heed_error *error);

#endif
