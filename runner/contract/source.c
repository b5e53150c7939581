/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of sources. */
#include "stages/check.h"
#include "trial.h"

#define MOST_PROMPTS 20 /* with queried candidates */

typedef heed_status source_ask(void *self, const heed_host *host,
                               const heed_world *world, size_t count,
                               const heed_response *responses, double *values,
                               heed_error *error);

static const heed_source_functions *functions(const contract_trial *self) {
  return self->plugin->functions;
}

/* ---- calls ---- */

static void check_rooms(const contract_trial *self, const heed_table *table) {
  if (table == NULL) return;
  trial_holds(self, table->name, table, 1, sizeof *table, "a table");
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    trial_holds(self, column->name, column->data, table->rows * column->width,
                heed_type_size(column->type), "one per row");
  }
}

static void watch_world(contract_trial *self, const heed_world *world) {
  trial_watch(self, "world", world, 1, sizeof *world);
  trial_watch_table(self, world->pairs);
  trial_watch_table(self, world->prompts);
  trial_watch_table(self, world->users);
  trial_watch_table(self, world->annotations);
}

/* Returns false if the plugin refuses. */
static bool make(contract_trial *self, heed_world *world) {
  heed_error error = {HEED_OK, ""};
  *world = (heed_world){.size = sizeof *world, .mu = NAN, .mu_requested = NAN};
  trial_call(self, "make");
  const heed_status status = functions(self)->make(
      self->instance->self, &self->host.host, world, &error);
  if (!trial_return(self, status, &error)) return false;
  if (world->size != sizeof *world)
    trial_fail(self, "changed the world's size");
  check_rooms(self, world->pairs);
  check_rooms(self, world->prompts);
  check_rooms(self, world->models);
  check_rooms(self, world->users);
  check_rooms(self, world->annotations);
  if (check_world(world, &error) != HEED_OK) trial_refuse(self, &error);
  watch_world(self, world);
  return true;
}

/* All candidates of the last prompts, which include the held-out prompts. */
static heed_response *responses_to(contract_trial *self,
                                   const heed_world *world, size_t *count) {
  const size_t rows = world->prompts->rows, wide = world->candidates;
  const size_t prompts = rows < MOST_PROMPTS ? rows : MOST_PROMPTS;
  *count = prompts * wide;
  heed_response *made = trial_room(self, "responses", *count, sizeof *made);
  for (size_t i = 0; i < *count; i++)
    made[i] = (heed_response){.prompt = rows - prompts + i / wide,
                              .candidate = (int64_t)(i % wide)};
  trial_watch(self, "responses", made, *count, sizeof *made);
  return made;
}

/* Returns NULL if the plugin refuses. */
static double *answers(contract_trial *self, const char *name,
                       source_ask *function, const heed_world *world,
                       const heed_response *responses, size_t count) {
  double *values = trial_doubles(self, name, count);
  heed_error error = {HEED_OK, ""};
  trial_call(self, name);
  const heed_status status = function(self->instance->self, &self->host.host,
                                      world, count, responses, values, &error);
  if (!trial_return(self, status, &error)) return NULL;
  trial_finite(self, name, values, count);
  return values;
}

/* Makes a world with candidates.  Skips the check if the world has none. */
static bool enumerable(contract_trial *self, heed_world *world) {
  if (!make(self, world)) return false;
  if (world->candidates == 0 || world->prompts == NULL)
    trial_skip(self, "its world has no candidates to enumerate");
  return true;
}

/* ---- checks ---- */

static void make_world(contract_trial *self) {
  heed_world world;
  (void)make(self, &world);
}

/* mu is the mean of p over the pool. */
static void realise(contract_trial *self) {
  heed_world world;
  double sum = 0;
  if (!make(self, &world)) return;
  const double *p = heed_table_data(world.pairs, "p", HEED_FLOAT64);
  if (p == NULL || isnan(world.mu))
    trial_skip(self, "its world has no p, or no mu");
  for (size_t i = 0; i < world.pairs->rows; i++) sum += p[i];
  const double mean = sum / (double)world.pairs->rows;
  if (isnan(mean)) trial_skip(self, "p of some pairs is unknown");
  if (!(fabs(mean - world.mu) <= 1e-9))
    trial_fail(self,
               "sets mu to %.12g, but the mean of p is %.12g, expected "
               "the same",
               world.mu, mean);
}

