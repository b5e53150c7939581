/* SPDX-License-Identifier: GPL-3.0-or-later
 * A prior of attentiveness at its nodes, in the E-step and M-step of an
 * estimator: em and em_bradley_terry.
 *
 * G histories (groups of users), K nodes:
 *   r_gk = P(node k | history g), mass_k = sum_g users_g r_gk. */
#ifndef HEED_SUPPORT_ATTENTION_NODE_PRIOR_H
#define HEED_SUPPORT_ATTENTION_NODE_PRIOR_H

#include "heed/distribution.h"

/* support/attention/histories.h and prior_fit.h, support/numeric/free_weights.h
 */
typedef struct attention_histories attention_histories;
typedef struct prior_fit prior_fit;
typedef struct free_weights free_weights;

typedef struct attention_node_prior {
  const heed_instance *prior;
  const heed_distribution_functions *distribution;
  size_t theta_count, count;  /* count: K */
  double *nodes, *log_weight; /* (K) */
  double *log_likelihood;     /* (G,K): log P(history | node); the caller's */
  double *responsibility;     /* (G,K): r */
  double *mass;               /* (K) */

  /* How theta is fitted: one of them, or neither. */
  prior_fit *fit;
  free_weights *free_weights;
} attention_node_prior;

/* fitted: theta is.  wanted: nodes, where the prior has none of its own.
 * Memory from host->scratch(). */
heed_status node_prior_open(const heed_host *host, const heed_instance *prior,
                            bool fitted, size_t wanted, size_t groups,
                            attention_node_prior *self, heed_error *error);

/* Nodes and weights at theta. */
void node_prior_place(attention_node_prior *self, const double *theta);

/* Whether the weights sum to 1, as those of an extrapolated theta may not. */
bool node_prior_sums_to_one(const attention_node_prior *self);

/* The E-step given log_likelihood: responsibility and mass.  Returns `sum` plus
 * the log-likelihood, added history by history.  Free weights are first moved
 * to where they are best for the other parameters (ECME: Liu and Rubin 1994,
 * Biometrika 81, 633-648), into theta. */
double node_prior_expect(attention_node_prior *self,
                         const attention_histories *histories, double sum,
                         double *theta);

/* `sum` plus the expected log-likelihood, sum_gk users_g r_gk trial_gk; the
 * M-step of all that the likelihood depends on maximises it. */
double node_prior_expected(const attention_node_prior *self,
                           const attention_histories *histories, double sum,
                           const double *trial);

#endif
