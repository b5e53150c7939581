/* SPDX-License-Identifier: MIT
 * Distributions of attentiveness, P_eta.
 *
 * One plugin serves both ends: with the parameters the sweep gives, it draws
 * users (by quantiles); as a prior with parameters theta that an estimator
 * fits, it weighs nodes.  It never sees annotations.
 *
 * Nodes.  An estimator integrates over eta with a sum over nodes.  A
 * continuous distribution has fixed nodes, the same for every theta: nodes
 * that move with theta break the monotonicity of EM.  The weights are those of
 * a quadrature rule, normalised: they sum to 1 exactly for every theta, so
 * that the discretised model is a model and its EM monotone.
 * A distribution of a few atoms whose places are themselves parameters says
 * `atoms_move`: the estimator then moves them by maximising the expected
 * log-likelihood, and hands the new places to refit().
 * Where the weights of fixed nodes are themselves theta, one value a node, the
 * distribution says `weights_free`: an estimator may then maximise over them
 * directly, a concave problem, and need not call refit().
 *
 * theta has theta_count(self) values on their natural scale.  The first
 * output_count of them are reported, under the names of the descriptor's
 * outputs, as prior_NAME. */
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

  /* Values of one eta: 1 for all but vectors.  NULL: 1. */
  size_t (*dimension)(const void *self);

  /* eta[count x dimension] at u[count x dimension] in (0, 1), with the
   * parameters of the sweep: draws by inversion. */
  heed_status (*quantile)(const void *self, size_t count, const double *u,
                          double *eta, heed_error *error);

  size_t (*theta_count)(const void *self);

  /* The parameters of the sweep as theta. */
  void (*theta)(const void *self, double *theta);

  /* A theta with about this mean and variance of eta, inside the interior of
   * its domain: where a fit starts. */
  void (*start)(const void *self, double mean, double variance, double *theta);

  /* How many nodes; `wanted` is the estimator's wish, which a distribution
   * with nodes of its own (atoms, a grid) may ignore. */
  size_t (*node_count)(const void *self, size_t wanted);

  /* The nodes into nodes[count x dimension], ascending; count is what
   * node_count() said.  theta matters only where atoms_move. */
  void (*nodes)(const void *self, const double *theta, size_t count,
                double *nodes);

  /* log weight of each node under theta; -HUGE_VAL for weight 0; the weights
   * sum to 1 within 1e-12. */
  void (*log_weights)(const void *self, const double *theta, size_t count,
                      const double *nodes, double *log_weight);

  /* theta on an unconstrained scale and back; free_count values, at most
   * theta_count.  A round trip gives theta back to 1e-12 relative.
   * NULL both: theta is fitted by refit() alone. */
  size_t (*free_count)(const void *self);
  void (*to_free)(const void *self, const double *theta, double *free);
  void (*from_free)(const void *self, const double *free, double *theta);

  /* The M-step in closed form: theta (in: the present one) that maximises
   * sum_k mass[k] log weight_k(theta), mass the expected number of users at
   * each node.  Where atoms_move, nodes are the new places, and theta takes
   * them on.  NULL: the estimator maximises numerically over the free scale. */
  heed_status (*refit)(const void *self, size_t count, const double *nodes,
                       const double *mass, double *theta, heed_error *error);
} heed_distribution_functions;

#ifdef __cplusplus
}
#endif

#endif
