/* SPDX-License-Identifier: GPL-3.0-or-later
 * The likelihood ratio against coin tosses: its threshold and its warning. */
#include "support/attention/coin_tosses.h"

#include "../support/workbench.h"

enum { TOSSES = 400, TRIALS = 4000 };

/* The log-likelihood of the best coin for k of n. */
static double best_coin(double k, double n) {
  return (k > 0 ? k * log(k / n) : 0) + (k < n ? (n - k) * log(1 - k / n) : 0);
}

/* 4,000 fits of one parameter to 400 tosses: 40 expected, sd 6.3. */
static void one_fit_in_a_hundred_to_coin_tosses_is_called_identified(
    void **state) {
  test_workbench *self = *state;
  double casual[TOSSES];
  size_t beaten = 0;
  for (size_t i = 0; i < TOSSES; i++) casual[i] = 0.5;
  const double tosses = coin_tosses_likelihood(TOSSES, casual);
  assert_near(tosses, TOSSES * log(0.5), 1e-9);
  for (uint64_t trial = 0; trial < TRIALS; trial++) {
    heed_stream stream =
        self->host.host.stream(&self->host.host, "tosses", trial);
    double heads = 0;
    for (size_t i = 0; i < TOSSES; i++) heads += heed_uniform(&stream) < 0.5;
    beaten += coin_tosses_compare(best_coin(heads, TOSSES), tosses, 1).beaten;
  }
  assert_in_range(beaten, 40 - 4 * 6, 40 + 4 * 6);
}

/* Quantiles of chi^2 from its tables: 6.635 and 11.345. */
static void more_parameters_need_a_larger_ratio(void **state) {
  (void)state;
  assert_near(coin_tosses_compare(0, 0, 1).needed, 6.6349 / 2, 1e-4);
  assert_near(coin_tosses_compare(0, 0, 3).needed, 11.3449 / 2, 1e-4);
}

static void the_warning_gives_both_figures(void **state) {
  test_workbench *self = *state;
  const coin_tosses ratio = coin_tosses_compare(-70, -71.25, 1);
  assert_false(ratio.beaten);
  coin_tosses_warn(&self->host.host, &ratio);
  assert_string_equal(self->warned, "not_identified");
  assert_non_null(strstr(self->warning, "ratio of 1.2"));
  assert_non_null(strstr(self->warning, "more than 3.3"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(
          one_fit_in_a_hundred_to_coin_tosses_is_called_identified,
          workbench_set_up, workbench_tear_down),
      cmocka_unit_test(more_parameters_need_a_larger_ratio),
      cmocka_unit_test_setup_teardown(the_warning_gives_both_figures,
                                      workbench_set_up, workbench_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
