/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a resolved value depends on beside itself. */
#ifndef HEED_SWEEP_USED_H
#define HEED_SWEEP_USED_H

#include "state.h"

/* A copy of a resolved value in which every input file stands as its SHA-256;
 * adds plugins ("kind/name": SHA-256) and inputs (path: SHA-256). */
heed_status used_value(const heed_sweep *self, const heed_parameter *parameter,
                       const json_t *resolved, json_t *plugins, json_t *inputs,
                       json_t **copy, heed_error *error);

#endif
