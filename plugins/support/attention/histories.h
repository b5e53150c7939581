/* SPDX-License-Identifier: GPL-3.0-or-later
 * Histories: the annotations of each user as a user model reads them.  Users
 * with necessarily equal likelihoods form one group.
 *
 * When all pairs share one p and the model has classes, a history is its counts
 * of classes, and the cost of an iteration is the number of distinct counts
 * instead of annotations.  A log that is counted (annotations.count) must have
 * such a history.
 *
 * Gold pairs (pairs.gold, heed/world.h) have a p of their own, whatever the
 * others have.  Each of a few distinct values of gold has classes of its own;
 * many values are not reduced.
 *
 * Called by every estimator that has a user model, and by the posteriors
 * (node_posterior.h, leave_out.h, point_posterior.h). */
#ifndef HEED_SUPPORT_ATTENTION_HISTORIES_H
#define HEED_SUPPORT_ATTENTION_HISTORIES_H

#include <math.h>

#include "heed/user_model.h"

typedef struct attention_mixture attention_mixture; /* mixture.h */

typedef struct attention_histories {
  const heed_crowd *crowd;
  const heed_instance *model;
  heed_domain domain;
  bool reduced;

  size_t group_count;
  heed_answers *answers; /* of each group */
  double *users;         /* number of users in it */
  size_t *group_of;      /* user → group */

  /* Of all annotations, in their order (not reduced: answers point here). */
  const int8_t *choice, *left;
  double *p;
  size_t *row;
  const size_t *pair;
  const int64_t *times; /* the column count; NULL: each row is one annotation */

  /* p of gold pairs. */
  const double *gold; /* pairs: the column; NULL: no annotation is of gold */
  double gold_error;
  size_t gold_count; /* annotations of gold pairs */

  /* Reduced: the answers that represent the classes, those with the shared p
   * first, and the counts [group_count x classes.count] of each group. */
  heed_answers classes;
  double *class_p; /* of each class */
  double *counts;
  double *gold_values; /* gold_value_count: distinct p of gold pairs */
  size_t gold_value_count;

  double *room; /* for histories_likelihood(), of room_count values */
  size_t room_count;
  attention_mixture *mixture; /* for the same, of at most mixture_nodes nodes */
  size_t mixture_nodes;
} attention_histories;

/* What an estimator knows of p. */
typedef struct histories_terms {
  double shared_p;   /* of all pairs but gold ones; NaN: each pair has its own,
                        from the annotations or the pairs */
  double gold_error; /* p of gold pairs stays within gold_error and 1 -
                        gold_error; NaN: gold pairs are like others */
  bool sets_p;       /* the estimator will set p of each annotation itself:
                        nothing is reduced */
  bool counts;       /* the estimator itself reads counts of annotations that
                        are not reduced */
} histories_terms;

/* Memory from host->allocate(). */
heed_status histories_open(const heed_host *host, const heed_crowd *crowd,
                           const heed_instance *model,
                           const histories_terms *terms,
                           attention_histories *result, heed_error *error);

/* The same where gold pairs are like others. */
heed_status histories_make(const heed_host *host, const heed_crowd *crowd,
                           const heed_instance *model, double shared_p,
                           attention_histories *result, heed_error *error);

/* HEED_UNSUPPORTED: a log that is counted is not enough. */
heed_status histories_need_rows(heed_error *error);

/* p of an annotation's pair if it is gold, else NaN. */
static inline double histories_gold(const attention_histories *self,
                                    size_t row) {
  if (self->gold == NULL) return NAN;
  const double gold = self->gold[self->pair[row]];
  return isnan(gold) ? gold
                     : fmin(fmax(gold, self->gold_error), 1 - self->gold_error);
}

/* Reduced: the class of an annotation. */
size_t histories_class(const attention_histories *self, size_t row);

/* Whether an answer of a group (reduced: a class) is not gold. */
static inline bool histories_has_gap(const attention_histories *self,
                                     size_t group, size_t answer) {
  return self->reduced
             ? answer < self->domain.class_count
             : isnan(histories_gold(self, self->answers[group].row[answer]));
}

/* Takes p of each annotation from a column of the pairs, but for gold ones.
 * Not for reduced histories. */
heed_status histories_read_p(attention_histories *self, const char *column,
                             heed_error *error);

/* Sets another shared p; gold pairs keep theirs.  In reduced histories single
 * annotations keep the old one until histories_spread_p(), to call after a
 * fit. */
void histories_set_p(attention_histories *self, double shared_p);
void histories_spread_p(attention_histories *self);

/* HEED_UNSUPPORTED if a node of the prior is outside the model's domain. */
heed_status histories_check_nodes(const attention_histories *self,
                                  const heed_instance *prior, size_t node_count,
                                  const double *nodes, heed_error *error);

/* log P(history | eta) of every group at every node into
 * log_likelihood[group_count x node_count]. */
heed_status histories_likelihood(attention_histories *self,
                                 const heed_host *host, const double *phi,
                                 size_t node_count, const double *nodes,
                                 double *log_likelihood, heed_error *error);

/* Annotations first … first + count - 1. */
heed_answers histories_answers(const attention_histories *self, size_t first,
                               size_t count);

/* P(choice | eta) of annotations first … first + count - 1 at every node. */
void histories_probability(const attention_histories *self, const double *phi,
                           size_t first, size_t count, size_t node_count,
                           const double *nodes, double *probability);

/* Whether the model computes which annotations a user attends to. */
bool histories_attends(const attention_histories *self);

/* Attention (heed/user_model.h) to annotations first … first + count - 1, all
 * of one user, at every node. */
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
