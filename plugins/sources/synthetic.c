/* SPDX-License-Identifier: GPL-3.0-or-later
 * The source of worlds with known ground truth: prompts with candidate
 * responses in a feature space, a linear reward, and two models with a gap.
 *
 * N prompts, H held-out prompts, K candidates, d features.
 *   phi ~ N(0, I_d) of every candidate,    r = scale w.phi,    |w| = 1
 *   u = cosine w + sqrt(1 - cosine^2) v,   |v| = 1, v.w = 0
 * A and B lean along +u and -u (sources/synthetic/tilt.h) until the gap is mu;
 * E[phi_A - phi_B] is then parallel to u, so `cosine` is the cosine between the
 * direction that separates A from B and the true reward. */
#include <cblas.h>
#include <math.h>

#include "heed/draws.h"
#include "heed/source.h"
#include "heed/vector.h"
#include "sources/synthetic/tilt.h"
#include "sources/synthetic/topics.h"
#include "sources/synthetic/traits.h"
#include "support/crowd/gold.h"

enum {
  MU,
  COSINE,
  PAIRS,
  PROMPTS,
  HELD_OUT,
  CANDIDATES,
  FEATURES,
  SCALE,
  LIKENESS,
  REFERENCE,
  TOPICS,
  TOPIC_CORRELATION,
  MINORITY_SCALE,
  MINORITY_COSINE,
  LENGTH_COSINE,
  DIFFICULTY_CORRELATION,
  GOLD,
  GOLD_AS,
  PARAMETER_COUNT
};

enum { UNIFORM, MODEL_A, MODEL_B };

static const char *const likeness_words[] = {"least", NULL};
static const char *const reference_words[] = {"uniform", "a", "b", NULL};

static const heed_parameter parameters[] = {
    [MU] = {.name = "mu",
            .type = HEED_NUMBER,
            .flags = HEED_OPEN_HIGH,
            .default_value = "0.74",
            .low = 0.5,
            .high = 1.0,
            .doc = "gap: mean probability that A's response is better"},
    [COSINE] = {.name = "cosine",
                .type = HEED_NUMBER,
                .default_value = "0.7",
                .low = 0.0,
                .high = 1.0,
                .doc = "cosine between the direction that separates A from B "
                       "and the true reward"},
    [PAIRS] = {.name = "pairs",
               .type = HEED_INTEGER,
               .default_value = "10000",
               .low = 1.0,
               .high = 1e9,
               .doc = "pairs that users may annotate"},
    [PROMPTS] = {.name = "prompts",
                 .type = HEED_INTEGER,
                 .default_value = "2000",
                 .low = 1.0,
                 .high = 1e8,
                 .doc = "number of prompts of the pairs, cycled through; at "
                        "most the number of pairs"},
    [HELD_OUT] = {.name = "held_out",
                  .type = HEED_INTEGER,
                  .default_value = "500",
                  .low = 0.0,
                  .high = 1e8,
                  .doc = "held-out prompts, for evaluation"},
    [CANDIDATES] = {.name = "candidates",
                    .type = HEED_INTEGER,
                    .default_value = "40",
                    .low = 2.0,
                    .high = 10000.0,
                    .doc = "number of responses per prompt"},
    [FEATURES] = {.name = "features",
                  .type = HEED_INTEGER,
                  .default_value = "8",
                  .low = 2.0,
                  .high = 100000.0,
                  .doc = "number of features per response"},
    [SCALE] = {.name = "scale",
               .type = HEED_NUMBER,
               .flags = HEED_OPEN_LOW,
               .default_value = "4",
               .low = 0.0,
               .high = 100.0,
               .doc = "standard deviation of the true reward over responses"},
    [LIKENESS] = {.name = "likeness",
                  .type = HEED_ENUM_OR_NUMBER,
                  .default_value = "least",
                  .low = 0.0,
                  .high = 100.0,
                  .choices = likeness_words,
                  .doc = "similarity of A and B in the part of the reward "
                         "that does not separate them; \"least\" is the "
                         "smallest value that reaches mu"},
    [REFERENCE] = {.name = "reference",
                   .type = HEED_ENUM,
                   .default_value = "uniform",
                   .choices = reference_words,
                   .doc = "the reference policy: all candidates equally "
                          "likely, or model A or B"},
    [TOPICS] = {.name = "topics",
                .type = HEED_INTEGER,
                .default_value = "1",
                .low = 1.0,
                .high = 1e6,
                .doc = "number of equally frequent topics of prompts; with 2 "
                       "or more, pairs get topic, and mu_topic: the gap in it"},
    [TOPIC_CORRELATION] = {.name = "topic_correlation",
                           .type = HEED_NUMBER,
                           .default_value = "0",
                           .low = -1.0,
                           .high = 1.0,
                           .doc =
                               "correlation (by rank) of the order of topics "
                               "with how much better A does on a prompt"},
    [MINORITY_SCALE] = {.name = "minority_scale",
                        .type = HEED_NUMBER,
                        .flags = HEED_OPTIONAL,
                        .low = 0.0,
                        .high = 100.0,
                        .doc =
                            "pairs get p_minority, from a taste whose reward "
                            "has this standard deviation; 0: coin tosses"},
    [MINORITY_COSINE] = {.name = "minority_cosine",
                         .type = HEED_NUMBER,
                         .default_value = "0",
                         .low = -1.0,
                         .high = 1.0,
                         .doc = "cosine between the minority's reward and the "
                                "true one"},
    [LENGTH_COSINE] = {.name = "length_cosine",
                       .type = HEED_NUMBER,
                       .flags = HEED_OPTIONAL,
                       .low = -1.0,
                       .high = 1.0,
                       .doc = "pairs get length and length_difference, along a "
                              "feature with this cosine to the true reward"},
    [DIFFICULTY_CORRELATION] =
        {.name = "difficulty_correlation",
         .type = HEED_NUMBER,
         .flags = HEED_OPTIONAL,
         .low = -1.0,
         .high = 1.0,
         .doc = "pairs get difficulty, standard normal, with this correlation "
                "(by rank) to how close their rewards are"},
    [GOLD] = SOURCE_GOLD,
    [GOLD_AS] = SOURCE_GOLD_AS,
};

