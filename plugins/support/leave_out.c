/* SPDX-License-Identifier: GPL-3.0-or-later
 * Leaving an annotation out. */
#include "support/leave_out.h"

#include <math.h>
#include <string.h>

/* Below it nothing is divided by: the rest is computed anew. */
#define LEAST_PROBABILITY 1e-200

static heed_status no_memory(heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "memory is out");
}

static const heed_user_model_functions *model_of(const node_posterior *self) {
  return self->of->model->plugin->functions;
}

static double dot(size_t count, const double *a, const double *b) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) sum += a[k] * b[k];
  return sum;
}

/* ---- groups of users ---- */

/* Of a group's class: the counts less one, so that nothing is divided. */
static heed_status leave_out_classes(const node_posterior *self,
                                     const heed_host *host, double *eta,
                                     heed_error *error) {
  const histories *of = self->of;
  const size_t width = of->domain.class_count, count = self->node_count;
  const heed_user_model_functions *is = model_of(self);
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
      table[g * width + without] = dot(count, self->nodes, rest + count);
    }
  for (size_t i = 0; i < of->crowd->annotations->rows; i++)
    eta[i] = table[of->group_of[user[i]] * width +
                   is->class_of(of->model->self, of->choice[i], of->left[i])];
  return HEED_OK;
}

/* ---- one user at a time ---- */

/* Room for the user with the most annotations. */
typedef struct room {
  double *p;         /* rows x nodes: P(choice | eta, the others) */
  double *attention; /* rows x nodes */
  double *ends;      /* 2 x rows: g, c */
  double *rest;      /* nodes: log-likelihood of the others */
  double *mass;      /* nodes: given the others */
  int8_t *choice, *left;
  double *own_p;
  size_t *row, *pair;
} room;

static bool open_room(const node_posterior *self, const heed_host *host,
                      room *made) {
  const size_t count = self->node_count;
  size_t most = 0;
  for (size_t j = 0; j < self->of->crowd->users->rows; j++)
    most = (size_t)fmax((double)most, (double)(self->of->crowd->first[j + 1] -
                                               self->of->crowd->first[j]));
  made->p = host->scratch(host, 2 * most * count, sizeof *made->p);
  made->ends = host->scratch(host, 3 * most, sizeof *made->ends);
  made->rest = host->scratch(host, 2 * count, sizeof *made->rest);
  made->choice = host->scratch(host, 2 * most, sizeof *made->choice);
  made->row = host->scratch(host, 2 * most, sizeof *made->row);
  if (made->p == NULL || made->ends == NULL || made->rest == NULL ||
      made->choice == NULL || made->row == NULL)
    return false;
  made->attention = made->p + most * count;
  made->own_p = made->ends + 2 * most;
  made->mass = made->rest + count;
  made->left = made->choice + most;
  made->pair = made->row + most;
  return true;
}

/* The log-likelihood of a history of a model with memory, without answer i. */
static void without_answer(const node_posterior *self, size_t user, size_t i,
                           const room *of) {
  const heed_answers *whole = &self->of->answers[user];
  heed_answers others = *whole;
  size_t at = 0;
  for (size_t from = 0; from < whole->count; from++) {
    if (from == i) continue;
    of->choice[at] = whole->choice[from];
    of->left[at] = whole->left[from];
    of->own_p[at] = whole->p[from];
    of->row[at] = whole->row[from];
    of->pair[at++] = whole->pair[from];
  }
  others.count = at;
  others.choice = of->choice;
  others.left = of->left;
  others.p = of->own_p;
  others.row = of->row;
  others.pair = of->pair;
  model_of(self)->log_likelihood(self->of->model->self, self->phi, &others,
                                 self->node_count, self->nodes, of->rest);
}

/* of->rest: divides the annotation's probability out, unless it is too small
 * to divide by. */
