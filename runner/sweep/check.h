/* SPDX-License-Identifier: GPL-3.0-or-later
 * Schemas over templates. */
#ifndef HEED_SWEEP_CHECK_H
#define HEED_SWEEP_CHECK_H

#include "state.h"

void check_schema(heed_sweep *self);
/* Checks a new plugin with all values of each of its axes. */
heed_status check_plugin(const heed_sweep *self, const heed_plugin *plugin,
                         const json_t *template, heed_error *error);
/* Checks one key of the sweep, filled. */
heed_status check_key(const heed_sweep *self, size_t key, const json_t *filled,
                      json_t **resolved, heed_error *error);

#endif
