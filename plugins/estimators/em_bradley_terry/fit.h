/* SPDX-License-Identifier: GPL-3.0-or-later
 * A fit of em_bradley_terry, shared by its files:
 *   em_bradley_terry.c  parameters, the fit from open to report, the descriptor
 *   kinds.c             annotations with the same probability
 *   steps.c             start, E-step and M-step
 *   spread.c            the uncertainty of a fit
 *   coins.c             the likelihood if nobody attends
 *   predictive.c        posterior-predictive checks */
#ifndef HEED_ESTIMATORS_EM_BRADLEY_TERRY_FIT_H
#define HEED_ESTIMATORS_EM_BRADLEY_TERRY_FIT_H

#include "estimators/em_bradley_terry/kinds.h"
#include "support/attention/em_driver.h"
#include "support/attention/histories.h"
#include "support/attention/node_prior.h"
#include "support/attention/phi.h"
#include "support/crowd/strengths.h"

/* Annotations of C kinds, M models, K nodes; x: M strengths, theta, phi. */
typedef struct bradley_terry_fit {
  attention_em em;
  const heed_host *host;
  attention_node_prior prior;
  attention_phi phi;
  attention_histories histories; /* one group per user; its p comes from s */
  annotation_kinds kinds;
  crowd_strengths strengths;
  size_t models;                    /* M */
  const int32_t *model_a, *model_b; /* of pairs */

  double *trial;     /* (users,K); NULL if it is not needed */
  double *attended;  /* (C): weight in the M-step of s */
  double *log_g;     /* (C): log P at eta = 1 */
  double *up, *down; /* (C): the same, shifted slightly up and down */
  size_t weight_parts;
  double *weights; /* (weight_parts,C+1): of information on strengths; last, the
                      sum of users' eta */
  heed_status status; /* of steps */
  heed_error *error;
} bradley_terry_fit;

static inline double *bradley_terry_theta_of(const bradley_terry_fit *self,
                                             double *x) {
  return x + self->models;
}

/* NULL if the user model has none. */
static inline double *bradley_terry_phi_of(const bradley_terry_fit *self,
                                           double *x) {
  return self->phi.count == 0 ? NULL
                              : x + self->models + self->prior.theta_count;
}

/* P(a's response is better), s_a - s_b the difference */
double bradley_terry_chance(double difference);

/* p of every kind at strengths s, with the difference shifted. */
void bradley_terry_set_p(bradley_terry_fit *self, const double *s,
                         double shift);

/* The log-likelihood if nobody attends, with the user model's parameters fitted
 * to that; y: room for x. */
double bradley_terry_coin_tosses(bradley_terry_fit *self, const double *x,
                                 double *y);

extern const attention_em_steps bradley_terry_steps;

#endif
