/* SPDX-License-Identifier: GPL-3.0-or-later
 * Processes that plugins start: they end with their worker.
 *
 * The supervisor is a subreaper (prctl(2)): a process whose parent has ended
 * becomes its child.  The environment of a worker, and of all that it starts,
 * names the supervisor, so that heed does not confuse them with other
 * processes. */
#ifndef HEED_EXECUTION_OFFSPRING_H
#define HEED_EXECUTION_OFFSPRING_H

#include <stdbool.h>
#include <sys/types.h>

/* Makes this process the parent of orphans below it; returns what it was. */
bool offspring_adopt(bool adopt);
/* In a worker, between fork() and exec(). */
void offspring_mark(pid_t supervisor);
/* Kills and reaps the orphans.  is_worker: processes to leave alone. */
void offspring_kill_orphans(void *context,
                            bool (*is_worker)(void *context, pid_t process));

#endif
