/* SPDX-License-Identifier: GPL-3.0-or-later
 * Estimators that compare users say so where users agree like coins. */
#include "support/crowd/chance.h"

#include "../support/overlapping.h"
#include "support/crowd/overlap.h"

enum { USERS = 40, PAIRS = 100, EACH = 15 };

static const char *const estimators[] = {"majority", "dawid_skene", "mace",
                                         "glad", "crowd_bt"};
enum { ESTIMATORS = sizeof estimators / sizeof *estimators };

/* A crowd whose first `attentive` users have this eta; the rest toss coins. */
static void open_crowd(test_overlapping *scene, uint64_t seed, size_t attentive,
                       double eta) {
  double of[USERS] = {0};
  for (size_t j = 0; j < attentive; j++) of[j] = eta;
  overlapping_open(scene, seed);
  overlapping_simulate(scene, USERS, PAIRS, EACH, of, NULL);
}

static crowd_chance compare(test_overlapping *scene) {
  crowd_overlap overlap;
  crowd_chance found;
  assert_int_equal(overlap_open(&scene->bench.host.host, &scene->crowd,
                                &overlap, &scene->bench.error),
                   HEED_OK);
  assert_int_equal(chance_compute(&overlap, &scene->bench.host.host, &found,
                                  &scene->bench.error),
                   HEED_OK);
  return found;
}

/* 500 logs of coin tosses: 5 expected, sd 2.2. */
static void one_log_of_coin_tosses_in_a_hundred_passes_for_more(void **state) {
  size_t beaten = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= 500; seed++) {
    test_overlapping scene;
    open_crowd(&scene, seed, 0, 0);
    const crowd_chance found = compare(&scene);
    beaten += chance_beaten(&found);
    overlapping_close(&scene);
  }
  assert_in_range(beaten, 1, 12);
}

/* Users of eta 1/2 agree in 1/2 + 1/8 of 2250 or so comparisons: 12 sd. */
static void agreement_is_counted_and_beats_chance(void **state) {
  test_overlapping scene;
  double agreed = 0, comparisons = 0;
  (void)state;
  open_crowd(&scene, 7, USERS, 0.5);
  for (size_t r = 0; r < USERS * EACH; r++)
    for (size_t other = 0; other < r; other++)
      if (scene.pair[r] == scene.pair[other] &&
          scene.user[r] != scene.user[other]) {
        agreed += scene.choice[r] == scene.choice[other];
        comparisons++;
      }
  const crowd_chance found = compare(&scene);
  assert_near(found.agreed, agreed, 1e-9);
  assert_near(found.comparisons, comparisons, 1e-9);
  assert_true(found.by_pairs < 1e-6 && chance_beaten(&found));
  overlapping_close(&scene);
}

/* 4 of 40 users are right; they agree with each other, but hardly raise the
 * agreement of all. */
static void a_few_attentive_users_among_coins_are_seen(void **state) {
  double eta[USERS] = {1, 1, 1, 1};
  test_overlapping scene;
  (void)state;
  overlapping_open(&scene, 3);
  overlapping_simulate(&scene, USERS, 30, 30, eta, NULL);
  const crowd_chance found = compare(&scene);
  assert_true(found.by_pairs > CHANCE_LEVEL);
  assert_true(found.by_couples < 1e-6);
  overlapping_close(&scene);
}

/* The same few pairs again and again: a user who repeats a choice agrees with
 * nobody else. */
static void choices_that_a_user_repeats_are_no_agreement(void **state) {
  enum { TIMES = 25, ROWS = 4 * 4 * TIMES };
  size_t user[ROWS], pair[ROWS];
  int8_t choice[ROWS];
  test_overlapping scene;
  (void)state;
  overlapping_open(&scene, 1);
  for (size_t r = 0; r < ROWS; r++) {
    user[r] = r / (4 * TIMES);
    pair[r] = r / TIMES % 4;
    /* Each user says A on half of the pairs, as often with as against each of
     * the others. */
    choice[r] = ((user[r] & pair[r] & 1) ^ ((user[r] & pair[r]) >> 1)) != 0
                    ? HEED_CHOSE_A
                    : HEED_CHOSE_B;
  }
  overlapping_crowd(&scene, 4, 4, ROWS, user, pair, choice);
  const crowd_chance found = compare(&scene);
  assert_near(found.agreed, found.comparisons / 2, 1e-9);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "majority", "{}"));
  assert_false(posterior->identified);
  for (size_t j = 0; j < 4; j++) assert_near(posterior->mean[j], 0, 1e-12);
  overlapping_close(&scene);
}

