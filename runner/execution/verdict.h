/* SPDX-License-Identifier: GPL-3.0-or-later
 * Verdicts: which cells fail when a worker dies. */
#ifndef HEED_EXECUTION_VERDICT_H
#define HEED_EXECUTION_VERDICT_H

#include "child.h"
#include "execution/execution.h"
#include "queue.h"

/* What a verdict reads and changes. */
typedef struct execution_parts {
  const heed_plan *plan;
  heed_work *folder;
  execution_queue *queue;
  const execution_options *options;
  execution_state *state;
} execution_parts;

/* Why a worker died: the limit that it broke, its signal or its exit status,
 * what it loaded before its first stage, and the last line of its log. */
void verdict_explain(const execution_parts *run, const execution_child *dead,
                     const execution_child_end *end, char *text, size_t size);

/* Records a failure for every cell under the node at which the worker died,
 * except cells that are recorded or that another worker runs. */
heed_status verdict_pass(const execution_parts *run,
                         const execution_child *dead,
                         const execution_child_end *end,
                         const execution_place *place, heed_error *error);

#endif
