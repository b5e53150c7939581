/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the constructors of a shared object may do to the process that loads it.
 *
 * Only registry.c calls this. */
#ifndef HEED_HOST_LOADING_H
#define HEED_HOST_LOADING_H

#include <stdbool.h>
#include <sys/types.h>

#define LOADING_FILES 64 /* descriptors that are compared */

typedef struct loading_state {
  int output; /* a copy of standard output, or -1 */
  bool had_children, was_reaper;
  bool open[LOADING_FILES];
  dev_t device[LOADING_FILES];
  ino_t file[LOADING_FILES];
} loading_state;

/* From here to loading_end(), standard output goes to standard error: a
 * constructor's or a destructor's prints are not output of a command. */
void loading_begin(loading_state *self);
/* Puts back the locale, the floating-point environment and standard output;
 * ends processes that were started.  Returns what heed cannot undo ("started a
 * process"), or NULL. */
const char *loading_end(loading_state *self);

#endif
