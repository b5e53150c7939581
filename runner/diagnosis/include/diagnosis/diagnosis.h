/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds failure signatures in a result: known ways in which an experiment
 * misleads.
 *
 *   all_attentive     mean eta-hat is near 1 although the gap is so near 1/2
 *                     that choices say little about attention
 *   not_monotone      an objective that must not fall fell (needs the trace)
 *   not_converged     an estimator or trainer stopped before it converged
 *   not_identified    the data do not determine the fitted parameters
 *   against_consensus  users of high eta-hat agree less with the other users
 *                     than users of low eta-hat do
 *   filter_hurts      a policy trained on the kept labels is worse than the
 *                     policy trained on all labels, paired by replicate
 *   reward_falls      win rate rises while the reward falls: a policy against
 *                     the reference, or a filtered against the unfiltered one
 *
 * Callers: report, command.  Nothing that runs cells does. */
#ifndef HEED_DIAGNOSIS_DIAGNOSIS_H
#define HEED_DIAGNOSIS_DIAGNOSIS_H

#include "view/view.h"

#define SIGNATURE_TEXT 512

typedef struct diagnosis_signature {
  const char *name;
  const char *what;          /* a sentence without a count */
  char seen[SIGNATURE_TEXT]; /* what, how often, an example */
  const char *advice;        /* what it means and what to do */
  bool *cells;               /* of the plan: where it is seen */
} diagnosis_signature;

/* The signatures in the result, in the order above. */
heed_status diagnosis_find(view_result *result, diagnosis_signature **found,
                           size_t *count, heed_error *error);
void diagnosis_free(diagnosis_signature *found, size_t count);

#endif
