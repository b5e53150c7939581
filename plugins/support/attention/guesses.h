/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares the standard errors of users' posteriors with that of a guess.  A
 * guess is a uniform distribution over eta's range, with a standard deviation
 * of the range over sqrt(12), or, if eta-hat is spread more widely, the
 * distribution of the users' eta.
 *
 * Called by em, em_bradley_terry, bayes, moments, frequency and constant. */
#ifndef HEED_SUPPORT_ATTENTION_GUESSES_H
#define HEED_SUPPORT_ATTENTION_GUESSES_H

#include "heed/estimator.h"
#include "support/attention/histories.h"

/* A standard error of the users' mean eta that is too large. */
#define GUESSES_LEVEL 0.15

typedef struct attention_guesses {
  double mean;  /* over users: eta-hat */
  double error; /* its standard error, sd */
  double guess; /* that of a guess */
  bool beaten;  /* error < .85 guess */
  bool common;  /* error is that of an eta which all users share */
} attention_guesses;

attention_guesses guesses_compare(const heed_posterior *posterior,
                                  const heed_domain *domain);

/* For posteriors that take a fit for the truth: the error is that of an eta
 * which all users share, under equal weights of its values; beaten if it is
 * below GUESSES_LEVEL. */
heed_status guesses_of_common(attention_histories *histories,
                              const heed_host *host, const double *phi,
                              attention_guesses *result, heed_error *error);

/* Warns of `not_identified`, with both standard errors. */
void guesses_warn(const heed_host *host, const attention_guesses *guesses);

#endif
