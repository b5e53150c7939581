/* SPDX-License-Identifier: GPL-3.0-or-later
 * Commands in child processes. */
#include "guarded.h"

#include <signal.h>

#include "hdf/guard.h"

int command_guarded(int (*call)(const command_arguments *given),
                    const command_arguments *given) {
  heed_error error;
  int exit_status, ended_by;
  const pid_t child = guard_fork(given->file, &error);
  if (child == 0) return call(given);
  if (child < 0) return command_error(&error);
  if (guard_wait(child, given->file, &exit_status, &ended_by, &error) !=
      HEED_OK)
    return command_error(&error);
  if (ended_by == 0) return exit_status;
  (void)signal(ended_by, SIG_DFL);
  (void)raise(ended_by);
  return EXIT_INTERRUPTED;
}
