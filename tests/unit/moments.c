/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator moments: unbiased over every way to choose, and beside em. */
#include "../support/overlapping.h"

static test_overlapping scene;

static int set_up(void **state) {
  static const char *const shapes[] = {"beta", "two_point", "uniform",
                                       "gaussian"};
  (void)state;
  overlapping_open(&scene, 8);
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    workbench_load(&scene.bench, HEED_DISTRIBUTION, shapes[i]);
  workbench_load(&scene.bench, HEED_USER_MODEL, "attentive");
  workbench_load(&scene.bench, HEED_USER_MODEL, "position_bias");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  overlapping_close(&scene);
  return 0;
}

enum { LOG_LIKELIHOOD, MEAN, VARIANCE, POSSIBLE };

/* Each user has pairs of their own; p of pair i is p[i]. */
static void crowd_of(size_t users, const size_t *each, const double *p) {
  size_t user[64], pair[64], rows = 0;
  int8_t choice[64] = {0};
  for (size_t j = 0; j < users; j++)
    for (size_t i = 0; i < each[j]; i++, rows++) {
      user[rows] = j;
      pair[rows] = rows;
    }
  overlapping_crowd(&scene, users, rows, rows, user, pair, choice);
  double *own = scene.bench.host.host.column(
      &scene.bench.host.host, scene.world.pairs, "p", HEED_FLOAT64, 1);
  memcpy(own, p, rows * sizeof *own);
}

/* Sums estimates over every way to choose and every eta of users, each of
 * probability 1/2, low or high: the expectation, without error but rounding. */
static void expect(const heed_instance *instance, size_t users, size_t rows,
                   double low, double high, double p_casual_a, double *mean,
                   double *variance) {
  *mean = *variance = 0;
  const double *p = heed_table_data(scene.world.pairs, "p", HEED_FLOAT64);
  for (size_t way = 0; way < (size_t)1 << rows; way++) {
    double chance = 0;
    for (size_t who = 0; who < (size_t)1 << users; who++) {
      double product = 1;
      for (size_t r = 0; r < rows; r++) {
        const double eta = who >> scene.user[r] & 1 ? high : low;
        const double a = eta * p[r] + (1 - eta) * p_casual_a;
        product *= way >> r & 1 ? a : 1 - a;
      }
      chance += product / (double)((size_t)1 << users);
    }
    for (size_t r = 0; r < rows; r++)
      scene.choice[r] = way >> r & 1 ? HEED_CHOSE_A : HEED_CHOSE_B;
    (void)overlapping_fit(&scene, instance);
    *mean += chance * scene.bench.output[MEAN];
    *variance += chance * scene.bench.output[VARIANCE];
  }
}

/* eta .2 or .9: mean .55, variance .35^2. */
static void both_moments_are_unbiased_with_a_shared_gap(void **state) {
  const size_t each[3] = {2, 4, 1};
  const double p[7] = {0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8};
  double mean, variance;
  (void)state;
  crowd_of(3, each, p);
  expect(overlapping_made(&scene, "moments", "{\"mu\": 0.8}"), 3, 7, 0.2, 0.9,
         0.5, &mean, &variance);
  assert_near(mean, 0.55, 1e-11);
  assert_near(variance, 0.1225, 1e-11);
}

static void both_moments_are_unbiased_with_p_of_each_pair(void **state) {
  const size_t each[3] = {3, 2, 3};
  const double p[8] = {0.9, 0.3, 0.7, 0.55, 0.2, 0.95, 0.6, 0.1};
  double mean, variance;
  (void)state;
  crowd_of(3, each, p);
  expect(overlapping_made(&scene, "moments", "{\"mu\": \"pair\"}"), 3, 8, 0.2,
         0.9, 0.5, &mean, &variance);
  assert_near(mean, 0.55, 1e-11);
  assert_near(variance, 0.1225, 1e-11);
}

/* Left is A throughout, and a casual user clicks left in 70 %. */
static void both_moments_are_unbiased_with_a_position_bias(void **state) {
  const size_t each[2] = {3, 4};
  const double p[7] = {0.9, 0.3, 0.7, 0.55, 0.2, 0.95, 0.6};
  double mean, variance;
  (void)state;
  crowd_of(2, each, p);
  int8_t *left = heed_table_data(scene.crowd.annotations, "left", HEED_INT8);
  memset(left, HEED_CHOSE_A, 7);
  expect(overlapping_made(&scene, "moments",
                          "{\"mu\": \"pair\", \"model\": {\"plugin\":"
                          " \"position_bias\", \"parameters\":"
                          " {\"left\": 0.7}}}"),
         2, 7, 0.2, 0.9, 0.7, &mean, &variance);
  assert_near(mean, 0.55, 1e-10);
  assert_near(variance, 0.1225, 1e-10);
}

/* With a shared gap: k (k - 1) over n (n - 1) is unbiased for P(A)^2. */
static void equal_histories_give_the_factorial_moments(void **state) {
  size_t user[60], pair[60];
  int8_t choice[60];
  const int chose[6] = {9, 3, 6, 8, 5, 7};
  double first = 0, second = 0, squared = 0;
  (void)state;
  for (size_t r = 0; r < 60; r++) {
    user[r] = r / 10;
    pair[r] = r;
    choice[r] = (int)(r % 10) < chose[r / 10] ? HEED_CHOSE_A : HEED_CHOSE_B;
  }
  overlapping_crowd(&scene, 6, 60, 60, user, pair, choice);
  (void)overlapping_fit(&scene,
                        overlapping_made(&scene, "moments", "{\"mu\": 0.9}"));
  for (int j = 0; j < 6; j++) {
    const double k = chose[j];
    first += k / 10 / 6;
    second += k * (k - 1) / 90 / 6;
    for (int other = 0; other < 6; other++)
      if (other != j) squared += k / 10 * chose[other] / 10 / 30;
  }
  /* P(A) = 1/2 + .4 eta */
  assert_near(scene.bench.output[MEAN], (first - 0.5) / 0.4, 1e-12);
  assert_near(scene.bench.output[VARIANCE], (second - squared) / 0.16, 1e-12);
}

