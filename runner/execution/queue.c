/* SPDX-License-Identifier: GPL-3.0-or-later
 * The queue: cells replicate by replicate, in tree order, so that neighbours
 * share what they can. */
#include "queue.h"

#include <stdlib.h>

struct queue {
  const plan *plan;
  uint8_t *state; /* cell_state of each cell */
  size_t next;    /* position before which nothing is queued */
  size_t waiting;
};

/* Position in the order of the queue: replicates outside, points inside. */
static size_t cell_at(const queue *self, size_t position) {
  const size_t points = self->plan->point_count;
  return position % points * self->plan->replicates + position / points;
}

static size_t position_of(const queue *self, size_t cell) {
  const size_t replicates = self->plan->replicates;
  return cell % replicates * self->plan->point_count + cell / replicates;
}

queue *queue_create(const plan *of, const uint8_t *recorded) {
  const size_t cells = plan_cell_count(of);
  queue *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->plan = of;
  self->state = calloc(cells + 1, 1);
  if (self->state == NULL) {
    free(self);
    return NULL;
  }
  for (size_t i = 0; i < cells; i++) {
    self->state[i] = recorded[i] ? CELL_RECORDED : CELL_QUEUED;
    self->waiting += !recorded[i];
  }
  return self;
}

void queue_free(queue *self) {
  if (self == NULL) return;
  free(self->state);
  free(self);
}

size_t queue_waiting(const queue *self) {
  return self->waiting;
}

cell_state queue_state(const queue *self, size_t cell) {
  return (cell_state)self->state[cell];
}

/* What cells of one unit share: replicate and the node up to the posterior. */
static bool same_unit(const queue *self, size_t a, size_t b) {
  const size_t replicates = self->plan->replicates;
  if (a % replicates != b % replicates) return false;
  return plan_node_at(self->plan, a / replicates, PLAN_POSTERIOR) ==
         plan_node_at(self->plan, b / replicates, PLAN_POSTERIOR);
}

size_t queue_take(queue *self, size_t wanted, size_t most, size_t idle,
                  uint64_t *cells) {
  const size_t end = plan_cell_count(self->plan);
  const size_t fair = self->waiting / (2 * (idle + 1)) + 1;
  size_t count = 0;
  if (wanted > fair) wanted = fair;
  for (size_t at = self->next; at < end && count < most; at++) {
    const size_t cell = cell_at(self, at);
    if (self->state[cell] != CELL_QUEUED) {
      if (at == self->next) self->next++;
      continue;
    }
    if (count >= wanted) {
      const bool splits = same_unit(self, (size_t)cells[count - 1], cell);
      if (!splits || (idle > 0 && count >= 4 * wanted)) break;
    }
    self->state[cell] = CELL_RUNNING;
    cells[count++] = cell;
    if (at == self->next) self->next++;
  }
  self->waiting -= count;
  return count;
}

void queue_recorded(queue *self, size_t cell) {
  if (self->state[cell] == CELL_QUEUED) self->waiting--;
  self->state[cell] = CELL_RECORDED;
}

void queue_return(queue *self, size_t cell) {
  const size_t position = position_of(self, cell);
  if (self->state[cell] != CELL_RUNNING) return;
  self->state[cell] = CELL_QUEUED;
  self->waiting++;
  if (position < self->next) self->next = position;
}
