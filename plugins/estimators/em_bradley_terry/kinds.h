/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kinds of annotations, which have the same probability at any strengths: the
 * same two models, the same class and key of the user model
 * (heed/user_model.h), and, for gold pairs, the same known p, which strengths
 * do not change.
 *
 * If the user model has neither, each annotation is its own kind.  A step of
 * the fit costs a few nanoseconds for each kind that a user has
 * (support/attention/mixture.h). */
#ifndef HEED_ESTIMATORS_EM_BRADLEY_TERRY_KINDS_H
#define HEED_ESTIMATORS_EM_BRADLEY_TERRY_KINDS_H

#include "support/attention/histories.h"
#include "support/attention/mixture.h"

/* C kinds, N annotations, J users, K nodes. */
typedef struct annotation_kinds {
  attention_histories *histories;
  bool merged;       /* false: each annotation is its own kind, and C = N */
  bool remembers;    /* the user model is not independent */
  size_t count;      /* C */
  uint32_t *of;      /* (N): kind of each annotation; NULL if not merged */
  int32_t *model_a;  /* (C) */
  int32_t *model_b;  /* (C) */
  double *p;         /* (C): P(a's response is better) */
  double *gold;      /* (C): p of a kind of gold pairs, else NaN; NULL: none */
  double *total;     /* (C): number of annotations */
  heed_answers like; /* an annotation of each kind */

  attention_mixture mixture;
  double *mass; /* (C,padded K): expected annotations of each kind by users at
                   each node; NULL if kinds are almost as many as annotations */
} annotation_kinds;

/* model_a, model_b: of pairs.  nodes: K.  Memory from host->scratch(). */
heed_status kinds_open(const heed_host *host, attention_histories *histories,
                       const int32_t *model_a, const int32_t *model_b,
                       size_t nodes, annotation_kinds *result,
                       heed_error *error);

/* p of the annotations from that of their kinds. */
void kinds_spread_p(annotation_kinds *self);

/* P(choice | eta) of each kind at each node, probability[C x node_count]. */
void kinds_probability(const annotation_kinds *self, const double *phi,
                       size_t node_count, const double *nodes,
                       double *probability);

/* P(choice) of a casual user, probability[C]. */
void kinds_casual(const annotation_kinds *self, const double *phi,
                  double *probability);

/* P of each kind at the ends, into self->mixture. */
void kinds_set_ends(annotation_kinds *self, const double *phi);

/* log P(annotations of a user | eta), log_likelihood[J x K], with the ends of
 * the kinds.  Unless likelihood is NULL, also the scaled likelihood of
 * mixture_likelihood(); *scaled: whether it was computed. */
heed_status kinds_likelihood(annotation_kinds *self, const heed_host *host,
                             const double *phi, size_t node_count,
                             const double *nodes, double *log_likelihood,
                             double *likelihood, double *most, bool *scaled,
                             heed_error *error);

/* Sums over the annotations of each kind, with the ends of the last
 * kinds_set_ends() and r[J x K], the mass of each user at each node:
 * self->mass, and attended[C], of sum_k r_k eta_k g / P_k. */
void kinds_attend(annotation_kinds *self, const double *r, double *attended);

/* sum_ck mass_ck log P_ck with self->mass and the ends of the last
 * kinds_set_ends(). */
double kinds_expected(const annotation_kinds *self);

#endif
