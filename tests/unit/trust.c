/* SPDX-License-Identifier: GPL-3.0-or-later
 * How far posteriors of users can be trusted: estimators warn if annotations do
 * not distinguish users, and otherwise their intervals cover eta.
 * docs/experiments/trust.md has many more users and strengths. */
#include "../support/overlapping.h"

enum { MODELS = 3, MOST = 10000 };

static test_overlapping scene;

static void load(void) {
  workbench_load(&scene.bench, HEED_USER_MODEL, "attentive");
  workbench_load(&scene.bench, HEED_DISTRIBUTION, "grid");
  workbench_load(&scene.bench, HEED_DISTRIBUTION, "beta");
  workbench_load(&scene.bench, HEED_DISTRIBUTION, "gaussian");
  workbench_load(&scene.bench, HEED_DISTRIBUTION, "two_point");
}

/* From Beta(2, 2), the median of three uniform numbers; or the common one. */
static double draw_eta(heed_stream *stream, double common) {
  const double a = heed_uniform(stream), b = heed_uniform(stream);
  const double c = heed_uniform(stream);
  const double median = fmax(fmin(a, b), fmin(fmax(a, b), c));
  return common >= 0 ? common : median;
}

/* Models `apart` log-odds from the next; common: everybody's eta, or -1: each
 * user has one of their own. */
static void simulate(uint64_t seed, size_t users, size_t each, double apart,
                     double common) {
  static size_t user[MOST], pair[MOST];
  static int8_t choice[MOST];
  static int32_t a[MOST], b[MOST];
  static double eta[MOST];
  overlapping_open(&scene, seed);
  load();
  const heed_host *host = &scene.bench.host.host;
  for (size_t j = 0; j < users; j++) {
    heed_stream stream = host->stream(host, "users", j);
    eta[j] = draw_eta(&stream, common);
    for (size_t i = j * each; i < (j + 1) * each; i++) {
      user[i] = j;
      pair[i] = i;
      a[i] = (int32_t)heed_uniform_integer(&stream, MODELS);
      b[i] = (a[i] + 1 + (int32_t)heed_uniform_integer(&stream, MODELS - 1)) %
             MODELS;
      const double p = 1 / (1 + exp(-apart * (a[i] - b[i])));
      choice[i] = heed_uniform(&stream) < eta[j] * p + (1 - eta[j]) / 2
                      ? HEED_CHOSE_A
                      : HEED_CHOSE_B;
    }
  }
  overlapping_crowd(&scene, users, users * each, users * each, user, pair,
                    choice);
  scene.eta = host->allocate(host, users, sizeof *eta);
  memcpy(scene.eta, eta, users * sizeof *eta);
  heed_table *pairs = (heed_table *)scene.world.pairs;
  memcpy(host->column(host, pairs, "model_a", HEED_INT32, 1), a,
         users * each * sizeof *a);
  memcpy(host->column(host, pairs, "model_b", HEED_INT32, 1), b,
         users * each * sizeof *b);
  double *p = host->column(host, pairs, "p", HEED_FLOAT64, 1);
  for (size_t i = 0; i < users * each; i++)
    p[i] = 1 / (1 + exp(-apart * (a[i] - b[i])));
  scene.world.models = host->table(host, "models", MODELS);
}

static const heed_posterior *fit(const char *name, const char *parameters) {
  return overlapping_fit(&scene, overlapping_made(&scene, name, parameters));
}

static double mean_of(size_t count, const double *values) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += values[i] / (double)count;
  return sum;
}

/* ---- the default estimator of logs ---- */

static void coin_tosses_are_not_identified(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    simulate(seed, 40, 50, 0, 0.5);
    const heed_posterior *found = fit("em_bradley_terry", "{}");
    assert_false(found->identified);
    assert_string_equal(scene.bench.warned, "not_identified");
    assert_non_null(strstr(scene.bench.warning, "coin tosses"));
    assert_true(mean_of(40, found->sd) > 0.2);
    overlapping_close(&scene);
  }
}

static void maximum_likelihood_says_so_too(void **state) {
  (void)state;
  simulate(1, 40, 50, 0, 0.5);
  const heed_posterior *found =
      fit("em_bradley_terry", "{\"pseudo_users\": 0}");
  assert_false(found->identified);
  assert_string_equal(scene.bench.warned, "not_identified");
  overlapping_close(&scene);
}