enum {
  MU_REALISED,
  MU_EXPECTED,
  SHARPNESS,
  LIKENESS_TAKEN,
  COSINE_REALISED,
  REWARD_GAP,
  DIVERGENCE,
  GOLD_ERROR,
  OUTPUT_COUNT
};

static const heed_output outputs[] = {
    [MU_REALISED] = {.name = "mu", .doc = "mean of p over the pairs"},
    [MU_EXPECTED] =
        {.name = "mu_expected",
         .doc = "mean of p before responses are drawn: the calibrated value"},
    [SHARPNESS] = {.name = "sharpness",
                   .doc = "sharpness t of A and B, calibrated"},
    [LIKENESS_TAKEN] = {.name = "likeness", .doc = "likeness used"},
    [COSINE_REALISED] = {.name = "cosine",
                         .flags = HEED_MAY_BE_NAN,
                         .doc = "cosine between the pairs' mean difference and "
                                "the true reward"},
    [REWARD_GAP] = {.name = "reward_gap",
                    .doc = "mean true reward of A's responses minus B's"},
    [DIVERGENCE] = {.name = "divergence",
                    .unit = "nat",
                    .doc = "mean KL divergence of A from B over the prompts"},
    [GOLD_ERROR] = SOURCE_GOLD_ERROR,
};

/* A pass of the calibration computes N K^2 terms, so it uses at most this many
 * prompts.  Their expected gap differs from that of all prompts by about 0.001.
 */
#define CALIBRATED_PROMPTS 4096u

typedef struct synthetic_making {
  const heed_host *host;
  const heed_vector *vector;
  const heed_value *values;
  heed_world *world;
  size_t prompts, held_out, candidates, features;
  double *reward_direction; /* w, (d) */
  double *aside;            /* v, (d): unit, orthogonal to w */
  double *lean_direction;   /* u, (d) */
  double *other_direction;  /* z, (d): unit, in the plane of w and u, z.u = 0;
                               0 where u is w */
  const double *phi;        /* (N + H, K, d) */
  double *reward;           /* (N + H, K) */
  double *along, *across;   /* (N + H, K): u.phi, z.phi */
  preference_tilt lean;
  double expected; /* gap */
} synthetic_making;

