/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kinds of annotations, which have the same probability at any strengths: the
 * same two models, the same class of the user model (heed/user_model.h), and,
 * for gold pairs, the same known p, which strengths do not change.
 * A step of the fit then costs the number of kinds, and of different kinds of
 * each user, instead of annotations.
 *
 * If the user model has no classes, or almost no two annotations are of one
 * kind, each annotation is its own kind. */
#ifndef HEED_ESTIMATORS_EM_BRADLEY_TERRY_KINDS_H
#define HEED_ESTIMATORS_EM_BRADLEY_TERRY_KINDS_H

#include "support/attention/histories.h"

/* C kinds, N annotations, J users, E entries: one for each kind that a user
 * has. */
typedef struct annotation_kinds {
  attention_histories *histories;
  bool merged;       /* false: each annotation is its own kind, and C = N */
  size_t count;      /* C */
  size_t *of;        /* (N): kind of each annotation */
  int32_t *model_a;  /* (C) */
  int32_t *model_b;  /* (C) */
  double *p;         /* (C): P(a's response is better) */
  double *gold;      /* (C): p of a kind of gold pairs, else NaN; NULL: none */
  double *total;     /* (C): number of annotations */
  heed_answers like; /* an annotation of each kind */

  size_t *first; /* (J+1): entries of each user */
  size_t *kind;  /* (E) */
  double *times; /* (E): how often */
} annotation_kinds;

/* model_a, model_b: of pairs.  Memory from host->scratch(). */
heed_status kinds_open(const heed_host *host, attention_histories *histories,
                       const int32_t *model_a, const int32_t *model_b,
                       annotation_kinds *result, heed_error *error);

/* p of the annotations from that of their kinds. */
void kinds_spread_p(const annotation_kinds *self);

/* P(choice | eta) of each kind at each node, probability[C x node_count]. */
void kinds_probability(const annotation_kinds *self, const double *phi,
                       size_t node_count, const double *nodes,
                       double *probability);

/* P(choice) of a casual user, probability[C]. */
void kinds_casual(const annotation_kinds *self, const double *phi,
                  double *probability);

/* log P(annotations of a user | eta), log_likelihood[J x node_count];
 * room[C x node_count]. */
heed_status kinds_likelihood(const annotation_kinds *self,
                             const heed_host *host, const double *phi,
                             size_t node_count, const double *nodes,
                             double *room, double *log_likelihood,
                             heed_error *error);

#endif
