/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator majority, beside counts and votes written out. */
#include "../support/overlapping.h"

static test_overlapping scene;

static int set_up(void **state) {
  (void)state;
  overlapping_open(&scene, 6);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  overlapping_close(&scene);
  return 0;
}

static const heed_posterior *fitted(const char *parameters) {
  return overlapping_fit(&scene,
                         overlapping_made(&scene, "majority", parameters));
}

/* +1: the others on row's pair mostly chose A, -1: B, 0: split; votes: how
 * many they are. */
static int others(size_t row, size_t excluded, int *votes) {
  int lead = 0;
  *votes = 0;
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    if (r == excluded || scene.pair[r] != scene.pair[row]) continue;
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    lead += scene.choice[r] == HEED_CHOSE_A ? 1 : -1;
    ++*votes;
  }
  return (lead > 0) - (lead < 0);
}

static void with_perfect_majorities_eta_is_2_agreement_less_1(void **state) {
  int votes;
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      fitted("{\"reliability\": 1, \"negative\": \"keep\"}");
  for (size_t j = 0; j < 6; j++) {
    double agreed = 0, met = 0;
    for (size_t r = scene.crowd.first[j]; r < scene.crowd.first[j + 1]; r++) {
      const int lead = others(r, r, &votes);
      if (scene.choice[r] == HEED_CHOSE_TIE || lead == 0) continue;
      agreed += (lead > 0) == (scene.choice[r] == HEED_CHOSE_A);
      met++;
    }
    assert_true(met > 0);
    assert_near(posterior->mean[j], 2 * agreed / met - 1, 1e-12);
    /* The standard error of 2 agreement - 1, at most. */
    assert_near(posterior->sd[j], 1 / sqrt(met), 1e-12);
  }
}

/* P(majority right | not split) of `votes`, each right with probability a: by
 * enumeration of every way to vote. */
static double voted(int votes, double a) {
  double right = 0, wrong = 0;
  for (int way = 0; way < 1 << votes; way++) {
    double p = 1;
    int lead = 0;
    for (int v = 0; v < votes; v++) {
      p *= way >> v & 1 ? a : 1 - a;
      lead += way >> v & 1 ? 1 : -1;
    }
    right += lead > 0 ? p : 0;
    wrong += lead < 0 ? p : 0;
  }
  return right / (right + wrong);
}

/* P of annotation r: the leave-own-out majority's reliability, from the mean
 * accuracy that two users' agreement implies. */
static void reliability_is_that_of_so_many_votes(void **state) {
  double same = 0, couples = 0;
  const heed_posterior *posterior;
  int votes;
  (void)state;
  overlapping_small(&scene);
  posterior = fitted("{}");
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    for (size_t s = 0; s < scene.crowd.annotations->rows; s++) {
      if (r == s || scene.pair[r] != scene.pair[s]) continue;
      if (scene.choice[r] == HEED_CHOSE_TIE ||
          scene.choice[s] == HEED_CHOSE_TIE)
        continue;
      same += scene.choice[r] == scene.choice[s];
      couples++;
    }
  const double a = (1 + sqrt(2 * same / couples - 1)) / 2;
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const int lead = others(r, r, &votes);
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    assert_near(posterior->p[r],
                lead == 0  ? 0.5
                : lead > 0 ? voted(votes, a)
                           : 1 - voted(votes, a),
                1e-12);
  }
}

/* With a fixed reliability, leaving out is estimating without. */
static void left_out_is_the_estimate_without_the_annotation(void **state) {
  static const char *const fixed =
      "{\"reliability\": 0.9, \"negative\": \"keep\"}";
  (void)state;
  overlapping_small(&scene);
  const heed_posterior posterior = *fitted(fixed);
  const size_t rows = scene.crowd.annotations->rows;
  for (size_t r = 0; r < rows; r++) {
    /* A tie is as if the annotation were not there, for its own user. */
    const int8_t chosen = scene.choice[r];
    scene.choice[r] = HEED_CHOSE_TIE;
    assert_near(posterior.left_out[r], fitted(fixed)->mean[scene.user[r]],
                1e-12);
    scene.choice[r] = chosen;
  }
}