static void every_estimator_says_that_coins_do_not_identify_users(
    void **state) {
  test_overlapping scene;
  (void)state;
  open_crowd(&scene, 2, 0, 0);
  for (size_t i = 0; i < ESTIMATORS; i++) {
    const heed_posterior *posterior =
        overlapping_fit(&scene, overlapping_made(&scene, estimators[i], "{}"));
    assert_false(posterior->identified);
    assert_string_equal(scene.bench.warned, "not_identified");
  }
  overlapping_close(&scene);
}

static void every_estimator_is_identified_by_users_who_agree(void **state) {
  test_overlapping scene;
  (void)state;
  open_crowd(&scene, 2, USERS, 0.5);
  for (size_t i = 0; i < ESTIMATORS; i++) {
    assert_true(
        overlapping_fit(&scene, overlapping_made(&scene, estimators[i], "{}"))
            ->identified);
    assert_string_equal(scene.bench.warned, "");
  }
  overlapping_close(&scene);
}

/* ---- crowd_bt with models ---- */

/* Each of 300 pairs has one annotation, of two of 6 models; model m beats a
 * weaker one with probability `better`. */
static bool models_identify(uint64_t seed, double better) {
  enum { MODELS = 6, ALL = 300 };
  size_t user[ALL], pair[ALL];
  int8_t choice[ALL];
  test_overlapping scene;
  overlapping_open(&scene, seed);
  const heed_host *host = &scene.bench.host.host;
  heed_stream stream = host->stream(host, "models", 0);
  for (size_t r = 0; r < ALL; r++) {
    user[r] = r / 30;
    pair[r] = r;
    choice[r] = heed_uniform(&stream) < better ? HEED_CHOSE_A : HEED_CHOSE_B;
  }
  overlapping_crowd(&scene, 10, ALL, ALL, user, pair, choice);
  scene.world.models = host->table(host, "models", MODELS);
  int32_t *a = host->column(host, scene.world.pairs, "model_a", HEED_INT32, 1);
  int32_t *b = host->column(host, scene.world.pairs, "model_b", HEED_INT32, 1);
  for (size_t i = 0; i < ALL; i++) {
    b[i] = (int32_t)heed_uniform_integer(&stream, MODELS - 1);
    a[i] =
        b[i] + 1 +
        (int32_t)heed_uniform_integer(&stream, (uint64_t)(MODELS - 1 - b[i]));
  }
  const bool identified =
      overlapping_fit(&scene, overlapping_made(&scene, "crowd_bt", "{}"))
          ->identified;
  assert_string_equal(scene.bench.warned, identified ? "" : "not_identified");
  overlapping_close(&scene);
  return identified;
}

/* Of 100 logs of coin tosses one may pass; a model that wins in .7 is seen. */
static void models_that_win_like_coins_do_not_identify_users(void **state) {
  size_t tosses = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= 100; seed++) {
    tosses += models_identify(seed, 0.5);
    assert_true(models_identify(seed, 0.7));
  }
  assert_true(tosses <= 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_log_of_coin_tosses_in_a_hundred_passes_for_more),
      cmocka_unit_test(agreement_is_counted_and_beats_chance),
      cmocka_unit_test(a_few_attentive_users_among_coins_are_seen),
      cmocka_unit_test(choices_that_a_user_repeats_are_no_agreement),
      cmocka_unit_test(every_estimator_says_that_coins_do_not_identify_users),
      cmocka_unit_test(every_estimator_is_identified_by_users_who_agree),
      cmocka_unit_test(models_that_win_like_coins_do_not_identify_users),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
