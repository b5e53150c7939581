/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares Laplacians with the same matrices, stored and factorised densely. */
#include "support/numeric/laplacian.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>

#include "../support/workbench.h"

enum { COUNT = 200 };

typedef struct scene {
  test_workbench bench;
  laplacian graph;
  gsl_matrix *matrix; /* (COUNT, COUNT): the same */
  double y[COUNT], x[COUNT];
} scene;

static int set_up(void **state) {
  scene *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(&self->bench, 5);
  self->matrix = gsl_matrix_calloc(COUNT, COUNT);
  heed_memory memory = {&self->bench.host.host, false};
  laplacian_open(&memory, COUNT, 3 * COUNT, &self->graph);
  assert_false(memory.refused);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  scene *self = *state;
  gsl_matrix_free(self->matrix);
  workbench_close(&self->bench);
  free(self);
  return 0;
}

static heed_stream stream_of(scene *self, uint64_t entity) {
  return self->bench.host.host.stream(&self->bench.host.host, "test", entity);
}

static void clear(scene *self, double d) {
  laplacian_clear(&self->graph, d);
  gsl_matrix_set_zero(self->matrix);
  for (size_t i = 0; i < COUNT; i++) gsl_matrix_set(self->matrix, i, i, d);
}

static void join(scene *self, size_t a, size_t b, double weight) {
  laplacian_add(&self->graph, a, b, weight);
  *gsl_matrix_ptr(self->matrix, a, a) += weight;
  *gsl_matrix_ptr(self->matrix, b, b) += weight;
  *gsl_matrix_ptr(self->matrix, a, b) -= weight;
  *gsl_matrix_ptr(self->matrix, b, a) -= weight;
}

/* Two edges for each, of weights from .01 to 1; some edges come twice, from
 * either end. */
static void join_at_random(scene *self, double d) {
  heed_stream stream = stream_of(self, 1);
  clear(self, d);
  for (size_t e = 0; e < 2 * COUNT; e++) {
    const size_t a = (size_t)(heed_uniform(&stream) * COUNT);
    const size_t b =
        (a + 1 + (size_t)(heed_uniform(&stream) * (COUNT - 1))) % COUNT;
    join(self, a, b, pow(10, -2 * heed_uniform(&stream)));
    if (e % 7 == 0 && e < COUNT) join(self, b, a, 0.1);
  }
}

/* A tree: each hangs on one of the five before it. */
static void join_tree(scene *self, double d) {
  heed_stream stream = stream_of(self, 2);
  clear(self, d);
  for (size_t a = 1; a < COUNT; a++) {
    const size_t reach = a < 5 ? a : 5;
    const size_t up = 1 + (size_t)(heed_uniform(&stream) * (double)reach);
    join(self, a, a - up, pow(10, -2 * heed_uniform(&stream)));
  }
}

/* |A x - y| relative to |y| */
static double residual(const scene *self) {
  double sum = 0, size = 0;
  for (size_t i = 0; i < COUNT; i++) {
    long double r = -(long double)self->y[i];
    for (size_t k = 0; k < COUNT; k++)
      r += (long double)gsl_matrix_get(self->matrix, i, k) * self->x[k];
    sum += (double)(r * r);
    size += self->y[i] * self->y[i];
  }
  return sqrt(sum / size);
}

static double log_determinant(const scene *self) {
  gsl_matrix *factor = gsl_matrix_alloc(COUNT, COUNT);
  double sum = 0;
  gsl_matrix_memcpy(factor, self->matrix);
  assert_int_equal(gsl_linalg_cholesky_decomp1(factor), 0);
  for (size_t i = 0; i < COUNT; i++)
    sum += 2 * log(gsl_matrix_get(factor, i, i));
  gsl_matrix_free(factor);
  return sum;
}

