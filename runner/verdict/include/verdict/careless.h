/* SPDX-License-Identifier: GPL-3.0-or-later
 * Who is careless, at a stated error rate.  A user is careless if eta is below
 * a threshold, and attentive otherwise.  Plain functions of posteriors.
 *
 * Callers: report, command. */
#ifndef HEED_VERDICT_CARELESS_H
#define HEED_VERDICT_CARELESS_H

#include <stdbool.h>
#include <stddef.h>

/* P(eta < threshold) of a posterior with mass[k] spread evenly over low[k] …
 * high[k], or at low[k] if both are equal.  An atom at the threshold is not
 * below it. */
double careless_below(size_t count, const double *low, const double *high,
                      const float *mass, double threshold);

/* The same of a normal distribution; sd 0: an atom. */
double careless_below_normal(double mean, double sd, double threshold);

/* Room for careless_call(). */
typedef struct careless_entry {
  double wrong;
  size_t user;
} careless_entry;

/* Calls users so that the expected share of false calls among them is at most
 * alpha: the largest set whose mean of wrong[j], the posterior probability that
 * a call of j is false, is at most alpha (Newton et al. 2004, Biostatistics 5,
 * 155-176; Mueller et al. 2004, JASA 99, 990-1001).  Whoever is called less
 * surely than others is not called before them.
 *
 * Two more rules: nobody is called against the odds (wrong[j] >= 1/2), and
 * users with equal wrong[j] are all called or none of them.  NaN: not called.
 * room[count].  Returns the number of calls; *expected is their mean of
 * wrong[], 0 without calls. */
size_t careless_call(size_t count, const double *wrong, double alpha,
                     careless_entry *room, bool *called, double *expected);

/* The share of users who attend. */
typedef struct verdict_share {
  double value;     /* expected share; NaN: unknown */
  double low, high; /* 95 % interval */
  bool of_fit;      /* the interval includes the uncertainty of the fit */
} verdict_share;

/* attends[j]: P(eta_j >= threshold), which the function averages.  replicates:
 * the same mean in each bootstrap replicate, NaN: none.
 *
 * The variance is that of the users' own eta given the fit, sum_j a_j (1 - a_j)
 * / count^2, plus that of the mean over the replicates.  The interval is wider
 * on one side by the difference of the replicates' mean from the value: a fit
 * to half of the users has twice the bias.  With fewer than ten replicates,
 * the fit counts as known. */
verdict_share careless_share(size_t count, const double *attends,
                             size_t replicate_count, const double *replicates);

/* The same from the mean and its variance given the fit. */
verdict_share careless_interval(double value, double variance,
                                size_t replicate_count,
                                const double *replicates);

#endif
