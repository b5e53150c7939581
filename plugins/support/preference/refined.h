/* SPDX-License-Identifier: GPL-3.0-or-later
 * The final posterior of a joint fit.  Called by the trainers dpo and
 * dpo_llm. */
#ifndef HEED_SUPPORT_PREFERENCE_REFINED_H
#define HEED_SUPPORT_PREFERENCE_REFINED_H

#include "heed/trainer.h"

/* support/preference/policy_fit.h */
typedef struct policy_fit policy_fit;

/* For all users and annotations of the crowd, including those with weight 0; by
 * user or by user and topic, like the previous posterior.  p (annotations):
 * P(A's response is better) implied by the policy.  From host->allocate(). */
heed_status refined_posterior(const heed_host *host, const heed_crowd *crowd,
                              const heed_posterior *earlier,
                              const heed_selection *selection,
                              const policy_fit *fit, const double *p,
                              heed_posterior **result, heed_error *error);

#endif
