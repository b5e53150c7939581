/* SPDX-License-Identifier: GPL-3.0-or-later
 * Weights with a logarithmic barrier: against another method, in any order. */
#include "support/attention/barrier_weights.h"

#include "../support/workbench.h"
#include "support/numeric/free_weights.h"

enum { GROUPS = 3000, COUNT = 13, SHAPES = 4 };
static const double BARRIER = 0.3;

static test_workbench bench;
static heed_memory memory;
static double users[GROUPS + COUNT];
static size_t threads;
static const void *(*extension)(const heed_host *host, const char *name);

static const void *with_threads(const heed_host *host, const char *name) {
  return strcmp(name, "heed.threads") == 0 ? &threads : extension(host, name);
}

static int set_up(void **state) {
  (void)state;
  workbench_open(&bench, 18);
  threads = 1;
  extension = bench.host.host.extension;
  bench.host.host.extension = with_threads;
  memory = (heed_memory){&bench.host.host, false};
  for (size_t g = 0; g < GROUPS; g++) users[g] = (double)(1 + g % 3);
  for (size_t m = 0; m < COUNT; m++) users[GROUPS + m] = BARRIER;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  workbench_close(&bench);
  return 0;
}

/* Users who are alike, of two kinds, at the ends, or anywhere; with a row of
 * each pseudo-user behind. */
static double *draw_likelihood(size_t shape) {
  static double likelihood[(GROUPS + COUNT) * COUNT];
  heed_stream stream = bench.host.host.stream(&bench.host.host, "users", shape);
  memset(likelihood, 0, sizeof likelihood);
  for (size_t g = 0; g < GROUPS; g++) {
    const double u = heed_uniform(&stream);
    const double place = shape == 0   ? 0.4
                         : shape == 1 ? (u < 0.3 ? 0.2 : 0.8)
                         : shape == 2 ? (u < 0.5 ? 0 : 1)
                                      : u;
    for (size_t m = 0; m < COUNT; m++) {
      const double z = ((double)m / (COUNT - 1) - place) / 0.06;
      likelihood[g * COUNT + m] = exp(-z * z / 2);
    }
  }
  for (size_t m = 0; m < COUNT; m++) likelihood[(GROUPS + m) * COUNT + m] = 1;
  return likelihood;
}

static double value_at(const double *likelihood, const double *weight) {
  long double sum = 0;
  for (size_t g = 0; g < GROUPS + COUNT; g++) {
    long double f = 0;
    for (size_t m = 0; m < COUNT; m++)
      f += (long double)weight[m] * likelihood[g * COUNT + m];
    sum += users[g] * logl(f);
  }
  return (double)sum;
}

/* Pseudo-users as groups, by the interior-point method for any groups.  Each
 * solution starts where the last one ended. */
static void the_maximum_is_that_with_pseudo_users_as_groups(void **state) {
  (void)state;
  barrier_weights *self = barrier_weights_open(&memory, GROUPS, COUNT, BARRIER);
  free_weights *other = free_weights_open(&memory, GROUPS + COUNT, COUNT);
  assert_false(memory.refused);
  for (size_t round = 0; round < 3 * SHAPES; round++) {
    const double *likelihood = draw_likelihood(round % SHAPES);
    double found[COUNT], expected[COUNT];
    const double value =
        barrier_weights_solve(self, users, likelihood, -HUGE_VAL, found);
    (void)free_weights_solve(other, users, likelihood, 1e-10, expected);
    assert_near(value, value_at(likelihood, found), 1e-8);
    assert_near(value, value_at(likelihood, expected), 1e-8);
    for (size_t m = 0; m < COUNT; m++) assert_near(found[m], expected[m], 1e-7);
  }
}

static void a_search_below_a_value_stops_only_where_all_is_below(void **state) {
  (void)state;
  for (size_t shape = 0; shape < SHAPES; shape++) {
    const double *likelihood = draw_likelihood(shape);
    double weight[COUNT];
    barrier_weights *self =
        barrier_weights_open(&memory, GROUPS, COUNT, BARRIER);
    const double value =
        barrier_weights_solve(self, users, likelihood, -HUGE_VAL, weight);
    self = barrier_weights_open(&memory, GROUPS, COUNT, BARRIER);
    assert_true(barrier_weights_solve(self, users, likelihood, value + 1,
                                      weight) < value + 1);
    assert_near(
        barrier_weights_solve(self, users, likelihood, value - 1e-3, weight),
        value, 1e-8);
  }
}

static void an_impossible_group_has_no_likelihood(void **state) {
  double weight[COUNT], *likelihood = draw_likelihood(3);
  (void)state;
  memset(likelihood + 7 * COUNT, 0, COUNT * sizeof *likelihood);
  barrier_weights *self = barrier_weights_open(&memory, GROUPS, COUNT, BARRIER);
  assert_true(barrier_weights_solve(self, users, likelihood, -HUGE_VAL,
                                    weight) == -HUGE_VAL);
  for (size_t m = 0; m < COUNT; m++) assert_near(weight[m], 1.0 / COUNT, 1e-15);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
  double first[COUNT], weight[COUNT];
  (void)state;
  for (threads = 1; threads <= 4; threads++) {
    barrier_weights *self =
        barrier_weights_open(&memory, GROUPS, COUNT, BARRIER);
    (void)barrier_weights_solve(self, users, draw_likelihood(3), -HUGE_VAL,
                                threads == 1 ? first : weight);
    if (threads > 1) assert_memory_equal(first, weight, sizeof first);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(the_maximum_is_that_with_pseudo_users_as_groups),
      TEST(a_search_below_a_value_stops_only_where_all_is_below),
      TEST(an_impossible_group_has_no_likelihood),
      TEST(any_number_of_threads_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
