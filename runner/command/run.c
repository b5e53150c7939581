/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed run: plans, runs the cells that are not recorded, makes the result file.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "result/result.h"
#include "safe.h"
#include "spare.h"
#include "sweep_plan.h"

typedef struct run_options {
  const command_arguments *given;
  char named[PATH_MAX]; /* the result, as the user names it */
  output_target target;
  const char *output; /* the result's own path: its work folder is beside it */
  size_t workers;
} run_options;

/* The sweep's name with .h5, in results/ if that folder exists. */
static void default_output(run_options *self) {
  char path[PATH_MAX];
  struct stat file_status;
  (void)snprintf(path, sizeof path, "%s", self->given->file);
  char *name = basename(path), *dot = strrchr(name, '.');
  if (dot != NULL && dot != name) *dot = '\0';
  const bool folder =
      stat("results", &file_status) == 0 && S_ISDIR(file_status.st_mode);
  (void)snprintf(self->named, sizeof self->named, "%s%.200s.h5",
                 folder ? "results/" : "", name);
}

static void set_options(run_options *self, const command_arguments *given) {
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  *self = (run_options){.given = given};
  self->workers = given->workers != COMMAND_NONE ? given->workers
                  : cores > 0                    ? (size_t)cores
                                                 : 1;
  if (given->output == NULL) default_output(self);
}

static heed_status find_output(run_options *self, const heed_plan *plan,
                               heed_error *error) {
  const char *named =
      self->given->output == NULL ? self->named : self->given->output;
  const heed_status status =
      spare_find_result(named, plan, &self->target, error);
  self->output = self->target.path;
  return status;
}

/* 90 % of the machine's memory.  Beyond that, workers would make each other and
 * other programs fail. */
static size_t memory_for_all(void) {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return 0;
  return (size_t)(0.9 * (double)pages * (double)page);
}

/* Called twice: before heed changes anything, and again under the lock that
 * excludes other runs. */
static heed_status check_output(const run_options *self, const heed_plan *plan,
                                heed_error *error) {
  bool exists, same;
  size_t orphans;
  const heed_status status =
      result_inspect(self->output, plan, &exists, &same, &orphans, error);
  if (status != HEED_OK || !exists) return status;
  if (self->given->replace) return HEED_OK;
  if (!same)
    return heed_fail(error, HEED_INVALID,
                     "%s: exists and is not a result of this sweep; name "
                     "another file with -o, or use --replace",
                     self->output);
  if (orphans > 0)
    return heed_fail(
        error, HEED_INVALID,
        "%s: holds %zu finished cells that this sweep does not "
        "have (an axis, a parameter or a plugin has changed); name another "
        "file with -o, or use --replace",
        self->output, orphans);
  return HEED_OK;
}

static void time_text(char *text, size_t size) {
  const time_t now = time(NULL);
  struct tm parts;
  (void)strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
}

/* The command line in one text.  NULL: out of memory. */
static char *joined(const command_arguments *given) {
  char *text = NULL;
  size_t length;
  FILE *file = open_memstream(&text, &length);
  if (file == NULL) return NULL;
  fputs("heed", file);
  for (int i = 1; i < given->word_count; i++)
    fprintf(file, " %s", given->words[i]);
  if (fclose(file) == 0) return text;
  free(text);
  return NULL;
}

static heed_status consolidate(const run_options *self, const heed_plan *plan,
                               heed_work *folder, const execution_state *state,
                               const char *start, const char *command,
                               heed_error *error) {
  char host[256] = "", end[32];
  const struct passwd *user = getpwuid(getuid());
  (void)gethostname(host, sizeof host - 1);
  time_text(end, sizeof end);
  const result_provenance provenance = {
      .command = command,
      .host = host,
      .user = user == NULL ? "" : user->pw_name,
      .start = start,
      .end = end,
      .wall_seconds = state->seconds,
      .workers = self->workers};
  /* Only now are all cells of the new result safe in the work folder. */
  if (self->given->replace && unlink(self->output) != 0 && errno != ENOENT)
    return heed_fail(error, HEED_IO, "%s: cannot replace: %s", self->output,
                     strerror(errno));
  const heed_status status =
      result_consolidate(folder, self->output, plan, &provenance, error);
  return status == HEED_OK
             ? result_keep_policies(folder, self->output, plan, error)
             : status;
}

