/* SPDX-License-Identifier: GPL-3.0-or-later
 * Leaves an annotation out, in three ways:
 *   by classes   reduced histories: the counts minus one
 *   by division  a user's mass over P(choice), if the model is a mixture; a
 *                user's likelihood over P(choice), or, for a model with memory,
 *                over the probability from `attention`
 *   recomputed   a model with memory but without `attention`: the likelihood of
 *                the history without the annotation */
#include "support/attention/leave_out.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/attention/mixture.h"
#include "support/numeric/threads.h"

/* Smaller divisors are not used; the rest is recomputed. */
#define LEAST_PROBABILITY 1e-200
/* The least divisor of a mass: a mass below 1e-300 may have lost digits. */
#define LEAST_DIVISOR 1e-50

static const heed_user_model_functions *model_of(const node_posterior *self) {
  return self->histories->model->plugin->functions;
}

static double dot(size_t count, const double *a, const double *b) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) sum += a[k] * b[k];
  return sum;
}

/* ---- groups of users ---- */

/* For a group's class: the counts minus one, without division. */
static heed_status leave_out_classes(const node_posterior *self,
                                     const heed_host *host,
                                     const attention_left_out *left_out,
                                     heed_error *error) {
  const attention_histories *histories = self->histories;
  const size_t width = histories->classes.count, count = self->node_count;
  const heed_user_model_functions *functions = model_of(self);
  heed_memory memory = {host, false};
  double *log_p = heed_scratch_doubles(&memory, width * count);
  double *rest = heed_scratch_doubles(&memory, count);
  double *mass = heed_scratch_doubles(&memory, count);
  double *table = heed_scratch_doubles(&memory, histories->group_count * width);
  const int64_t *user =
      heed_table_data(histories->crowd->annotations, "user", HEED_INT64);
  if (memory.refused) return heed_no_memory(error);
  functions->probability(histories->model->self, self->phi, &histories->classes,
                         count, self->nodes, log_p);
  for (size_t i = 0; i < width * count; i++) log_p[i] = log(log_p[i]);
  for (size_t g = 0; g < histories->group_count; g++)
    for (size_t excluded = 0; excluded < width; excluded++) {
      if (histories->counts[g * width + excluded] == 0) continue;
      memset(rest, 0, count * sizeof *rest);
      for (size_t c = 0; c < width; c++) {
        const double n = histories->counts[g * width + c] - (c == excluded);
        for (size_t k = 0; n > 0 && k < count; k++)
          rest[k] += n * log_p[c * count + k];
      }
      (void)node_posterior_mass(count, node_posterior_weights(self, g), rest,
                                mass);
      table[g * width + excluded] = dot(count, self->nodes, mass);
    }
  for (size_t i = 0; i < histories->crowd->annotations->rows; i++)
    left_out->eta[i] +=
        left_out->weight * table[histories->group_of[user[i]] * width +
                                 histories_class(histories, i)];
  return HEED_OK;
}

/* ---- one user at a time ---- */

/* Room for the user with the most annotations. */
typedef struct leave_out_room {
  double *p;         /* rows x nodes: P(choice | eta, the others) */
  double *attention; /* rows x nodes */
  double *ends;      /* 2 x rows: g, c */
  double *rest;      /* nodes: log-likelihood of the others */
  double *mass;      /* nodes: given the others */
  int8_t *choice, *left;
  double *own_p;
  size_t *row, *pair;
} leave_out_room;

