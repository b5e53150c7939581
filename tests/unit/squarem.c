/* SPDX-License-Identifier: GPL-3.0-or-later
 * SQUAREM: on maps whose fixed point is known. */
#include "support/numeric/squarem.h"

#include "../support/workbench.h"

enum { COUNT = 3, LEAPS_MOST = 200 };

/* x moves towards `goal`, each value at its own rate; the objective is
 * -|x - goal|^2, and -HUGE_VAL where x[0] is above `wall`. */
static const double goal[COUNT] = {1, -2, 0.5};
static const double rates[COUNT] = {0.01, 0.02, 0.005};

typedef struct slow_map {
  double wall;
  heed_status status;
  size_t steps, fails_at; /* 0: never */
  size_t leaps;
  double leap[LEAPS_MOST][COUNT]; /* what value() was asked for */
} slow_map;

static double objective(const slow_map *self, const double *x) {
  double sum = 0;
  if (x[0] > self->wall) return -HUGE_VAL;
  for (size_t i = 0; i < COUNT; i++) sum -= pow(x[i] - goal[i], 2);
  return sum;
}

static void move(double *x) {
  for (size_t i = 0; i < COUNT; i++) x[i] += rates[i] * (goal[i] - x[i]);
}

static double step_told_late(void *context, double *x) {
  slow_map *self = context;
  const double here = objective(self, x);
  if (++self->steps == self->fails_at) self->status = HEED_NUMERIC;
  if (here > -HUGE_VAL) move(x);
  return here;
}

static double step_told_at_once(void *context, double *x) {
  slow_map *self = context;
  double earlier[COUNT];
  memcpy(earlier, x, sizeof earlier);
  if (++self->steps == self->fails_at) self->status = HEED_NUMERIC;
  move(x);
  if (objective(self, x) > -HUGE_VAL) return objective(self, x);
  memcpy(x, earlier, sizeof earlier);
  return -HUGE_VAL;
}

static double value(void *context, double *y) {
  slow_map *self = context;
  if (self->leaps < LEAPS_MOST)
    memcpy(self->leap[self->leaps++], y, sizeof *self->leap);
  return objective(self, y);
}

static squarem_problem late(slow_map *map, const heed_host *host) {
  return (squarem_problem){.count = COUNT,
                           .leaping = COUNT,
                           .context = map,
                           .step = step_told_late,
                           .longest = HUGE_VAL,
                           .tolerance = 1e-14,
                           .still_cycles = 2,
                           .most_steps = 100000,
                           .status = &map->status,
                           .host = host,
                           .series = "objective"};
}

static squarem_problem at_once(slow_map *map, const heed_host *host,
                               const double *x) {
  squarem_problem problem = late(map, host);
  problem.step = step_told_at_once;
  problem.value = value;
  problem.objective = objective(map, x);
  return problem;
}

static squarem_result run(test_workbench *self, const squarem_problem *problem,
                          double *x) {
  heed_memory memory = {&self->host.host, false};
  double *room = squarem_room(&memory, COUNT);
  assert_false(memory.refused);
  self->series_count = 0;
  return squarem_maximise(problem, room, x);
}

/* Plain steps need ln(1e7) / .005 of them: 3,000. */
static void a_slow_map_reaches_its_fixed_point_in_few_steps(void **state) {
  test_workbench *self = *state;
  for (int early = 0; early < 2; early++) {
    slow_map map = {.wall = HUGE_VAL};
    double x[COUNT] = {0};
    const squarem_problem problem = early ? at_once(&map, &self->host.host, x)
                                          : late(&map, &self->host.host);
    const squarem_result result = run(self, &problem, x);
    assert_true(result.converged);
    assert_true(result.steps < 300);
    assert_near(result.objective, objective(&map, x), 0);
    for (size_t i = 0; i < COUNT; i++) assert_near(x[i], goal[i], 1e-5);
  }
}

