/* SPDX-License-Identifier: GPL-3.0-or-later
 * The supervisor's side of planning: starts a child and reads its reports.
 *
 * planner_run() starts the child under a wall-clock and a memory limit.  The
 * child is the command `plan`.  It loads the plugins and runs the sweep
 * (sweep_serve()).  It reports each step on a pipe before it takes the step, so
 * that the supervisor can name what killed it (protocol.h).
 *
 * Callers: sweep, command.  sweep takes the options and the protocol from here.
 * This room links neither Lua nor the plugin host. */
#ifndef HEED_PLANNER_PLANNER_H
#define HEED_PLANNER_PLANNER_H

#include <stdbool.h>
#include <stddef.h>

#include "heed/status.h"

/* The child reports on this descriptor. */
#define PLANNER_PIPE 3

typedef enum planner_notice {
  PLANNER_PRINTED, /* the sweep called print() */
  PLANNER_WARNED,  /* a plugin file was refused or crashed; an axis is unused */
  PLANNER_MAKES    /* a plugin's create() is about to be called; "": it has
                      returned */
} planner_notice;

typedef struct planner_options {
  const char *sweep;       /* the sweep file */
  const char *const *sets; /* "path=value", in order; may be NULL */
  size_t set_count;
  const char *plugin_path; /* search path */
  bool allow_unsafe;
  size_t rows;    /* of a source's files to look into; SIZE_MAX: all */
  double seconds; /* wall clock; 0: PLANNER_SECONDS */
  size_t memory;  /* bytes; 0: PLANNER_MEMORY */
  void *context;
  void (*notice)(void *context, planner_notice notice, const char *text);
} planner_options;

#define PLANNER_SECONDS 60.0
#define PLANNER_MEMORY ((size_t)2 << 30)

/* For a supervisor: plans in a child process.  The caller frees *plan_text with
 * free(); plan_parse() reads it. */
heed_status planner_run(const planner_options *options, char **plan_text,
                        heed_error *error);

#endif
