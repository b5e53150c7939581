/* SPDX-License-Identifier: GPL-3.0-or-later
 * What supervisor and worker share: a slot of memory and messages on a
 * sequenced-packet socket. */
#ifndef HEED_EXECUTION_CHANNEL_H
#define HEED_EXECUTION_CHANNEL_H

#include <stdatomic.h>

#include "execution/execution.h"
#include "plan/plan.h"

/* Written by the worker but for `stop`. */
typedef struct execution_slot {
  _Atomic uint64_t place; /* cell x 8 + stage + 1 at hand; 0: none */
  _Atomic uint64_t start; /* of that stage, monotonic nanoseconds */
  _Atomic uint64_t done;  /* its progress in 1e-6, + 1; 0: not said */
  /* In words, eight bytes each, ended by NUL.  Read while it is written, it may
   * be the start of one text and the end of another: people see it for a
   * moment. */
  _Atomic uint64_t what[EXECUTION_WHAT / 8];
  _Atomic uint64_t left; /* cells of the batch not begun */
  /* What batches should be like: time of stages up to the posterior, which
   * cells share, and of those after it. */
  _Atomic uint64_t shared_time, shared_runs; /* nanoseconds; how often */
  _Atomic uint64_t own_time, own_runs;
  atomic_bool stop; /* finish the cell at hand, then no more */
} execution_slot;

/* A worker announces the stage that it begins, and that it rests. */
void slot_announce(execution_slot *self, size_t cell, plan_stage stage);
void slot_rest(execution_slot *self);
/* How far the stage is, 0 to 1, and in words. */
void slot_tell(execution_slot *self, double done, const char *what);

/* What a worker is at. */
typedef struct execution_place {
  size_t cell;
  plan_stage stage;
  double seconds; /* since it began */
  double done;    /* 0 to 1; NaN: not said */
  char what[EXECUTION_WHAT];
} execution_place;
/* False: it rests, or is just changing. */
bool slot_look(execution_slot *self, execution_place *result);
/* Of a worker that is dead, and changes no more. */
bool slot_last(execution_slot *self, execution_place *result);

#define CHANNEL_CELLS 4096 /* most cells a message names */

typedef enum execution_message_kind {
  MESSAGE_RUN = 1,  /* to the worker: run these cells */
  MESSAGE_RECORDED, /* from it: these cells are in a part: cell x 8 + 0 (done),
                       or + 1 + the stage that failed */
  MESSAGE_FAILURE,  /* from it: a cell failed (place as in a slot), and why */
  MESSAGE_IDLE,     /* from it: ready for more */
  MESSAGE_ERROR     /* from it: it cannot go on, and why */
} execution_message_kind;

typedef struct execution_message {
  uint64_t kind;
  uint64_t count;  /* cells; 0 where there is text */
  uint64_t place;  /* MESSAGE_FAILURE */
  uint64_t status; /* MESSAGE_ERROR: heed_status */
  union {
    uint64_t cells[CHANNEL_CELLS];
    char text[HEED_MESSAGE_SIZE];
  } body;
} execution_message;

/* False: the other end is gone, or (receive) nothing is there yet and wait is
 * false. */
bool channel_send(int socket, const execution_message *what);
bool channel_receive(int socket, execution_message *what, bool wait);

uint64_t channel_now(void); /* monotonic nanoseconds */
double channel_seconds_since(uint64_t then);

#endif
