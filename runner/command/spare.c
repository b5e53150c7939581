/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds where a command writes, and refuses to write onto what it reads. */
#include "spare.h"

#include <sys/stat.h>

static heed_status spare_inputs(const output_target *target,
                                const heed_plan *plan, heed_error *error) {
  heed_status status =
      output_spare(target, plan->sweep_file, "the sweep", error);
  for (size_t i = 0; status == HEED_OK && i < plan->input_count; i++)
    status = output_spare(target, plan->inputs[i].path,
                          "a file that the sweep reads", error);
  for (size_t i = 0; status == HEED_OK && i < plan->plugin_count; i++)
    status = output_spare(target, plan->plugins[i].file,
                          "a plugin of the sweep", error);
  return status;
}

heed_status spare_find_text(const char *named, const char *result,
                            const char *key, const heed_plan *plan,
                            output_target *target, heed_error *error) {
  heed_status status = output_find(named, target, error);
  if (status == HEED_OK)
    status = output_spare(target, result, "the result that heed reads", error);
  if (status == HEED_OK && key != NULL)
    status = output_spare(target, key, "the key of the pseudonyms", error);
  if (status == HEED_OK) status = spare_inputs(target, plan, error);
  return status == HEED_OK ? output_spare_result(target, error) : status;
}

/* The file may be a result on a disk that is not there now. */
static heed_status check_link(const output_target *target, heed_error *error) {
  struct stat found;
  if (target->exists || lstat(target->named, &found) != 0) return HEED_OK;
  return heed_fail(error, HEED_IO,
                   "%s: is a link to %s, which is missing: put the file back, "
                   "or remove the link",
                   target->named, target->path);
}

static heed_status find_file(const char *named, output_target *target,
                             heed_error *error) {
  heed_status status = output_find(named, target, error);
  if (status == HEED_OK) status = output_need_file(target, error);
  return status == HEED_OK ? check_link(target, error) : status;
}

heed_status spare_find_result(const char *named, const heed_plan *plan,
                              output_target *target, heed_error *error) {
  const heed_status status = find_file(named, target, error);
  return status == HEED_OK ? spare_inputs(target, plan, error) : status;
}

heed_status spare_find_packed(const char *named, char *const *logs,
                              size_t count, output_target *target,
                              heed_error *error) {
  heed_status status = find_file(named, target, error);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    status = output_spare(target, logs[i], "the log that heed reads", error);
  return status;
}
