/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plan made in a child process. */
#include "sweep_options.h"

#include <string.h>

#include "planning/planner.h"

static void print_notice(void *context, planner_notice notice,
                         const char *text) {
  (void)context;
  if (notice == PLANNER_PRINTED)
    fprintf(stderr, "%s\n", text);
  else if (notice == PLANNER_WARNED)
    fprintf(stderr, "heed: warning: %s\n", text);
}

heed_status sweep_plan(const command_common *common, const char *sweep,
                       const char *const *sets, size_t set_count, char **text,
                       heed_plan **result, heed_error *error) {
  const planner_options options = {.sweep = sweep,
                                   .sets = sets,
                                   .set_count = set_count,
                                   .plugin_path = common->plugin_path,
                                   .allow_unsafe = common->allow_unsafe,
                                   .notice = print_notice};
  const heed_status status = planner_run(&options, text, error);
  return status == HEED_OK ? plan_parse(*text, strlen(*text), result, error)
                           : status;
}
