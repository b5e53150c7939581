/* SPDX-License-Identifier: GPL-3.0-or-later
 * Strengths of many models: compares the optimum and the test of tosses on a
 * graph with those on a matrix and with the explicit gradient. */
#include "support/crowd/strengths.h"

#include "../support/workbench.h"

enum { MODELS = 300, COMPARISONS = 700 };

/* Choices of `first` among `all` of a comparison. */
typedef struct comparison {
  size_t a, b;
  double first, all;
} comparison;

typedef struct scene {
  test_workbench bench;
  double ridge;
  comparison comparisons[COMPARISONS];
} scene;

static int set_up(void **state) {
  scene *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(&self->bench, 5);
  heed_stream stream =
      self->bench.host.host.stream(&self->bench.host.host, "test", 1);
  self->ridge = 0.05;
  for (size_t i = 0; i < COMPARISONS; i++) {
    comparison *one = &self->comparisons[i];
    one->a = (size_t)(heed_uniform(&stream) * MODELS);
    one->b =
        (one->a + 1 + (size_t)(heed_uniform(&stream) * (MODELS - 1))) % MODELS;
    one->all = 1 + floor(4 * heed_uniform(&stream));
    one->first = floor((one->all + 1) * heed_uniform(&stream));
  }
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  scene *self = *state;
  workbench_close(&self->bench);
  free(self);
  return 0;
}

static double value(void *context, const double *s) {
  const scene *self = context;
  double sum = -strengths_penalty(self->ridge, MODELS, s);
  for (size_t i = 0; i < COMPARISONS; i++) {
    const comparison *one = &self->comparisons[i];
    const double d = s[one->a] - s[one->b];
    sum -=
        one->first * log1p(exp(-d)) + (one->all - one->first) * log1p(exp(d));
  }
  return sum;
}

static void differentiate(void *context, const double *s,
                          crowd_strengths *sums) {
  const scene *self = context;
  for (size_t i = 0; i < COMPARISONS; i++) {
    const comparison *one = &self->comparisons[i];
    const double p = 1 / (1 + exp(s[one->b] - s[one->a]));
    strengths_add(sums, one->a, one->b, one->first - one->all * p,
                  one->all * p * (1 - p));
  }
}

/* The largest element of the gradient at s. */
static double slope_at(const scene *self, const double *s) {
  static long double gradient[MODELS];
  double most = 0;
  for (size_t m = 0; m < MODELS; m++)
    gradient[m] = -2 * (long double)self->ridge * s[m];
  for (size_t i = 0; i < COMPARISONS; i++) {
    const comparison *one = &self->comparisons[i];
    const long double p = 1 / (1 + expl((long double)s[one->b] - s[one->a]));
    gradient[one->a] += one->first - one->all * p;
    gradient[one->b] -= one->first - one->all * p;
  }
  for (size_t m = 0; m < MODELS; m++)
    most = fmax(most, (double)fabsl(gradient[m]));
  return most;
}

static void maximise(scene *self, size_t most, double *s, bool *sparse) {
  const strengths_problem problem = {self, value, differentiate};
  crowd_strengths strengths;
  assert_int_equal(strengths_open(&self->bench.host.host, MODELS, most,
                                  self->ridge, &strengths, &self->bench.error),
                   HEED_OK);
  memset(s, 0, MODELS * sizeof *s);
  strengths_maximise(&strengths, &problem, s);
  *sparse = strengths.sparse;
  strengths_close(&strengths);
}

static void a_graph_gives_the_optimum_of_a_matrix(void **state) {
  static double on_graph[MODELS], on_matrix[MODELS];
  const double ridges[] = {1e-6, 0.05, 10};
  scene *self = *state;
  bool sparse;
  for (size_t i = 0; i < 3; i++) {
    self->ridge = ridges[i];
    maximise(self, COMPARISONS, on_graph, &sparse);
    assert_true(sparse);
    maximise(self, SIZE_MAX, on_matrix, &sparse);
    assert_false(sparse);
    const double most = value(self, on_matrix);
    assert_near(value(self, on_graph), most, 1e-12 * (1 + fabs(most)));
    if (self->ridge > 1e-3) assert_near(slope_at(self, on_graph), 0, 1e-4);
  }
}

static void differentiate_tosses(void *context, const double *s,
                                 crowd_strengths *sums) {
  const scene *self = context;
  (void)s;
  for (size_t i = 0; i < COMPARISONS; i++) {
    const comparison *one = &self->comparisons[i];
    strengths_add(sums, one->a, one->b, one->first - one->all / 2,
                  one->all / 4);
  }
}

static void a_graph_gives_the_same_test_of_tosses(void **state) {
  scene *self = *state;
  const strengths_problem tosses = {.context = self,
                                    .differentiate = differentiate_tosses};
  const size_t most[] = {COMPARISONS, SIZE_MAX};
  double chance[2];
  for (size_t i = 0; i < 2; i++) {
    crowd_strengths strengths;
    assert_int_equal(
        strengths_open(&self->bench.host.host, MODELS, most[i], self->ridge,
                       &strengths, &self->bench.error),
        HEED_OK);
    chance[i] = strengths_chance(&strengths, &tosses);
    strengths_close(&strengths);
  }
  assert_near(chance[0] / chance[1], 1, 1e-6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_graph_gives_the_optimum_of_a_matrix,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_graph_gives_the_same_test_of_tosses,
                                      set_up, tear_down),
  };
  return cmocka_run_group_tests_name("strengths", tests, NULL, NULL);
}