/* Steps stay below the wall, and leaps would not. */
static void the_objective_never_falls_from_cycle_to_cycle(void **state) {
  test_workbench *self = *state;
  for (int early = 0; early < 2; early++) {
    slow_map map = {.wall = goal[0]};
    double x[COUNT] = {0};
    const squarem_problem problem = early ? at_once(&map, &self->host.host, x)
                                          : late(&map, &self->host.host);
    run(self, &problem, x);
    assert_true(self->series_count > 3);
    for (size_t i = 1; i < self->series_count; i++)
      assert_true(self->series[i] >= self->series[i - 1]);
    assert_true(x[0] <= map.wall);
  }
}

/* y = x0 - 2 a r + a^2 v with a = -2. */
static void no_leap_is_longer_than_its_bound(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = HUGE_VAL};
  double x[COUNT] = {0}, x1[COUNT] = {0}, x2[COUNT];
  squarem_problem problem = at_once(&map, &self->host.host, x);
  problem.longest = 2;
  problem.most_steps = 2;
  run(self, &problem, x);
  move(x1);
  memcpy(x2, x1, sizeof x2);
  move(x2);
  assert_int_equal(map.leaps, 1);
  for (size_t i = 0; i < COUNT; i++)
    assert_near(map.leap[0][i], 4 * x1[i] + 4 * (x2[i] - 2 * x1[i]), 1e-15);
}

static void values_that_do_not_leap_stay_at_the_second_step(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = HUGE_VAL};
  double x[COUNT] = {0}, x2[COUNT] = {0};
  squarem_problem problem = at_once(&map, &self->host.host, x);
  problem.leaping = 2;
  problem.most_steps = 2;
  run(self, &problem, x);
  move(x2);
  move(x2);
  assert_int_equal(map.leaps, 1);
  assert_true(map.leap[0][0] > x2[0]);
  assert_near(map.leap[0][2], x2[2], 0);
}

static void a_step_that_fails_ends_the_fit(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = HUGE_VAL, .fails_at = 9};
  double x[COUNT] = {0};
  const squarem_problem problem = late(&map, &self->host.host);
  const squarem_result result = run(self, &problem, x);
  assert_false(result.converged);
  assert_true(map.steps < 9 + 4);
}

/* From the wall no step leads up: one is tried, and the fit has converged. */
static void a_fit_without_a_way_up_has_converged(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = 0};
  double x[COUNT] = {0};
  squarem_problem problem = at_once(&map, &self->host.host, x);
  problem.still_cycles = 1;
  const squarem_result result = run(self, &problem, x);
  assert_true(result.converged);
  assert_int_equal(result.steps, 1);
  assert_near(x[0], 0, 0);
}

static void a_fit_ends_once_the_objective_is_enough(void **state) {
  test_workbench *self = *state;
  slow_map map = {.wall = HUGE_VAL};
  const double enough = -1;
  double x[COUNT] = {0};
  squarem_problem problem = late(&map, &self->host.host);
  problem.enough = &enough;
  const squarem_result result = run(self, &problem, x);
  assert_false(result.converged);
  assert_true(result.objective >= enough);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(
          a_slow_map_reaches_its_fixed_point_in_few_steps,
          workbench_set_up_series, workbench_tear_down),
      cmocka_unit_test_setup_teardown(
          the_objective_never_falls_from_cycle_to_cycle,
          workbench_set_up_series, workbench_tear_down),
      cmocka_unit_test_setup_teardown(no_leap_is_longer_than_its_bound,
                                      workbench_set_up_series,
                                      workbench_tear_down),
      cmocka_unit_test_setup_teardown(
          values_that_do_not_leap_stay_at_the_second_step,
          workbench_set_up_series, workbench_tear_down),
      cmocka_unit_test_setup_teardown(a_step_that_fails_ends_the_fit,
                                      workbench_set_up_series,
                                      workbench_tear_down),
      cmocka_unit_test_setup_teardown(a_fit_without_a_way_up_has_converged,
                                      workbench_set_up_series,
                                      workbench_tear_down),
      cmocka_unit_test_setup_teardown(a_fit_ends_once_the_objective_is_enough,
                                      workbench_set_up_series,
                                      workbench_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
