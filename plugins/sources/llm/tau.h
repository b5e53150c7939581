/* SPDX-License-Identifier: GPL-3.0-or-later
 * How much a difference of scores means: p = sigmoid(difference / tau). */
#ifndef HEED_SOURCES_LLM_TAU_H
#define HEED_SOURCES_LLM_TAU_H

#include "heed/status.h"

double tau_sigmoid(double x);

/* Mean of sigmoid(difference / tau). */
double tau_mean(size_t count, const double *difference, double tau);

/* Share of differences above 0, those of 0 counting half: what the mean becomes
 * as tau goes to 0. */
double tau_better(size_t count, const double *difference);

/* The standard deviation of the differences; an error where it is 0.  judge:
 * whose they are, for the message. */
heed_status tau_spread(const char *judge, size_t count,
                       const double *difference, double *tau,
                       heed_error *error);

/* The largest tau at which the mean is mu, in [0.5, 1); an error that says what
 * can be reached where none is.  No tau makes it 0.5 but infinity: then one
 * that misses it by less than 1e-9. */
heed_status tau_fit(size_t count, const double *difference, double mu,
                    double *tau, heed_error *error);

#endif
