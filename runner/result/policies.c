/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kept policies: files beside the result. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/file.h"
#include "result/result.h"

static heed_status open_folder(const char *path, folder_handle *result,
                               heed_error *error) {
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    return heed_fail(error, HEED_IO, "%s: cannot create: %s", path,
                     strerror(errno));
  return folder_open(path, result, error);
}

/* Cells with the same policy share the file. */
static heed_status keep_one(const heed_work *work, const heed_plan *plan,
                            size_t cell, const folder_handle *folder,
                            heed_error *error) {
  const size_t node = plan_node_at(plan, cell / plan->replicates, PLAN_POLICY);
  char key[PLAN_KEY_SIZE];
  char *name;
  heed_status status;
  plan_stage_key(plan, node, cell % plan->replicates, key);
  name = file_name("cell-%zu.policy", cell);
  if (name == NULL) return heed_no_memory(error);
  status = work_link_policy(work, key, folder, name, error);
  free(name);
  return status;
}

/* True if the cell has a policy that its trainer saves. */
static bool is_costly(const heed_plan *plan, size_t cell) {
  const size_t node = plan_node_at(plan, cell / plan->replicates, PLAN_POLICY);
  return node != SIZE_MAX && plan->nodes[node].costly;
}

heed_status result_keep_policies(const heed_work *work, const char *result_path,
                                 const heed_plan *plan, heed_error *error) {
  char *path = file_name("%s.policies", result_path);
  folder_handle folder = {-1, path};
  heed_status status = path == NULL ? heed_no_memory(error) : HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < plan_cell_count(plan) &&
                     (plan->keep & PLAN_KEEP_POLICY) != 0;
       i++) {
    if (!is_costly(plan, i)) continue;
    if (folder.descriptor < 0) status = open_folder(path, &folder, error);
    if (status == HEED_OK) status = keep_one(work, plan, i, &folder, error);
  }
  folder_close(&folder);
  free(path);
  return status;
}
