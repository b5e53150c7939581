/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a user chooses on a pair of log-odds x:
 *
 *   P(y) = eta S_y(alpha x) + (1 - eta) S_y(0)                            (1)
 *   S(x) = (e^((x + side b) / 2), e^(-(x + side b) / 2), nu) / their sum  (2)
 *
 * for y = A, B, tie; side: 1 if A is shown first, -1 if B is; b and nu: habits.
 * A user who does not attend sees no difference, x = 0.  So both terms have the
 * same habits, and the model does not take a habit of choosing ties for
 * inattention.  The ability form has eta = 1 (a user who does not attend has
 * ability 0), the attend form alpha = 1.  If the side is unknown, P is the mean
 * over both. */
#ifndef HEED_PEOPLE_RESPONSE_H
#define HEED_PEOPLE_RESPONSE_H

#include "estimators/people/nodes.h"
#include "support/crowd/annotations.h"

/* The least probability of a choice: no choice is impossible. */
#define PEOPLE_LEAST 1e-6

/* table[(codes K), M]: P of a code's choice given its side, the node of the
 * pair and that of the user; log_table: its logarithm. */
void people_response(const people_nodes *nodes,
                     const crowd_annotations *annotations, double *table,
                     double *log_table);

/* A user's attentiveness is about choices that are no ties.  With p_z the
 * probability of A among them on a pair of easiness |x_k|, A first, if z is
 * better,
 *
 *   slope[K, M] = p_A - p_B                                               (3)
 *
 * is eta, and P(y | z) = eta [y = z] + (1 - eta) h(y) with one h for both z.
 * spoken[K, M] = (1 - eta) h(A) = p_B.  If B is first, h(B) is what h(A) is
 * here. */
void people_attentiveness(const people_nodes *nodes, const double *table,
                          double *slope, double *spoken);

#endif
