/* SPDX-License-Identifier: GPL-3.0-or-later
 * The dpo_llm trainer on a tiny model: what it descends against the same steps
 * written out, resumption, saving, the policy it hands on. */
#include "../support/workbench.h"
/* After cmocka's. */
#include <unistd.h>

#include "../support/tiny_file.h"
#include "heed/trainer.h"
#include "support/llm/adamw.h"
#include "support/llm/language_model.h"
#include "support/llm/pass.h"

enum { PROMPTS = 6, HELD_OUT = 2, PAIRS = 5, ROWS = 9, USERS = 3 };

/* In the order of the trainer's outputs. */
enum {
  LOSS,
  MARGIN,
  ACCURACY,
  STEPS,
  TOKENS,
  TRAINED,
  WEIGHT_SUM,
  LOG_LIKELIHOOD,
  MEAN_ETA
};

static const char *const prompt_text[PROMPTS] = {
    "Say something.", "And now?", "Why", "Tell me a story", "Hello", "Bye"};
static const char *const text_a[PAIRS] = {"abc", "a longer answer", "", "x y",
                                          "Fine."};
static const char *const text_b[PAIRS] = {"zzz!", "no", "well", "abcabc",
                                          "Not so fine"};
static const int64_t prompt_of[PAIRS] = {0, 1, 2, 3, 0};
static const int8_t cut_a[PAIRS] = {0, 1, 0, 0, 0};
static const int8_t cut_b[PAIRS] = {0, 0, 0, 1, 0};
static const int64_t user_of[ROWS] = {0, 0, 0, 0, 1, 1, 1, 2, 2};
static const int64_t pair_of[ROWS] = {0, 1, 2, 3, 4, 0, 1, 2, 4};
static const int8_t choice[ROWS] = {1, 0, 1, 2, 0, 1, 1, 0, 1};
static const double weight[ROWS] = {1, 0.5, 2, 1, 1, 0, 1, 1, 0.25};
static const double eta_hat[ROWS] = {.9, .8, .7, .9, .2, .3, .4, .5, .6};
static const double casual[ROWS] = {.5, .5, .6, .5, .5, .5, .4, .5, .5};
static const double believed[ROWS] = {.7, .7, .7, .7, .7, .7, .7, .7, .7};

typedef struct scene {
  test_workbench bench;
  char folder[64], model[96], checkpoint[96], saved[96];
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  heed_selection selection;
  size_t first[USERS + 1];
  const heed_instance *trainer;
  heed_policy policy;
} scene;

static void *put(scene *self, heed_table *table, const char *name,
                 heed_column_type type, const void *values) {
  const heed_host *host = &self->bench.host.host;
  void *data = host->column(host, table, name, type, 1);
  assert_non_null(data);
  memcpy(data, values, table->rows * heed_type_size(type));
  return data;
}

static void make_world(scene *self) {
  const heed_host *host = &self->bench.host.host;
  heed_table *prompts = host->table(host, "prompts", PROMPTS);
  heed_table *pairs = host->table(host, "pairs", PAIRS);
  heed_table *annotations = host->table(host, "annotations", ROWS);
  (void)put(self, prompts, "text", HEED_STRING, prompt_text);
  (void)put(self, pairs, "prompt", HEED_INT64, prompt_of);
  (void)put(self, pairs, "text_a", HEED_STRING, text_a);
  (void)put(self, pairs, "text_b", HEED_STRING, text_b);
  (void)put(self, pairs, "cut_a", HEED_INT8, cut_a);
  (void)put(self, pairs, "cut_b", HEED_INT8, cut_b);
  (void)put(self, annotations, "user", HEED_INT64, user_of);
  (void)put(self, annotations, "pair", HEED_INT64, pair_of);
  (void)put(self, annotations, "choice", HEED_INT8, choice);
  self->world = (heed_world){.size = sizeof self->world,
                             .pairs = pairs,
                             .prompts = prompts,
                             .held_out = HELD_OUT,
                             .mu = NAN,
                             .mu_requested = NAN};
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = host->table(host, "users", USERS),
                             .annotations = annotations,
                             .first = self->first};
}

