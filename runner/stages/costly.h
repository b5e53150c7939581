/* SPDX-License-Identifier: GPL-3.0-or-later
 * Outputs of costly stages and the plugin's reports, saved for other workers
 * and for resumed runs. */
#ifndef HEED_STAGES_COSTLY_H
#define HEED_STAGES_COSTLY_H

#include "level.h"

/* *found: the output was saved before and is now in the level. */

/* Opens a path for the stage's checkpoint; closes it and, once the stage is
 * done, removes the file unless other stages share it. */
heed_status costly_open_checkpoint(const heed_work *folder,
                                   const heed_plan *plan, stages_level *self,
                                   heed_error *error);
void costly_close_checkpoint(const heed_plan *plan, stages_level *self,
                             bool done);

heed_status costly_load_world(const heed_work *folder, const heed_plan *plan,
                              stages_level *self, bool *found,
                              heed_error *error);
heed_status costly_save_world(const heed_work *folder, const heed_plan *plan,
                              const stages_level *self, heed_error *error);
heed_status costly_load_policy(const heed_work *folder, const heed_plan *plan,
                               const heed_world *world, stages_level *self,
                               bool *found, heed_error *error);
heed_status costly_save_policy(const heed_work *folder, const heed_plan *plan,
                               const heed_crowd *seen, const stages_level *self,
                               heed_error *error);

#endif
