/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fits of the joint loss (joint.h): the policy and the prior's parameters
 * theta by EM.
 *
 * joint_maximise() fits a log-linear policy; policy_fit.c calls it.  A trainer
 * of any other policy (dpo_llm) takes its own steps in the policy, and calls
 * joint_read() and joint_refit() by turns. */
#ifndef HEED_SUPPORT_PREFERENCE_JOINT_FIT_H
#define HEED_SUPPORT_PREFERENCE_JOINT_FIT_H

#include "heed/distribution.h"
#include "support/preference/joint.h"

/* support/preference/log_linear.h */
typedef struct log_linear log_linear;

typedef struct joint_problem {
  const log_linear *data; /* x, weight, label */
  joint_crowd crowd;      /* the same annotations */
  const heed_instance *prior;
  bool fit_prior;   /* else theta stays */
  double ridge;     /* on w, as in log_linear.h */
  double tolerance; /* relative gain of the objective that ends the fit */
} joint_problem;

typedef struct joint_fit {
  size_t node_count, theta_count;
  double *nodes;  /* (nodes) */
  double *theta;  /* set it before the fit; the distribution's after */
  double *mass;   /* (U,nodes) */
  double *margin; /* (n), at w */
  double log_likelihood;
  double objective; /* less ridge/2 |w|^2 */
  size_t steps;     /* of EM */
  bool converged;
  /* May cancel the fit, and keeps the objective after every step, which never
   * falls, as the series "objective"; NULL: neither. */
  const heed_host *host;
  struct joint_room *room;
} joint_fit;

/* Memory for fits of n annotations by U users; from host->scratch(). */
heed_status joint_open(const heed_host *host, const heed_instance *prior,
                       size_t nodes_wanted, size_t count, size_t features,
                       size_t units, joint_fit **result, heed_error *error);

/* For a log-linear policy: from w and fit->theta, both moved to the fit.  EM
 * whose step in w is one of Fisher scoring, accelerated by SQUAREM
 * (support/numeric/squarem.h).  A step that would lower the objective is
 * shortened or not taken. */
heed_status joint_maximise(const joint_problem *problem, joint_fit *fit,
                           double *w, heed_error *error);

/* For any policy, by turns: the E-step at fit->theta and these margins (n),
 * which fills fit->mass, fit->margin and fit->log_likelihood, and slope (n),
 * d(-log-likelihood)/dz; and theta given the last E-step, where it is to be
 * fitted.  Of the problem, data is not read. */
void joint_read(const joint_problem *problem, joint_fit *fit,
                const double *margin, double *slope);
heed_status joint_refit(const joint_problem *problem, joint_fit *fit,
                        heed_error *error);

/* The mean of one unit's eta under the fit's mass. */
double joint_mean(const joint_fit *fit, size_t unit);

#endif
