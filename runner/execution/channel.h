/* SPDX-License-Identifier: GPL-3.0-or-later
 * What supervisor and worker share: a slot of memory and messages on a
 * sequenced-packet socket. */
#ifndef HEED_EXECUTION_CHANNEL_H
#define HEED_EXECUTION_CHANNEL_H

#include <stdatomic.h>

#include "execution/execution.h"
#include "plan/plan.h"

/* The worker writes all of it but `threads` and `stop`. */
typedef struct execution_slot {
  _Atomic uint64_t place; /* current cell x 8 + stage + 1; 0: none */
  _Atomic uint64_t start; /* of that stage, monotonic nanoseconds */
  _Atomic uint64_t done;  /* its progress in 1e-6, + 1; 0: unknown */
  /* Text in words of eight bytes, ended by NUL.  A reader may see the start of
   * one text and the end of another; it is only shown, and only briefly. */
  _Atomic uint64_t what[EXECUTION_WHAT / 8];
  _Atomic uint64_t left; /* cells of the batch not started */
  /* For the size of batches: time of the stages up to the posterior, which
   * cells share, and of the stages after it. */
  _Atomic uint64_t shared_time, shared_runs; /* nanoseconds; how often */
  _Atomic uint64_t own_time, own_runs;
  _Atomic uint64_t threads; /* how many the next stage may use */
  atomic_bool stop;         /* finish the current cell, then stop */
} execution_slot;

/* A worker announces the stage that it starts, or that it is idle. */
void slot_announce(execution_slot *self, size_t cell, plan_stage stage);
void slot_rest(execution_slot *self);
/* Progress of the stage, 0 to 1, and as text. */
void slot_tell(execution_slot *self, double done, const char *what);

/* What a worker is doing. */
typedef struct execution_place {
  size_t cell;
  plan_stage stage;
  double seconds; /* since it started */
  double done;    /* 0 to 1; NaN: unknown */
  char what[EXECUTION_WHAT];
} execution_place;
/* False: it is idle or between stages. */
bool slot_look(execution_slot *self, execution_place *result);
/* The same for a dead worker, whose slot no longer changes. */
bool slot_last(execution_slot *self, execution_place *result);

#define CHANNEL_CELLS 4096 /* most cells in a message */
/* The exit status of a worker that cannot talk to its supervisor; the slot says
 * why. */
#define CHANNEL_BROKEN 87

typedef enum execution_message_kind {
  MESSAGE_RUN = 1,  /* to the worker: run these cells */
  MESSAGE_RECORDED, /* from it: these cells are in a part: cell x 2, and 1 more
                       if it failed */
  MESSAGE_MADE,     /* from it: the output of a costly stage is saved; a cell
                       under it, and the stage */
  MESSAGE_IDLE,     /* from it: ready for more */
  MESSAGE_ERROR     /* from it: it cannot continue, and why */
} execution_message_kind;

typedef struct execution_message {
  uint64_t kind;
  uint64_t count;  /* cells; 0 with a text */
  uint64_t status; /* MESSAGE_ERROR: heed_status */
  union {
    uint64_t cells[CHANNEL_CELLS];
    char text[HEED_MESSAGE_SIZE];
  } body;
} execution_message;

/* False: the other end has closed, or (receive) wait is false and no message
 * has arrived. */
bool channel_send(int socket, const execution_message *what);
bool channel_receive(int socket, execution_message *what, bool wait);

uint64_t channel_now(void); /* monotonic nanoseconds */
double channel_seconds_since(uint64_t then);

#endif
