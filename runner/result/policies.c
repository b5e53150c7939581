/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kept policies: files beside the result. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file.h"
#include "result/result.h"

/* Gives a file a second name and replaces any file of that name.  Cells with
 * the same policy share the file. */
static heed_status name_also(const char *source, const char *target,
                             heed_error *error) {
  char *temporary = file_temporary(target);
  heed_status status = HEED_OK;
  if (temporary == NULL) return heed_no_memory(error);
  if (link(source, temporary) != 0)
    status = heed_fail(error, HEED_IO, "%s: cannot be linked to %s: %s",
                       temporary, source, strerror(errno));
  else
    status = file_commit(temporary, target, error);
  /* rename() between two names of one file does nothing. */
  (void)file_remove(temporary, NULL);
  free(temporary);
  return status;
}

static heed_status make_folder(const char *folder, heed_error *error) {
  if (mkdir(folder, 0777) == 0 || errno == EEXIST) return HEED_OK;
  return heed_fail(error, HEED_IO, "%s: cannot create: %s", folder,
                   strerror(errno));
}

static heed_status keep_one(const heed_work *work, const heed_plan *plan,
                            size_t cell, const char *folder,
                            heed_error *error) {
  const size_t node = plan_node_at(plan, cell / plan->replicates, PLAN_POLICY);
  char key[PLAN_KEY_SIZE], path[PATH_MAX];
  char *name;
  heed_status status;
  if (node == SIZE_MAX || !plan->nodes[node].costly) return HEED_OK;
  plan_stage_key(plan, node, cell % plan->replicates, key);
  status = work_policy_path(work, key, false, path, sizeof path, error);
  if (status != HEED_OK || access(path, F_OK) != 0) return status;
  name = file_name("%s/cell-%zu.policy", folder, cell);
  if (name == NULL) return heed_no_memory(error);
  status = make_folder(folder, error);
  if (status == HEED_OK) status = name_also(path, name, error);
  free(name);
  return status;
}

heed_status result_keep_policies(const heed_work *work, const char *result_path,
                                 const heed_plan *plan, heed_error *error) {
  char *folder = file_name("%s.policies", result_path);
  heed_status status = HEED_OK;
  if (folder == NULL) return heed_no_memory(error);
  if ((plan->keep & PLAN_KEEP_POLICY) != 0)
    for (size_t i = 0; status == HEED_OK && i < plan_cell_count(plan); i++)
      status = keep_one(work, plan, i, folder, error);
  free(folder);
  return status;
}
