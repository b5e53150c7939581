/* SPDX-License-Identifier: GPL-3.0-or-later
 * A worker as its supervisor sees it: a process with a slot, a socket, a log
 * and a batch of cells. */
#ifndef HEED_EXECUTION_CHILD_H
#define HEED_EXECUTION_CHILD_H

#include <sys/types.h>

#include "channel.h"
#include "work/record.h"

typedef struct execution_child {
  size_t index;
  pid_t pid; /* 0: not running */
  int socket, log;
  execution_slot *slot;
  bool idle;
  size_t cell_count;
  uint64_t cells[CHANNEL_CELLS]; /* of its batch */
  uint64_t batch_start;
  /* Why it is being killed, and what it was at; RECORD_DONE: it is not. */
  heed_record_status verdict;
  bool was_at_something, all_together; /* over the limit of all workers */
  execution_place was_at;
  size_t held; /* bytes, when last looked at */
} execution_child;

/* What its end looked like. */
typedef struct execution_child_end {
  int wait_status;
  char words[256]; /* the last line of its log, or "" */
} execution_child_end;

typedef struct execution_child_options {
  const char *folder; /* the work folder */
  size_t blas_threads;
  bool allow_unsafe;
} execution_child_options;

/* self->index is set, all else is filled in. */
heed_status child_start(execution_child *self,
                        const execution_child_options *options,
                        heed_error *error);
/* Whether it has ended by itself, or been killed.  It still is to be
 * forgotten. */
bool child_has_ended(execution_child *self, execution_child_end *end);
/* Lets it leave, or kills it at once, and waits for that. */
void child_dismiss(execution_child *self, bool at_once);
/* Frees what belongs to a child that has ended. */
void child_forget(execution_child *self);

/* Looks how many bytes are resident; 0: not known. */
void child_weigh(execution_child *self);
/* Its log begins anew when it is too long. */
void child_trim_log(const execution_child *self);

bool child_has(const execution_child *self, size_t cell); /* in its batch */

#endif
