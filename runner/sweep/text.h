/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts: UTF-8 without zero bytes. */
#ifndef HEED_SWEEP_TEXT_H
#define HEED_SWEEP_TEXT_H

#include <jansson.h>
#include <lua.h>
#include <stdbool.h>

#include "heed/status.h"

bool text_is_utf8(const char *text);
bool text_has_control(const char *text); /* a character below 0x20 */
/* Reads a Lua file, which must be a regular one; *text is a new reference.
 * name: the file's name in messages, as in "NAME:3: zero byte". */
heed_status text_open(const char *path, const char *name, json_t **text,
                      heed_error *error);
/* The string at a position on Lua's stack, valid as long as Lua holds it.  NULL
 * and a message that starts with path: it has a zero byte or is not UTF-8. */
const char *text_at(lua_State *lua, int index, const char *path,
                    heed_error *error);

#endif
