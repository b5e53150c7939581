/* SPDX-License-Identifier: GPL-3.0-or-later
 * Weights of a mixture.  A logarithm keeps them away from 0: they maximise
 *
 *   f(v) = sum_g n_g log sum_m v_m L_gm + a sum_m log v_m,   sum_m v_m = 1,
 *
 * n_g the users of group g, N = sum n_g + a M.  A penalty N (1 - sum v)
 * replaces the constraint: at the maximum the sum is 1.  A primal-dual Newton
 * step with multipliers z, whose product with v is a at the maximum, solves
 *
 *   (H + diag(z / v)) dv = d + a / v,   dz = a / v - z - z dv / v,
 *
 * d_m = sum_g n_g L_gm / f_g - N, H = sum_g n_g L_g L_g' / f_g^2.  It begins at
 * the last solution: in an EM, three or four steps are enough.
 *
 * Called by node_kernels.c. */
#ifndef HEED_SUPPORT_ATTENTION_BARRIER_WEIGHTS_H
#define HEED_SUPPORT_ATTENTION_BARRIER_WEIGHTS_H

#include "heed/memory.h"

typedef struct barrier_weights barrier_weights;

/* For `groups` groups and `count` weights; barrier: a > 0.  From
 * heed_scratch(). */
barrier_weights *barrier_weights_open(heed_memory *memory, size_t groups,
                                      size_t count, double barrier);

/* Finds the maximum, weight[count]; returns f there, or -HUGE_VAL if a group is
 * impossible.  users[groups]; likelihood[groups x count], each row in any
 * unit.  Lindsay's bound (1983, Ann. Stat. 11, 86-94) on the distance to the
 * maximum is at most 1e-10 nats, or what rounding allows.  Stops early if f is
 * certainly below `least` everywhere. */
double barrier_weights_solve(barrier_weights *self, const double *users,
                             const double *likelihood, double least,
                             double *weight);

#endif
