/* SPDX-License-Identifier: GPL-3.0-or-later
 * The joint loss: the policy and the distribution of attentiveness at once.
 *
 * What is maximised is the exact likelihood of the annotations,
 *   sum_j log sum_k W_k prod_{i of j} (eta_k g_i + (1 - eta_k) c_i)^weight_i,
 * with nodes eta_k of weight W_k(theta), g_i = sigmoid(z_i) as the policy has
 * it, c_i the casual user's probability of the choice.  EM takes turns: the
 * users' posterior over the nodes given policy and theta; then policy and
 * theta given the posterior. */
#ifndef HEED_SUPPORT_PREFERENCE_JOINT_H
#define HEED_SUPPORT_PREFERENCE_JOINT_H

#include "heed/distribution.h"

/* support/preference/loss.h and log_linear.h */
typedef struct preference_label preference_label;
typedef struct log_linear log_linear;

/* Annotations by unit (user): n rows, U units. */
typedef struct joint_crowd {
  size_t count, units;
  const size_t *first;           /* (U + 1), into member */
  const size_t *member;          /* (n) */
  const double *weight;          /* (n); 0: not seen */
  const preference_label *label; /* (n): casual is read */
} joint_crowd;

typedef struct joint_nodes {
  size_t count;
  const double *eta;
  const double *log_weight;
} joint_nodes;

/* What the E-step fills.
 *   mass         (U,nodes): P(node | annotations of the unit)
 *   slope        (n): d(-log-likelihood)/dz = -weight rho (1 - g), where rho =
 *                E[eta g / (eta g + (1 - eta) c)] is the responsibility
 *   information  (n): weight E[(eta g (1 - g))^2 / (P (1 - P))] >= 0
 *   product      (nodes): room */
typedef struct joint_terms {
  double *mass, *slope, *information, *product;
} joint_terms;

/* The E-step at margins (n).  Returns the log-likelihood. */
double joint_expect(const joint_crowd *crowd, const joint_nodes *nodes,
                    const double *margin, const joint_terms *terms);

/* An annotation of weight 1 whose unit has this mass over the nodes, at a
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

/* Where atoms move: nodes to where the expected log-likelihood is largest, each
 * in [low, high]; gain[n] = g - c. */
void joint_move_nodes(const joint_crowd *crowd, size_t node_count,
                      const double *mass, const double *gain, double low,
                      double high, double *nodes);

/* ---- the fit of a policy ---- */

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
  /* Told the objective after every step, which never falls; or NULL. */
  void *context;
  void (*watch)(void *context, size_t step, double objective);
  struct joint_room *room;
} joint_fit;

/* Memory for fits of n annotations by U users; from host->scratch(). */
heed_status joint_open(const heed_host *host, const heed_instance *prior,
                       size_t nodes_wanted, size_t count, size_t features,
                       size_t units, joint_fit **result, heed_error *error);

/* For a log-linear policy: from w and fit->theta, both moved to the fit.  EM
 * whose step in w is one of Fisher scoring, sped up by SQUAREM (Varadhan and
 * Roland 2008, scheme S3), each guarded: a step that would lower the objective
 * is shortened or left. */
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
