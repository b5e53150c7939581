/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks the outputs of plugins before other code uses them. */
#ifndef HEED_STAGES_CHECK_H
#define HEED_STAGES_CHECK_H

#include "host/host.h"

heed_status check_world(const heed_world *world, heed_error *error);
heed_status check_annotations(const heed_table *annotations, size_t users,
                              size_t pairs, heed_error *error);
heed_status check_posterior(const heed_crowd *crowd,
                            const heed_posterior *posterior, heed_error *error);
heed_status check_selection(const heed_crowd *crowd,
                            const heed_selection *selection, heed_error *error);
heed_status check_policy(const heed_crowd *crowd, const heed_policy *policy,
                         heed_error *error);

#endif
