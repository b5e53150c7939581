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

static void a_bootstrap_shows_the_log_and_percentiles_of_the_rest(
    void **state) {
  double values[101] = {10};
  view_estimate found;
  (void)state;
  for (int i = 1; i <= 100; i++) values[i] = 101 - i;
  found = summarise_replicates(values, 101, true);
  assert_int_equal(found.count, 101);
  assert_true(is_near(found.value, 10, 0));
  assert_true(is_near(found.low, 3.475, 1e-12));
  assert_true(is_near(found.high, 97.525, 1e-12));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(independent_replicates_have_students_interval),
      cmocka_unit_test(one_replicate_has_no_interval),
      cmocka_unit_test(no_value_at_all_is_no_value),
      cmocka_unit_test(a_bootstrap_shows_the_log_and_percentiles_of_the_rest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