static void solutions_solve_the_system(void **state) {
  scene *self = *state;
  heed_stream stream = stream_of(self, 3);
  for (size_t i = 0; i < COUNT; i++) self->y[i] = heed_normal(&stream);
  for (int tree = 0; tree < 2; tree++)
    for (double d = 1e-3; d < 1e3; d *= 10) {
      if (tree)
        join_tree(self, d);
      else
        join_at_random(self, d);
      laplacian_solve(&self->graph, self->y, self->x);
      /* The residual of the preconditioner's norm times the square root of the
       * ratio of diagonals, at most 1e3. */
      assert_near(residual(self), 0, 1e-5);
    }
}

/* Without a diagonal the system is singular; y that sums to 0 in each part has
 * a solution. */
static void a_singular_system_is_solved_where_it_can_be(void **state) {
  scene *self = *state;
  clear(self, 2e-10);
  for (size_t i = 0; i + 1 < COUNT; i++) {
    self->y[i] = 0;
    if (i != 99) join(self, i, i + 1, 0.25);
  }
  self->y[0] = 1;
  self->y[99] = -1;
  laplacian_solve(&self->graph, self->y, self->x);
  assert_near(residual(self), 0, 1e-5);
  assert_near(self->x[0] - self->x[99], 99 / 0.25, 1e-3);
  assert_int_equal(laplacian_rank(&self->graph), COUNT - 2);
}

static void products_are_those_of_the_matrix(void **state) {
  scene *self = *state;
  join_at_random(self, 0.1);
  for (size_t i = 0; i < COUNT; i++) self->x[i] = sin((double)i);
  laplacian_multiply(&self->graph, self->x, self->y);
  assert_near(residual(self), 0, 1e-14);
}

static void log_determinants_of_trees_are_exact(void **state) {
  scene *self = *state;
  for (double d = 1e-6; d < 1e6; d *= 10) {
    join_tree(self, d);
    const double expected = log_determinant(self);
    assert_near(laplacian_log_determinant(&self->graph), expected,
                1e-8 * (1 + fabs(expected)));
  }
}

/* Random comparisons have long cycles.  Their error is far below 1 % of COUNT
 * and changes little from scale to scale. */
static void log_determinants_of_other_graphs_are_near(void **state) {
  scene *self = *state;
  double earlier = 0;
  for (double d = 1e3; d > 1e-3; d /= 10) {
    join_at_random(self, d);
    const double excess =
        laplacian_log_determinant(&self->graph) - log_determinant(self);
    assert_near(excess, 0, 8);
    assert_near(excess, earlier, 2.5);
    earlier = excess;
  }
}

/* The covariance of draws from N(0, A^-1), along three directions.  20,000
 * draws: a variance has a standard error of 1 %. */
static void draws_have_the_inverse_as_their_covariance(void **state) {
  enum { DRAWS = 20000 };
  scene *self = *state;
  const double d = 0.1;
  double variance[3] = {0}, directions[3][COUNT] = {{0}};
  join_at_random(self, d);
  for (size_t i = 0; i < COUNT; i++) {
    directions[0][i] = i == 17;
    directions[1][i] = (i == 17) - (i == 150);
    directions[2][i] = 1;
  }
  for (size_t n = 0; n < DRAWS; n++) {
    heed_stream stream = stream_of(self, 100 + n);
    laplacian_draw(&self->graph, d, &stream, self->x);
    for (size_t k = 0; k < 3; k++) {
      double along = 0;
      for (size_t i = 0; i < COUNT; i++) along += directions[k][i] * self->x[i];
      variance[k] += along * along / DRAWS;
    }
  }
  for (size_t k = 0; k < 3; k++) {
    double expected = 0;
    laplacian_solve(&self->graph, directions[k], self->y);
    for (size_t i = 0; i < COUNT; i++)
      expected += directions[k][i] * self->y[i];
    assert_near(variance[k] / expected, 1, 0.04);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(solutions_solve_the_system, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(
          a_singular_system_is_solved_where_it_can_be, set_up, tear_down),
      cmocka_unit_test_setup_teardown(products_are_those_of_the_matrix, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(log_determinants_of_trees_are_exact,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(log_determinants_of_other_graphs_are_near,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          draws_have_the_inverse_as_their_covariance, set_up, tear_down),
  };
  return cmocka_run_group_tests_name("laplacian", tests, NULL, NULL);
}
