/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users on nodes: by group, by user, by annotation.
 *
 * Invariant: each row of mass sums to 1, or the fill fails with HEED_NUMERIC.
 */
#include "support/attention/node_posterior.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "heed/vector.h"
#include "support/attention/leave_out.h"
#include "support/numeric/threads.h"

/* Rows of users are dealt to parts; below so many values another thread costs
 * more than it saves. */
enum { PARTS = 16, VALUES_A_THREAD = 1 << 16 };

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
  assert(count > 0);
  for (size_t k = 0; k < count; k++) {
    if (below + mass[k] < q && k + 1 < count) {
      below += mass[k];
      continue;
    }
    if (discrete || count == 1 || !(mass[k] > 0)) return nodes[k];
    const double earlier = k == 0 ? 2 * nodes[0] - nodes[1] : nodes[k - 1];
    const double later =
        k + 1 == count ? 2 * nodes[k] - nodes[k - 1] : nodes[k + 1];
    const double start = fmax((earlier + nodes[k]) / 2, low);
    const double end = fmin((nodes[k] + later) / 2, high);
    return start + (end - start) * fmin(fmax((q - below) / mass[k], 0), 1);
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

static heed_status fill_units(const node_posterior *self, const heed_host *host,
                              heed_posterior *posterior, heed_error *error) {
  const attention_histories *histories = self->histories;
  const size_t users = histories->crowd->users->rows, count = self->node_count;
  const size_t levels = self->levels == NULL ? 0 : self->levels->count;
  heed_memory memory = {host, false};
  posterior->units = users;
  posterior->level_count = levels;
  posterior->mean = heed_allocate_doubles(&memory, users);
  posterior->sd = heed_allocate_doubles(&memory, users);
  posterior->levels = heed_allocate_doubles(&memory, levels);
  posterior->quantiles = heed_allocate_doubles(&memory, users * levels);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < levels; i++)
    posterior->levels[i] = self->levels->items[i].number;
  for (size_t j = 0; j < users; j++) {
    const double *mass = posterior->mass + posterior->row[j] * count;
    posterior->mean[j] = mean_of(count, self->nodes, mass);
    posterior->sd[j] = sd_of(count, self->nodes, mass, posterior->mean[j]);
    for (size_t i = 0; i < levels; i++)
      posterior->quantiles[j * levels + i] = node_posterior_quantile(
          count, self->nodes, mass, self->discrete, histories->domain.low,
          histories->domain.high, posterior->levels[i]);
  }
  return HEED_OK;
}

/* ---- mixtures ---- */

/* Unless kinds are fewer by this factor, 1 / P of kinds costs more than it
 * saves. */
enum { CHOICES_A_KIND = 64 };

static heed_status open_rows(const node_posterior *shape, const heed_host *host,
                             heed_posterior *posterior, double **rows,
                             heed_error *error) {
  const attention_histories *histories = shape->histories;
  const size_t groups = histories->group_count, count = shape->node_count;
  heed_memory memory = {host, false};
  assert(histories->domain.dimension == 1);
  posterior->unit = HEED_BY_USER;
  posterior->node_count = count;
  posterior->row_count = groups;
  posterior->row = histories->group_of;
  posterior->nodes = heed_allocate_doubles(&memory, count);
  posterior->mass = heed_allocate_doubles(&memory, groups * count);
  *rows = heed_scratch_doubles(&memory, groups * count);
  if (memory.refused) return heed_no_memory(error);
  memcpy(posterior->nodes, shape->nodes, count * sizeof *posterior->nodes);
  return HEED_OK;
}