static const char *failed_how(heed_record_status status) {
  switch (status) {
    case RECORD_CRASHED:
      return "crashed";
    case RECORD_TIMED_OUT:
      return "timed out";
    case RECORD_OUT_OF_MEMORY:
      return HEED_OUT_OF_MEMORY;
    default:
      return "failed";
  }
}

/* Prints each kind of failure, with the message of the first. */
static void list_failures(const execution_state *state) {
  size_t listed = 0;
  for (size_t i = 0; i < state->failure_count; i++) {
    const execution_failure *failure = &state->failures[i];
    printf("  %zu %s in %s%s%s%s: ", failure->cells,
           failed_how(failure->status), plan_stage_name(failure->stage),
           *failure->plugin == '\0' ? "" : ", ", failure->plugin,
           failure->cells == 1 ? "" : "; the first");
    safe_put(stdout, failure->message);
    putchar('\n');
    listed += failure->cells;
  }
  if (listed < state->failed)
    printf("  %zu failed in other ways\n", state->failed - listed);
}

static int summarise(const run_options *self, const execution_state *state) {
  const size_t earlier = state->reused_failed;
  char duration[32];
  progress_duration(state->seconds, duration, sizeof duration);
  printf("%zu cells done", state->done);
  if (state->failed > 0) printf(", %zu failed", state->failed);
  if (state->reused > 0) printf(", %zu recorded before", state->reused);
  printf(", %s: %s\n", duration, self->target.named);
  list_failures(state);
  if (earlier > 0)
    printf(
        "  %zu of the cells recorded before had failed; --retry runs them "
        "again\n",
        earlier);
  if (state->failed + earlier > 0)
    printf("heed show %s lists the failures\n", self->target.named);
  return state->failed + earlier > 0 ? EXIT_SOME_FAILED : EXIT_DONE;
}

/* If an error occurs after the work folder is open, the folder stays, and the
 * next run resumes from it. */
static int run_in(const run_options *self, const heed_plan *plan,
                  heed_work *folder, const char *command) {
  const command_arguments *given = self->given;
  command_progress shown;
  const execution_options options = {.workers = self->workers,
                                     .timeout = given->seconds,
                                     .memory = given->memory,
                                     .memory_for_all = memory_for_all(),
                                     .allow_unsafe = given->common.allow_unsafe,
                                     .context = &shown,
                                     .progress = progress_show,
                                     .say = progress_say};
  uint8_t *recorded = calloc(plan_cell_count(plan) + 1, 1);
  execution_state state = {0};
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  char start[32];
  heed_status status = recorded == NULL ? HEED_MEMORY : HEED_OK;
  time_text(start, sizeof start);
  progress_open(&shown, (command_progress_style)given->progress);
  if (status == HEED_OK)
    status = result_recorded(folder, self->given->replace ? NULL : self->output,
                             plan, self->given->retry, recorded, &error);
  if (status == HEED_OK)
    status = execution_run(plan, folder, recorded, &options, &state, &error);
  progress_end(&shown);
  if (status == HEED_OK)
    status = consolidate(self, plan, folder, &state, start, command, &error);
  free(recorded);
  if (status == HEED_OK) {
    status = work_remove(folder, &error);
    return status == HEED_OK ? summarise(self, &state) : command_error(&error);
  }
  work_close(folder);
  (void)command_error(&error);
  fprintf(stderr,
          "heed: %zu cells of %zu are safe in %s.work; the same command "
          "resumes the run\n",
          state.reused + state.done + state.failed, plan_cell_count(plan),
          self->output);
  return status == HEED_CANCELLED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

int command_run(const command_arguments *given) {
  run_options self;
  heed_plan *plan = NULL;
  heed_work *folder = NULL;
  char *text = NULL, *command = joined(given);
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  heed_status status = command == NULL ? HEED_MEMORY : HEED_OK;
  int exit_status;
  set_options(&self, given);
  if (status == HEED_OK)
    status = sweep_plan(given, 0, 0, 0, &text, &plan, &error);
  if (status == HEED_OK) status = find_output(&self, plan, &error);
  if (status == HEED_OK) status = check_output(&self, plan, &error);
  if (status == HEED_OK) status = work_open(self.output, text, &folder, &error);
  if (status == HEED_OK) status = check_output(&self, plan, &error);
  if (status == HEED_OK) {
    exit_status = run_in(&self, plan, folder, command);
  } else {
    exit_status = command_error(&error);
    work_close(folder);
  }
  output_free(&self.target);
  plan_free(plan);
  free(text);
  free(command);
  return exit_status;
}