static heed_status open_room(const node_posterior *self, const heed_host *host,
                             leave_out_room *made, heed_error *error) {
  const size_t count = self->node_count;
  heed_memory memory = {host, false};
  size_t most = 0;
  for (size_t j = 0; j < self->histories->crowd->users->rows; j++)
    most = (size_t)fmax((double)most,
                        (double)(self->histories->crowd->first[j + 1] -
                                 self->histories->crowd->first[j]));
  *made = (leave_out_room){
      .p = heed_scratch_doubles(&memory, most * count),
      .attention = heed_scratch_doubles(&memory, most * count),
      .ends = heed_scratch_doubles(&memory, 2 * most),
      .rest = heed_scratch_doubles(&memory, count),
      .mass = heed_scratch_doubles(&memory, count),
      .choice = heed_scratch(&memory, most, sizeof *made->choice),
      .left = heed_scratch(&memory, most, sizeof *made->left),
      .own_p = heed_scratch_doubles(&memory, most),
      .row = heed_scratch_sizes(&memory, most),
      .pair = heed_scratch_sizes(&memory, most)};
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

/* The log-likelihood of a history without answer i, under a model with
 * memory. */
static void without_answer(const node_posterior *self, size_t user, size_t i,
                           const leave_out_room *room) {
  const heed_answers *whole = &self->histories->answers[user];
  heed_answers others = *whole;
  size_t position = 0;
  for (size_t start = 0; start < whole->count; start++) {
    if (start == i) continue;
    room->choice[position] = whole->choice[start];
    room->left[position] = whole->left[start];
    room->own_p[position] = whole->p[start];
    room->row[position] = whole->row[start];
    room->pair[position++] = whole->pair[start];
  }
  others.count = position;
  others.choice = room->choice;
  others.left = room->left;
  others.p = room->own_p;
  others.row = room->row;
  others.pair = room->pair;
  model_of(self)->log_likelihood(self->histories->model->self, self->phi,
                                 &others, self->node_count, self->nodes,
                                 room->rest);
}

static double times_of(const node_posterior *self, size_t row) {
  return (double)heed_count_at(self->histories->times, row);
}

/* room->rest: divides out the annotation's probability, unless it is too
 * small. */
static void without(const node_posterior *self, size_t user, size_t i,
                    const leave_out_room *room) {
  const size_t count = self->node_count,
               first = self->histories->crowd->first[user];
  const size_t rows = self->histories->crowd->first[user + 1] - first;
  const double *whole =
      self->log_likelihood + self->histories->group_of[user] * count;
  const double *p = room->p + i * count;
  const bool memory = model_of(self)->log_likelihood != NULL;
  double least = HUGE_VAL;
  for (size_t k = 0; k < count; k++) least = fmin(least, p[k]);
  if (memory && !(least > LEAST_PROBABILITY)) {
    without_answer(self, user, i, room);
    return;
  }
  for (size_t k = 0; k < count; k++) {
    if (p[k] > LEAST_PROBABILITY) {
      room->rest[k] = whole[k] - log(p[k]);
      continue;
    }
    room->rest[k] = 0;
    for (size_t other = 0; other < rows; other++) {
      const double n = times_of(self, first + other) - (other == i);
      if (n > 0) room->rest[k] += n * log(room->p[other * count + k]);
    }
  }
}

/* room->attention, room->ends and room->p = a g + (1 - a) c. */
static void attend(const node_posterior *self, size_t user,
                   const leave_out_room *room) {
  static const double one = 1;
  const size_t count = self->node_count,
               first = self->histories->crowd->first[user];
  const size_t rows = self->histories->crowd->first[user + 1] - first;
  double *g = room->ends, *c = room->ends + rows;
  histories_attention(self->histories, self->phi, first, rows, count,
                      self->nodes, room->attention);
  histories_probability(self->histories, self->phi, first, rows, 1, &one, g);
  histories_casual_of(self->histories, self->phi, first, rows, c);
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < count; k++)
      room->p[i * count + k] =
          c[i] + room->attention[i * count + k] * (g[i] - c[i]);
}

/* A model that computes attention, or one without memory. */
static void leave_out_user(const node_posterior *self, const double *mass,
                           size_t user, bool attends,
                           const leave_out_room *room,
                           const attention_left_out *left_out) {
  const size_t count = self->node_count,
               first = self->histories->crowd->first[user];
  const size_t rows = self->histories->crowd->first[user + 1] - first;
  const double *weights =
      node_posterior_weights(self, self->histories->group_of[user]);
  if (attends)
    attend(self, user, room);
  else
    histories_probability(self->histories, self->phi, first, rows, count,
                          self->nodes, room->p);
  for (size_t i = 0; i < rows; i++) {
    const double *a = room->attention + i * count, *p = room->p + i * count;
    double sum = 0;
    without(self, user, i, room);
    (void)node_posterior_mass(count, weights, room->rest, room->mass);
    left_out->eta[first + i] +=
        left_out->weight * dot(count, self->nodes, room->mass);
    if (left_out->attention == NULL) continue;
    left_out->attention[first + i] +=
        left_out->weight * dot(count, a, room->mass);
    for (size_t k = 0; k < count; k++)
      if (mass[k] > 0 && p[k] > 0) sum += mass[k] * a[k] * room->ends[i] / p[k];
    left_out->attended[first + i] += left_out->weight * sum;
  }
}

/* A model with memory that does not compute attention. */
static void leave_out_history(const node_posterior *self, size_t user,
                              const leave_out_room *room,
                              const attention_left_out *left_out) {
  const size_t count = self->node_count,
               first = self->histories->crowd->first[user];
  const size_t rows = self->histories->crowd->first[user + 1] - first;
  const double *weights =
      node_posterior_weights(self, self->histories->group_of[user]);
  for (size_t i = 0; i < rows; i++) {
    without_answer(self, user, i, room);
    (void)node_posterior_mass(count, weights, room->rest, room->mass);
    left_out->eta[first + i] +=
        left_out->weight * dot(count, self->nodes, room->mass);
  }
}

/* ---- mixtures ---- */

/* Whether all P at the nodes are far from 0. */
static bool is_safe(const node_posterior *self, const mixture_ends *ends) {
  const double low = self->nodes[0], high = self->nodes[self->node_count - 1];
  return fmin(ends->c + low * ends->d, ends->c + high * ends->d) >
         LEAST_DIVISOR;
}

