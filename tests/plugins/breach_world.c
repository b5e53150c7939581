/* SPDX-License-Identifier: GPL-3.0-or-later
 * A source whose judge does not agree with p, whose mu is not the mean of p,
 * and whose reference is not normalised; and a trainer whose policy is not. */
#include "heed/heed.h"

enum { PAIRS = 5, CANDIDATES = 2 };

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  heed_table *pairs = host->table(host, "pairs", PAIRS);
  int64_t *prompt = host->column(host, pairs, "prompt", HEED_INT64, 1);
  int64_t *a = host->column(host, pairs, "response_a", HEED_INT64, 1);
  int64_t *b = host->column(host, pairs, "response_b", HEED_INT64, 1);
  double *p = host->column(host, pairs, "p", HEED_FLOAT64, 1);
  (void)self;
  world->prompts = host->table(host, "prompts", PAIRS);
  if (prompt == NULL || a == NULL || b == NULL || p == NULL ||
      world->prompts == NULL)
    return heed_no_memory(error);
  for (size_t i = 0; i < PAIRS; i++) {
    prompt[i] = (int64_t)i;
    b[i] = 1;
    p[i] = 0.6;
  }
  world->pairs = pairs;
  world->candidates = CANDIDATES;
  world->held_out = 1;
  world->mu = 0.7;
  return HEED_OK;
}

static heed_status judge(void *self, const heed_host *host,
                         const heed_world *world, size_t count,
                         const heed_response *responses, double *rewards,
                         heed_error *error) {
  (void)self, (void)host, (void)world, (void)responses, (void)error;
  for (size_t i = 0; i < count; i++) rewards[i] = 1;
  return HEED_OK;
}

static heed_status reference(void *self, const heed_host *host,
                             const heed_world *world, size_t count,
                             const heed_response *responses,
                             double *log_probability, heed_error *error) {
  (void)self, (void)host, (void)world, (void)responses, (void)error;
  for (size_t i = 0; i < count; i++) log_probability[i] = log(0.4);
  return HEED_OK;
}

static const heed_source_functions source_functions = {
    .size = sizeof source_functions,
    .make = make,
    .judge = judge,
    .reference = reference,
};
static const heed_plugin source = {
    .size = sizeof source,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "askew",
    .version = "1.0",
    .summary = "breaks its contract",
    .functions = &source_functions,
    .functions_size = sizeof source_functions,
};

static heed_status train(void *self, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         const heed_selection *selection, heed_policy *policy,
                         heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  policy->state = policy;
  return HEED_OK;
}

static heed_status log_probability(void *self, const heed_host *host,
                                   const heed_world *world,
                                   const heed_policy *policy, size_t count,
                                   const heed_response *responses,
                                   double *values, heed_error *error) {
  (void)policy;
  return reference(self, host, world, count, responses, values, error);
}

static const heed_trainer_functions trainer_functions = {
    .size = sizeof trainer_functions,
    .train = train,
    .log_probability = log_probability,
};
static const heed_plugin trainer = {
    .size = sizeof trainer,
    .abi = HEED_ABI,
    .kind = HEED_TRAINER,
    .name = "askew",
    .version = "1.0",
    .summary = "breaks its contract",
    .functions = &trainer_functions,
    .functions_size = sizeof trainer_functions,
};

static const heed_plugin *const plugins[] = {&source, &trainer};
HEED_PLUGINS(plugins)
