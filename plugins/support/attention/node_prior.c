/* SPDX-License-Identifier: GPL-3.0-or-later
 * Priors at nodes: weights, responsibilities, mass. */
#include "support/attention/node_prior.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/attention/histories.h"
#include "support/attention/node_kernels.h"
#include "support/attention/node_posterior.h"
#include "support/attention/prior_fit.h"
#include "support/numeric/free_weights.h"
#include "support/numeric/threads.h"

/* Below it the terms of a sum may have lost digits to underflow. */
#define LEAST_SUM 1e-200

/* Groups of a part, and of a thread, below which another costs more than it
 * saves. */
enum { PARTS_MOST = 16, GROUPS_A_PART = 256, GROUPS_A_THREAD = 1024 };

/* Even over the nodes' range: the cell of a node ends half way to its
 * neighbours. */
static void spread_evenly(size_t count, const double *nodes, double *even) {
  const double width = nodes[count - 1] - nodes[0];
  for (size_t k = 0; k < count; k++) {
    const double start = k == 0 ? nodes[0] : (nodes[k - 1] + nodes[k]) / 2;
    const double end =
        k + 1 == count ? nodes[k] : (nodes[k] + nodes[k + 1]) / 2;
    even[k] = width > 0 ? (end - start) / width : 1 / (double)count;
  }
}

