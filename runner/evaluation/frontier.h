/* SPDX-License-Identifier: GPL-3.0-or-later
 * The frontier of a policy: its win rate at a given KL from the reference, on
 * the ray pi_c = pi_ref exp(c tilt) / Z(c) with tilt = log(pi / pi_ref).
 *
 * Called by policy.c. */
#ifndef HEED_EVALUATION_FRONTIER_H
#define HEED_EVALUATION_FRONTIER_H

#include "evaluation/evaluation.h"
#include "host/vector.h"

/* Replaces the tilt log 0 of a candidate that the policy never gives; its
 * square is finite. */
#define FRONTIER_NEVER (-1e150)

/* One policy of the ray; values are means over prompts. */
typedef struct frontier_point {
  double c;
  double kl;    /* KL(pi_c || pi_ref) */
  double slope; /* d kl / d c = c Var(tilt) under pi_c */
  double win;   /* win rate of pi_c */
  double rise;  /* d win / d c */
} frontier_point;

typedef struct policy_frontier {
  const heed_vector *vector;
  const evaluation_prompts *known;
  const double *tilt;  /* H x K: FRONTIER_NEVER or more */
  bool never;          /* some tilt is FRONTIER_NEVER */
  frontier_point made; /* the policy itself, c = 1 */
  double *partition;   /* H */
} policy_frontier;

/* Fills in `made`; scratch memory. */
heed_status frontier_open(policy_frontier *self, heed_memory *memory,
                          heed_error *error);

/* The policy at c > 0. */
frontier_point frontier_at(const policy_frontier *self, double c);

/* The win rate at each level of KL; NaN: no c reaches it, or the KL jumps past
 * it (some candidates have probability 0). */
void frontier_win_rates(const policy_frontier *self, size_t count,
                        const double *level, double *win);

#endif
