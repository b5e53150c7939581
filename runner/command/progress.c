/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shows the progress of a run on standard error. */
#include "progress.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "standard.h"

#define BAR_WIDTH 30
#define PLAIN_EVERY 10.0 /* seconds */

const char *const progress_names[] = {
    [PROGRESS_AUTO] = "auto",   [PROGRESS_BAR] = "bar",
    [PROGRESS_PLAIN] = "plain", [PROGRESS_JSON] = "json",
    [PROGRESS_NONE] = "none",   NULL};

void progress_open(command_progress *self, command_progress_style style) {
  *self = (command_progress){.style = style};
  if (style == PROGRESS_AUTO)
    self->style = isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_PLAIN;
}

void progress_duration(double seconds, char *text, size_t size) {
  const long whole = (long)(seconds + 0.5);
  if (!(seconds < 1e9))
    (void)snprintf(text, size, "?");
  else if (seconds < 10)
    (void)snprintf(text, size, "%.1f s", seconds);
  else if (whole < 60)
    (void)snprintf(text, size, "%ld s", whole);
  else if (whole < 3600)
    (void)snprintf(text, size, "%ld min %02ld s", whole / 60, whole % 60);
  else
    (void)snprintf(text, size, "%ld h %02ld min", whole / 3600,
                   whole % 3600 / 60);
}

typedef struct progress_figures {
  size_t finished, total;
  double rate, left; /* cells a second; seconds */
} progress_figures;

static progress_figures figures_of(const execution_state *state) {
  const size_t ran = state->done + state->failed;
  progress_figures figures = {.finished = state->reused + ran,
                              .total = state->total};
  figures.rate = state->seconds > 0 ? (double)ran / state->seconds : 0;
  figures.left = figures.rate > 0
                     ? (double)(figures.total - figures.finished) / figures.rate
                     : HUGE_VAL;
  return figures;
}

#define SLOW_SIZE (EXECUTION_WHAT + 128)

/* The slowest running stage: "posterior of cell 12 for 34 s (40 %): step 4 of
 * 10". */
static void slowest(const execution_state *state, char *text, size_t size) {
  const char *said = state->stage_what;
  char duration[32];
  *text = '\0';
  if (state->stage_seconds < 5) return;
  progress_duration(state->stage_seconds, duration, sizeof duration);
  if (isnan(state->stage_done))
    (void)snprintf(text, size, ", %s of cell %zu for %s",
                   plan_stage_name(state->stage), state->cell, duration);
  else
    (void)snprintf(text, size, ", %s of cell %zu for %s (%.0f %%)%s%s",
                   plan_stage_name(state->stage), state->cell, duration,
                   100 * state->stage_done, *said == '\0' ? "" : ": ", said);
}

static void show_bar(command_progress *self, const execution_state *state) {
  const progress_figures figures = figures_of(state);
  const double share =
      figures.total == 0 ? 1 : (double)figures.finished / (double)figures.total;
  char bar[BAR_WIDTH + 1], left[32], slow[SLOW_SIZE];
  for (int i = 0; i < BAR_WIDTH; i++)
    bar[i] = i < share * BAR_WIDTH ? '#' : '.';
  bar[BAR_WIDTH] = '\0';
  progress_duration(figures.left, left, sizeof left);
  slowest(state, slow, sizeof slow);
  standard_clear_line();
  fprintf(stderr, "[%s] %zu/%zu cells, %.4g/s, %s left%s", bar,
          figures.finished, figures.total, figures.rate, left, slow);
  if (state->failed > 0) fprintf(stderr, ", %zu failed", state->failed);
  fflush(stderr);
  self->open = true;
}

static void show_plain(command_progress *self, const execution_state *state) {
  const progress_figures figures = figures_of(state);
  char left[32], slow[SLOW_SIZE];
  if (figures.finished < figures.total &&
      state->seconds - self->shown < PLAIN_EVERY)
    return;
  if (figures.finished == figures.total && self->shown == 0) return;
  self->shown = state->seconds;
  progress_duration(figures.left, left, sizeof left);
  slowest(state, slow, sizeof slow);
  fprintf(stderr, "%zu of %zu cells, %.4g a second, %s left%s\n",
          figures.finished, figures.total, figures.rate, left, slow);
}

static void put_counts(const execution_state *state) {
  fprintf(stderr,
          "{\"total\": %zu, \"reused\": %zu, \"done\": %zu, \"failed\": %zu, "
          "\"seconds\": %.3f",
          state->total, state->reused, state->done, state->failed,
          state->seconds);
}

static void show_json(const execution_state *state) {
  put_counts(state);
  fprintf(stderr, "}\n");
}

static json_t *finding_json(const diagnosis_finding *finding) {
  return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "name", finding->name,
                   "plugin", finding->plugin, "cells",
                   (json_int_t)finding->seen, "of", (json_int_t)finding->all,
                   "at", finding->where, "message", finding->what);
}

void progress_told(const execution_state *state, const diagnosis_finding *found,
                   size_t count) {
  json_t *all = json_array();
  for (size_t i = 0; i < count; i++)
    (void)json_array_append_new(all, finding_json(&found[i]));
  put_counts(state);
  fprintf(stderr, ", \"warnings\": ");
  if (all == NULL || json_dumpf(all, stderr, 0) != 0) fprintf(stderr, "null");
  fprintf(stderr, "}\n");
  json_decref(all);
}

void progress_show(void *context, const execution_state *state) {
  command_progress *self = context;
  switch (self->style) {
    case PROGRESS_BAR:
      show_bar(self, state);
      break;
    case PROGRESS_PLAIN:
      show_plain(self, state);
      break;
    case PROGRESS_JSON:
      show_json(state);
      break;
    case PROGRESS_AUTO:
    case PROGRESS_NONE:
      break;
  }
}

void progress_end(command_progress *self) {
  if (self->open) fprintf(stderr, "\n");
  self->open = false;
}

void progress_say(void *context, const char *line) {
  progress_end(context);
  fprintf(stderr, "heed: %s\n", line);
}
