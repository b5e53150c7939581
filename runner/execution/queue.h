/* SPDX-License-Identifier: GPL-3.0-or-later
 * The queue: which cells are still to be run, in which order and portions. */
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

/* What a batch should be like. */
typedef struct execution_batch_wish {
  uint32_t taker; /* which worker asks */
  size_t cells;   /* as many as take about as long as a batch should */
  size_t most;    /* no more than this */
  size_t idle;    /* other workers that have nothing to do */
  size_t worth;   /* cells that take as long as a posterior; SIZE_MAX: more than
                     there are */
} execution_batch_wish;

/* Takes a batch, in tree order, of one replicate or more.  It ends where a
 * shared posterior ends, unless the rest would keep an idle worker busy for
 * longer than the posterior takes it.  Cells under a costly node that another
 * worker is about to make, or the checkpoint that it shares, are left alone
 * until that is made.  Returns the count; 0: nothing can be taken now. */
size_t queue_take(execution_queue *self, const execution_batch_wish *wish,
                  uint64_t *cells);

void queue_recorded(execution_queue *self, size_t cell);
/* Back into the queue, to be taken first. */
void queue_return(execution_queue *self, size_t cell);

#endif
