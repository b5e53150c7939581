/* SPDX-License-Identifier: GPL-3.0-or-later
 * Plugins with the failures that heed recognises by their signatures: an
 * estimator whose objective falls, an estimator in doubt that does not say so,
 * and a trainer whose policy wins often by little and loses by much. */
#include <math.h>
#include <stddef.h>

#include "heed/heed.h"
#include "heed/memory.h"

/* ---- an estimator that is no EM ---- */

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const size_t users = crowd->users->rows, rows = crowd->annotations->rows;
  heed_memory memory = {host, false};
  (void)self;
  posterior->units = users;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->left_out = heed_allocate_doubles(&memory, rows);
  posterior->casual = heed_allocate_doubles(&memory, rows);
  posterior->p = heed_allocate_doubles(&memory, rows);
  if (memory.refused) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) posterior->mean[j] = 0.5;
  for (size_t i = 0; i < rows; i++) {
    posterior->left_out[i] = posterior->casual[i] = 0.5;
    posterior->p[i] = isnan(crowd->world->mu) ? 0.5 : crowd->world->mu;
  }
  posterior->converged = posterior->identified = true;
  host->trace(host, "objective", 1, -10);
  host->trace(host, "objective", 2, -9);
  host->trace(host, "objective", 3, -9.5);
  return HEED_OK;
}

static const heed_estimator_functions estimator_functions = {
    .size = sizeof estimator_functions, .estimate = estimate};

static const heed_plugin restless = {
    .size = sizeof restless,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "restless",
    .version = "1.0",
    .summary = "an objective that falls",
    .functions = &estimator_functions,
    .functions_size = sizeof estimator_functions,
};

/* ---- an estimator in doubt ---- */

enum { CONVERGED, IDENTIFIED, PARAMETER_COUNT };
static const heed_parameter parameters[] = {
    [CONVERGED] = {.name = "converged",
                   .type = HEED_BOOLEAN,
                   .default_value = "true",
                   .doc = "what it reports"},
    [IDENTIFIED] = {.name = "identified",
                    .type = HEED_BOOLEAN,
                    .default_value = "true",
                    .doc = "what it reports"},
};

static heed_status doubt(void *self, const heed_host *host,
                         const heed_crowd *crowd, heed_posterior *posterior,
                         heed_error *error) {
  const heed_value *values = self;
  const heed_status status = estimate(NULL, host, crowd, posterior, error);
  posterior->converged = values[CONVERGED].integer != 0;
  posterior->identified = values[IDENTIFIED].integer != 0;
  return status;
}

static const heed_estimator_functions doubtful_functions = {
    .size = sizeof doubtful_functions, .estimate = doubt};

static const heed_plugin doubtful = {
    .size = sizeof doubtful,
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "doubtful",
    .version = "1.0",
    .summary = "reports no warning, whatever it finds",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .functions = &doubtful_functions,
    .functions_size = sizeof doubtful_functions,
};

/* ---- a trainer that gambles ---- */

/* Seven times in ten the candidate whose reward beats three quarters of the
 * others, else the very worst. */
static heed_status train(void *self, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         const heed_selection *selection, heed_policy *policy,
                         heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  policy->scale = 1;
  policy->state = policy;
  return HEED_OK;
}

static size_t rank_of(const double *reward, size_t count, size_t candidate) {
  size_t below = 0;
  for (size_t k = 0; k < count; k++) below += reward[k] < reward[candidate];
  return below;
}

static heed_status log_probability(void *self, const heed_host *host,
                                   const heed_world *world,
                                   const heed_policy *policy, size_t count,
                                   const heed_response *responses,
                                   double *values, heed_error *error) {
  const size_t wide = world->candidates;
  const double *reward =
      heed_table_data(world->prompts, "reward", HEED_FLOAT64);
  (void)self, (void)host, (void)policy, (void)error;
  for (size_t i = 0; i < count; i++) {
    const size_t rank = rank_of(reward + responses[i].prompt * wide, wide,
                                (size_t)responses[i].candidate);
    const double chance = rank == 3 * wide / 4 ? 0.7 : rank == 0 ? 0.3 : 0;
    values[i] = chance > 0 ? log(chance) : -HUGE_VAL;
  }
  return HEED_OK;
}

static const heed_trainer_functions trainer_functions = {
    .size = sizeof trainer_functions,
    .train = train,
    .log_probability = log_probability};

static const heed_plugin gambler = {
    .size = sizeof gambler,
    .abi = HEED_ABI,
    .kind = HEED_TRAINER,
    .name = "gambler",
    .version = "1.0",
    .summary = "wins often by little, and loses by much",
    .functions = &trainer_functions,
    .functions_size = sizeof trainer_functions,
};

static const heed_plugin *const plugins[] = {&restless, &doubtful, &gambler};
HEED_PLUGINS(plugins)
