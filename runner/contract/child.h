/* SPDX-License-Identifier: GPL-3.0-or-later
 * A child process under limits, in which a plugin can do no harm. */
#ifndef HEED_CONTRACT_CHILD_H
#define HEED_CONTRACT_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "heed/status.h"

#define CHILD_END 160

typedef struct contract_limits {
  double seconds; /* that the pulse may stand still */
  size_t memory;  /* bytes of address space */
} contract_limits;

/* Runs work(context) in a forked child and waits for it.  pulse: in memory that
 * both share; the child changes it as it gets on.  *finished: the child came to
 * the end of the work, or to child_leave(); otherwise `end` says what became of
 * it: "crashed (signal 11, Segmentation fault)". */
heed_status child_run(const contract_limits *limits, const atomic_uint *pulse,
                      void (*work)(void *), void *context, bool *finished,
                      char end[CHILD_END], heed_error *error);

/* In the child: the work is done. */
_Noreturn void child_leave(void);

/* Whether a sanitizer manages the memory of this process. */
bool child_is_sanitized(void);

#endif
