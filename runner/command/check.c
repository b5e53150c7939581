/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed check: validates a sweep and shows what it would run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep_plan.h"
#include "view/safe.h"

#define LINE_WIDTH 79
#define FIRST_ROWS 1000 /* of a log, without --data */

/* ---- axes ---- */

static int width_of(const char *text) {
  return (int)safe_width(text, strlen(text));
}

/* A column of `width`, left-aligned, and two spaces. */
static void print_cell(const char *text, int width) {
  printf("%s%*s", text, width - width_of(text) + 2, "");
}

static void value_text(const plan_coordinate *coordinate, size_t index,
                       char *text, size_t size) {
  char *line;
  if (coordinate->numbers != NULL) {
    (void)snprintf(text, size, "%.6g", coordinate->numbers[index]);
    return;
  }
  line = safe_line(coordinate->labels[index]);
  (void)snprintf(text, size, "%s", line == NULL ? "?" : line);
  text[strlen(text) - safe_unfinished(text, strlen(text))] = '\0';
  free(line);
}

/* Prints values on one line and omits the middle of a long list.  Labels that
 * do not fit on the line get a line each. */
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

/* Prints the plugins of one stage, each once. */
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
  safe_put(stdout, plan->title);
  putchar('\n');
  print_axes(plan);
  printf("\ncells        %zu point%s x %zu replicate%s = %zu\n",
         plan->point_count, heed_plural(plan->point_count), plan->replicates,
         heed_plural(plan->replicates), plan_cell_count(plan));
  printf("metrics      %zu, %zu number%s a cell\n", plan->metric_count,
         plan->value_count, heed_plural(plan->value_count));
  print_stages(plan);
  print_files(plan);
}

/* ---- the command ---- */

int command_check(const command_arguments *given) {
  heed_error error;
  heed_plan *plan = NULL;
  char *text = NULL;
  heed_status status;
  if (given->plugin_file != NULL) return command_check_plugin(given);
  if (given->file == NULL)
    return command_usage(
        "check", "found nothing, expected SWEEP.lua or --plugin FILE.so");
  status =
      sweep_plan(given, given->data ? SIZE_MAX : FIRST_ROWS,
                 given->plan_seconds > 0 ? given->plan_seconds : given->seconds,
                 given->plan_memory > 0 ? given->plan_memory : given->memory,
                 &text, &plan, &error);
  if (status == HEED_OK && given->json)
    printf("%s\n", text);
  else if (status == HEED_OK)
    print_plan(plan);
  plan_free(plan);
  free(text);
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}
