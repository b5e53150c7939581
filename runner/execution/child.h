/* SPDX-License-Identifier: GPL-3.0-or-later
 * The supervisor's view of a worker: a process with a slot, a socket, a log and
 * a batch of cells. */
#ifndef HEED_EXECUTION_CHILD_H
#define HEED_EXECUTION_CHILD_H

#include <sys/types.h>

#include "channel.h"
#include "work/work.h"

typedef struct execution_child {
  size_t index;
  pid_t pid; /* 0: not running */
  int socket, log;
  execution_slot *slot;
  bool idle;
  size_t cell_count;
  uint64_t cells[CHANNEL_CELLS]; /* of its batch */
  size_t last;                   /* cell that it was given, + 1; 0: none */
  uint64_t batch_start;
  uint64_t alive; /* when it last was in a stage, idle, or sent a message */
  /* Why it is being killed, and what it was doing; RECORD_DONE: it is not. */
  heed_record_status verdict;
  bool was_at_something;
  bool all_together; /* over the limit of all workers */
  bool silent;       /* outside stages for too long */
  execution_place was_at;
  size_t held; /* bytes at the last check */
} execution_child;

/* How it ended. */
typedef struct execution_child_end {
  int wait_status;
  char words[256];           /* the last line of its log, or "" */
  char what[EXECUTION_WHAT]; /* what it last did, or "" */
} execution_child_end;

typedef struct execution_child_options {
  const heed_work *work;
  size_t blas_threads;
  bool allow_unsafe;
} execution_child_options;

/* The caller sets self->index; this fills in the rest. */
heed_status child_start(execution_child *self,
                        const execution_child_options *options,
                        heed_error *error);
/* Whether it has exited or been killed.  child_forget() must still follow. */
bool child_has_ended(execution_child *self, execution_child_end *end);
/* Lets it exit, or kills it at once, and waits for its end. */
void child_dismiss(execution_child *self, bool at_once);
/* Frees what belongs to a child that has ended. */
void child_forget(execution_child *self);

/* Updates `held`, the resident bytes; 0: unknown. */
void child_weigh(execution_child *self);
/* Empties its log if it is too long. */
void child_trim_log(const execution_child *self);

bool child_has(const execution_child *self, size_t cell); /* in its batch */

#endif