static double *copied(scene *self, size_t count, const double *values) {
  const heed_host *host = &self->bench.host.host;
  double *made = host->allocate(host, count, sizeof *made);
  memcpy(made, values, count * sizeof *made);
  return made;
}

static int set_up(void **state) {
  static const double means[USERS] = {0.8, 0.3, 0.55};
  static const double deviations[USERS] = {0.1, 0.1, 0.2};
  scene *self = calloc(1, sizeof *self);
  workbench_open(&self->bench, 31);
  (void)strcpy(self->folder, "/tmp/heed-dpo-llm-XXXXXX");
  assert_non_null(mkdtemp(self->folder));
  (void)sprintf(self->model, "%s/model.gguf", self->folder);
  (void)sprintf(self->checkpoint, "%s/checkpoint", self->folder);
  (void)sprintf(self->saved, "%s/policy", self->folder);
  assert_int_equal(setenv("XDG_CACHE_HOME", self->folder, 1), 0);
  assert_int_equal(tiny_file_write(self->model, 3, NULL, &self->bench.error),
                   HEED_OK);
  make_world(self);
  self->first[1] = 4;
  self->first[2] = 7;
  self->first[3] = ROWS;
  self->posterior = (heed_posterior){.size = sizeof self->posterior,
                                     .unit = HEED_BY_USER,
                                     .units = USERS,
                                     .mean = copied(self, USERS, means),
                                     .sd = copied(self, USERS, deviations),
                                     .left_out = copied(self, ROWS, eta_hat),
                                     .casual = copied(self, ROWS, casual),
                                     .p = copied(self, ROWS, believed)};
  self->selection = (heed_selection){.size = sizeof self->selection,
                                     .count = ROWS,
                                     .weight = copied(self, ROWS, weight),
                                     .eta = copied(self, ROWS, eta_hat),
                                     .left_out = copied(self, ROWS, eta_hat),
                                     .casual = copied(self, ROWS, casual)};
  *state = self;
  return 0;
}

static void release(scene *self) {
  const heed_trainer_functions *functions = self->trainer->plugin->functions;
  functions->release(self->trainer->self, &self->policy);
}

static int tear_down(void **state) {
  scene *self = *state;
  char command[128];
  if (self->trainer != NULL) release(self);
  workbench_close(&self->bench);
  (void)sprintf(command, "rm -rf %s", self->folder);
  assert_int_equal(system(command), 0);
  free(self);
  return 0;
}

/* parameters: after the model's, "" or "\"beta\": 1". */
static heed_status train(scene *self, const char *parameters) {
  char whole[1024];
  (void)snprintf(whole, sizeof whole, "{\"model\": \"%s\"%s%s}", self->model,
                 *parameters == '\0' ? "" : ", ", parameters);
  if (self->trainer != NULL) release(self);
  workbench_load(&self->bench, HEED_DISTRIBUTION, "beta");
  workbench_load(&self->bench, HEED_DISTRIBUTION, "two_point");
  self->trainer = workbench_make(&self->bench, HEED_TRAINER, "dpo_llm", whole);
  const heed_trainer_functions *functions = self->trainer->plugin->functions;
  self->policy = (heed_policy){.size = sizeof self->policy, .scale = 1};
  self->bench.warned[0] = '\0';
  return functions->train(self->trainer->self, &self->bench.host.host,
                          &self->crowd, &self->posterior, &self->selection,
                          &self->policy, &self->bench.error);
}

static void must_train(scene *self, const char *parameters) {
  if (train(self, parameters) != HEED_OK)
    fail_msg("%s: %s", parameters, self->bench.error.message);
}