heed_status node_mixture_open(const node_posterior *shape,
                              const heed_host *host, heed_posterior *posterior,
                              node_mixture *result, heed_error *error) {
  const size_t annotations = shape->histories->crowd->annotations->rows;
  const bool known = shape->kind != NULL;
  heed_memory memory = {host, false};
  *result = (node_mixture){.posterior = posterior};
  const heed_status status =
      open_rows(shape, host, posterior, &result->rows, error);
  if (status != HEED_OK) return status;
  posterior->left_out = heed_allocate_doubles(&memory, annotations);
  posterior->casual = heed_allocate_doubles(&memory, annotations);
  if (!known && !shape->histories->reduced)
    result->room = heed_scratch_doubles(&memory, 2 * annotations);
  if (known && shape->kinds <= annotations / CHOICES_A_KIND)
    result->inverse = heed_scratch_doubles(
        &memory, shape->kinds * mixture_padded(shape->node_count));
  if (shape->by_annotation) {
    result->attention = heed_allocate_doubles(&memory, annotations);
    result->attended = heed_allocate_doubles(&memory, annotations);
  }
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

typedef struct rows_job {
  const node_posterior *fit;
  const heed_vector *vector;
  double weight, *rows, *mass;
  bool impossible[PARTS];
} rows_job;

/* As node_posterior_mass(); false: no node is possible. */
static bool fill_row(const rows_job *job, size_t group, double *row) {
  const size_t count = job->fit->node_count;
  const double *weight = node_posterior_weights(job->fit, group);
  const double *likelihood = job->fit->log_likelihood + group * count;
  for (size_t k = 0; k < count; k++) row[k] = weight[k] + likelihood[k];
  if (job->vector->softmax(count, row, row) > -HUGE_VAL) return true;
  memset(row, 0, count * sizeof *row);
  return false;
}

/* Rows of a part of the groups, and their share of the mixture. */
static void fill_rows(void *context, size_t part) {
  rows_job *job = context;
  const size_t count = job->fit->node_count;
  const threads_range range =
      threads_share(job->fit->histories->group_count, part, PARTS);
  for (size_t g = range.first; g < range.end; g++) {
    double *row = job->rows + g * count;
    if (!fill_row(job, g, row)) job->impossible[part] = true;
    for (size_t k = 0; k < count; k++)
      job->mass[g * count + k] += job->weight * row[k];
  }
}

static heed_status add_rows(const node_posterior *fit, double weight,
                            const heed_host *host, double *rows, double *mass,
                            heed_error *error) {
  rows_job job = {.fit = fit,
                  .vector = heed_vector_of(host),
                  .weight = weight,
                  .rows = rows,
                  .mass = mass};
  const size_t values = fit->histories->group_count * fit->node_count;
  if (job.vector == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "this estimator needs a host with the extension \"%s\"",
                     HEED_VECTOR);
  threads_run(values < VALUES_A_THREAD ? 1 : heed_threads(host), PARTS,
              fill_rows, &job);
  for (size_t part = 0; part < PARTS; part++)
    if (job.impossible[part])
      return heed_fail(error, HEED_NUMERIC,
                       "the annotations of a user are impossible at every "
                       "node of the prior");
  return HEED_OK;
}

heed_status node_mixture_add(node_mixture *self, double weight,
                             const node_posterior *fit, const heed_host *host,
                             heed_error *error) {
  const attention_left_out sums = {.weight = weight,
                                   .eta = self->posterior->left_out,
                                   .attention = self->attention,
                                   .attended = self->attended,
                                   .room = self->room,
                                   .inverse = self->inverse};
  const heed_status status =
      add_rows(fit, weight, host, self->rows, self->posterior->mass, error);
  self->weights += weight;
  return status == HEED_OK ? leave_out_fill(fit, self->rows, host, &sums, error)
                           : status;
}

static void divide(size_t count, double weights, double *sum) {
  if (weights == 1) return;
  for (size_t i = 0; i < count; i++) sum[i] /= weights;
}

/* Stores the posterior by user for predictions. */
static heed_status turn_by_annotation(const node_mixture *self,
                                      const node_posterior *shown,
                                      const heed_host *host,
                                      heed_error *error) {
  const size_t annotations = shown->histories->crowd->annotations->rows;
  heed_posterior *posterior = self->posterior;
  heed_memory memory = {host, false};
  heed_posterior *by_user = heed_allocate(&memory, 1, sizeof *by_user);
  double *sd = heed_allocate_doubles(&memory, annotations);
  if (memory.refused) return heed_no_memory(error);
  *by_user = *posterior;
  posterior->unit = HEED_BY_ANNOTATION;
  posterior->units = annotations;
  posterior->mean = shown->own_label ? self->attended : self->attention;
  posterior->left_out = self->attention;
  posterior->sd = sd; /* of a binary variable */
  for (size_t i = 0; i < annotations; i++)
    sd[i] = sqrt(fmax(posterior->mean[i] * (1 - posterior->mean[i]), 0));
  posterior->level_count = posterior->node_count = posterior->row_count = 0;
  posterior->levels = posterior->quantiles = posterior->nodes =
      posterior->mass = NULL;
  posterior->row = NULL;
  posterior->state = by_user;
  return HEED_OK;
}

heed_status node_mixture_close(node_mixture *self, const node_posterior *shown,
                               const heed_host *host, heed_error *error) {
  heed_posterior *posterior = self->posterior;
  const size_t annotations = shown->histories->crowd->annotations->rows;
  divide(posterior->row_count * posterior->node_count, self->weights,
         posterior->mass);
  divide(annotations, self->weights, posterior->left_out);
  if (self->attention != NULL) {
    divide(annotations, self->weights, self->attention);
    divide(annotations, self->weights, self->attended);
  }
  const heed_status status = fill_units(shown, host, posterior, error);
  if (status != HEED_OK) return status;
  posterior->p = shown->histories->p;
  posterior->model = shown->histories->model;
  histories_casual(shown->histories, shown->phi, posterior->casual);
  return self->attention == NULL ? HEED_OK
                                 : turn_by_annotation(self, shown, host, error);
}

heed_status node_posterior_fill(const node_posterior *self,
                                const heed_host *host,
                                heed_posterior *posterior, heed_error *error) {
  node_mixture mixture;
  heed_status status =
      node_mixture_open(self, host, posterior, &mixture, error);
  if (status == HEED_OK)
    status = node_mixture_add(&mixture, 1, self, host, error);
  return status == HEED_OK ? node_mixture_close(&mixture, self, host, error)
                           : status;
}

heed_status node_posterior_fill_mass(const node_posterior *self,
                                     const heed_host *host,
                                     heed_posterior *posterior,
                                     heed_error *error) {
  double *rows;
  const heed_status status = open_rows(self, host, posterior, &rows, error);
  return status == HEED_OK
             ? add_rows(self, 1, host, rows, posterior->mass, error)
             : status;
}

heed_status node_posterior_levels(const heed_value *levels, heed_error *error) {
  for (size_t i = 1; i < levels->count; i++)
    if (levels->items[i].number <= levels->items[i - 1].number)
      return heed_fail(error, HEED_INVALID,
                       "levels: found %g after %g, expected ascending levels",
                       levels->items[i].number, levels->items[i - 1].number);
  return HEED_OK;
}

heed_status node_posterior_predict(const heed_host *host,
                                   const heed_posterior *given,
                                   const heed_instance *model,
                                   const heed_crowd *held_out, const double *p,
                                   double *probability, heed_error *error) {
  const heed_posterior *posterior =
      given->unit == HEED_BY_ANNOTATION ? given->state : given;
  const heed_user_model_functions *functions = model->plugin->functions;
  const heed_table *table = held_out->annotations;
  const size_t count = posterior->node_count;
  const int64_t *user = heed_table_data(table, "user", HEED_INT64);
  const int64_t *pairs = heed_table_data(table, "pair", HEED_INT64);
  const int8_t *choice = heed_table_data(table, "choice", HEED_INT8);
  const int8_t *left = heed_table_data(table, "left", HEED_INT8);
  double *at_nodes = host->scratch(host, count, sizeof *at_nodes);
  if (at_nodes == NULL) return heed_no_memory(error);
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
    functions->probability(model->self, posterior->phi, &one, count,
                           posterior->nodes, at_nodes);
    probability[i] = 0;
    for (size_t k = 0; k < count; k++) probability[i] += mass[k] * at_nodes[k];
  }
  return HEED_OK;
}
