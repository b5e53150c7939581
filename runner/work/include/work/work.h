/* SPDX-License-Identifier: GPL-3.0-or-later
 * The work folder of a run: its lock, its plan, its parts, and the outputs of
 * costly stages.
 *
 * No HDF5 file stays open.  Every file is complete under a temporary name,
 * fsynced, renamed and its folder fsynced, so that a crash at any moment leaves
 * only whole files and temporary names, which are ignored and removed.
 *
 *   OUT.h5.work/  heed-work            heed made this folder
 *                 lock                 held by the supervisor
 *                 plan.json            sealed: it holds its own hash
 *                 part-HASH.h5         records; HASH is that of its bytes
 *                 stage-KEY.json       sealed; holds the hash of the next
 *                 stage-KEY.h5, stage-KEY.policy
 *                 worker-N.log
 *                 NAME.bad             set aside: its bytes had changed
 *
 * The folder is read as if another program had written it.  heed uses only a
 * folder that it made, of the same owner, with no other files in it; it follows
 * no links, checks every hash before it uses the bytes, and removes only files
 * with these names.  Hashes detect damage, not forgery: only the owner can
 * write to the folder.
 *
 * Callers: result, stages, execution, view.  The planner and its child do not:
 * a plan is made before there is a folder. */
#ifndef HEED_WORK_WORK_H
#define HEED_WORK_WORK_H

#include "files/folder.h"
#include "heed/world.h"
#include "work/record.h"

#define WORK_BAD ".bad"

/* A work folder. */
typedef struct heed_work heed_work;

/* Makes or opens the work folder of a result and takes its lock.  Returns
 * HEED_IO with the holder's pid if another process holds it, and HEED_INVALID
 * if the folder is not one of heed's.  Parts of an earlier, interrupted run
 * stay: they are matched by cell key.  So does its plan, until work_save_plan()
 * replaces it. */
heed_status work_open(const char *result_path, heed_work **result,
                      heed_error *error);
heed_status work_save_plan(const heed_work *work, const char *plan_text,
                           heed_error *error);
/* The same folder without lock, for a worker. */
heed_status work_join(const char *folder, heed_work **result,
                      heed_error *error);
/* A folder without lock, for `heed collect`: of the same owner, or root's.
 * result_path: a path at which this process can create files. */
heed_status work_inspect(const char *folder, const char *result_path,
                         heed_work **result, heed_error *error);
/* Its path, absolute: for messages and plugins. */
const char *work_folder(const heed_work *work);
/* The permissions by which others can write to it; 0: none. */
unsigned work_exposed(const heed_work *work);
/* False if the folder or its lock was moved or removed since work_open(). */
bool work_holds(const heed_work *work);
void work_close(heed_work *work);
/* Removes heed's files and the folder, then closes; only after the result is in
 * place.  HEED_IO with the name if the folder holds other files. */
heed_status work_remove(heed_work *work, heed_error *error);

/* The plan, which must be the one that was saved. */
heed_status work_read_plan(const heed_work *work, heed_plan **result,
                           heed_error *error);

/* Writes records as one new part. */
heed_status work_write_part(heed_work *work, const heed_plan *plan,
                            const heed_record *const *records, size_t count,
                            heed_error *error);
/* The names of the parts. */
heed_status work_list_parts(const heed_work *work, folder_names *result,
                            heed_error *error);
/* The bytes of a part, from malloc(); NULL: they are not those of its name, or
 * it is missing. */
heed_status work_read_part(const heed_work *work, const char *name,
                           char **bytes, size_t *length, heed_error *error);
/* Renames a damaged file to NAME.bad. */
heed_status work_set_aside(const heed_work *work, const char *name,
                           heed_error *error);

/* A new, empty file for a worker's output, worker-NUMBER.log. */
heed_status work_open_log(const heed_work *work, size_t number, int *descriptor,
                          heed_error *error);

/* The state of a cell before a run. */
enum { WORK_NOT_RECORDED = 0, WORK_DONE, WORK_FAILED };

/* Outputs of costly stages, with the hash of their bytes.  load: *found is true
 * if the output exists and has that hash; its memory comes from
 * host->allocate(). */
heed_status work_save_world(const heed_work *work, const char *key,
                            const heed_world *world, char digest[PLAN_KEY_SIZE],
                            heed_error *error);
heed_status work_load_world(const heed_work *work, const char *key,
                            const char *digest, const struct heed_host *host,
                            heed_world *world, bool *found, heed_error *error);
/* The path to which a plugin saves a policy, with a temporary name, and the
 * commit of it (fsync, rename). */
heed_status work_policy_path(const heed_work *work, const char *key, char *path,
                             size_t size, heed_error *error);
heed_status work_commit_policy(const heed_work *work, const char *key,
                               char digest[PLAN_KEY_SIZE], heed_error *error);
/* The path of a saved policy with this hash.  *found false: there is none. */
heed_status work_find_policy(const heed_work *work, const char *key,
                             const char *digest, char *path, size_t size,
                             bool *found, heed_error *error);
/* Gives a saved policy a second name in another folder, if there is one. */
heed_status work_link_policy(const heed_work *work, const char *key,
                             const folder_handle *target, const char *name,
                             heed_error *error);
/* The path of a stage's checkpoint, which a plugin reads and writes. */
heed_status work_checkpoint_path(const heed_work *work, const char *key,
                                 char *path, size_t size, heed_error *error);

/* The reports of a costly stage: a JSON object as text, from malloc().  *object
 * is NULL if they were not saved, or are damaged. */
heed_status work_save_reports(const heed_work *work, const char *key,
                              const char *object, heed_error *error);
heed_status work_load_reports(const heed_work *work, const char *key,
                              char **object, heed_error *error);

#endif
