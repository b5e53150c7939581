/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks what distributions and user models promise. */
#include "host/promise.h"

#include <math.h>

#include "heed/memory.h"

#define NODES ((size_t)3)
#define MOST_VALUES 100000u /* of theta, phi or nodes */

/* ---- outputs ---- */

heed_status promise_ascending(const double *nodes, size_t count, bool strictly,
                              heed_error *error) {
  for (size_t k = 1; k < count; k++)
    if (!(nodes[k] > nodes[k - 1] || (!strictly && nodes[k] == nodes[k - 1])))
      return heed_fail(error, HEED_NUMERIC,
                       "nodes[%zu] is %.12g after %.12g, expected them to "
                       "ascend",
                       k, nodes[k], nodes[k - 1]);
  return HEED_OK;
}

heed_status promise_weights(const double *log_weight, size_t count,
                            double tolerance, heed_error *error) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) {
    if (isnan(log_weight[k]) || log_weight[k] > tolerance)
      return heed_fail(error, HEED_NUMERIC,
                       "log_weight[%zu] is %g, expected at most 0", k,
                       log_weight[k]);
    sum += exp(log_weight[k]);
  }
  if (fabs(sum - 1) <= 10 * tolerance) return HEED_OK;
  return heed_fail(error, HEED_NUMERIC,
                   "the weights of %zu node%s sum to %.15g, expected 1", count,
                   heed_plural(count), sum);
}

heed_status promise_rising(const double *u, const double *eta, size_t count,
                           heed_error *error) {
  for (size_t i = 1; i < count; i++)
    if (!(eta[i] >= eta[i - 1]))
      return heed_fail(error, HEED_NUMERIC,
                       "gives %.12g at u = %.6g but %.12g at u = %.6g, "
                       "expected values that rise with u",
                       eta[i - 1], u[i - 1], eta[i], u[i]);
  return HEED_OK;
}

heed_status promise_round_trip(const double *theta, const double *again,
                               size_t count, double tolerance,
                               heed_error *error) {
  for (size_t i = 0; i < count; i++)
    if (!(fabs(again[i] - theta[i]) <=
          tolerance * fmax(fabs(theta[i]), 1e-300)))
      return heed_fail(error, HEED_NUMERIC,
                       "gives theta[%zu] = %.17g after to_free() of %.17g, "
                       "expected equality within %g",
                       i, again[i], theta[i], tolerance);
  return HEED_OK;
}

/* ---- blame ---- */

/* The result of a function of the plugin that service->plugin is: names it if
 * it broke a promise. */
static heed_status blamed(const host_service *service, const char *function,
                          heed_status status, const heed_error *found,
                          heed_error *error) {
  if (status == HEED_OK) return HEED_OK;
  return heed_fail(error, status, "%s/%s: %s(): %s",
                   kind_name(service->plugin->kind), service->plugin->name,
                   function, found->message);
}

static heed_status all_finite(const double *values, size_t count,
                              const char *name, heed_error *error) {
  for (size_t i = 0; i < count; i++)
    if (!isfinite(values[i]))
      return heed_fail(error, HEED_NUMERIC,
                       "%s[%zu] is %g, expected a finite number", name, i,
                       values[i]);
  return HEED_OK;
}

static heed_status countable(size_t count, size_t least, heed_error *error) {
  if (count >= least && count <= MOST_VALUES) return HEED_OK;
  return heed_fail(error, HEED_NUMERIC, "returned %zu, expected %zu to %u",
                   count, least, MOST_VALUES);
}

/* ---- distributions ---- */

typedef struct promise_prior {
  const heed_distribution_functions *functions;
  const void *self;
  host_service *service;
  size_t dimension, theta_count, node_count;
  double *theta, *again, *unbound, *nodes, *weight;
  heed_error *error;
} promise_prior;

static heed_status count_prior(promise_prior *self) {
  heed_error found = {HEED_OK, ""};
  heed_status status;
  self->dimension = self->functions->dimension == NULL
                        ? 1
                        : self->functions->dimension(self->self);
  status = countable(self->dimension, 1, &found);
  if (status != HEED_OK)
    return blamed(self->service, "dimension", status, &found, self->error);
  self->theta_count = self->functions->theta_count(self->self);
  status = countable(self->theta_count, 0, &found);
  if (status != HEED_OK)
    return blamed(self->service, "theta_count", status, &found, self->error);
  self->node_count = self->functions->node_count(self->self, 16);
  status = countable(self->node_count, 1, &found);
  return blamed(self->service, "node_count", status, &found, self->error);
}

