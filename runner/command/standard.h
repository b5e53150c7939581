/* SPDX-License-Identifier: GPL-3.0-or-later
 * The descriptors and signals of this process, at its start and its end.  A
 * command prints and does not look back: what could not be written is found at
 * the end.  Only main calls this. */
#ifndef HEED_COMMAND_STANDARD_H
#define HEED_COMMAND_STANDARD_H

#include <stdbool.h>

typedef struct standard_streams {
  bool quiet; /* standard error was closed at the start */
} standard_streams;

/* Call before any file is opened. */
void standard_open(standard_streams *self);

/* Writes out what is left.  Returns the status to exit with: EXIT_FAILED, after
 * a message, if a successful command lost some of its output. */
int standard_close(const standard_streams *self, int status);

#endif
