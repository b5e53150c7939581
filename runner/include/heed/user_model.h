/* SPDX-License-Identifier: MIT
 * User models: P(choice | eta, pair), to simulate users and to read them.
 *
 * A model may have parameters that an estimator fits (`phi`): how strong a
 * position bias is, how often users tie.  The first output_count of them are
 * reported, under the names of the descriptor's outputs, as model_NAME.
 *
 * Most models are *independent*: given eta, a user's annotations do not depend
 * on each other.  Such a model is one function, probability(), and the host
 * and the estimators derive the rest.  A model with memory gives simulate()
 * and log_likelihood() itself.  One in which a user attends to some annotations
 * more than to others gives attention(). */
#ifndef HEED_USER_MODEL_H
#define HEED_USER_MODEL_H

#include "plugin.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Annotations as a user model sees them: one user's history, in order, or a
 * batch of any annotations, as the function says. */
typedef struct heed_answers {
  size_t size; /* sizeof(heed_answers) */
  size_t count;
  const int8_t *choice; /* HEED_CHOSE_…; NULL in simulate() */
  const int8_t *left;   /* HEED_CHOSE_A, HEED_CHOSE_B or HEED_LEFT_UNKNOWN */
  const double *p;      /* P(A's response is better) as believed here */
  const double *weight; /* how many equal annotations a row stands for;
                           NULL: one each */
  /* For further columns: row[i] is the row of answer i in annotations, and
   * pair[i] that in pairs.  NULL for reduced answers (class_of). */
  const heed_table *annotations;
  const heed_table *pairs;
  const size_t *row;
  const size_t *pair;
} heed_answers;

typedef struct heed_domain {
  size_t dimension;   /* values of one eta; 1 for most */
  double low, high;   /* of each value */
  bool ties;          /* users may tie */
  bool mixture;       /* P = eta g(choice | p) + (1 - eta) c(choice), linear in
                         eta, so that g is probability() at eta = 1 and c that
                         of a casual user; eta below 0 chooses against g */
  size_t phi_count;   /* fitted parameters */
  size_t class_count; /* of annotations that share one p; 0: no reduction */
} heed_domain;

typedef struct heed_user_model_functions {
  size_t size; /* sizeof(heed_user_model_functions) */

  void (*domain)(const void *self, heed_domain *domain);

  /* Start and bounds of each fitted parameter, phi_count values each; low =
   * high: it is fixed.  NULL where phi_count is 0. */
  void (*phi)(const void *self, double *start, double *low, double *high);

  /* Says which columns the model needs; called once a stage, before any
   * other.  NULL: only those in heed_answers. */
  heed_status (*check)(const void *self, const heed_world *world,
                       const heed_table *annotations, heed_error *error);

  /* P(choice | eta, pair) of each answer at each node:
   * probability[count x node_count], row-major; nodes[node_count x dimension].
   * phi: NULL when phi_count is 0. */
  void (*probability)(const void *self, const double *phi,
                      const heed_answers *answers, size_t node_count,
                      const double *nodes, double *probability);

  /* log P(history | eta) of *one user* at each node.  NULL: the model is
   * independent, and it is the sum over answers of weight log probability. */
  void (*log_likelihood)(const void *self, const double *phi,
                         const heed_answers *answers, size_t node_count,
                         const double *nodes, double *log_likelihood);

  /* P(choice) of a user who pays no attention, of each answer. */
  void (*casual)(const void *self, const double *phi,
                 const heed_answers *answers, double *probability);

  /* P(answer i is attended | eta, the user's *other* answers), of each answer
   * of *one user* at each node: attention[count x node_count], row-major.  The
   * choice is then that of probability() at eta = 1 if it is attended, and of
   * casual() if it is not.  NULL: it is eta where domain.mixture, and else not
   * known: nothing can then be believed of single annotations. */
  void (*attention)(const void *self, const double *phi,
                    const heed_answers *answers, size_t node_count,
                    const double *nodes, double *attention);

  /* Choices of *one user* of attentiveness eta[dimension] into
   * choice[count].  NULL: the host inverts probability() at one uniform an
   * annotation, keyed by user and annotation. */
  heed_status (*simulate)(const void *self, const double *phi,
                          heed_stream *stream, const heed_answers *answers,
                          const double *eta, int8_t *choice, heed_error *error);

  /* The class, 0 … class_count - 1, of an annotation when all pairs share one
   * p: users with equal counts of classes then have equal likelihoods, and an
   * iteration costs the number of distinct counts.  And back: a choice and a
   * left that stand for a class.  NULL both where class_count is 0. */
  size_t (*class_of)(const void *self, int8_t choice, int8_t left);
  void (*of_class)(const void *self, size_t index, int8_t *choice,
                   int8_t *left);
} heed_user_model_functions;

#ifdef __cplusplus
}
#endif

#endif
