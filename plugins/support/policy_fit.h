/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fits of a log-linear policy to comparisons, whatever the loss. */
#ifndef HEED_SUPPORT_POLICY_FIT_H
#define HEED_SUPPORT_POLICY_FIT_H

#include "support/comparisons.h"
#include "support/joint.h"

/* How near to its optimum a fit is to come: near enough to choose a ridge by,
 * or as near as it makes sense. */
typedef enum policy_care { POLICY_ROUGH, POLICY_EXACT } policy_care;

typedef struct policy_fit {
  preference_kind kind;
  preference_rates rates;
  const comparisons *rows;
  log_linear_scratch *scratch;
  /* For PREFERENCE_JOINT, else NULL. */
  const heed_instance *prior;
  bool fit_prior;
  joint_fit *joint;
  double *start_theta; /* of the prior */
} policy_fit;

typedef struct policy_found {
  double loss; /* what was minimised, without the ridge */
  size_t iterations;
  bool converged;
} policy_found;

/* Room for fits of these rows.  prior: for PREFERENCE_JOINT; its fit starts at
 * about the mean and the variance of the posterior's eta-hat, or at
 * `fixed_theta` (theta_count values) where that is not NULL, and stays. */
heed_status policy_fit_open(const heed_host *host, preference_kind kind,
                            const comparisons *rows, const heed_instance *prior,
                            const double *fixed_theta,
                            const heed_posterior *posterior, size_t nodes,
                            policy_fit *self, heed_error *error);

/* Fits w (d) to the rows with a weight (n).  cold: w is 0, and each loss starts
 * from the one that is easier, noise_aware from sigmoid and joint from
 * noise_aware; else from w, and for the joint loss joint->theta. */
heed_status policy_fit_run(const policy_fit *self, const double *weight,
                           double ridge, policy_care care, bool cold, double *w,
                           policy_found *found, heed_error *error);

#endif
