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

/* What result_recorded() found in the parts beside the recorded cells. */
typedef struct result_trouble {
  size_t orphans;       /* finished cells that the plan lacks */
  folder_names damaged; /* parts whose bytes have changed; free them */
} result_trouble;

/* Finds the recorded cells, by key, in the parts of the work folder and in the
 * result file (NULL or missing: ignored).  With `retry`, failed cells count as
 * not recorded.  A damaged part does not count. */
heed_status result_recorded(const heed_work *work, const char *result_path,
                            const heed_plan *plan, bool retry,
                            uint8_t *recorded, result_trouble *trouble,
                            heed_error *error);

/* Further root attributes. */
typedef struct result_provenance {
  const char *command, *host, *user, *start, *end; /* ISO 8601 */
  double wall_seconds;
  uint64_t workers;
} result_provenance;

/* What the new result must hold, or the old one stays. */
typedef struct result_goal {
  /* For each cell of the plan, WORK_DONE or WORK_FAILED: it must be there, and
   * done if it was. */
  const uint8_t *recorded;
  size_t done;  /* the number of cells that must be done, at least */
  bool replace; /* drop the old result, even of another sweep */
} result_goal;

/* Makes the result file from all parts and, unless it is to be replaced, from
 * the cells of the existing result file whose keys are in the plan.  The new
 * file takes the old one's place only once it holds what the goal asks for, and
 * if the old one has not changed since. */
heed_status result_consolidate(const heed_work *work, const char *result_path,
                               const heed_plan *plan, const result_goal *goal,
                               const result_provenance *provenance,
                               heed_error *error);

/* With keep = {"policy"}: the policies in the work folder become files beside
 * the result, OUT.h5.policies/cell-N.policy, one per cell.  Files of earlier
 * runs stay. */
heed_status result_keep_policies(const heed_work *work, const char *result_path,
                                 const heed_plan *plan, heed_error *error);

/* Checks before `heed run` extends a result: does the file exist, is it of this
 * sweep (same title, axes of the same names), and how many of its finished
 * cells does the plan lack?  Cells are never dropped silently.  A file that
 * cannot be read, or that is damaged, is an error. */
heed_status result_inspect(const char *result_path, const heed_plan *plan,
                           bool *exists, bool *same, size_t *orphans,
                           heed_error *error);

/* The plan in a result file; the caller frees it.  HEED_INVALID: the file is
 * not a heed result.  *edited: another program has written to the file since
 * heed made it; with NULL for edited, this is an error. */
heed_status result_read_plan(const char *result_path, heed_plan **result,
                             bool *edited, heed_error *error);

/* Reads the cells of a result file.  path is borrowed until batch_free(). */
heed_status result_read(const char *path, const heed_plan *plan,
                        work_batch *result, heed_error *error);

#endif
