/* SPDX-License-Identifier: GPL-3.0-or-later
 * The host of a trial: memory with guards around it, inputs that are compared
 * with a copy, and reports that are held against the schema. */
#ifndef HEED_CONTRACT_WATCH_H
#define HEED_CONTRACT_WATCH_H

#include "trial.h"

/* Sets up the host that the plugin sees. */
void watch_serve(contract_trial *self);
/* Watches all that the scene hands out. */
void watch_scene(contract_trial *self);

/* Before and after a call. */
void watch_begin(contract_trial *self);
void watch_end(contract_trial *self);

/* Forgets the blocks of calls or, if lasting, those of the instance. */
void watch_forget(contract_trial *self, bool lasting);

#endif