/* The standard deviation of a guess is .29. */
static void one_annotation_leaves_eta_at_a_guess(void **state) {
  (void)state;
  simulate(3, 1, 1, 2, 0.5);
  const heed_posterior *found = fit("em_bradley_terry", "{}");
  assert_near(found->mean[0], 0.5, 0.1);
  assert_near(found->sd[0], 1 / sqrt(12), 0.04);
  assert_false(found->identified);
  overlapping_close(&scene);
}

/* 8,000 annotations: eta = .3 has a standard error of about .02. */
static void who_all_attend_to_three_in_ten_are_identified(void **state) {
  (void)state;
  simulate(4, 40, 200, 2.5, 0.3);
  const heed_posterior *found = fit("em_bradley_terry", "{}");
  assert_true(found->identified);
  assert_string_equal(scene.bench.warned, "");
  assert_near(mean_of(40, found->mean), 0.3, 0.05);
  assert_true(mean_of(40, found->sd) < 0.1);
  overlapping_close(&scene);
}

static double coverage(const char *name, const char *parameters, bool *all) {
  enum { USERS = 50, EACH = 50, SEEDS = 6, LOW = 0, HIGH = 1, LEVELS = 2 };
  double covered = 0;
  *all = true;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    simulate(seed, USERS, EACH, 2, -1);
    const heed_posterior *found = fit(name, parameters);
    assert_int_equal(found->level_count, LEVELS);
    *all = *all && found->identified;
    for (size_t j = 0; j < USERS; j++) {
      const double *ends = found->quantiles + LEVELS * j;
      covered += (ends[LOW] <= scene.eta[j] && scene.eta[j] <= ends[HIGH]) /
                 (double)(USERS * SEEDS);
    }
    overlapping_close(&scene);
  }
  return covered;
}

/* 300 users: a share of .90 has a standard error of .017, and users of one log
 * share errors. */
static void intervals_cover_nine_in_ten_where_models_differ(void **state) {
  bool identified;
  (void)state;
  const double fitted =
      coverage("em_bradley_terry", "{\"levels\": [0.05, 0.95]}", &identified);
  assert_true(identified);
  assert_near(fitted, 0.9, 0.05);
  const double known = coverage(
      "em", "{\"mu\": \"pair\", \"levels\": [0.05, 0.95]}", &identified);
  assert_true(identified);
  assert_near(known, 0.9, 0.05);
}

static void a_fit_that_is_taken_for_the_truth_covers_fewer(void **state) {
  bool identified;
  (void)state;
  assert_true(coverage("em_bradley_terry",
                       "{\"levels\": [0.05, 0.95], \"pseudo_users\": 0}",
                       &identified) < 0.8);
}

/* Mean, standard deviation and mass are of the same mixture. */
static void mean_and_error_are_those_of_the_mass(void **state) {
  (void)state;
  simulate(5, 20, 20, 1, -1);
  const heed_posterior *found = fit("em_bradley_terry", "{}");
  double left_out = 0;
  for (size_t j = 0; j < 20; j++) {
    const double *mass = found->mass + found->row[j] * found->node_count;
    double sum = 0, mean = 0, squares = 0;
    for (size_t k = 0; k < found->node_count; k++) {
      sum += mass[k];
      mean += mass[k] * found->nodes[k];
      squares += mass[k] * found->nodes[k] * found->nodes[k];
    }
    assert_near(sum, 1, 1e-12);
    assert_near(found->mean[j], mean, 1e-12);
    assert_near(found->sd[j], sqrt(squares - mean * mean), 1e-9);
  }
  for (size_t i = 0; i < 400; i++)
    left_out += found->left_out[i] - found->mean[scene.user[i]];
  assert_near(left_out / 400, 0, 0.02);
  overlapping_close(&scene);
}

/* ---- a known gap ---- */

/* Sixty coin tosses of twelve users, who may attend to one pair in five. */
static void few_coin_tosses_under_a_known_gap_are_no_certainty(void **state) {
  static const char *const priors[] = {"beta", "gaussian", "grid"};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    char parameters[96];
    (void)snprintf(parameters, sizeof parameters,
                   "{\"mu\": 0.8, \"prior\": \"%s\"}", priors[i]);
    for (uint64_t seed = 1; seed <= 10; seed++) {
      simulate(seed, 12, 5, 0, 0.5);
      const heed_posterior *found = fit("em", parameters);
      assert_true(mean_of(12, found->sd) > 0.1);
      overlapping_close(&scene);
    }
  }
}

