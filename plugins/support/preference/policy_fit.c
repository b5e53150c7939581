/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fits a policy: chooses loss, start and tolerance. */
#include "support/preference/policy_fit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/preference/comparisons.h"
#include "support/preference/joint_fit.h"
#include "support/preference/log_linear.h"
#include "support/preference/settings.h"

/* Relative gains of the objective that end a fit, by policy_care.  EM of the
 * joint loss ends earlier: its last digits take most of its steps. */
static const double tolerances[] = {1e-6, 1e-10};
static const double joint_tolerances[] = {1e-6, 1e-8};

/* theta with about the mean of eta-hat, and a variance that is never small,
 * even if the estimator's is: a prior without variance is a stationary point.
 */
static void start_prior(const heed_instance *prior,
                        const heed_posterior *posterior, double *theta) {
  const heed_distribution_functions *functions = prior->plugin->functions;
  const double units = (double)posterior->units;
  double mean = 0.0, variance = 0.0;
  for (size_t u = 0; u < posterior->units; u++)
    mean += posterior->mean[u] / units;
  mean = fmin(fmax(mean, 0.2), 0.8);
  for (size_t u = 0; u < posterior->units; u++) {
    const double away = posterior->mean[u] - mean;
    variance += (away * away + posterior->sd[u] * posterior->sd[u]) / units;
  }
  variance = fmin(fmax(variance, 0.05), 0.8 * mean * (1.0 - mean));
  functions->start(prior->self, mean, variance, theta);
}

static void take_prior(const policy_fit *self, const heed_posterior *posterior,
                       double *theta) {
  const heed_instance *prior = self->prior;
  const heed_distribution_functions *functions = prior->plugin->functions;
  if (self->fit_prior)
    start_prior(prior, posterior, theta);
  else if (prior == posterior->prior && posterior->theta != NULL)
    memcpy(theta, posterior->theta, self->joint->theta_count * sizeof *theta);
  else
    functions->theta(prior->self, theta);
}

static heed_status open_joint(const heed_host *host, size_t nodes,
                              const heed_posterior *posterior, policy_fit *self,
                              heed_error *error) {
  const crowd_comparisons *rows = self->rows;
  if (self->prior == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "loss = joint needs a prior, and this estimator has none: "
                     "set prior = h.distribution.NAME {}");
  const heed_status status =
      joint_open(host, self->prior, nodes, rows->count, rows->features,
                 rows->units, &self->joint, error);
  if (status != HEED_OK) return status;
  heed_memory memory = {host, false};
  self->start_theta = heed_scratch_doubles(&memory, self->joint->theta_count);
  self->log_weight = heed_scratch_doubles(&memory, self->joint->node_count);
  if (memory.refused) return heed_no_memory(error);
  take_prior(self, posterior, self->start_theta);
  return HEED_OK;
}

heed_status policy_fit_open(const heed_host *host,
                            const preference_settings *settings,
                            const crowd_comparisons *rows,
                            const heed_posterior *posterior, policy_fit *self,
                            heed_error *error) {
  heed_memory memory = {host, false};
  *self = (policy_fit){
      .kind = settings->kind,
      .rates = settings->rates,
      .rows = rows,
      .scratch = log_linear_room(&memory, rows->count, rows->features),
      .prior = settings->prior != NULL ? settings->prior : posterior->prior,
      .fit_prior = settings->fit_prior};
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < rows->count; i++)
    rows->label[i].flip =
        preference_flip(self->kind, &self->rates, rows->label[i].eta);
  return self->kind == PREFERENCE_JOINT
             ? open_joint(host, settings->nodes, posterior, self, error)
             : HEED_OK;
}

double policy_fit_mean_eta(const policy_fit *self) {
  const joint_fit *joint = self->joint;
  const heed_distribution_functions *functions = self->prior->plugin->functions;
  double mean = 0.0;
  assert(self->kind == PREFERENCE_JOINT);
  functions->log_weights(self->prior->self, joint->theta, joint->node_count,
                         joint->nodes, self->log_weight);
  for (size_t k = 0; k < joint->node_count; k++)
    mean += exp(self->log_weight[k]) * joint->nodes[k];
  return mean;
}

static policy_found fit_sum(const policy_fit *self, const log_linear *data,
                            preference_kind kind, double ridge,
                            policy_care care, double *w) {
  const log_linear_fit fit =
      log_linear_minimise(data, preference_loss_of(kind), ridge,
                          tolerances[care], self->scratch, w);
  return (policy_found){.loss = fit.loss,
                        .iterations = fit.iterations,
                        .converged = fit.converged};
}

static heed_status fit_joint(const policy_fit *self, const log_linear *data,
                             double ridge, policy_care care, double *w,
                             policy_found *found, heed_error *error) {
  const crowd_comparisons *rows = self->rows;
  const joint_problem problem = {
      .data = data,
      .crowd = comparisons_crowd(rows, data->weight),
      .prior = self->prior,
      .fit_prior = self->fit_prior,
      .ridge = ridge,
      .tolerance = joint_tolerances[care],
  };
  const heed_status status = joint_maximise(&problem, self->joint, w, error);
  *found = (policy_found){.loss = -self->joint->log_likelihood,
                          .iterations = self->joint->steps,
                          .converged = self->joint->converged};
  return status;
}

heed_status policy_fit_run(const policy_fit *self, const double *weight,
                           double ridge, policy_care care, bool cold, double *w,
                           policy_found *found, heed_error *error) {
  const crowd_comparisons *rows = self->rows;
  const log_linear data = {.count = rows->count,
                           .features = rows->features,
                           .x = rows->x,
                           .weight = weight,
                           .label = rows->label};
  if (cold && self->kind != PREFERENCE_SIGMOID)
    fit_sum(self, &data, PREFERENCE_SIGMOID, ridge, POLICY_ROUGH, w);
  if (self->kind != PREFERENCE_JOINT) {
    *found = fit_sum(self, &data, self->kind, ridge, care, w);
    return HEED_OK;
  }
  if (cold) {
    fit_sum(self, &data, PREFERENCE_NOISE_AWARE, ridge, POLICY_ROUGH, w);
    memcpy(self->joint->theta, self->start_theta,
           self->joint->theta_count * sizeof(double));
  }
  return fit_joint(self, &data, ridge, care, w, found, error);
}
