/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plan of a sweep, for heed run, check and cell. */
#ifndef HEED_COMMAND_SWEEP_PLAN_H
#define HEED_COMMAND_SWEEP_PLAN_H

#include "command.h"
#include "plan/plan.h"

/* Plans given->file with given->sets in a child process, under limits in
 * seconds and bytes (0: the planner's defaults), and prints warnings to
 * standard error.  The caller frees *text, the plan as JSON; it is set even if
 * the text is not a valid plan. */
heed_status sweep_plan(const command_arguments *given, size_t rows,
                       double seconds, size_t memory, char **text,
                       heed_plan **result, heed_error *error);

#endif
