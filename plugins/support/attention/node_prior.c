/* SPDX-License-Identifier: GPL-3.0-or-later
 * Priors at nodes: weights, responsibilities, mass. */
#include "support/attention/node_prior.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/attention/histories.h"
#include "support/attention/node_posterior.h"
#include "support/attention/prior_fit.h"
#include "support/numeric/free_weights.h"

heed_status node_prior_open(const heed_host *host, const heed_instance *prior,
                            bool fitted, size_t wanted, size_t groups,
                            attention_node_prior *self, heed_error *error) {
  const heed_distribution_functions *functions = prior->plugin->functions;
  const size_t nodes = functions->node_count(prior->self, wanted);
  heed_memory memory = {host, false};
  *self = (attention_node_prior){
      .prior = prior,
      .distribution = functions,
      .theta_count = functions->theta_count(prior->self),
      .count = nodes,
      .nodes = heed_scratch_doubles(&memory, nodes),
      .log_weight = heed_scratch_doubles(&memory, nodes),
      .log_likelihood = heed_scratch_doubles(&memory, groups * nodes),
      .responsibility = heed_scratch_doubles(&memory, groups * nodes),
      .mass = heed_scratch_doubles(&memory, nodes)};
  if (fitted && functions->weights_free)
    self->free_weights = free_weights_open(&memory, groups, nodes);
  if (memory.refused) return heed_no_memory(error);
  return fitted && !functions->weights_free
             ? prior_fit_open(host, prior, nodes, &self->fit, error)
             : HEED_OK;
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
