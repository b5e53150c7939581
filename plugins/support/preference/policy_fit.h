/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fits a policy to comparisons, for any loss.  The trainer dpo calls
 * policy_fit_run(); dpo_llm opens a policy_fit for its settings and its joint
 * loss, and takes its own steps. */
#ifndef HEED_SUPPORT_PREFERENCE_POLICY_FIT_H
#define HEED_SUPPORT_PREFERENCE_POLICY_FIT_H

#include "heed/trainer.h"
#include "support/preference/loss.h"

/* support/preference/comparisons.h, joint_fit.h, log_linear.h and settings.h */
typedef struct crowd_comparisons crowd_comparisons;
typedef struct joint_fit joint_fit;
typedef struct log_linear_scratch log_linear_scratch;
typedef struct preference_settings preference_settings;

/* Accuracy of a fit: sufficient to choose a ridge, or as high as makes
 * sense. */
typedef enum policy_care { POLICY_ROUGH, POLICY_EXACT } policy_care;

typedef struct policy_fit {
  preference_kind kind;
  preference_rates rates;
  const crowd_comparisons *rows;
  log_linear_scratch *scratch;
  /* For PREFERENCE_JOINT, else NULL. */
  const heed_instance *prior;
  bool fit_prior;
  joint_fit *joint;
  double *start_theta; /* of the prior */
  double *log_weight;  /* (nodes): room of policy_fit_mean_eta() */
} policy_fit;

typedef struct policy_found {
  double loss; /* minimised objective, without the ridge */
  size_t iterations;
  bool converged;
} policy_found;

/* Workspace for fits of these rows; sets the flip rate of their labels.  The
 * prior of PREFERENCE_JOINT starts at about the mean and the variance of the
 * posterior's eta-hat; if it is fixed, it keeps the estimator's theta, else its
 * own. */
heed_status policy_fit_open(const heed_host *host,
                            const preference_settings *settings,
                            const crowd_comparisons *rows,
                            const heed_posterior *posterior, policy_fit *self,
                            heed_error *error);

/* For PREFERENCE_JOINT: the mean of eta under the fitted prior. */
double policy_fit_mean_eta(const policy_fit *self);

/* Fits w (d) of a log-linear policy to the rows with a weight (n).  cold: w is
 * 0, and each loss starts from an easier one, noise_aware from sigmoid and
 * joint from noise_aware; else from w and, for the joint loss, joint->theta. */
heed_status policy_fit_run(const policy_fit *self, const double *weight,
                           double ridge, policy_care care, bool cold, double *w,
                           policy_found *found, heed_error *error);

#endif