typedef struct mixture_job {
  const node_posterior *posterior;
  const double *mass;
  const attention_left_out *left_out;
  attention_mixture mixture;
  bool safe; /* all kinds are */
  const double *inverse;
  bool *later; /* users with a P near 0 */
} mixture_job;

static bool is_user_safe(const mixture_job *job, const mixture_list *list) {
  if (job->safe) return true;
  for (size_t i = 0; i < list->count; i++)
    if (!is_safe(job->posterior,
                 &list->ends[list->kind == NULL ? i : list->kind[i]]))
      return false;
  return true;
}

static void leave_out_part(void *context, size_t part) {
  const mixture_job *job = context;
  const attention_mixture *mixture = &job->mixture;
  for (size_t j = mixture->bound[part]; j < mixture->bound[part + 1]; j++) {
    const mixture_list list = mixture_choices(mixture, j);
    if (list.count == 0) continue;
    job->later[j] = !is_user_safe(job, &list);
    if (!job->later[j])
      mixture->kernels->leave_out(&list, mixture->padded, mixture->node,
                                  mixture_row(mixture, job->mass, j, part),
                                  job->inverse, job->left_out->weight,
                                  job->left_out->eta + mixture->first[j]);
  }
}

/* P of each kind, known or from the user model. */
static void find_ends(const node_posterior *self,
                      const attention_left_out *left_out, mixture_job *job) {
  attention_mixture *mixture = &job->mixture;
  if (self->kind == NULL) {
    histories_probability(self->histories, self->phi, 0, mixture->kinds, 2,
                          mixture_both, left_out->room);
    mixture_subtract(mixture->kinds, mixture->ends);
    return;
  }
  job->safe = true;
  for (size_t c = 0; job->safe && c < mixture->kinds; c++)
    job->safe = is_safe(self, &mixture->ends[c]);
  if (left_out->inverse == NULL) return;
  for (size_t c = 0; c < mixture->kinds; c++)
    for (size_t k = 0; k < mixture->padded; k++)
      left_out->inverse[c * mixture->padded + k] =
          1 / (mixture->ends[c].c + mixture->node[k] * mixture->ends[c].d);
  job->inverse = left_out->inverse;
}

static heed_status leave_out_mixture(const node_posterior *self,
                                     const double *mass, const heed_host *host,
                                     const leave_out_room *room,
                                     const attention_left_out *left_out,
                                     heed_error *error) {
  const heed_crowd *crowd = self->histories->crowd;
  const size_t rows = crowd->annotations->rows, users = crowd->users->rows;
  const bool known = self->kind != NULL;
  mixture_job job = {
      .posterior = self,
      .mass = mass,
      .left_out = left_out,
      .mixture = {.users = users,
                  .kinds = known ? self->kinds : rows,
                  .first = crowd->first,
                  .kind = self->kind,
                  .ends = known ? self->ends : (mixture_ends *)left_out->room},
      .later = host->scratch(host, users, sizeof *job.later)};
  if (job.later == NULL) return heed_no_memory(error);
  const heed_status status =
      mixture_open(host, self->node_count, &job.mixture, error);
  if (status != HEED_OK) return status;
  mixture_place(&job.mixture, self->node_count, self->nodes);
  find_ends(self, left_out, &job);
  threads_run(job.mixture.threads, job.mixture.parts, leave_out_part, &job);
  for (size_t j = 0; j < users; j++)
    if (job.later[j])
      leave_out_user(self, mass + j * self->node_count, j, false, room,
                     left_out);
  return HEED_OK;
}

heed_status leave_out_fill(const node_posterior *self, const double *mass,
                           const heed_host *host,
                           const attention_left_out *left_out,
                           heed_error *error) {
  const heed_user_model_functions *functions = model_of(self);
  const bool wanted = left_out->attention != NULL;
  const bool memory = functions->log_likelihood != NULL;
  leave_out_room room;
  assert(wanted == (left_out->attended != NULL));
  if (wanted && !histories_attends(self->histories))
    return heed_fail(
        error, HEED_UNSUPPORTED,
        "the user model %s does not say which annotations were attended",
        self->histories->model->plugin->name);
  if (self->histories->reduced && !wanted)
    return leave_out_classes(self, host, left_out, error);
  const heed_status status = open_room(self, host, &room, error);
  if (status != HEED_OK) return status;
  if (self->histories->domain.mixture && !memory && !wanted)
    return leave_out_mixture(self, mass, host, &room, left_out, error);
  for (size_t j = 0; j < self->histories->crowd->users->rows; j++) {
    if (memory && functions->attention == NULL)
      leave_out_history(self, j, &room, left_out);
    else
      leave_out_user(self,
                     mass + self->histories->group_of[j] * self->node_count, j,
                     wanted || memory, &room, left_out);
  }
  return HEED_OK;
}
