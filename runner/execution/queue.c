/* SPDX-License-Identifier: GPL-3.0-or-later
 * The queue: cells by replicate, then in tree order, so that neighbours share
 * as many stages as possible. */
#include "queue.h"

#include <assert.h>
#include <string.h>

#include "host/host.h"

/* Who makes a costly node of a replicate: a worker + 1, or one of these. */
#define NOBODY 0u
#define MADE UINT32_MAX

struct execution_queue {
  host_arena *memory; /* owns the queue and all its arrays */
  const heed_plan *plan;
  uint8_t *state; /* cell_state of each cell */
  size_t next;    /* position before which nothing is queued */
  size_t waiting;
  /* Things that one worker makes while others wait: a costly node, or the
   * checkpoint that several costly nodes share. */
  size_t thing_count;
  size_t *costly;   /* of each node, its number as a thing */
  size_t *shared;   /* of each node, its checkpoint's number, or its own */
  uint32_t *makers; /* thing_count x replicates */
  /* The worker that took cells of a world last, + 1; or NOBODY. */
  size_t world_count;
  size_t *worlds;    /* of each first node of a path, its number */
  uint32_t *holders; /* world_count x replicates */
};

/* The cell at a position of the queue: replicates outside, points inside. */
static size_t cell_at(const execution_queue *self, size_t position) {
  const size_t points = self->plan->point_count;
  return position % points * self->plan->replicates + position / points;
}

static size_t position_of(const execution_queue *self, size_t cell) {
  const size_t replicates = self->plan->replicates;
  return cell % replicates * self->plan->point_count + cell / replicates;
}

/* The number of a node's checkpoint: an earlier node's if it has the same
 * checkpoint, or a new number. */
static size_t number_shared(execution_queue *self, size_t position) {
  const plan_node *nodes = self->plan->nodes;
  if (nodes[position].shared[0] == '\0') return self->costly[position];
  for (size_t i = 0; i < position; i++)
    if (nodes[i].costly && strcmp(nodes[i].shared, nodes[position].shared) == 0)
      return self->shared[i];
  return self->thing_count++;
}

static void number_costly(execution_queue *self) {
  const size_t count = self->plan->node_count;
  for (size_t i = 0; i < count; i++) {
    if (!self->plan->nodes[i].costly) continue;
    self->costly[i] = self->thing_count++;
    self->shared[i] = number_shared(self, i);
  }
  self->makers = arena_allocate(self->memory, self->thing_count,
                                self->plan->replicates * sizeof *self->makers);
}

static void number_worlds(execution_queue *self) {
  for (size_t i = 0; i < self->plan->node_count; i++)
    if (self->plan->nodes[i].parent == SIZE_MAX)
      self->worlds[i] = self->world_count++;
  self->holders =
      arena_allocate(self->memory, self->world_count,
                     self->plan->replicates * sizeof *self->holders);
}

static uint32_t *maker_of(const execution_queue *self, size_t thing,
                          size_t cell) {
  const size_t replicates = self->plan->replicates;
  return &self->makers[thing * replicates + cell % replicates];
}

void queue_free(execution_queue *self) {
  if (self != NULL) arena_free(self->memory);
}

size_t queue_waiting(const execution_queue *self) {
  return self->waiting;
}

execution_cell_state queue_state(const execution_queue *self, size_t cell) {
  return (execution_cell_state)self->state[cell];
}

bool queue_same_unit(const execution_queue *self, size_t a, size_t b) {
  const size_t replicates = self->plan->replicates;
  if (a % replicates != b % replicates) return false;
  return plan_node_at(self->plan, a / replicates, PLAN_POSTERIOR) ==
         plan_node_at(self->plan, b / replicates, PLAN_POSTERIOR);
}

/* ---- costly nodes ---- */

/* Calls `change` for each costly node above the cell, from the leaf up, and for
 * the checkpoint of each. */
static void each_costly(execution_queue *self, size_t cell, uint32_t taker,
                        uint32_t (*change)(uint32_t maker, uint32_t taker)) {
  const size_t replicates = self->plan->replicates;
  const plan_node *nodes = self->plan->nodes;
  if (self->thing_count == 0) return;
  for (size_t node = self->plan->points[cell / replicates].leaf;
       node != SIZE_MAX; node = nodes[node].parent) {
    uint32_t *maker;
    if (!nodes[node].costly) continue;
    maker = maker_of(self, self->costly[node], cell);
    *maker = change(*maker, taker);
    maker = maker_of(self, self->shared[node], cell);
    *maker = change(*maker, taker);
  }
}

static uint32_t claim(uint32_t maker, uint32_t taker) {
  return maker == NOBODY ? taker + 1 : maker;
}

