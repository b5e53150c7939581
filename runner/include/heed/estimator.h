/* SPDX-License-Identifier: MIT
 * Estimators: annotations to posterior. */
#ifndef HEED_ESTIMATOR_H
#define HEED_ESTIMATOR_H

#include "plugin.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t heed_unit;
enum heed_units {
  HEED_BY_USER = 0,       /* units are users */
  HEED_BY_USER_TOPIC = 1, /* unit = user x topics + topic */
  HEED_BY_ANNOTATION = 2  /* units are annotations; the eta-hat of one is the
                             probability that it is attended */
};

/* The distribution of attentiveness given the annotations.  All memory comes
 * from host->allocate(). */
typedef struct heed_posterior {
  /* sizeof(heed_posterior), set by the host or, for heed_policy.refined, by
   * the trainer */
  size_t size;
  heed_unit unit;
  size_t units;
  size_t topics; /* HEED_BY_USER_TOPIC */

  double *mean; /* units: eta-hat; required */
  double *sd;   /* units; required */
  size_t level_count;
  double *levels;    /* level_count, ascending, in (0, 1); may be NULL */
  double *quantiles; /* units x level_count; may be NULL */

  /* The posterior itself if it is on nodes: unit u has mass
   * mass[row[u] x node_count + k] at nodes[k].  Units with equal histories
   * share a row.  node_count 0: none. */
  size_t node_count, row_count;
  double *nodes;
  double *mass;
  size_t *row;

  double *left_out; /* annotations: mean of the unit's eta given all of its
                       annotations but this one; required */
  double *casual;   /* annotations: P(this choice) of a casual user; required */
  double *p;        /* annotations: P(A's response is better), as the estimator
                       sees it (mu, p of the pair, or fitted); required */

  /* Fits; NaN: none. */
  double mu, mu_low, mu_high; /* estimate, 95 % profile interval */
  double log_likelihood;      /* of the annotations, at the fit */
  double objective;           /* the maximised function: with log-priors */
  double *theta;              /* the prior's, theta_count values; or NULL */
  double *phi;                /* the user model's, phi_count; or NULL */
  const heed_instance *prior; /* theta belongs to it; or NULL */
  const heed_instance *model; /* phi belongs to it; or NULL */
  double *strength; /* models of the world: how good each is, as a log-odds
                       (Bradley and Terry 1952); or NULL */

  uint64_t iterations;
  bool converged;
  bool identified; /* false: the data do not identify the parameters, for
                      instance a fit on the boundary */
  void *state;     /* the estimator's own, for predict() */
} heed_posterior;

typedef struct heed_estimator_functions {
  size_t size; /* sizeof(heed_estimator_functions) */

  /* Fills in *posterior.  The host has zeroed it, except size and the doubles
   * (NaN).  A fit that did not converge is not an error: set converged = false
   * and call host->warn().  The host warns of a fit that is not converged or
   * not identified ("not_converged", "not_identified") if the plugin does not.
   */
  heed_status (*estimate)(void *self, const heed_host *host,
                          const heed_crowd *crowd, heed_posterior *posterior,
                          heed_error *error);

  /* P(choice | the posterior) of annotations that estimate() has not seen, by
   * the same users and on pairs of the same world, into
   * probability[annotations of held_out].  NULL: not available. */
  heed_status (*predict)(void *self, const heed_host *host,
                         const heed_posterior *posterior,
                         const heed_crowd *held_out, double *probability,
                         heed_error *error);

  /* Since 4.1.  Refuses, while a sweep is planned, what estimate() would
   * refuse: a prior or user model that does not suit it, or a source whose
   * worlds lack what it needs (HEED_NO).  HEED_UNKNOWN is no reason to refuse.
   * NULL: accepts everything. */
  heed_status (*accepts)(const void *self, const heed_outline *outline,
                         heed_error *error);
} heed_estimator_functions;

#ifdef __cplusplus
}
#endif

#endif
