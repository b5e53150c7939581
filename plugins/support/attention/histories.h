/* SPDX-License-Identifier: GPL-3.0-or-later
 * Histories: the annotations of each user as a user model reads them.  Users
 * whose likelihood must be equal are one group.
 *
 * When all pairs share one p and the model has classes, a history is its counts
 * of classes, and an iteration costs the number of distinct counts, not of
 * annotations.
 *
 * Called by every estimator that has a user model, and by the posteriors
 * (node_posterior.h, leave_out.h, point_posterior.h). */
#ifndef HEED_SUPPORT_ATTENTION_HISTORIES_H
#define HEED_SUPPORT_ATTENTION_HISTORIES_H

#include "heed/user_model.h"

typedef struct attention_histories {
  const heed_crowd *crowd;
  const heed_instance *model;
  heed_domain domain;
  bool reduced;

  size_t group_count;
  heed_answers *answers; /* of each group */
  double *users;         /* how many users are in it */
  size_t *group_of;      /* user → group */

  /* Of all annotations, in their order (not reduced: answers point here). */
  const int8_t *choice, *left;
  double *p;
  size_t *row, *pair;

  /* Reduced: the answers that stand for the classes, and the counts
   * [group_count x class_count] of each group. */
  heed_answers classes;
  double *class_p; /* class_count: the shared p */
  double *counts;

  double *room; /* for histories_likelihood(), of room_count values */
  size_t room_count;
} attention_histories;

/* shared_p: of all pairs; NaN: each pair has its own, from the annotations or
 * the pairs.  Memory from host->allocate(). */
heed_status histories_make(const heed_host *host, const heed_crowd *crowd,
                           const heed_instance *model, double shared_p,
                           attention_histories *result, heed_error *error);

/* The same without reduction where `may_reduce` is false: for estimators that
 * set p of each annotation themselves. */
heed_status histories_open(const heed_host *host, const heed_crowd *crowd,
                           const heed_instance *model, double shared_p,
                           bool may_reduce, attention_histories *result,
                           heed_error *error);

/* p of each annotation from a column of the pairs, instead.  Not for reduced
 * histories. */
heed_status histories_read_p(attention_histories *self, const char *column,
                             heed_error *error);

/* Another shared p.  Where histories are reduced the single annotations still
 * have the old one: histories_spread_p() once a fit is done. */
void histories_set_p(attention_histories *self, double shared_p);
void histories_spread_p(attention_histories *self);

/* HEED_UNSUPPORTED where the model's domain does not hold all nodes of the
 * prior. */
heed_status histories_check_nodes(const attention_histories *self,
                                  const heed_instance *prior, size_t node_count,
                                  const double *nodes, heed_error *error);

/* log P(history | eta) of every group at every node into
 * log_likelihood[group_count x node_count]. */
heed_status histories_likelihood(attention_histories *self,
                                 const heed_host *host, const double *phi,
                                 size_t node_count, const double *nodes,
                                 double *log_likelihood, heed_error *error);

/* P(choice | eta) of annotations first … first + count - 1 at every node. */
void histories_probability(const attention_histories *self, const double *phi,
                           size_t first, size_t count, size_t node_count,
                           const double *nodes, double *probability);

/* Whether the model says which annotations a user attends to. */
bool histories_attends(const attention_histories *self);

/* Attention (heed/user_model.h) to annotations first … first + count - 1, all
 * those of one user, at every node. */
void histories_attention(const attention_histories *self, const double *phi,
                         size_t first, size_t count, size_t node_count,
                         const double *nodes, double *attention);

/* P(choice) of a casual user, of annotations first … first + count - 1. */
void histories_casual_of(const attention_histories *self, const double *phi,
                         size_t first, size_t count, double *probability);

/* The same, of every annotation. */
void histories_casual(const attention_histories *self, const double *phi,
                      double *probability);

#endif
