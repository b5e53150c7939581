/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs code in a child process with limits on time and memory. */
#ifndef HEED_CONTRACT_CHILD_H
#define HEED_CONTRACT_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "heed/status.h"

#define CHILD_END 160

typedef struct contract_limits {
  double seconds; /* longest time without a change of the pulse */
  size_t memory;  /* bytes of address space */
} contract_limits;

/* Runs work(context) in a forked child and waits for it.  pulse is in shared
 * memory; the child changes it to report progress.  *finished: work() returned
 * or called child_leave().  Otherwise `end` says how the child ended, such as
 * "crashed (signal 11, Segmentation fault)". */
heed_status child_run(const contract_limits *limits, const atomic_uint *pulse,
                      void (*work)(void *), void *context, bool *finished,
                      char end[CHILD_END], heed_error *error);

/* Ends the child as finished.  Call only in the child. */
_Noreturn void child_leave(void);

#endif
