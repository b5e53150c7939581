/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs a plan: a supervisor that hands out cells, workers that run them.
 *
 * The supervisor loads no plugin.  It shares with each worker a slot of memory,
 * in which the worker announces the cell and stage it is at, and a socket, over
 * which cells go out and word of finished parts comes back.  A worker that
 * dies, hangs or outgrows its memory thus costs the stage node it was at: the
 * cells under that node are recorded as failed, all others run again.
 *
 * Callers: command.  Stages do not: a cell does not know that others run. */
#ifndef HEED_EXECUTION_EXECUTION_H
#define HEED_EXECUTION_EXECUTION_H

#include "host/host.h"
#include "plan/plan.h"
#include "work/work.h"

/* Failures alike. */
typedef struct execution_failure {
  heed_record_status status;
  plan_stage stage;
  const char *plugin; /* the plan's; "" for the host's own stages */
  size_t cells;
  char message[HEED_MESSAGE_SIZE]; /* of the first */
} execution_failure;

#define EXECUTION_FAILURES 16
#define EXECUTION_WHAT 160 /* bytes of what a stage says that it does */

typedef struct execution_state {
  size_t total, reused; /* cells of the plan; of them recorded before */
  size_t reused_failed; /* of the reused: how many had failed */
  size_t done, failed;  /* in this run; failed are not counted as done */
  size_t failure_count; /* kinds of failures, as far as there is room */
  execution_failure failures[EXECUTION_FAILURES];
  double seconds; /* since the start */
  bool stopping;  /* an interrupt was seen */
  /* The longest stage under way, for people who wait. */
  size_t cell;
  plan_stage stage;
  double stage_seconds, stage_done; /* 0 to 1, NaN: not said */
  char stage_what[EXECUTION_WHAT];  /* "": not said */
} execution_state;

typedef struct execution_options {
  size_t workers;
  double timeout;        /* seconds a stage may take; 0: no limit */
  size_t memory;         /* bytes a worker may hold; 0: no limit */
  size_t memory_for_all; /* bytes they may hold together; 0: no limit */
  bool allow_unsafe;
  void *context;
  /* Called some times a second, and at the end; may be NULL. */
  void (*progress)(void *context, const execution_state *state);
  /* One line about something that people should know; may be NULL. */
  void (*say)(void *context, const char *line);
} execution_options;

/* Runs all cells that are not recorded (as result_recorded() says), until done
 * or interrupted (SIGINT, SIGTERM: HEED_CANCELLED; cells in hand are finished
 * first, unless it comes twice).  Blocks those signals while it runs.  *state
 * is filled in also where the run fails. */
heed_status execution_run(const heed_plan *plan, heed_work *folder,
                          const uint8_t *recorded,
                          const execution_options *options,
                          execution_state *state, heed_error *error);

/* A worker's life: serves the supervisor at the other end of the socket until
 * that closes. */
heed_status execution_work(const char *folder, int socket, int slot,
                           bool allow_unsafe, heed_error *error);

/* Loads the plugins that the plan names, with the hashes it names. */
heed_status execution_load(const heed_plan *plan, bool allow_unsafe,
                           host_registry **result, heed_error *error);

#endif
