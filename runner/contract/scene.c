/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes the scene: N prompts with K candidates and d features each.  Response A
 * is the better of two random candidates, B is one.  Users attend with
 * probability eta, from 0.1 to 0.95, and otherwise choose at random.  Several
 * users see each pair; a user sees a pair once. */
#include "scene.h"

#include <math.h>
#include <string.h>

#define STRIDE 5 /* between a user's pairs; coprime to SCENE_PAIRS */

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

static void *column_of(const heed_host *host, heed_table *table,
                       const char *name, heed_column_type type, size_t width) {
  return table == NULL ? NULL : host->column(host, table, name, type, width);
}

/* ---- the world ---- */

/* reward = 1.5 phi_1 - 0.5 phi_2, pi_ref = softmax(0.3 phi_3) */
static void fill_prompt(const heed_host *host, size_t prompt, double *phi,
                        double *reference, double *reward) {
  heed_stream stream = host->stream(host, "prompt", prompt);
  double sum = 0;
  for (size_t k = 0; k < SCENE_CANDIDATES; k++) {
    double *features = phi + k * SCENE_FEATURES;
    for (size_t i = 0; i < SCENE_FEATURES; i++)
      features[i] = heed_normal(&stream);
    reward[k] = 1.5 * features[0] - 0.5 * features[1];
    reference[k] = 0.3 * features[2];
    sum += exp(reference[k]);
  }
  for (size_t k = 0; k < SCENE_CANDIDATES; k++) reference[k] -= log(sum);
}

static heed_status make_prompts(const heed_host *host, heed_world *world,
                                heed_error *error) {
  const size_t rows = SCENE_PROMPTS + SCENE_HELD_OUT;
  const size_t wide = SCENE_CANDIDATES, d = SCENE_FEATURES;
  heed_table *table = host->table(host, "prompts", rows);
  double *phi = column_of(host, table, "features", HEED_FLOAT64, wide * d);
  double *reference = column_of(host, table, "reference", HEED_FLOAT64, wide);
  double *reward = column_of(host, table, "reward", HEED_FLOAT64, wide);
  if (phi == NULL || reference == NULL || reward == NULL)
    return heed_no_memory(error);
  for (size_t i = 0; i < rows; i++)
    fill_prompt(host, i, phi + i * wide * d, reference + i * wide,
                reward + i * wide);
  world->prompts = table;
  world->held_out = SCENE_HELD_OUT;
  world->candidates = wide;
  world->features = d;
  return HEED_OK;
}

typedef struct pair_columns {
  int64_t *prompt, *response_a, *response_b;
  double *p, *difference, *reward_a, *reward_b;
  int32_t *model_a, *model_b, *topic;
  int8_t *verdict;
} pair_columns;

static bool make_pair_columns(const heed_host *host, heed_table *table,
                              pair_columns *made) {
  made->prompt = column_of(host, table, "prompt", HEED_INT64, 1);
  made->response_a = column_of(host, table, "response_a", HEED_INT64, 1);
  made->response_b = column_of(host, table, "response_b", HEED_INT64, 1);
  made->p = column_of(host, table, "p", HEED_FLOAT64, 1);
  made->difference =
      column_of(host, table, "difference", HEED_FLOAT64, SCENE_FEATURES);
  made->reward_a = column_of(host, table, "reward_a", HEED_FLOAT64, 1);
  made->reward_b = column_of(host, table, "reward_b", HEED_FLOAT64, 1);
  made->model_a = column_of(host, table, "model_a", HEED_INT32, 1);
  made->model_b = column_of(host, table, "model_b", HEED_INT32, 1);
  made->topic = column_of(host, table, "topic", HEED_INT32, 1);
  made->verdict = column_of(host, table, "verdict", HEED_INT8, 1);
  return made->prompt != NULL && made->response_a != NULL &&
         made->response_b != NULL && made->p != NULL &&
         made->difference != NULL && made->reward_a != NULL &&
         made->reward_b != NULL && made->model_a != NULL &&
         made->model_b != NULL && made->topic != NULL && made->verdict != NULL;
}

