/* SPDX-License-Identifier: GPL-3.0-or-later
 * The M-step of any distribution: the theta that fits expected counts at nodes
 * best.  Called by node_prior.h's users (em, em_bradley_terry) and by the joint
 * fit of preferences. */
#ifndef HEED_SUPPORT_ATTENTION_PRIOR_FIT_H
#define HEED_SUPPORT_ATTENTION_PRIOR_FIT_H

#include "heed/distribution.h"

typedef struct prior_fit prior_fit;

/* Room to fit one distribution at `nodes` nodes, from host->scratch().
 * HEED_UNSUPPORTED where the distribution can neither refit() nor be put on a
 * free scale. */
heed_status prior_fit_open(const heed_host *host, const heed_instance *prior,
                           size_t nodes, prior_fit **result, heed_error *error);

/* Q(theta) = sum_k mass[k] log weight_k(theta); a node without mass counts
 * nothing, whatever its weight. */
double prior_fit_value(prior_fit *self, const double *nodes, const double *mass,
                       const double *theta);

/* Moves theta to where Q is largest: by refit(), or by Newton's method on the
 * free scale from the present theta.  Q never falls by it. */
heed_status prior_fit_improve(prior_fit *self, const double *nodes,
                              const double *mass, double *theta,
                              heed_error *error);

#endif