static heed_status add_pseudo_users(const heed_host *host, double pseudo_users,
                                    size_t groups, attention_node_prior *self,
                                    heed_error *error) {
  heed_memory memory = {host, false};
  double *theta = heed_scratch_doubles(&memory, self->theta_count);
  self->even = heed_scratch_doubles(&memory, self->count);
  if (memory.refused) return heed_no_memory(error);
  self->pseudo_users = pseudo_users;
  self->distribution->theta(self->prior->self, theta);
  self->distribution->nodes(self->prior->self, theta, self->count, self->nodes);
  spread_evenly(self->count, self->nodes, self->even);
  if (self->distribution->weights_free)
    self->kernels = node_kernels_open(&memory, pseudo_users, groups,
                                      self->count, self->nodes);
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

heed_status node_prior_open(const heed_host *host, const heed_instance *prior,
                            bool fitted, double pseudo_users, size_t wanted,
                            size_t groups, attention_node_prior *self,
                            heed_error *error) {
  const heed_distribution_functions *functions = prior->plugin->functions;
  const size_t nodes = functions->node_count(prior->self, wanted);
  const bool smooth = fitted && pseudo_users > 0 && !functions->atoms_move;
  const size_t some = groups / GROUPS_A_PART + 1;
  const size_t parts = some < PARTS_MOST ? some : PARTS_MOST;
  heed_memory memory = {host, false};
  *self = (attention_node_prior){
      .prior = prior,
      .distribution = functions,
      .theta_count = functions->theta_count(prior->self),
      .count = nodes,
      .nodes = heed_scratch_doubles(&memory, nodes),
      .log_weight = heed_scratch_doubles(&memory, nodes),
      .weight = heed_scratch_doubles(&memory, nodes),
      .log_likelihood = heed_scratch_doubles(&memory, groups * nodes),
      .likelihood = heed_scratch_doubles(&memory, groups * nodes),
      .most = heed_scratch_doubles(&memory, groups),
      .responsibility = heed_scratch_doubles(&memory, groups * nodes),
      .mass = heed_scratch_doubles(&memory, nodes),
      .vector = heed_vector_of(host),
      .parts = parts,
      .threads = groups < GROUPS_A_THREAD ? 1 : heed_threads(host),
      .part = heed_scratch_doubles(&memory, parts * (nodes + 1))};
  if (fitted && functions->weights_free && !smooth)
    self->free_weights = free_weights_open(&memory, groups, nodes);
  if (memory.refused) return heed_no_memory(error);
  if (self->vector == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "this estimator needs a host with the extension \"%s\"",
                     HEED_VECTOR);
  heed_status status = HEED_OK;
  if (fitted && !functions->weights_free)
    status = prior_fit_open(host, prior, nodes, &self->fit, error);
  return status == HEED_OK && smooth
             ? add_pseudo_users(host, pseudo_users, groups, self, error)
             : status;
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

double node_prior_log_prior(const attention_node_prior *self) {
  double sum = 0;
  if (self->kernels != NULL) return node_kernels_log_prior(self->kernels);
  for (size_t k = 0; self->even != NULL && k < self->count; k++)
    if (self->log_weight[k] > -HUGE_VAL)
      sum += self->even[k] * self->log_weight[k];
  return self->pseudo_users * sum;
}

/* So that a step at the same likelihood takes K exponentials, not G x K. */
static void scale_likelihood(attention_node_prior *self, size_t groups) {
  if (self->scaled) return;
  (void)free_weights_scale(groups, self->count, self->log_likelihood,
                           self->likelihood, self->most);
  self->scaled = true;
}

/* The responsibilities of a history, in row; returns its log-likelihood. */
static double respond(const attention_node_prior *self, size_t g, double *row) {
  const size_t nodes = self->count;
  const double *likelihood = self->likelihood + g * nodes;
  const double sum = self->vector->dot(nodes, self->weight, likelihood);
  if (!(sum > LEAST_SUM))
    return node_posterior_mass(nodes, self->log_weight,
                               self->log_likelihood + g * nodes, row);
  const double inverse = 1 / sum;
  for (size_t k = 0; k < nodes; k++)
    row[k] = self->weight[k] * likelihood[k] * inverse;
  return self->most[g] + log(sum);
}

typedef struct respond_job {
  const attention_node_prior *prior;
  const attention_histories *histories;
} respond_job;

static void respond_part(void *context, size_t part) {
  const respond_job *job = context;
  const attention_node_prior *self = job->prior;
  const size_t nodes = self->count;
  const threads_range range =
      threads_share(job->histories->group_count, part, self->parts);
  double *mass = self->part + part * (nodes + 1), *sum = mass + nodes;
  memset(mass, 0, (nodes + 1) * sizeof *mass);
  for (size_t g = range.first; g < range.end; g++) {
    double *row = self->responsibility + g * nodes;
    const double users = job->histories->users[g];
    *sum += users * respond(self, g, row);
    for (size_t k = 0; k < nodes; k++) mass[k] += users * row[k];
  }
}

/* Responsibilities and mass of users; returns `sum` plus their
 * log-likelihood. */
static double respond_all(attention_node_prior *self,
                          const attention_histories *histories, double sum) {
  const size_t nodes = self->count;
  respond_job job = {self, histories};
  threads_run(self->threads, self->parts, respond_part, &job);
  memset(self->mass, 0, nodes * sizeof *self->mass);
  for (size_t part = 0; part < self->parts; part++) {
    const double *mass = self->part + part * (nodes + 1);
    for (size_t k = 0; k < nodes; k++) self->mass[k] += mass[k];
    sum += mass[nodes];
  }
  return sum;
}

double node_prior_expect(attention_node_prior *self,
                         const attention_histories *histories, double sum,
                         double *theta) {
  const size_t nodes = self->count;
  scale_likelihood(self, histories->group_count);
  if (self->kernels != NULL) {
    node_kernels_solve(self->kernels, histories->users, self->likelihood,
                       theta);
    weigh(self, theta);
  } else if (self->free_weights != NULL) {
    (void)free_weights_solve(self->free_weights, histories->users,
                             self->likelihood, FREE_WEIGHTS_TOLERANCE, theta);
    weigh(self, theta);
  }
  assert(node_prior_sums_to_one(self));
  for (size_t k = 0; k < nodes; k++) self->weight[k] = exp(self->log_weight[k]);
  sum = respond_all(self, histories, sum);
  if (self->even == NULL) return sum;
  for (size_t k = 0; k < nodes; k++)
    self->mass[k] += self->pseudo_users * self->even[k];
  return sum + node_prior_log_prior(self);
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
