/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan of a sweep, for heed run, check and cell. */
#ifndef HEED_COMMAND_SWEEP_PLAN_H
#define HEED_COMMAND_SWEEP_PLAN_H

#include "command.h"
#include "plan/plan.h"

/* Plans given->file with given->sets in a child process, under a limit of
 * seconds and of bytes (0: the planner's defaults), and prints warnings to
 * standard error.  *text, the plan as JSON, is the caller's to free; it is set
 * even where it turns out not to be a plan. */
heed_status sweep_plan(const command_arguments *given, double seconds,
                       size_t memory, char **text, heed_plan **result,
                       heed_error *error);

#endif
