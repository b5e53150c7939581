/* SPDX-License-Identifier: GPL-3.0-or-later
 * The axes of the grid. */
#ifndef HEED_SWEEP_AXES_H
#define HEED_SWEEP_AXES_H

#include "state.h"

/* Finds the axes of the grid: flattens and ties axes, refuses invalid ones. */
heed_status axes_settle(heed_sweep *self, heed_error *error);
/* {"name":…, "numbers" or "labels":…}; new reference. */
json_t *axes_coordinate(const heed_sweep *self, const sweep_axis *axis);
heed_status axes_check_coordinates(const heed_sweep *self, heed_error *error);
/* The name of a point: "mu = 0.6, share = 0.1". */
const char *axes_point_text(const heed_sweep *self, const uint8_t *used,
                            const size_t *position);

#endif
