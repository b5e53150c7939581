/* SPDX-License-Identifier: MIT-0
 * A source: makes a world.  Its contract is heed/source.h; heed/world.h
 * describes the columns.
 *
 * In this world each prompt has K candidate responses with two features each,
 * drawn from a normal distribution, and the true reward is `scale` times the
 * first feature.  Response B is a random candidate, response A is the better of
 * two.  Replace this world with yours. */
#include <heed/source.h>
#include <math.h>

enum { PAIRS, HELD_OUT, CANDIDATES, SCALE, PARAMETER_COUNT };
enum { FEATURES = 2 };

static const heed_parameter parameters[] = {
    [PAIRS] = {.name = "pairs",
               .type = HEED_INTEGER,
               .default_value = "2000",
               .low = 1,
               .high = 1e7,
               .doc = "pairs that users can annotate, one per prompt"},
    [HELD_OUT] = {.name = "held_out",
                  .type = HEED_INTEGER,
                  .default_value = "200",
                  .low = 0,
                  .high = 1e6,
                  .doc = "further prompts, for evaluation"},
    [CANDIDATES] = {.name = "candidates",
                    .type = HEED_INTEGER,
                    .default_value = "8",
                    .low = 2,
                    .high = 1000,
                    .doc = "responses that each prompt has"},
    [SCALE] = {.name = "scale",
               .type = HEED_NUMBER,
               .flags = HEED_OPEN_LOW,
               .default_value = "1.5",
               .low = 0,
               .high = 100,
               .doc = "standard deviation of the reward over responses"},
};

enum { GAP, OUTPUT_COUNT };

static const heed_output outputs[] = {
    [GAP] = {.name = "gap", .doc = "mean of p over the pairs"},
};

/* ---- prompts ---- */

typedef struct source_prompts {
  size_t candidates;
  double *features;  /* rows x candidates x FEATURES */
  double *reference; /* rows x candidates: log pi_ref */
  double *reward;    /* rows x candidates */
} source_prompts;

/* Each prompt has its own stream, so it does not change with the number of
 * prompts. */
static void fill_prompt(const heed_host *host, double scale, size_t row,
                        const source_prompts *all) {
  heed_stream stream = host->stream(host, "prompt", row);
  for (size_t k = 0; k < all->candidates; k++) {
    const size_t cell = row * all->candidates + k;
    for (size_t i = 0; i < FEATURES; i++)
      all->features[cell * FEATURES + i] = heed_normal(&stream);
    all->reward[cell] = scale * all->features[cell * FEATURES];
    all->reference[cell] = -log((double)all->candidates);
  }
}

static heed_status make_prompts(const heed_value *values, const heed_host *host,
                                heed_world *world, source_prompts *all,
                                heed_error *error) {
  const size_t held_out = (size_t)values[HELD_OUT].integer;
  const size_t rows = (size_t)values[PAIRS].integer + held_out;
  const size_t wide = all->candidates = (size_t)values[CANDIDATES].integer;
  heed_table *table = host->table(host, "prompts", rows);
  if (table == NULL) return heed_no_memory(error);
  all->features =
      host->column(host, table, "features", HEED_FLOAT64, wide * FEATURES);
  all->reference = host->column(host, table, "reference", HEED_FLOAT64, wide);
  all->reward = host->column(host, table, "reward", HEED_FLOAT64, wide);
  if (all->features == NULL || all->reference == NULL || all->reward == NULL)
    return heed_no_memory(error);
  for (size_t row = 0; row < rows; row++)
    fill_prompt(host, values[SCALE].number, row, all);
  world->prompts = table;
  world->held_out = held_out; /* the last rows */
  world->candidates = wide;
  world->features = FEATURES;
  return HEED_OK;
}

/* ---- pairs ---- */

typedef struct source_pairs {
  int64_t *prompt, *response_a, *response_b;
  double *p, *difference;
} source_pairs;

static void fill_pair(const heed_host *host, const source_prompts *all,
                      size_t row, const source_pairs *made) {
  heed_stream stream = host->stream(host, "pair", row);
  const size_t wide = all->candidates, first = row * wide;
  size_t a = (size_t)heed_uniform_integer(&stream, wide);
  const size_t other = (size_t)heed_uniform_integer(&stream, wide);
  const size_t b = (size_t)heed_uniform_integer(&stream, wide);
  if (all->reward[first + other] > all->reward[first + a]) a = other;
  made->prompt[row] = (int64_t)row;
  made->response_a[row] = (int64_t)a;
  made->response_b[row] = (int64_t)b;
  /* Bradley and Terry: P(A is better) = sigmoid(r_A - r_B) */
  made->p[row] = 1 / (1 + exp(all->reward[first + b] - all->reward[first + a]));
  for (size_t i = 0; i < FEATURES; i++)
    made->difference[row * FEATURES + i] =
        all->features[(first + a) * FEATURES + i] -
        all->features[(first + b) * FEATURES + i];
}

static heed_status make_pairs(const heed_value *values, const heed_host *host,
                              const source_prompts *all, heed_world *world,
                              heed_error *error) {
  const size_t rows = (size_t)values[PAIRS].integer;
  heed_table *table = host->table(host, "pairs", rows);
  source_pairs made;
  double sum = 0;
  if (table == NULL) return heed_no_memory(error);
  made.prompt = host->column(host, table, "prompt", HEED_INT64, 1);
  made.response_a = host->column(host, table, "response_a", HEED_INT64, 1);
  made.response_b = host->column(host, table, "response_b", HEED_INT64, 1);
  made.p = host->column(host, table, "p", HEED_FLOAT64, 1);
  made.difference =
      host->column(host, table, "difference", HEED_FLOAT64, FEATURES);
  if (made.prompt == NULL || made.response_a == NULL ||
      made.response_b == NULL || made.p == NULL || made.difference == NULL)
    return heed_no_memory(error);
  for (size_t row = 0; row < rows; row++) {
    fill_pair(host, all, row, &made);
    sum += made.p[row];
  }
  world->pairs = table;
  world->mu = sum / (double)rows;
  return HEED_OK;
}

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  const heed_value *values = self;
  source_prompts all;
  heed_status status = make_prompts(values, host, world, &all, error);
  if (status == HEED_OK) status = make_pairs(values, host, &all, world, error);
  if (status == HEED_OK) host->output(host, GAP, &world->mu, 1);
  return status;
}

/* ---- functions for evaluation ---- */

/* Reads one column of the prompts at the given responses. */
static heed_status look_up(const heed_world *world, const char *name,
                           size_t count, const heed_response *responses,
                           double *values, heed_error *error) {
  const double *column = heed_table_data(world->prompts, name, HEED_FLOAT64);
  for (size_t i = 0; i < count; i++) {
    const int64_t candidate = responses[i].candidate;
    if (column == NULL || responses[i].prompt >= world->prompts->rows ||
        candidate < 0 || (size_t)candidate >= world->candidates)
      return heed_fail(error, HEED_INVALID,
                       "prompt %zu has no candidate %lld, expected 0 to %zu",
                       responses[i].prompt, (long long)candidate,
                       world->candidates - 1);
    values[i] =
        column[responses[i].prompt * world->candidates + (size_t)candidate];
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

/* ---- the descriptor ---- */

static const heed_source_functions functions = {
    .size = sizeof functions,
    .make = make,
    .judge = judge,
    .reference = reference,
};

static const heed_plugin plugin = {
    .size = sizeof plugin,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "template_name",
    .version = "0.1",
    .summary = "Prompts with two features, and a model that takes the better",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&plugin};
HEED_PLUGINS(plugins)
