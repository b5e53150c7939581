/* SPDX-License-Identifier: GPL-3.0-or-later
 * The joint loss: fits the policy and the distribution of attentiveness
 * together.
 *
 * The objective is the exact likelihood of the annotations,
 *   sum_j log sum_k W_k prod_{i of j} (eta_k g_i + (1 - eta_k) c_i)^weight_i,
 * with nodes eta_k of weight W_k(theta), g_i = sigmoid(z_i) from the policy,
 * c_i the casual user's probability of the choice.  EM alternates: the users'
 * posterior over the nodes given policy and theta (the E-step, here); then
 * policy and theta given the posterior (joint_fit.h).
 *
 * Called by joint_fit.c, by refined.c, and by dpo_llm for single annotations.
 * Functions here do not allocate and cannot fail. */
#ifndef HEED_SUPPORT_PREFERENCE_JOINT_H
#define HEED_SUPPORT_PREFERENCE_JOINT_H

#include <stddef.h>

#include "heed/vector.h"

/* support/preference/loss.h */
typedef struct preference_label preference_label;

/* Annotations by unit (user): n rows, U units. */
typedef struct joint_crowd {
  size_t count, units;
  const size_t *first;           /* (U + 1), into member */
  const size_t *member;          /* (n) */
  const double *weight;          /* (n); 0: ignored */
  const preference_label *label; /* (n): casual is read */
} joint_crowd;

typedef struct joint_nodes {
  const heed_vector *vector;
  size_t count;
  const double *eta;
  const double *log_weight;
} joint_nodes;

/* Results of the E-step.
 *   mass         (U,nodes): P(node | annotations of the unit)
 *   slope        (n): d(-log-likelihood)/dz = -weight rho (1 - g), where rho =
 *                E[eta g / (eta g + (1 - eta) c)] is the responsibility
 *   information  (n): weight E[(eta g (1 - g))^2 / (P (1 - P))] >= 0
 *   product      (nodes): workspace */
typedef struct joint_terms {
  double *mass, *slope, *information, *product;
} joint_terms;

/* The E-step at margins (n).  Returns the log-likelihood. */
double joint_expect(const joint_crowd *crowd, const joint_nodes *nodes,
                    const double *margin, const joint_terms *terms);

/* The two halves of joint_expect(), for a caller that changes the weights
 * between them: first mass (U,nodes) = log W_k + log P(annotations of the unit
 * | node k), and slope (n) = g; then, from these, all terms. */
void joint_histories(const joint_crowd *crowd, const joint_nodes *nodes,
                     const double *margin, const joint_terms *terms);
double joint_normalise(const joint_crowd *crowd, const joint_nodes *nodes,
                       const joint_terms *terms);

/* For an annotation of weight 1 whose unit has this mass over the nodes, at a
 * margin: P(its choice), and d(-log-likelihood)/dz. */
typedef struct joint_term {
  double chance, slope;
} joint_term;
joint_term joint_term_at(size_t node_count, const double *nodes,
                         const double *mass, double margin, double casual);

/* left_out[n]: the mean of the unit's eta without each annotation, by the mass
 * (U,nodes) of the E-step at these margins. */
void joint_left_out(const joint_crowd *crowd, size_t node_count,
                    const double *nodes, const double *mass,
                    const double *margin, double *left_out);

/* For moving atoms: moves nodes to the maximum of the expected log-likelihood,
 * each in [low, high]; gain[n] = g - c. */
void joint_move_nodes(const joint_crowd *crowd, size_t node_count,
                      const double *mass, const double *gain, double low,
                      double high, double *nodes);

#endif
