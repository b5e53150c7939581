/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the headers promise of distributions and user models, checked before an
 * estimator or a simulation relies on it: otherwise the estimator would fail
 * later, and heed would blame it.
 *
 * Callers: stages check each instance; contract judges single outputs. */
#ifndef HEED_HOST_PROMISE_H
#define HEED_HOST_PROMISE_H

#include "host/host.h"

/* ---- outputs of single functions; messages say what was found ---- */

/* Sums of probabilities, and parameters on their way to the free scale and
 * back. */
#define PROMISE_EXACT 1e-12 /* as in the headers */
#define PROMISE_CLOSE 1e-9  /* beyond any rounding */

/* The values rise; strictly: no two are equal. */
heed_status promise_ascending(const double *nodes, size_t count, bool strictly,
                              heed_error *error);
/* Each is at most 0, and their exponentials sum to 1. */
heed_status promise_weights(const double *log_weight, size_t count,
                            double tolerance, heed_error *error);
heed_status promise_rising(const double *u, const double *eta, size_t count,
                           heed_error *error);
/* again: theta after to_free() and from_free(). */
heed_status promise_round_trip(const double *theta, const double *again,
                               size_t count, double tolerance,
                               heed_error *error);

/* ---- instances ----
 *
 * On failure the message begins with "kind/name: function(): ", and
 * service->plugin is the culprit, so that it gets the blame. */

/* Every distribution among this instance and those nested in it. */
heed_status promise_distributions(const heed_instance *instance,
                                  host_service *service, heed_error *error);
heed_status promise_distribution(const heed_instance *instance,
                                 host_service *service, heed_error *error);

/* Every user model among the instances nested in this one.  sample: the first
 * annotations of one user, at most PROMISE_SAMPLE are used.  A model that
 * cannot work on these annotations is left to the estimator. */
#define PROMISE_SAMPLE 3
heed_status promise_user_models(const heed_instance *instance,
                                const heed_world *world,
                                const heed_answers *sample,
                                host_service *service, heed_error *error);
/* One user model.  simulates: also compare simulate() with its probabilities.
 */
heed_status promise_user_model(const heed_instance *instance,
                               const heed_answers *sample, bool simulates,
                               host_service *service, heed_error *error);

#endif
