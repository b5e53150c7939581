/* SPDX-License-Identifier: GPL-3.0-or-later
 * Smooth free weights: what they are without information, with much, and
 * without one user. */
#include "support/attention/node_kernels.h"

#include "../support/workbench.h"
#include "support/numeric/free_weights.h"

enum { NODES = 41, GROUPS_MOST = 120, FEW = 60 };

static test_workbench bench;
static double nodes[NODES], weight[NODES];
static double log_likelihood[GROUPS_MOST * NODES], users[GROUPS_MOST];

static int set_up(void **state) {
  (void)state;
  workbench_open(&bench, 3);
  for (size_t k = 0; k < NODES; k++) nodes[k] = (double)k / (NODES - 1);
  for (size_t g = 0; g < GROUPS_MOST; g++) users[g] = 1;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  workbench_close(&bench);
  return 0;
}

static node_kernels *opened(double pseudo_users, size_t groups) {
  heed_memory memory = {&bench.host.host, false};
  node_kernels *self =
      node_kernels_open(&memory, pseudo_users, groups, NODES, nodes);
  assert_false(memory.refused);
  return self;
}

static void solve(node_kernels *self, size_t groups) {
  static double likelihood[GROUPS_MOST * NODES], most[GROUPS_MOST];
  (void)free_weights_scale(groups, NODES, log_likelihood, likelihood, most);
  node_kernels_solve(self, users, likelihood, weight);
}

static void mean_and_sd(double *mean, double *sd) {
  double squares = 0;
  *mean = 0;
  for (size_t k = 0; k < NODES; k++) {
    *mean += weight[k] * nodes[k];
    squares += weight[k] * nodes[k] * nodes[k];
  }
  *sd = sqrt(squares - *mean * *mean);
}

/* Users whose annotations fit any eta: uniform, as the pseudo-users are. */
static void without_information_eta_is_uniform(void **state) {
  double mean, sd;
  (void)state;
  memset(log_likelihood, 0, sizeof log_likelihood);
  node_kernels *self = opened(1, 20);
  solve(self, 20);
  mean_and_sd(&mean, &sd);
  assert_near(mean, 0.5, 1e-6);
  assert_near(sd, 1 / sqrt(12), 0.01);
}

static void place_users_at(double place) {
  for (size_t g = 0; g < GROUPS_MOST; g++)
    for (size_t k = 0; k < NODES; k++)
      log_likelihood[g * NODES + k] =
          -(nodes[k] - place) * (nodes[k] - place) / (2 * 0.01 * 0.01);
}

/* All at .3 for certain: the nearest bump, and no point. */
static void users_at_one_place_do_not_make_a_point(void **state) {
  double mean, sd;
  (void)state;
  place_users_at(0.3);
  node_kernels *self = opened(1, FEW);
  solve(self, FEW);
  mean_and_sd(&mean, &sd);
  assert_near(mean, 0.33, 0.03);
  assert_true(sd > 0.12 && sd < 0.18);
}

static void many_users_at_one_place_make_a_narrow_bump(void **state) {
  double mean, sd;
  (void)state;
  place_users_at(0.3);
  node_kernels *self = opened(1, GROUPS_MOST);
  solve(self, GROUPS_MOST);
  mean_and_sd(&mean, &sd);
  assert_near(mean, 0.3, 0.03);
  assert_true(sd > 0.03 && sd < 0.08);
}

/* The fit to all but one user, as long as the others' shares do not change:
 * they hardly do if that user is one of sixty. */
static void without_a_user_it_is_the_fit_to_the_others(void **state) {
  double others[NODES];
  (void)state;
  for (size_t g = 0; g < FEW; g++)
    for (size_t k = 0; k < NODES; k++) {
      const double at = (double)(g + 1) / (FEW + 1);
      log_likelihood[g * NODES + k] =
          -(nodes[k] - at) * (nodes[k] - at) / (2 * 0.1 * 0.1);
    }
  node_kernels *self = opened(1, FEW);
  solve(self, FEW);
  node_kernels_without(self, FEW - 1, others);
  self = opened(1, FEW - 1);
  solve(self, FEW - 1);
  for (size_t k = 0; k < NODES; k++) assert_near(others[k], weight[k], 0.01);
}

/* Of one user alone it is uniform: a user's own choices do not count. */
static void without_the_only_user_nothing_is_known(void **state) {
  double mean, sd;
  (void)state;
  for (size_t k = 0; k < NODES; k++) log_likelihood[k] = 20 * nodes[k];
  node_kernels *self = opened(1, 1);
  solve(self, 1);
  mean_and_sd(&mean, &sd);
  assert_true(mean > 0.6);
  node_kernels_without(self, 0, weight);
  mean_and_sd(&mean, &sd);
  assert_near(mean, 0.5, 1e-4);
  assert_near(sd, 1 / sqrt(12), 0.01);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(without_information_eta_is_uniform),
      TEST(users_at_one_place_do_not_make_a_point),
      TEST(many_users_at_one_place_make_a_narrow_bump),
      TEST(without_a_user_it_is_the_fit_to_the_others),
      TEST(without_the_only_user_nothing_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