/* Both texts of every pair: 2 PAIRS. */
static void responses_of_pairs(heed_response *all) {
  for (size_t i = 0; i < 2 * PAIRS; i++) {
    const size_t pair = i / 2;
    const char *text = i % 2 == 0 ? text_a[pair] : text_b[pair];
    all[i] =
        (heed_response){.prompt = (size_t)prompt_of[pair],
                        .candidate = -1,
                        .text = text,
                        .length = strlen(text),
                        .cut = (i % 2 == 0 ? cut_a[pair] : cut_b[pair]) != 0};
  }
}

static void read_policy(scene *self, double found[2 * PAIRS]) {
  const heed_trainer_functions *functions = self->trainer->plugin->functions;
  heed_response all[2 * PAIRS];
  responses_of_pairs(all);
  assert_int_equal(
      functions->log_probability(self->trainer->self, &self->bench.host.host,
                                 &self->world, &self->policy, 2 * PAIRS, all,
                                 found, &self->bench.error),
      HEED_OK);
}

static void read_reference(scene *self, double found[2 * PAIRS]) {
  const language_model_options options = {.path = self->model, .chat = true};
  language_model *model = NULL;
  heed_response all[2 * PAIRS];
  responses_of_pairs(all);
  assert_int_equal(language_model_open(&options, &self->bench.host.host, &model,
                                       &self->bench.error),
                   HEED_OK);
  assert_int_equal(language_model_score(model, NULL, &self->bench.host.host,
                                        "test", prompt_text, 2 * PAIRS, all,
                                        found, NULL, &self->bench.error),
                   HEED_OK);
  language_model_close(model);
}

/* Scored alone or beside others to the same prompt, in any order. */
static void scores_do_not_depend_on_the_company(void **state) {
  scene *self = *state;
  const language_model_options options = {.path = self->model, .chat = true};
  const heed_host *host = &self->bench.host.host;
  heed_error *error = &self->bench.error;
  const heed_response all[] = {
      {.prompt = 0, .text = "one", .length = 3},
      {.prompt = 0, .text = "", .length = 0, .cut = true},
      {.prompt = 0, .text = "another", .length = 7, .cut = true},
      {.prompt = 1, .text = "one", .length = 3},
      {.prompt = 0, .text = "", .length = 0},
      {.prompt = 1, .text = "", .length = 0, .cut = true}};
  enum { COUNT = sizeof all / sizeof *all };
  language_model *model = NULL;
  double together[COUNT], alone;
  size_t tokens[COUNT];
  assert_int_equal(language_model_open(&options, host, &model, error), HEED_OK);
  assert_int_equal(language_model_score(model, NULL, host, "test", prompt_text,
                                        COUNT, all, together, tokens, error),
                   HEED_OK);
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(
        language_model_score(model, NULL, host, "test", prompt_text, 1, &all[i],
                             &alone, NULL, error),
        HEED_OK);
    assert_near(together[i], alone, 1e-5);
  }
  /* Of an answer cut off before its first token nothing is asked. */
  assert_int_equal(tokens[1], 0);
  assert_near(together[1], 0, 0);
  assert_near(together[5], 0, 0);
  assert_int_equal(tokens[4], 1);
  assert_true(together[4] < 0);
  language_model_close(model);
}

/* ---- the same steps, written out: one text at a time ---- */

typedef struct written_training {
  language_model *model;
  llm_adapter *adapter;
  float *gradient;
  llm_adamw *optimiser;
  llm_crew *workers;
  double reference[2 * PAIRS];
} written_training;

