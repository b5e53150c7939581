/* SPDX-License-Identifier: GPL-3.0-or-later
 * A prior of attentiveness at its nodes, in the E-step and M-step of an
 * estimator: em and em_bradley_terry.
 *
 * G histories (groups of users), K nodes:
 *   r_gk = P(node k | history g), mass_k = sum_g users_g r_gk.
 *
 * Pseudo-users keep a fit from collapsing.  They are c further users whose eta
 * is known and spread evenly over the nodes' range: the log-prior of P_eta is
 * c sum_k even_k log w_k.  Free weights are then those of M bumps
 * (node_kernels.h), w = sum_m v_m bump_m, with c sum_m log v_m / M: equal v
 * make P_eta uniform, and no v makes it a point.  c = 0: maximum likelihood.
 * Atoms that move have no pseudo-users. */
#ifndef HEED_SUPPORT_ATTENTION_NODE_PRIOR_H
#define HEED_SUPPORT_ATTENTION_NODE_PRIOR_H

#include "heed/distribution.h"
#include "heed/vector.h"

/* support/attention/histories.h and prior_fit.h, support/numeric/free_weights.h
 */
typedef struct attention_histories attention_histories;
typedef struct prior_fit prior_fit;
typedef struct free_weights free_weights;
typedef struct node_kernels node_kernels; /* node_kernels.h */

typedef struct attention_node_prior {
  const heed_instance *prior;
  const heed_distribution_functions *distribution;
  size_t theta_count, count;           /* count: K */
  double *nodes, *log_weight, *weight; /* (K); weight: room */
  double *log_likelihood; /* (G,K): log P(history | node); written by the
                           * caller, who then clears `scaled` */
  bool scaled;            /* whether likelihood and most hold */
  double *likelihood;     /* (G,K): P(history | node) / exp(most) */
  double *most;           /* (G): the largest log-likelihood of a history */
  double *responsibility; /* (G,K): r */
  double *mass;           /* (K) */
  const heed_vector *vector;
  size_t parts, threads; /* of passes over groups (numeric/threads.h) */
  double *part;          /* (parts,K+1): mass, and the log-likelihood */

  /* How theta is fitted: one of them, or neither. */
  prior_fit *fit;
  free_weights *free_weights;

  double pseudo_users;   /* c */
  double *even;          /* (K): sums to 1 */
  node_kernels *kernels; /* free weights with pseudo-users; or NULL */
} attention_node_prior;

/* fitted: whether theta is fitted, with this number of pseudo-users.  wanted:
 * number of nodes if the prior has none of its own.  Memory from
 * host->scratch(). */
heed_status node_prior_open(const heed_host *host, const heed_instance *prior,
                            bool fitted, double pseudo_users, size_t wanted,
                            size_t groups, attention_node_prior *self,
                            heed_error *error);

/* Nodes and weights at theta. */
void node_prior_place(attention_node_prior *self, const double *theta);

/* Whether the weights sum to 1; an extrapolated theta may break this. */
bool node_prior_sums_to_one(const attention_node_prior *self);

/* The E-step given log_likelihood: responsibility and mass, with that of
 * pseudo-users.  Returns `sum` plus the log-likelihood, added history by
 * history, and the log-prior of theta.  First moves free weights, in
 * theta, to their optimum for the other parameters (ECME: Liu and Rubin 1994,
 * Biometrika 81, 633-648). */
double node_prior_expect(attention_node_prior *self,
                         const attention_histories *histories, double sum,
                         double *theta);

/* The log-prior of theta at the present weights: 0 without pseudo-users. */
double node_prior_log_prior(const attention_node_prior *self);

/* The prior of each group that takes part of the fit's uncertainty into
 * account, into log_weight[G x K], after node_prior_expect() at the fit.
 *   Free weights: fitted to the other users and the pseudo-users, as if those
 * had not changed: a user's own choices do not count.
 *   A distribution with a free scale: its posterior predictive, a sum over a
 * lattice of theta around the fit, with the weight of each theta from the
 * annotations of the other users.
 *   Else, or without pseudo-users: the fit's.
 * *objective: in, that of the fit; out, with a lattice, the log of the integral
 * over theta instead of its maximum.  theta: of the fit; unchanged. */
heed_status node_prior_predictive(attention_node_prior *self,
                                  const attention_histories *histories,
                                  const heed_host *host, const double *theta,
                                  double *log_weight, double *objective,
                                  heed_error *error);

/* `sum` plus the expected log-likelihood, sum_gk users_g r_gk trial_gk, which
 * the M-step maximises over everything that the likelihood depends on. */
double node_prior_expected(const attention_node_prior *self,
                           const attention_histories *histories, double sum,
                           const double *trial);

#endif
