/* SPDX-License-Identifier: GPL-3.0-or-later
 * Overlap: annotations grouped by pair, for estimators that compare users with
 * others on the same pairs: dawid_skene, mace, glad, crowd_bt and majority.
 *
 * These estimators assume that each pair i has an unobserved better response
 * z_i, A's or B's.  Ties are left out: their models have no probability of a
 * tie. */
#ifndef HEED_SUPPORT_CROWD_OVERLAP_H
#define HEED_SUPPORT_CROWD_OVERLAP_H

#include "heed/estimator.h"

/* N annotations that are not ties, of P pairs of the world and J users. */
typedef struct crowd_overlap {
  const heed_crowd *crowd;
  size_t count;   /* N */
  size_t pairs;   /* P */
  size_t users;   /* J */
  size_t *first;  /* (P + 1): pair i has first[i] … first[i + 1] - 1 */
  size_t *row;    /* (N): in the crowd's annotations */
  size_t *user;   /* (N) */
  bool *chose_a;  /* (N) */
  uint32_t *code; /* (N): 2 user + chose_a; all that a step of EM reads */
  size_t shared;  /* pairs with choices of two or more users */
} crowd_overlap;

/* Memory from host->scratch(). */
heed_status overlap_open(const heed_host *host, const heed_crowd *crowd,
                         crowd_overlap *result, heed_error *error);

/* False, after a warning, if no pair has two users: no user can then be
 * compared with others. */
bool overlap_exists(const crowd_overlap *self, const heed_host *host);

/* log_odds[P] of z_i = A given all choices on pair i:
 *   logit share + sum_n (log P(choice n | z = A) - log P(choice n | z = B)),
 * given[2 n] and given[2 n + 1] the two.  Returns the log-likelihood
 *   sum_i log(share prod_n P(choice n | A) + (1 - share) prod_n P(… | B)). */
double overlap_log_odds(const crowd_overlap *self, const double *given,
                        double share, double *log_odds);

/* The same if the two probabilities depend only on the user and the choice,
 * with the expected counts that an M-step needs.  The code numbers the choices.
 *   ratio[2 J]    log P(choice | A) - log P(choice | B)
 *   middle[2 J]   the mean of the two logarithms
 *   times[2 J]    how often the choice was made, from overlap_count()
 *   for_a[2 J]    set to the sum of P(z_i = A | all choices on i) over the
 *                 pairs of the code
 *
 * One pass over the codes: a sum over each pair, then a sum over each user. */
double overlap_expect(const crowd_overlap *self, const double *ratio,
                      const double *middle, const double *times, double share,
                      double *log_odds, double *for_a);

/* times[2 J]: how often each user made each choice. */
void overlap_count(const crowd_overlap *self, double *times);

/* The choices on a pair by one user, rows first … end - 1: more than one if a
 * log keeps duplicates. */
typedef struct overlap_own {
  size_t first, end;
  size_t for_a;
} overlap_own;

/* All of a pair, user by user:
 *   for (overlap_own own = overlap_first(overlap, i); own.first < own.end;
 *        own = overlap_next(overlap, i, &own)) */
overlap_own overlap_first(const crowd_overlap *self, size_t pair);
overlap_own overlap_next(const crowd_overlap *self, size_t pair,
                         const overlap_own *own);

/* agreement[J]: how often each user chose like a user drawn from the others on
 * the same pair, shrunk by one annotation to the overall value; the overall
 * value for users who share no pair.  The overall value is at least `least`: a
 * start above one half breaks the symmetry between z and its opposite.  room:
 * (2 J). */
void overlap_agreement(const crowd_overlap *self, double least, double *room,
                       double *agreement);

/* ---- the share of pairs in which A's response is better ---- */

/* A parameter, and the output that says which share was used. */
#define OVERLAP_SHARE(usual)                                               \
  {                                                                        \
    .name = "share", .type = HEED_ENUM_OR_NUMBER,                          \
    .flags = HEED_OPEN_LOW | HEED_OPEN_HIGH, .default_value = (usual),     \
    .low = 0, .high = 1, .choices = overlap_share_words,                   \
    .doc =                                                                 \
        "share of pairs in which A's response is better: fitted, answers " \
        "(the share of A among all choices), or a number"                  \
  }
#define OVERLAP_SHARE_OUTPUT \
  { .name = "share", .doc = "share of pairs in which A's response is better" }
extern const char *const overlap_share_words[];

/* Whether the share is fitted.  share: the value of the parameter; if fitted,
 * where to start: the share of A among all choices. */
bool overlap_share(const crowd_overlap *self, const heed_value *value,
                   double *share);

/* The mean of P(z_i = A) over annotated pairs; `otherwise`: there are none. */
double overlap_mean(const crowd_overlap *self, const double *log_odds,
                    double otherwise);

/* 1 / (1 + exp(-x)) */
double overlap_sigmoid(double x);

#endif
