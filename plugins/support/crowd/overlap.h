/* SPDX-License-Identifier: GPL-3.0-or-later
 * Overlap: annotations gathered by pair, for estimators that judge users by
 * what others chose on the same pairs: dawid_skene, mace, glad, crowd_bt and
 * majority.
 *
 * These estimators believe that each pair i has a better response z_i, A's or
 * B's, which nobody has seen.  Ties are left out: their models have no
 * probability of a tie. */
#ifndef HEED_SUPPORT_CROWD_OVERLAP_H
#define HEED_SUPPORT_CROWD_OVERLAP_H

#include "heed/estimator.h"

/* N annotations that are no ties, of P pairs of the world and J users. */
typedef struct crowd_overlap {
  const heed_crowd *crowd;
  size_t count;  /* N */
  size_t pairs;  /* P */
  size_t users;  /* J */
  size_t *first; /* (P + 1): pair i has first[i] … first[i + 1] - 1 */
  size_t *row;   /* (N): in the crowd's annotations */
  size_t *user;  /* (N) */
  bool *chose_a; /* (N) */
  size_t shared; /* pairs that two users or more have chosen on */
} crowd_overlap;

/* Memory from host->scratch(). */
heed_status overlap_open(const heed_host *host, const heed_crowd *crowd,
                         crowd_overlap *result, heed_error *error);

/* False, after a warning, where no pair has two users: nobody can then be
 * judged by others. */
bool overlap_exists(const crowd_overlap *self, const heed_host *host);

/* log_odds[P] of z_i = A given all choices on pair i:
 *   logit share + sum_n (log P(choice n | z = A) - log P(choice n | z = B)),
 * given[2 n] and given[2 n + 1] the two.  Returns the log-likelihood
 *   sum_i log(share prod_n P(choice n | A) + (1 - share) prod_n P(… | B)). */
double overlap_log_odds(const crowd_overlap *self, const double *given,
                        double share, double *log_odds);

/* agreement[J]: how often each user chose as a user drawn from the others on
 * the same pair did, shrunk by one annotation to everyone's; everyone's for
 * users who share no pair.  Everyone's is at least `least`: a start above one
 * half settles which of z and its opposite is meant.  room: (2 J). */
void overlap_agreement(const crowd_overlap *self, double least, double *room,
                       double *agreement);

/* 1 / (1 + exp(-x)) */
double overlap_sigmoid(double x);

#endif
