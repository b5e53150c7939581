/* SPDX-License-Identifier: GPL-3.0-or-later
 * The metrics of a plan and their dimensions. */
#ifndef HEED_SWEEP_METRICS_H
#define HEED_SWEEP_METRICS_H

#include "tree.h"

/* Adds "dimensions" and "metrics" to the plan. */
heed_status metrics_add(const heed_sweep *self, const sweep_tree *tree,
                        json_t *result, heed_error *error);

#endif
