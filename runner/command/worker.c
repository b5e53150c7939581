/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed worker: a worker process, which a supervisor starts. */
#include "command.h"
#include "execution/execution.h"

int command_worker(const command_arguments *given) {
  heed_error error;
  return execution_work(given->file, (int)given->socket, (int)given->slot,
                        given->common.allow_unsafe, &error) == HEED_OK
             ? EXIT_DONE
             : command_error(&error);
}