/* 300 users of 60 annotations, 18 a pair: majorities of 17 are right in .95
 * (E[eta] = 1/2), so that RMSE is sqrt((1 - eta^2) / 60) / .9, .112 in the
 * mean over uniform eta. */
static void attentiveness_is_recovered(void **state) {
  double eta[300];
  (void)state;
  for (size_t j = 0; j < 300; j++) eta[j] = (double)j / 299;
  overlapping_simulate(&scene, 300, 1000, 60, eta, NULL);
  const heed_posterior *posterior = fitted("{\"negative\": \"keep\"}");
  double mean = 0;
  assert_true(posterior->identified && posterior->converged);
  assert_true(overlapping_rmse(&scene) < 0.125);
  for (size_t j = 0; j < 300; j++) mean += posterior->mean[j] / 300;
  /* No bias: four standard errors of a mean of 300. */
  assert_near(mean, 0.5, 4 * 0.12 / sqrt(300));
}

static void predictions_follow_the_majority_of_all(void **state) {
  double probability[6];
  size_t user[6] = {0, 1, 2, 3, 4, 5}, pair[6] = {5, 6, 3, 4, 1, 1};
  int8_t choice[6] = {HEED_CHOSE_A, HEED_CHOSE_B, HEED_CHOSE_TIE,
                      HEED_CHOSE_B, HEED_CHOSE_A, HEED_CHOSE_B};
  double expected[6];
  int votes;
  (void)state;
  overlapping_small(&scene);
  const heed_instance *made = overlapping_made(
      &scene, "majority", "{\"reliability\": 0.8, \"negative\": \"keep\"}");
  const heed_estimator_functions *functions = made->plugin->functions;
  const heed_posterior seen = *overlapping_fit(&scene, made);
  for (size_t i = 0; i < 6; i++) {
    size_t row = 0;
    while ((size_t)scene.pair[row] != pair[i]) row++;
    const int lead = others(row, SIZE_MAX, &votes);
    const double p = 0.5 + 0.3 * lead, eta = seen.mean[user[i]];
    expected[i] = choice[i] == HEED_CHOSE_TIE ? 1
                  : choice[i] == HEED_CHOSE_A ? eta * p + (1 - eta) / 2
                                              : eta * (1 - p) + (1 - eta) / 2;
  }
  overlapping_crowd(&scene, 6, 7, 6, user, pair, choice);
  assert_int_equal(
      functions->predict(made->self, &scene.bench.host.host, &seen,
                         &scene.crowd, probability, &scene.bench.error),
      HEED_OK);
  for (size_t i = 0; i < 6; i++)
    assert_near(probability[i], expected[i], 1e-12);
}

static void pairs_annotated_once_are_not_identified(void **state) {
  (void)state;
  overlapping_apart(&scene);
  assert_false(fitted("{}")->identified);
  assert_string_equal(scene.bench.warned, "no_overlap");
}

static void users_who_agree_like_coins_are_not_identified(void **state) {
  const size_t user[4] = {0, 0, 1, 1}, pair[4] = {0, 1, 0, 1};
  const int8_t choice[4] = {HEED_CHOSE_A, HEED_CHOSE_A, HEED_CHOSE_A,
                            HEED_CHOSE_B};
  (void)state;
  overlapping_crowd(&scene, 2, 2, 4, user, pair, choice);
  const heed_posterior *posterior = fitted("{}");
  assert_false(posterior->identified);
  assert_string_equal(scene.bench.warned, "not_identified");
  for (size_t j = 0; j < 2; j++) assert_near(posterior->mean[j], 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(with_perfect_majorities_eta_is_2_agreement_less_1),
      TEST(reliability_is_that_of_so_many_votes),
      TEST(left_out_is_the_estimate_without_the_annotation),
      TEST(attentiveness_is_recovered),
      TEST(predictions_follow_the_majority_of_all),
      TEST(pairs_annotated_once_are_not_identified),
      TEST(users_who_agree_like_coins_are_not_identified),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