static void without(const node_posterior *self, size_t user, size_t i,
                    const room *of) {
  const size_t count = self->node_count, first = self->of->crowd->first[user];
  const size_t rows = self->of->crowd->first[user + 1] - first;
  const double *whole = self->log_likelihood + self->of->group_of[user] * count;
  const double *p = of->p + i * count;
  const bool memory = model_of(self)->log_likelihood != NULL;
  double least = HUGE_VAL;
  for (size_t k = 0; k < count; k++) least = fmin(least, p[k]);
  if (memory && !(least > LEAST_PROBABILITY)) {
    without_answer(self, user, i, of);
    return;
  }
  for (size_t k = 0; k < count; k++) {
    if (p[k] > LEAST_PROBABILITY) {
      of->rest[k] = whole[k] - log(p[k]);
      continue;
    }
    of->rest[k] = 0;
    for (size_t other = 0; other < rows; other++)
      if (other != i) of->rest[k] += log(of->p[other * count + k]);
  }
}

/* of->attention, of->ends and of->p = a g + (1 - a) c. */
static void attend(const node_posterior *self, size_t user, const room *of) {
  static const double one = 1;
  const size_t count = self->node_count, first = self->of->crowd->first[user];
  const size_t rows = self->of->crowd->first[user + 1] - first;
  double *g = of->ends, *c = of->ends + rows;
  histories_attention(self->of, self->phi, first, rows, count, self->nodes,
                      of->attention);
  histories_probability(self->of, self->phi, first, rows, 1, &one, g);
  histories_casual_of(self->of, self->phi, first, rows, c);
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < count; k++)
      of->p[i * count + k] =
          c[i] + of->attention[i * count + k] * (g[i] - c[i]);
}

/* A model that says when users attend, or one without memory. */
static void leave_out_user(const node_posterior *self, const double *mass,
                           size_t user, bool attends, const room *of,
                           const left_out *into) {
  const size_t count = self->node_count, first = self->of->crowd->first[user];
  const size_t rows = self->of->crowd->first[user + 1] - first;
  if (attends)
    attend(self, user, of);
  else
    histories_probability(self->of, self->phi, first, rows, count, self->nodes,
                          of->p);
  for (size_t i = 0; i < rows; i++) {
    const double *a = of->attention + i * count, *p = of->p + i * count;
    double sum = 0;
    without(self, user, i, of);
    (void)node_posterior_mass(count, self->log_weight, of->rest, of->mass);
    into->eta[first + i] = dot(count, self->nodes, of->mass);
    if (into->attention == NULL) continue;
    into->attention[first + i] = dot(count, a, of->mass);
    for (size_t k = 0; k < count; k++)
      if (mass[k] > 0 && p[k] > 0) sum += mass[k] * a[k] * of->ends[i] / p[k];
    into->attended[first + i] = sum;
  }
}

/* A model with memory that does not say when users attend. */
static void leave_out_history(const node_posterior *self, size_t user,
                              const room *of, double *eta) {
  const size_t count = self->node_count, first = self->of->crowd->first[user];
  const size_t rows = self->of->crowd->first[user + 1] - first;
  for (size_t i = 0; i < rows; i++) {
    without_answer(self, user, i, of);
    (void)node_posterior_mass(count, self->log_weight, of->rest, of->mass);
    eta[first + i] = dot(count, self->nodes, of->mass);
  }
}

heed_status leave_out_fill(const node_posterior *self, const double *mass,
                           const heed_host *host, const left_out *into,
                           heed_error *error) {
  const heed_user_model_functions *is = model_of(self);
  const bool wanted = into->attention != NULL;
  const bool memory = is->log_likelihood != NULL;
  room of;
  if (wanted && !histories_attends(self->of))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "the user model %s does not say which annotations were "
                     "attended",
                     self->of->model->plugin->name);
  if (self->of->reduced && !wanted)
    return leave_out_classes(self, host, into->eta, error);
  if (!open_room(self, host, &of)) return no_memory(error);
  for (size_t j = 0; j < self->of->crowd->users->rows; j++) {
    if (memory && is->attention == NULL)
      leave_out_history(self, j, &of, into->eta);
    else
      leave_out_user(self, mass + self->of->group_of[j] * self->node_count, j,
                     wanted || memory, &of, into);
  }
  return HEED_OK;
}