/* phi, reward: of all prompts. */
static void fill_pair(const heed_host *host, const double *phi,
                      const double *reward, size_t i,
                      const pair_columns *pair) {
  const size_t prompt = i % SCENE_PROMPTS, wide = SCENE_CANDIDATES;
  heed_stream stream = host->stream(host, "pair", i);
  const size_t other = (size_t)heed_uniform_integer(&stream, wide);
  size_t a = (size_t)heed_uniform_integer(&stream, wide);
  const size_t b = (size_t)heed_uniform_integer(&stream, wide);
  reward += prompt * wide;
  phi += prompt * wide * SCENE_FEATURES;
  if (reward[other] > reward[a]) a = other;
  pair->prompt[i] = (int64_t)prompt;
  pair->response_a[i] = (int64_t)a;
  pair->response_b[i] = (int64_t)b;
  pair->reward_a[i] = reward[a];
  pair->reward_b[i] = reward[b];
  pair->p[i] = sigmoid(reward[a] - reward[b]);
  for (size_t k = 0; k < SCENE_FEATURES; k++)
    pair->difference[i * SCENE_FEATURES + k] =
        phi[a * SCENE_FEATURES + k] - phi[b * SCENE_FEATURES + k];
  pair->model_a[i] = (int32_t)(i % SCENE_MODELS);
  pair->model_b[i] = (int32_t)((i + 1 + i / 3 % 2) % SCENE_MODELS);
  pair->topic[i] = (int32_t)(prompt % SCENE_TOPICS);
  pair->verdict[i] = pair->p[i] > 0.5 ? HEED_CHOSE_A : HEED_CHOSE_B;
}

static heed_status make_more_columns(const heed_host *host, heed_table *table,
                                     const char *const *names,
                                     heed_error *error) {
  for (; *names != NULL; names++) {
    double *column;
    if (heed_table_column(table, *names) != NULL) continue;
    column = column_of(host, table, *names, HEED_FLOAT64, 1);
    if (column == NULL) return heed_no_memory(error);
    for (size_t i = 0; i < table->rows; i++) {
      heed_stream stream = host->stream(host, *names, i);
      column[i] = heed_uniform(&stream);
    }
  }
  return HEED_OK;
}

static heed_status make_pairs(const heed_host *host, heed_world *world,
                              const char *const *columns, heed_error *error) {
  heed_table *table = host->table(host, "pairs", SCENE_PAIRS);
  const double *phi = heed_table_data(world->prompts, "features", HEED_FLOAT64);
  const double *reward =
      heed_table_data(world->prompts, "reward", HEED_FLOAT64);
  pair_columns pair;
  double sum = 0;
  if (phi == NULL || reward == NULL || !make_pair_columns(host, table, &pair))
    return heed_no_memory(error);
  for (size_t i = 0; i < SCENE_PAIRS; i++) {
    fill_pair(host, phi, reward, i, &pair);
    sum += pair.p[i];
  }
  world->pairs = table;
  world->mu = world->mu_requested = sum / (double)SCENE_PAIRS;
  return make_more_columns(host, table, columns, error);
}

static heed_status make_models(const heed_host *host, heed_world *world,
                               heed_error *error) {
  static const char *const names[SCENE_MODELS] = {"one", "two", "three"};
  static const char *const judges[] = {"judge"};
  const char **name;
  world->models = host->table(host, "models", SCENE_MODELS);
  name = column_of(host, world->models, "name", HEED_STRING, 1);
  if (name == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < SCENE_MODELS; i++) name[i] = names[i];
  world->judge_count = 1;
  world->judges = judges;
  return HEED_OK;
}

/* ---- users ---- */

static double eta_of(size_t user) {
  return 0.1 + 0.85 * fmod(0.37 * (double)(user + 1), 1);
}

static size_t count_of(size_t user) {
  return 2 + user * 5 % 9;
}

typedef struct annotation_columns {
  int64_t *user, *pair;
  int8_t *choice, *left;
} annotation_columns;

/* Annotation `turn` of a user; held-out annotations are later turns. */
static void fill_annotation(const heed_host *host, const heed_world *world,
                            size_t user, size_t turn, size_t row,
                            const annotation_columns *made) {
  const double *p = heed_table_data(world->pairs, "p", HEED_FLOAT64);
  const size_t pair = (user * 7 + turn * STRIDE) % SCENE_PAIRS;
  heed_stream stream = host->stream(host, "choice", user * SCENE_PAIRS + turn);
  const double eta = eta_of(user), chance = eta * p[pair] + (1 - eta) / 2;
  made->user[row] = (int64_t)user;
  made->pair[row] = (int64_t)pair;
  made->choice[row] =
      heed_uniform(&stream) < chance ? HEED_CHOSE_A : HEED_CHOSE_B;
  made->left[row] = heed_uniform(&stream) < 0.5 ? HEED_CHOSE_A : HEED_CHOSE_B;
}

