/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed worker: started by a supervisor, not by people. */
#include <stdlib.h>

#include "command.h"
#include "execution/execution.h"

int command_worker(const command_common *common, int argc, char **argv) {
  heed_error error;
  if (argc != 4)
    return command_usage(argv[0], "workers are started by heed run");
  if (execution_work(argv[1], (int)strtol(argv[2], NULL, 10),
                     (int)strtol(argv[3], NULL, 10), common->allow_unsafe,
                     &error) == HEED_OK)
    return EXIT_DONE;
  return command_error(&error);
}
