/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fits of a log-linear policy: which loss, from where, how far. */
#include "support/policy_fit.h"

#include <math.h>
#include <string.h>

/* Relative gains of the objective that end a fit, by policy_care.  EM of the
 * joint loss ends earlier: its last digits take most of its steps. */
static const double tolerances[] = {1e-6, 1e-10};
static const double joint_tolerances[] = {1e-6, 1e-8};

/* theta with about the mean of eta-hat, and a variance that is not small
 * whatever the estimator found: a prior without variance is a stationary
 * point. */
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

heed_status policy_fit_open(const heed_host *host, preference_kind kind,
                            const comparisons *rows, const heed_instance *prior,
                            const double *fixed_theta,
                            const heed_posterior *posterior, size_t nodes,
                            policy_fit *self, heed_error *error) {
  *self = (policy_fit){
      .kind = kind,
      .rows = rows,
      .scratch = log_linear_room(host, rows->count, rows->features),
      .prior = prior,
      .fit_prior = fixed_theta == NULL};
  if (self->scratch == NULL)
    return heed_fail(error, HEED_MEMORY, "memory is out for training");
  if (kind != PREFERENCE_JOINT) return HEED_OK;
  const heed_status status =
      joint_open(host, prior, nodes, rows->count, rows->features, rows->units,
                 &self->joint, error);
  if (status != HEED_OK) return status;
  const size_t bytes = self->joint->theta_count * sizeof(double);
  self->start_theta = host->scratch(host, bytes, 1);
  if (self->start_theta == NULL)
    return heed_fail(error, HEED_MEMORY, "memory is out for training");
  if (fixed_theta != NULL)
    memcpy(self->start_theta, fixed_theta, bytes);
  else
    start_prior(prior, posterior, self->start_theta);
  return HEED_OK;
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
  const comparisons *rows = self->rows;
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
  const comparisons *rows = self->rows;
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