static heed_status start_prior(promise_prior *self) {
  const heed_host *host = &self->service->host;
  heed_memory memory = {host, false};
  heed_error found = {HEED_OK, ""};
  heed_status status;
  self->theta = heed_scratch_doubles(&memory, self->theta_count);
  self->again = heed_scratch_doubles(&memory, self->theta_count);
  self->nodes =
      heed_scratch_doubles(&memory, self->node_count * self->dimension);
  self->weight = heed_scratch_doubles(&memory, self->node_count);
  if (memory.refused) return heed_no_memory(self->error);
  self->functions->start(self->self, 0.3, 0.05, self->theta);
  status = all_finite(self->theta, self->theta_count, "theta", &found);
  return blamed(self->service, "start", status, &found, self->error);
}

static heed_status weigh_prior(const promise_prior *self) {
  heed_error found = {HEED_OK, ""};
  heed_status status;
  self->functions->nodes(self->self, self->theta, self->node_count,
                         self->nodes);
  status = all_finite(self->nodes, self->node_count * self->dimension, "nodes",
                      &found);
  if (status == HEED_OK && self->dimension == 1)
    status = promise_ascending(self->nodes, self->node_count,
                               !self->functions->atoms_move, &found);
  if (status != HEED_OK)
    return blamed(self->service, "nodes", status, &found, self->error);
  self->functions->log_weights(self->self, self->theta, self->node_count,
                               self->nodes, self->weight);
  status =
      promise_weights(self->weight, self->node_count, PROMISE_CLOSE, &found);
  return blamed(self->service, "log_weights", status, &found, self->error);
}

static heed_status free_prior(promise_prior *self) {
  heed_memory memory = {&self->service->host, false};
  heed_error found = {HEED_OK, ""};
  heed_status status;
  size_t count;
  if (self->functions->free_count == NULL || self->functions->to_free == NULL ||
      self->functions->from_free == NULL)
    return HEED_OK;
  count = self->functions->free_count(self->self);
  if (count > self->theta_count) {
    status = heed_fail(&found, HEED_NUMERIC,
                       "returned %zu, expected at most theta_count, %zu", count,
                       self->theta_count);
    return blamed(self->service, "free_count", status, &found, self->error);
  }
  if (count == 0) return HEED_OK;
  self->unbound = heed_scratch_doubles(&memory, count);
  if (memory.refused) return heed_no_memory(self->error);
  self->functions->to_free(self->self, self->theta, self->unbound);
  self->functions->from_free(self->self, self->unbound, self->again);
  status = promise_round_trip(self->theta, self->again, self->theta_count,
                              PROMISE_CLOSE, &found);
  return blamed(self->service, "from_free", status, &found, self->error);
}

static heed_status draw_prior(const promise_prior *self) {
  enum { COUNT = 5 };
  static const double u[COUNT] = {0.01, 0.25, 0.5, 0.75, 0.99};
  double eta[COUNT];
  heed_error found = {HEED_OK, ""};
  heed_status status;
  if (self->dimension > 1) return HEED_OK;
  status = self->functions->quantile(self->self, COUNT, u, eta, &found);
  /* Values that are not finite are found where they are drawn, by user. */
  if (status == HEED_OK && all_finite(eta, COUNT, "eta", &found) == HEED_OK)
    status = promise_rising(u, eta, COUNT, &found);
  return blamed(self->service, "quantile", status, &found, self->error);
}

heed_status promise_distribution(const heed_instance *instance,
                                 host_service *service, heed_error *error) {
  const heed_plugin *caller = service->plugin;
  promise_prior self = {.functions = instance->plugin->functions,
                        .self = instance->self,
                        .service = service,
                        .error = error};
  heed_status status;
  service_calls(service, instance->plugin);
  status = count_prior(&self);
  if (status == HEED_OK) status = start_prior(&self);
  if (status == HEED_OK) status = weigh_prior(&self);
  if (status == HEED_OK) status = free_prior(&self);
  if (status == HEED_OK) status = draw_prior(&self);
  if (status == HEED_OK) service_calls(service, caller);
  return status;
}

typedef struct promise_visit {
  const heed_world *world;
  const heed_answers *sample;
  host_service *service;
  heed_error *error;
} promise_visit;

static heed_status visit_distribution(void *context,
                                      const heed_instance *instance) {
  const promise_visit *visit = context;
  return instance->plugin->kind == HEED_DISTRIBUTION
             ? promise_distribution(instance, visit->service, visit->error)
             : HEED_OK;
}

heed_status promise_distributions(const heed_instance *instance,
                                  host_service *service, heed_error *error) {
  promise_visit visit = {.service = service, .error = error};
  return instance_visit(instance, &visit, visit_distribution);
}

/* ---- user models ---- */

typedef struct promise_model {
  const heed_user_model_functions *functions;
  const void *self;
  heed_domain domain;
  host_service *service;
  heed_answers answers; /* of the sample, with the arrays below */
  int8_t choice[PROMISE_SAMPLE];
  double p[PROMISE_SAMPLE];
  const double *phi;
  double *nodes; /* NODES x dimension */
  heed_error *error;
} promise_model;

