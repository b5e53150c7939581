/* SPDX-License-Identifier: GPL-3.0-or-later
 * The posterior that a joint fit ends with.  Called by the trainers dpo and
 * dpo_llm. */
#ifndef HEED_SUPPORT_PREFERENCE_REFINED_H
#define HEED_SUPPORT_PREFERENCE_REFINED_H

#include "heed/trainer.h"

/* support/preference/policy_fit.h */
typedef struct policy_fit policy_fit;

/* Of all users and annotations of the crowd, also those that were given no
 * weight; by user or by user and topic, as the posterior before.  p
 * (annotations): P(A's response is better) as the policy implies it.  From
 * host->allocate(). */
heed_status refined_posterior(const heed_host *host, const heed_crowd *crowd,
                              const heed_posterior *earlier,
                              const heed_selection *selection,
                              const policy_fit *fit, const double *p,
                              heed_posterior **result, heed_error *error);

#endif
