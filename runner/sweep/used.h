/* SPDX-License-Identifier: GPL-3.0-or-later
 * The files that a resolved value depends on. */
#ifndef HEED_SWEEP_USED_H
#define HEED_SWEEP_USED_H

#include "state.h"

/* A copy of a resolved value with the SHA-256 of each input file in place of
 * its path.  Adds plugins ("kind/name": SHA-256) and inputs (path: SHA-256). */
heed_status used_value(const heed_sweep *self, const heed_parameter *parameter,
                       const json_t *resolved, json_t *plugins, json_t *inputs,
                       json_t **copy, heed_error *error);

#endif
