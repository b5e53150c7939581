/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed plan: the planner's child.  Started by heed itself, with a pipe to
 * report on. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "planner/planner.h"
#include "planner/protocol.h"
#include "sweep/sweep.h"

/* Memory is limited, and a plan that lacks a part must not be taken for one:
 * jansson's allocations do not fail but end the process. */
static void *allocate_or_leave(size_t size) {
  static const char out[] = PROTOCOL_FAIL
      " {\"status\":4,\"message\":\"" PROTOCOL_OUT_OF_MEMORY "\"}\n";
  void *made = malloc(size);
  if (made != NULL || size == 0) return made;
  (void)!write(PLANNER_PIPE, out, sizeof out - 1);
  _exit(EXIT_FAILED);
}

_Static_assert(HEED_MEMORY == 4, "as allocate_or_leave() says");

int command_plan(const command_common *common, int argc, char **argv) {
  const char **sets = calloc((size_t)argc + 1, sizeof *sets);
  const char **skip = calloc((size_t)argc + 1, sizeof *skip);
  planner_options options = {.sets = sets,
                             .plugin_path = common->plugin_path,
                             .allow_unsafe = common->allow_unsafe};
  size_t skipped = 0;
  int result;
  if (sets == NULL || skip == NULL || fcntl(PLANNER_PIPE, F_GETFD) < 0) {
    free(sets);
    free(skip);
    return command_usage("plan",
                         "is started by heed itself; heed check "
                         "SWEEP.lua --json prints a plan");
  }
  for (int i = 1; i + 1 < argc; i++) {
    if (strcmp(argv[i], "--set") == 0)
      sets[options.set_count++] = argv[++i];
    else if (strcmp(argv[i], "--skip") == 0)
      skip[skipped++] = argv[++i];
    else if (strcmp(argv[i], "--seconds") == 0)
      options.seconds = strtod(argv[++i], NULL);
    else if (strcmp(argv[i], "--memory") == 0)
      options.memory = (size_t)strtoull(argv[++i], NULL, 10);
  }
  options.sweep = argv[argc - 1];
  json_set_alloc_funcs(allocate_or_leave, free);
  result = sweep_serve(&options, skip, PLANNER_PIPE) ? EXIT_DONE : EXIT_FAILED;
  free(sets);
  free(skip);
  return result;
}
