/* SPDX-License-Identifier: GPL-3.0-or-later
 * Mixtures: users in parts, each part on one thread. */
#include "support/attention/mixture.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/memory.h"
#include "support/numeric/threads.h"

static const double LN_2 = 0x1.62e42fefa39efp-1;

/* Parts of users. */
enum { PARTS_MOST = 64 };
/* With fewer choices, another thread costs more than it saves. */
enum { CHOICES_A_THREAD = 4096 };

static size_t choices_of(const attention_mixture *self) {
  return self->first[self->users] +
         (self->power_first == NULL ? 0 : self->power_first[self->users]);
}

/* The number of users whose choices begin before the part's share of all. */
size_t mixture_bound(const attention_mixture *self, size_t part, size_t parts) {
  const size_t wanted =
      threads_share(self->first[self->users], part, parts).first;
  size_t low = 0, high = self->users;
  if (part == 0) return 0;
  if (part == parts) return self->users;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (self->first[middle] < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static size_t at_most(size_t count, size_t most) {
  return count == 0 ? 1 : count < most ? count : most;
}

heed_status mixture_open(const heed_host *host, size_t nodes,
                         attention_mixture *self, heed_error *error) {
  heed_memory memory = {host, false};
  self->kernels = mixture_kernels_best();
  self->vector = heed_vector_of(host);
  self->threads =
      at_most(choices_of(self) / CHOICES_A_THREAD, heed_threads(host));
  if (self->vector == NULL)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "this estimator needs a host with the extension \"%s\"",
                     HEED_VECTOR);
  self->padded = mixture_padded(nodes);
  self->parts = at_most(self->users, PARTS_MOST);
  const size_t room = self->parts * self->padded;
  self->node = heed_scratch_doubles(&memory, self->padded);
  self->bound = heed_scratch_sizes(&memory, self->parts + 1);
  self->room = heed_scratch_doubles(&memory, 2 * room);
  self->exponent = heed_scratch(&memory, room, sizeof *self->exponent);
  if (memory.refused) return heed_no_memory(error);
  for (size_t part = 0; part <= self->parts; part++)
    self->bound[part] = mixture_bound(self, part, self->parts);
  return HEED_OK;
}

void mixture_place(attention_mixture *self, size_t nodes, const double *node) {
  self->nodes = nodes;
  self->padded = mixture_padded(nodes);
  mixture_pad(nodes, node, self->node);
}

const double mixture_both[2] = {0, 1};

void mixture_subtract(size_t count, mixture_ends *ends) {
  for (size_t i = 0; i < count; i++) ends[i].d -= ends[i].c;
}

/* ---- likelihoods ---- */

typedef struct likelihood_job {
  const attention_mixture *mixture;
  size_t interval;
  double *log_likelihood, *likelihood, *most;
} likelihood_job;

static void find_row(const likelihood_job *job, size_t part, size_t user) {
  const attention_mixture *self = job->mixture;
  const mixture_list list = mixture_choices(self, user);
  double *mantissa = self->room + 2 * part * self->padded;
  double *scaled = mantissa + self->padded;
  int64_t *exponent = self->exponent + part * self->padded;
  double *row = job->log_likelihood + user * self->nodes;
  self->kernels->product(&list, job->interval, self->padded, self->node,
                         mantissa, exponent);
  self->vector->log(self->nodes, mantissa, row);
  for (size_t k = 0; k < self->nodes; k++) row[k] += (double)exponent[k] * LN_2;
  if (job->likelihood == NULL) return;
  const int64_t most =
      self->kernels->scale(self->padded, mantissa, exponent, scaled);
  memcpy(job->likelihood + user * self->nodes, scaled,
         self->nodes * sizeof *scaled);
  job->most[user] = most == INT64_MIN ? -HUGE_VAL : (double)most * LN_2;
}

static void find_rows(void *context, size_t part) {
  const likelihood_job *job = context;
  for (size_t j = job->mixture->bound[part]; j < job->mixture->bound[part + 1];
       j++)
    find_row(job, part, j);
}

void mixture_likelihood(const attention_mixture *self, double *log_likelihood,
                        double *likelihood, double *most) {
  likelihood_job job = {.mixture = self,
                        .interval = mixture_interval(self->kinds, self->ends,
                                                     self->nodes, self->node),
                        .log_likelihood = log_likelihood,
                        .likelihood = likelihood,
                        .most = most};
  threads_run(self->threads, self->parts, find_rows, &job);
}

/* ---- sums over users ---- */

typedef struct sums_job {
  const attention_mixture *mixture;
  const double *r;
  double *target; /* (C) */
} sums_job;

const double *mixture_row(const attention_mixture *self, const double *r,
                          size_t user, size_t part) {
  double *room = self->room + 2 * part * self->padded;
  memcpy(room, r + user * self->nodes, self->nodes * sizeof *room);
  memset(room + self->nodes, 0, (self->padded - self->nodes) * sizeof *room);
  return room;
}

static void sum_attended(void *context, size_t part) {
  const sums_job *job = context;
  const attention_mixture *self = job->mixture;
  for (size_t j = self->bound[part]; j < self->bound[part + 1]; j++) {
    const mixture_list list = mixture_choices(self, j);
    self->kernels->add_attended(
        &list, self->padded, self->node, mixture_row(self, job->r, j, part),
        job->target + (self->kind == NULL ? self->first[j] : 0));
  }
}

void mixture_attended(const attention_mixture *self, const double *r,
                      double *attended) {
  sums_job job = {self, r, attended};
  memset(attended, 0, self->kinds * sizeof *attended);
  threads_run(self->kind == NULL ? self->threads : 1, self->parts, sum_attended,
              &job);
}
