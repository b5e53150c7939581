/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed check: validates a sweep, and shows what it would run. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "plan/plan.h"
#include "planning/planner.h"

#define LINE_WIDTH 79

typedef struct check_options {
  planner_options planner;
  bool json;
} check_options;

static void show_notice(void *context, planner_notice notice,
                        const char *text) {
  (void)context;
  if (notice == PLANNER_PRINTED)
    fprintf(stderr, "%s\n", text);
  else if (notice == PLANNER_WARNED)
    fprintf(stderr, "heed: warning: %s\n", text);
}

/* ---- axes ---- */

/* As wide on a terminal as the text has characters. */
static int width_of(const char *text) {
  int width = 0;
  for (; *text != '\0'; text++)
    if (((unsigned char)*text & 0xc0) != 0x80) width++;
  return width;
}

/* A column of `width`, left-aligned, and two spaces. */
static void print_cell(const char *text, int width) {
  printf("%s%*s", text, width - width_of(text) + 2, "");
}

static void value_text(const plan_coordinate *coordinate, size_t index,
                       char *text, size_t size) {
  if (coordinate->numbers != NULL)
    (void)snprintf(text, size, "%.6g", coordinate->numbers[index]);
  else
    (void)snprintf(text, size, "%s", coordinate->labels[index]);
}

/* Values on one line; the middle of a long list is left out.  Labels that do
 * not fit on the line stand below each other. */
static void print_values(const plan_coordinate *coordinate, int margin) {
  char text[256];
  int total = margin;
  for (size_t i = 0; i < coordinate->count && total <= LINE_WIDTH; i++) {
    value_text(coordinate, i, text, sizeof text);
    total += width_of(text) + 2;
  }
  const bool fits = total <= LINE_WIDTH + 2;
  for (size_t i = 0; i < coordinate->count; i++) {
    if (!fits && coordinate->numbers != NULL && i == 4 &&
        coordinate->count > 6) {
      printf(", …");
      i = coordinate->count - 1;
    }
    value_text(coordinate, i, text, sizeof text);
    if (i == 0)
      printf("%s", text);
    else if (fits || coordinate->numbers != NULL)
      printf(", %s", text);
    else
      printf("\n%*s%s", margin, "", text);
  }
  if (coordinate->unit != NULL) printf(" %s", coordinate->unit);
  printf("\n");
}

static void print_axes(const heed_plan *plan) {
  int width = 4;
  if (plan->axis_count == 0) return;
  for (size_t i = 0; i < plan->axis_count; i++) {
    const plan_axis *axis = &plan->axes[i];
    if (width_of(axis->coordinate.name) > width)
      width = width_of(axis->coordinate.name);
    for (size_t j = 0; j < axis->tied_count; j++)
      if (width_of(axis->tied[j].name) + 2 > width)
        width = width_of(axis->tied[j].name) + 2;
  }
  printf("\naxes\n");
  for (size_t i = 0; i < plan->axis_count; i++) {
    const plan_axis *axis = &plan->axes[i];
    printf("  ");
    print_cell(axis->coordinate.name, width);
    printf("%6zu  ", axis->coordinate.count);
    print_values(&axis->coordinate, width + 12);
    for (size_t j = 0; j < axis->tied_count; j++) {
      printf("  + ");
      print_cell(axis->tied[j].name, width - 2);
      printf("%6s  ", "tied");
      print_values(&axis->tied[j], width + 12);
    }
  }
}

/* ---- stages ---- */