static double dot(size_t count, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

static void normalise(size_t count, double *a) {
  const double length = sqrt(dot(count, a, a));
  for (size_t i = 0; i < count; i++) a[i] /= length;
}

/* w is uniform on the sphere, v on the sphere orthogonal to it; the same for
 * every cosine, mu and scale. */
static heed_status draw_directions(synthetic_making *self, heed_error *error) {
  const heed_host *host = self->host;
  const size_t d = self->features;
  const double cosine = self->values[COSINE].number;
  const double sine = sqrt(1.0 - cosine * cosine);
  heed_memory memory = {host, false};
  double *w = heed_scratch_doubles(&memory, d);
  double *v = heed_scratch_doubles(&memory, d);
  double *u = heed_scratch_doubles(&memory, d);
  double *z = heed_scratch_doubles(&memory, d);
  heed_stream stream = host->stream(host, "directions", 0);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < d; i++) w[i] = heed_normal(&stream);
  for (size_t i = 0; i < d; i++) v[i] = heed_normal(&stream);
  normalise(d, w);
  const double shared = dot(d, v, w);
  for (size_t i = 0; i < d; i++) v[i] -= shared * w[i];
  normalise(d, v);
  for (size_t i = 0; i < d; i++) {
    u[i] = cosine * w[i] + sine * v[i];
    z[i] = sine > 0.0 ? sine * w[i] - cosine * v[i] : 0.0;
  }
  self->reward_direction = w;
  self->aside = v;
  self->lean_direction = u;
  self->other_direction = z;
  return HEED_OK;
}

/* result = factor phi direction, of one prompt's candidates. */
static void project(const synthetic_making *self, size_t prompt, double factor,
                    const double *direction, double *result) {
  const size_t d = self->features, wide = self->candidates;
  cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)wide, (int)d, factor,
              self->phi + prompt * wide * d, (int)d, direction, 1, 0.0,
              result + prompt * wide, 1);
}

/* One prompt's candidates. */
static void project_candidates(synthetic_making *self, size_t prompt) {
  project(self, prompt, self->values[SCALE].number, self->reward_direction,
          self->reward);
  project(self, prompt, 1.0, self->lean_direction, self->along);
  project(self, prompt, 1.0, self->other_direction, self->across);
}

/* The features of all candidates, (N + H, K, d): a column that points to
 * numbers which worlds share.  A larger count of prompts extends the list. */
static heed_status draw_features(synthetic_making *self, heed_table *table,
                                 heed_error *error) {
  const heed_host *host = self->host;
  const heed_draws *draws = heed_draws_of(host);
  const heed_draws_part parts[] = {{"prompt", self->prompts},
                                   {"held_out", self->held_out}};
  const size_t values = self->candidates * self->features;
  heed_memory memory = {host, false};
  (void)heed_new_column(&memory, table, "features", HEED_FLOAT64, 0);
  self->phi = draws->normals(host, 2, parts, values);
  if (memory.refused || self->phi == NULL) return heed_no_memory(error);
  heed_column *column = &table->columns[table->column_count - 1];
  column->width = values;
  column->data = (void *)(uintptr_t)self->phi;
  return HEED_OK;
}

static heed_status draw_prompts(synthetic_making *self, heed_error *error) {
  const size_t rows = self->prompts + self->held_out;
  const size_t wide = self->candidates;
  heed_memory memory = {self->host, false};
  heed_table *table = heed_new_table(&memory, "prompts", rows);
  self->along = heed_scratch_doubles(&memory, rows * wide);
  self->across = heed_scratch_doubles(&memory, rows * wide);
  if (memory.refused) return heed_no_memory(error);
  const heed_status status = draw_features(self, table, error);
  if (status != HEED_OK) return status;
  self->reward = heed_new_column(&memory, table, "reward", HEED_FLOAT64, wide);
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < rows; i++) project_candidates(self, i);
  self->world->prompts = table;
  self->world->held_out = self->held_out;
  self->world->candidates = wide;
  self->world->features = self->features;
  return HEED_OK;
}

