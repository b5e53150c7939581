/* SPDX-License-Identifier: GPL-3.0-or-later
 * User models that read a column of the pairs, written out. */
#include "../support/workbench.h"
#include "heed/user_model.h"

enum { PAIRS = 40, NODES = 5 };

static const double nodes[NODES] = {0, 0.2, 0.5, 0.9, 1};
static const int8_t choices[] = {HEED_CHOSE_B, HEED_CHOSE_A, HEED_CHOSE_TIE};

typedef struct scene {
  test_workbench bench;
  heed_world world;
  double *p, *x, *minority;
  int8_t choice[PAIRS], left[PAIRS];
  size_t pair[PAIRS];
} scene;

static int set_up(void **state) {
  scene *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(&self->bench, 23);
  const heed_host *host = &self->bench.host.host;
  heed_table *pairs = host->table(host, "pairs", PAIRS);
  self->p = host->column(host, pairs, "p", HEED_FLOAT64, 1);
  self->x = host->column(host, pairs, "x", HEED_FLOAT64, 1);
  self->minority = host->column(host, pairs, "p_minority", HEED_FLOAT64, 1);
  host->column(host, pairs, "whole", HEED_INT64, 1);
  self->world = (heed_world){.size = sizeof self->world, .pairs = pairs};
  for (size_t i = 0; i < PAIRS; i++) {
    heed_stream stream = host->stream(host, "pair", i);
    self->p[i] = i < 2 ? (double)i : heed_uniform(&stream);
    self->x[i] = heed_normal(&stream);
    self->minority[i] = heed_uniform(&stream);
    self->left[i] = (int8_t)(i % 3) - 1;
    self->pair[i] = PAIRS - 1 - i;
  }
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  scene *self = *state;
  workbench_close(&self->bench);
  free(self);
  return 0;
}

static const heed_instance *made(scene *self, const char *name,
                                 const char *parameters) {
  return workbench_make(&self->bench, HEED_USER_MODEL, name, parameters);
}

/* P(choice | eta, pair) of everyone choosing that, and of casual users. */
static void ask(scene *self, const heed_instance *instance, const double *phi,
                int8_t choice, double *result, double *casual) {
  const heed_user_model_functions *functions = instance->plugin->functions;
  double p[PAIRS];
  const heed_answers answers = {.size = sizeof answers,
                                .count = PAIRS,
                                .choice = self->choice,
                                .left = self->left,
                                .p = p,
                                .pairs = self->world.pairs,
                                .row = self->pair,
                                .pair = self->pair};
  for (size_t i = 0; i < PAIRS; i++) p[i] = self->p[self->pair[i]];
  memset(self->choice, choice, PAIRS);
  functions->probability(instance->self, phi, &answers, NODES, nodes, result);
  functions->casual(instance->self, phi, &answers, casual);
}

static double side(int8_t left) {
  return left == HEED_CHOSE_A ? 1 : left == HEED_CHOSE_B ? -1 : 0;
}

static void biases_add_to_the_log_odds_of_attentive_users(void **state) {
  scene *self = *state;
  const heed_instance *instance =
      made(self, "biased", "{\"length\": \"fitted\", \"column\": \"x\"}");
  const double phi[2] = {0.7, -1.3};
  double found[PAIRS * NODES], casual[PAIRS];
  ask(self, instance, phi, HEED_CHOSE_A, found, casual);
  for (size_t i = 0; i < PAIRS; i++) {
    const size_t pair = self->pair[i];
    const double p = self->p[pair];
    const double z =
        log(p) - log1p(-p) + 0.7 * side(self->left[i]) - 1.3 * self->x[pair];
    const double g = p == 0 ? 0 : p == 1 ? 1 : 1 / (1 + exp(-z));
    assert_near(casual[i], 0.5, 0);
    for (size_t k = 0; k < NODES; k++)
      assert_near(found[i * NODES + k], nodes[k] * g + (1 - nodes[k]) / 2,
                  1e-14);
  }
}

static void who_does_not_follow_the_majority_follows_the_minority(
    void **state) {
  scene *self = *state;
  const heed_instance *instance = made(self, "minority", "{}");
  double found[PAIRS * NODES], casual[PAIRS];
  ask(self, instance, NULL, HEED_CHOSE_B, found, casual);
  for (size_t i = 0; i < PAIRS; i++) {
    const size_t pair = self->pair[i];
    assert_near(casual[i], 1 - self->minority[pair], 1e-15);
    for (size_t k = 0; k < NODES; k++)
      assert_near(
          found[i * NODES + k],
          1 - nodes[k] * self->p[pair] - (1 - nodes[k]) * self->minority[pair],
          1e-15);
  }
}

static void attention_is_logistic_in_the_covariate(void **state) {
  scene *self = *state;
  const heed_instance *instance = made(self, "attention_by_covariate",
                                       "{\"column\": \"x\", \"center\": 0.3,"
                                       " \"unit\": 2}");
  const double phi[1] = {1.7};
  double found[PAIRS * NODES], casual[PAIRS];
  ask(self, instance, phi, HEED_CHOSE_A, found, casual);
  for (size_t i = 0; i < PAIRS; i++) {
    const size_t pair = self->pair[i];
    assert_near(casual[i], 0.5, 0);
    for (size_t k = 0; k < NODES; k++) {
      const double eta = nodes[k];
      const double z = log(eta) - log1p(-eta) + 1.7 * (self->x[pair] - 0.3) / 2;
      const double a = eta == 0 ? 0 : eta == 1 ? 1 : 1 / (1 + exp(-z));
      assert_near(found[i * NODES + k], a * self->p[pair] + (1 - a) / 2, 1e-14);
    }
  }
}