static uint32_t finish(uint32_t maker, uint32_t taker) {
  (void)maker, (void)taker;
  return MADE;
}

static uint32_t release(uint32_t maker, uint32_t taker) {
  (void)taker;
  return maker == MADE ? MADE : NOBODY;
}

/* Whether another worker is about to make the thing. */
static bool is_made_by_another(const execution_queue *self, size_t thing,
                               size_t cell, uint32_t taker) {
  const uint32_t maker = *maker_of(self, thing, cell);
  return maker != NOBODY && maker != MADE && maker != taker + 1;
}

/* The costly node above the cell that another worker is about to make, itself
 * or its checkpoint; or SIZE_MAX. */
static size_t being_made(const execution_queue *self, size_t cell,
                         uint32_t taker) {
  const size_t replicates = self->plan->replicates;
  const plan_node *nodes = self->plan->nodes;
  if (self->thing_count == 0) return SIZE_MAX;
  for (size_t node = self->plan->points[cell / replicates].leaf;
       node != SIZE_MAX; node = nodes[node].parent) {
    if (!nodes[node].costly) continue;
    if (is_made_by_another(self, self->costly[node], cell, taker) ||
        is_made_by_another(self, self->shared[node], cell, taker))
      return node;
  }
  return SIZE_MAX;
}

/* Whether a costly node above the cell is not saved yet. */
static bool must_make(const execution_queue *self, size_t cell) {
  const plan_node *nodes = self->plan->nodes;
  if (self->thing_count == 0) return false;
  for (size_t node = self->plan->points[cell / self->plan->replicates].leaf;
       node != SIZE_MAX; node = nodes[node].parent)
    if (nodes[node].costly && *maker_of(self, self->costly[node], cell) != MADE)
      return true;
  return false;
}

/* ---- making one ---- */

execution_queue *queue_create(const heed_plan *plan, const uint8_t *recorded) {
  const size_t cells = plan_cell_count(plan), nodes = plan->node_count;
  host_arena *memory = arena_create();
  execution_queue *self = arena_allocate(memory, 1, sizeof *self);
  uint8_t *state = arena_allocate(memory, cells, sizeof *state);
  size_t *costly = arena_allocate(memory, nodes, sizeof *costly);
  size_t *shared = arena_allocate(memory, nodes, sizeof *shared);
  size_t *worlds = arena_allocate(memory, nodes, sizeof *worlds);
  if (!arena_refused(memory)) {
    *self = (execution_queue){.memory = memory,
                              .plan = plan,
                              .state = state,
                              .costly = costly,
                              .shared = shared,
                              .worlds = worlds};
    number_costly(self);
    number_worlds(self);
  }
  if (arena_refused(memory)) {
    arena_free(memory);
    return NULL;
  }
  for (size_t i = 0; i < cells; i++) {
    self->state[i] = recorded[i] ? CELL_RECORDED : CELL_QUEUED;
    self->waiting += !recorded[i];
  }
  return self;
}

/* ---- the next position ---- */

/* The first position from here on whose cell the worker may take, or the end.
 */
static size_t next_free(const execution_queue *self, size_t position,
                        uint32_t taker) {
  const size_t end = plan_cell_count(self->plan);
  for (; position < end; position++) {
    const size_t cell = cell_at(self, position);
    size_t node;
    if (self->state[cell] != CELL_QUEUED) continue;
    node = being_made(self, cell, taker);
    if (node == SIZE_MAX) return position;
    const plan_node *made = &self->plan->nodes[node];
    position += made->first_point + made->point_count - 1 -
                cell / self->plan->replicates;
  }
  return end;
}

bool queue_has_for(const execution_queue *self, uint32_t taker) {
  return next_free(self, self->next, taker) < plan_cell_count(self->plan);
}

static void skip_taken(execution_queue *self) {
  const size_t end = plan_cell_count(self->plan);
  while (self->next < end &&
         self->state[cell_at(self, self->next)] != CELL_QUEUED)
    self->next++;
}

/* ---- worlds ---- */

/* The first node of the cell's path. */
static size_t world_of(const execution_queue *self, size_t cell) {
  const plan_node *nodes = self->plan->nodes;
  size_t node = self->plan->points[cell / self->plan->replicates].leaf;
  while (nodes[node].parent != SIZE_MAX) node = nodes[node].parent;
  return node;
}

static uint32_t *holder_of(const execution_queue *self, size_t cell) {
  const size_t replicates = self->plan->replicates;
  return &self->holders[self->worlds[world_of(self, cell)] * replicates +
                        cell % replicates];
}

