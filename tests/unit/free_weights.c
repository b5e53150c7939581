/* SPDX-License-Identifier: GPL-3.0-or-later
 * Free weights: against closed forms, and Lindsay's bound computed here. */
#include "support/numeric/free_weights.h"

#include "../support/workbench.h"

enum { GROUPS_MOST = 300, NODES_MOST = 101 };

static bool solve(test_workbench *self, size_t groups, size_t nodes,
                  const double *users, const double *log_likelihood,
                  double *weight) {
  heed_memory memory = {&self->host.host, false};
  free_weights *room = free_weights_open(&memory, groups, nodes);
  double *likelihood = heed_scratch_doubles(&memory, groups * nodes);
  assert_false(memory.refused);
  (void)free_weights_scale(groups, nodes, log_likelihood, likelihood, NULL);
  return free_weights_solve(room, users, likelihood, 1e-10, weight);
}

/* Where each group is possible at one node only, weights are shares. */
static void shares_where_nodes_do_not_overlap(void **state) {
  const double users[3] = {1, 2.5, 6.5};
  const double apart[9] = {0,         -HUGE_VAL, -HUGE_VAL, -HUGE_VAL, -700,
                           -HUGE_VAL, -HUGE_VAL, -HUGE_VAL, 3};
  double weight[3];
  assert_true(solve(*state, 3, 3, users, apart, weight));
  assert_near(weight[0], 0.1, 1e-6);
  assert_near(weight[1], 0.25, 1e-6);
  assert_near(weight[2], 0.65, 1e-6);
}

/* One history alone is explained by its best node. */
static void one_group_goes_to_its_best_node(void **state) {
  const double log_likelihood[4] = {-3, -2, -1, -4};
  double weight[4];
  assert_true(solve(*state, 1, 4, NULL, log_likelihood, weight));
  assert_near(weight[2], 1, 1e-9);
}

/* No weights do better than these by more than N log(max_k 1/N sum_g n_g L_gk /
 * f_g). */
static void nothing_is_left_above_the_solution(void **state) {
  static const size_t sizes[][2] = {
      {2, 2}, {21, 41}, {51, 41}, {5, NODES_MOST}, {GROUPS_MOST, 41}};
  static double log_likelihood[GROUPS_MOST * NODES_MOST];
  static double users[GROUPS_MOST], weight[NODES_MOST];
  test_workbench *self = *state;
  for (uint64_t turn = 0; turn < 50; turn++) {
    const size_t groups = sizes[turn % 5][0], nodes = sizes[turn % 5][1];
    heed_stream stream = self->host.host.stream(&self->host.host, "data", turn);
    const double gap = 0.05 + 0.44 * heed_uniform(&stream);
    double total = 0, most = 0;
    for (size_t g = 0; g < groups; g++) {
      const double n = floor(200 * heed_uniform(&stream));
      const double k = floor((n + 1) * (0.5 + 0.49 * heed_uniform(&stream)));
      users[g] = 1 + floor(20 * heed_uniform(&stream));
      total += users[g];
      for (size_t i = 0; i < nodes; i++) {
        const double q = 0.5 + gap * (double)i / (double)(nodes - 1);
        log_likelihood[g * nodes + i] = k * log(q) + (n - k) * log1p(-q);
      }
    }
    assert_true(solve(self, groups, nodes, users, log_likelihood, weight));
    for (size_t i = 0; i < nodes; i++) {
      double sum = 0;
      for (size_t g = 0; g < groups; g++) {
        const double *row = log_likelihood + g * nodes;
        double f = 0;
        for (size_t j = 0; j < nodes; j++)
          f += weight[j] * exp(row[j] - row[i]);
        sum += users[g] / f;
      }
      most = fmax(most, sum / total);
      assert_true(weight[i] > 0);
    }
    assert_true(total * log(most) < 1e-8);
  }
}

static void what_is_impossible_everywhere_is_refused(void **state) {
  const double log_likelihood[4] = {-1, -2, -HUGE_VAL, -HUGE_VAL};
  double weight[2] = {0.5, 0.5};
  assert_false(solve(*state, 2, 2, NULL, log_likelihood, weight));
  assert_near(weight[0], 0.5, 0);
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, workbench_set_up, workbench_tear_down)
  const struct CMUnitTest tests[] = {
      TEST(shares_where_nodes_do_not_overlap),
      TEST(one_group_goes_to_its_best_node),
      TEST(nothing_is_left_above_the_solution),
      TEST(what_is_impossible_everywhere_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
