/* SPDX-License-Identifier: GPL-3.0-or-later
 * Storage: the work folder with its parts, and the result file.
 *
 * No HDF5 file stays open.  Every file is complete under a temporary name,
 * fsynced, renamed and its folder fsynced, so that a crash at any moment leaves
 * only whole files and temporary names, which are ignored and removed.
 *
 *   OUT.h5         the result
 *   OUT.h5.policies/  cell-N.policy: with keep = {"policy"}, what costly
 *                     trainers saved
 *   OUT.h5.work/   lock  plan.json  part-*.h5  stage-KEY.h5 stage-KEY.policy */
#ifndef HEED_STORAGE_STORAGE_H
#define HEED_STORAGE_STORAGE_H

#include "heed/world.h"
#include "storage/record.h"

/* A work folder. */
typedef struct heed_work heed_work;

/* Makes or opens the work folder of a result and takes its lock; a second
 * process gets HEED_IO with the holder's pid.  plan_text is saved as plan.json.
 * Parts of an earlier, interrupted run stay: they are matched by cell key. */
heed_status work_open(const char *result_path, const char *plan_text,
                      heed_work **result, heed_error *error);
/* The same folder without lock, for a worker or `heed collect`. */
heed_status work_join(const char *folder, heed_work **result,
                      heed_error *error);
const char *work_folder(const heed_work *work);
void work_close(heed_work *work);
/* Removes the folder and all in it, then closes; only after the result is in
 * place. */
heed_status work_remove(heed_work *work, heed_error *error);

/* Writes records as one new part. */
heed_status work_write_part(heed_work *work, const heed_plan *plan,
                            const heed_record *const *records, size_t count,
                            heed_error *error);

/* Which cells are already recorded, in the work folder's parts and, where it
 * exists, in the result file (matched by key; NULL: not looked at).  With
 * `retry`, failed cells count as not recorded. */
enum { STORAGE_NOT_RECORDED = 0, STORAGE_DONE, STORAGE_FAILED };
heed_status storage_recorded(const heed_work *work, const char *result_path,
                             const heed_plan *plan, bool retry,
                             uint8_t *recorded, heed_error *error);

/* Makes the result file of all parts, and of the cells of an existing result
 * file whose keys the plan still has.  provenance: further root attributes. */
typedef struct result_provenance {
  const char *command, *host, *user, *start, *end; /* ISO 8601 */
  double wall_seconds;
  uint64_t workers;
} result_provenance;
heed_status storage_consolidate(const heed_work *work, const char *result_path,
                                const heed_plan *plan,
                                const result_provenance *provenance,
                                heed_error *error);

/* Outputs of costly stages.  load: *found says whether there is one; what it
 * points to is allocated by host->allocate(). */
heed_status work_save_world(const heed_work *work, const char *key,
                            const heed_world *world, heed_error *error);
heed_status work_load_world(const heed_work *work, const char *key,
                            const struct heed_host *host, heed_world *world,
                            bool *found, heed_error *error);
/* Path to which a plugin may save a policy under a temporary name, and the
 * commit of it (fsync, rename). */
heed_status work_policy_path(const heed_work *work, const char *key,
                             bool temporary, char *path, size_t size,
                             heed_error *error);
heed_status work_commit_policy(const heed_work *work, const char *key,
                               heed_error *error);

/* With keep = {"policy"}: the policies in the work folder become files beside
 * the result, OUT.h5.policies/cell-N.policy, one a cell.  Those that an earlier
 * run left there stay. */
heed_status storage_keep_policies(const heed_work *work,
                                  const char *result_path,
                                  const heed_plan *plan, heed_error *error);

/* Is there a result file, is it of this sweep (same title, axes of the same
 * names), and how many of its finished cells does the plan not have?  What
 * `heed run` asks before it extends: cells are never dropped silently. */
heed_status storage_inspect(const char *result_path, const heed_plan *plan,
                            bool *exists, bool *same, size_t *orphans,
                            heed_error *error);

/* The plan that a result file holds; to be freed.  HEED_INVALID: the file is no
 * result of heed's. */
heed_status storage_read_plan(const char *result_path, heed_plan **result,
                              heed_error *error);

#endif