/* Where the cell's world begins and ends in the queue. */
static size_t world_start(const execution_queue *self, size_t cell) {
  const plan_node *world = &self->plan->nodes[world_of(self, cell)];
  return cell % self->plan->replicates * self->plan->point_count +
         world->first_point;
}

static size_t world_end(const execution_queue *self, size_t cell) {
  return world_start(self, cell) +
         self->plan->nodes[world_of(self, cell)].point_count;
}

/* Like next_free(), in a world that no other worker holds. */
static size_t next_unheld(const execution_queue *self, size_t position,
                          uint32_t taker) {
  const size_t end = plan_cell_count(self->plan);
  for (position = next_free(self, position, taker); position < end;
       position = next_free(self, position, taker)) {
    const size_t cell = cell_at(self, position);
    const uint32_t holder = *holder_of(self, cell);
    if (holder == NOBODY || holder == taker + 1) return position;
    position = world_end(self, cell);
  }
  return end;
}

/* The position after this one in a batch: in the same world, else in another.
 */
static size_t next_after(const execution_queue *self, size_t position,
                         uint32_t taker) {
  const size_t end = world_end(self, cell_at(self, position));
  const size_t next = next_free(self, position + 1, taker);
  return next < end ? next : next_unheld(self, next, taker);
}

/* The next free position of the world of the worker's last cell, or the end. */
static size_t next_at_home(const execution_queue *self,
                           const execution_batch_wish *wish) {
  const size_t end = plan_cell_count(self->plan);
  size_t start, position;
  if (wish->last == 0) return end;
  start = world_start(self, wish->last - 1);
  position =
      next_free(self, start > self->next ? start : self->next, wish->taker);
  return position < world_end(self, wish->last - 1) ? position : end;
}

/* The worker leaves its world and takes that of the cell. */
static void enter_world(execution_queue *self, const execution_batch_wish *wish,
                        size_t cell) {
  if (wish->last != 0 && *holder_of(self, wish->last - 1) == wish->taker + 1)
    *holder_of(self, wish->last - 1) = NOBODY;
  *holder_of(self, cell) = wish->taker + 1;
}

/* ---- taking and giving back ---- */

/* Whether a batch of `count` cells should end at `last`. */
static bool is_enough(const execution_queue *self,
                      const execution_batch_wish *wish, size_t count,
                      size_t last, size_t next) {
  const size_t fair = self->waiting / (2 * (wish->idle + 1)) + 1;
  const size_t wanted = wish->cells < fair ? wish->cells : fair;
  if (must_make(self, next)) return true;
  if (count < wanted) return false;
  if (!queue_same_unit(self, last, next)) return true;
  return wish->idle > 0 && count >= wish->worth;
}

static void take(execution_queue *self, const execution_batch_wish *wish,
                 size_t cell) {
  each_costly(self, cell, wish->taker, claim);
  self->state[cell] = CELL_RUNNING;
}

size_t queue_take(execution_queue *self, const execution_batch_wish *wish,
                  uint64_t *cells) {
  const size_t end = plan_cell_count(self->plan);
  size_t count = 0, cell = 0, position = next_at_home(self, wish);
  bool alone = false;
  if (position == end) position = next_unheld(self, self->next, wish->taker);
  if (position == end) position = next_free(self, self->next, wish->taker);
  while (position < end && count < wish->most && !alone) {
    cell = cell_at(self, position);
    if (count > 0 &&
        is_enough(self, wish, count, (size_t)cells[count - 1], cell))
      break;
    alone = must_make(self, cell);
    take(self, wish, cell);
    cells[count++] = cell;
    position = next_after(self, position, wish->taker);
  }
  if (count == 0) return 0;
  enter_world(self, wish, (size_t)cells[count - 1]);
  skip_taken(self);
  assert(count <= self->waiting);
  self->waiting -= count;
  return count;
}

void queue_made(execution_queue *self, size_t cell, plan_stage stage) {
  const size_t node =
      plan_node_at(self->plan, cell / self->plan->replicates, stage);
  if (node == SIZE_MAX || !self->plan->nodes[node].costly) return;
  *maker_of(self, self->costly[node], cell) = MADE;
  *maker_of(self, self->shared[node], cell) = MADE;
}

void queue_recorded(execution_queue *self, size_t cell) {
  if (self->state[cell] == CELL_QUEUED) self->waiting--;
  self->state[cell] = CELL_RECORDED;
  each_costly(self, cell, 0, finish);
}

void queue_return(execution_queue *self, size_t cell) {
  const size_t position = position_of(self, cell);
  if (self->state[cell] != CELL_RUNNING) return;
  self->state[cell] = CELL_QUEUED;
  self->waiting++;
  if (position < self->next) self->next = position;
  each_costly(self, cell, 0, release);
}
