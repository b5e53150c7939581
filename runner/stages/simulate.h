/* SPDX-License-Identifier: GPL-3.0-or-later
 * Simulated users: their attentiveness, their pairs, their choices. */
#ifndef HEED_STAGES_SIMULATE_H
#define HEED_STAGES_SIMULATE_H

#include "crowd.h"

/* On failure host->plugin is the plugin at fault; NULL: none. */
heed_status simulate_users(const heed_world *world, const heed_value *values,
                           host_service *host, heed_table **users,
                           heed_table **annotations, const double **eta,
                           size_t *dimension, heed_error *error);

#endif
