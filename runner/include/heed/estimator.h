/* SPDX-License-Identifier: MIT
 * Estimators: annotations to posterior. */
#ifndef HEED_ESTIMATOR_H
#define HEED_ESTIMATOR_H

#include "plugin.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum heed_unit {
  HEED_BY_USER = 0,   /* units are users */
  HEED_BY_USER_TOPIC, /* unit = user x topics + topic */
  HEED_BY_ANNOTATION  /* units are annotations: eta-hat of one is how probably
                         it is attended */
} heed_unit;

/* What is believed of attentiveness after reading the annotations.  All memory
 * from host->allocate(). */
typedef struct heed_posterior {
  size_t size; /* sizeof(heed_posterior), set by the host */
  heed_unit unit;
  size_t units;
  size_t topics; /* HEED_BY_USER_TOPIC */

  double *mean; /* units: eta-hat; required, and all below as said */
  double *sd;   /* units; required */
  size_t level_count;
  double *levels;    /* level_count, ascending, in (0, 1); may be NULL */
  double *quantiles; /* units x level_count; may be NULL */

  /* The posterior itself where it lives on nodes: unit u has mass
   * mass[row[u] x node_count + k] at nodes[k].  Units with equal histories
   * share a row.  node_count 0: none. */
  size_t node_count, row_count;
  double *nodes;
  double *mass;
  size_t *row;

  double *left_out; /* annotations: mean of the unit's eta given all of its
                       annotations but this one; required */
  double *casual;   /* annotations: P(this choice) of a casual user; required */
  double *p;        /* annotations: P(A's response is better) as believed by
                       the estimator (mu, p of the pair, or fitted); required */

  /* Fits.  NaN where there is none. */
  double mu, mu_low, mu_high; /* estimate, 95 % profile interval */
  double log_likelihood;      /* of the annotations, at the fit */
  double objective;           /* what was maximised: with log-priors */
  double *theta;              /* the prior's, theta_count values; or NULL */
  double *phi;                /* the user model's, phi_count; or NULL */
  const heed_instance *prior; /* whose theta, phi these are; or NULL */
  const heed_instance *model;
  double *strength; /* models of the world: how good each is, as a log-odds
                       (Bradley and Terry 1952); or NULL */

  uint64_t iterations;
  bool converged;
  bool identified; /* false: the data do not tell the parameters apart, for
                      instance a fit on the boundary */
  void *state;     /* the estimator's own, for predict() */
} heed_posterior;

typedef struct heed_estimator_functions {
  size_t size; /* sizeof(heed_estimator_functions) */

  /* Fills *posterior, which comes zeroed but for size and its doubles (NaN).
   * A fit that did not converge is not an error: say converged = false and
   * host->warn(). */
  heed_status (*estimate)(void *self, const heed_host *host,
                          const heed_crowd *crowd, heed_posterior *posterior,
                          heed_error *error);

  /* P(choice | what the posterior knows) of annotations that estimate() did
   * not see, by users and over pairs of the same world, into
   * probability[annotations of held_out].  NULL: not available. */
  heed_status (*predict)(void *self, const heed_host *host,
                         const heed_posterior *posterior,
                         const heed_crowd *held_out, double *probability,
                         heed_error *error);
} heed_estimator_functions;

#ifdef __cplusplus
}
#endif

#endif
