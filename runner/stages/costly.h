/* SPDX-License-Identifier: GPL-3.0-or-later
 * Outputs of costly stages, saved for other workers and for resumed runs, with
 * what the plugin reported while it made them. */
#ifndef HEED_STAGES_COSTLY_H
#define HEED_STAGES_COSTLY_H

#include "level.h"

/* *found: the output was saved before, and the level now holds it. */

/* Gives the stage a place for its checkpoint; and takes it away, with the file
 * once the stage is done, unless other stages share it. */
heed_status costly_open_checkpoint(const work *folder, const plan *plan,
                                   level *self, heed_error *error);
void costly_close_checkpoint(const plan *plan, level *self, bool done);

heed_status costly_load_world(const work *folder, const plan *plan, level *self,
                              bool *found, heed_error *error);
heed_status costly_save_world(const work *folder, const plan *plan,
                              const level *self, heed_error *error);
heed_status costly_load_policy(const work *folder, const plan *plan,
                               const heed_world *world, level *self,
                               bool *found, heed_error *error);
heed_status costly_save_policy(const work *folder, const plan *plan,
                               const heed_crowd *seen, const level *self,
                               heed_error *error);

#endif
