/* SPDX-License-Identifier: GPL-3.0-or-later
 * --set path=value. */
#ifndef HEED_SWEEP_OVERRIDE_H
#define HEED_SWEEP_OVERRIDE_H

#include "state.h"

heed_status override_apply(heed_sweep *self, const char *set,
                           heed_error *error);
/* The --set of the key path at the start of a message, or NULL. */
const char *override_about(const heed_sweep *self, const char *message);

#endif
