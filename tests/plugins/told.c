/* SPDX-License-Identifier: GPL-3.0-or-later
 * One plugin a kind, each of which does as it is told: for tests of what stands
 * between plugins.  A world of two prompts with two candidates each; a trainer
 * that is worth saving. */
#include <stddef.h>
#include <stdlib.h>

#include "heed/heed.h"
#include "heed/memory.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { PAIRS = 8, PROMPTS = 2, CANDIDATES = 2 };

/* ---- source ---- */

enum { WORLD_GOOD, WORLD_REWARD, WORLD_REFERENCE };
static const char *const worlds[] = {"good", "reward", "reference", NULL};
static const heed_parameter source_parameters[] = {{.name = "say",
                                                    .type = HEED_ENUM,
                                                    .default_value = "good",
                                                    .choices = worlds,
                                                    .doc = "what is wrong"}};

static heed_status make(void *self, const heed_host *host, heed_world *world,
                        heed_error *error) {
  heed_memory memory = {host, false};
  heed_table *pairs = heed_new_table(&memory, "pairs", PAIRS);
  int64_t *prompt = heed_new_column(&memory, pairs, "prompt", HEED_INT64, 1);
  int64_t *a = heed_new_column(&memory, pairs, "response_a", HEED_INT64, 1);
  int64_t *b = heed_new_column(&memory, pairs, "response_b", HEED_INT64, 1);
  double *p = heed_new_column(&memory, pairs, "p", HEED_FLOAT64, 1);
  (void)self;
  world->prompts = heed_new_table(&memory, "prompts", PROMPTS);
  if (memory.refused) return heed_no_memory(error);
  for (int i = 0; i < PAIRS; i++) {
    prompt[i] = i % PROMPTS;
    a[i] = 0;
    b[i] = 1;
    p[i] = 0.75;
  }
  world->pairs = pairs;
  world->held_out = 1;
  world->candidates = CANDIDATES;
  world->mu = 0.75;
  return HEED_OK;
}

static int64_t said(const void *self) {
  return ((const heed_value *)self)[0].integer;
}

static heed_status judge(void *self, const heed_host *host,
                         const heed_world *world, size_t count,
                         const heed_response *responses, double *rewards,
                         heed_error *error) {
  (void)host, (void)world, (void)error;
  for (size_t i = 0; i < count; i++)
    rewards[i] = responses[i].candidate == 0 ? 1 : 0;
  if (said(self) == WORLD_REWARD) rewards[0] = NAN;
  return HEED_OK;
}

static heed_status reference(void *self, const heed_host *host,
                             const heed_world *world, size_t count,
                             const heed_response *responses,
                             double *log_probability, heed_error *error) {
  (void)host, (void)world, (void)responses, (void)error;
  for (size_t i = 0; i < count; i++) log_probability[i] = log(0.5);
  if (said(self) == WORLD_REFERENCE) log_probability[0] = 0;
  return HEED_OK;
}

static const heed_source_functions source_functions = {
    .size = sizeof source_functions,
    .make = make,
    .judge = judge,
    .reference = reference};
static const heed_plugin source = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_SOURCE,
    .name = "told",
    .version = "1.0",
    .summary = "Two prompts with two candidates",
    .parameters = source_parameters,
    .parameter_count = COUNT(source_parameters),
    .functions = &source_functions,
    .functions_size = sizeof source_functions,
};

/* ---- distribution: everyone has the attentiveness that was told ---- */

static const heed_parameter distribution_parameters[] = {
    {.name = "at",
     .type = HEED_NUMBER,
     .default_value = "0.5",
     .doc = "the attentiveness of all; below -1: NaN"}};

