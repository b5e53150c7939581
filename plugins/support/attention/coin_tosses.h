/* SPDX-License-Identifier: GPL-3.0-or-later
 * The likelihood ratio between a fit and coin tosses: under coin tosses nobody
 * attends, and each choice has the probability of a casual user, with the same
 * side bias and ties.
 *
 * The ratio of a fit to coin tosses grows with the number of its parameters.
 * Twice the ratio is compared with the 99 % quantile of chi^2 with as many
 * degrees of freedom (Wilks 1938, Ann. Math. Stat. 9, 60-62), so that one fit
 * in a hundred to coin tosses is called identified.
 *
 *   const double tosses = coin_tosses_likelihood(rows, posterior->casual);
 *   const coin_tosses ratio = coin_tosses_compare(fit, tosses, parameters);
 *   posterior->identified = ratio.beaten;
 *   if (!ratio.beaten) coin_tosses_warn(host, &ratio);
 *
 * Called by em_bradley_terry, and for estimators that do not know which answer
 * is better. */
#ifndef HEED_SUPPORT_ATTENTION_COIN_TOSSES_H
#define HEED_SUPPORT_ATTENTION_COIN_TOSSES_H

#include "heed/host.h"

typedef struct coin_tosses {
  double ratio;  /* nats: log-likelihood of the fit minus that of coin tosses */
  double needed; /* half the 99 % quantile */
  bool beaten;   /* ratio > needed */
} coin_tosses;

/* sum_i log casual_i: the log-likelihood if nobody attends. */
double coin_tosses_likelihood(size_t annotations, const double *casual);

/* parameters: the number that the fit has and coin tosses lack; at least 1. */
coin_tosses coin_tosses_compare(double fit, double tosses, double parameters);

/* Warns of `not_identified`, with the ratio. */
void coin_tosses_warn(const heed_host *host, const coin_tosses *ratio);

#endif
