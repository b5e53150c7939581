/* SPDX-License-Identifier: MIT
 * User models: P(choice | eta, pair), to simulate users and to fit them.
 *
 * A model may have parameters that an estimator fits (`phi`): the strength of
 * a position bias, how often users tie.  The first output_count of them are
 * reported as model_NAME, NAME being the name of the descriptor's output.
 *
 * Most models are *independent*: given eta, a user's annotations do not depend
 * on each other.  Such a model needs only probability(); the host and the
 * estimators derive the rest.  A model with memory has simulate() and
 * log_likelihood() of its own.  A model in which a user attends to some
 * annotations more than to others has attention(). */
#ifndef HEED_USER_MODEL_H
#define HEED_USER_MODEL_H

#include "plugin.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Annotations as a user model sees them: the history of one user, in order, or
 * a batch of any annotations.  The comment of each function says which. */
typedef struct heed_answers {
  size_t size; /* sizeof(heed_answers), set by the caller: host or estimator */
  size_t count;
  const int8_t *choice; /* HEED_CHOSE_…; NULL in simulate() */
  const int8_t *left;   /* HEED_CHOSE_A, HEED_CHOSE_B or HEED_LEFT_UNKNOWN */
  const double *p;      /* P(A's response is better), as the caller sees it */
  const double *weight; /* the number of equal annotations that a row counts
                           for; NULL: 1 each */
  /* For further columns: row[i] is the row of answer i in annotations, and
   * pair[i] its row in pairs.  All NULL for reduced answers (class_of). */
  const heed_table *annotations;
  const heed_table *pairs;
  const size_t *row;
  const size_t *pair;
} heed_answers;

/* Properties of a model.  Frozen: a new property will be a function. */
typedef struct heed_domain {
  size_t dimension;   /* values of one eta; mostly 1 */
  double low, high;   /* of each value */
  bool ties;          /* users may tie */
  bool mixture;       /* P = eta g(choice | p) + (1 - eta) c(choice), linear in
                         eta: g is probability() at eta = 1, and c is that of a
                         casual user; eta below 0 chooses against g */
  size_t phi_count;   /* number of fitted parameters */
  size_t class_count; /* of annotations that share one p; 0: no reduction */
} heed_domain;

typedef struct heed_user_model_functions {
  size_t size; /* sizeof(heed_user_model_functions) */

  /* Fills in *domain, which the caller has zeroed. */
  void (*domain)(const void *self, heed_domain *domain);

  /* Start and bounds of each fitted parameter, phi_count values each.
   * low = high: the parameter is fixed.  NULL if phi_count is 0.
   * Simulated users have phi = start. */
  void (*phi)(const void *self, double *start, double *low, double *high);

  /* Checks that the world has the columns that the model needs.  Called once
   * per stage, before all others.  NULL: heed_answers is enough. */
  heed_status (*check)(const void *self, const heed_world *world,
                       const heed_table *annotations, heed_error *error);

  /* P(choice | eta, pair) of each answer of a batch at each node; over the
   * choices that domain() allows, they sum to 1.
   * probability[count x node_count], row-major; nodes[node_count x dimension].
   * phi: NULL if phi_count is 0. */
  void (*probability)(const void *self, const double *phi,
                      const heed_answers *answers, size_t node_count,
                      const double *nodes, double *probability);

  /* log P(history | eta) of *one user* at each node.  Over all histories of
   * the same pairs, the probabilities sum to 1.  NULL: the model is
   * independent, and this is the sum over answers of weight log probability. */
  void (*log_likelihood)(const void *self, const double *phi,
                         const heed_answers *answers, size_t node_count,
                         const double *nodes, double *log_likelihood);

  /* P(choice) of a user who pays no attention, of each answer of a batch: the
   * answers may be of many users, so that none depends on another.  Over the
   * choices they sum to 1. */
  void (*casual)(const void *self, const double *phi,
                 const heed_answers *answers, double *probability);

  /* P(answer i is attended | eta, the user's *other* answers), of each answer
   * of *one user* at each node: attention[count x node_count], row-major.  The
   * choice is that of probability() at eta = 1 if answer i is attended, else
   * that of casual().  NULL: with domain.mixture it is eta, else it is
   * unknown, and nothing can be inferred about single annotations. */
  void (*attention)(const void *self, const double *phi,
                    const heed_answers *answers, size_t node_count,
                    const double *nodes, double *attention);

  /* The choices of *one user* of attentiveness eta[dimension], into
   * choice[count].  NULL: the host inverts probability() at one uniform per
   * annotation, keyed by user and annotation. */
  heed_status (*simulate)(const void *self, const double *phi,
                          heed_stream *stream, const heed_answers *answers,
                          const double *eta, int8_t *choice, heed_error *error);

  /* class_of() is the class, 0 … class_count - 1, of an annotation if all
   * pairs share one p.  Users with equal counts of classes have equal
   * likelihoods, and an iteration costs the number of distinct counts.
   * of_class() is the reverse: a choice and a left that represent the class.
   * Both NULL if class_count is 0. */
  size_t (*class_of)(const void *self, int8_t choice, int8_t left);
  void (*of_class)(const void *self, size_t index, int8_t *choice,
                   int8_t *left);

  /* Since 4.1.  A number for each answer of a batch, key[count], that stands
   * for everything that probability() and casual() read besides choice, left
   * and p: at any phi, answers with the same choice, left, p and key have the
   * same probabilities.  An estimator then computes equal answers to the same
   * two models only once.  If the functions read nothing else, the key is 0; if
   * they read one value of the pair, it can be the bits of that double.  Only
   * for independent models.  NULL: 0 if the model has classes; else
   * estimators treat all answers as different. */
  void (*key)(const void *self, const heed_answers *answers, uint64_t *key);
} heed_user_model_functions;

#ifdef __cplusplus
}
#endif

#endif