static int8_t choice_count(const promise_model *self) {
  return self->domain.ties ? 3 : 2;
}

static heed_status read_phi(promise_model *self) {
  const size_t count = self->domain.phi_count;
  heed_memory memory = {&self->service->host, false};
  double *all = heed_scratch_doubles(&memory, 3 * count);
  if (memory.refused) return heed_no_memory(self->error);
  if (count == 0 || self->functions->phi == NULL) return HEED_OK;
  self->functions->phi(self->self, all, all + count, all + 2 * count);
  self->phi = all;
  return HEED_OK;
}

static heed_status place_nodes(promise_model *self) {
  static const double share[NODES] = {0.1, 0.5, 0.9};
  const double low = fmax(self->domain.low, -3);
  const double high = fmin(self->domain.high, 3);
  const size_t wide = self->domain.dimension;
  heed_memory memory = {&self->service->host, false};
  self->nodes = heed_scratch_doubles(&memory, NODES * wide);
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < NODES * wide; i++)
    self->nodes[i] = low + (high - low) * share[i / wide];
  return HEED_OK;
}

static heed_status read_model(promise_model *self) {
  heed_error found = {HEED_OK, ""};
  heed_status status;
  self->functions->domain(self->self, &self->domain);
  status = countable(self->domain.dimension, 1, &found);
  if (status == HEED_OK) status = countable(self->domain.phi_count, 0, &found);
  if (status == HEED_OK && !(self->domain.low < self->domain.high))
    status = heed_fail(&found, HEED_NUMERIC,
                       "gives eta the range %g to %g, expected low below high",
                       self->domain.low, self->domain.high);
  if (status != HEED_OK)
    return blamed(self->service, "domain", status, &found, self->error);
  status = read_phi(self);
  return status == HEED_OK ? place_nodes(self) : status;
}

/* p[0] is far from 1/2, so that a swap of the sides is seen. */
static void take_sample(promise_model *self, const heed_answers *sample) {
  static const double p[PROMISE_SAMPLE] = {0.8, 0.35, 0.6};
  self->answers = *sample;
  if (self->answers.count > PROMISE_SAMPLE)
    self->answers.count = PROMISE_SAMPLE;
  memcpy(self->p, p, sizeof p);
  self->answers.p = self->p;
  self->answers.choice = self->choice;
  self->answers.weight = NULL;
}

static heed_status sums_to_one(const promise_model *self, const char *function,
                               const char *of, double sum, size_t node) {
  heed_error found = {HEED_OK, ""};
  if (fabs(sum - 1) <= PROMISE_CLOSE) return HEED_OK;
  if (node == NODES)
    (void)heed_fail(&found, HEED_NUMERIC, "%s sum to %.12g, expected 1", of,
                    sum);
  else
    (void)heed_fail(&found, HEED_NUMERIC,
                    "%s sum to %.12g at eta = %g, expected 1", of, sum,
                    self->nodes[node * self->domain.dimension]);
  return blamed(self->service, function, HEED_NUMERIC, &found, self->error);
}

static const char *choices_of(const promise_model *self) {
  return self->domain.ties ? "P(A), P(B) and P(tie)" : "P(A) and P(B)";
}

/* P of the first answer's choices, with probability(). */
static heed_status sum_choices(promise_model *self) {
  double sum[PROMISE_SAMPLE * NODES] = {0}, each[PROMISE_SAMPLE * NODES];
  heed_status status = HEED_OK;
  for (int8_t choice = 0; choice < choice_count(self); choice++) {
    memset(self->choice, choice, sizeof self->choice);
    self->functions->probability(self->self, self->phi, &self->answers, NODES,
                                 self->nodes, each);
    for (size_t i = 0; i < self->answers.count * NODES; i++) sum[i] += each[i];
  }
  for (size_t i = 0; status == HEED_OK && i < self->answers.count * NODES; i++)
    status =
        sums_to_one(self, "probability", choices_of(self), sum[i], i % NODES);
  return status;
}

static bool next_history(promise_model *self) {
  for (size_t i = 0; i < self->answers.count; i++) {
    if (++self->choice[i] < choice_count(self)) return true;
    self->choice[i] = 0;
  }
  return false;
}

/* exp(log_likelihood()) over all histories. */
static heed_status sum_histories(promise_model *self) {
  double sum[NODES] = {0}, each[NODES];
  heed_status status = HEED_OK;
  char of[96];
  memset(self->choice, 0, sizeof self->choice);
  do {
    self->functions->log_likelihood(self->self, self->phi, &self->answers,
                                    NODES, self->nodes, each);
    for (size_t k = 0; k < NODES; k++) sum[k] += exp(each[k]);
  } while (next_history(self));
  if (self->answers.count == 1)
    (void)snprintf(of, sizeof of, "%s", choices_of(self));
  else
    (void)snprintf(of, sizeof of,
                   "the probabilities of all histories of %zu answers",
                   self->answers.count);
  for (size_t k = 0; status == HEED_OK && k < NODES; k++)
    status = sums_to_one(self, "log_likelihood", of, sum[k], k);
  return status;
}

