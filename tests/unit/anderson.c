/* SPDX-License-Identifier: GPL-3.0-or-later
 * Anderson's acceleration: on maps whose fixed point is known. */
#include "support/numeric/anderson.h"

#include "../support/workbench.h"

enum { COUNT = 3 };

/* x moves towards `goal`, each value at its own rate, faster if `bend` is
 * positive and x far away; the objective is -|x - goal|^2, and -HUGE_VAL where
 * x[0] is above `wall`. */
static const double goal[COUNT] = {1, -2, 0.5};
static const double rates[COUNT] = {0.01, 0.02, 0.005};

typedef struct slow_map {
  double wall, bend;
  heed_status status;
  size_t steps, fails_at; /* 0: never */
} slow_map;

static double objective(const slow_map *self, const double *x) {
  double sum = 0;
  if (x[0] > self->wall) return -HUGE_VAL;
  for (size_t i = 0; i < COUNT; i++) sum -= pow(x[i] - goal[i], 2);
  return sum;
}

static double step(void *context, double *x) {
  slow_map *self = context;
  const double here = objective(self, x);
  if (++self->steps == self->fails_at) self->status = HEED_NUMERIC;
  if (!(here > -HUGE_VAL)) return here;
  for (size_t i = 0; i < COUNT; i++)
    x[i] += rates[i] * (1 - self->bend * here) * (goal[i] - x[i]);
  return here;
}

static squarem_problem on(slow_map *map, const heed_host *host) {
  return (squarem_problem){.count = COUNT,
                           .leaping = COUNT,
                           .context = map,
                           .step = step,
                           .tolerance = 1e-14,
                           .still_cycles = 2,
                           .most_steps = 1000,
                           .status = &map->status,
                           .host = host,
                           .series = "objective"};
}

static squarem_result run(test_workbench *self, const squarem_problem *problem,
                          double *x) {
  heed_memory memory = {&self->host.host, false};
  anderson_room *room =
      anderson_open(&memory, problem->count, problem->leaping);
  assert_non_null(room);
  self->series_count = 0;
  return anderson_maximise(problem, room, x);
}

/* Three differences determine a linear map of three values: the fifth point is
 * its fixed point, up to rounding, which 1 / rate enlarges. */
static void a_linear_map_takes_a_step_a_value_and_a_few(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = HUGE_VAL};
  double x[COUNT] = {0};
  const squarem_problem problem = on(&map, &self->host.host);
  const squarem_result result = run(self, &problem, x);
  assert_true(result.converged);
  assert_true(result.steps <= COUNT + 5);
  assert_near(result.objective, objective(&map, x), 0);
  for (size_t i = 0; i < COUNT; i++) assert_near(x[i], goal[i], 1e-9);
}

/* Plain steps need some 3,000. */
static void a_bent_map_reaches_its_fixed_point_in_few_steps(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = HUGE_VAL, .bend = 0.5};
  double x[COUNT] = {0};
  const squarem_problem problem = on(&map, &self->host.host);
  const squarem_result result = run(self, &problem, x);
  assert_true(result.converged);
  assert_true(result.steps < 50);
  for (size_t i = 0; i < COUNT; i++) assert_near(x[i], goal[i], 1e-6);
}

/* Steps stay below the wall, and leaps would not. */
static void the_objective_never_falls(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = goal[0], .bend = 0.5};
  double x[COUNT] = {0};
  const squarem_problem problem = on(&map, &self->host.host);
  run(self, &problem, x);
  assert_true(self->series_count > 3);
  for (size_t i = 1; i < self->series_count; i++)
    assert_true(self->series[i] >= self->series[i - 1]);
  assert_true(x[0] <= map.wall);
}

/* The third value only takes its steps. */
static void values_that_do_not_leap_take_steps(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = HUGE_VAL};
  double x[COUNT] = {0};
  squarem_problem problem = on(&map, &self->host.host);
  problem.leaping = 2;
  problem.most_steps = 6;
  run(self, &problem, x);
  assert_near(x[0], goal[0], 1e-9);
  assert_near(x[2], goal[2] * (1 - pow(1 - rates[2], 5)), 1e-15);
}

static void a_step_that_fails_ends_the_fit(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = HUGE_VAL, .fails_at = 4};
  double x[COUNT] = {0};
  const squarem_problem problem = on(&map, &self->host.host);
  const squarem_result result = run(self, &problem, x);
  assert_false(result.converged);
  assert_int_equal(map.steps, 4);
}

/* No point is possible: the start is returned. */
static void an_impossible_start_is_no_fit(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = -1};
  double x[COUNT] = {0};
  const squarem_problem problem = on(&map, &self->host.host);
  const squarem_result result = run(self, &problem, x);
  assert_false(result.converged);
  assert_true(result.objective == -HUGE_VAL);
  assert_near(x[0], 0, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(
          a_linear_map_takes_a_step_a_value_and_a_few, workbench_set_up_series,
          workbench_tear_down),
      cmocka_unit_test_setup_teardown(
          a_bent_map_reaches_its_fixed_point_in_few_steps,
          workbench_set_up_series, workbench_tear_down),
      cmocka_unit_test_setup_teardown(the_objective_never_falls,
                                      workbench_set_up_series,
                                      workbench_tear_down),
      cmocka_unit_test_setup_teardown(values_that_do_not_leap_take_steps,
                                      workbench_set_up_series,
                                      workbench_tear_down),
      cmocka_unit_test_setup_teardown(a_step_that_fails_ends_the_fit,
                                      workbench_set_up_series,
                                      workbench_tear_down),
      cmocka_unit_test_setup_teardown(an_impossible_start_is_no_fit,
                                      workbench_set_up_series,
                                      workbench_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
