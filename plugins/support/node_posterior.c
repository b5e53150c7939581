/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users on nodes. */
#include "support/node_posterior.h"

#include <math.h>
#include <string.h>

#include "support/leave_out.h"

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

double node_posterior_mass(size_t count, const double *log_weight,
                           const double *log_likelihood, double *mass) {
  double most = -HUGE_VAL, sum = 0;
  for (size_t k = 0; k < count; k++) {
    mass[k] = log_weight[k] + log_likelihood[k];
    most = fmax(most, mass[k]);
  }
  if (!(most > -HUGE_VAL)) {
    memset(mass, 0, count * sizeof *mass);
    return -HUGE_VAL;
  }
  for (size_t k = 0; k < count; k++) {
    mass[k] = exp(mass[k] - most);
    sum += mass[k];
  }
  for (size_t k = 0; k < count; k++) mass[k] /= sum;
  return most + log(sum);
}

double node_posterior_quantile(size_t count, const double *nodes,
                               const double *mass, bool discrete, double low,
                               double high, double q) {
  double below = 0;
  for (size_t k = 0; k < count; k++) {
    if (below + mass[k] < q && k + 1 < count) {
      below += mass[k];
      continue;
    }
    if (discrete || count == 1 || !(mass[k] > 0)) return nodes[k];
    const double before = k == 0 ? 2 * nodes[0] - nodes[1] : nodes[k - 1];
    const double after =
        k + 1 == count ? 2 * nodes[k] - nodes[k - 1] : nodes[k + 1];
    const double from = fmax((before + nodes[k]) / 2, low);
    const double to = fmin((nodes[k] + after) / 2, high);
    return from + (to - from) * fmin(fmax((q - below) / mass[k], 0), 1);
  }
  return high;
}

static double mean_of(size_t count, const double *nodes, const double *mass) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) sum += mass[k] * nodes[k];
  return sum;
}

static double sd_of(size_t count, const double *nodes, const double *mass,
                    double mean) {
  double sum = 0;
  for (size_t k = 0; k < count; k++)
    sum += mass[k] * (nodes[k] - mean) * (nodes[k] - mean);
  return sqrt(sum);
}

/* ---- filling ---- */

static heed_status fill_rows(const node_posterior *self, const heed_host *host,
                             heed_posterior *into, heed_error *error) {
  const histories *of = self->of;
  const size_t groups = of->group_count, count = self->node_count;
  into->node_count = count;
  into->row_count = groups;
  into->row = of->group_of;
  into->nodes = host->allocate(host, count, sizeof *into->nodes);
  into->mass = host->allocate(host, groups * count, sizeof *into->mass);
  if (into->nodes == NULL || into->mass == NULL) return no_memory(error);
  memcpy(into->nodes, self->nodes, count * sizeof *into->nodes);
  for (size_t g = 0; g < groups; g++)
    if (!(node_posterior_mass(count, self->log_weight,
                              self->log_likelihood + g * count,
                              into->mass + g * count) > -HUGE_VAL))
      return heed_fail(error, HEED_NUMERIC,
                       "the annotations of a user are impossible at every "
                       "node of the prior");
  return HEED_OK;
}

static heed_status fill_units(const node_posterior *self, const heed_host *host,
                              heed_posterior *into, heed_error *error) {
  const histories *of = self->of;
  const size_t users = of->crowd->users->rows, count = self->node_count;
  const size_t levels = self->level_count;
  into->unit = HEED_BY_USER;
  into->units = users;
  into->level_count = levels;
  into->mean = host->allocate(host, users, sizeof(double));
  into->sd = host->allocate(host, users, sizeof(double));
  into->levels = host->allocate(host, levels, sizeof(double));
  into->quantiles = host->allocate(host, users * levels, sizeof(double));
  if (into->mean == NULL || into->sd == NULL || into->levels == NULL ||
      into->quantiles == NULL)
    return no_memory(error);
  if (levels > 0) memcpy(into->levels, self->levels, levels * sizeof(double));
  for (size_t j = 0; j < users; j++) {
    const double *mass = into->mass + into->row[j] * count;
    into->mean[j] = mean_of(count, self->nodes, mass);
    into->sd[j] = sd_of(count, self->nodes, mass, into->mean[j]);
    for (size_t i = 0; i < levels; i++)
      into->quantiles[j * levels + i] = node_posterior_quantile(
          count, self->nodes, mass, self->discrete, of->domain.low,
          of->domain.high, self->levels[i]);
  }
  return HEED_OK;
}

