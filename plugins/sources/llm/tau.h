/* SPDX-License-Identifier: GPL-3.0-or-later
 * The scale of score differences: p = sigmoid(difference / tau). */
#ifndef HEED_SOURCES_LLM_TAU_H
#define HEED_SOURCES_LLM_TAU_H

#include "heed/status.h"

double tau_sigmoid(double x);

/* Mean of sigmoid(difference / tau). */
double tau_mean(size_t count, const double *difference, double tau);

/* Share of differences above 0, zeros counting half: the limit of the mean as
 * tau goes to 0. */
double tau_better(size_t count, const double *difference);

/* The standard deviation of the differences; an error if it is 0.  judge: name
 * for the message. */
heed_status tau_spread(const char *judge, size_t count,
                       const double *difference, double *tau,
                       heed_error *error);

/* The largest tau at which the mean is mu, in [0.5, 1); otherwise an error that
 * says what can be reached.  For mu = 0.5, which only an infinite tau reaches:
 * a tau whose mean is within 1e-9. */
heed_status tau_fit(size_t count, const double *difference, double mu,
                    double *tau, heed_error *error);

#endif
