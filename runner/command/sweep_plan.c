/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a plan in a child process. */
#include "sweep_plan.h"

#include <stdio.h>
#include <string.h>

#include "planner/planner.h"
#include "view/safe.h"

static void print_notice(void *context, planner_notice notice,
                         const char *text) {
  (void)context;
  if (notice == PLANNER_PRINTED) fprintf(stderr, "%s\n", text);
  if (notice != PLANNER_WARNED) return;
  fputs("heed: warning: ", stderr);
  safe_put(stderr, text);
  fputc('\n', stderr);
}

heed_status sweep_plan(const command_arguments *given, size_t rows,
                       double seconds, size_t memory, char **text,
                       heed_plan **result, heed_error *error) {
  const planner_options options = {.sweep = given->file,
                                   .sets = given->sets.texts,
                                   .set_count = given->sets.count,
                                   .plugin_path = given->common.plugin_path,
                                   .allow_unsafe = given->common.allow_unsafe,
                                   .rows = rows,
                                   .seconds = seconds,
                                   .memory = memory,
                                   .notice = print_notice};
  const heed_status status = planner_run(&options, text, error);
  return status == HEED_OK ? plan_parse(*text, strlen(*text), result, error)
                           : status;
}
