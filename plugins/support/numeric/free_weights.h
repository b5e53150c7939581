/* SPDX-License-Identifier: GPL-3.0-or-later
 * The nonparametric maximum likelihood: weights on fixed nodes that maximise
 *
 *   f(w) = sum_g n_g log sum_k w_k L_gk,   w >= 0, sum w = 1.
 *
 * The problem is concave, and EM takes thousands of steps where a primal-dual
 * interior-point method takes twenty (Koenker and Mizera 2014, J. Am. Stat.
 * Assoc. 109, 674-685).  Called by attention/node_prior.h in each E-step, and
 * by em for its first start. */
#ifndef HEED_SUPPORT_NUMERIC_FREE_WEIGHTS_H
#define HEED_SUPPORT_NUMERIC_FREE_WEIGHTS_H

#include "heed/memory.h"

/* Fine enough for an EM around it: in nats. */
#define FREE_WEIGHTS_TOLERANCE 1e-10

typedef struct free_weights free_weights;

/* Room for `groups` histories and `nodes` nodes, by heed_scratch(). */
free_weights *free_weights_open(heed_memory *memory, size_t groups,
                                size_t nodes);

/* The maximum, to N log(1 + bound / N) <= tolerance with Lindsay's bound (1983,
 * Ann. Stat. 11, 86-94), into weight[nodes].
 * users[groups]: n_g; NULL: 1 each.  log_likelihood[groups x nodes]: log L_gk,
 * -HUGE_VAL for 0.
 * False: rounding ended it before, and weight holds the best that was found;
 * or a group is impossible at all nodes, and weight is left alone. */
bool free_weights_solve(free_weights *self, const double *users,
                        const double *log_likelihood, double tolerance,
                        double *weight);

#endif
