/* SPDX-License-Identifier: GPL-3.0-or-later
 * Turns the judges' scores into rewards: tau, p, and their outputs. */
#include <math.h>

#include "heed/memory.h"
#include "sources/llm/source.h"
#include "sources/llm/tau.h"

static const char *const columns[2][2] = {{"score_a", "score_b"},
                                          {"second_score_a", "second_score_b"}};

static bool has_second(const llm_source *self) {
  return self->judge[1].kind != JUDGE_NONE;
}

/* Score of A's response minus B's, (pairs), in *made. */
static heed_status differences(const heed_host *host, const heed_table *pairs,
                               size_t which, double **made, heed_error *error) {
  const double *a = heed_table_data(pairs, columns[which][0], HEED_FLOAT64);
  const double *b = heed_table_data(pairs, columns[which][1], HEED_FLOAT64);
  *made = NULL;
  if (a == NULL || b == NULL)
    return heed_fail(error, HEED_INTERNAL, "the pairs have no column %s or %s",
                     columns[which][0], columns[which][1]);
  *made = host->scratch(host, pairs->rows, sizeof **made);
  if (*made == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < pairs->rows; i++) (*made)[i] = a[i] - b[i];
  return HEED_OK;
}

static heed_status find_tau(const llm_source *self, const heed_host *host,
                            const heed_table *pairs, size_t which, double *tau,
                            heed_error *error) {
  double *difference;
  const heed_status status =
      differences(host, pairs, which, &difference, error);
  if (status != HEED_OK) return status;
  if (which == 0 && !isnan(self->tau)) {
    *tau = self->tau;
    return HEED_OK;
  }
  return which == 0 && !isnan(self->mu)
             ? tau_fit(pairs->rows, difference, self->mu, tau, error)
             : tau_spread(which == 0 ? "judge" : "second_judge", pairs->rows,
                          difference, tau, error);
}

heed_status rewards_find(const llm_source *self, const heed_host *host,
                         heed_world *world, heed_error *error) {
  llm_source_rewards *made = host->allocate(host, 1, sizeof *made);
  heed_status status = HEED_OK;
  if (made == NULL) return heed_no_memory(error);
  for (size_t i = 0; status == HEED_OK && i < 2; i++)
    if (i == 0 || has_second(self))
      status = find_tau(self, host, world->pairs, i, &made->tau[i], error);
  world->state = made;
  return status;
}

static int sign_of(double x) {
  return (x > 0) - (x < 0);
}

static void report_second(const heed_host *host, size_t count,
                          const double *first, const double *second,
                          double tau) {
  const double mu = tau_mean(count, second, tau);
  double alike = 0;
  for (size_t i = 0; i < count; i++)
    alike += sign_of(first[i]) == sign_of(second[i]);
  alike /= (double)count;
  host->output(host, OUT_SECOND_TAU, &tau, 1);
  host->output(host, OUT_SECOND_MU, &mu, 1);
  host->output(host, OUT_AGREE, &alike, 1);
  host->log(host,
            "second judge: tau %g, mean of p %.4f; it agrees with the first on "
            "%.1f %% of the pairs",
            tau, mu, 100 * alike);
}

static heed_status report(const llm_source *self, const heed_host *host,
                          const heed_world *world, heed_error *error) {
  const llm_source_rewards *rewards = world->state;
  const size_t count = world->pairs->rows;
  double *first, *second = NULL;
  heed_status status = differences(host, world->pairs, 0, &first, error);
  if (status == HEED_OK && has_second(self))
    status = differences(host, world->pairs, 1, &second, error);
  if (status != HEED_OK) return status;
  const double better = tau_better(count, first);
  host->output(host, OUT_TAU, &rewards->tau[0], 1);
  host->output(host, OUT_BETTER, &better, 1);
  host->log(host,
            "judge: tau %g, mean of p %.4f; A's response is better in %.1f %% "
            "of the pairs",
            rewards->tau[0], world->mu, 100 * better);
  if (second != NULL)
    report_second(host, count, first, second, rewards->tau[1]);
  return HEED_OK;
}

heed_status rewards_put(const llm_source *self, const heed_host *host,
                        heed_world *world, heed_error *error) {
  heed_table *pairs = world->pairs;
  const double *a = heed_table_data(pairs, columns[0][0], HEED_FLOAT64);
  const double *b = heed_table_data(pairs, columns[0][1], HEED_FLOAT64);
  const double tau = ((const llm_source_rewards *)world->state)->tau[0];
  heed_memory memory = {host, false};
  double *p = heed_new_column(&memory, pairs, "p", HEED_FLOAT64, 1);
  double *reward_a =
      heed_new_column(&memory, pairs, "reward_a", HEED_FLOAT64, 1);
  double *reward_b =
      heed_new_column(&memory, pairs, "reward_b", HEED_FLOAT64, 1);
  double sum = 0;
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < pairs->rows; i++) {
    reward_a[i] = a[i] / tau;
    reward_b[i] = b[i] / tau;
    p[i] = tau_sigmoid(reward_a[i] - reward_b[i]);
    sum += p[i];
  }
  world->mu = sum / (double)pairs->rows;
  world->mu_requested = self->mu;
  return report(self, host, world, error);
}