static double told(const void *self) {
  return ((const heed_value *)self)[0].number;
}
static heed_status quantile(const void *self, size_t count, const double *u,
                            double *eta, heed_error *error) {
  (void)u, (void)error;
  for (size_t i = 0; i < count; i++)
    eta[i] = told(self) < -1 ? NAN : told(self);
  return HEED_OK;
}
static size_t theta_count(const void *self) {
  (void)self;
  return 0;
}
static void theta(const void *self, double *values) {
  (void)self, (void)values;
}
static void start(const void *self, double mean, double variance,
                  double *values) {
  (void)self, (void)mean, (void)variance, (void)values;
}
static size_t node_count(const void *self, size_t wanted) {
  (void)self, (void)wanted;
  return 1;
}
static void nodes(const void *self, const double *values, size_t count,
                  double *point) {
  (void)values, (void)count;
  point[0] = told(self);
}
static void log_weights(const void *self, const double *values, size_t count,
                        const double *point, double *log_weight) {
  (void)self, (void)values, (void)count, (void)point;
  log_weight[0] = 0;
}
static heed_status refit(const void *self, size_t count, const double *point,
                         const double *mass, double *values,
                         heed_error *error) {
  (void)self, (void)count, (void)point, (void)mass, (void)values, (void)error;
  return HEED_OK;
}
static const heed_distribution_functions distribution_functions = {
    .size = sizeof distribution_functions,
    .quantile = quantile,
    .theta_count = theta_count,
    .theta = theta,
    .start = start,
    .node_count = node_count,
    .nodes = nodes,
    .log_weights = log_weights,
    .refit = refit};
static const heed_plugin distribution = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_DISTRIBUTION,
    .name = "told",
    .version = "1.0",
    .summary = "Everyone alike",
    .parameters = distribution_parameters,
    .parameter_count = COUNT(distribution_parameters),
    .functions = &distribution_functions,
    .functions_size = sizeof distribution_functions,
};

/* ---- user model: everyone chooses as told ---- */

static const heed_parameter model_parameters[] = {
    {.name = "choice",
     .type = HEED_INTEGER,
     .default_value = "1",
     .low = -9,
     .high = 9,
     .doc = "what is chosen, whether it can be or not"}};

static void domain(const void *self, heed_domain *result) {
  (void)self;
  result->dimension = 1;
  result->high = 1;
}
static void probability(const void *self, const double *phi,
                        const heed_answers *answers, size_t count,
                        const double *point, double *result) {
  (void)phi, (void)point;
  for (size_t i = 0; i < answers->count * count; i++)
    result[i] = answers->choice[i / count] == said(self);
}
static void casual(const void *self, const double *phi,
                   const heed_answers *answers, double *result) {
  (void)self, (void)phi;
  for (size_t i = 0; i < answers->count; i++) result[i] = 0.5;
}
static heed_status simulate(const void *self, const double *phi,
                            heed_stream *stream, const heed_answers *answers,
                            const double *eta, int8_t *choice,
                            heed_error *error) {
  (void)phi, (void)stream, (void)eta, (void)error;
  for (size_t i = 0; i < answers->count; i++) choice[i] = (int8_t)said(self);
  return HEED_OK;
}
static const heed_user_model_functions model_functions = {
    .size = sizeof model_functions,
    .domain = domain,
    .probability = probability,
    .casual = casual,
    .simulate = simulate};
static const heed_plugin model = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_USER_MODEL,
    .name = "told",
    .version = "1.0",
    .summary = "Everyone chooses alike",
    .parameters = model_parameters,
    .parameter_count = COUNT(model_parameters),
    .functions = &model_functions,
    .functions_size = sizeof model_functions,
};

/* ---- estimators: one that is shown the truth, one that is not ---- */

static const heed_parameter estimator_parameters[] = {
    {.name = "probability",
     .type = HEED_NUMBER,
     .default_value = "0.5",
     .doc = "what predict() says of each choice"}};
static const heed_output estimator_outputs[] = {
    {.name = "sees_truth", .doc = "1 if users have a column eta"}};