static heed_status fill_by_user(const node_posterior *self,
                                const heed_host *host, heed_posterior *into,
                                heed_error *error) {
  const size_t annotations = self->of->crowd->annotations->rows;
  heed_status status = fill_rows(self, host, into, error);
  if (status == HEED_OK) status = fill_units(self, host, into, error);
  if (status != HEED_OK) return status;
  into->left_out = host->allocate(host, annotations, sizeof(double));
  into->casual = host->allocate(host, annotations, sizeof(double));
  into->p = self->of->p;
  into->model = self->of->model;
  if (into->left_out == NULL || into->casual == NULL) return no_memory(error);
  histories_casual(self->of, self->phi, into->casual);
  return HEED_OK;
}

/* Puts the posterior by user aside, for predictions. */
static heed_status fill_by_annotation(const node_posterior *self,
                                      const heed_host *host,
                                      heed_posterior *into, heed_error *error) {
  const size_t annotations = self->of->crowd->annotations->rows;
  heed_posterior *by_user = host->allocate(host, 1, sizeof *by_user);
  double *attention = host->allocate(host, annotations, sizeof *attention);
  double *attended = host->allocate(host, annotations, sizeof *attended);
  double *sd = host->allocate(host, annotations, sizeof *sd);
  if (by_user == NULL || attention == NULL || attended == NULL || sd == NULL)
    return no_memory(error);
  *by_user = *into;
  const left_out wanted = {by_user->left_out, attention, attended};
  const heed_status status =
      leave_out_fill(self, by_user->mass, host, &wanted, error);
  if (status != HEED_OK) return status;
  into->unit = HEED_BY_ANNOTATION;
  into->units = annotations;
  into->mean = self->own_label ? attended : attention;
  into->left_out = attention;
  into->sd = sd; /* of a thing that is or is not */
  for (size_t i = 0; i < annotations; i++)
    sd[i] = sqrt(fmax(into->mean[i] * (1 - into->mean[i]), 0));
  into->level_count = into->node_count = into->row_count = 0;
  into->levels = into->quantiles = into->nodes = into->mass = NULL;
  into->row = NULL;
  into->state = by_user;
  return HEED_OK;
}

heed_status node_posterior_fill(const node_posterior *self,
                                const heed_host *host, heed_posterior *into,
                                heed_error *error) {
  const heed_status status = fill_by_user(self, host, into, error);
  if (status != HEED_OK) return status;
  if (self->by_annotation) return fill_by_annotation(self, host, into, error);
  const left_out wanted = {.eta = into->left_out};
  return leave_out_fill(self, into->mass, host, &wanted, error);
}

heed_status node_posterior_levels(const heed_value *levels, heed_error *error) {
  for (size_t i = 1; i < levels->count; i++)
    if (levels->items[i].number <= levels->items[i - 1].number)
      return heed_fail(error, HEED_INVALID,
                       "levels: found %g after %g, expected them to ascend",
                       levels->items[i].number, levels->items[i - 1].number);
  return HEED_OK;
}

heed_status node_posterior_predict(const heed_host *host,
                                   const heed_posterior *from,
                                   const heed_instance *model,
                                   const heed_crowd *held_out, const double *p,
                                   double *probability, heed_error *error) {
  const heed_posterior *posterior =
      from->unit == HEED_BY_ANNOTATION ? from->state : from;
  const heed_user_model_functions *is = model->plugin->functions;
  const heed_table *table = held_out->annotations;
  const size_t count = posterior->node_count;
  const int64_t *user = heed_table_data(table, "user", HEED_INT64);
  const int64_t *pairs = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  const int8_t *left = heed_table_data(table, "left", HEED_INT8);
  double *at_nodes = host->scratch(host, count, sizeof *at_nodes);
  if (at_nodes == NULL) return no_memory(error);
  for (size_t i = 0; i < table->rows; i++) {
    const size_t pair = (size_t)pairs[i];
    const double *mass = posterior->mass + posterior->row[user[i]] * count;
    const heed_answers one = {.size = sizeof one,
                              .count = 1,
                              .choice = choice + i,
                              .left = left + i,
                              .p = p + i,
                              .annotations = table,
                              .pairs = held_out->world->pairs,
                              .row = &i,
                              .pair = &pair};
    is->probability(model->self, posterior->phi, &one, count, posterior->nodes,
                    at_nodes);
    probability[i] = 0;
    for (size_t k = 0; k < count; k++) probability[i] += mass[k] * at_nodes[k];
  }
  return HEED_OK;
}