static heed_status calibrate(synthetic_making *self, heed_error *error) {
  heed_memory memory = {self->host, false};
  const heed_value *values = self->values;
  const size_t wide = self->candidates;
  const size_t count =
      self->prompts < CALIBRATED_PROMPTS ? self->prompts : CALIBRATED_PROMPTS;
  const double mu = values[MU].number;
  const double likeness =
      values[LIKENESS].text != NULL ? NAN : values[LIKENESS].number;
  double *scratch = heed_scratch_doubles(&memory, 6 * wide);
  if (memory.refused) return heed_no_memory(error);
  const tilt_pool pool = {.vector = self->vector,
                          .prompts = count,
                          .candidates = wide,
                          .along = self->along,
                          .across = self->across,
                          .reward = self->reward,
                          .scratch = scratch};
  const heed_status status =
      tilt_calibrate(&pool, mu, likeness, &self->lean, &self->expected);
  if (status == HEED_OK) return HEED_OK;
  return heed_fail(error, status,
                   "mu = %g cannot be reached: with cosine = %g, scale = %g "
                   "and %zu candidates the reachable range is 0.500 to %.3f; "
                   "raise scale, candidates or cosine",
                   mu, values[COSINE].number, values[SCALE].number, wide,
                   floor(self->expected * 1000.0) / 1000.0);
}

static heed_status fill_reference(synthetic_making *self, heed_error *error) {
  const size_t wide = self->candidates, rows = self->prompts + self->held_out;
  const int64_t which = self->values[REFERENCE].integer;
  const double sign = which == MODEL_A ? 1.0 : -1.0;
  heed_memory memory = {self->host, false};
  double *reference = heed_new_column(&memory, self->world->prompts,
                                      "reference", HEED_FLOAT64, wide);
  double *room = heed_scratch_doubles(&memory, wide);
  if (memory.refused) return heed_no_memory(error);
  if (which == UNIFORM)
    for (size_t k = 0; k < rows * wide; k++) reference[k] = -log((double)wide);
  else
    for (size_t i = 0; i < rows; i++)
      tilt_policy(self->vector, self->lean, sign, wide, self->along + i * wide,
                  self->across + i * wide, room, reference + i * wide);
  return HEED_OK;
}

/* Turns probabilities into the distribution function, in place. */
static void accumulate(size_t count, double *probability) {
  double sum = 0.0;
  for (size_t k = 0; k < count; k++) probability[k] = sum += probability[k];
}

/* The first k with u < cumulative[k], where u is relative to the last value.
 * The search has no branches, because a processor could not predict them. */
static size_t invert(size_t count, const double *cumulative, double u) {
  size_t low = 0, left = count;
  u *= cumulative[count - 1]; /* 1 up to rounding */
  while (left > 1) {
    const size_t half = left / 2;
    low += cumulative[low + half - 1] <= u ? half : 0;
    left -= half;
  }
  return low;
}

typedef struct pair_columns {
  int64_t *prompt, *response_a, *response_b;
  double *p, *difference;
} pair_columns;

static pair_columns make_columns(heed_memory *memory, heed_table *table,
                                 size_t features) {
  pair_columns made;
  made.prompt = heed_new_column(memory, table, "prompt", HEED_INT64, 1);
  made.response_a = heed_new_column(memory, table, "response_a", HEED_INT64, 1);
  made.response_b = heed_new_column(memory, table, "response_b", HEED_INT64, 1);
  made.p = heed_new_column(memory, table, "p", HEED_FLOAT64, 1);
  made.difference =
      heed_new_column(memory, table, "difference", HEED_FLOAT64, features);
  return made;
}

/* Models A and B on one prompt: their distribution functions (K). */
typedef struct prompt_models {
  double *a, *b;
  double *log_a, *log_b; /* scratch (K) */
} prompt_models;

/* Returns KL(A || B). */
static double fill_models(const synthetic_making *self, size_t prompt,
                          const prompt_models *models) {
  const size_t wide = self->candidates;
  const double *along = self->along + prompt * wide;
  const double *across = self->across + prompt * wide;
  tilt_policy(self->vector, self->lean, 1.0, wide, along, across, models->a,
              models->log_a);
  tilt_policy(self->vector, self->lean, -1.0, wide, along, across, models->b,
              models->log_b);
  const double divergence = self->vector->dot(wide, models->a, models->log_a) -
                            self->vector->dot(wide, models->a, models->log_b);
  accumulate(wide, models->a);
  accumulate(wide, models->b);
  return divergence;
}

/* Pair i belongs to prompt i mod N.  Its two responses invert two uniforms of
 * its own, so they change with mu but keep their rank.  p is set to the
 * difference of rewards; the caller computes the sigmoid of all pairs at once.
 */