/* User j has counts[j] annotations from turn starts[j] on; NULL: turn 0. */
static heed_status make_crowd(const heed_host *host, const heed_world *world,
                              size_t users, const size_t *counts,
                              const size_t *starts, heed_crowd *made,
                              heed_error *error) {
  size_t *first = host->allocate(host, users + 1, sizeof *first);
  heed_table *people = host->table(host, "users", users), *table;
  annotation_columns columns;
  if (first == NULL || people == NULL) return heed_no_memory(error);
  for (size_t j = 0; j < users; j++) first[j + 1] = first[j] + counts[j];
  table = host->table(host, "annotations", first[users]);
  columns.user = column_of(host, table, "user", HEED_INT64, 1);
  columns.pair = column_of(host, table, "pair", HEED_INT64, 1);
  columns.choice = column_of(host, table, "choice", HEED_INT8, 1);
  columns.left = column_of(host, table, "left", HEED_INT8, 1);
  if (columns.user == NULL || columns.pair == NULL || columns.choice == NULL ||
      columns.left == NULL)
    return heed_no_memory(error);
  for (size_t j = 0; j < users; j++)
    for (size_t i = 0; i < counts[j]; i++)
      fill_annotation(host, world, j, (starts == NULL ? 0 : starts[j]) + i,
                      first[j] + i, &columns);
  *made = (heed_crowd){.size = sizeof *made,
                       .world = world,
                       .users = people,
                       .annotations = table,
                       .first = first};
  return HEED_OK;
}

static heed_status show_eta(const heed_host *host, const heed_crowd *crowd,
                            heed_crowd *made, heed_error *error) {
  heed_table *people = host->table(host, "users", crowd->users->rows);
  double *eta = column_of(host, people, "eta", HEED_FLOAT64, 1);
  if (eta == NULL) return heed_no_memory(error);
  for (size_t j = 0; j < people->rows; j++) eta[j] = eta_of(j);
  *made = *crowd;
  made->users = people;
  return HEED_OK;
}

static heed_status make_crowds(contract_scene *self, heed_error *error) {
  const heed_host *host = &self->host.host;
  size_t counts[SCENE_USERS], held[SCENE_USERS];
  heed_status status;
  for (size_t j = 0; j < SCENE_USERS; j++) {
    counts[j] = count_of(j);
    held[j] = j % 3 == 0 ? 2 : 1;
  }
  status = make_crowd(host, &self->world, SCENE_USERS, counts, NULL,
                      &self->crowd, error);
  if (status == HEED_OK)
    status = make_crowd(host, &self->world, SCENE_USERS, held, counts,
                        &self->held_out, error);
  if (status == HEED_OK)
    status = show_eta(host, &self->crowd, &self->with_eta, error);
  return status;
}

host_service scene_host(const contract_scene *self, host_arena *memory) {
  host_service host = self->host;
  host.output = host.scratch = memory;
  return host;
}

heed_status scene_crowd(const contract_scene *self, host_arena *memory,
                        size_t users, const size_t *annotations,
                        heed_crowd *result, heed_error *error) {
  const host_service host = scene_host(self, memory);
  return make_crowd(&host.host, &self->world, users, annotations, NULL, result,
                    error);
}

/* ---- a posterior ---- */

static size_t units_of(const heed_crowd *crowd, heed_unit unit) {
  if (unit == HEED_BY_USER) return crowd->users->rows;
  if (unit == HEED_BY_USER_TOPIC) return crowd->users->rows * SCENE_TOPICS;
  return crowd->annotations->rows;
}

