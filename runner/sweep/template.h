/* SPDX-License-Identifier: GPL-3.0-or-later
 * Templates: Lua values as JSON, and JSON with axes filled in. */
#ifndef HEED_SWEEP_TEMPLATE_H
#define HEED_SWEEP_TEMPLATE_H

#include "state.h"

/* Reads a Lua value as a template.  path: its name in messages. */
heed_status template_read(lua_State *lua, int index, const char *path,
                          json_t **result, heed_error *error);
/* Marks the axes in the template itself, not inside another axis:
 * used[axis_count]. */
void template_axes(const json_t *template, uint8_t *used);
/* New reference: the template with each axis replaced by its value at
 * at[axis_count]. */
json_t *template_fill(const heed_sweep *self, const json_t *template,
                      const size_t *position);
/* The number of the axis that this is, or SIZE_MAX. */
size_t template_axis(const json_t *template);

#endif
