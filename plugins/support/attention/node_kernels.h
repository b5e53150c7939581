/* SPDX-License-Identifier: GPL-3.0-or-later
 * Smooth free weights: a P_eta on K nodes that is a mixture of M bumps, fitted
 * to users and to pseudo-users (support/attention/node_prior.h),
 *
 *   w_k = sum_m v_m bump_mk,
 *   maximise sum_g n_g log sum_m v_m l_gm + (c / M) sum_m log v_m,
 *   l_gm = sum_k bump_mk L_gk.
 *
 * The bumps are Bernstein polynomials (Petrone 1999, Scand. J. Stat. 26,
 * 373-393): eleven wide ones, or, from 99 users on, 33 narrow ones if those
 * make the users and the pseudo-users more probable: users who are almost
 * alike, or of two kinds.  A pseudo-user is a group that is possible under one
 * bump only, so that the problem is that of free weights. Called only by
 * node_prior.c. */
#ifndef HEED_SUPPORT_ATTENTION_NODE_KERNELS_H
#define HEED_SUPPORT_ATTENTION_NODE_KERNELS_H

#include "heed/memory.h"

typedef struct node_kernels node_kernels;

/* nodes[count], ascending.  From heed_scratch(). */
node_kernels *node_kernels_open(heed_memory *memory, double pseudo_users,
                                size_t groups, size_t count,
                                const double *nodes);

/* The maximum, into weight[count].  users[groups]; likelihood[groups x count],
 * each row in any unit. */
void node_kernels_solve(node_kernels *self, const double *users,
                        const double *likelihood, double *weight);

/* (c / M) sum_m log v_m at the solution, plus a constant of the bumps that
 * makes it the same for all even v. */
double node_kernels_log_prior(const node_kernels *self);

/* The weights of `group` without one of its own users, into weight[count]:
 *   v_m without it = ((J + c) v_m - v_m l_gm / sum_m v_m l_gm) / (J + c - 1),
 * J the number of users. */
void node_kernels_without(const node_kernels *self, size_t group,
                          double *weight);

#endif
