/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds failure signatures in a result: known ways for an experiment to
 * mislead.
 *
 *   all_attentive     eta-hat is near 1 for all, at a gap so near one half that
 *                     choices hardly tell
 *   not_monotone      an objective that should only rise fell (where the sweep
 *                     kept the trace)
 *   not_converged     estimators or trainers stopped before they had
 *   not_identified    what was fitted is not what the data tell
 *   filter_hurts      a policy trained on kept labels is worse than the one on
 *                     all of them, replicate by replicate
 *   reward_falls      win rate rises while the reward does not: against the
 *                     reference, or of a filtered policy against the unfiltered
 *
 * Callers: report, command.  Nothing that runs cells does. */
#ifndef HEED_DIAGNOSIS_DIAGNOSIS_H
#define HEED_DIAGNOSIS_DIAGNOSIS_H

#include "view/view.h"

#define SIGNATURE_TEXT 512

typedef struct diagnosis_signature {
  const char *name;
  char seen[SIGNATURE_TEXT]; /* what, how often, and where for instance */
  const char *advice;        /* what it means and what to do */
} diagnosis_signature;

/* Those that the result shows, in the order above; *found is to be freed. */
heed_status diagnosis_find(view_result *result, diagnosis_signature **found,
                           size_t *count, heed_error *error);

#endif