static void be_normalised(contract_trial *self) {
  heed_world world;
  size_t count;
  trial_need(self, functions(self)->reference, "reference");
  if (!enumerable(self, &world)) return;
  const heed_response *responses = responses_to(self, &world, &count);
  const double *log_p = answers(self, "reference", functions(self)->reference,
                                &world, responses, count);
  for (size_t i = 0; log_p != NULL && i < count; i += world.candidates) {
    double sum = 0;
    for (size_t k = 0; k < world.candidates; k++) sum += exp(log_p[i + k]);
    if (!(fabs(sum - 1) <= 1e-6))
      trial_fail(self,
                 "the probabilities of a prompt's %zu candidates sum to "
                 "%.9g, expected 1",
                 world.candidates, sum);
  }
}

/* p = sigmoid(reward of response A - reward of response B) */
static void be_consistent(contract_trial *self) {
  enum { MOST = 200 };
  heed_world world;
  trial_need(self, functions(self)->judge, "judge");
  if (!enumerable(self, &world)) return;
  const int64_t *prompt = heed_table_data(world.pairs, "prompt", HEED_INT64);
  const int64_t *a = heed_table_data(world.pairs, "response_a", HEED_INT64);
  const int64_t *b = heed_table_data(world.pairs, "response_b", HEED_INT64);
  const double *p = heed_table_data(world.pairs, "p", HEED_FLOAT64);
  if (prompt == NULL || a == NULL || b == NULL || p == NULL)
    trial_skip(self, "its pairs lack prompt, response_a, response_b or p");
  const size_t count = world.pairs->rows < MOST ? world.pairs->rows : MOST;
  heed_response *both = trial_room(self, "responses", 2 * count, sizeof *both);
  for (size_t i = 0; i < 2 * count; i++)
    both[i] = (heed_response){.prompt = (size_t)prompt[i / 2],
                              .candidate = i % 2 == 0 ? a[i / 2] : b[i / 2]};
  const double *reward =
      answers(self, "judge", functions(self)->judge, &world, both, 2 * count);
  for (size_t i = 0; reward != NULL && i < count; i++) {
    const double chance = 1 / (1 + exp(reward[2 * i + 1] - reward[2 * i]));
    if (!isnan(p[i]) && !(fabs(chance - p[i]) <= 1e-9))
      trial_fail(self,
                 "gives the responses of pair %zu the rewards %.9g and "
                 "%.9g, but its p is %.9g, expected sigmoid of the "
                 "difference, %.9g",
                 i, reward[2 * i], reward[2 * i + 1], p[i], chance);
  }
}

/* heed saves only the tables and numbers of a costly world. */
static void come_back(contract_trial *self) {
  heed_world world;
  heed_error error = {HEED_OK, ""};
  trial_need(self, functions(self)->restore, "restore");
  if (!make(self, &world)) return;
  heed_world saved = world;
  saved.state = NULL;
  trial_call(self, "restore");
  const heed_status status = functions(self)->restore(
      self->instance->self, &self->host.host, &saved, &error);
  (void)trial_return(self, status, &error);
  if (functions(self)->judge == NULL || world.candidates == 0) return;
  size_t count;
  const heed_response *responses = responses_to(self, &world, &count);
  const double *earlier =
      answers(self, "judge", functions(self)->judge, &world, responses, count);
  const double *later =
      answers(self, "judge", functions(self)->judge, &saved, responses, count);
  for (size_t i = 0; earlier != NULL && later != NULL && i < count; i++)
    if (trial_bits(earlier[i]) != trial_bits(later[i]))
      trial_fail(self,
                 "gives reward %.17g after restore() but %.17g before, "
                 "expected the same bits",
                 later[i], earlier[i]);
}

/* ---- all functions ---- */

static void exercise(contract_trial *self) {
  heed_world world;
  size_t count;
  if (!make(self, &world)) return;
  trial_take_table(self, world.pairs);
  trial_take_table(self, world.prompts);
  trial_take_table(self, world.users);
  trial_take_table(self, world.annotations);
  trial_take_number(self, "mu", world.mu);
  if (world.candidates == 0 || world.prompts == NULL) return;
  const heed_response *responses = responses_to(self, &world, &count);
  if (functions(self)->judge != NULL)
    trial_take(self, "judge",
               answers(self, "judge", functions(self)->judge, &world, responses,
                       count),
               count);
  if (functions(self)->reference != NULL)
    trial_take(self, "reference",
               answers(self, "reference", functions(self)->reference, &world,
                       responses, count),
               count);
}

static const contract_check checks[] = {
    {"make() makes a world of the right columns and ranges", make_world,
     CHECK_ENDS},
    {"mu is the mean of p", realise, 0},
    {"reference() is normalised over the candidates", be_normalised, 0},
    {"judge() gives rewards that agree with p", be_consistent, 0},
    {"restore() restores the world", come_back, 0},
};

const contract_kind contract_source = {
    .checks = checks,
    .check_count = sizeof checks / sizeof *checks,
    .exercise = exercise,
};
