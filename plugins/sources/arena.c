/* SPDX-License-Identifier: GPL-3.0-or-later
 * The source of worlds with many models of known strength, as in a public
 * arena: each pair shows the answers of two models drawn with equal
 * probability, and
 *
 *   P(A is better) = 1 / (1 + exp(-(s_a - s_b)))   (Bradley and Terry 1952).
 *
 * The M strengths are equally spaced, with mean 0 and root mean square
 * `strength`.  There are no prompts, features or texts: such a world shows what
 * an estimator recovers, and trains no policy. */
#include <math.h>
#include <stdio.h>

#include "heed/memory.h"
#include "heed/source.h"
#include "support/crowd/gold.h"

enum { MODELS, STRENGTH, PAIRS, GOLD, GOLD_AS, PARAMETER_COUNT };
enum { OUT_MU, OUT_LARGEST, OUT_GOLD_ERROR };

static const heed_parameter parameters[] = {
    [MODELS] = {.name = "models",
                .type = HEED_INTEGER,
                .default_value = "6",
                .low = 2,
                .high = 10000,
                .doc = "number of models"},
    [STRENGTH] = {.name = "strength",
                  .type = HEED_NUMBER,
                  .default_value = "1",
                  .low = 0,
                  .high = 100,
                  .doc = "root mean square of the models' strengths, which are "
                         "equally spaced log-odds; 0: all models are alike"},
    [PAIRS] = {.name = "pairs",
               .type = HEED_INTEGER,
               .default_value = "10000",
               .low = 1,
               .high = 1e9,
               .doc = "pairs that users may annotate"},
    [GOLD] = SOURCE_GOLD,
    [GOLD_AS] = SOURCE_GOLD_AS,
};

static const heed_output outputs[] = {
    [OUT_MU] = {.name = "mu", .doc = "mean of p over the pairs"},
    [OUT_LARGEST] = {.name = "largest",
                     .doc = "strength of the best model; that of the worst is "
                            "its negative"},
    [OUT_GOLD_ERROR] = SOURCE_GOLD_ERROR,
};

/* Of model m of `count`: -1 ... 1 times the root of 3 (count - 1) / (count +
 * 1), whose mean square is 1. */
static double strength_of(size_t m, size_t count) {
  const double most = (double)count - 1, place = 2 * (double)m / most - 1;
  return place * sqrt(3 * most / ((double)count + 1));
}

static heed_status make_models(const heed_host *host, size_t count,
                               heed_world *world, heed_error *error) {
  heed_memory memory = {host, false};
  heed_table *table = heed_new_table(&memory, "models", count);
  const char **name = heed_new_column(&memory, table, "name", HEED_STRING, 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t m = 0; m < count; m++) {
    char text[32];
    (void)snprintf(text, sizeof text, "model %zu", m + 1);
    name[m] = heed_copy_text(&memory, text);
  }
  world->models = table;
  return memory.refused ? heed_no_memory(error) : HEED_OK;
}

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  const heed_value *values = self;
  const size_t models = (size_t)values[MODELS].integer;
  const size_t rows = (size_t)values[PAIRS].integer;
  const double scale = values[STRENGTH].number;
  heed_memory memory = {host, false};
  heed_table *table = heed_new_table(&memory, "pairs", rows);
  int32_t *a = heed_new_column(&memory, table, "model_a", HEED_INT32, 1);
  int32_t *b = heed_new_column(&memory, table, "model_b", HEED_INT32, 1);
  double *p = heed_new_column(&memory, table, "p", HEED_FLOAT64, 1), sum = 0;
  if (memory.refused) return heed_no_memory(error);
  for (size_t i = 0; i < rows; i++) {
    heed_stream stream = host->stream(host, "pair", i);
    const size_t first = heed_uniform_integer(&stream, models);
    const size_t other = heed_uniform_integer(&stream, models - 1);
    const size_t second = (first + 1 + other) % models;
    a[i] = (int32_t)first;
    b[i] = (int32_t)second;
    p[i] = 1 / (1 + exp(-scale * (strength_of(first, models) -
                                  strength_of(second, models))));
    sum += p[i];
  }
  const double mean = sum / (double)rows;
  const double largest = scale * strength_of(models - 1, models);
  world->pairs = table;
  world->mu = mean;
  host->output(host, OUT_MU, &mean, 1);
  host->output(host, OUT_LARGEST, &largest, 1);
  double error_rate;
  const heed_status status = gold_mark(host, &values[GOLD], &values[GOLD_AS],
                                       table, &error_rate, error);
  if (status != HEED_OK) return status;
  host->output(host, OUT_GOLD_ERROR, &error_rate, 1);
  return make_models(host, models, world, error);
}

static const heed_source_functions functions = {
    .size = sizeof functions,
    .make = make,
};

static const heed_plugin arena = {
    .size = sizeof arena,
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "arena",
    .version = "1.0",
    .summary = "Pairs of answers by many models of known strength",
    .reference = "Bradley and Terry 1952, Biometrika 39, 324-345",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof *outputs,
    .functions = &functions,
    .functions_size = sizeof functions,
};

static const heed_plugin *const plugins[] = {&arena};
HEED_PLUGINS(plugins)
