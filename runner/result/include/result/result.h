/* SPDX-License-Identifier: GPL-3.0-or-later
 * The result file: one labelled cube, made of the parts in the work folder.
 *
 *   OUT.h5            the result
 *   OUT.h5.policies/  cell-N.policy: with keep = {"policy"}, what costly
 *                     trainers saved
 *
 * Callers: view, command.  Stages and execution do not: a worker writes parts,
 * and the result is made once, when all have finished. */
#ifndef HEED_RESULT_RESULT_H
#define HEED_RESULT_RESULT_H

#include "work/batch.h"
#include "work/work.h"

/* Which cells are already recorded, in the work folder's parts and, where it
 * exists, in the result file (matched by key; NULL: not looked at).  With
 * `retry`, failed cells count as not recorded. */
heed_status result_recorded(const heed_work *work, const char *result_path,
                            const heed_plan *plan, bool retry,
                            uint8_t *recorded, heed_error *error);

/* Makes the result file of all parts, and of the cells of an existing result
 * file whose keys the plan still has.  provenance: further root attributes. */
typedef struct result_provenance {
  const char *command, *host, *user, *start, *end; /* ISO 8601 */
  double wall_seconds;
  uint64_t workers;
} result_provenance;
heed_status result_consolidate(const heed_work *work, const char *result_path,
                               const heed_plan *plan,
                               const result_provenance *provenance,
                               heed_error *error);

/* With keep = {"policy"}: the policies in the work folder become files beside
 * the result, OUT.h5.policies/cell-N.policy, one a cell.  Those that an earlier
 * run left there stay. */
heed_status result_keep_policies(const heed_work *work, const char *result_path,
                                 const heed_plan *plan, heed_error *error);

/* Is there a result file, is it of this sweep (same title, axes of the same
 * names), and how many of its finished cells does the plan not have?  What
 * `heed run` asks before it extends: cells are never dropped silently. */
heed_status result_inspect(const char *result_path, const heed_plan *plan,
                           bool *exists, bool *same, size_t *orphans,
                           heed_error *error);

/* The plan that a result file holds; to be freed.  HEED_INVALID: the file is no
 * result of heed's. */
heed_status result_read_plan(const char *result_path, heed_plan **result,
                             heed_error *error);

/* Reads the cells of a result file.  path is borrowed until batch_free(). */
heed_status result_read(const char *path, const heed_plan *plan,
                        work_batch *result, heed_error *error);

#endif
