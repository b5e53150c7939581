/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tests whether users agree more often than coin tosses.  If everybody tosses a
 * fair coin, an estimator that compares users still fits some of them better
 * than others; such a fit says nothing about users.
 *
 * With choices s = +1 (A) and -1 (B), two sums of squares are compared with
 * their distribution under coin tosses:
 *
 *   pairs     sum_i (sum_j s_ij)^2 over pairs i.  This is the score test of a
 *             common eta against 0 in the model of dawid_skene: it sees whether
 *             users agree on the whole.
 *   couples   sum_jk (sum_i s_ij s_ik)^2 over couples of users: it sees whether
 *             some couples agree, or disagree, more than others, for instance a
 *             few attentive users among many who are not.
 *
 * Both are sums of products of independent coins; chi^2 with the same mean and
 * variance approximates them (Satterthwaite 1946, Biometrics Bull. 2, 110-114).
 * One log of coin tosses in a hundred is called identified.
 *
 * Called by majority, dawid_skene, mace, glad and crowd_bt. */
#ifndef HEED_SUPPORT_CROWD_CHANCE_H
#define HEED_SUPPORT_CROWD_CHANCE_H

#include "heed/host.h"

/* support/crowd/overlap.h */
typedef struct crowd_overlap crowd_overlap;

/* The probability, under coin tosses, of a value as high as that seen; a test
 * beats chance if it is below CHANCE_LEVEL. */
#define CHANCE_LEVEL 0.005

typedef struct crowd_chance {
  double comparisons;          /* of two users' choices on a pair */
  double agreed;               /* those in which the two agree */
  double by_pairs, by_couples; /* probabilities; by_couples NaN: not needed,
                                * since pairs beat chance */
} crowd_chance;

/* Memory from host->scratch(). */
heed_status chance_compute(const crowd_overlap *overlap, const heed_host *host,
                           crowd_chance *result, heed_error *error);

/* Whether one of the two beats chance. */
bool chance_beaten(const crowd_chance *self);

/* For an estimator without any other source of information: sets *identified to
 * whether users share pairs and agree more often than coin tosses, and warns if
 * they do not. */
heed_status chance_judge(const crowd_overlap *overlap, const heed_host *host,
                         bool *identified, heed_error *error);

#endif
