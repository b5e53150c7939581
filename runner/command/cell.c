/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed cell: runs one cell in the foreground, for debugging. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "execution/execution.h"
#include "machine.h"
#include "stages/stages.h"
#include "sweep_plan.h"
#include "view/safe.h"

static void print_place(const heed_plan *plan, size_t cell) {
  const plan_point *point = &plan->points[cell / plan->replicates];
  printf("cell %zu:", cell);
  for (size_t i = 0; i < plan->axis_count; i++) {
    const plan_coordinate *axis = &plan->axes[i].coordinate;
    if (axis->numbers != NULL)
      printf(" %s = %g,", axis->name, axis->numbers[point->position[i]]);
    else
      printf(" %s = %s,", axis->name, axis->labels[point->position[i]]);
  }
  printf(" replicate %zu\n", cell % plan->replicates);
}

static void print_stage(void *context, size_t cell, plan_stage stage) {
  const heed_plan *plan = context;
  const size_t node = plan_node_at(plan, cell / plan->replicates, stage);
  printf("%s %s\n", plan_stage_name(stage), plan_node_plugin(plan, node));
  fflush(stdout); /* the stage may crash */
}

static void print_log(void *context, const char *plugin, const char *line) {
  (void)context;
  printf("  %s: %s\n", plugin, line);
}

static size_t offer_threads(void *context) {
  const heed_plan *plan = context;
  return plan->threads > 0 ? plan->threads : machine_cores();
}

static void print_record(const heed_plan *plan, const heed_record *record) {
  printf("\n");
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++)
    if (!isnan(record->seconds[i]))
      printf("%-12s %.6f s\n", plan_stage_name((plan_stage)i),
             record->seconds[i]);
  printf("\n");
  for (size_t i = 0; i < plan->metric_count; i++) {
    const plan_metric *metric = &plan->metrics[i];
    printf("%-32s", metric->name);
    for (size_t j = 0; j < metric->count; j++)
      printf(" %.10g", record->values[metric->offset + j]);
    printf("\n");
  }
  for (size_t i = 0; i < record->warning_count; i++) {
    printf("warning: %s: %s: ", record->warnings[i].plugin,
           record->warnings[i].code);
    safe_put(stdout, record->warnings[i].message);
    putchar('\n');
  }
  if (record->status == RECORD_DONE) return;
  printf("failed in %s: %s: ", plan_stage_name(record->stage), record->plugin);
  safe_put(stdout, record->message);
  putchar('\n');
}

static int run_cell(const command_arguments *given, heed_plan *plan) {
  const stages_options options = {.context = plan,
                                  .announce = print_stage,
                                  .threads = offer_threads,
                                  .log = print_log};
  host_registry *plugins = NULL;
  heed_stages *runner = NULL;
  heed_record *made = record_create(plan, given->cell);
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  heed_status status = made == NULL ? HEED_MEMORY : HEED_OK;
  int exit_status;
  if (status == HEED_OK)
    status = execution_load(plan, given->common.allow_unsafe, NULL, NULL,
                            &plugins, &error);
  if (status == HEED_OK)
    status = stages_create(plan, plugins, &options, &runner, &error);
  if (status == HEED_OK) {
    print_place(plan, given->cell);
    status = stages_run(runner, given->cell, made, &error);
  }
  if (status == HEED_OK) {
    print_record(plan, made);
    exit_status = made->status == RECORD_DONE ? EXIT_DONE : EXIT_SOME_FAILED;
  } else {
    exit_status = command_error(&error);
  }
  stages_free(runner);
  record_free(made);
  registry_free(plugins);
  return exit_status;
}

/* Runs the same cell under gdb. */
static int under_debugger(const command_arguments *given) {
  const char **words = calloc(2 * given->sets.count + 16, sizeof *words);
  size_t count = 0;
  char program[PATH_MAX], index[32];
  const ssize_t length =
      readlink("/proc/self/exe", program, sizeof program - 1);
  if (words == NULL || length < 0) {
    free(words);
    return EXIT_FAILED;
  }
  program[length] = '\0';
  (void)snprintf(index, sizeof index, "%zu", given->cell);
  words[count++] = "gdb";
  words[count++] = "--args";
  words[count++] = program;
  words[count++] = "--plugin-path";
  words[count++] = given->common.plugin_path;
  if (given->common.allow_unsafe) words[count++] = "--allow-unsafe-plugins";
  words[count++] = "cell";
  words[count++] = "--index";
  words[count++] = index;
  for (size_t i = 0; i < given->sets.count; i++) {
    words[count++] = "--set";
    words[count++] = given->sets.texts[i];
  }
  words[count++] = "--";
  words[count++] = given->file;
  (void)execvp(words[0], (char *const *)words);
  free(words);
  return command_usage("cell", "--debugger: gdb is not installed");
}

int command_cell(const command_arguments *given) {
  heed_plan *plan = NULL;
  char *text = NULL;
  heed_error error;
  int exit_status;
  if (given->debugger) return under_debugger(given);
  if (sweep_plan(given, 0, given->plan_seconds, given->plan_memory, &text,
                 &plan, &error) != HEED_OK)
    exit_status = command_error(&error);
  else if (given->cell >= plan_cell_count(plan))
    exit_status = command_usage("cell", "--index: found %zu, expected 0 to %zu",
                                given->cell, plan_cell_count(plan) - 1);
  else
    exit_status = run_cell(given, plan);
  plan_free(plan);
  free(text);
  return exit_status;
}
