/* SPDX-License-Identifier: GPL-3.0-or-later
 * The queue: which cells remain, in which order and batches. */
#ifndef HEED_EXECUTION_QUEUE_H
#define HEED_EXECUTION_QUEUE_H

#include "plan/plan.h"

typedef enum execution_cell_state {
  CELL_QUEUED = 0,
  CELL_RUNNING,
  CELL_RECORDED
} execution_cell_state;

typedef struct execution_queue execution_queue;

/* recorded: cells that need not run. */
execution_queue *queue_create(const heed_plan *plan,
                              const uint8_t *recorded); /* or NULL */
void queue_free(execution_queue *self);

size_t queue_waiting(const execution_queue *self); /* cells queued */
execution_cell_state queue_state(const execution_queue *self, size_t cell);

/* Whether two cells share a posterior. */
bool queue_same_unit(const execution_queue *self, size_t a, size_t b);

/* What batch a worker asks for. */
typedef struct execution_batch_wish {
  uint32_t taker; /* which worker asks */
  size_t last;    /* the last cell that it took, + 1; 0: none */
  size_t cells;   /* the count that takes the time of a batch */
  size_t most;    /* upper limit */
  size_t idle;    /* other workers that are idle */
  size_t worth;   /* cells that take as long as a posterior; SIZE_MAX: more than
                     there are */
} execution_batch_wish;

/* Takes a batch of cells in tree order, from one or more replicates.  A worker
 * first finishes its own world, then begins a world that no other worker holds,
 * and only then helps another worker.  The batch ends where a shared posterior
 * ends, unless the rest would keep an idle worker busy for longer than it takes
 * to make the posterior again.  While a worker makes a costly node or its
 * checkpoint, the cells under that node wait.  That worker takes only one cell,
 * so that the others can begin as soon as the node is made.  Returns the count;
 * 0: no cell can be taken now. */
size_t queue_take(execution_queue *self, const execution_batch_wish *wish,
                  uint64_t *cells);

/* Whether that worker could take a cell now. */
bool queue_has_for(const execution_queue *self, uint32_t taker);

/* Notes that the costly node of that stage on the cell's path, and its
 * checkpoint, are saved: every worker can load them.  Ignores other nodes. */
void queue_made(execution_queue *self, size_t cell, plan_stage stage);

void queue_recorded(execution_queue *self, size_t cell);
/* Returns a cell to the queue; it is taken first. */
void queue_return(execution_queue *self, size_t cell);

#endif
