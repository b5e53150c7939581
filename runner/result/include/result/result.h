/* SPDX-License-Identifier: GPL-3.0-or-later
 * The result file: one labelled cube, made from the parts in the work folder.
 *
 *   OUT.h5            the result
 *   OUT.h5.policies/  cell-N.policy: with keep = {"policy"}, the policies that
 *                     costly trainers saved
 *
 * Callers: view, command.  Stages and execution do not: workers write parts,
 * and the result is made once, after the last. */
#ifndef HEED_RESULT_RESULT_H
#define HEED_RESULT_RESULT_H

#include "work/batch.h"
#include "work/work.h"

/* Finds the recorded cells, by key, in the parts of the work folder and in the
 * result file (NULL or missing: ignored).  With `retry`, failed cells count as
 * not recorded. */
heed_status result_recorded(const heed_work *work, const char *result_path,
                            const heed_plan *plan, bool retry,
                            uint8_t *recorded, heed_error *error);

/* Makes the result file from all parts and from the cells of an existing result
 * file whose keys are in the plan.  provenance: further root attributes. */
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
 * the result, OUT.h5.policies/cell-N.policy, one per cell.  Files of earlier
 * runs stay. */
heed_status result_keep_policies(const heed_work *work, const char *result_path,
                                 const heed_plan *plan, heed_error *error);

/* Checks before `heed run` extends a result: does the file exist, is it of this
 * sweep (same title, axes of the same names), and how many of its finished
 * cells does the plan lack?  Cells are never dropped silently. */
heed_status result_inspect(const char *result_path, const heed_plan *plan,
                           bool *exists, bool *same, size_t *orphans,
                           heed_error *error);

/* The plan in a result file; the caller frees it.  HEED_INVALID: the file is
 * not a heed result. */
heed_status result_read_plan(const char *result_path, heed_plan **result,
                             heed_error *error);

/* Reads the cells of a result file.  path is borrowed until batch_free(). */
heed_status result_read(const char *path, const heed_plan *plan,
                        work_batch *result, heed_error *error);

#endif
