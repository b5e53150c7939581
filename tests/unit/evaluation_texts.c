/* SPDX-License-Identifier: GPL-3.0-or-later
 * Evaluation where responses are texts, against sums written out. */
#include "../support/workbench.h"
#include "evaluation/evaluation.h"

enum { PROMPTS = 5, HELD_OUT = 3, FIRST = PROMPTS - HELD_OUT };

static const char *const prompt_text[PROMPTS] = {"p0", "p1", "p2", "p3", "p4"};
static const char *const earlier[PROMPTS] = {"", "", "aa", "b", "cccc"};
static const char *const later[PROMPTS] = {"", "", "aaaa", "bbb", ""};

/* What the source and the trainer are to do wrong. */
typedef enum fault { NOTHING, NO_TEXT, NO_NUMBER, NO_SECOND, NO_JUDGE } fault;

/* The first judge likes length, the second the letter b. */
static double liking(const heed_response *response) {
  return 0.5 * (double)response->length;
}

static double second_liking(const heed_response *response) {
  return response->length > 0 && response->text[0] == 'b'
             ? (double)response->length
             : 0;
}

static heed_status judge(void *self, const heed_host *host,
                         const heed_world *world, size_t count,
                         const heed_response *responses, double *rewards,
                         heed_error *error) {
  (void)host, (void)world;
  if (*(fault *)self == NO_JUDGE)
    return heed_fail(error, HEED_UNSUPPORTED, "no judge");
  for (size_t i = 0; i < count; i++) rewards[i] = liking(&responses[i]);
  return HEED_OK;
}

static heed_status second(void *self, const heed_host *host,
                          const heed_world *world, size_t count,
                          const heed_response *responses, double *rewards,
                          heed_error *error) {
  (void)host, (void)world;
  if (*(fault *)self == NO_SECOND)
    return heed_fail(error, HEED_UNSUPPORTED, "no second judge");
  for (size_t i = 0; i < count; i++) rewards[i] = second_liking(&responses[i]);
  return HEED_OK;
}

static heed_status refer(void *self, const heed_host *host,
                         const heed_world *world, size_t count,
                         const heed_response *responses,
                         double *log_probability, heed_error *error) {
  (void)self, (void)host, (void)world, (void)error;
  for (size_t i = 0; i < count; i++)
    log_probability[i] = -1.5 * (double)responses[i].length - 0.25;
  return HEED_OK;
}

static heed_status act(void *self, const heed_host *host,
                       const heed_world *world, const heed_policy *policy,
                       size_t count, const heed_response *responses,
                       double *log_probability, heed_error *error) {
  (void)host, (void)world, (void)policy, (void)error;
  for (size_t i = 0; i < count; i++)
    log_probability[i] = *(fault *)self == NO_NUMBER
                             ? NAN
                             : -1.0 * (double)responses[i].length -
                                   0.1 * (double)responses[i].prompt;
  return HEED_OK;
}

static heed_status say(void *self, const heed_host *host,
                       const heed_world *world, const heed_policy *policy,
                       size_t count, heed_stream *stream,
                       heed_response *responses, heed_error *error) {
  (void)host, (void)world, (void)policy, (void)error;
  for (size_t i = 0; i < count; i++) {
    /* Each prompt has a stream of its own. */
    for (size_t j = 0; j < i; j++)
      assert_true(heed_uniform(&stream[i]) != heed_uniform(&stream[j]));
    responses[i].text =
        *(fault *)self == NO_TEXT && i == 1 ? NULL : later[responses[i].prompt];
    responses[i].length = strlen(later[responses[i].prompt]);
  }
  return HEED_OK;
}

static const heed_source_functions source_functions = {
    .size = sizeof source_functions,
    .judge = judge,
    .second_judge = second,
    .reference = refer};
static const heed_trainer_functions trainer_functions = {
    .size = sizeof trainer_functions, .log_probability = act, .sample = say};
static const heed_plugin source_plugin = {.functions = &source_functions};
static const heed_plugin trainer_plugin = {.functions = &trainer_functions};

typedef struct bench {
  host_arena *memory;
  host_service host;
  fault source_fault, trainer_fault;
  heed_instance source, trainer;
  heed_table prompts, pairs;
  heed_column columns[2];
  heed_world world;
  heed_policy policy;
  const evaluation_prompts *known;
  heed_table *responses;
  double values[METRIC_COUNT];
  heed_evaluation what;
  heed_error error;
} bench;

static int set_up(void **state) {
  bench *self = calloc(1, sizeof *self);
  self->memory = arena_create();
  service_open(&self->host);
  self->host.output = self->host.scratch = self->memory;
  self->host.stage = "evaluation";
  self->source = (heed_instance){&source_plugin, &self->source_fault};
  self->trainer = (heed_instance){&trainer_plugin, &self->trainer_fault};
  self->columns[0] =
      (heed_column){"text", HEED_STRING, 1, (void *)(uintptr_t)prompt_text};
  self->columns[1] =
      (heed_column){"response", HEED_STRING, 1, (void *)(uintptr_t)earlier};
  self->prompts =
      (heed_table){sizeof(heed_table), "prompts", PROMPTS, 2, self->columns};
  self->world = (heed_world){
      .prompts = &self->prompts, .pairs = &self->pairs, .held_out = HELD_OUT};
  self->policy.scale = 0.1;
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  bench *self = *state;
  arena_free(self->memory);
  free(self);
  return 0;
}