/* log pi of text s; with slope 1, its gradient times `push` is added. */
static double read_text(scene *self, written_training *written, size_t s,
                        double push) {
  const llm_pass_options options = {LLM_TRAIN_ADAPTER, false,
                                    written->adapter->shape};
  heed_response all[2 * PAIRS];
  llm_token_list list = {0};
  llm_pass *pass = NULL;
  heed_error *error = &self->bench.error;
  double sum = 0;
  responses_of_pairs(all);
  assert_int_equal(
      language_model_read_prompt(written->model, prompt_text[all[s].prompt],
                                 &list, error),
      HEED_OK);
  const size_t start = list.count;
  assert_int_equal(
      language_model_read_response(written->model, &all[s], &list, error),
      HEED_OK);
  const size_t asked = list.count - start;
  size_t *ask = calloc(asked + 1, sizeof *ask);
  double *found = calloc(asked + 1, sizeof *found);
  double *slope = calloc(asked + 1, sizeof *slope);
  for (size_t i = 0; i < asked; i++) {
    ask[i] = start + i;
    slope[i] = push;
  }
  const llm_batch batch = {.sequences = 1,
                           .length = &list.count,
                           .token = list.id,
                           .asked = asked,
                           .ask = ask};
  const llm_limits limits = {list.count, list.count, asked + 1};
  assert_int_equal(llm_pass_open(written->model->weights, &options, &limits,
                                 written->workers, &pass, error),
                   HEED_OK);
  assert_int_equal(
      llm_pass_forward(pass, written->adapter, &batch, found, error), HEED_OK);
  for (size_t i = 0; i < asked; i++) sum += found[i];
  if (push != 0)
    assert_int_equal(llm_pass_backward(pass, slope, written->gradient, error),
                     HEED_OK);
  llm_pass_close(pass);
  token_list_free(&list);
  free(ask);
  free(found);
  free(slope);
  return sum;
}

static void open_written(scene *self, written_training *written) {
  const language_model_options options = {.path = self->model, .chat = true};
  const llm_adapter_shape shape = {1u << LLM_QUERY | 1u << LLM_DOWN, 2, 4};
  const llm_adamw_options usual = {.rate = 0.01,
                                   .first = 0.9,
                                   .second = 0.999,
                                   .epsilon = 1e-8,
                                   .decay = 0.1,
                                   .warm_up = 2,
                                   .most_norm = 0.5};
  heed_stream stream =
      self->bench.host.host.stream(&self->bench.host.host, "adapter", 0);
  heed_error *error = &self->bench.error;
  assert_int_equal(language_model_open(&options, &self->bench.host.host,
                                       &written->model, error),
                   HEED_OK);
  assert_int_equal(crew_open(1, &written->workers, error), HEED_OK);
  assert_int_equal(llm_adapter_new(&written->model->weights->shape, &shape,
                                   &stream, &written->adapter, error),
                   HEED_OK);
  written->gradient = calloc(written->adapter->layout.count, sizeof(float));
  assert_int_equal(adamw_open(written->adapter->layout.count, &usual, NULL, 0,
                              written->workers, &written->optimiser, error),
                   HEED_OK);
  for (size_t s = 0; s < 2 * PAIRS; s++)
    written->reference[s] = read_text(self, written, s, 0);
}

static void close_written(written_training *written) {
  adamw_close(written->optimiser);
  free(written->gradient);
  llm_adapter_close(written->adapter);
  crew_close(written->workers);
  language_model_close(written->model);
}

#define SETTINGS                                                         \
  "\"projections\": [\"query\", \"down\"], \"rank\": 2, \"alpha\": 4, "  \
  "\"rate\": 0.01, \"warm_up\": 2, \"decay\": 0.1, \"most_norm\": 0.5, " \
  "\"beta\": 0.4, \"batch\": 100"
#define BETA 0.4

/* Steps on all rows at once, on the mean loss by weight:
 * slope(row, margin) is d loss / d margin. */
