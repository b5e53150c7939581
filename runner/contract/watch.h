/* SPDX-License-Identifier: GPL-3.0-or-later
 * The host of a trial: guards memory, compares inputs with a copy, and checks
 * reports against the schema. */
#ifndef HEED_CONTRACT_WATCH_H
#define HEED_CONTRACT_WATCH_H

#include "trial.h"

/* Sets up the host that the plugin sees. */
void watch_serve(contract_trial *self);
/* Watches all data of the scene for changes. */
void watch_scene(contract_trial *self);

/* Call before and after each call of the plugin. */
void watch_begin(contract_trial *self);
void watch_end(contract_trial *self);

/* Forgets the blocks of calls, or of the instance if lasting. */
void watch_forget(contract_trial *self, bool lasting);

#endif
