/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users on nodes: mass, means, quantiles, and the mean without an
 * annotation.  Called by em, em_bradley_terry, moments and bayes, which know
 * the prior's weights and each group's likelihood. */
#ifndef HEED_SUPPORT_ATTENTION_NODE_POSTERIOR_H
#define HEED_SUPPORT_ATTENTION_NODE_POSTERIOR_H

#include "heed/estimator.h"
#include "support/attention/histories.h"

/* mass[k] ∝ exp(log_weight[k] + log_likelihood[k]); returns the logarithm of
 * the sum.  -HUGE_VAL where no node is possible; mass is then 0. */
double node_posterior_mass(size_t count, const double *log_weight,
                           const double *log_likelihood, double *mass);

/* The q-quantile.  discrete: the least node with that much mass at or below;
 * else each node's mass is spread evenly over its cell, which ends half way to
 * its neighbours; that of the first and last goes as far beyond them, but not
 * beyond low and high. */
double node_posterior_quantile(size_t count, const double *nodes,
                               const double *mass, bool discrete, double low,
                               double high, double q);

typedef struct node_posterior {
  const attention_histories *histories;
  const double *phi; /* the model's fitted parameters, or NULL */
  size_t node_count;
  const double *nodes, *log_weight;
  const double *log_likelihood; /* group_count x node_count */
  bool discrete;
  const heed_value *levels; /* the parameter `levels`; NULL: none */
  bool by_annotation;
  bool own_label; /* by annotation: the mean is told its own choice */
} node_posterior;

/* Fills unit, units, mean, sd, quantiles, nodes, mass, row, left_out, casual,
 * p and model of a posterior by user, for an eta of one value; or of one by
 * annotation, which has no quantiles and no nodes. */
heed_status node_posterior_fill(const node_posterior *self,
                                const heed_host *host,
                                heed_posterior *posterior, heed_error *error);

/* Refuses a parameter `levels` that does not ascend. */
heed_status node_posterior_levels(const heed_value *levels, heed_error *error);

/* P(choice | posterior) = sum_k mass_k P(choice | node_k) of other annotations
 * of the same users; p of each of them.  From a posterior filled here. */
heed_status node_posterior_predict(const heed_host *host,
                                   const heed_posterior *given,
                                   const heed_instance *model,
                                   const heed_crowd *held_out, const double *p,
                                   double *probability, heed_error *error);

#endif
