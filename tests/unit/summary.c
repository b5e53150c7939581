/* SPDX-License-Identifier: GPL-3.0-or-later
 * Replicates summed up, against numbers worked out by hand. */
#include "view/summary.h"

/* cmocka wants these before it. */
/* clang-format off */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

static bool is_near(double found, double expected, double offset) {
  return fabs(found - expected) <= offset;
}

/* Student's quantile at 0.975 with 3 degrees of freedom: 3.182446305. */
static void independent_replicates_have_students_interval(void **state) {
  double values[] = {4, NAN, 1, 3, 2};
  const view_estimate found = summarise_replicates(values, 5, false);
  const double half = 3.182446305284263 * sqrt(5.0 / 3.0 / 4.0);
  (void)state;
  assert_int_equal(found.count, 4);
  assert_true(is_near(found.value, 2.5, 1e-12));
  assert_true(is_near(found.low, 2.5 - half, 1e-9));
  assert_true(is_near(found.high, 2.5 + half, 1e-9));
}

static void one_replicate_has_no_interval(void **state) {
  double values[] = {0.5};
  const view_estimate found = summarise_replicates(values, 1, false);
  (void)state;
  assert_true(is_near(found.value, 0.5, 0));
  assert_true(isnan(found.low) && isnan(found.high));
}

static void no_value_at_all_is_no_value(void **state) {
  double values[] = {NAN, NAN};
  (void)state;
  assert_int_equal(summarise_replicates(values, 2, false).count, 0);
  assert_true(isnan(summarise_replicates(values, 2, false).value));
}

/* values[0] and then 1 … 100, whose median is 50.5 and whose percentiles are
 * 3.475 and 97.525. */
static view_estimate of_hundred(double value) {
  double values[101] = {value};
  for (int i = 1; i <= 100; i++) values[i] = 101 - i;
  return summarise_replicates(values, 101, true);
}

static void a_bootstrap_shows_the_log_and_percentiles_of_the_rest(
    void **state) {
  const view_estimate found = of_hundred(50.5);
  (void)state;
  assert_int_equal(found.count, 101);
  assert_true(is_near(found.value, 50.5, 0));
  assert_true(is_near(found.low, 3.475, 1e-12));
  assert_true(is_near(found.high, 97.525, 1e-12));
}

static void a_bootstrap_away_from_the_log_covers_both(void **state) {
  const view_estimate below = of_hundred(-10), above = of_hundred(200);
  (void)state;
  assert_true(is_near(below.low, -10 - (50.5 - 3.475), 1e-12));
  assert_true(is_near(below.high, 97.525, 1e-12));
  assert_true(is_near(above.low, 3.475, 1e-12));
  assert_true(is_near(above.high, 200 + (97.525 - 50.5), 1e-12));
}

static void an_interval_ends_where_the_metric_does(void **state) {
  double shares[] = {0, 0.4, 0, 0.5, 0.4, 0.6},
         correlations[] = {1, 0.8, 0.9, 1, 0.7, 0.9};
  (void)state;
  assert_true(is_near(summarise_replicates(shares, 6, true).low, 0, 0));
  assert_true(is_near(summarise_replicates(correlations, 6, true).high, 1, 0));
}

static void a_log_without_a_value_has_no_interval(void **state) {
  double values[] = {NAN, 1, 2, 3};
  const view_estimate found = summarise_replicates(values, 4, true);
  (void)state;
  assert_int_equal(found.count, 3);
  assert_true(isnan(found.value) && isnan(found.low) && isnan(found.high));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(independent_replicates_have_students_interval),
      cmocka_unit_test(one_replicate_has_no_interval),
      cmocka_unit_test(no_value_at_all_is_no_value),
      cmocka_unit_test(a_bootstrap_shows_the_log_and_percentiles_of_the_rest),
      cmocka_unit_test(a_bootstrap_away_from_the_log_covers_both),
      cmocka_unit_test(an_interval_ends_where_the_metric_does),
      cmocka_unit_test(a_log_without_a_value_has_no_interval),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
