/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exponential families of two parameters on fixed nodes of an interval
 * [low, high], with x the place in it from 0 to 1:
 *
 *   log weight_k(a, b) = base_k + a t1(x_k) + b t2(x_k) - log Z(a, b).
 *
 * Nodes are x = (1 - cos u) / 2 with u at the midpoints of equal cells of
 * (0, pi), and base = log sin u, the measure dx: a smooth integrand of u is
 * integrated to rounding with some dozens of nodes, and densities that grow
 * like x^(-1/2) towards an end are smooth in u. */
#ifndef HEED_SUPPORT_ATTENTION_NODE_FAMILY_H
#define HEED_SUPPORT_ATTENTION_NODE_FAMILY_H

#include <stddef.h>

#include "heed/status.h"

typedef struct node_family {
  void (*statistics)(double x, double *t1, double *t2); /* of 0 < x < 1 */
  double low, high;
} node_family;

/* nodes[count], ascending */
void node_family_nodes(const node_family *self, size_t count, double *nodes);

/* log_weight[count] for natural parameters ab[2]. */
void node_family_weights(const node_family *self, const double *ab,
                         size_t count, const double *nodes, double *log_weight);

/* ab that maximises sum_k mass_k log weight_k within low <= ab <= high, from
 * the ab given: Newton's method on a concave function, steps halved.
 * HEED_MEMORY, with ab as it was. */
heed_status node_family_fit(const node_family *self, size_t count,
                            const double *nodes, const double *mass,
                            const double low[2], const double high[2],
                            double ab[2], heed_error *error);

#endif
