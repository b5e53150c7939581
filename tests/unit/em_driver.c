/* SPDX-License-Identifier: GPL-3.0-or-later
 * The driver of EM, on a function of one value with two peaks: 0 at -1, and
 * 1 at 2. */
#include "support/attention/em_driver.h"

#include "../support/workbench.h"

static double peaks(double x) {
  return x < 0 ? -pow(x + 1, 2) : 1 - pow(x - 2, 2) / 2;
}

/* Starts in turn; the E-step fails once `fails`. */
typedef struct two_peaks {
  const double *starts;
  bool fails;
  heed_status status;
} two_peaks;

static heed_status start_at(void *state, size_t start, double *x,
                            heed_error *error) {
  const two_peaks *self = state;
  if (isnan(self->starts[start]))
    return heed_fail(error, HEED_NUMERIC, "no start %zu", start);
  x[0] = self->starts[start];
  return HEED_OK;
}

static double e_step(void *state, double *x) {
  two_peaks *self = state;
  if (self->fails) self->status = HEED_MEMORY;
  return peaks(x[0]);
}

static void m_step(void *state, double *x) {
  (void)state;
  x[0] += 0.05 * ((x[0] < 0 ? -1 : 2) - x[0]);
}

static const attention_em_steps steps = {
    .start = start_at, .e_step = e_step, .m_step = m_step};

static heed_status fit(test_workbench *self, two_peaks *state, size_t starts,
                       uint64_t most_steps, attention_em *em,
                       heed_posterior *posterior) {
  *em = (attention_em){.steps = &steps,
                       .state = state,
                       .status = &state->status,
                       .host = &self->host.host,
                       .count = 1,
                       .starts = starts,
                       .tolerance = 1e-12,
                       .most_steps = most_steps};
  assert_int_equal(em_driver_open(em, &self->error), HEED_OK);
  return em_driver_fit(em, posterior, &self->error);
}

static void the_best_of_the_starts_is_kept(void **state) {
  const double starts[] = {-3, 5, 0.5, -0.5};
  two_peaks peak = {.starts = starts};
  heed_posterior posterior = {0};
  attention_em em;
  assert_int_equal(fit(*state, &peak, 4, 1000, &em, &posterior), HEED_OK);
  assert_near(em.x[0], 2, 1e-5);
  assert_near(posterior.objective, 1, 1e-9);
  assert_true(posterior.converged);
  assert_near(em.best_starts, 0.5, 0);
  assert_near(em.spread, 1, 1e-9);
}

static void steps_of_all_starts_are_counted(void **state) {
  const double starts[] = {-3, 5};
  two_peaks peak = {.starts = starts};
  heed_posterior one = {0}, both = {0};
  attention_em em;
  assert_int_equal(fit(*state, &peak, 1, 1000, &em, &one), HEED_OK);
  assert_near(em.x[0], -1, 1e-5);
  assert_int_equal(fit(*state, &peak, 2, 1000, &em, &both), HEED_OK);
  assert_true(both.iterations > one.iterations);
}

static void a_fit_cut_short_is_reported_and_warned_of(void **state) {
  const double starts[] = {5};
  test_workbench *self = *state;
  two_peaks peak = {.starts = starts};
  heed_posterior posterior = {.log_likelihood = -7};
  attention_em em;
  assert_int_equal(fit(self, &peak, 1, 1, &em, &posterior), HEED_OK);
  assert_false(posterior.converged);
  em_driver_report(&self->host.host, &posterior);
  assert_near(self->output[EM_LOG_LIKELIHOOD], -7, 0);
  assert_near(self->output[EM_ITERATIONS], (double)posterior.iterations, 0);
  assert_near(self->output[EM_CONVERGED], 0, 0);
  assert_string_equal(self->warned, "not_converged");
}

static void a_step_that_fails_is_the_status_of_the_fit(void **state) {
  const double starts[] = {5};
  two_peaks peak = {.starts = starts, .fails = true};
  heed_posterior posterior = {0};
  attention_em em;
  assert_int_equal(fit(*state, &peak, 1, 1000, &em, &posterior), HEED_MEMORY);
}

static void a_start_that_fails_is_the_status_of_the_fit(void **state) {
  const double starts[] = {5, NAN};
  two_peaks peak = {.starts = starts};
  heed_posterior posterior = {0};
  attention_em em;
  assert_int_equal(fit(*state, &peak, 2, 1000, &em, &posterior), HEED_NUMERIC);
}

/* ---- a slow fit ---- */

/* The objective -e^-x up to x = 9.  A step of EM gains a thousandth of the
 * possible gain. */
typedef struct slow_climb {
  size_t steps;
} slow_climb;

static heed_status start_slowly(void *state, size_t start, double *x,
                                heed_error *error) {
  (void)state, (void)start, (void)error;
  x[0] = 0;
  x[1] = 0;
  return HEED_OK;
}

static double value_slowly(void *state, double *x) {
  (void)state;
  x[0] = fmin(x[0], 9);
  return -exp(-x[0]) - pow(x[1] - sin(x[0]), 2);
}

static void step_slowly(void *state, double *x) {
  slow_climb *self = state;
  self->steps++;
  x[0] += 1e-3 * exp(-x[0]);
  x[1] = sin(x[0]);
}

static const attention_em_steps slow_steps = {
    .start = start_slowly, .e_step = value_slowly, .m_step = step_slowly};

/* EM would need e^9 / 1e-3 steps. */
static void a_slow_fit_of_few_parameters_reaches_its_bound(void **state) {
  test_workbench *self = *state;
  slow_climb climb = {0};
  heed_posterior posterior = {0};
  attention_em em = {.steps = &slow_steps,
                     .state = &climb,
                     .host = &self->host.host,
                     .count = 2,
                     .starts = 1,
                     .tolerance = 1e-14,
                     .most_steps = 20000};
  assert_int_equal(em_driver_open(&em, &self->error), HEED_OK);
  assert_int_equal(em_driver_fit(&em, &posterior, &self->error), HEED_OK);
  assert_true(posterior.converged);
  assert_true(posterior.iterations < 2000);
  assert_true(climb.steps < posterior.iterations);
  assert_near(posterior.objective, -exp(-9), 1e-9);
  assert_near(em.x[0], 9, 1e-3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_best_of_the_starts_is_kept,
                                      workbench_set_up, workbench_tear_down),
      cmocka_unit_test_setup_teardown(steps_of_all_starts_are_counted,
                                      workbench_set_up, workbench_tear_down),
      cmocka_unit_test_setup_teardown(a_fit_cut_short_is_reported_and_warned_of,
                                      workbench_set_up, workbench_tear_down),
      cmocka_unit_test_setup_teardown(
          a_step_that_fails_is_the_status_of_the_fit, workbench_set_up,
          workbench_tear_down),
      cmocka_unit_test_setup_teardown(
          a_start_that_fails_is_the_status_of_the_fit, workbench_set_up,
          workbench_tear_down),
      cmocka_unit_test_setup_teardown(
          a_slow_fit_of_few_parameters_reaches_its_bound, workbench_set_up,
          workbench_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