static heed_status estimate(void *self, const heed_host *host,
                            const heed_crowd *crowd, heed_posterior *posterior,
                            heed_error *error) {
  const size_t users = crowd->users->rows, rows = crowd->annotations->rows;
  const double sees = heed_table_column(crowd->users, "eta") != NULL;
  double *numbers = host->allocate(host, 2 * users + 3 * rows, sizeof *numbers);
  (void)self;
  if (numbers == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < 2 * users + 3 * rows; i++) numbers[i] = 0.5;
  posterior->units = users;
  posterior->converged = posterior->identified = true;
  posterior->mean = numbers;
  posterior->sd = numbers + users;
  posterior->left_out = numbers + 2 * users;
  posterior->casual = posterior->left_out + rows;
  posterior->p = posterior->casual + rows;
  host->output(host, 0, &sees, 1);
  host->trace(host, "objective", 3, -1.5);
  return HEED_OK;
}
/* Reports as well, which the host must bear. */
static heed_status predict(void *self, const heed_host *host,
                           const heed_posterior *posterior,
                           const heed_crowd *held_out, double *result,
                           heed_error *error) {
  const double sees = heed_table_column(held_out->users, "eta") != NULL;
  (void)posterior, (void)error;
  for (size_t i = 0; i < held_out->annotations->rows; i++)
    result[i] = told(self);
  host->output(host, 0, &sees, 1);
  return HEED_OK;
}
static const heed_estimator_functions estimator_functions = {
    .size = sizeof estimator_functions,
    .estimate = estimate,
    .predict = predict};
static const heed_plugin estimator = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "told",
    .version = "1.0",
    .summary = "Half attentive, all of them",
    .parameters = estimator_parameters,
    .parameter_count = COUNT(estimator_parameters),
    .outputs = estimator_outputs,
    .output_count = COUNT(estimator_outputs),
    .functions = &estimator_functions,
    .functions_size = sizeof estimator_functions,
};
static const heed_plugin seer = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_ESTIMATOR,
    .name = "seer",
    .version = "1.0",
    .summary = "The same, shown the truth",
    .flags = HEED_SEES_TRUTH,
    .parameters = estimator_parameters,
    .parameter_count = COUNT(estimator_parameters),
    .outputs = estimator_outputs,
    .output_count = COUNT(estimator_outputs),
    .functions = &estimator_functions,
    .functions_size = sizeof estimator_functions,
};

/* ---- trainer: a policy of one number, outside the host's memory ---- */

enum { CHANCE, MADE, REFINES, SIZED };
static const heed_parameter trainer_parameters[] = {
    [CHANCE] = {.name = "chance",
                .type = HEED_NUMBER,
                .default_value = "0.75",
                .doc = "probability of the first candidate"},
    [MADE] = {.name = "made",
              .type = HEED_TEXT,
              .default_value = "",
              .doc = "a file that grows by a byte whenever it trains"},
    [REFINES] = {.name = "refines",
                 .type = HEED_BOOLEAN,
                 .default_value = "false",
                 .doc = "hand on another posterior; and leave a checkpoint"},
    [SIZED] = {.name = "sized",
               .type = HEED_BOOLEAN,
               .default_value = "true",
               .doc = "say how large the other posterior is"},
};
static const heed_output trainer_outputs[] = {{.name = "loss", .doc = "none"}};

static void count_training(const char *path) {
  FILE *file = *path == '\0' ? NULL : fopen(path, "a");
  if (file == NULL) return;
  (void)fputc('.', file);
  (void)fclose(file);
}

/* The posterior with the means halved. */
static heed_status refine(const heed_host *host,
                          const heed_posterior *posterior, heed_policy *policy,
                          heed_error *error) {
  const char *path = host->extension(host, HEED_CHECKPOINT);
  FILE *file = path == NULL ? NULL : fopen(path, "wb");
  heed_memory memory = {host, false};
  heed_posterior *made = heed_allocate(&memory, 1, sizeof *made);
  double *mean = heed_allocate_doubles(&memory, posterior->units);
  if (file != NULL) (void)fclose(file);
  if (memory.refused) return heed_no_memory(error);
  heed_copy(made, sizeof *made, posterior);
  made->mean = mean;
  made->quantiles = NULL;
  made->node_count = 0;
  for (size_t i = 0; i < posterior->units; i++)
    mean[i] = posterior->mean[i] / 2;
  policy->refined = made;
  return HEED_OK;
}

