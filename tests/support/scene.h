/* SPDX-License-Identifier: GPL-3.0-or-later
 * A scene for tests of filters and trainers: a synthetic world, simulated users
 * who toss a coin when they pay no attention, and a posterior as some estimator
 * might have left it. */
#ifndef HEED_TESTS_SCENE_H
#define HEED_TESTS_SCENE_H

#include "workbench.h"

typedef struct test_scene {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  heed_selection selection;
  const double *eta; /* users: the truth */
  int8_t *choice;    /* annotations */
} test_scene;

static inline void scene_posterior(test_scene *self, size_t users,
                                   size_t annotations, const double *eta) {
  const heed_host *host = &self->bench.host.host;
  heed_posterior *made = &self->posterior;
  const int64_t *user =
      heed_table_data(self->crowd.annotations, "user", HEED_INT64);
  *made = (heed_posterior){.size = sizeof *made,
                           .unit = HEED_BY_USER,
                           .units = users,
                           .mu = NAN,
                           .log_likelihood = NAN,
                           .objective = NAN};
  made->mean = host->allocate(host, users, sizeof(double));
  made->sd = host->allocate(host, users, sizeof(double));
  made->left_out = host->allocate(host, annotations, sizeof(double));
  made->casual = host->allocate(host, annotations, sizeof(double));
  made->p = host->allocate(host, annotations, sizeof(double));
  for (size_t j = 0; j < users; j++) {
    made->mean[j] = eta[j];
    made->sd[j] = 0.05;
  }
  for (size_t i = 0; i < annotations; i++) {
    made->left_out[i] = eta[user[i]];
    made->casual[i] = 0.5;
    made->p[i] = self->world.mu;
  }
}

/* As the host hands it to a filter: all weights 1. */
static inline void scene_selection(test_scene *self) {
  const heed_host *host = &self->bench.host.host;
  const size_t count = self->crowd.annotations->rows;
  const int64_t *user =
      heed_table_data(self->crowd.annotations, "user", HEED_INT64);
  heed_selection *made = &self->selection;
  *made = (heed_selection){.size = sizeof *made, .count = count};
  made->weight = host->allocate(host, count, sizeof(double));
  made->eta = host->allocate(host, count, sizeof(double));
  made->left_out = host->allocate(host, count, sizeof(double));
  made->casual = host->allocate(host, count, sizeof(double));
  for (size_t i = 0; i < count; i++) {
    made->weight[i] = 1.0;
    made->eta[i] = self->posterior.mean[user[i]];
    made->left_out[i] = self->posterior.left_out[i];
    made->casual[i] = self->posterior.casual[i];
  }
}

/* users x each annotations over the pairs in turn; every user has attentiveness
 * low or high, by equal chance.  The posterior knows it. */
static inline void scene_open(test_scene *self, uint64_t seed,
                              const char *parameters, size_t users, size_t each,
                              double low, double high) {
  memset(self, 0, sizeof *self);
  workbench_open(&self->bench, seed);
  const heed_host *host = &self->bench.host.host;
  const heed_instance *source =
      workbench_make(&self->bench, HEED_SOURCE, "synthetic", parameters);
  if (workbench_world(&self->bench, source, &self->world) != HEED_OK)
    fail_msg("%s", self->bench.error.message);
  const double *p = heed_table_data(self->world.pairs, "p", HEED_FLOAT64);
  heed_table *people = host->table(host, "users", users);
  heed_table *said = host->table(host, "annotations", users * each);
  double *eta = host->column(host, people, "eta", HEED_FLOAT64, 1);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  int8_t *choice = host->column(host, said, "choice", HEED_INT8, 1);
  size_t *first = host->allocate(host, users + 1, sizeof *first);
  for (size_t j = 0; j < users; j++) {
    heed_stream stream = host->stream(host, "scene", j);
    eta[j] = heed_uniform(&stream) < 0.5 ? low : high;
    for (size_t i = j * each; i < (j + 1) * each; i++) {
      user[i] = (int64_t)j;
      pair[i] = (int64_t)(i % self->world.pairs->rows);
      const double chance = eta[j] * p[pair[i]] + (1.0 - eta[j]) / 2.0;
      choice[i] = heed_uniform(&stream) < chance ? HEED_CHOSE_A : HEED_CHOSE_B;
    }
    first[j + 1] = (j + 1) * each;
  }
  self->eta = eta;
  self->choice = choice;
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = people,
                             .annotations = said,
                             .first = first};
  scene_posterior(self, users, users * each, eta);
  scene_selection(self);
}

static inline void scene_close(test_scene *self) {
  workbench_close(&self->bench);
}

#endif
