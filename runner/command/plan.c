/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed plan: the planner's child.  heed itself starts it, with a pipe for its
 * reports. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "planner/planner.h"
#include "planner/protocol.h"
#include "sweep/sweep.h"

/* Memory is limited, and jansson may drop a part of a plan that it cannot
 * allocate.  So a failed allocation ends the process. */
static void *allocate_or_leave(size_t size) {
  static const char out[] = PROTOCOL_FAIL
      " {\"status\":4,\"message\":\"" PROTOCOL_OUT_OF_MEMORY "\"}\n";
  void *made = malloc(size);
  if (made != NULL || size == 0) return made;
  (void)!write(PLANNER_PIPE, out, sizeof out - 1);
  _exit(EXIT_FAILED);
}

_Static_assert(HEED_MEMORY == 4, "as allocate_or_leave() says");

int command_plan(const command_arguments *given) {
  static const char *const none[] = {NULL};
  const size_t first = given->rows == COMMAND_NONE ? 0 : given->rows;
  const size_t rows = given->data ? SIZE_MAX : first;
  const planner_options options = {.sweep = given->file,
                                   .sets = given->sets.texts,
                                   .set_count = given->sets.count,
                                   .plugin_path = given->common.plugin_path,
                                   .allow_unsafe = given->common.allow_unsafe,
                                   .rows = rows,
                                   .seconds = given->seconds,
                                   .memory = given->memory};
  const char *const *skip =
      given->skipped.texts == NULL ? none : given->skipped.texts;
  if (fcntl(PLANNER_PIPE, F_GETFD) < 0)
    return command_usage("plan",
                         "heed itself starts this command; heed check "
                         "SWEEP.lua --json prints a plan");
  json_set_alloc_funcs(allocate_or_leave, free);
  return sweep_serve(&options, skip, PLANNER_PIPE) ? EXIT_DONE : EXIT_FAILED;
}
