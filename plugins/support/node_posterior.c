/* SPDX-License-Identifier: GPL-3.0-or-later
 * Posteriors of users on nodes. */
#include "support/node_posterior.h"

#include <math.h>
#include <string.h>

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

/* ---- leaving an annotation out ---- */

/* Of a group's class: the counts less one, so that nothing is divided. */
static heed_status leave_out_classes(const node_posterior *self,
                                     const heed_host *host, double *left_out,
                                     heed_error *error) {
  const histories *of = self->of;
  const size_t width = of->domain.class_count, count = self->node_count;
  const heed_user_model_functions *is = of->model->plugin->functions;
  double *log_p = host->scratch(host, width * count, sizeof *log_p);
  double *rest = host->scratch(host, 2 * count, sizeof *rest);
  double *table = host->scratch(host, of->group_count * width, sizeof *table);
  const int64_t *user =
      heed_table_data(of->crowd->annotations, "user", HEED_INT64);
  if (log_p == NULL || rest == NULL || table == NULL) return no_memory(error);
  is->probability(of->model->self, self->phi, &of->classes, count, self->nodes,
                  log_p);
  for (size_t i = 0; i < width * count; i++) log_p[i] = log(log_p[i]);
  for (size_t g = 0; g < of->group_count; g++)
    for (size_t without = 0; without < width; without++) {
      if (of->counts[g * width + without] == 0) continue;
      memset(rest, 0, count * sizeof *rest);
      for (size_t c = 0; c < width; c++) {
        const double n = of->counts[g * width + c] - (c == without);
        for (size_t k = 0; n > 0 && k < count; k++)
          rest[k] += n * log_p[c * count + k];
      }
      (void)node_posterior_mass(count, self->log_weight, rest, rest + count);
      table[g * width + without] = mean_of(count, self->nodes, rest + count);
    }
  for (size_t i = 0; i < of->crowd->annotations->rows; i++)
    left_out[i] =
        table[of->group_of[user[i]] * width +
              is->class_of(of->model->self, of->choice[i], of->left[i])];
  return HEED_OK;
}

/* Of one user of an independent model: divides the annotation's probability
 * out, unless it is too small to divide by. */
static void leave_out_user(const node_posterior *self, size_t user, double *p,
                           double *rest, double *left_out) {
  const histories *of = self->of;
  const size_t first = of->crowd->first[user], count = self->node_count;
  const size_t rows = of->crowd->first[user + 1] - first;
  const double *whole = self->log_likelihood + of->group_of[user] * count;
  histories_probability(of, self->phi, first, rows, count, self->nodes, p);
  for (size_t i = 0; i < rows; i++) {
    for (size_t k = 0; k < count; k++) {
      if (p[i * count + k] > 1e-200) {
        rest[k] = whole[k] - log(p[i * count + k]);
        continue;
      }
      rest[k] = 0;
      for (size_t other = 0; other < rows; other++)
        if (other != i) rest[k] += log(p[other * count + k]);
    }
    (void)node_posterior_mass(count, self->log_weight, rest, rest + count);
    left_out[first + i] = mean_of(count, self->nodes, rest + count);
  }
}

/* Of one user of a model with memory: the history without the annotation. */
static heed_status leave_out_history(const node_posterior *self,
                                     const heed_host *host, size_t user,
                                     double *rest, double *left_out,
                                     heed_error *error) {
  const histories *of = self->of;
  const heed_user_model_functions *is = of->model->plugin->functions;
  const heed_answers *whole = &of->answers[user];
  const size_t rows = whole->count, count = self->node_count;
  int8_t *choice = host->scratch(host, rows, 1);
  int8_t *left = host->scratch(host, rows, 1);
  double *p = host->scratch(host, rows, sizeof *p);
  size_t *row = host->scratch(host, rows, sizeof *row);
  size_t *pair = host->scratch(host, rows, sizeof *pair);
  if (choice == NULL || left == NULL || p == NULL || row == NULL ||
      pair == NULL)
    return no_memory(error);
  for (size_t without = 0; without < rows; without++) {
    heed_answers answers = *whole;
    size_t at = 0;
    for (size_t i = 0; i < rows; i++) {
      if (i == without) continue;
      choice[at] = whole->choice[i];
      left[at] = whole->left[i];
      p[at] = whole->p[i];
      row[at] = whole->row[i];
      pair[at++] = whole->pair[i];
    }
    answers.count = at;
    answers.choice = choice;
    answers.left = left;
    answers.p = p;
    answers.row = row;
    answers.pair = pair;
    is->log_likelihood(of->model->self, self->phi, &answers, count, self->nodes,
                       rest);
    (void)node_posterior_mass(count, self->log_weight, rest, rest + count);
    left_out[of->crowd->first[user] + without] =
        mean_of(count, self->nodes, rest + count);
  }
  return HEED_OK;
}

static heed_status leave_out(const node_posterior *self, const heed_host *host,
                             double *left_out, heed_error *error) {
  const histories *of = self->of;
  const heed_user_model_functions *is = of->model->plugin->functions;
  const size_t count = self->node_count;
  size_t most = 0;
  heed_status status = HEED_OK;
  if (of->reduced) return leave_out_classes(self, host, left_out, error);
  for (size_t g = 0; g < of->group_count; g++)
    if (of->answers[g].count > most) most = of->answers[g].count;
  double *p = host->scratch(host, most * count, sizeof *p);
  double *rest = host->scratch(host, 2 * count, sizeof *rest);
  if (p == NULL || rest == NULL) return no_memory(error);
  for (size_t j = 0; status == HEED_OK && j < of->crowd->users->rows; j++) {
    if (is->log_likelihood != NULL)
      status = leave_out_history(self, host, j, rest, left_out, error);
    else
      leave_out_user(self, j, p, rest, left_out);
  }
  return status;
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

heed_status node_posterior_fill(const node_posterior *self,
                                const heed_host *host, heed_posterior *into,
                                heed_error *error) {
  const histories *of = self->of;
  const size_t annotations = of->crowd->annotations->rows;
  heed_status status = fill_rows(self, host, into, error);
  if (status == HEED_OK) status = fill_units(self, host, into, error);
  if (status != HEED_OK) return status;
  into->left_out = host->allocate(host, annotations, sizeof(double));
  into->casual = host->allocate(host, annotations, sizeof(double));
  into->p = of->p;
  into->model = of->model;
  if (into->left_out == NULL || into->casual == NULL) return no_memory(error);
  histories_casual(of, self->phi, into->casual);
  return leave_out(self, host, into->left_out, error);
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
                                   const heed_posterior *posterior,
                                   const heed_instance *model,
                                   const heed_crowd *held_out, const double *p,
                                   double *probability, heed_error *error) {
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
