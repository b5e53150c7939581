/* SPDX-License-Identifier: GPL-3.0-or-later
 * Newton's method by differences, on functions whose maximum is known. */
#include "support/numeric/newton.h"

#include "../support/workbench.h"

enum { MOST = 3 };

typedef double function(void *context, const double *x);

static newton_result climb(test_workbench *self, function *value, size_t count,
                           double *x) {
  heed_memory memory = {&self->host.host, false};
  double *room = newton_room(&memory, count);
  double lowest = value(NULL, x);
  const newton_problem problem = {
      .count = count, .value = value, .tolerance = 1e-14, .most_values = 5000};
  assert_false(memory.refused);
  const newton_result found = newton_maximise(&problem, lowest, room, x);
  assert_true(found.value >= lowest);
  assert_near(found.value, value(NULL, x), 0);
  return found;
}

/* Rosenbrock's valley, as a ridge. */
static double ridge(void *context, const double *x) {
  (void)context;
  return -pow(1 - x[0], 2) - 100 * pow(x[1] - x[0] * x[0], 2);
}

static void a_curved_ridge_is_followed_to_its_top(void **state) {
  double x[2] = {-1.2, 1};
  assert_true(climb(*state, ridge, 2, x).values < 1000);
  /* The differences see a slope of 10^-5 there. */
  assert_near(x[0], 1, 1e-4);
  assert_near(x[1], 1, 2e-4);
}

/* The sum of two terms: one rises ever more slowly up to a bound at 9 and is
 * flat beyond; the other is a parabola. */
static double plateau(void *context, const double *x) {
  const double u = fmin(x[0], 9);
  (void)context;
  return -exp(-u) - pow(x[1] + u / 10 - 1, 2);
}

static void a_bound_beyond_which_nothing_changes_is_reached(void **state) {
  double x[2] = {0, 0};
  const newton_result found = climb(*state, plateau, 2, x);
  assert_true(found.values < 500);
  assert_true(x[0] > 8.99);
  assert_near(x[1], 1 - fmin(x[0], 9) / 10, 1e-6);
}

static double wall(void *context, const double *x) {
  (void)context;
  if (x[0] > 0.5) return -HUGE_VAL;
  return -pow(x[0] - 1, 2) - pow(x[1] - x[0], 2) - pow(x[2], 4);
}

static void a_wall_is_reached_and_not_passed(void **state) {
  double x[3] = {-1, 3, 1};
  (void)climb(*state, wall, 3, x);
  assert_true(x[0] <= 0.5);
  assert_near(x[0], 0.5, 2e-4); /* a difference, 1e-4 (1 + |x|) */
  assert_near(x[1], x[0], 1e-3);
}

/* A slope with ripples of amplitude 1e-4. */
static double hollows(void *context, const double *x) {
  (void)context;
  return -1e-3 * pow(x[0] - 3, 2) + 1e-4 * cos(20 * x[0]) - pow(x[1] - x[0], 2);
}

static void small_hollows_are_left(void **state) {
  double x[2] = {0.31, 0.31};
  const newton_result found = climb(*state, hollows, 2, x);
  assert_near(found.value, 1e-4, 2e-5);
}

static void a_maximum_stays(void **state) {
  double x[2] = {1, 1};
  const newton_result found = climb(*state, ridge, 2, x);
  assert_near(found.value, 0, 0);
  assert_near(x[0], 1, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_curved_ridge_is_followed_to_its_top,
                                      workbench_set_up, workbench_tear_down),
      cmocka_unit_test_setup_teardown(
          a_bound_beyond_which_nothing_changes_is_reached, workbench_set_up,
          workbench_tear_down),
      cmocka_unit_test_setup_teardown(a_wall_is_reached_and_not_passed,
                                      workbench_set_up, workbench_tear_down),
      cmocka_unit_test_setup_teardown(small_hollows_are_left, workbench_set_up,
                                      workbench_tear_down),
      cmocka_unit_test_setup_teardown(a_maximum_stays, workbench_set_up,
                                      workbench_tear_down),
  };
  return cmocka_run_group_tests_name("newton", tests, NULL, NULL);
}
