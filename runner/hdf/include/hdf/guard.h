/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads files of others in a child process.  The HDF5 library crashes, hangs or
 * uses all memory on some damaged files; then the child is ended, and the error
 * names the file.
 *
 * Callers: result, command. */
#ifndef HEED_HDF_GUARD_H
#define HEED_HDF_GUARD_H

#include <sys/types.h>

#include "heed/status.h"

/* Like fork(), with limits in the child that the size of the file sets: memory,
 * processor time, no core.  The child ends with its parent.  -1: failure. */
pid_t guard_fork(const char *path, heed_error *error);

/* Waits for the child.  HEED_OK: it exited, with *exit_status, or a user ended
 * it, with *signal, which is 0 otherwise.  HEED_INTERNAL: it crashed or did not
 * end. */
heed_status guard_wait(pid_t child, const char *path, int *exit_status,
                       int *signal, heed_error *error);

/* Calls read() in such a child and returns what it returns.  For a look at the
 * file before this process reads it. */
heed_status guard_try(const char *path,
                      heed_status (*read)(void *context, heed_error *error),
                      void *context, heed_error *error);

#endif
