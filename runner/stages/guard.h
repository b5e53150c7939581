/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a stage's plugins may leave behind: changes of the process, and writes
 * to the outputs of earlier stages. */
#ifndef HEED_STAGES_GUARD_H
#define HEED_STAGES_GUARD_H

#include "host/process.h"
#include "level.h"

/* Once per heed_stages, before the first cell.  The levels, PLAN_STAGE_COUNT of
 * them, are for the message of a crash.  NULL: out of memory. */
process_state *guard_open(const stages_level *levels);
void guard_close(process_state *home);

/* After a stage: puts back what its plugins have changed of the process and of
 * its threads, and warns in the level's records. */
void guard_settle(process_state *home, const host_threads *threads,
                  stages_level *level);

/* Makes the outputs of a level read-only: large memory crashes a plugin that
 * writes to it, small memory and the level's structs are compared. */
void guard_seal(stages_level *level);
void guard_unseal(stages_level *level);
/* False: the outputs have changed since guard_seal(). */
bool guard_is_intact(const stages_level *level);

#endif