static void descend(scene *self, written_training *written, int steps,
                    double (*slope)(size_t row, double margin)) {
  double weights = 0;
  for (size_t i = 0; i < ROWS; i++)
    if (choice[i] != HEED_CHOSE_TIE) weights += weight[i];
  for (int step = 0; step < steps; step++) {
    double push[ROWS];
    memset(written->gradient, 0,
           written->adapter->layout.count * sizeof(float));
    for (size_t i = 0; i < ROWS; i++) {
      const size_t s = 2 * (size_t)pair_of[i];
      const double z =
          BETA *
          (read_text(self, written, s, 0) - written->reference[s] -
           read_text(self, written, s + 1, 0) + written->reference[s + 1]);
      push[i] = 0;
      if (weight[i] == 0 || choice[i] == HEED_CHOSE_TIE) continue;
      push[i] = BETA * weight[i] / weights *
                (choice[i] == HEED_CHOSE_A ? slope(i, z) : -slope(i, -z));
    }
    for (size_t i = 0; i < ROWS; i++) {
      if (push[i] == 0) continue;
      (void)read_text(self, written, 2 * (size_t)pair_of[i], push[i]);
      (void)read_text(self, written, 2 * (size_t)pair_of[i] + 1, -push[i]);
    }
    assert_int_equal(
        adamw_step(written->optimiser, 1, written->gradient,
                   written->adapter->values, NULL, &self->bench.error),
        HEED_OK);
  }
}

static double sigmoid_slope(size_t row, double z) {
  (void)row;
  return -1 / (1 + exp(z));
}

static double aware_slope(size_t row, double z) {
  const double g = 1 / (1 + exp(-z)), eta = eta_hat[row];
  return -eta * g * (1 - g) / (eta * g + (1 - eta) * casual[row]);
}

static void follows(scene *self, const char *loss,
                    double (*slope)(size_t row, double margin)) {
  double found[2 * PAIRS];
  char parameters[512];
  written_training written = {0};
  (void)snprintf(parameters, sizeof parameters,
                 SETTINGS ", \"epochs\": 4, \"together\": 3, \"loss\": \"%s\"",
                 loss);
  must_train(self, parameters);
  read_policy(self, found);
  open_written(self, &written);
  descend(self, &written, 4, slope);
  for (size_t s = 0; s < 2 * PAIRS; s++) {
    const double expected = read_text(self, &written, s, 0);
    assert_near(found[s], expected, 2e-3 * (1 + fabs(expected)));
    /* It has moved by more than what the two differ by. */
    assert_true(fabs(expected - written.reference[s]) >
                10 * fabs(found[s] - expected));
  }
  close_written(&written);
}

static void sigmoid_takes_the_steps_written_out(void **state) {
  follows(*state, "sigmoid", sigmoid_slope);
}

static void noise_aware_takes_the_steps_written_out(void **state) {
  follows(*state, "noise_aware", aware_slope);
}

/* ---- what it reports ---- */

static void training_starts_at_the_reference_and_learns(void **state) {
  scene *self = *state;
  double series[256], earlier[2 * PAIRS], later[2 * PAIRS];
  self->bench.series = series;
  self->bench.series_room = 256;
  must_train(self,
             "\"rate\": 0.01, \"epochs\": 12, \"batch\": 2, "
             "\"together\": 2, \"warm_up\": 0, \"beta\": 0.5");
  /* loss and margin by turns; the first margin is 0. */
  assert_near(series[0], log(2), 1e-4);
  assert_near(series[1], 0, 1e-3);
  assert_near(self->bench.output[STEPS], 24, 0);
  assert_near(self->bench.output[WEIGHT_SUM], 6.75, 1e-12);
  /* Users who disagree leave at least 0.52. */
  assert_true(self->bench.output[LOSS] < 0.67);
  assert_true(self->bench.output[MARGIN] > 0);
  assert_near(self->policy.scale, 0.5, 0);
  assert_int_equal(self->policy.table->rows, 24);
  read_reference(self, earlier);
  read_policy(self, later);
  /* User 0 prefers A's of pair 0, and nobody B's. */
  assert_true(later[0] - earlier[0] > later[1] - earlier[1]);
}

static void all_weights_learn_as_well(void **state) {
  scene *self = *state;
  must_train(self,
             "\"train\": \"weights\", \"rate\": 0.003, \"epochs\": 12, "
             "\"batch\": 4, \"checkpoints\": true");
  assert_true(self->bench.output[LOSS] < 0.95 * log(2));
}

