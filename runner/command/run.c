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

#include "machine.h"
#include "progress.h"
#include "result/result.h"
#include "spare.h"
#include "sweep_plan.h"
#include "tell.h"
#include "view/safe.h"

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
  *self = (run_options){.given = given};
  self->workers =
      given->workers != COMMAND_NONE ? given->workers : machine_cores();
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

/* 90 % of the memory that is free when the run starts.  Beyond that, workers
 * would make each other and other programs fail. */
static size_t memory_for_all(void) {
  return (size_t)(0.9 * (double)machine_free_memory());
}

/* Called twice: before heed changes anything, and again under the lock that
 * excludes other runs. */
static heed_status check_output(const run_options *self, const heed_plan *plan,
                                heed_error *error) {
  bool exists, same;
  size_t orphans;
  heed_status status;
  if (self->given->replace) return HEED_OK;
  status = result_inspect(self->output, plan, &exists, &same, &orphans, error);
  if (status != HEED_OK || !exists) return status;
  if (!same)
    return heed_fail(error, HEED_INVALID,
                     "%s: exists and is not a result of this sweep; name "
                     "another file with -o, or use --replace",
                     self->output);
  if (orphans > 0)
    return heed_fail(
        error, HEED_INVALID,
        "%s: holds %zu finished cell%s that this sweep does not "
        "have (an axis, a parameter or a plugin has changed); name another "
        "file with -o, or use --replace",
        self->output, orphans, heed_plural(orphans));
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

/* All cells must be in the new result: those that were recorded before, as they
 * were, and those of this run. */
static void expect_all(const heed_plan *plan, uint8_t *recorded) {
  for (size_t i = 0; i < plan_cell_count(plan); i++)
    if (recorded[i] == WORK_NOT_RECORDED) recorded[i] = WORK_FAILED;
}

static heed_status consolidate(const run_options *self, const heed_plan *plan,
                               heed_work *folder, const execution_state *state,
                               const result_goal *goal, const char *start,
                               const char *command, heed_error *error) {
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
  const heed_status status =
      result_consolidate(folder, self->output, plan, goal, &provenance, error);
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

#define MOST_FAILURES 16 /* kinds that are printed */

/* What the result says of the cells, for the end of a run. */
typedef struct run_told {
  diagnosis_failure *failures;
  diagnosis_finding *findings;
  size_t failure_count, finding_count;
} run_told;

/* Prints each kind of failure in the result, with the message of the first. */
static void list_failures(const run_told *told) {
  for (size_t i = 0; i < told->failure_count && i < MOST_FAILURES; i++) {
    const diagnosis_failure *failure = &told->failures[i];
    printf("  %zu %s in %s%s%s", failure->cells,
           failed_how((heed_record_status)failure->status), failure->stage,
           *failure->plugin == '\0' ? "" : ", ", failure->plugin);
    if (*failure->where != '\0') printf(", at ");
    safe_put(stdout, failure->where);
    printf("%s: ", failure->cells == 1 ? "" : "; the first");
    safe_put(stdout, failure->message);
    putchar('\n');
  }
  if (told->failure_count > MOST_FAILURES) printf("  and in other ways\n");
}

static void print_summary(const run_options *self, const execution_state *state,
                          const run_told *told) {
  const size_t earlier = state->reused_failed;
  char duration[32];
  progress_duration(state->seconds, duration, sizeof duration);
  printf("%zu cell%s done", state->done, heed_plural(state->done));
  if (state->failed > 0) printf(", %zu failed", state->failed);
  if (state->reused > 0) printf(", %zu recorded before", state->reused);
  printf(", %s: %s\n", duration, self->target.named);
  list_failures(told);
  if (earlier > 0)
    printf(
        "  %zu of the cells recorded before had failed; --retry runs them "
        "again\n",
        earlier);
  if (state->failed + earlier > 0)
    printf("heed show %s lists the failures\n", self->target.named);
  tell_findings(stdout, self->target.named, told->findings,
                told->finding_count);
}

static heed_status ask_result(view_result *result, run_told *told,
                              heed_error *error) {
  size_t more;
  heed_status status = diagnosis_failures(result, false, &told->failures,
                                          &told->failure_count, &more, error);
  if (status == HEED_OK)
    status = diagnosis_gather(result, SIZE_MAX, &told->findings,
                              &told->finding_count, error);
  return status;
}

/* The result is complete: the summary comes even if heed cannot read it. */
static int summarise(const run_options *self, const execution_state *state) {
  view_result result;
  run_told told = {0};
  heed_error error;
  heed_status status = view_result_open(self->target.path, &result, &error);
  const bool open = status == HEED_OK;
  if (open) status = ask_result(&result, &told, &error);
  print_summary(self, state, &told);
  if (self->given->progress == PROGRESS_JSON)
    progress_told(state, told.findings, told.finding_count);
  free(told.failures);
  free(told.findings);
  if (open) view_result_close(&result);
  if (status != HEED_OK) return command_error(&error);
  return state->failed + state->reused_failed > 0 ? EXIT_SOME_FAILED
                                                  : EXIT_DONE;
}

/* ---- the parts of an earlier run ---- */

static heed_status refuse_orphans(const run_options *self,
                                  const heed_work *folder, size_t orphans,
                                  heed_error *error) {
  if (orphans == 0 || self->given->replace) return HEED_OK;
  return heed_fail(
      error, HEED_INVALID,
      "%s: holds %zu finished cell%s of an interrupted run that this sweep "
      "does not have (the seed, an axis, a parameter or a plugin has changed); "
      "name another file with -o, keep the cells with heed collect, or use "
      "--replace",
      work_folder(folder), orphans, heed_plural(orphans));
}

/* The cells of a damaged part run again. */
static heed_status set_aside(const heed_work *folder,
                             const result_trouble *trouble, heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < trouble->damaged.count; i++) {
    const char *name = trouble->damaged.names[i];
    status = work_set_aside(folder, name, error);
    if (status == HEED_OK)
      fprintf(stderr,
              "heed: %s/%s: its bytes are not those that heed wrote; it is now "
              "%s" WORK_BAD ", and its cells run again\n",
              work_folder(folder), name, name);
  }
  return status;
}

static void warn_exposed(const heed_work *folder) {
  const unsigned mode = work_exposed(folder);
  if (mode != 0)
    fprintf(
        stderr,
        "heed: warning: %s: others can write to this folder (mode %04o) and "
        "forge cells: chmod go-w %s\n",
        work_folder(folder), mode, work_folder(folder));
}

/* Finds what is recorded, and changes the folder only if no cell of another
 * sweep is in it. */
static heed_status take_up(const run_options *self, const heed_plan *plan,
                           const heed_work *folder, const char *plan_text,
                           uint8_t *recorded, heed_error *error) {
  result_trouble trouble;
  heed_status status =
      result_recorded(folder, self->given->replace ? NULL : self->output, plan,
                      self->given->retry, recorded, &trouble, error);
  warn_exposed(folder);
  if (status == HEED_OK)
    status = refuse_orphans(self, folder, trouble.orphans, error);
  if (status == HEED_OK) status = set_aside(folder, &trouble, error);
  if (status == HEED_OK) status = work_save_plan(folder, plan_text, error);
  folder_free_names(&trouble.damaged);
  return status;
}

static heed_status check_folder(const heed_work *folder, heed_error *error) {
  if (work_holds(folder)) return HEED_OK;
  return heed_fail(error, HEED_IO,
                   "%s: the folder or its lock was moved or removed during the "
                   "run; put it back and run again",
                   work_folder(folder));
}

static void say_what_is_safe(const run_options *self, const heed_plan *plan,
                             const heed_work *folder,
                             const execution_state *state) {
  if (work_holds(folder))
    fprintf(stderr,
            "heed: %s.work keeps %zu of %zu cells; the same command resumes "
            "the run\n",
            self->output, state->reused + state->done + state->failed,
            plan_cell_count(plan));
}

/* If an error occurs after the work folder is open, the folder stays, and the
 * next run resumes from it. */
static int run_in(const run_options *self, const heed_plan *plan,
                  heed_work *folder, uint8_t *recorded, const char *command) {
  const command_arguments *given = self->given;
  command_progress shown;
  const size_t cores = machine_cores();
  const execution_options options = {
      .workers = self->workers,
      .cores = self->workers < cores ? self->workers : cores,
      .timeout = given->seconds,
      .worker_timeout = given->worker_seconds,
      .memory = given->memory,
      .memory_for_all = memory_for_all(),
      .allow_unsafe = given->common.allow_unsafe,
      .context = &shown,
      .progress = progress_show,
      .say = progress_say};
  execution_state state = {0};
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  char start[32];
  heed_status status;
  time_text(start, sizeof start);
  progress_open(&shown, (command_progress_style)given->progress);
  status = execution_run(plan, folder, recorded, &options, &state, &error);
  progress_end(&shown);
  if (status != HEED_OK) {
    (void)command_error(&error);
    say_what_is_safe(self, plan, folder, &state);
    work_close(folder);
    return status == HEED_CANCELLED ? EXIT_INTERRUPTED : EXIT_FAILED;
  }
  expect_all(plan, recorded);
  const result_goal goal = {
      .recorded = recorded,
      .done = state.done + state.reused - state.reused_failed,
      .replace = given->replace};
  status = check_folder(folder, &error);
  if (status == HEED_OK)
    status =
        consolidate(self, plan, folder, &state, &goal, start, command, &error);
  if (status != HEED_OK) {
    work_close(folder);
    return command_error(&error);
  }
  status = work_remove(folder, &error);
  return status == HEED_OK ? summarise(self, &state) : command_error(&error);
}

int command_run(const command_arguments *given) {
  run_options self;
  heed_plan *plan = NULL;
  heed_work *folder = NULL;
  char *text = NULL, *command = joined(given);
  uint8_t *recorded = NULL;
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  heed_status status = command == NULL ? HEED_MEMORY : HEED_OK;
  int exit_status;
  set_options(&self, given);
  if (status == HEED_OK)
    status = sweep_plan(given, 0, given->plan_seconds, given->plan_memory,
                        &text, &plan, &error);
  if (status == HEED_OK) status = find_output(&self, plan, &error);
  if (status == HEED_OK) recorded = calloc(plan_cell_count(plan) + 1, 1);
  if (status == HEED_OK && recorded == NULL) status = heed_no_memory(&error);
  if (status == HEED_OK) status = check_output(&self, plan, &error);
  if (status == HEED_OK) status = work_open(self.output, &folder, &error);
  if (status == HEED_OK) status = check_output(&self, plan, &error);
  if (status == HEED_OK)
    status = take_up(&self, plan, folder, text, recorded, &error);
  if (status == HEED_OK) {
    exit_status = run_in(&self, plan, folder, recorded, command);
  } else {
    exit_status = command_error(&error);
    work_close(folder);
  }
  output_free(&self.target);
  free(recorded);
  plan_free(plan);
  free(text);
  free(command);
  return exit_status;
}