static size_t unit_of(const heed_crowd *crowd, heed_unit unit, size_t row) {
  const int64_t *user = heed_table_data(crowd->annotations, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  const int32_t *topic =
      heed_table_data(crowd->world->pairs, "topic", HEED_INT32);
  if (unit == HEED_BY_USER) return (size_t)user[row];
  if (unit == HEED_BY_ANNOTATION) return row;
  return (size_t)user[row] * SCENE_TOPICS + (size_t)topic[pair[row]];
}

static bool take_room(const heed_host *host, heed_posterior *made,
                      size_t annotations) {
  const size_t units = made->units;
  made->mean = host->allocate(host, units, sizeof(double));
  made->sd = host->allocate(host, units, sizeof(double));
  made->quantiles = host->allocate(host, units * SCENE_LEVELS, sizeof(double));
  made->levels = host->allocate(host, SCENE_LEVELS, sizeof(double));
  made->nodes = host->allocate(host, SCENE_NODES, sizeof(double));
  made->mass = host->allocate(host, units * SCENE_NODES, sizeof(double));
  made->row = host->allocate(host, units, sizeof *made->row);
  made->left_out = host->allocate(host, annotations, sizeof(double));
  made->casual = host->allocate(host, annotations, sizeof(double));
  made->p = host->allocate(host, annotations, sizeof(double));
  return made->mean != NULL && made->sd != NULL && made->quantiles != NULL &&
         made->levels != NULL && made->nodes != NULL && made->mass != NULL &&
         made->row != NULL && made->left_out != NULL && made->casual != NULL &&
         made->p != NULL;
}

/* Centres the mass at a place that differs between units.  Mean, sd and
 * quantiles are those of the mass. */
static void fill_unit(heed_posterior *made, size_t unit) {
  const double place = 0.1 + 0.8 * fmod(0.37 * (double)(unit + 1), 1);
  double *mass = made->mass + unit * SCENE_NODES, sum = 0, below = 0;
  size_t level = 0;
  for (size_t k = 0; k < SCENE_NODES; k++) {
    const double offset = (made->nodes[k] - place) / 0.2;
    sum += mass[k] = exp(-offset * offset / 2);
  }
  for (size_t k = 0; k < SCENE_NODES; k++) {
    mass[k] /= sum;
    made->mean[unit] += mass[k] * made->nodes[k];
  }
  for (size_t k = 0; k < SCENE_NODES; k++) {
    const double offset = made->nodes[k] - made->mean[unit];
    made->sd[unit] += mass[k] * offset * offset;
    below += mass[k];
    while (level < SCENE_LEVELS && below >= made->levels[level])
      made->quantiles[unit * SCENE_LEVELS + level++] = made->nodes[k];
  }
  while (level < SCENE_LEVELS)
    made->quantiles[unit * SCENE_LEVELS + level++] =
        made->nodes[SCENE_NODES - 1];
  made->sd[unit] = sqrt(made->sd[unit]);
  made->row[unit] = unit;
}

heed_status scene_posterior(const contract_scene *self, host_arena *memory,
                            heed_unit unit, heed_posterior *made,
                            heed_error *error) {
  static const double levels[SCENE_LEVELS] = {0.05, 0.5, 0.95};
  const host_service host = scene_host(self, memory);
  const heed_crowd *crowd = &self->crowd;
  const size_t annotations = crowd->annotations->rows;
  *made = (heed_posterior){.size = sizeof *made,
                           .unit = unit,
                           .units = units_of(crowd, unit),
                           .topics = SCENE_TOPICS,
                           .level_count = SCENE_LEVELS,
                           .node_count = SCENE_NODES,
                           .mu = self->world.mu,
                           .mu_low = NAN,
                           .mu_high = NAN,
                           .log_likelihood = NAN,
                           .objective = NAN,
                           .converged = true,
                           .identified = true};
  made->row_count = made->units;
  if (!take_room(&host.host, made, annotations)) return heed_no_memory(error);
  memcpy(made->levels, levels, sizeof levels);
  for (size_t k = 0; k < SCENE_NODES; k++)
    made->nodes[k] = 0.1 + 0.2 * (double)k;
  for (size_t i = 0; i < made->units; i++) fill_unit(made, i);
  for (size_t i = 0; i < annotations; i++) {
    made->left_out[i] = 0.9 * made->mean[unit_of(crowd, unit, i)] + 0.1 * 0.5;
    made->casual[i] = 0.5;
    made->p[i] = self->world.mu;
  }
  return HEED_OK;
}

heed_status scene_selection(const contract_scene *self, host_arena *memory,
                            const heed_posterior *posterior,
                            heed_selection *made, heed_error *error) {
  const host_service own = scene_host(self, memory);
  const heed_host *host = &own.host;
  const size_t count = self->crowd.annotations->rows;
  *made = (heed_selection){.size = sizeof *made, .count = count};
  made->weight = host->allocate(host, count, sizeof(double));
  made->eta = host->allocate(host, count, sizeof(double));
  made->left_out = host->allocate(host, count, sizeof(double));
  made->casual = host->allocate(host, count, sizeof(double));
  if (made->weight == NULL || made->eta == NULL || made->left_out == NULL ||
      made->casual == NULL)
    return heed_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    made->weight[i] = 1;
    made->eta[i] = posterior->mean[unit_of(&self->crowd, posterior->unit, i)];
    made->left_out[i] = posterior->left_out[i];
    made->casual[i] = posterior->casual[i];
  }
  return HEED_OK;
}

/* ---- the scene ---- */

heed_status scene_make(host_arena *memory, const char *const *columns,
                       contract_scene *self, heed_error *error) {
  const heed_host *host = &self->host.host;
  heed_status status;
  memset(self, 0, sizeof *self);
  service_open(&self->host);
  self->host.output = self->host.scratch = memory;
  self->host.stage = "scene";
  self->host.seed = 1;
  self->world =
      (heed_world){.size = sizeof self->world, .mu = NAN, .mu_requested = NAN};
  status = make_prompts(host, &self->world, error);
  if (status == HEED_OK) status = make_models(host, &self->world, error);
  if (status == HEED_OK)
    status = make_pairs(host, &self->world, columns, error);
  if (status == HEED_OK) status = make_crowds(self, error);
  if (status == HEED_OK)
    status =
        scene_posterior(self, memory, HEED_BY_USER, &self->posterior, error);
  if (status == HEED_OK)
    status = scene_selection(self, memory, &self->posterior, &self->selection,
                             error);
  return status;
}