static const char *const models[][2] = {
    {"biased", "{\"length\": \"fitted\", \"column\": \"x\"}"},
    {"minority", "{}"},
    {"attention_by_covariate", "{\"column\": \"x\"}"}};

static void probabilities_of_both_choices_sum_to_one(void **state) {
  scene *self = *state;
  const double phi[2] = {0.9, -400}; /* no slope is too steep */
  for (size_t m = 0; m < 3; m++) {
    const heed_instance *instance = made(self, models[m][0], models[m][1]);
    double a[PAIRS * NODES], b[PAIRS * NODES], tie[PAIRS * NODES];
    double casual_a[PAIRS], casual_b[PAIRS], casual_tie[PAIRS];
    for (int turn = 0; turn < 2; turn++) {
      const double *point = turn == 1 && m == 2 ? phi + 1 : phi;
      ask(self, instance, point, choices[1], a, casual_a);
      ask(self, instance, point, choices[0], b, casual_b);
      ask(self, instance, point, choices[2], tie, casual_tie);
      for (size_t i = 0; i < PAIRS; i++) {
        assert_near(casual_a[i] + casual_b[i], 1, 1e-15);
        assert_near(casual_tie[i], 1, 0);
      }
      for (size_t i = 0; i < PAIRS * NODES; i++) {
        assert_true(a[i] >= 0 && b[i] >= 0);
        assert_near(a[i] + b[i], 1, 1e-15);
        assert_near(tie[i], 1, 1e-15);
      }
    }
  }
}

/* At phi = 0, or a minority that tosses coins. */
static void without_effect_they_are_the_papers_users(void **state) {
  scene *self = *state;
  const double none[2] = {0, 0};
  double paper[PAIRS * NODES], found[PAIRS * NODES], casual[PAIRS];
  for (size_t i = 0; i < PAIRS; i++) self->minority[i] = 0.5;
  for (size_t m = 0; m < 3; m++)
    for (size_t c = 0; c < 3; c++) {
      ask(self, made(self, "attentive", "{}"), NULL, choices[c], paper, casual);
      ask(self, made(self, models[m][0], models[m][1]), none, choices[c], found,
          casual);
      for (size_t i = 0; i < PAIRS * NODES; i++)
        assert_near(found[i], paper[i], 1e-15);
    }
}

/* With a slope of 0 no length is read, and users with equal counts of choices
 * and sides are one. */
static void a_bias_to_the_left_alone_needs_no_column(void **state) {
  scene *self = *state;
  const heed_instance *instance =
      made(self, "biased", "{\"column\": \"nothing\"}");
  const heed_user_model_functions *functions = instance->plugin->functions;
  heed_domain domain = {0};
  functions->domain(instance->self, &domain);
  assert_int_equal(domain.class_count, 9);
  assert_int_equal(
      functions->check(instance->self, &self->world, NULL, &self->bench.error),
      HEED_OK);
}

static void refused(scene *self, const char *name, const char *parameters,
                    const char *because) {
  const heed_instance *instance = made(self, name, parameters);
  const heed_user_model_functions *functions = instance->plugin->functions;
  assert_int_equal(
      functions->check(instance->self, &self->world, NULL, &self->bench.error),
      HEED_UNSUPPORTED);
  if (strstr(self->bench.error.message, because) == NULL)
    fail_msg("%s", self->bench.error.message);
}

static void columns_that_are_absent_or_no_numbers_are_named(void **state) {
  scene *self = *state;
  refused(self, "attention_by_covariate", "{}",
          "the pairs of this source have no numeric column \"difficulty\"");
  refused(self, "attention_by_covariate", "{\"column\": \"whole\"}",
          "no numeric column \"whole\"");
  refused(self, "biased", "{\"length\": \"fitted\"}",
          "no numeric column \"length_difference\"");
  refused(self, "minority", "{\"column\": \"x\"}", "expected a probability");
  self->x[7] = NAN;
  refused(self, "attention_by_covariate", "{\"column\": \"x\"}",
          "\"x\" of pair 7 is nan, expected a number");
}

static void what_is_given_is_not_fitted(void **state) {
  static const char *const given[][2] = {
      {"biased", "{\"left\": 0.4, \"length\": 0.4}"},
      {"attention_by_covariate", "{\"slope\": 0.4}"}};
  scene *self = *state;
  for (size_t m = 0; m < 2; m++) {
    const size_t count = m == 0 ? 2 : 1;
    double start[2], low[2], high[2];
    const heed_instance *instance = made(self, given[m][0], given[m][1]);
    const heed_instance *fitted =
        made(self, models[2 * m][0], models[2 * m][1]);
    const heed_user_model_functions *functions = instance->plugin->functions;
    functions->phi(instance->self, start, low, high);
    for (size_t i = 0; i < count; i++)
      assert_true(start[i] == 0.4 && low[i] == 0.4 && high[i] == 0.4);
    functions->phi(fitted->self, start, low, high);
    for (size_t i = 0; i < count; i++)
      assert_true(start[i] == 0 && low[i] < 0 && high[i] > 0);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(biases_add_to_the_log_odds_of_attentive_users),
      TEST(who_does_not_follow_the_majority_follows_the_minority),
      TEST(attention_is_logistic_in_the_covariate),
      TEST(probabilities_of_both_choices_sum_to_one),
      TEST(without_effect_they_are_the_papers_users),
      TEST(a_bias_to_the_left_alone_needs_no_column),
      TEST(columns_that_are_absent_or_no_numbers_are_named),
      TEST(what_is_given_is_not_fitted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
