/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed cell: one cell again, in the foreground, for those who debug it. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "execution/execution.h"
#include "stages/stages.h"
#include "sweep_options.h"

typedef struct cell_options {
  const char *sweep;
  const char **sets;
  size_t set_count, index;
  bool given, debugger;
} cell_options;

static int read_options(cell_options *self, int argc, char **argv) {
  static const struct option known[] = {{"index", required_argument, NULL, 'i'},
                                        {"set", required_argument, NULL, 's'},
                                        {"debugger", no_argument, NULL, 'd'},
                                        {NULL, 0, NULL, 0}};
  int option;
  char *end;
  opterr = 0;
  optind = 1;
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == 's') {
      self->sets[self->set_count++] = optarg;
    } else if (option == 'd') {
      self->debugger = true;
    } else if (option == 'i') {
      self->index = strtoul(optarg, &end, 10);
      self->given = *optarg != '\0' && *end == '\0' && *optarg != '-';
    } else {
      return command_usage("cell",
                           "that option is not known or lacks its "
                           "value");
    }
  }
  if (optind + 1 != argc)
    return command_usage("cell", "expected one sweep file, found %d",
                         argc - optind);
  if (!self->given)
    return command_usage("cell", "--index: the cell's number is missing");
  self->sweep = argv[optind];
  return EXIT_DONE;
}

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
  fflush(stdout); /* should the stage crash */
}

static void print_log(void *context, const char *plugin, const char *line) {
  (void)context;
  printf("  %s: %s\n", plugin, line);
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
  for (size_t i = 0; i < record->warning_count; i++)
    printf("warning: %s: %s: %s\n", record->warnings[i].plugin,
           record->warnings[i].code, record->warnings[i].message);
  if (record->status != RECORD_DONE)
    printf("failed in %s: %s: %s\n", plan_stage_name(record->stage),
           record->plugin, record->message);
}

static int run_cell(const command_common *common, const cell_options *self,
                    heed_plan *plan) {
  const stages_options options = {
      .context = plan, .announce = print_stage, .log = print_log};
  host_registry *plugins = NULL;
  heed_stages *runner = NULL;
  heed_record *made = record_create(plan, self->index);
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  heed_status status = made == NULL ? HEED_MEMORY : HEED_OK;
  int exit_status;
  if (status == HEED_OK)
    status = execution_load(plan, common->allow_unsafe, &plugins, &error);
  if (status == HEED_OK)
    status = stages_create(plan, plugins, &options, &runner, &error);
  if (status == HEED_OK) {
    print_place(plan, self->index);
    status = stages_run(runner, self->index, made, &error);
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

/* The same command without --debugger, under gdb. */
static int under_debugger(const command_common *common, int argc, char **argv) {
  const char **words = calloc((size_t)argc + 7, sizeof *words);
  int count = 0;
  if (words == NULL) return EXIT_FAILED;
  words[count++] = "gdb";
  words[count++] = "--args";
  words[count++] = "/proc/self/exe";
  char program[4096];
  const ssize_t length =
      readlink("/proc/self/exe", program, sizeof program - 1);
  if (length > 0) {
    program[length] = '\0';
    words[count - 1] = program;
  }
  for (int i = 0; i < argc; i++)
    if (strcmp(argv[i], "--debugger") != 0) words[count++] = argv[i];
  words[count++] = "--plugin-path";
  words[count++] = common->plugin_path;
  if (common->allow_unsafe) words[count++] = "--allow-unsafe-plugins";
  (void)execvp(words[0], (char *const *)words);
  free(words);
  return command_usage("cell", "--debugger: gdb is not installed");
}

int command_cell(const command_common *common, int argc, char **argv) {
  cell_options self = {0};
  heed_plan *plan = NULL;
  char *text = NULL, **kept = calloc((size_t)argc + 1, sizeof *kept);
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  int exit_status = EXIT_FAILED;
  self.sets = calloc((size_t)argc + 1, sizeof *self.sets);
  if (self.sets != NULL && kept != NULL) {
    /* getopt_long() reorders argv. */
    memcpy(kept, argv, (size_t)argc * sizeof *kept);
    exit_status = read_options(&self, argc, argv);
    if (exit_status == EXIT_DONE && self.debugger) {
      exit_status = under_debugger(common, argc, kept);
    } else if (exit_status == EXIT_DONE) {
      if (sweep_plan(common, self.sweep, self.sets, self.set_count, &text,
                     &plan, &error) != HEED_OK)
        exit_status = command_error(&error);
      else if (self.index >= plan_cell_count(plan))
        exit_status =
            command_usage("cell", "--index: found %zu, expected 0 to %zu",
                          self.index, plan_cell_count(plan) - 1);
      else
        exit_status = run_cell(common, &self, plan);
    }
  }
  plan_free(plan);
  free(text);
  free(kept);
  free(self.sets);
  return exit_status;
}
