/* SPDX-License-Identifier: GPL-3.0-or-later
 * What supervisor and worker share: a slot of memory and messages on a
 * sequenced-packet socket. */
#ifndef HEED_EXECUTION_CHANNEL_H
#define HEED_EXECUTION_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/status.h"

/* Written by the worker but for `stop`. */
typedef struct slot {
  _Atomic uint64_t cell;  /* cell at hand + 1; 0: none */
  _Atomic uint64_t stage; /* of that cell */
  _Atomic uint64_t start; /* of that stage, monotonic nanoseconds */
  _Atomic uint64_t done;  /* its progress in 1e-6, + 1; 0: not said */
  atomic_bool stop;       /* finish the cell at hand, then no more */
} slot;

#define CHANNEL_CELLS 4096 /* most cells a message names */

typedef enum message_kind {
  MESSAGE_RUN = 1,  /* to the worker: run these cells */
  MESSAGE_RECORDED, /* from it: these cells are in a part, with their status */
  MESSAGE_IDLE,     /* from it: ready for more */
  MESSAGE_ERROR     /* from it: it cannot go on; text says why */
} message_kind;

typedef struct message {
  uint64_t kind;
  uint64_t count;
  uint64_t fatal; /* MESSAGE_ERROR: heed_status */
  union {
    uint64_t cells[CHANNEL_CELLS]; /* RECORDED: cell x 2 + failed */
    char text[HEED_MESSAGE_SIZE];
  } as;
} message;

/* False: the other end is gone, or (receive) nothing is there yet and wait is
 * false; *gone tells them apart. */
bool channel_send(int socket, const message *what);
bool channel_receive(int socket, message *what, bool wait, bool *gone);

uint64_t channel_now(void); /* monotonic nanoseconds */

#endif