static void one_annotation_under_a_known_gap_is_a_guess(void **state) {
  static const char *const names[] = {"em", "bayes", "moments", "constant",
                                      "frequency"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    simulate(3, 1, 1, 2, 0.5);
    const heed_posterior *found = fit(names[i], "{\"mu\": 0.8}");
    assert_false(found->identified);
    overlapping_close(&scene);
  }
  simulate(3, 1, 1, 2, 0.5);
  const heed_posterior *found = fit("em", "{\"mu\": 0.8}");
  assert_near(found->mean[0], 0.5, 0.15);
  assert_true(found->sd[0] > 0.2);
  overlapping_close(&scene);
}

/* With 4,000 x 10 annotations the pseudo-user and the sum over theta are a
 * detail. */
static void of_many_users_the_posterior_is_that_of_the_best_fit(void **state) {
  enum { USERS = 1000, EACH = 10 };
  static double mean[USERS];
  (void)state;
  simulate(6, USERS, EACH, 2, -1);
  memcpy(mean, fit("em", "{\"mu\": \"pair\", \"pseudo_users\": 0}")->mean,
         sizeof mean);
  const heed_posterior *found = fit("em", "{\"mu\": \"pair\"}");
  for (size_t j = 0; j < USERS; j++) assert_near(found->mean[j], mean[j], 0.03);
  overlapping_close(&scene);
}

/* em and bayes use other priors of alpha and beta, both weak. */
static void em_comes_to_the_full_posterior(void **state) {
  (void)state;
  simulate(7, 30, 20, 2, -1);
  static double mean[30], sd[30];
  const heed_posterior *found = fit("bayes", "{\"mu\": \"pair\"}");
  memcpy(mean, found->mean, sizeof mean);
  memcpy(sd, found->sd, sizeof sd);
  found = fit("em", "{\"mu\": \"pair\"}");
  for (size_t j = 0; j < 30; j++) {
    assert_near(found->mean[j], mean[j], 0.05);
    assert_near(found->sd[j], sd[j], 0.05);
  }
  overlapping_close(&scene);
}

/* p of each pair or one gap: the same log, reduced to counts or not. */
static void without_an_annotation_counts_are_as_annotations(void **state) {
  static const char *const names[] = {"bayes", "em"};
  static double left_out[200];
  (void)state;
  for (size_t n = 0; n < 2; n++) {
    simulate(8, 20, 10, 1, -1);
    memcpy(left_out, fit(names[n], "{\"mu\": 0.7}")->left_out, sizeof left_out);
    double *p = heed_table_data(scene.world.pairs, "p", HEED_FLOAT64);
    for (size_t i = 0; i < 200; i++) p[i] = 0.7;
    const heed_posterior *found = fit(names[n], "{\"mu\": \"pair\"}");
    for (size_t i = 0; i < 200; i++)
      assert_near(found->left_out[i], left_out[i], 1e-6);
    overlapping_close(&scene);
  }
}

/* A gap that is estimated makes users' errors larger than a known one. */
static void an_unknown_gap_is_part_of_the_error(void **state) {
  (void)state;
  simulate(9, 60, 40, 2, -1);
  const double known = mean_of(60, fit("em", "{\"mu\": 0.75}")->sd);
  const double estimated =
      mean_of(60, fit("em", "{\"mu\": \"estimated\"}")->sd);
  assert_true(estimated > known);
  overlapping_close(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(coin_tosses_are_not_identified),
      cmocka_unit_test(maximum_likelihood_says_so_too),
      cmocka_unit_test(one_annotation_leaves_eta_at_a_guess),
      cmocka_unit_test(who_all_attend_to_three_in_ten_are_identified),
      cmocka_unit_test(intervals_cover_nine_in_ten_where_models_differ),
      cmocka_unit_test(a_fit_that_is_taken_for_the_truth_covers_fewer),
      cmocka_unit_test(mean_and_error_are_those_of_the_mass),
      cmocka_unit_test(few_coin_tosses_under_a_known_gap_are_no_certainty),
      cmocka_unit_test(one_annotation_under_a_known_gap_is_a_guess),
      cmocka_unit_test(of_many_users_the_posterior_is_that_of_the_best_fit),
      cmocka_unit_test(em_comes_to_the_full_posterior),
      cmocka_unit_test(without_an_annotation_counts_are_as_annotations),
      cmocka_unit_test(an_unknown_gap_is_part_of_the_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
