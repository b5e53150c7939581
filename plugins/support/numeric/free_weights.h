/* SPDX-License-Identifier: GPL-3.0-or-later
 * The nonparametric maximum likelihood: weights on fixed nodes that maximise
 *
 *   f(w) = sum_g n_g log sum_k w_k L_gk,   w >= 0, sum w = 1.
 *
 * The problem is concave; EM takes thousands of steps, a primal-dual
 * interior-point method twenty (Koenker and Mizera 2014, J. Am. Stat. Assoc.
 * 109, 674-685).  Called by attention/node_prior.h in each E-step, and by em
 * for its first start. */
#ifndef HEED_SUPPORT_NUMERIC_FREE_WEIGHTS_H
#define HEED_SUPPORT_NUMERIC_FREE_WEIGHTS_H

#include "heed/memory.h"

/* Tolerance in nats, fine enough for an EM around it. */
#define FREE_WEIGHTS_TOLERANCE 1e-10

typedef struct free_weights free_weights;

/* Workspace for `groups` histories and `nodes` nodes, from heed_scratch(). */
free_weights *free_weights_open(heed_memory *memory, size_t groups,
                                size_t nodes);

/* Rows of likelihoods over their largest, exp(most): likelihood[groups x nodes]
 * and most[groups], which may be NULL.  log_likelihood: -HUGE_VAL for 0.  A
 * group that is impossible at all nodes has a row of zeros; then false. */
bool free_weights_scale(size_t groups, size_t nodes,
                        const double *log_likelihood, double *likelihood,
                        double *most);

/* Maximises to N log(1 + bound / N) <= tolerance with Lindsay's bound (1983,
 * Ann. Stat. 11, 86-94), into weight[nodes]. users[groups]: n_g; NULL: 1 each.
 * likelihood[groups x nodes]: L_gk, each row in any unit.  False: rounding
 * stopped it early, and weight holds the best point found; or a group is
 * impossible at all nodes, and weight is unchanged. */
bool free_weights_solve(free_weights *self, const double *users,
                        const double *likelihood, double tolerance,
                        double *weight);

#endif
