/* SPDX-License-Identifier: GPL-3.0-or-later
 * The work folder of a run: its lock, its plan, its parts, and the outputs of
 * costly stages.
 *
 * No HDF5 file stays open.  Every file is complete under a temporary name,
 * fsynced, renamed and its folder fsynced, so that a crash at any moment leaves
 * only whole files and temporary names, which are ignored and removed.
 *
 *   OUT.h5.work/   lock  plan.json  part-*.h5  stage-KEY.h5 stage-KEY.policy
 *
 * Callers: result, stages, execution, view.  The planner and its child do not:
 * a plan is made before there is a folder. */
#ifndef HEED_WORK_WORK_H
#define HEED_WORK_WORK_H

#include "heed/world.h"
#include "work/record.h"

/* A work folder. */
typedef struct heed_work heed_work;

/* Makes or opens the work folder of a result and takes its lock.  Returns
 * HEED_IO with the holder's pid if another process holds it.  plan_text is
 * saved as plan.json.  Parts of an earlier, interrupted run stay: they are
 * matched by cell key. */
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

/* The state of a cell before a run. */
enum { WORK_NOT_RECORDED = 0, WORK_DONE, WORK_FAILED };

/* Outputs of costly stages.  load: *found is true if the output exists; its
 * memory comes from host->allocate(). */
heed_status work_save_world(const heed_work *work, const char *key,
                            const heed_world *world, heed_error *error);
heed_status work_load_world(const heed_work *work, const char *key,
                            const struct heed_host *host, heed_world *world,
                            bool *found, heed_error *error);
/* The path to which a plugin saves a policy, with a temporary name or the final
 * one, and the commit of it (fsync, rename). */
heed_status work_policy_path(const heed_work *work, const char *key,
                             bool temporary, char *path, size_t size,
                             heed_error *error);
heed_status work_commit_policy(const heed_work *work, const char *key,
                               heed_error *error);

#endif
