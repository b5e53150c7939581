/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a plan from a sweep in Lua: the planner's child.
 *
 * Callers: command.  Only the command `plan` may call: sweeps and plugins run
 * here, so a supervisor or a worker must not. */
#ifndef HEED_SWEEP_SWEEP_H
#define HEED_SWEEP_SWEEP_H

#include "host/host.h"
#include "planner/planner.h"

/* For the child: loads the plugin path except the files in skip (ended by
 * NULL), plans, and reports on `pipe`.  False: planning failed; the report says
 * why. */
bool sweep_serve(const planner_options *options, const char *const *skip,
                 int pipe);

/* Runs the sweep in this process with these plugins.  The caller owns the
 * reference to the plan.  Ignores plugin_path and allow_unsafe. */
heed_status sweep_make_plan(const host_registry *plugins,
                            const planner_options *options, json_t **plan,
                            heed_error *error);

#endif
