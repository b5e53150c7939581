/* SPDX-License-Identifier: GPL-3.0-or-later
 * The joint loss, against sums written out. */
#include "support/preference/joint.h"

#include "../support/workbench.h"
#include "host/vector.h"
#include "support/preference/joint_kernels.h"
#include "support/preference/loss.h"

enum { ROWS = 9, UNITS = 3, NODES = 4 };

static const size_t unit_first[UNITS + 1] = {0, 4, 5, 9};
static const size_t unit_member[ROWS] = {0, 2, 4, 6, 8, 1, 3, 5, 7};
static const double nodes[NODES] = {0.0, 0.3, 0.7, 1.0};
static const double prior[NODES] = {0.1, 0.4, 0.3, 0.2};
static const double margins[ROWS] = {0.4,  -1.2, 2.2, 0.1, -0.6,
                                     -3.0, 1.0,  0.8, 0.0};
static const preference_label labels[ROWS] = {
    {0, 0.5, 0}, {0, 0.5, 0}, {0, 0.5, 0}, {0, 0.7, 0}, {0, 0.3, 0},
    {0, 0.5, 0}, {0, 0.5, 0}, {0, 0.6, 0}, {0, 0.5, 0}};
static const double whole[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
static const double partly[ROWS] = {1, 0.5, 2, 0, 1, 1, 0.25, 1, 1};

static joint_crowd crowd_of(const double *weight) {
  return (joint_crowd){.count = ROWS,
                       .units = UNITS,
                       .first = unit_first,
                       .member = unit_member,
                       .weight = weight,
                       .label = labels};
}

static double chance(double z) {
  return 1.0 / (1.0 + exp(-z));
}

/* P(history of unit u, node k), written out. */
static double together(const double *weight, const double *margin, size_t u,
                       size_t k) {
  double p = prior[k];
  for (size_t position = unit_first[u]; position < unit_first[u + 1];
       position++) {
    const size_t i = unit_member[position];
    p *= pow(nodes[k] * chance(margin[i]) + (1.0 - nodes[k]) * labels[i].casual,
             weight[i]);
  }
  return p;
}

static double log_likelihood(const double *weight, const double *margin) {
  double sum = 0.0;
  for (size_t u = 0; u < UNITS; u++) {
    double p = 0.0;
    for (size_t k = 0; k < NODES; k++) p += together(weight, margin, u, k);
    sum += log(p);
  }
  return sum;
}

typedef struct expectation {
  double log_weight[NODES], mass[UNITS * NODES];
  double slope[ROWS], information[ROWS], product[NODES];
  double log_likelihood;
} expectation;

static void expect(const double *weight, const double *margin,
                   expectation *found) {
  const joint_crowd crowd = crowd_of(weight);
  const joint_nodes grid = {vector_best(), NODES, nodes, found->log_weight};
  const joint_terms terms = {found->mass, found->slope, found->information,
                             found->product};
  for (size_t k = 0; k < NODES; k++) found->log_weight[k] = log(prior[k]);
  found->log_likelihood = joint_expect(&crowd, &grid, margin, &terms);
}

static void likelihood_is_the_sum_over_nodes_written_out(void **state) {
  (void)state;
  expectation found;
  expect(whole, margins, &found);
  assert_near(found.log_likelihood, log_likelihood(whole, margins), 1e-12);
  expect(partly, margins, &found);
  assert_near(found.log_likelihood, log_likelihood(partly, margins), 1e-12);
}

static void mass_is_the_posterior_of_each_unit(void **state) {
  (void)state;
  expectation found;
  expect(partly, margins, &found);
  for (size_t u = 0; u < UNITS; u++) {
    double all = 0.0;
    for (size_t k = 0; k < NODES; k++) all += together(partly, margins, u, k);
    for (size_t k = 0; k < NODES; k++)
      assert_near(found.mass[u * NODES + k],
                  together(partly, margins, u, k) / all, 1e-13);
  }
}

static void slopes_are_the_derivatives_of_the_likelihood(void **state) {
  (void)state;
  const double *weights[] = {whole, partly};
  const double h = 1e-5;
  for (size_t w = 0; w < 2; w++) {
    expectation found;
    expect(weights[w], margins, &found);
    for (size_t i = 0; i < ROWS; i++) {
      double moved[ROWS];
      memcpy(moved, margins, sizeof moved);
      moved[i] = margins[i] + h;
      const double above = log_likelihood(weights[w], moved);
      moved[i] = margins[i] - h;
      const double below = log_likelihood(weights[w], moved);
      assert_near(found.slope[i], -(above - below) / (2.0 * h), 1e-9);
    }
  }
}

/* slope = -weight rho (1 - g) with rho = E[eta g / (eta g + (1 - eta) c)]. */
static void slopes_are_responsibilities_times_what_is_missing(void **state) {
  (void)state;
  expectation found;
  expect(whole, margins, &found);
  for (size_t u = 0; u < UNITS; u++)
    for (size_t position = unit_first[u]; position < unit_first[u + 1];
         position++) {
      const size_t i = unit_member[position];
      const double g = chance(margins[i]), c = labels[i].casual;
      double responsibility = 0.0;
      for (size_t k = 0; k < NODES; k++)
        responsibility += found.mass[u * NODES + k] * nodes[k] * g /
                          (nodes[k] * g + (1.0 - nodes[k]) * c);
      assert_near(found.slope[i], -responsibility * (1.0 - g), 1e-13);
      assert_true(found.information[i] >= 0.0);
    }
}

static void mean_without_an_annotation_is_that_of_a_fit_without_it(
    void **state) {
  (void)state;
  const joint_crowd crowd = crowd_of(partly);
  expectation found, excluded;
  double left_out[ROWS];
  expect(partly, margins, &found);
  joint_left_out(&crowd, NODES, nodes, found.mass, margins, left_out);
  for (size_t u = 0; u < UNITS; u++)
    for (size_t position = unit_first[u]; position < unit_first[u + 1];
         position++) {
      const size_t i = unit_member[position];
      double weight[ROWS], mean = 0.0;
      memcpy(weight, partly, sizeof weight);
      weight[i] = 0.0;
      expect(weight, margins, &excluded);
      for (size_t k = 0; k < NODES; k++)
        mean += excluded.mass[u * NODES + k] * nodes[k];
      assert_near(left_out[i], mean, 1e-12);
    }
}

/* Against a search on a fine grid. */
static void atoms_move_to_where_their_likelihood_is_largest(void **state) {
  (void)state;
  const joint_crowd crowd = crowd_of(partly);
  expectation found;
  double gain[ROWS], moved[NODES];
  expect(partly, margins, &found);
  for (size_t i = 0; i < ROWS; i++)
    gain[i] = chance(margins[i]) - labels[i].casual;
  memcpy(moved, nodes, sizeof moved);
  joint_move_nodes(&crowd, NODES, found.mass, gain, 0.0, 1.0, moved);
  for (size_t k = 0; k < NODES; k++) {
    double best = -HUGE_VAL, where = 0.0;
    for (size_t step = 0; step <= 10000; step++) {
      const double eta = (double)step / 10000.0;
      double sum = 0.0;
      for (size_t u = 0; u < UNITS; u++)
        for (size_t position = unit_first[u]; position < unit_first[u + 1];
             position++) {
          const size_t i = unit_member[position];
          sum += partly[i] * found.mass[u * NODES + k] *
                 log(labels[i].casual + eta * gain[i]);
        }
      if (sum > best) {
        best = sum;
        where = eta;
      }
    }
    assert_near(moved[k], where, 1.01e-4);
  }
}

static void long_histories_do_not_underflow(void **state) {
  (void)state;
  enum { LONG = 20000 };
  size_t *member = malloc(LONG * sizeof *member);
  double *weight = malloc(LONG * sizeof *weight);
  double *margin = malloc(LONG * sizeof *margin);
  double *derivative = malloc(2 * LONG * sizeof *derivative);
  preference_label *label = malloc(LONG * sizeof *label);
  const size_t first[2] = {0, LONG};
  double log_weight[NODES], mass[NODES], product[NODES];
  for (size_t i = 0; i < LONG; i++) {
    member[i] = i;
    weight[i] = 1.0;
    margin[i] = -700.0;
    label[i] = (preference_label){.casual = 0.5};
  }
  for (size_t k = 0; k < NODES; k++) log_weight[k] = log(prior[k]);
  const joint_crowd crowd = {LONG, 1, first, member, weight, label};
  const joint_nodes grid = {vector_best(), NODES, nodes, log_weight};
  const joint_terms terms = {mass, derivative, derivative + LONG, product};
  const double found = joint_expect(&crowd, &grid, margin, &terms);
  /* All mass is on eta = 0, where each factor is 1/2. */
  assert_near(found, LONG * log(0.5) + log(prior[0]), 1e-7);
  assert_near(mass[0], 1.0, 1e-15);
  free(member);
  free(weight);
  free(margin);
  free(derivative);
  free(label);
}

/* 19 nodes leave lanes over; some P are 0 and 1. */
static void fill_at_random(size_t count, double *x, const char *purpose) {
  heed_stream stream = stream_open(3, 0, "test", purpose, 0);
  for (size_t i = 0; i < count; i++) {
    x[i] = heed_uniform(&stream);
    if (i % 7 == 3) x[i] = 0;
    if (i % 7 == 5) x[i] = 1;
  }
}

static void every_path_gives_the_bits_of_the_formula(void **state) {
  (void)state;
  enum { MANY = 19 };
  const joint_kernels *paths[] = {joint_kernels_plain(), joint_kernels_avx2(),
                                  joint_kernels_avx512()};
  double node[MANY], part[MANY], g[JOINT_LANES], c[JOINT_LANES];
  double gain[JOINT_LANES], product[MANY], first[JOINT_LANES];
  double second[JOINT_LANES];
  fill_at_random(MANY, node, "node");
  fill_at_random(MANY, part, "part");
  fill_at_random(JOINT_LANES, g, "g");
  fill_at_random(JOINT_LANES, c, "c");
  for (size_t i = 0; i < JOINT_LANES; i++) gain[i] = g[i] - c[i];
  for (size_t path = 0; path < 3; path++) {
    if (paths[path] == NULL) continue;
    paths[path]->product(JOINT_LANES, c, gain, MANY, node, product);
    paths[path]->moments(MANY, node, part, g, c, first, second);
    for (size_t k = 0; k < MANY; k++) {
      double expected = 1;
      for (size_t i = 0; i < JOINT_LANES; i++)
        expected *= fmax(c[i] + node[k] * gain[i], JOINT_LEAST);
      assert_true(product[k] == expected);
    }
    for (size_t i = 0; i < JOINT_LANES; i++) {
      double sum = 0, square = 0;
      for (size_t k = 0; k < MANY; k++) {
        const double p = fmax(c[i] + node[k] * gain[i], JOINT_LEAST);
        const double q = fmax(1 - c[i] - node[k] * gain[i], JOINT_LEAST);
        sum += part[k] / (p * q) * q;
        square += part[k] / (p * q) * node[k];
      }
      assert_true(first[i] == sum);
      assert_true(second[i] == square);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(likelihood_is_the_sum_over_nodes_written_out),
      cmocka_unit_test(mass_is_the_posterior_of_each_unit),
      cmocka_unit_test(slopes_are_the_derivatives_of_the_likelihood),
      cmocka_unit_test(slopes_are_responsibilities_times_what_is_missing),
      cmocka_unit_test(mean_without_an_annotation_is_that_of_a_fit_without_it),
      cmocka_unit_test(atoms_move_to_where_their_likelihood_is_largest),
      cmocka_unit_test(long_histories_do_not_underflow),
      cmocka_unit_test(every_path_gives_the_bits_of_the_formula),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