static void draw_pair(const synthetic_making *self, size_t i, size_t prompt,
                      const prompt_models *models,
                      const pair_columns *columns) {
  const size_t d = self->features, wide = self->candidates;
  heed_stream stream = self->host->stream(self->host, "pair", i);
  const size_t a = invert(wide, models->a, heed_uniform(&stream));
  const size_t b = invert(wide, models->b, heed_uniform(&stream));
  const double *reward = self->reward + prompt * wide;
  const double *phi = self->phi + prompt * wide * d;
  columns->prompt[i] = (int64_t)prompt;
  columns->response_a[i] = (int64_t)a;
  columns->response_b[i] = (int64_t)b;
  columns->p[i] = reward[a] - reward[b];
  for (size_t k = 0; k < d; k++)
    columns->difference[i * d + k] = phi[a * d + k] - phi[b * d + k];
}

/* Draws the pairs of each prompt while its candidates are in the cache; returns
 * the mean KL(A || B) of prompts. */
static double draw_all(const synthetic_making *self, size_t rows,
                       const prompt_models *models,
                       const pair_columns *columns) {
  double divergence = 0.0;
  for (size_t prompt = 0; prompt < self->prompts; prompt++) {
    divergence += fill_models(self, prompt, models);
    for (size_t i = prompt; i < rows; i += self->prompts)
      draw_pair(self, i, prompt, models, columns);
  }
  return divergence / (double)self->prompts;
}

static double given(const heed_value *value) {
  return value->given ? value->number : NAN;
}

static heed_status fill_traits(const synthetic_making *self, heed_table *pairs,
                               heed_error *error) {
  const heed_value *values = self->values;
  const synthetic_traits traits = {
      .host = self->host,
      .features = self->features,
      .candidates = self->candidates,
      .phi = self->phi,
      .reward = self->reward,
      .reward_direction = self->reward_direction,
      .aside = self->aside,
      .minority_scale = given(&values[MINORITY_SCALE]),
      .minority_cosine = values[MINORITY_COSINE].number,
      .length_cosine = given(&values[LENGTH_COSINE]),
      .difficulty_correlation = given(&values[DIFFICULTY_CORRELATION])};
  return traits_fill(&traits, pairs, error);
}

static heed_status fill_gold(const synthetic_making *self, heed_table *pairs,
                             heed_error *error) {
  const heed_host *host = self->host;
  double error_rate;
  const heed_status status =
      gold_mark(host, &self->values[GOLD], &self->values[GOLD_AS], pairs,
                &error_rate, error);
  if (status == HEED_OK) host->output(host, GOLD_ERROR, &error_rate, 1);
  return status;
}

static void report(const synthetic_making *self, const pair_columns *columns,
                   double divergence, double *mean) {
  const heed_host *host = self->host;
  const size_t rows = self->world->pairs->rows, d = self->features;
  double sum = 0.0;
  for (size_t i = 0; i < rows; i++) {
    sum += columns->p[i];
    for (size_t k = 0; k < d; k++)
      mean[k] += columns->difference[i * d + k] / (double)rows;
  }
  const double gap = dot(d, mean, self->reward_direction);
  const double cosine = gap / sqrt(dot(d, mean, mean));
  const double reward_gap = self->values[SCALE].number * gap;
  self->world->mu = sum / (double)rows;
  self->world->mu_requested = self->values[MU].number;
  host->output(host, MU_REALISED, &self->world->mu, 1);
  host->output(host, MU_EXPECTED, &self->expected, 1);
  host->output(host, SHARPNESS, &self->lean.sharpness, 1);
  host->output(host, LIKENESS_TAKEN, &self->lean.likeness, 1);
  host->output(host, COSINE_REALISED, &cosine, 1);
  host->output(host, REWARD_GAP, &reward_gap, 1);
  host->output(host, DIVERGENCE, &divergence, 1);
}

