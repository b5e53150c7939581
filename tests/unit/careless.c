/* SPDX-License-Identifier: GPL-3.0-or-later
 * Who is careless: against sums by hand, all subsets of users, and simulated
 * users whose posterior is known. */
#include "verdict/careless.h"

#include "../support/workbench.h"

enum { CELLS = 4 };
static const double low[CELLS] = {0, 0.1, 0.5, 0.5};
static const double high[CELLS] = {0.1, 0.5, 0.5, 1};

/* Cells [0, .1], [.1, .5], an atom at .5, [.5, 1]. */
static void a_cell_counts_by_its_part_below_the_threshold(void **state) {
  static const float mass[CELLS] = {0.25f, 0.25f, 0.25f, 0.25f};
  (void)state;
  assert_near(careless_below(CELLS, low, high, mass, 0), 0, 0);
  assert_near(careless_below(CELLS, low, high, mass, 0.05), 0.125, 1e-12);
  assert_near(careless_below(CELLS, low, high, mass, 0.3), 0.375, 1e-12);
  assert_near(careless_below(CELLS, low, high, mass, 0.75), 0.875, 1e-12);
  assert_near(careless_below(CELLS, low, high, mass, 1.5), 1, 0);
}

static void an_atom_at_the_threshold_is_not_below_it(void **state) {
  static const float mass[CELLS] = {0.25f, 0.25f, 0.25f, 0.25f};
  (void)state;
  assert_near(careless_below(CELLS, low, high, mass, 0.5), 0.5, 1e-12);
  assert_near(careless_below(CELLS, low, high, mass, nextafter(0.5, 1)), 0.75,
              1e-12);
}

/* Phi(1) = 0.8413447460685429. */
static void a_normal_posterior_has_its_own_tail(void **state) {
  (void)state;
  assert_near(careless_below_normal(0.4, 0.1, 0.5), 0.8413447460685429, 1e-12);
  assert_near(careless_below_normal(0.5, 0, 0.5), 0, 0);
  assert_near(careless_below_normal(0.49, 0, 0.5), 1, 0);
  assert_true(isnan(careless_below_normal(NAN, 0.1, 0.5)));
  assert_true(isnan(careless_below_normal(0.4, NAN, 0.5)));
}

/* Sets of users are bits.  A set has all who are as surely called as one of
 * its users. */
static bool allowed(size_t count, const double *wrong, double alpha,
                    unsigned set) {
  double sum = 0, size = 0;
  for (size_t j = 0; j < count; j++) {
    if ((set & 1u << j) == 0) continue;
    if (!(wrong[j] < 0.5)) return false;
    sum += wrong[j];
    size++;
    for (size_t k = 0; k < count; k++)
      if (wrong[k] <= wrong[j] && (set & 1u << k) == 0) return false;
  }
  return sum <= alpha * size;
}

static size_t bits(unsigned set) {
  size_t count = 0;
  for (; set != 0; set &= set - 1) count++;
  return count;
}

/* Multiples of 1/64, so that sums are exact, with many equal values. */
static void no_other_set_of_users_is_larger(void **state) {
  enum { USERS = 10, TRIALS = 300 };
  static const double alphas[] = {0.0625, 0.125, 0.25};
  uint32_t seed = 7;
  (void)state;
  for (int trial = 0; trial < TRIALS; trial++) {
    double wrong[USERS], expected, sum = 0;
    careless_entry room[USERS];
    bool called[USERS];
    unsigned found = 0;
    size_t most = 0;
    for (size_t j = 0; j < USERS; j++) {
      seed = seed * 1664525u + 1013904223u;
      wrong[j] = (double)(seed >> 27) / 64 + (j == 3 ? 0.25 : 0);
    }
    if (trial % 10 == 0) wrong[4] = NAN;
    const double alpha = alphas[trial % 3];
    const size_t calls =
        careless_call(USERS, wrong, alpha, room, called, &expected);
    for (size_t j = 0; j < USERS; j++)
      if (called[j]) {
        found |= 1u << j;
        sum += wrong[j];
      }
    assert_int_equal(bits(found), calls);
    assert_true(allowed(USERS, wrong, alpha, found));
    assert_near(expected, calls == 0 ? 0 : sum / (double)calls, 1e-12);
    for (unsigned set = 0; set < 1u << USERS; set++)
      if (allowed(USERS, wrong, alpha, set) && bits(set) > most)
        most = bits(set);
    assert_int_equal(calls, most);
  }
}

