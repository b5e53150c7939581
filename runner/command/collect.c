/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed collect: makes a result file from a work folder, for example from
 * another machine. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "result/result.h"
#include "spare.h"
#include "tell.h"
#include "view/view.h"

/* Refuses to replace the result of another sweep. */
static heed_status check_output(const char *path, const heed_plan *plan,
                                heed_error *error) {
  bool exists, same;
  size_t orphans;
  const heed_status status =
      result_inspect(path, plan, &exists, &same, &orphans, error);
  if (status != HEED_OK || !exists) return status;
  if (!same)
    return heed_fail(error, HEED_INVALID,
                     "%s: exists and is not a result of this sweep; name "
                     "another file with -o",
                     path);
  if (orphans > 0)
    return heed_fail(error, HEED_INVALID,
                     "%s: holds %zu finished cell%s that this sweep does not "
                     "have; name another file with -o",
                     path, orphans, heed_plural(orphans));
  return HEED_OK;
}

static heed_status consolidate(const heed_work *folder, const char *path,
                               const heed_plan *plan, const result_goal *goal,
                               heed_error *error) {
  char host[256] = "", now[32], command[512];
  const struct passwd *user = getpwuid(getuid());
  const time_t clock = time(NULL);
  struct tm parts;
  (void)gethostname(host, sizeof host - 1);
  (void)strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ",
                 gmtime_r(&clock, &parts));
  (void)snprintf(command, sizeof command, "heed collect %s",
                 work_folder(folder));
  const result_provenance provenance = {
      .command = command,
      .host = host,
      .user = user == NULL ? "" : user->pw_name,
      .end = now};
  const heed_status status =
      result_consolidate(folder, path, plan, goal, &provenance, error);
  return status == HEED_OK ? result_keep_policies(folder, path, plan, error)
                           : status;
}

/* Prints how many cells the result has. */
static int report(const char *path) {
  size_t done = 0, failed = 0;
  heed_error error;
  view_result result;
  if (view_result_open(path, &result, &error) != HEED_OK)
    return command_error(&error);
  for (size_t i = 0; i < result.cells.rows; i++) {
    done += result.cells.status[i] == RECORD_DONE;
    failed += result.cells.status[i] > RECORD_DONE;
  }
  const size_t missing = plan_cell_count(result.plan) - done - failed;
  printf("%zu cell%s done", done, heed_plural(done));
  if (failed > 0) printf(", %zu failed", failed);
  if (missing > 0) printf(", %zu not run yet", missing);
  printf(": %s\n", path);
  const heed_status status = tell_all(&result, &error);
  view_result_close(&result);
  if (status != HEED_OK) return command_error(&error);
  return failed + missing > 0 ? EXIT_SOME_FAILED : EXIT_DONE;
}

static void warn_damaged(const heed_work *folder, const folder_names *damaged) {
  for (size_t i = 0; i < damaged->count; i++)
    fprintf(stderr,
            "heed: %s/%s: its bytes are not those that heed wrote; heed leaves "
            "it out\n",
            work_folder(folder), damaged->names[i]);
}

/* What is recorded now must be in the new result. */
static heed_status collect(const heed_work *folder, const char *path,
                           const heed_plan *plan, heed_error *error) {
  uint8_t *recorded = calloc(plan_cell_count(plan) + 1, 1);
  result_trouble trouble;
  heed_status status;
  if (recorded == NULL) return heed_no_memory(error);
  status =
      result_recorded(folder, path, plan, false, recorded, &trouble, error);
  if (status == HEED_OK) {
    const result_goal goal = {.recorded = recorded};
    warn_damaged(folder, &trouble.damaged);
    status = consolidate(folder, path, plan, &goal, error);
  }
  folder_free_names(&trouble.damaged);
  free(recorded);
  return status;
}

int command_collect(const command_arguments *given) {
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  heed_work *folder = NULL;
  heed_plan *plan = NULL;
  output_target target = {0};
  heed_status status = HEED_OK;
  if (access(given->file, F_OK) != 0)
    status =
        heed_fail(&error, HEED_INVALID, "%s: %s", given->file, strerror(errno));
  if (status == HEED_OK)
    status = work_inspect(given->file, given->output, &folder, &error);
  if (status == HEED_OK) status = work_read_plan(folder, &plan, &error);
  if (status == HEED_OK)
    status = spare_find_result(given->output, plan, &target, &error);
  if (status == HEED_OK) status = check_output(target.path, plan, &error);
  if (status == HEED_OK) status = collect(folder, target.path, plan, &error);
  output_free(&target);
  work_close(folder);
  plan_free(plan);
  return status == HEED_OK ? report(given->output) : command_error(&error);
}