static void nothing_left_is_the_reference(void **state) {
  scene *self = *state;
  double earlier[2 * PAIRS], later[2 * PAIRS];
  for (size_t i = 0; i < ROWS; i++) self->selection.weight[i] = 0;
  must_train(self, "");
  assert_string_equal(self->bench.warned, "nothing_left");
  read_reference(self, earlier);
  read_policy(self, later);
  for (size_t s = 0; s < 2 * PAIRS; s++) assert_near(later[s], earlier[s], 0);
}

static void joint_starts_from_the_estimators_belief(void **state) {
  scene *self = *state;
  const char *parameters = SETTINGS
      ", \"loss\": \"joint\", \"prior\": {\"plugin\": "
      "\"distribution/two_point\", \"parameters\": {\"low\": 0.1, "
      "\"high\": 0.9, \"share\": 0.5}}, \"fit_prior\": false";
  /* User 2 with the two labels left, at p = .7: B of pair 2 with weight 1, A of
   * pair 4 with weight 1/4. */
  double likelihood[2], mass, series[8], expected = 0, total = 0;
  self->bench.series = series;
  self->bench.series_room = 8;
  must_train(self, parameters);
  for (size_t k = 0; k < 2; k++) {
    const double eta = k == 0 ? 0.1 : 0.9;
    likelihood[k] =
        (eta * 0.3 + (1 - eta) * 0.5) * pow(eta * 0.7 + (1 - eta) * 0.5, 0.25);
  }
  mass = likelihood[1] / (likelihood[0] + likelihood[1]);
  /* All users' first losses at margin 0: -log E[eta / 2 + (1 - eta) c]. */
  for (size_t i = 0; i < ROWS; i++) {
    const size_t user = (size_t)user_of[i];
    double both[2] = {1, 1};
    if (weight[i] == 0 || choice[i] == HEED_CHOSE_TIE) continue;
    for (size_t j = 0; j < ROWS; j++) {
      if ((size_t)user_of[j] != user || choice[j] == HEED_CHOSE_TIE) continue;
      for (size_t k = 0; k < 2; k++) {
        const double eta = k == 0 ? 0.1 : 0.9;
        const double g = choice[j] == HEED_CHOSE_A ? 0.7 : 0.3;
        both[k] *= pow(eta * g + (1 - eta) * casual[j], weight[j]);
      }
    }
    const double high = both[1] / (both[0] + both[1]);
    if (user == 2) assert_near(high, mass, 1e-12);
    expected -= weight[i] * log((1 - high) * (0.1 * 0.5 + 0.9 * casual[i]) +
                                high * (0.9 * 0.5 + 0.1 * casual[i]));
    total += weight[i];
  }
  assert_near(series[0], expected / total, 1e-4);
  assert_non_null(self->policy.refined);
  assert_int_equal(self->policy.refined->units, USERS);
  assert_true(isfinite(self->bench.output[LOG_LIKELIHOOD]));
  assert_near(self->bench.output[MEAN_ETA], 0.5, 1e-12);
  /* Of what was not trained on, the estimator's belief. */
  assert_near(self->policy.refined->p[5], 0.7, 0);
}

/* ---- stopped and resumed, saved and loaded ---- */

static atomic_bool stop;
static size_t told, stop_after;

static void count_steps(void *context, double done, const char *what) {
  (void)context, (void)done;
  if (strncmp(what, "step", 4) == 0 && ++told == stop_after)
    atomic_store(&stop, true);
}

static void resumed(scene *self, const char *parameters) {
  double whole[2 * PAIRS], parts[2 * PAIRS];
  must_train(self, parameters);
  read_policy(self, whole);
  self->bench.host.checkpoint = self->checkpoint;
  self->bench.host.cancel = &stop;
  self->bench.sink.progress = count_steps;
  for (stop_after = 2; stop_after < 5; stop_after += 2) {
    told = 0;
    atomic_store(&stop, false);
    assert_int_equal(train(self, parameters), HEED_CANCELLED);
    assert_int_equal(access(self->checkpoint, R_OK), 0);
  }
  stop_after = SIZE_MAX;
  atomic_store(&stop, false);
  must_train(self, parameters);
  read_policy(self, parts);
  for (size_t s = 0; s < 2 * PAIRS; s++) assert_near(parts[s], whole[s], 0);
  assert_near(self->bench.output[STEPS], 8, 0);
}

