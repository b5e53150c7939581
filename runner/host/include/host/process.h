/* SPDX-License-Identifier: GPL-3.0-or-later
 * The process that plugins run in: puts back what they change.
 *
 * heed itself needs the C locale and the default floating-point environment,
 * so these two need no memory of an earlier state.
 *
 * Callers: stages, command.  service.c settles numbers after each call into a
 * plugin. */
#ifndef HEED_HOST_PROCESS_H
#define HEED_HOST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* What a plugin may have changed; bits of a set. */
typedef enum process_change {
  PROCESS_LOCALE = 1 << 0,
  PROCESS_ROUNDING = 1 << 1,
  PROCESS_DENORMALS = 1 << 2,
  PROCESS_TRAPS = 1 << 3,
  PROCESS_PRECISION = 1 << 4,
  PROCESS_FOLDER = 1 << 5,
  PROCESS_UMASK = 1 << 6,
  PROCESS_HANDLERS = 1 << 7,
  PROCESS_BLOCKED = 1 << 8,
  PROCESS_ALARM = 1 << 9,
  PROCESS_LIMITS = 1 << 10,
  PROCESS_VARIABLES = 1 << 11,
  PROCESS_CHANGES = 1 << 12 /* the first bit without a meaning */
} process_change;

/* "changed_locale", the code of a warning; "the locale". */
const char *process_change_code(process_change change);
const char *process_change_name(process_change change);

/* Puts back the locale and the floating-point environment; returns the set of
 * what had changed. */
unsigned process_settle_numbers(void);

/* The same in the threads of an OpenMP region of this size.  OpenMP keeps these
 * threads after a call into a plugin and gives them to the next plugin.  Only
 * threads of the OpenMP library that this program uses can be reached. */
unsigned process_settle_threads(size_t threads);

/* ---- processes below this one ---- */

/* Whether this process has a child, dead or alive. */
bool process_has_children(void);
/* Kills and reaps the children, and what they leave behind, except those for
 * which spare() is true.  spare: may be NULL. */
void process_end_children(void *context,
                          bool (*spare)(void *context, int process));

/* ---- the state of the process ---- */

typedef struct process_state process_state;

/* The working directory, the umask, the signal handlers, the signal mask, the
 * timer of alarm(), the resource limits and the environment as they are now.
 * NULL: out of memory. */
process_state *process_remember(void);
void process_forget(process_state *state);

/* Puts them back, like process_settle_numbers(). */
unsigned process_settle(process_state *state);

#endif
