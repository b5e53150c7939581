/* SPDX-License-Identifier: GPL-3.0-or-later
 * What heed run and heed cell share: a sweep file, --set, and a plan made. */
#ifndef HEED_COMMAND_SWEEP_OPTIONS_H
#define HEED_COMMAND_SWEEP_OPTIONS_H

#include "command.h"
#include "plan/plan.h"

/* Plans in a child process, printing its warnings.  *text is the caller's to
 * free, also where it turns out to be no plan. */
heed_status sweep_plan(const command_common *common, const char *sweep,
                       const char *const *sets, size_t set_count, char **text,
                       heed_plan **result, heed_error *error);

#endif
