/* SPDX-License-Identifier: GPL-3.0-or-later
 * The source arena: its models, pairs and probabilities. */
#include "../support/workbench.h"

enum { MU, LARGEST };

static void make(test_workbench *bench, const char *parameters,
                 heed_world *world) {
  workbench_open(bench, 5);
  const heed_instance *source =
      workbench_make(bench, HEED_SOURCE, "arena", parameters);
  if (workbench_world(bench, source, world) != HEED_OK)
    fail_msg("%s", bench->error.message);
}

/* Four models at -1, -1/3, 1/3 and 1 times the largest, whose mean square is
 * the square of `strength`. */
static void p_follows_from_equally_spaced_strengths(void **state) {
  test_workbench bench;
  heed_world world;
  (void)state;
  make(&bench, "{\"models\": 4, \"strength\": 1.5, \"pairs\": 500}", &world);
  const int32_t *a = heed_table_data(world.pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(world.pairs, "model_b", HEED_INT32);
  const double *p = heed_table_data(world.pairs, "p", HEED_FLOAT64);
  const double largest = bench.output[LARGEST];
  assert_near(2 * largest * largest * (1 + 1.0 / 9) / 4, 1.5 * 1.5, 1e-12);
  double sum = 0;
  for (size_t i = 0; i < 500; i++) {
    const double apart = largest * 2 / 3 * (a[i] - b[i]);
    assert_true(a[i] != b[i]);
    assert_near(p[i], 1 / (1 + exp(-apart)), 1e-12);
    sum += p[i] / 500;
  }
  assert_near(world.mu, sum, 1e-12);
  assert_int_equal(world.models->rows, 4);
  const char *const *name = heed_table_data(world.models, "name", HEED_STRING);
  assert_string_equal(name[3], "model 4");
  workbench_close(&bench);
}

/* Each of 30 ordered pairs of models is drawn 1,000 times, sd 31. */
static void models_meet_equally_often(void **state) {
  enum { ROWS = 30000, MODELS = 6 };
  test_workbench bench;
  heed_world world;
  size_t met[MODELS * MODELS] = {0};
  (void)state;
  make(&bench, "{\"pairs\": 30000, \"strength\": 0}", &world);
  const int32_t *a = heed_table_data(world.pairs, "model_a", HEED_INT32);
  const int32_t *b = heed_table_data(world.pairs, "model_b", HEED_INT32);
  for (size_t i = 0; i < ROWS; i++) met[a[i] * MODELS + b[i]]++;
  for (size_t m = 0; m < MODELS; m++)
    for (size_t n = 0; n < MODELS; n++) {
      if (m == n)
        assert_int_equal(met[m * MODELS + n], 0);
      else
        assert_in_range(met[m * MODELS + n], 1000 - 155, 1000 + 155);
    }
  assert_near(world.mu, 0.5, 0);
  workbench_close(&bench);
}

static void gold_pairs_have_their_p(void **state) {
  test_workbench bench;
  heed_world world;
  size_t count = 0;
  (void)state;
  make(&bench, "{\"pairs\": 500, \"gold\": 0.1}", &world);
  const double *p = heed_table_data(world.pairs, "p", HEED_FLOAT64);
  const double *gold = heed_table_data(world.pairs, "gold", HEED_FLOAT64);
  for (size_t i = 0; i < 500; i++) {
    if (isnan(gold[i])) continue;
    assert_near(gold[i], p[i], 0);
    count++;
  }
  assert_int_equal(count, 50);
  workbench_close(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(p_follows_from_equally_spaced_strengths),
      cmocka_unit_test(models_meet_equally_often),
      cmocka_unit_test(gold_pairs_have_their_p),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
