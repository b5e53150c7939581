/* SPDX-License-Identifier: GPL-3.0-or-later
 * Threads inside a stage, as many as heed_threads() allows.
 *
 * A job has a fixed number of parts, which does not depend on the number of
 * threads.  Each part writes to its own memory; the caller then adds the parts
 * in their order, so that the bits of a result do not depend on the threads.
 *
 * Parts may multiply matrices.  During a job OpenBLAS uses one thread, so that
 * the number of threads does not change these bits either.
 *
 * Threads live as long as a call: starting them takes some 20 microseconds.
 * They are POSIX threads, because ThreadSanitizer cannot see how gcc's OpenMP
 * synchronises its threads. */
#ifndef HEED_SUPPORT_NUMERIC_THREADS_H
#define HEED_SUPPORT_NUMERIC_THREADS_H

#include <stddef.h>

/* A part of a job, 0 ... parts - 1. */
typedef void threads_work(void *context, size_t part);

/* Calls work() once for each part, on up to `threads` threads and in any order.
 * Returns when all parts are done.  If a thread cannot start, the other threads
 * do its work. */
void threads_run(size_t threads, size_t parts, threads_work *work,
                 void *context);

/* The range [first, end) of 0 ... total - 1 that is `part` of `parts`. */
typedef struct threads_range {
  size_t first, end;
} threads_range;

static inline threads_range threads_share(size_t total, size_t part,
                                          size_t parts) {
  const size_t each = total / parts, more = total % parts;
  const size_t first = part * each + (part < more ? part : more);
  return (threads_range){first, first + each + (part < more)};
}

#endif