static bool is_listed(const char *const *names, size_t count,
                      const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

/* The plugins that stand at one stage, each once. */
static void print_stage_plugins(const heed_plan *plan, plan_stage stage) {
  const char *names[16];
  size_t count = 0;
  for (size_t i = 0; i < plan->node_count && count < 16; i++) {
    const char *name = plan_node_plugin(plan, i);
    if (plan->nodes[i].stage == stage && *name != '\0' &&
        !is_listed(names, count, name))
      names[count++] = name;
  }
  for (size_t i = 0; i < count; i++)
    printf("%s%s", i == 0 ? "  " : ", ", names[i]);
}

static void print_stages(const heed_plan *plan) {
  printf("\nstages       runs in each replicate\n");
  for (unsigned stage = 0; stage < PLAN_STAGE_COUNT; stage++) {
    size_t count = 0;
    for (size_t i = 0; i < plan->node_count; i++)
      if (plan->nodes[i].stage == (plan_stage)stage) count++;
    if (count == 0) continue;
    printf("  %-11s %6zu", plan_stage_name((plan_stage)stage), count);
    print_stage_plugins(plan, (plan_stage)stage);
    printf("\n");
  }
}

/* ---- files ---- */

static void print_files(const heed_plan *plan) {
  if (plan->plugin_count > 0) printf("\nplugins\n");
  for (size_t i = 0; i < plan->plugin_count; i++) {
    const plan_plugin *plugin = &plan->plugins[i];
    char name[160];
    (void)snprintf(name, sizeof name, "%s/%s %s", kind_name(plugin->kind),
                   plugin->name, plugin->version);
    printf("  ");
    print_cell(name, 32);
    printf("%.12s  %s\n", plugin->sha256, plugin->file);
  }
  if (plan->input_count > 0) printf("\ninputs\n");
  for (size_t i = 0; i < plan->input_count; i++)
    printf("  %.12s  %s\n", plan->inputs[i].sha256, plan->inputs[i].path);
}

static void print_plan(const heed_plan *plan) {
  printf("%s\n", plan->title);
  print_axes(plan);
  printf("\ncells        %zu point%s x %zu replicate%s = %zu\n",
         plan->point_count, plan->point_count == 1 ? "" : "s", plan->replicates,
         plan->replicates == 1 ? "" : "s", plan_cell_count(plan));
  printf("metrics      %zu, %zu number%s a cell\n", plan->metric_count,
         plan->value_count, plan->value_count == 1 ? "" : "s");
  print_stages(plan);
  print_files(plan);
}

/* ---- the command ---- */

/* A number that is above 0 and finite; optionally with k, M, G, T. */
static bool read_amount(const char *text, bool bytes, double *amount) {
  static const char suffixes[] = "kMGT";
  char *end;
  *amount = strtod(text, &end);
  if (end == text || !(*amount > 0) || !isfinite(*amount)) return false;
  if (bytes && *end != '\0') {
    const char *suffix = strchr(suffixes, *end == 'K' ? 'k' : *end);
    if (suffix == NULL) return false;
    *amount *= pow(1024, (double)(suffix - suffixes) + 1);
    end++;
    if (*end == 'i') end++;
    if (*end == 'B') end++;
  }
  return *end == '\0' && *amount < 0x1p62;
}

/* EXIT_DONE, or the status to leave with. */
static int read_option(check_options *options, const char **sets, char **argv,
                       int *position) {
  const char *name = argv[*position], *value = argv[*position + 1];
  double amount = 0;
  if (strcmp(name, "--json") == 0) {
    options->json = true;
    return EXIT_DONE;
  }
  if (strcmp(name, "--set") != 0 && strcmp(name, "--timeout") != 0 &&
      strcmp(name, "--memory") != 0)
    return command_usage("check", "there is no option %s", name);
  if (value == NULL)
    return command_usage("check", "%s: a value must follow", name);
  ++*position;
  if (strcmp(name, "--set") == 0) {
    sets[options->planner.set_count++] = value;
  } else if (strcmp(name, "--timeout") == 0) {
    if (!read_amount(value, false, &options->planner.seconds))
      return command_usage("check", "--timeout %s: expected seconds", value);
  } else {
    if (!read_amount(value, true, &amount))
      return command_usage("check", "--memory %s: expected bytes, or 2G",
                           value);
    options->planner.memory = (size_t)amount;
  }
  return EXIT_DONE;
}

static int read_arguments(check_options *options, const char **sets, int argc,
                          char **argv) {
  bool only_files = false;
  for (int i = 1; i < argc; i++) {
    if (!only_files && strcmp(argv[i], "--") == 0) {
      only_files = true;
    } else if (!only_files && argv[i][0] == '-' && argv[i][1] != '\0') {
      const int status = read_option(options, sets, argv, &i);
      if (status != EXIT_DONE) return status;
    } else if (options->planner.sweep != NULL) {
      return command_usage("check", "one sweep at a time: %s and %s",
                           options->planner.sweep, argv[i]);
    } else {
      options->planner.sweep = argv[i];
    }
  }
  if (options->planner.sweep == NULL)
    return command_usage("check", "which sweep? heed check SWEEP.lua");
  return EXIT_DONE;
}

static heed_status print_result(const char *text, bool json,
                                heed_error *error) {
  heed_plan *read = NULL;
  const heed_status status = plan_parse(text, strlen(text), &read, error);
  if (status != HEED_OK) return status;
  if (json)
    printf("%s\n", text);
  else
    print_plan(read);
  plan_free(read);
  if (fflush(stdout) == 0) return HEED_OK;
  return heed_fail(error, HEED_IO, "standard output: %s", strerror(errno));
}

/* Whether it is a plugin that is to be checked, not a sweep. */
static bool names_plugin(int argc, char **argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], "--plugin") == 0 ||
        strncmp(argv[i], "--plugin=", 9) == 0)
      return true;
  return false;
}

int command_check(const command_common *common, int argc, char **argv) {
  if (names_plugin(argc, argv)) return command_check_plugin(common, argc, argv);
  const char **sets = calloc((size_t)argc + 1, sizeof *sets);
  check_options options = {.planner = {.sets = sets,
                                       .plugin_path = common->plugin_path,
                                       .allow_unsafe = common->allow_unsafe,
                                       .notice = show_notice}};
  char *text = NULL;
  heed_error error = {HEED_OK, ""};
  heed_status status;
  int result =
      sets == NULL ? EXIT_FAILED : read_arguments(&options, sets, argc, argv);
  if (result == EXIT_DONE) {
    status = planner_run(&options.planner, &text, &error);
    if (status == HEED_OK) status = print_result(text, options.json, &error);
    if (status != HEED_OK) result = command_error(&error);
  }
  free(text);
  free(sets);
  return result;
}
