/* SPDX-License-Identifier: GPL-3.0-or-later
 * A scene for tests of estimators that judge users by each other: users whose
 * annotations overlap on pairs that have a better response, and brute force
 * over which it is. */
#ifndef HEED_TESTS_OVERLAPPING_H
#define HEED_TESTS_OVERLAPPING_H

#include "workbench.h"

typedef struct test_overlapping {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  double trace[4096]; /* the objective by step */
  int8_t *choice;     /* annotations */
  const int64_t *user, *pair;
  bool *better; /* pairs: A's response is; where simulated */
  double *eta;  /* users; where simulated */
} test_overlapping;

static inline void overlapping_open(test_overlapping *self, uint64_t seed) {
  memset(self, 0, sizeof *self);
  workbench_open(&self->bench, seed);
  self->bench.series = self->trace;
  self->bench.series_room = sizeof self->trace / sizeof *self->trace;
}

static inline void overlapping_close(test_overlapping *self) {
  workbench_close(&self->bench);
}

/* rows annotations, ordered by user; choice HEED_CHOSE_… */
static inline void overlapping_crowd(test_overlapping *self, size_t users,
                                     size_t pairs, size_t rows,
                                     const size_t *user, const size_t *pair,
                                     const int8_t *choice) {
  const heed_host *host = &self->bench.host.host;
  heed_table *people = host->table(host, "users", users);
  heed_table *said = host->table(host, "annotations", rows);
  int64_t *keys = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *events = host->column(host, said, "pair", HEED_INT64, 1);
  int8_t *left = host->column(host, said, "left", HEED_INT8, 1);
  size_t *first = host->allocate(host, users + 1, sizeof *first);
  self->choice = host->column(host, said, "choice", HEED_INT8, 1);
  for (size_t i = 0; i < rows; i++) {
    keys[i] = (int64_t)user[i];
    events[i] = (int64_t)pair[i];
    left[i] = HEED_LEFT_UNKNOWN;
    self->choice[i] = choice[i];
    first[user[i] + 1] = i + 1;
  }
  for (size_t j = 0; j < users; j++)
    if (first[j + 1] < first[j]) first[j + 1] = first[j];
  self->user = keys;
  self->pair = events;
  self->world = (heed_world){.size = sizeof self->world,
                             .pairs = host->table(host, "pairs", pairs),
                             .mu = NAN,
                             .mu_requested = NAN};
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = people,
                             .annotations = said,
                             .first = first};
}

/* Users of attentiveness eta[users], each on `each` of the pairs; A's response
 * is better in 60 %.  Attentive choices are right, others follow spam[users],
 * the P(A) of a user who does not look; NULL: a coin. */
static inline void overlapping_simulate(test_overlapping *self, size_t users,
                                        size_t pairs, size_t each,
                                        const double *eta, const double *spam) {
  const heed_host *host = &self->bench.host.host;
  const size_t rows = users * each;
  size_t *user = host->scratch(host, rows, sizeof *user);
  size_t *pair = host->scratch(host, rows, sizeof *pair);
  int8_t *choice = host->scratch(host, rows, sizeof *choice);
  self->better = host->allocate(host, pairs, sizeof *self->better);
  self->eta = host->allocate(host, users, sizeof *self->eta);
  for (size_t i = 0; i < pairs; i++) {
    heed_stream stream = host->stream(host, "pairs", i);
    self->better[i] = heed_uniform(&stream) < 0.6;
  }
  for (size_t j = 0; j < users; j++) {
    heed_stream stream = host->stream(host, "users", j);
    const size_t start = heed_uniform_integer(&stream, pairs);
    const size_t step = 1 + heed_uniform_integer(&stream, pairs / each);
    self->eta[j] = eta[j];
    for (size_t i = 0; i < each; i++) {
      const size_t row = j * each + i;
      const bool attends = heed_uniform(&stream) < fabs(eta[j]);
      const bool casual =
          heed_uniform(&stream) < (spam == NULL ? 0.5 : spam[j]);
      user[row] = j;
      pair[row] = (start + i * step) % pairs;
      const bool right = self->better[pair[row]] == (eta[j] > 0);
      choice[row] = (attends ? right : casual) ? HEED_CHOSE_A : HEED_CHOSE_B;
    }
  }
  overlapping_crowd(self, users, pairs, rows, user, pair, choice);
}

static inline const heed_instance *overlapping_made(test_overlapping *self,
                                                    const char *name,
                                                    const char *parameters) {
  return workbench_make(&self->bench, HEED_ESTIMATOR, name, parameters);
}