static void nobody_is_called_against_the_odds(void **state) {
  static const double wrong[] = {0, 0, 0, 0, 0, 0.5, 0.49};
  careless_entry room[7];
  bool called[7];
  double expected;
  (void)state;
  assert_int_equal(careless_call(7, wrong, 0.2, room, called, &expected), 6);
  assert_false(called[5]);
  assert_near(expected, 0.49 / 6, 1e-12);
}

/* eta is uniform and the posterior given one number u is wrong = u / 2: the
 * share of false calls, averaged over 2000 logs of 50 users, has a standard
 * error below .002. */
static void false_calls_are_as_rare_as_promised(void **state) {
  enum { LOGS = 2000, USERS = 50 };
  static const double alphas[] = {0.05, 0.1, 0.2};
  (void)state;
  for (size_t a = 0; a < 3; a++) {
    heed_stream stream = stream_open(1, 0, "test", "users", a);
    double realised = 0;
    for (int log = 0; log < LOGS; log++) {
      double wrong[USERS], expected;
      careless_entry room[USERS];
      bool called[USERS], attends[USERS];
      size_t calls, errors = 0;
      for (size_t j = 0; j < USERS; j++) {
        wrong[j] = heed_uniform(&stream);
        attends[j] = heed_uniform(&stream) < wrong[j];
      }
      calls = careless_call(USERS, wrong, alphas[a], room, called, &expected);
      for (size_t j = 0; j < USERS; j++) errors += called[j] && attends[j];
      if (calls > 0) realised += (double)errors / (double)calls / LOGS;
    }
    assert_true(realised < alphas[a] + 0.006);
    assert_true(realised > 0.7 * alphas[a]);
  }
}

/* Users: variance (0.25 + 0.09 + 0) / 9.  Replicates .3, .5 ten times each:
 * variance 20/19 / 100, mean .4, below the value by .0667. */
static void a_share_adds_the_variance_of_users_and_of_the_fit(void **state) {
  static const double attends[] = {0.5, NAN, 0.9, 0};
  const double z = 1.959963984540054, value = 1.4 / 3;
  double replicates[21] = {NAN};
  (void)state;
  for (size_t r = 1; r < 21; r++) replicates[r] = r % 2 == 0 ? 0.3 : 0.5;
  verdict_share found = careless_share(4, attends, 9, replicates);
  assert_false(found.of_fit);
  assert_near(found.value, value, 1e-12);
  assert_near(found.high, value + z * sqrt(0.34) / 3, 1e-12);
  found = careless_share(4, attends, 21, replicates);
  const double sd = sqrt(0.34 / 9 + 20.0 / 19 / 100);
  assert_true(found.of_fit);
  assert_near(found.high, fmin(value + z * sd + (value - 0.4), 1), 1e-12);
  assert_near(found.low, value - z * sd, 1e-12);
  assert_true(isnan(careless_share(0, attends, 0, NULL).value));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cell_counts_by_its_part_below_the_threshold),
      cmocka_unit_test(an_atom_at_the_threshold_is_not_below_it),
      cmocka_unit_test(a_normal_posterior_has_its_own_tail),
      cmocka_unit_test(no_other_set_of_users_is_larger),
      cmocka_unit_test(nobody_is_called_against_the_odds),
      cmocka_unit_test(false_calls_are_as_rare_as_promised),
      cmocka_unit_test(a_share_adds_the_variance_of_users_and_of_the_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
