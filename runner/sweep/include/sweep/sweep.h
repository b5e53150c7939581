/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a plan of a sweep in Lua: the planner's child.
 *
 * Callers: command.  Only the command `plan` does: sweeps and plugins run here,
 * so no supervisor and no worker may. */
#ifndef HEED_SWEEP_SWEEP_H
#define HEED_SWEEP_SWEEP_H

#include "host/host.h"
#include "planner/planner.h"

/* For the child: scans the plugin path but for the files in skip (ended by
 * NULL), plans, and reports on `pipe`.  False: planning failed, and the report
 * says why. */
bool sweep_serve(const planner_options *options, const char *const *skip,
                 int pipe);

/* Runs the sweep in this process, with the plugins given.  The plan is the
 * caller's reference.  plugin_path and allow_unsafe are not looked at. */
heed_status sweep_make_plan(const host_registry *plugins,
                            const planner_options *options, json_t **plan,
                            heed_error *error);

#endif