static void a_stopped_training_goes_on_as_if_it_had_not(void **state) {
  resumed(*state,
          "\"rate\": 0.01, \"epochs\": 4, \"batch\": 3, "
          "\"together\": 2");
}

static void so_does_a_joint_one(void **state) {
  resumed(*state,
          "\"rate\": 0.01, \"epochs\": 4, \"batch\": 3, \"together\": 2, "
          "\"loss\": \"joint\", \"prior\": \"beta\"");
}

static void a_checkpoint_of_another_training_is_not_taken(void **state) {
  scene *self = *state;
  double fresh[2 * PAIRS], found[2 * PAIRS];
  FILE *file = fopen(self->checkpoint, "wb");
  assert_non_null(file);
  (void)fputs(
      "heedDPO1 and what is no checkpoint at all, but long enough "
      "for a head of one to be read from it",
      file);
  (void)fclose(file);
  must_train(self, "\"rate\": 0.01");
  read_policy(self, fresh);
  self->bench.host.checkpoint = self->checkpoint;
  must_train(self, "\"rate\": 0.01");
  read_policy(self, found);
  for (size_t s = 0; s < 2 * PAIRS; s++) assert_near(found[s], fresh[s], 0);
}

static void saved_and_loaded(scene *self, const char *parameters) {
  const heed_trainer_functions *functions;
  double earlier[2 * PAIRS], later[2 * PAIRS];
  must_train(self, parameters);
  functions = self->trainer->plugin->functions;
  read_policy(self, earlier);
  assert_int_equal(
      functions->save(self->trainer->self, &self->bench.host.host, &self->world,
                      &self->policy, self->saved, &self->bench.error),
      HEED_OK);
  release(self);
  self->policy = (heed_policy){.size = sizeof self->policy, .scale = 1};
  assert_int_equal(
      functions->load(self->trainer->self, &self->bench.host.host, &self->world,
                      self->saved, &self->policy, &self->bench.error),
      HEED_OK);
  read_policy(self, later);
  for (size_t s = 0; s < 2 * PAIRS; s++) assert_near(later[s], earlier[s], 0);
}

static void policies_are_saved_and_loaded(void **state) {
  saved_and_loaded(*state, "\"rate\": 0.01");
  saved_and_loaded(*state, "\"rate\": 0.003, \"train\": \"weights\"");
}

/* ---- the policy ---- */

static void responses_are_drawn_as_the_policy_has_them(void **state) {
  enum { DRAWS = 60 };
  scene *self = *state;
  const heed_host *host = &self->bench.host.host;
  heed_response said[DRAWS], again[DRAWS];
  heed_stream stream[DRAWS];
  double found[DRAWS];
  size_t cut = 0;
  must_train(self, "\"rate\": 0.02, \"epochs\": 4, \"max_tokens\": 5");
  const heed_trainer_functions *functions = self->trainer->plugin->functions;
  for (size_t turn = 0; turn < 2; turn++) {
    heed_response *response = turn == 0 ? said : again;
    for (size_t i = 0; i < DRAWS; i++) {
      response[i] = (heed_response){.prompt = i % PROMPTS, .candidate = -1};
      stream[i] = host->stream(host, "response", i);
    }
    assert_int_equal(functions->sample(self->trainer->self, host, &self->world,
                                       &self->policy, DRAWS, stream, response,
                                       &self->bench.error),
                     HEED_OK);
  }
  assert_int_equal(functions->log_probability(
                       self->trainer->self, host, &self->world, &self->policy,
                       DRAWS, said, found, &self->bench.error),
                   HEED_OK);
  for (size_t i = 0; i < DRAWS; i++) {
    assert_string_equal(said[i].text, again[i].text);
    assert_int_equal(said[i].length, strlen(said[i].text));
    assert_true(isfinite(found[i]) && found[i] < 0);
    cut += said[i].cut;
  }
  assert_true(cut > 0 && cut < DRAWS);
}