/* ---- the posterior ---- */

static void simulate(size_t users, size_t each, double low, double high) {
  const heed_host *host = &scene.bench.host.host;
  double *eta = host->scratch(host, users, sizeof *eta);
  for (size_t j = 0; j < users; j++)
    eta[j] = low + (high - low) * ((double)j + 0.5) / (double)users;
  overlapping_simulate(&scene, users, 4 * each, each, eta, NULL);
  double *p = host->column(host, scene.world.pairs, "p", HEED_FLOAT64, 1);
  for (size_t i = 0; i < scene.world.pairs->rows; i++)
    p[i] = scene.better[i] ? 1 : 0;
}

/* Under a fixed prior em has nothing to fit: the posterior must be that of em
 * with the parameters that the moments gave. */
static void the_posterior_is_that_of_em_under_the_prior_found(void **state) {
  char parameters[256];
  (void)state;
  simulate(50, 20, 0.1, 1);
  const heed_posterior found = *overlapping_fit(
      &scene, overlapping_made(&scene, "moments", "{\"mu\": \"pair\"}"));
  const double a = found.theta[0], b = found.theta[1];
  assert_true(found.identified && found.converged);
  assert_near(a / (a + b), scene.bench.output[MEAN], 1e-12);
  assert_near(a * b / ((a + b) * (a + b) * (a + b + 1)),
              scene.bench.output[VARIANCE], 1e-12);
  (void)snprintf(parameters, sizeof parameters,
                 "{\"mu\": \"pair\", \"fit\": \"fixed\", \"prior\":"
                 " {\"plugin\": \"beta\", \"parameters\":"
                 " {\"alpha\": %.17g, \"beta\": %.17g}}}",
                 a, b);
  const heed_posterior *em =
      overlapping_fit(&scene, overlapping_made(&scene, "em", parameters));
  assert_near(found.log_likelihood, em->log_likelihood, 1e-9);
  for (size_t j = 0; j < 50; j++) {
    assert_near(found.mean[j], em->mean[j], 1e-12);
    assert_near(found.sd[j], em->sd[j], 1e-12);
  }
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_near(found.left_out[r], em->left_out[r], 1e-12);
}

/* Uniform eta: mean .5 and variance 1/12.  Of 2000 users with 30 annotations
 * of certain pairs u1 has variance 1/12 + (1 - E[eta^2]) / 30 = .106 and u2
 * about .09 + 4 E[eta^2 (1 - eta^2)] / 30 = .107: standard errors .0073 and
 * .0073; tolerances are four of them. */
static void moments_are_recovered_and_any_shape_serves(void **state) {
  static const char *const shapes[] = {"beta", "two_point", "uniform",
                                       "gaussian"};
  (void)state;
  simulate(2000, 30, 0, 1);
  for (size_t i = 0; i < 4; i++) {
    char parameters[128];
    (void)snprintf(parameters, sizeof parameters,
                   "{\"mu\": \"pair\", \"prior\": \"%s\"}", shapes[i]);
    const heed_posterior *posterior = overlapping_fit(
        &scene, overlapping_made(&scene, "moments", parameters));
    assert_near(scene.bench.output[MEAN], 0.5, 0.03);
    assert_near(scene.bench.output[VARIANCE], 1.0 / 12, 0.03);
    assert_true(posterior->identified);
    /* A binomial of 30 has RMSE .149 in the mean; no shape loses by much. */
    assert_true(overlapping_rmse(&scene) < 0.18);
  }
}

static void moments_that_no_eta_has_are_said_to_be(void **state) {
  const size_t each[2] = {3, 3};
  const double p[6] = {0.6, 0.6, 0.6, 0.6, 0.6, 0.6};
  (void)state;
  crowd_of(2, each, p);
  memset(scene.choice, HEED_CHOSE_A, 6);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "moments", "{\"mu\": 0.6}"));
  assert_false(posterior->identified);
  assert_string_equal(scene.bench.warned, "moments_impossible");
  /* u1 = 3 x .05 / (3 x .01) = 5 */
  assert_near(scene.bench.output[MEAN], 5, 1e-12);
  assert_near(scene.bench.output[POSSIBLE], 0, 0);
  assert_true(posterior->mean[0] > 0.9 && posterior->mean[0] <= 1);
}

static void a_model_with_ties_is_refused(void **state) {
  (void)state;
  simulate(10, 5, 0, 1);
  assert_int_equal(
      overlapping_try(
          &scene, overlapping_made(&scene, "moments",
                                   "{\"mu\": \"pair\", \"model\": {\"plugin\":"
                                   " \"attentive\", \"parameters\":"
                                   " {\"ties\": \"davidson\"}}}")),
      HEED_UNSUPPORTED);
  assert_non_null(strstr(scene.bench.error.message, "has ties"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(both_moments_are_unbiased_with_a_shared_gap),
      TEST(both_moments_are_unbiased_with_p_of_each_pair),
      TEST(both_moments_are_unbiased_with_a_position_bias),
      TEST(equal_histories_give_the_factorial_moments),
      TEST(the_posterior_is_that_of_em_under_the_prior_found),
      TEST(moments_are_recovered_and_any_shape_serves),
      TEST(moments_that_no_eta_has_are_said_to_be),
      TEST(a_model_with_ties_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
