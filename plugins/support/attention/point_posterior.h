/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of estimators that give each user a number instead of a
 * distribution: constant, frequency and oracle. */
#ifndef HEED_SUPPORT_ATTENTION_POINT_POSTERIOR_H
#define HEED_SUPPORT_ATTENTION_POINT_POSTERIOR_H

#include "heed/estimator.h"
#include "support/attention/histories.h"

/* Reads the crowd through a user model and the parameter `mu` (gap.h), and
 * fills everything in a posterior by user except left_out: casual and p by the
 * model; mean and sd zeroed, for the caller to set. */
heed_status point_posterior_open(const heed_host *host, const heed_crowd *crowd,
                                 const heed_instance *model,
                                 const heed_value *mu,
                                 attention_histories *histories,
                                 heed_posterior *posterior, heed_error *error);

/* left_out = the mean of the annotation's user: for estimators that ignore
 * annotations. */
void point_posterior_same(const heed_crowd *crowd, heed_posterior *posterior);

/* eta g + (1 - eta) c of a mixture model, clipped to its domain. */
heed_status point_posterior_predict(const heed_host *host,
                                    const heed_posterior *posterior,
                                    const heed_instance *model,
                                    const heed_crowd *held_out, double shared_p,
                                    double *probability, heed_error *error);

#endif
