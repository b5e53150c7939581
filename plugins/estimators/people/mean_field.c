/* SPDX-License-Identifier: GPL-3.0-or-later
 * Stage 1: mean field.  Beliefs q of pairs and r of users maximise a lower
 * bound of the log evidence,
 *
 *   sum_n E_q E_r log P(y_n | pair, user) - sum_i KL(q_i, prior) -
 *   sum_j KL(r_j, pi) + log-priors of the parameters,
 *
 * in turn.  With C codes and W = log P as a matrix (C K, M):
 *
 *   said = r W'                      messages of users           (J, C K)
 *   S_i = sum over the pair of said  support of pairs            (I, K)
 *   q_i ~ prior exp S_i              pairs.c
 *   T_j = sum over the user of q     by code                     (J, C K)
 *   r_j ~ pi exp(T_j W)                                          (J, M)
 *
 * r is not kept: users are taken in blocks. */
#include <gsl/gsl_cblas.h>
#include <math.h>
#include <string.h>

#include "estimators/people/fit.h"
#include "support/numeric/threads.h"

/* Nodes with less of a user's mass are left out of stage 2. */
static const double least_mass = 1e-5;

/* ---- pairs ---- */

static void gather_part(void *context, size_t part) {
  const people_fit *self = context;
  const crowd_annotations *annotations = self->annotations;
  const size_t pairs = annotations->pairs, width = self->nodes.pairs;
  const threads_range range = threads_share(pairs, part, people_parts(pairs));
  for (size_t i = range.first; i < range.end; i++) {
    double *support = self->support + i * width;
    memset(support, 0, width * sizeof *support);
    people_add_gold(self, i, support);
    for (size_t n = annotations->first_of_pair[i];
         n < annotations->first_of_pair[i + 1]; n++) {
      const double *said =
          self->said + annotations->key[annotations->place[n]] * width;
      for (size_t k = 0; k < width; k++) support[k] += said[k];
    }
  }
}

/* ---- users ---- */

/* Users [first, end) of one block: sums of q into t[users, C K]. */
static void count_block(const people_fit *self, size_t first, size_t end,
                        double *t) {
  const crowd_annotations *annotations = self->annotations;
  const size_t width = self->nodes.pairs, codes = annotations->codes;
  memset(t, 0, (end - first) * codes * width * sizeof *t);
  for (size_t n = annotations->first[first * codes];
       n < annotations->first[end * codes]; n++) {
    const double *q = self->q + annotations->pair[n] * width;
    double *sum = t + (annotations->key[n] - first * codes) * width;
    for (size_t k = 0; k < width; k++) sum[k] += q[k];
  }
}

static void mark_active(people_fit *self, size_t user, const double *r) {
  uint64_t *active = self->active + user * self->words;
  double most = 0;
  memset(active, 0, self->words * sizeof *active);
  for (size_t m = 0; m < self->nodes.users; m++) most = fmax(most, r[m]);
  for (size_t m = 0; m < self->nodes.users; m++)
    if (r[m] > least_mass * most) active[m / 64] |= (uint64_t)1 << m % 64;
}

/* r: in, log likelihood of each node; out, the belief. */
static void believe_user(people_fit *self, size_t user, double *r,
                         people_sums *sums) {
  const size_t users = self->nodes.users, codes = self->annotations->codes;
  const size_t *first = self->annotations->first;
  for (size_t m = 0; m < users; m++) r[m] += self->user_prior[m];
  const double log_z = self->vector->softmax(users, r, r);
  if (self->active != NULL) mark_active(self, user, r);
  if (first[user * codes] == first[(user + 1) * codes]) return;
  sums->log_z += log_z;
  sums->count++;
  for (size_t m = 0; m < users; m++) sums->mass[m] += r[m];
}

static void believe_part(void *context, size_t part) {
  people_fit *self = context;
  const size_t rows = people_table_rows(self), users = self->nodes.users;
  const size_t all = self->annotations->users;
  const threads_range range = threads_share(all, part, people_parts(all));
  people_sums *sums = &self->part[part];
  double *t = self->room + part * self->room_each;
  double *r = t + PEOPLE_BLOCK * rows, *mass = sums->mass;
  *sums = (people_sums){.mass = mass};
  memset(mass, 0, users * sizeof *mass);
  for (size_t first = range.first; first < range.end; first += PEOPLE_BLOCK) {
    const size_t end =
        first + PEOPLE_BLOCK < range.end ? first + PEOPLE_BLOCK : range.end;
    const int count = (int)(end - first), m = (int)users, n = (int)rows;
    count_block(self, first, end, t);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, count, m, n, 1, t, n,
                self->log_table, m, 0, r, m);
    for (size_t j = first; j < end; j++)
      believe_user(self, j, r + (j - first) * users, sums);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, count, n, m, 1, r, m,
                self->log_table, m, 0, self->said + first * rows, n);
  }
}

/* ---- steps ---- */

/* Logarithms of mean probabilities, not mean logarithms: a prior is wide, and
 * the mean logarithm of its worst nodes would hide what users say. */
void people_start(people_fit *self) {
  const size_t rows = people_table_rows(self), users = self->nodes.users;
  for (size_t c = 0; c < rows; c++) {
    double p = 0;
    for (size_t m = 0; m < users; m++)
      p += exp(self->user_prior[m]) * self->table[c * users + m];
    self->said[c] = log(p);
  }
  for (size_t j = 1; j < self->annotations->users; j++)
    memcpy(self->said + j * rows, self->said, rows * sizeof *self->said);
}

double people_mean_field_step(people_fit *self) {
  const size_t users = people_parts(self->annotations->users);
  threads_run(self->threads, people_parts(self->annotations->pairs),
              gather_part, self);
  people_believe_pairs(self);
  threads_run(self->threads, users, believe_part, self);
  people_add_parts(self, users, self->nodes.users, &self->of_users);
  return self->of_users.log_z - self->of_pairs.expected + self->of_pairs.log_z +
         people_log_hyperprior(self);
}

/* Mean field takes pairs to be more certain than they are, and with few labels
 * a pair tau creeps to 0, after the evidence has passed its maximum.  With
 * models, stage 1 ends there. */
heed_status people_mean_field(people_fit *self, people_course *course,
                              heed_error *error) {
  people_start(self);
  course->settles = self->kind != PEOPLE_STRENGTHS;
  return people_run(self, people_mean_field_step, "bound", course, error);
}