/* ---- errors ---- */

static void worlds_without_texts_are_refused(void **state) {
  scene *self = *state;
  self->world.pairs->column_count = 2;
  assert_int_equal(train(self, ""), HEED_UNSUPPORTED);
  assert_non_null(strstr(self->bench.error.message, "`text_b`"));
  self->world.prompts->column_count = 0;
  assert_int_equal(train(self, ""), HEED_UNSUPPORTED);
  assert_non_null(strstr(self->bench.error.message, "column `text`"));
}

/* B's response to pair 1 becomes longer than the model's context of 512. */
static void make_pair_1_long(scene *self) {
  static char text[601];
  static const int64_t lines[PAIRS] = {11, 12, 13, 14, 15};
  const heed_host *host = &self->bench.host.host;
  const char **column =
      host->column(host, self->world.pairs, "long", HEED_STRING, 1);
  memset(text, 'x', 600);
  memcpy(column, text_b, sizeof text_b);
  column[1] = text;
  for (size_t i = 0; i < self->world.pairs->column_count; i++)
    if (strcmp(self->world.pairs->columns[i].name, "text_b") == 0)
      self->world.pairs->columns[i].data = column;
  (void)put(self, self->world.pairs, "line", HEED_INT64, lines);
  self->world.path = "log.jsonl";
}

static void a_pair_longer_than_the_context_is_named(void **state) {
  scene *self = *state;
  make_pair_1_long(self);
  assert_int_equal(train(self, ""), HEED_INVALID);
  assert_non_null(strstr(self->bench.error.message, "pair 1 (log.jsonl:12)"));
  assert_non_null(strstr(self->bench.error.message, "reads at most 512"));
}

static void long_pairs_can_be_skipped(void **state) {
  scene *self = *state;
  make_pair_1_long(self);
  must_train(self, "\"too_long\": \"skip\"");
  assert_string_equal(self->bench.warned, "pairs_too_long");
  /* All weigh 6.75, pair 1 0.5 and 1 of it. */
  assert_near(self->bench.output[WEIGHT_SUM], 5.25, 1e-12);
}

static void long_responses_can_be_cut(void **state) {
  scene *self = *state;
  make_pair_1_long(self);
  must_train(self, "\"too_long\": \"cut\"");
  assert_string_equal(self->bench.warned, "responses_cut");
  assert_near(self->bench.output[WEIGHT_SUM], 6.75, 1e-12);
}

static void parameters_that_do_not_go_together_are_refused(void **state) {
  scene *self = *state;
  char whole[256];
  (void)snprintf(whole, sizeof whole,
                 "{\"model\": \"%s\", \"batch\": 2, \"together\": 3}",
                 self->model);
  assert_null(workbench_try(&self->bench, HEED_TRAINER, "dpo_llm", whole));
  assert_non_null(strstr(self->bench.error.message, "the size of a batch, 2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(scores_do_not_depend_on_the_company),
      TEST(sigmoid_takes_the_steps_written_out),
      TEST(noise_aware_takes_the_steps_written_out),
      TEST(training_starts_at_the_reference_and_learns),
      TEST(all_weights_learn_as_well),
      TEST(nothing_left_is_the_reference),
      TEST(joint_starts_from_the_estimators_belief),
      TEST(a_stopped_training_goes_on_as_if_it_had_not),
      TEST(so_does_a_joint_one),
      TEST(a_checkpoint_of_another_training_is_not_taken),
      TEST(policies_are_saved_and_loaded),
      TEST(responses_are_drawn_as_the_policy_has_them),
      TEST(worlds_without_texts_are_refused),
      TEST(a_pair_longer_than_the_context_is_named),
      TEST(long_pairs_can_be_skipped),
      TEST(long_responses_can_be_cut),
      TEST(parameters_that_do_not_go_together_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
