/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users on nodes: mass, means, quantiles, and the mean without an
 * annotation.  Called by em, em_bradley_terry, moments and bayes, which supply
 * the prior's weights and each group's likelihood. */
#ifndef HEED_SUPPORT_ATTENTION_NODE_POSTERIOR_H
#define HEED_SUPPORT_ATTENTION_NODE_POSTERIOR_H

#include "heed/estimator.h"
#include "support/attention/histories.h"
#include "support/attention/mixture_kernels.h"

/* mass[k] ∝ exp(log_weight[k] + log_likelihood[k]); returns the log of the sum.
 * If no node is possible: -HUGE_VAL, and mass is 0. */
double node_posterior_mass(size_t count, const double *log_weight,
                           const double *log_likelihood, double *mass);

/* The q-quantile.  discrete: the smallest node with at least that much mass at
 * or below it; else each node's mass is spread evenly over its cell, which ends
 * half way to its neighbours; the first and last cells extend as far beyond
 * their nodes, but not beyond low and high. */
double node_posterior_quantile(size_t count, const double *nodes,
                               const double *mass, bool discrete, double low,
                               double high, double q);

typedef struct node_posterior {
  const attention_histories *histories;
  const double *phi; /* the model's fitted parameters, or NULL */
  size_t node_count;
  const double *nodes, *log_weight;
  const double *log_likelihood; /* group_count x node_count */
  bool own_weights; /* log_weight is group_count x node_count: each group has a
                       prior of its own */
  bool discrete;
  const heed_value *levels; /* the parameter `levels`; NULL: none */
  /* If they are known: the kind of each annotation, and P of each kind
   * (attention/mixture.h); NULL: from the user model. */
  const uint32_t *kind;
  mixture_ends *ends;
  size_t kinds;
  bool by_annotation;
  bool own_label; /* by annotation: the mean uses its own choice */
} node_posterior;

/* Fills unit, units, mean, sd, quantiles, nodes, mass, row, left_out, casual, p
 * and model of a posterior by user, for an eta of one value; or of one by
 * annotation, which has no quantiles and no nodes. */
heed_status node_posterior_fill(const node_posterior *self,
                                const heed_host *host,
                                heed_posterior *posterior, heed_error *error);

/* Fills unit, nodes, mass and row alone: enough for
 * node_posterior_predict(). */
heed_status node_posterior_fill_mass(const node_posterior *self,
                                     const heed_host *host,
                                     heed_posterior *posterior,
                                     heed_error *error);

/* The weights of one group. */
static inline const double *node_posterior_weights(const node_posterior *self,
                                                   size_t group) {
  return self->log_weight + (self->own_weights ? group * self->node_count : 0);
}

/* The same for a mixture of several fits of the same annotations on the same
 * nodes, which differ in weights, likelihoods and p:
 *
 *   open; for each fit: set the histories to it, add; set them to the fit that
 *   casual and p should show, close.
 *
 * The mean of a user without an annotation is the mixture's: its weights use
 * all annotations. */
typedef struct node_mixture {
  heed_posterior *posterior;
  double weights;               /* sum */
  double *attended, *attention; /* sums, by annotation; or NULL */
  double *rows;                 /* group_count x node_count, in one fit */
  double *room, *inverse;       /* of attention_left_out */
} node_mixture;

heed_status node_mixture_open(const node_posterior *shape,
                              const heed_host *host, heed_posterior *posterior,
                              node_mixture *result, heed_error *error);

/* weight: relative to those of the other fits. */
heed_status node_mixture_add(node_mixture *self, double weight,
                             const node_posterior *fit, const heed_host *host,
                             heed_error *error);

heed_status node_mixture_close(node_mixture *self, const node_posterior *shown,
                               const heed_host *host, heed_error *error);

/* Refuses a parameter `levels` that is not ascending. */
heed_status node_posterior_levels(const heed_value *levels, heed_error *error);

/* P(choice | posterior) = sum_k mass_k P(choice | node_k) of other annotations
 * of the same users; and p of each.  Needs a posterior filled here. */
heed_status node_posterior_predict(const heed_host *host,
                                   const heed_posterior *given,
                                   const heed_instance *model,
                                   const heed_crowd *held_out, const double *p,
                                   double *probability, heed_error *error);

#endif
