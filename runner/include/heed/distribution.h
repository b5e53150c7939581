/* SPDX-License-Identifier: MIT
 * Distributions of attentiveness, P_eta.
 *
 * One plugin has two uses.  With the parameters of the sweep it draws users,
 * by quantiles.  As a prior, with parameters theta that an estimator fits, it
 * weights nodes.  It never sees annotations.
 *
 * Nodes.  An estimator integrates over eta with a sum over nodes.  A
 * continuous distribution has fixed nodes, the same for every theta: nodes
 * that move with theta break the monotonicity of EM.  The weights are those of
 * a quadrature rule, normalised: they sum to 1 exactly for every theta.  The
 * discretised model is thus a model, and its EM is monotone.
 * If a distribution consists of a few atoms whose places are parameters, set
 * `atoms_move`.  The estimator then moves the atoms to maximise the expected
 * log-likelihood, and passes the new places to refit().
 * If the weights of fixed nodes are theta itself, one value per node, set
 * `weights_free`.  An estimator may then maximise over them directly, a
 * concave problem, and need not call refit().
 *
 * theta has theta_count(self) values on their natural scale.  The first
 * output_count of them are reported as prior_NAME, NAME being the name of the
 * descriptor's output. */
#ifndef HEED_DISTRIBUTION_H
#define HEED_DISTRIBUTION_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_distribution_functions {
  size_t size; /* sizeof(heed_distribution_functions) */
  bool atoms_move;
  bool weights_free;

  /* The number of values of one eta: 1, except for vectors.  NULL: 1. */
  size_t (*dimension)(const void *self);

  /* eta[count x dimension] at u[count x dimension] in (0, 1), with the
   * parameters of the sweep: draws by inversion. */
  heed_status (*quantile)(const void *self, size_t count, const double *u,
                          double *eta, heed_error *error);

  size_t (*theta_count)(const void *self);

  /* The parameters of the sweep as theta. */
  void (*theta)(const void *self, double *theta);

  /* A theta with about this mean and variance of eta, in the interior of its
   * domain: the start of a fit. */
  void (*start)(const void *self, double mean, double variance, double *theta);

  /* The number of nodes.  `wanted` is the estimator's wish; a distribution
   * with nodes of its own (atoms, a grid) may ignore it. */
  size_t (*node_count)(const void *self, size_t wanted);

  /* The nodes into nodes[count x dimension], ascending.  count is the result
   * of node_count().  theta matters only with atoms_move. */
  void (*nodes)(const void *self, const double *theta, size_t count,
                double *nodes);

  /* The log weight of each node under theta; -HUGE_VAL for weight 0.  The
   * weights sum to 1 within 1e-12.  The host refuses the distribution if they
   * do not. */
  void (*log_weights)(const void *self, const double *theta, size_t count,
                      const double *nodes, double *log_weight);

  /* theta on an unconstrained scale and back: free_count values, at most
   * theta_count.  A round trip returns theta within 1e-12 relative.
   * All NULL: only refit() fits theta. */
  size_t (*free_count)(const void *self);
  void (*to_free)(const void *self, const double *theta, double *free);
  void (*from_free)(const void *self, const double *free, double *theta);

  /* The M-step in closed form: the theta that maximises
   * sum_k mass[k] log weight_k(theta).  mass: the expected number of users at
   * each node.  theta: in, the present one; out, the new one.  With
   * atoms_move, nodes are the new places, and theta takes them over.  NULL:
   * the estimator maximises numerically on the free scale. */
  heed_status (*refit)(const void *self, size_t count, const double *nodes,
                       const double *mass, double *theta, heed_error *error);
} heed_distribution_functions;

#ifdef __cplusplus
}
#endif

#endif
