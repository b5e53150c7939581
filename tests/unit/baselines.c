/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimators that do not fit: frequency, constant, oracle. */
#include "../support/workbench.h"

enum { USERS = 4, PAIRS = 12 };

/* Users who chose A 9 of 10, 1 of 10 and 3 of 4 times; one who said nothing. */
static const int chose[USERS][2] = {{9, 1}, {1, 9}, {3, 1}, {0, 0}};

typedef struct scene {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  double *eta;
} scene;

static int set_up(void **state) {
  scene *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(&self->bench, 9);
  const heed_host *host = &self->bench.host.host;
  heed_table *pairs = host->table(host, "pairs", PAIRS);
  heed_table *people = host->table(host, "users", USERS);
  heed_table *said = host->table(host, "annotations", 24);
  double *p = host->column(host, pairs, "p", HEED_FLOAT64, 1);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  int8_t *choice = host->column(host, said, "choice", HEED_INT8, 1);
  int8_t *left = host->column(host, said, "left", HEED_INT8, 1);
  size_t *first = host->allocate(host, USERS + 1, sizeof *first);
  size_t row = 0;
  self->eta = host->column(host, people, "eta", HEED_FLOAT64, 1);
  for (int i = 0; i < PAIRS; i++) p[i] = i % 2 == 0 ? 0.9 : 0.6;
  for (size_t j = 0; j < USERS; j++) {
    self->eta[j] = 0.2 * (double)j;
    for (int c = 0; c < chose[j][0] + chose[j][1]; c++, row++) {
      user[row] = (int64_t)j;
      pair[row] = c;
      choice[row] = c < chose[j][0] ? HEED_CHOSE_A : HEED_CHOSE_B;
      left[row] = HEED_LEFT_UNKNOWN;
    }
    first[j + 1] = row;
  }
  assert_int_equal(row, 24);
  self->world = (heed_world){.size = sizeof self->world,
                             .pairs = pairs,
                             .mu = 0.75,
                             .mu_requested = NAN};
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = people,
                             .annotations = said,
                             .first = first};
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
  workbench_load(&self->bench, HEED_USER_MODEL, "attentive");
  return workbench_make(&self->bench, HEED_ESTIMATOR, name, parameters);
}

static heed_status estimate(scene *self, const heed_instance *instance) {
  const heed_estimator_functions *functions = instance->plugin->functions;
  self->posterior = (heed_posterior){.size = sizeof self->posterior,
                                     .mu = NAN,
                                     .mu_low = NAN,
                                     .mu_high = NAN,
                                     .log_likelihood = NAN,
                                     .objective = NAN};
  return functions->estimate(instance->self, &self->bench.host.host,
                             &self->crowd, &self->posterior,
                             &self->bench.error);
}

static const heed_posterior *posterior_of(scene *self, const char *name,
                                          const char *parameters) {
  if (estimate(self, made(self, name, parameters)) != HEED_OK)
    fail_msg("%s", self->bench.error.message);
  return &self->posterior;
}

static double clipped(double x) {
  return fmin(fmax(x, 0), 1);
}

/* eta = clip((k / n - 1/2) / (mu - 1/2)) */
static void a_frequency_is_scaled_by_the_gap_and_clipped(void **state) {
  scene *self = *state;
  const heed_posterior *posterior =
      posterior_of(self, "frequency", "{\"mu\": 0.8}");
  assert_int_equal(posterior->units, USERS);
  assert_near(posterior->mean[0], 1, 0);
  assert_near(posterior->mean[1], 0, 0);
  assert_near(posterior->mean[2], 0.25 / 0.3, 1e-12);
  /* The variance of k / n is at most 1 / (4 n). */
  assert_near(posterior->sd[2], 0.5 / sqrt(4) / 0.3, 1e-12);
  assert_near(posterior->mu, 0.8, 0);
}

static void who_said_nothing_gets_everyones_frequency(void **state) {
  scene *self = *state;
  const heed_posterior *posterior = posterior_of(self, "frequency", "{}");
  assert_near(posterior->mean[3], (13.0 / 24 - 0.5) / 0.25, 1e-12);
  assert_near(posterior->sd[3], 1, 0);
}

static void shrinkage_adds_annotations_of_everyone(void **state) {
  scene *self = *state;
  const heed_posterior *posterior =
      posterior_of(self, "frequency", "{\"shrinkage\": 6}");
  const double everyone = (13.0 / 24 - 0.5) / 0.25;
  for (int j = 0; j < USERS; j++) {
    const double n = chose[j][0] + chose[j][1];
    const double excess = (chose[j][0] - n / 2) / 0.25;
    assert_near(posterior->mean[j], clipped((excess + 6 * everyone) / (n + 6)),
                1e-12);
  }
}

static void a_frequency_without_an_annotation_counts_the_others(void **state) {
  scene *self = *state;
  const heed_posterior *posterior =
      posterior_of(self, "frequency", "{\"shrinkage\": 2, \"mu\": 0.98}");
  const double everyone = (13.0 / 24 - 0.5) / 0.48;
  for (size_t j = 0, i = 0; j < USERS; j++)
    for (; i < self->crowd.first[j + 1]; i++) {
      const int a = i - self->crowd.first[j] < (size_t)chose[j][0];
      const double k = chose[j][0] - a, n = chose[j][0] + chose[j][1] - 1;
      assert_near(posterior->left_out[i],
                  clipped(((k - n / 2) / 0.48 + 2 * everyone) / (n + 2)),
                  1e-12);
    }
}

