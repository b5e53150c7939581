/* SPDX-License-Identifier: GPL-3.0-or-later
 * Standard output and error of this process, from its start to its end.
 *
 * A command prints with printf() and fprintf(stderr, …) and does not check for
 * errors.  Both streams escape control characters (safe.h), and the end of the
 * process reports output that could not be written.  Data that programs read,
 * such as CSV, goes through standard_put(). */
#ifndef HEED_COMMAND_STANDARD_H
#define HEED_COMMAND_STANDARD_H

#include <stdio.h>

#include "files/output.h"

/* One of the two streams, and the one of the C library that it replaces. */
typedef struct standard_stream {
  FILE *stream, *original;
  int descriptor;
  int reason;   /* errno of the first write that failed; 0: none */
  bool closed;  /* at the start: lost output is no error */
  char rest[4]; /* the start of a character */
  size_t rest_length;
} standard_stream;

typedef struct standard_streams {
  standard_stream output, error;
} standard_streams;

/* Call before any file is opened.  *self must live until the process ends. */
void standard_open(standard_streams *self);

/* Flushes both streams.  Returns the status to exit with: EXIT_FAILED, after
 * a message, if a successful command lost some of its output. */
int standard_close(standard_streams *self, int status);

/* Writes bytes that are data to where -o leads: unchanged, unless they go to a
 * terminal. */
heed_status standard_put(const output_target *target, const char *bytes,
                         size_t length, heed_error *error);

/* The same for a piece of a text. */
heed_status standard_add(const output_stream *stream, const char *bytes,
                         size_t length, heed_error *error);

/* Clears the line of a terminal on standard error, for a bar that moves. */
void standard_clear_line(void);

#endif
