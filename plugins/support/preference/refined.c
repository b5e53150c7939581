/* SPDX-License-Identifier: GPL-3.0-or-later
 * Refined posteriors: columns of a posterior from a joint fit's nodes and mass.
 */
#include "support/preference/refined.h"

#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/preference/comparisons.h"
#include "support/preference/joint_fit.h"
#include "support/preference/policy_fit.h"

static void make_columns(heed_memory *memory, const joint_fit *fit,
                         size_t annotations, heed_posterior *made) {
  const size_t units = made->units, m = fit->node_count;
  made->mean = heed_allocate_doubles(memory, units);
  made->sd = heed_allocate_doubles(memory, units);
  made->nodes = heed_allocate_doubles(memory, m);
  made->mass = heed_allocate_doubles(memory, units * m);
  made->row = heed_allocate(memory, units, sizeof *made->row);
  made->left_out = heed_allocate_doubles(memory, annotations);
  made->casual = heed_allocate_doubles(memory, annotations);
  made->p = heed_allocate_doubles(memory, annotations);
  made->theta = heed_allocate_doubles(memory, fit->theta_count);
}

static void fill_units(const joint_fit *fit, heed_posterior *made) {
  const size_t m = fit->node_count;
  memcpy(made->nodes, fit->nodes, m * sizeof *made->nodes);
  memcpy(made->mass, fit->mass, made->units * m * sizeof *made->mass);
  memcpy(made->theta, fit->theta, fit->theta_count * sizeof *made->theta);
  for (size_t u = 0; u < made->units; u++) {
    const double *mass = made->mass + u * m;
    const double mean = joint_mean(fit, u);
    double variance = 0.0;
    for (size_t k = 0; k < m; k++)
      variance += mass[k] * (made->nodes[k] - mean) * (made->nodes[k] - mean);
    made->row[u] = u;
    made->mean[u] = mean;
    made->sd[u] = sqrt(variance);
  }
}

/* Removes the label of each annotation that the fit used from its user's
 * mean. */
static heed_status fill_annotations(const heed_host *host,
                                    const heed_crowd *crowd,
                                    const heed_posterior *earlier,
                                    const heed_selection *selection,
                                    const policy_fit *fit, const double *p,
                                    heed_posterior *made, heed_error *error) {
  const crowd_comparisons *rows = fit->rows;
  const joint_fit *joint = fit->joint;
  const joint_crowd seen = comparisons_crowd(rows, rows->weight);
  heed_memory memory = {host, false};
  double *left_out = heed_scratch_doubles(&memory, rows->count);
  size_t *unit = heed_scratch_sizes(&memory, selection->count);
  if (memory.refused) return heed_no_memory(error);
  const heed_status status = comparisons_units(crowd, earlier, unit, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < selection->count; i++) {
    made->left_out[i] = made->mean[unit[i]];
    made->casual[i] = selection->casual[i];
    made->p[i] = p[i];
  }
  joint_left_out(&seen, joint->node_count, joint->nodes, joint->mass,
                 joint->margin, left_out);
  for (size_t i = 0; i < rows->count; i++)
    made->left_out[rows->row[i]] = left_out[i];
  return HEED_OK;
}

heed_status refined_posterior(const heed_host *host, const heed_crowd *crowd,
                              const heed_posterior *earlier,
                              const heed_selection *selection,
                              const policy_fit *fit, const double *p,
                              heed_posterior **result, heed_error *error) {
  const joint_fit *joint = fit->joint;
  heed_memory memory = {host, false};
  heed_posterior *made = heed_allocate(&memory, 1, sizeof *made);
  if (memory.refused) return heed_no_memory(error);
  *made = (heed_posterior){
      .size = sizeof *made,
      .unit =
          earlier->unit == HEED_BY_ANNOTATION ? HEED_BY_USER : earlier->unit,
      .units = fit->rows->units,
      .topics = earlier->topics,
      .node_count = joint->node_count,
      .row_count = fit->rows->units,
      .mu = NAN,
      .mu_low = NAN,
      .mu_high = NAN,
      .log_likelihood = joint->log_likelihood,
      .objective = joint->objective,
      .prior = fit->prior,
      .iterations = joint->steps,
      .converged = joint->converged,
      .identified = true,
  };
  make_columns(&memory, joint, selection->count, made);
  if (memory.refused) return heed_no_memory(error);
  fill_units(joint, made);
  *result = made;
  return fill_annotations(host, crowd, earlier, selection, fit, p, made, error);
}