static inline heed_status overlapping_try(test_overlapping *self,
                                          const heed_instance *instance) {
  const heed_estimator_functions *functions = instance->plugin->functions;
  self->posterior = (heed_posterior){.size = sizeof self->posterior,
                                     .mu = NAN,
                                     .mu_low = NAN,
                                     .mu_high = NAN,
                                     .log_likelihood = NAN,
                                     .objective = NAN};
  self->bench.warned[0] = 0;
  self->bench.series_count = 0;
  return functions->estimate(instance->self, &self->bench.host.host,
                             &self->crowd, &self->posterior,
                             &self->bench.error);
}

static inline const heed_posterior *overlapping_fit(
    test_overlapping *self, const heed_instance *instance) {
  if (overlapping_try(self, instance) != HEED_OK)
    fail_msg("%s", self->bench.error.message);
  return &self->posterior;
}

/* P(choice of row | z of its pair is A, or B): the model under test. */
typedef double test_overlapping_model(void *context,
                                      const test_overlapping *self, size_t row,
                                      bool better_a);

/* log P(all choices but that of row `without`), by enumeration of every z of
 * all pairs; q[pairs], unless NULL: P(z = A | them). */
static inline double overlapping_enumerate(const test_overlapping *self,
                                           test_overlapping_model *model,
                                           void *context, double share,
                                           size_t excluded, double *q) {
  const size_t pairs = self->world.pairs->rows;
  const size_t rows = self->crowd.annotations->rows;
  double sum = 0, with_a[16] = {0};
  assert_true(pairs <= 16);
  for (size_t z = 0; z < (size_t)1 << pairs; z++) {
    double p = 1;
    for (size_t i = 0; i < pairs; i++) p *= z >> i & 1 ? share : 1 - share;
    for (size_t r = 0; r < rows; r++)
      if (r != excluded && self->choice[r] != HEED_CHOSE_TIE)
        p *= model(context, self, r, (z >> self->pair[r] & 1) != 0);
    sum += p;
    for (size_t i = 0; i < pairs; i++)
      if (z >> i & 1) with_a[i] += p;
  }
  for (size_t i = 0; q != NULL && i < pairs; i++) q[i] = with_a[i] / sum;
  return log(sum);
}

/* A small crowd with disagreement, a user who is mostly wrong, a tie, and a
 * pair of one annotation: 6 users, 7 pairs. */
static inline void overlapping_small(test_overlapping *self) {
  static const char *const said[6] = {"AABAB.A", "AABBB..", "ABBAB.A",
                                      "BBABAA.", ".ABTB..", "A.B.B.B"};
  size_t user[42], pair[42], rows = 0;
  int8_t choice[42];
  for (size_t j = 0; j < 6; j++)
    for (size_t i = 0; i < 7; i++) {
      if (said[j][i] == '.') continue;
      user[rows] = j;
      pair[rows] = i;
      choice[rows++] = said[j][i] == 'A'   ? HEED_CHOSE_A
                       : said[j][i] == 'B' ? HEED_CHOSE_B
                                           : HEED_CHOSE_TIE;
    }
  overlapping_crowd(self, 6, 7, rows, user, pair, choice);
}

/* Every pair has one annotation. */
static inline void overlapping_apart(test_overlapping *self) {
  size_t user[12], pair[12];
  int8_t choice[12];
  for (size_t i = 0; i < 12; i++) {
    user[i] = i / 4;
    pair[i] = i;
    choice[i] = i % 3 == 0 ? HEED_CHOSE_B : HEED_CHOSE_A;
  }
  overlapping_crowd(self, 3, 12, 12, user, pair, choice);
}

static inline void overlapping_never_falls(const test_overlapping *self) {
  assert_true(self->bench.series_count > 1);
  for (size_t i = 1; i < self->bench.series_count; i++)
    if (self->trace[i] < self->trace[i - 1] - 1e-9)
      fail_msg("the objective fell from %.12f to %.12f at step %zu",
               self->trace[i - 1], self->trace[i], i);
}

/* The x in [low, high] where value is largest, by golden section. */
static inline double overlapping_largest(double (*value)(void *, double),
                                         void *context, double low,
                                         double high) {
  const double golden = 0.61803398874989484820;
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double fa = value(context, a), fb = value(context, b);
  for (int i = 0; i < 100; i++) {
    if (fa < fb) {
      low = a;
      a = b;
      fa = fb;
      b = low + golden * (high - low);
      fb = value(context, b);
    } else {
      high = b;
      b = a;
      fb = fa;
      a = high - golden * (high - low);
      fa = value(context, a);
    }
  }
  return (low + high) / 2;
}

static inline double overlapping_rmse(const test_overlapping *self) {
  const size_t users = self->crowd.users->rows;
  double sum = 0;
  for (size_t j = 0; j < users; j++)
    sum += pow(self->posterior.mean[j] - self->eta[j], 2);
  return sqrt(sum / (double)users);
}

#endif