static heed_table *numbers_of(const heed_host *host) {
  heed_memory memory = {host, false};
  heed_table *table = heed_new_table(&memory, "numbers", 2);
  double *weight = heed_new_column(&memory, table, "weight", HEED_FLOAT64, 2);
  int32_t *step = heed_new_column(&memory, table, "step", HEED_INT32, 1);
  const char **name = heed_new_column(&memory, table, "name", HEED_STRING, 1);
  if (memory.refused) return NULL;
  weight[0] = 1.0 / 3;
  weight[1] = HUGE_VAL;
  weight[2] = NAN;
  weight[3] = -HUGE_VAL;
  step[1] = 7;
  name[1] = "seven";
  return table;
}

static heed_status train(void *self, const heed_host *host,
                         const heed_crowd *crowd,
                         const heed_posterior *posterior,
                         const heed_selection *selection, heed_policy *policy,
                         heed_error *error) {
  const heed_value *values = self;
  const double loss = 0.1;
  double *state = malloc(sizeof *state);
  (void)crowd, (void)selection;
  if (state == NULL) return heed_no_memory(error);
  if (values[REFINES].integer != 0 &&
      refine(host, posterior, policy, error) != HEED_OK) {
    free(state);
    return error->status;
  }
  if (values[SIZED].integer == 0) policy->refined->size = 0;
  count_training(values[MADE].text);
  *state = values[CHANCE].number;
  policy->state = state;
  policy->scale = 0.5;
  policy->table = numbers_of(host);
  host->output(host, 0, &loss, 1);
  host->trace(host, "loss", 1, loss);
  host->warn(host, "told", "it did as it was told");
  if (policy->table == NULL) return heed_no_memory(error);
  return *state > 1 ? heed_fail(error, HEED_NUMERIC, "a chance above 1")
                    : HEED_OK;
}

static heed_status log_probability(void *self, const heed_host *host,
                                   const heed_world *world,
                                   const heed_policy *policy, size_t count,
                                   const heed_response *responses,
                                   double *result, heed_error *error) {
  const double *chance = policy->state;
  (void)self, (void)host, (void)world, (void)error;
  for (size_t i = 0; i < count; i++)
    result[i] = log(responses[i].candidate == 0 ? *chance : 1 - *chance);
  return HEED_OK;
}

static heed_status save(void *self, const heed_host *host,
                        const heed_world *world, const heed_policy *policy,
                        const char *path, heed_error *error) {
  FILE *file = fopen(path, "wb");
  size_t written;
  (void)self, (void)host, (void)world;
  if (file == NULL) return heed_fail(error, HEED_IO, "%s: not written", path);
  written = fwrite(policy->state, sizeof(double), 1, file);
  return fclose(file) == 0 && written == 1
             ? HEED_OK
             : heed_fail(error, HEED_IO, "%s: not written", path);
}

static heed_status load(void *self, const heed_host *host,
                        const heed_world *world, const char *path,
                        heed_policy *policy, heed_error *error) {
  FILE *file = fopen(path, "rb");
  size_t found = 0;
  (void)self, (void)host, (void)world;
  policy->state = malloc(sizeof(double));
  if (file != NULL && policy->state != NULL)
    found = fread(policy->state, sizeof(double), 1, file);
  if (file != NULL) (void)fclose(file);
  return found == 1 ? HEED_OK : heed_fail(error, HEED_IO, "%s: not read", path);
}

static void release(void *self, heed_policy *policy) {
  (void)self;
  free(policy->state);
}

static const heed_trainer_functions trainer_functions = {
    .size = sizeof trainer_functions,
    .train = train,
    .log_probability = log_probability,
    .save = save,
    .load = load,
    .release = release};
static const heed_plugin trainer = {
    .size = sizeof(heed_plugin),
    .abi = HEED_ABI,
    .kind = HEED_TRAINER,
    .name = "told",
    .version = "1.0",
    .summary = "A policy of one number",
    .flags = HEED_COSTLY,
    .parameters = trainer_parameters,
    .parameter_count = COUNT(trainer_parameters),
    .outputs = trainer_outputs,
    .output_count = COUNT(trainer_outputs),
    .functions = &trainer_functions,
    .functions_size = sizeof trainer_functions,
};

static const heed_plugin *const plugins[] = {
    &source, &distribution, &model, &estimator, &seer, &trainer};
HEED_PLUGINS(plugins)
