/* SPDX-License-Identifier: GPL-3.0-or-later
 * A fit of em_bradley_terry, shared by its files:
 *   em_bradley_terry.c  parameters, the fit from open to report, the descriptor
 *   steps.c             start, E-step and M-step
 *   spread.c            the uncertainty of a fit
 *   coins.c             the likelihood if nobody attends
 *   predictive.c        posterior-predictive checks */
#ifndef HEED_ESTIMATORS_EM_BRADLEY_TERRY_FIT_H
#define HEED_ESTIMATORS_EM_BRADLEY_TERRY_FIT_H

#include "support/attention/em_driver.h"
#include "support/attention/histories.h"
#include "support/attention/node_prior.h"
#include "support/attention/phi.h"
#include "support/crowd/strengths.h"

/* N annotations, M models; x: M strengths, theta, phi. */
typedef struct bradley_terry_fit {
  attention_em em;
  const heed_host *host;
  attention_node_prior prior;
  attention_phi phi;
  attention_histories histories; /* one group per user; its p comes from s */
  crowd_strengths strengths;
  size_t models;                    /* M */
  const int32_t *model_a, *model_b; /* of pairs */
  size_t annotations;               /* N */

  double *trial;      /* (users,nodes) */
  double *ends;       /* (N,2): P at eta = 0 and 1 */
  double *attended;   /* (N): weight in the M-step of s */
  double *log_g;      /* (N): log P at eta = 1 */
  double *up, *down;  /* (N): the same, shifted slightly up and down */
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

/* p of every annotation at strengths s, with the difference shifted. */
void bradley_terry_set_p(bradley_terry_fit *self, const double *s,
                         double shift);

/* The log-likelihood if nobody attends, with the user model's parameters fitted
 * to that; y: room for x. */
double bradley_terry_coin_tosses(bradley_terry_fit *self, const double *x,
                                 double *y);

extern const attention_em_steps bradley_terry_steps;

#endif
