/* SPDX-License-Identifier: GPL-3.0-or-later
 * The M-step of any distribution: the theta that best fits expected counts at
 * nodes.  Called by node_prior.h's users (em, em_bradley_terry) and by the
 * joint fit of preferences. */
#ifndef HEED_SUPPORT_ATTENTION_PRIOR_FIT_H
#define HEED_SUPPORT_ATTENTION_PRIOR_FIT_H

#include "heed/distribution.h"

typedef struct prior_fit prior_fit;

/* Workspace to fit one distribution at `nodes` nodes, from host->scratch().
 * HEED_UNSUPPORTED if the distribution has neither refit() nor a free scale. */
heed_status prior_fit_open(const heed_host *host, const heed_instance *prior,
                           size_t nodes, prior_fit **result, heed_error *error);

/* Moves theta to the maximum of Q(theta) = sum_k mass[k] log weight_k(theta):
 * by refit(), or by Newton's method on the free scale from the current theta.
 * Q never falls. */
heed_status prior_fit_improve(prior_fit *self, const double *nodes,
                              const double *mass, double *theta,
                              heed_error *error);

#endif
