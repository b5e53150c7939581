/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs a cell of a plan and reuses the work of earlier cells.
 *
 *   source → world → annotations → posterior → selection → policy → evaluation
 *
 * The outputs along the last cell's path stay alive; a cell that shares a
 * prefix with it starts from there.  Cells in tree order thus run each node
 * once per replicate.
 *
 * Callers: sweep, execution, contract, command.  Only a worker and `heed cell`
 * run cells; the planner's child reads the schema of `users`.  Supervisors do
 * not: they load no plugins. */
#ifndef HEED_STAGES_STAGES_H
#define HEED_STAGES_STAGES_H

#include <stdatomic.h>

#include "host/host.h"
#include "plan/plan.h"
#include "work/work.h"

typedef struct heed_stages heed_stages;

typedef struct stages_options {
  const heed_work *work; /* for costly stages; NULL: none are saved */
  atomic_bool *cancel;   /* may be NULL */
  void *context;
  /* Called before each stage (node), and with its progress. */
  void (*announce)(void *context, size_t cell, plan_stage stage);
  /* Called before a stage's plugin is closed; the cell is one of those that
   * shared it.  May be NULL. */
  void (*closing)(void *context, size_t cell, plan_stage stage);
  /* Called after each stage and after its plugin is closed, before the next
   * announcement: to find out what the plugin did to the caller's own
   * resources.  Need not return.  May be NULL. */
  void (*called)(void *context);
  void (*progress)(void *context, double done, const char *what);
  /* Called before each stage: how many threads it may use.  NULL: 1. */
  size_t (*threads)(void *context);
  void (*log)(void *context, const char *plugin, const char *line);
} stages_options;

/* plugins: the loaded plugins of the plan.  Both outlive the stages. */
heed_status stages_create(const heed_plan *plan, const host_registry *plugins,
                          const stages_options *options, heed_stages **result,
                          heed_error *error);

/* Runs one cell into a record.  A stage that fails fills the record
 * (RECORD_FAILED) and is not an error of this function; cells under the same
 * node then fail in the same way, without another run.  HEED_CANCELLED: no
 * record.  The record's streams read the stages' outputs: write it before
 * another cell runs. */
heed_status stages_run(heed_stages *stages, size_t cell, heed_record *record,
                       heed_error *error);

void stages_free(heed_stages *stages);

/* The schema with which the planner checks `users`. */
extern const heed_parameter stages_users[];
extern const size_t stages_user_count;

#endif