static heed_status draw_pairs(synthetic_making *self, heed_error *error) {
  const heed_host *host = self->host;
  const size_t rows = (size_t)self->values[PAIRS].integer;
  const size_t wide = self->candidates;
  heed_memory memory = {host, false};
  double *room = heed_scratch_doubles(&memory, 4 * wide);
  double *mean = heed_scratch_doubles(&memory, self->features);
  heed_table *table = heed_new_table(&memory, "pairs", rows);
  const pair_columns columns = make_columns(&memory, table, self->features);
  if (memory.refused) return heed_no_memory(error);
  const prompt_models models = {.a = room,
                                .b = room + wide,
                                .log_a = room + 2 * wide,
                                .log_b = room + 3 * wide};
  const double divergence = draw_all(self, rows, &models, &columns);
  self->vector->sigmoid(rows, columns.p, columns.p);
  self->world->pairs = table;
  report(self, &columns, divergence, mean);
  heed_status status = HEED_OK;
  if (self->values[TOPICS].integer > 1)
    status =
        topics_fill(host, self->prompts, (size_t)self->values[TOPICS].integer,
                    self->values[TOPIC_CORRELATION].number, table, error);
  if (status == HEED_OK) status = fill_traits(self, table, error);
  return status == HEED_OK ? fill_gold(self, table, error) : status;
}

static heed_status make_world(void *instance, const heed_host *host,
                              heed_world *world, heed_error *error) {
  const heed_value *values = instance;
  synthetic_making self = {
      .host = host,
      .vector = heed_vector_of(host),
      .values = values,
      .world = world,
      .prompts = (size_t)fmin(values[PROMPTS].number, values[PAIRS].number),
      .held_out = (size_t)values[HELD_OUT].integer,
      .candidates = (size_t)values[CANDIDATES].integer,
      .features = (size_t)values[FEATURES].integer,
  };
  heed_status status = draw_directions(&self, error);
  if (status == HEED_OK) status = draw_prompts(&self, error);
  if (status == HEED_OK) status = calibrate(&self, error);
  if (status == HEED_OK) status = fill_reference(&self, error);
  if (status == HEED_OK) status = draw_pairs(&self, error);
  return status;
}

/* One column of prompts, at the candidates asked for. */
static heed_status look_up(const heed_world *world, const char *name,
                           size_t count, const heed_response *responses,
                           double *values, heed_error *error) {
  const double *column = heed_table_data(world->prompts, name, HEED_FLOAT64);
  for (size_t i = 0; i < count; i++) {
    const size_t prompt = responses[i].prompt;
    const int64_t candidate = responses[i].candidate;
    if (column == NULL || prompt >= world->prompts->rows)
      return heed_fail(error, HEED_INTERNAL, "prompt %zu does not exist",
                       prompt);
    if (candidate < 0 || (size_t)candidate >= world->candidates)
      return heed_fail(error, HEED_INVALID,
                       "prompt %zu has no candidate %lld, expected 0 to %zu",
                       prompt, (long long)candidate, world->candidates - 1);
    values[i] = column[prompt * world->candidates + (size_t)candidate];
  }
  return HEED_OK;
}

static heed_status judge(void *self, const heed_host *host,
                         const heed_world *world, size_t count,
                         const heed_response *responses, double *rewards,
                         heed_error *error) {
  (void)self, (void)host;
  return look_up(world, "reward", count, responses, rewards, error);
}

static heed_status reference(void *self, const heed_host *host,
                             const heed_world *world, size_t count,
                             const heed_response *responses,
                             double *log_probability, heed_error *error) {
  (void)self, (void)host;
  return look_up(world, "reference", count, responses, log_probability, error);
}

static heed_status create(const heed_host *host, const heed_value *values,
                          void **self, heed_error *error) {
  (void)host;
  if (values[FEATURES].integer < 3 &&
      (values[MINORITY_SCALE].given || values[LENGTH_COSINE].given))
    return heed_fail(error, HEED_INVALID,
                     "features: found %lld, expected 3 or more: the minority's "
                     "taste and lengths need a direction of their own",
                     (long long)values[FEATURES].integer);
  *self = (void *)(uintptr_t)values;
  return HEED_OK;
}

static const heed_source_functions functions = {
    .size = sizeof functions,
    .make = make_world,
    .judge = judge,
    .reference = reference,
};

static const heed_plugin synthetic = {
    .size = sizeof synthetic,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "synthetic",
    .version = "1.0",
    .summary =
        "Prompts with candidates in a feature space, a linear reward, "
        "and two models calibrated to a gap",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .create = create,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&synthetic};
HEED_PLUGINS(plugins)
