/* SPDX-License-Identifier: GPL-3.0-or-later
 * The leaderboard: against numbers worked out by hand, and simulated strengths
 * whose truth is known. */
#include "verdict/leaderboard.h"

#include <gsl/gsl_sort.h>

#include "../support/workbench.h"

enum { MODELS = 6, REPLICATES = 200 };

static heed_error error;

/* Strengths d/2 and -d/2: the interval is a percentile of the distance from the
 * replicates' mean, and longer by the bias on one side. */
static void two_models_have_the_percentile_of_their_distance(void **state) {
  enum { DRAWS = 20 };
  double values[2 * (1 + DRAWS)] = {3, 1}, half[DRAWS], mean = 0;
  verdict_standing found[2];
  (void)state;
  for (int r = 0; r < DRAWS; r++) {
    half[r] = 0.9 + 0.1 * (r % 7) - 0.05 * (r % 3);
    values[2 + 2 * r] = half[r] + r; /* a constant of a row does not matter */
    values[3 + 2 * r] = -half[r] + r;
    mean += half[r] / DRAWS;
  }
  for (int r = 0; r < DRAWS; r++) half[r] = fabs(half[r] - mean);
  gsl_sort(half, 1, DRAWS);
  /* 19 steps between 20 numbers: nine tenths of them are 17.1. */
  const double c = half[17] + 0.1 * (half[18] - half[17]);
  assert_int_equal(leaderboard_make(2, DRAWS, values, 0.9, found, &error),
                   HEED_OK);
  assert_true(mean > 1);
  assert_near(found[0].strength, 1, 1e-12);
  assert_near(found[1].strength, -1, 1e-12);
  assert_near(found[0].low, 1 - c - (mean - 1), 1e-9);
  assert_near(found[0].high, 1 + c, 1e-9);
  assert_near(found[1].low, -found[0].high, 1e-9);
  assert_int_equal(found[0].rank, 1);
  assert_int_equal(found[1].rank, 2);
  assert_int_equal(found[0].worst, 1);
  assert_int_equal(found[1].best, 2);
}

static void equal_strengths_share_a_rank(void **state) {
  static const double values[] = {2, 1, 1, 0};
  verdict_standing found[4];
  (void)state;
  assert_int_equal(leaderboard_make(4, 0, values, 0.95, found, &error),
                   HEED_OK);
  assert_int_equal(found[1].rank, 2);
  assert_int_equal(found[2].rank, 2);
  assert_int_equal(found[3].rank, 4);
  assert_true(isnan(found[0].low));
  assert_int_equal(found[0].best, 1);
  assert_int_equal(found[0].worst, 4);
}

static void unknown_strengths_are_no_failure(void **state) {
  static const double values[] = {NAN, NAN};
  verdict_standing found[2];
  (void)state;
  assert_int_equal(leaderboard_make(2, 0, values, 0.95, found, &error),
                   HEED_OK);
  assert_true(isnan(found[0].strength));
}

/* A model that no replicate has seen gets no interval, and no model is surely
 * better or worse. */
static void a_replicate_with_nan_does_not_count(void **state) {
  double values[(1 + REPLICATES) * MODELS];
  verdict_standing with[MODELS], without[MODELS];
  heed_stream stream = stream_open(3, 0, "test", "board", 0);
  (void)state;
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    values[i] = heed_normal(&stream);
  values[sizeof values / sizeof *values - 1] = NAN;
  assert_int_equal(
      leaderboard_make(MODELS, REPLICATES, values, 0.95, with, &error),
      HEED_OK);
  assert_int_equal(
      leaderboard_make(MODELS, REPLICATES - 1, values, 0.95, without, &error),
      HEED_OK);
  for (size_t m = 0; m < MODELS; m++)
    assert_near(with[m].low, without[m].low, 0);
}

/* One log: strengths with correlated errors of different sizes, and replicates
 * about them with the same errors.  Counts logs in which all intervals cover,
 * and all ranks. */
static void simulate(const double *truth, uint64_t log, size_t *covers,
                     size_t *ranks) {
  double values[(1 + REPLICATES) * MODELS];
  verdict_standing found[MODELS];
  heed_stream stream = stream_open(5, 0, "test", "coverage", log);
  bool all = true, all_ranks = true;
  for (size_t r = 0; r <= REPLICATES; r++) {
    const double shared = heed_normal(&stream);
    for (size_t m = 0; m < MODELS; m++) {
      const double noise = (0.1 + 0.1 * (double)m) * heed_normal(&stream);
      values[r * MODELS + m] = (r == 0 ? truth[m] : values[m]) + noise +
                               (m % 2 == 0 ? 0.2 : -0.2) * shared;
    }
  }
  assert_int_equal(
      leaderboard_make(MODELS, REPLICATES, values, 0.9, found, &error),
      HEED_OK);
  for (size_t m = 0; m < MODELS; m++) {
    size_t least = 1, most = MODELS;
    for (size_t n = 0; n < MODELS; n++) {
      least += truth[n] > truth[m];
      most -= truth[n] < truth[m];
    }
    all = all && found[m].low <= truth[m] && truth[m] <= found[m].high;
    all_ranks = all_ranks && found[m].best <= least && most <= found[m].worst;
  }
  *covers += all;
  *ranks += all_ranks;
}

/* 90 % intervals; 500 logs: the standard error of a share is .013.  The sd and
 * the quantile come from 200 replicates, and intervals extend by the bias that
 * these show by chance: so a little more than 90 % is expected. */
static void intervals_and_ranks_cover_the_truth_at_once(void **state) {
  enum { LOGS = 500 };
  static const double truth[MODELS] = {0.7, 0.4, 0.1, 0.1, -0.4, -0.9};
  size_t covers = 0, ranks = 0;
  (void)state;
  for (uint64_t log = 0; log < LOGS; log++)
    simulate(truth, log, &covers, &ranks);
  assert_in_range(covers, 430, 480);
  assert_true(ranks >= 435);
}

/* 400 points are odds of ten to one. */
static void elo_has_400_points_for_tenfold_odds(void **state) {
  (void)state;
  assert_near(leaderboard_elo(0), 1000, 0);
  assert_near(leaderboard_elo(log(10)), 1400, 1e-9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_models_have_the_percentile_of_their_distance),
      cmocka_unit_test(equal_strengths_share_a_rank),
      cmocka_unit_test(unknown_strengths_are_no_failure),
      cmocka_unit_test(a_replicate_with_nan_does_not_count),
      cmocka_unit_test(intervals_and_ranks_cover_the_truth_at_once),
      cmocka_unit_test(elo_has_400_points_for_tenfold_odds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
