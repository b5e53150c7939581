/* SPDX-License-Identifier: GPL-3.0-or-later
 * The queue: which cells are still to be run, in which order and portions. */
#ifndef HEED_EXECUTION_QUEUE_H
#define HEED_EXECUTION_QUEUE_H

#include "plan/plan.h"

typedef enum cell_state {
  CELL_QUEUED = 0,
  CELL_RUNNING,
  CELL_RECORDED
} cell_state;

typedef struct queue queue;

/* recorded: cells that need not run. */
queue *queue_create(const plan *plan, const uint8_t *recorded); /* or NULL */
void queue_free(queue *self);

size_t queue_waiting(const queue *self); /* cells queued */
cell_state queue_state(const queue *self, size_t cell);

/* Takes a batch of at most `most` cells, in tree order, of one replicate or
 * more.  It ends where a shared posterior ends, unless the batch would grow far
 * over `wanted` cells and `idle` other workers have nothing to do.  Returns its
 * count; 0: nothing waits. */
size_t queue_take(queue *self, size_t wanted, size_t most, size_t idle,
                  uint64_t *cells);

void queue_recorded(queue *self, size_t cell);
/* Back into the queue, to be taken first. */
void queue_return(queue *self, size_t cell);

#endif
