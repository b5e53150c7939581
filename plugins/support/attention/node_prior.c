/* SPDX-License-Identifier: GPL-3.0-or-later
 * Priors at nodes: weights, responsibilities, mass. */
#include "support/attention/node_prior.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "support/attention/histories.h"
#include "support/attention/node_posterior.h"
#include "support/attention/prior_fit.h"
#include "support/numeric/free_weights.h"

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

heed_status node_prior_open(const heed_host *host, const heed_instance *prior,
                            bool fitted, size_t wanted, size_t groups,
                            attention_node_prior *self, heed_error *error) {
  const heed_distribution_functions *functions = prior->plugin->functions;
  const size_t nodes = functions->node_count(prior->self, wanted);
  *self = (attention_node_prior){
      .prior = prior,
      .distribution = functions,
      .theta_count = functions->theta_count(prior->self),
      .count = nodes,
      .nodes = host->scratch(host, nodes, sizeof(double)),
      .log_weight = host->scratch(host, nodes, sizeof(double)),
      .log_likelihood = host->scratch(host, groups * nodes, sizeof(double)),
      .responsibility = host->scratch(host, groups * nodes, sizeof(double)),
      .mass = host->scratch(host, nodes, sizeof(double))};
  if (self->nodes == NULL || self->log_weight == NULL ||
      self->log_likelihood == NULL || self->responsibility == NULL ||
      self->mass == NULL)
    return no_memory(error);
  if (!fitted) return HEED_OK;
  if (!functions->weights_free)
    return prior_fit_open(host, prior, nodes, &self->fit, error);
  self->free_weights = free_weights_open(host, groups, nodes);
  return self->free_weights != NULL ? HEED_OK : no_memory(error);
}

static void weigh(attention_node_prior *self, const double *theta) {
  self->distribution->log_weights(self->prior->self, theta, self->count,
                                  self->nodes, self->log_weight);
}

void node_prior_place(attention_node_prior *self, const double *theta) {
  self->distribution->nodes(self->prior->self, theta, self->count, self->nodes);
  weigh(self, theta);
}

bool node_prior_sums_to_one(const attention_node_prior *self) {
  double sum = 0;
  for (size_t k = 0; k < self->count; k++) sum += exp(self->log_weight[k]);
  return fabs(sum - 1) < 1e-9;
}

double node_prior_expect(attention_node_prior *self,
                         const attention_histories *histories, double sum,
                         double *theta) {
  const size_t nodes = self->count;
  if (self->free_weights != NULL) {
    (void)free_weights_solve(self->free_weights, histories->users,
                             self->log_likelihood, FREE_WEIGHTS_TOLERANCE,
                             theta);
    weigh(self, theta);
  }
  assert(node_prior_sums_to_one(self));
  memset(self->mass, 0, nodes * sizeof *self->mass);
  for (size_t g = 0; g < histories->group_count; g++) {
    double *row = self->responsibility + g * nodes;
    const double users = histories->users[g];
    sum += users * node_posterior_mass(nodes, self->log_weight,
                                       self->log_likelihood + g * nodes, row);
    for (size_t k = 0; k < nodes; k++) self->mass[k] += users * row[k];
  }
  return sum;
}

double node_prior_expected(const attention_node_prior *self,
                           const attention_histories *histories, double sum,
                           const double *trial) {
  const size_t nodes = self->count;
  for (size_t g = 0; g < histories->group_count; g++)
    for (size_t k = 0; k < nodes; k++) {
      const double r = self->responsibility[g * nodes + k];
      if (r > 0) sum += histories->users[g] * r * trial[g * nodes + k];
    }
  return sum;
}
