/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs a plan: a supervisor that hands out cells, workers that run them.
 *
 * The supervisor loads no plugin.  It shares two things with each worker: a
 * slot of memory, in which the worker announces its current cell and stage, and
 * a socket, which carries cells to the worker and reports of finished parts
 * back.  If a worker dies, hangs or exceeds its memory, heed records a failure
 * for the cells under its current stage node and runs all others again.
 *
 * Callers: command.  Stages do not: a cell knows nothing of other cells. */
#ifndef HEED_EXECUTION_EXECUTION_H
#define HEED_EXECUTION_EXECUTION_H

#include "host/host.h"
#include "plan/plan.h"
#include "work/work.h"

#define EXECUTION_WHAT 160 /* bytes of a stage's text on its progress */

typedef struct execution_state {
  size_t total, reused; /* cells of the plan; of these, recorded before */
  size_t reused_failed; /* reused cells that had failed */
  size_t done, failed;  /* in this run; `done` excludes `failed` */
  double seconds;       /* since the start */
  bool stopping;        /* interrupted */
  /* The running stage that has taken longest. */
  size_t cell;
  plan_stage stage;
  double stage_seconds, stage_done; /* 0 to 1, NaN: unknown */
  char stage_what[EXECUTION_WHAT];  /* "": unknown */
} execution_state;

typedef struct execution_options {
  size_t workers;
  size_t cores;          /* that all workers together may use */
  double timeout;        /* seconds a stage may take; 0: no limit */
  double worker_timeout; /* seconds outside stages, to start, to write a part
                            or to take cells; 0: no limit */
  size_t memory;         /* bytes a worker may hold; 0: no limit */
  size_t memory_for_all; /* bytes they may hold together; 0: no limit */
  bool allow_unsafe;
  void *context;
  /* Called several times a second, and at the end; may be NULL. */
  void (*progress)(void *context, const execution_state *state);
  /* Shows one line to the user; may be NULL. */
  void (*say)(void *context, const char *line);
} execution_options;

/* Runs all cells that result_recorded() does not report as recorded.  SIGINT or
 * SIGTERM lets the running cells finish, a second one stops at once; both give
 * HEED_CANCELLED.  Blocks those signals while it runs.  Fills in *state even if
 * the run fails. */
heed_status execution_run(const heed_plan *plan, heed_work *folder,
                          const uint8_t *recorded,
                          const execution_options *options,
                          execution_state *state, heed_error *error);

/* The worker: serves the supervisor at the other end of the socket until the
 * socket closes. */
heed_status execution_work(const char *folder, int socket, int slot,
                           bool allow_unsafe, heed_error *error);

/* Loads the plugins of the plan; their hashes must match the plan's.  Calls
 * opening(), if it is not NULL, before it opens a file. */
heed_status execution_load(const heed_plan *plan, bool allow_unsafe,
                           void *context,
                           void (*opening)(void *context, const char *file),
                           host_registry **result, heed_error *error);

#endif