/* Least squares: sum (y - 1/2)(p - 1/2) / sum (p - 1/2)^2. */
static void p_of_each_pair_weighs_the_annotations(void **state) {
  scene *self = *state;
  const heed_posterior *posterior =
      posterior_of(self, "frequency", "{\"mu\": \"pair\"}");
  /* User 2: A, A, A, B at gaps .4, .1, .4, .1 */
  assert_near(posterior->mean[2],
              clipped(0.5 * (0.4 + 0.1 + 0.4 - 0.1) / (2 * 0.16 + 2 * 0.01)),
              1e-12);
  assert_near(posterior->mean[1],
              clipped(0.5 * (0.4 - 0.1 * 5 - 0.4 * 4) / (5 * 0.17)), 1e-12);
  assert_near(posterior->p[0], 0.9, 0);
  assert_true(isnan(posterior->mu));
}

static void at_a_gap_of_one_half_choices_say_nothing(void **state) {
  scene *self = *state;
  const heed_posterior *posterior =
      posterior_of(self, "frequency", "{\"mu\": 0.5}");
  for (int j = 0; j < USERS; j++) assert_near(posterior->mean[j], 0.5, 0);
}

static void a_constant_is_everyones(void **state) {
  scene *self = *state;
  const heed_posterior *posterior =
      posterior_of(self, "constant", "{\"eta\": 0.4}");
  for (int j = 0; j < USERS; j++) assert_near(posterior->mean[j], 0.4, 0);
  for (int i = 0; i < 24; i++) {
    assert_near(posterior->left_out[i], 0.4, 0);
    assert_near(posterior->casual[i], 0.5, 0);
  }
  assert_near(self->bench.output[0], 0.4, 0);
}

static void the_constant_by_moments_is_everyones_frequency(void **state) {
  scene *self = *state;
  const heed_posterior *posterior = posterior_of(self, "constant", "{}");
  assert_near(posterior->mean[0], (13.0 / 24 - 0.5) / 0.25, 1e-12);
  posterior = posterior_of(self, "constant", "{\"mu\": 0.51}");
  assert_near(posterior->mean[0], 1, 0);
}

static void the_oracle_says_what_is_true(void **state) {
  scene *self = *state;
  const heed_posterior *posterior = posterior_of(self, "oracle", "{}");
  const int64_t *user =
      heed_table_data(self->crowd.annotations, "user", HEED_INT64);
  for (int j = 0; j < USERS; j++) {
    assert_near(posterior->mean[j], self->eta[j], 0);
    assert_near(posterior->sd[j], 0, 0);
  }
  for (int i = 0; i < 24; i++)
    assert_near(posterior->left_out[i], self->eta[user[i]], 0);
}

static void only_the_oracle_is_shown_the_truth(void **state) {
  scene *self = *state;
  assert_true((made(self, "oracle", "{}")->plugin->flags & HEED_SEES_TRUTH) !=
              0);
  assert_int_equal(
      made(self, "frequency", "{}")->plugin->flags & HEED_SEES_TRUTH, 0);
  assert_int_equal(
      made(self, "constant", "{}")->plugin->flags & HEED_SEES_TRUTH, 0);
}

static void the_oracle_refuses_users_whose_truth_is_unknown(void **state) {
  scene *self = *state;
  const heed_host *host = &self->bench.host.host;
  self->crowd.users = host->table(host, "users", USERS);
  assert_int_equal(estimate(self, made(self, "oracle", "{}")),
                   HEED_UNSUPPORTED);
  assert_non_null(
      strstr(self->bench.error.message, "the true attentiveness is not known"));
}

static void a_gap_that_the_source_does_not_know_is_an_error(void **state) {
  scene *self = *state;
  assert_int_equal(
      estimate(self, made(self, "frequency", "{\"mu\": \"requested\"}")),
      HEED_UNSUPPORTED);
  assert_non_null(strstr(self->bench.error.message, "give mu as a number"));
}

static void predictions_are_the_models_at_the_estimate(void **state) {
  static const char *const names[] = {"frequency", "constant", "oracle"};
  scene *self = *state;
  const int64_t *user =
      heed_table_data(self->crowd.annotations, "user", HEED_INT64);
  const int8_t *choice =
      heed_table_data(self->crowd.annotations, "choice", HEED_INT8);
  for (int n = 0; n < 3; n++) {
    const heed_instance *instance = made(self, names[n], "{}");
    const heed_estimator_functions *functions = instance->plugin->functions;
    double probability[24];
    assert_int_equal(estimate(self, instance), HEED_OK);
    assert_int_equal(functions->predict(instance->self, &self->bench.host.host,
                                        &self->posterior, &self->crowd,
                                        probability, &self->bench.error),
                     HEED_OK);
    for (int i = 0; i < 24; i++) {
      const double a = 0.5 + 0.25 * self->posterior.mean[user[i]];
      assert_near(probability[i], choice[i] == HEED_CHOSE_A ? a : 1 - a, 1e-15);
    }
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_frequency_is_scaled_by_the_gap_and_clipped),
      TEST(who_said_nothing_gets_everyones_frequency),
      TEST(shrinkage_adds_annotations_of_everyone),
      TEST(a_frequency_without_an_annotation_counts_the_others),
      TEST(p_of_each_pair_weighs_the_annotations),
      TEST(at_a_gap_of_one_half_choices_say_nothing),
      TEST(a_constant_is_everyones),
      TEST(the_constant_by_moments_is_everyones_frequency),
      TEST(the_oracle_says_what_is_true),
      TEST(only_the_oracle_is_shown_the_truth),
      TEST(the_oracle_refuses_users_whose_truth_is_unknown),
      TEST(a_gap_that_the_source_does_not_know_is_an_error),
      TEST(predictions_are_the_models_at_the_estimate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
