/* SPDX-License-Identifier: GPL-3.0-or-later
 * The descriptors that a worker needs: its socket and its log.  A plugin may
 * close them, or put other files in their place. */
#ifndef HEED_EXECUTION_LIFELINE_H
#define HEED_EXECUTION_LIFELINE_H

#include <stdbool.h>
#include <sys/types.h>

#define LIFELINE_COUNT 3

typedef struct execution_lifeline {
  int descriptor[LIFELINE_COUNT]; /* -1: was not open */
  dev_t device[LIFELINE_COUNT];
  ino_t file[LIFELINE_COUNT];
} execution_lifeline;

void lifeline_know(execution_lifeline *self, int socket);
/* The first descriptor that was closed or replaced ("standard error"), or NULL.
 */
const char *lifeline_broken(const execution_lifeline *self);

#endif
