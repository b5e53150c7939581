/* SPDX-License-Identifier: GPL-3.0-or-later
 * Standard errors beside that of a guess. */
#include "support/attention/guesses.h"

#include <math.h>

#include "support/attention/node_posterior.h"

/* The part of a guess's standard error that annotations must at least take
 * away: an oracle that knows P_eta and the better answers separates users where
 * about that much goes. */
#define TOLD 0.15

attention_guesses guesses_compare(const heed_posterior *posterior,
                                  const heed_domain *domain) {
  const double units = (double)posterior->units;
  attention_guesses result = {0};
  double squares = 0;
  for (size_t u = 0; u < posterior->units; u++) {
    const double mean = posterior->mean[u], sd = posterior->sd[u];
    result.mean += mean / units;
    result.error += sd / units;
    squares += (mean * mean + sd * sd) / units;
  }
  const double spread = sqrt(fmax(squares - result.mean * result.mean, 0));
  result.guess = fmax((domain->high - domain->low) / sqrt(12), spread);
  result.beaten = result.error < (1 - TOLD) * result.guess;
  return result;
}

heed_status guesses_of_common(attention_histories *histories,
                              const heed_host *host, const double *phi,
                              attention_guesses *result, heed_error *error) {
  enum { NODES = 41 };
  const size_t groups = histories->group_count;
  const double low = histories->domain.low, high = histories->domain.high;
  double node[NODES], sum[NODES] = {0}, even[NODES] = {0}, mass[NODES];
  double variance = 0;
  double *likelihood = host->scratch(host, groups * NODES, sizeof *likelihood);
  if (likelihood == NULL) return heed_no_memory(error);
  for (size_t k = 0; k < NODES; k++)
    node[k] = low + (high - low) * (double)k / (NODES - 1);
  const heed_status status = histories_likelihood(histories, host, phi, NODES,
                                                  node, likelihood, error);
  if (status != HEED_OK) return status;
  for (size_t g = 0; g < groups; g++)
    for (size_t k = 0; k < NODES; k++)
      sum[k] += histories->users[g] * likelihood[g * NODES + k];
  (void)node_posterior_mass(NODES, even, sum, mass);
  *result =
      (attention_guesses){.guess = (high - low) / sqrt(12), .common = true};
  for (size_t k = 0; k < NODES; k++) result->mean += mass[k] * node[k];
  for (size_t k = 0; k < NODES; k++)
    variance += mass[k] * (node[k] - result->mean) * (node[k] - result->mean);
  result->error = sqrt(variance);
  result->beaten = result->error < GUESSES_LEVEL;
  return HEED_OK;
}

void guesses_warn(const heed_host *host, const attention_guesses *guesses) {
  host->warn(host, "not_identified",
             "the annotations barely distinguish attentive users from casual "
             "users: %s is %.2f; a guess has %.2f",
             guesses->common ? "if all users shared one eta, its standard error"
                             : "the mean standard error of eta-hat",
             guesses->error, guesses->guess);
}
