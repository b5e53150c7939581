/* SPDX-License-Identifier: GPL-3.0-or-later
 * A user model whose probabilities sum to 1.1, whose log-likelihood is of
 * something else, and which chooses ties that it does not have. */
#include "heed/user_model.h"

static void domain(const void *self, heed_domain *result) {
  (void)self;
  *result = (heed_domain){.dimension = 1, .low = 0, .high = 1};
}

static void probability(const void *self, const double *phi,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *result) {
  (void)self, (void)phi, (void)nodes;
  for (size_t i = 0; i < answers->count * node_count; i++) result[i] = 0.55;
}

static void log_likelihood(const void *self, const double *phi,
                           const heed_answers *answers, size_t node_count,
                           const double *nodes, double *result) {
  (void)self, (void)phi, (void)answers, (void)nodes;
  for (size_t k = 0; k < node_count; k++) result[k] = -1;
}

static void casual(const void *self, const double *phi,
                   const heed_answers *answers, double *result) {
  (void)self, (void)phi;
  for (size_t i = 0; i < answers->count; i++) result[i] = 0.5;
}

static heed_status simulate(const void *self, const double *phi,
                            heed_stream *stream, const heed_answers *answers,
                            const double *eta, int8_t *choice,
                            heed_error *error) {
  (void)self, (void)phi, (void)stream, (void)eta, (void)error;
  for (size_t i = 0; i < answers->count; i++) choice[i] = HEED_CHOSE_TIE;
  return HEED_OK;
}

static const heed_user_model_functions functions = {
    .size = sizeof functions,
    .domain = domain,
    .probability = probability,
    .log_likelihood = log_likelihood,
    .casual = casual,
    .simulate = simulate,
};
static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "improbable",
    .version = "1.0",
    .summary = "breaks its contract",
    .functions = &functions,
    .functions_size = sizeof functions,
};
static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