static heed_status sum_casual(promise_model *self) {
  double sum[PROMISE_SAMPLE] = {0}, each[PROMISE_SAMPLE];
  heed_status status = HEED_OK;
  for (int8_t choice = 0; choice < choice_count(self); choice++) {
    memset(self->choice, choice, sizeof self->choice);
    self->functions->casual(self->self, self->phi, &self->answers, each);
    for (size_t i = 0; i < self->answers.count; i++) sum[i] += each[i];
  }
  for (size_t i = 0; status == HEED_OK && i < self->answers.count; i++)
    status = sums_to_one(self, "casual", choices_of(self), sum[i], NODES);
  return status;
}

/* P(A) of one answer at the last node. */
static double chance_of_a(promise_model *self) {
  double each[NODES];
  self->choice[0] = HEED_CHOSE_A;
  if (self->functions->log_likelihood != NULL) {
    self->functions->log_likelihood(self->self, self->phi, &self->answers,
                                    NODES, self->nodes, each);
    return exp(each[NODES - 1]);
  }
  self->functions->probability(self->self, self->phi, &self->answers, NODES,
                               self->nodes, each);
  return each[NODES - 1];
}

/* Draws that are always the same: six standard errors of 100 find a swap of
 * the sides, and no model that keeps its promise is refused. */
static heed_status compare_draws(promise_model *self) {
  enum { DRAWS = 100 };
  const double *eta = self->nodes + (NODES - 1) * self->domain.dimension;
  heed_answers asked;
  heed_error found = {HEED_OK, ""};
  heed_status status = HEED_OK;
  double share = 0, p;
  self->answers.count = 1;
  p = chance_of_a(self);
  asked = self->answers;
  asked.choice = NULL;
  for (uint64_t i = 0; status == HEED_OK && i < DRAWS; i++) {
    heed_stream stream = stream_open(0, 0, "promise", "choice", i);
    status = self->functions->simulate(self->self, self->phi, &stream, &asked,
                                       eta, self->choice, &found);
    share += self->choice[0] == HEED_CHOSE_A ? 1.0 / DRAWS : 0;
  }
  if (status == HEED_OK &&
      !(fabs(share - p) <= 6 * sqrt(p * (1 - p) / DRAWS) + 1.0 / DRAWS))
    status = heed_fail(&found, HEED_NUMERIC,
                       "chooses A in %.2f of draws at eta = %g, expected the "
                       "probability of A, %.2f",
                       share, *eta, p);
  return blamed(self->service, "simulate", status, &found, self->error);
}

heed_status promise_user_model(const heed_instance *instance,
                               const heed_answers *sample, bool simulates,
                               host_service *service, heed_error *error) {
  const heed_plugin *caller = service->plugin;
  promise_model self = {.functions = instance->plugin->functions,
                        .self = instance->self,
                        .service = service,
                        .error = error};
  heed_status status;
  if (sample->count == 0) return HEED_OK;
  service_calls(service, instance->plugin);
  take_sample(&self, sample);
  status = read_model(&self);
  /* The host does not use probability() beside simulate(). */
  if (status == HEED_OK && self.functions->probability != NULL &&
      !(simulates && self.functions->simulate != NULL))
    status = sum_choices(&self);
  if (status == HEED_OK && self.functions->log_likelihood != NULL)
    status = sum_histories(&self);
  if (status == HEED_OK) status = sum_casual(&self);
  if (status == HEED_OK && simulates && self.functions->simulate != NULL)
    status = compare_draws(&self);
  if (status == HEED_OK) service_calls(service, caller);
  return status;
}

static heed_status visit_user_model(void *context,
                                    const heed_instance *instance) {
  const promise_visit *visit = context;
  const heed_user_model_functions *functions = instance->plugin->functions;
  heed_error refusal;
  if (instance->plugin->kind != HEED_USER_MODEL) return HEED_OK;
  if (functions->check != NULL &&
      functions->check(instance->self, visit->world, visit->sample->annotations,
                       &refusal) != HEED_OK)
    return HEED_OK;
  return promise_user_model(instance, visit->sample, false, visit->service,
                            visit->error);
}

heed_status promise_user_models(const heed_instance *instance,
                                const heed_world *world,
                                const heed_answers *sample,
                                host_service *service, heed_error *error) {
  promise_visit visit = {world, sample, service, error};
  return instance_visit(instance, &visit, visit_user_model);
}