static heed_status know(bench *self) {
  return prompts_know(&self->source, &self->world, &self->host, &self->known,
                      &self->error);
}

static heed_status evaluate(bench *self) {
  self->what = (heed_evaluation){.source = &self->source,
                                 .trainer = &self->trainer,
                                 .world = &self->world,
                                 .prompts = self->known,
                                 .policy = &self->policy,
                                 .host = &self->host,
                                 .responses = &self->responses};
  for (size_t i = 0; i < METRIC_COUNT; i++) {
    self->values[i] = NAN;
    self->what.target[i] = &self->values[i];
  }
  return evaluate_policy(&self->what, &self->error);
}

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

static void check(const bench *self, evaluation_metric mean,
                  evaluation_metric error, const double values[HELD_OUT]) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < HELD_OUT; i++) sum += values[i] / HELD_OUT;
  for (size_t i = 0; i < HELD_OUT; i++)
    squares += (values[i] - sum) * (values[i] - sum);
  assert_near(self->values[mean], sum, 1e-12);
  assert_near(self->values[error], sqrt(squares / (HELD_OUT - 1) / HELD_OUT),
              1e-12);
}

static void wins_are_the_second_judges_and_rewards_the_firsts(void **state) {
  bench *self = *state;
  /* "aa" to "aaaa", "b" to "bbb", "cccc" to "". */
  const double win[] = {0.5, sigmoid(2), 0.5}, gain[] = {1, 1, -2};
  const double ratio[] = {-4 - 0.2 + 6.25, -3 - 0.3 + 4.75, -0.4 + 0.25};
  assert_int_equal(know(self), HEED_OK);
  assert_int_equal(self->known->candidates, 0);
  assert_int_equal(evaluate(self), HEED_OK);
  check(self, METRIC_WIN_RATE, METRIC_WIN_RATE_ERROR, win);
  check(self, METRIC_REWARD_SCORE, METRIC_REWARD_ERROR, gain);
  check(self, METRIC_KL, METRIC_KL_ERROR, ratio);
  assert_true(isnan(self->values[METRIC_WIN_RATE_AT_KL]));
}

static void without_a_second_judge_the_first_decides(void **state) {
  bench *self = *state;
  const double win[] = {sigmoid(1), sigmoid(1), sigmoid(-2)};
  self->source_fault = NO_SECOND;
  assert_int_equal(know(self), HEED_OK);
  assert_null(self->known->second);
  assert_int_equal(evaluate(self), HEED_OK);
  check(self, METRIC_WIN_RATE, METRIC_WIN_RATE_ERROR, win);
}

static void without_a_judge_there_is_nothing_to_measure(void **state) {
  bench *self = *state;
  self->source_fault = NO_JUDGE;
  assert_int_equal(know(self), HEED_OK);
  assert_null(self->known);
  assert_int_equal(evaluate(self), HEED_OK);
  assert_true(isnan(self->values[METRIC_WIN_RATE]));
}

static void nor_is_there_without_the_references_responses(void **state) {
  bench *self = *state;
  self->prompts.column_count = 1;
  assert_int_equal(know(self), HEED_OK);
  assert_null(self->known);
}

static void what_was_said_is_kept(void **state) {
  bench *self = *state;
  assert_int_equal(know(self), HEED_OK);
  assert_int_equal(evaluate(self), HEED_OK);
  const int64_t *prompt =
      heed_table_data(self->responses, "prompt", HEED_INT64);
  const char *const *reference =
      heed_table_data(self->responses, "reference", HEED_STRING);
  const char *const *policy =
      heed_table_data(self->responses, "policy", HEED_STRING);
  const double *gain =
      heed_table_data(self->responses, "reward_gain", HEED_FLOAT64);
  assert_int_equal(self->responses->rows, HELD_OUT);
  assert_int_equal(prompt[1], FIRST + 1);
  assert_string_equal(reference[1], "b");
  assert_string_equal(policy[1], "bbb");
  assert_near(gain[2], -2, 0);
}

static void what_plugins_do_wrong_is_said(void **state) {
  bench *self = *state;
  assert_int_equal(know(self), HEED_OK);
  self->trainer_fault = NO_TEXT;
  assert_int_equal(evaluate(self), HEED_NUMERIC);
  assert_non_null(strstr(self->error.message, "no response to prompt 3"));
  self->trainer_fault = NO_NUMBER;
  assert_int_equal(evaluate(self), HEED_NUMERIC);
  assert_non_null(strstr(self->error.message, "log-probability"));
  assert_ptr_equal(self->host.plugin, &source_plugin);
  self->trainer_fault = NOTHING;
  self->source_fault = NO_JUDGE;
  assert_int_equal(evaluate(self), HEED_UNSUPPORTED);
  assert_non_null(strstr(self->error.message, "but not the policy's"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(wins_are_the_second_judges_and_rewards_the_firsts),
      TEST(without_a_second_judge_the_first_decides),
      TEST(without_a_judge_there_is_nothing_to_measure),
      TEST(nor_is_there_without_the_references_responses),
      TEST(what_was_said_is_kept),
      TEST(what_plugins_do_wrong_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
