/* SPDX-License-Identifier: GPL-3.0-or-later
 * The likelihood ratio against coin tosses. */
#include "support/attention/coin_tosses.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

/* The share of fits to coin tosses that are called identified. */
#define FALSE_ALARMS 0.01

double coin_tosses_likelihood(size_t annotations, const double *casual) {
  double sum = 0;
  for (size_t i = 0; i < annotations; i++) sum += log(casual[i]);
  return sum;
}

coin_tosses coin_tosses_compare(double fit, double tosses, double parameters) {
  assert(parameters >= 1);
  const double needed = gsl_cdf_chisq_Qinv(FALSE_ALARMS, parameters) / 2;
  return (coin_tosses){fit - tosses, needed, fit - tosses > needed};
}

void coin_tosses_warn(const heed_host *host, const coin_tosses *ratio) {
  host->warn(host, "not_identified",
             "the annotations do not distinguish attentive users from users "
             "who toss coins: found a log-likelihood ratio of %.1f against "
             "coin tosses, expected more than %.1f",
             ratio->ratio, ratio->needed);
}
