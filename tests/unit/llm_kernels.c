/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels: each against its definition in double, plain and fast. */
#include <float.h>

#include "../support/tiny_model.h"
#include "support/llm/kernels.h"

static const llm_kernels *both[2];

/* Units in the last place between a float and the number it stands for. */
static double units(float found, double expected) {
  const float next = nextafterf((float)expected, FLT_MAX);
  return fabs((double)found - expected) /
         ((double)next - (double)(float)expected);
}

static void exponentials_are_within_two_units_in_the_last_place(void **state) {
  enum { COUNT = 100003 };
  static float x[COUNT], y[COUNT];
  (void)state;
  for (size_t i = 0; i < COUNT; i++)
    x[i] = -87.3f + 175.6f * (float)i / (float)COUNT;
  for (size_t k = 0; k < 2; k++) {
    double worst = 0;
    both[k]->exponential(COUNT, x, y);
    for (size_t i = 0; i < COUNT; i++)
      worst = fmax(worst, units(y[i], exp((double)x[i])));
    assert_true(worst <= 2);
  }
}

static void exponentials_beyond_what_a_float_holds_are_cut(void **state) {
  const float x[] = {-FLT_MAX, -1000, 1000, FLT_MAX, -HUGE_VALF};
  float y[5];
  (void)state;
  for (size_t k = 0; k < 2; k++) {
    both[k]->exponential(5, x, y);
    for (size_t i = 0; i < 5; i++) assert_true(isfinite(y[i]) && y[i] > 0);
    assert_true(y[0] < 2e-38f && y[4] < 2e-38f && y[2] > 2e38f);
  }
}

static void a_softmax_in_stretches_is_the_softmax(void **state) {
  enum { COUNT = 1000, STRETCH = 37 };
  heed_stream stream = tiny_stream(1);
  (void)state;
  for (size_t k = 0; k < 2; k++) {
    float x[COUNT], y[COUNT], most = -FLT_MAX;
    double sum = 0, expected = 0;
    for (size_t i = 0; i < COUNT; i++) {
      x[i] = y[i] = (float)(10 * heed_normal(&stream));
      expected += exp((double)x[i]);
    }
    for (size_t i = 0; i < COUNT; i += STRETCH)
      (void)both[k]->extend(COUNT - i < STRETCH ? COUNT - i : STRETCH, x + i,
                            &most, &sum);
    assert_close((double)most + log(sum), log(expected), 1e-5);
    assert_close((double)both[k]->softmax(COUNT - 3, COUNT, y), log(expected),
                 1);
    assert_true(y[COUNT - 1] == 0 && y[COUNT - 3] == 0);
  }
}

/* Widths below, at and beyond what vectors take at a time. */
static void attention_to_a_cache_is_as_defined(void **state) {
  enum { COUNT = 41, MOST = 70 };
  const size_t widths[] = {6, 16, 32, 64, 70};
  heed_stream stream = tiny_stream(4);
  float keys[COUNT * MOST], values[COUNT * MOST], query[MOST];
  (void)state;
  for (size_t i = 0; i < COUNT * MOST; i++) {
    keys[i] = (float)heed_normal(&stream);
    values[i] = (float)heed_normal(&stream);
  }
  for (size_t i = 0; i < MOST; i++) query[i] = (float)heed_normal(&stream);
  for (size_t w = 0; w < 5; w++) {
    const size_t width = widths[w];
    double weight[COUNT], sum = 0;
    for (size_t i = 0; i < COUNT; i++) {
      double score = 0;
      for (size_t j = 0; j < width; j++)
        score += 0.3 * (double)query[j] * (double)keys[i * width + j];
      sum += weight[i] = exp(score);
    }
    for (size_t k = 0; k < 2; k++) {
      float room[COUNT], out[MOST];
      both[k]->attend(COUNT, width, keys, values, query, 0.3f, room, out);
      for (size_t j = 0; j < width; j++) {
        double expected = 0;
        for (size_t i = 0; i < COUNT; i++)
          expected += weight[i] / sum * (double)values[i * width + j];
        assert_close((double)out[j], expected, 1e-5);
      }
    }
  }
}

static void pairs_are_turned_by_their_angles_and_back(void **state) {
  enum { WIDTH = 22, HEADS = 2, STRIDE = 50 };
  const uint32_t position[] = {1};
  float table[2 * 2 * WIDTH] = {0}, x[STRIDE], earlier[STRIDE];
  (void)state;
  for (size_t i = 0; i < WIDTH; i++) { /* of position 1 */
    const double angle = 0.1 + (double)(i / 2);
    table[2 * WIDTH + i] = (float)cos(angle);
    table[3 * WIDTH + i] = (float)(i % 2 > 0 ? sin(angle) : -sin(angle));
  }
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; i < STRIDE; i++) x[i] = earlier[i] = (float)i - 20;
    both[k]->rotate(1, HEADS, WIDTH, STRIDE, position, table, 1, x);
    for (size_t i = 0; i < HEADS * WIDTH; i += 2) {
      const double angle = 0.1 + (double)(i % WIDTH / 2);
      const double even = (double)earlier[i], odd = (double)earlier[i + 1];
      assert_close((double)x[i], even * cos(angle) - odd * sin(angle), 1e-5);
      assert_close((double)x[i + 1], even * sin(angle) + odd * cos(angle),
                   1e-5);
    }
    both[k]->rotate(1, HEADS, WIDTH, STRIDE, position, table, -1, x);
    for (size_t i = 0; i < STRIDE; i++)
      assert_close((double)x[i], (double)earlier[i], 1e-5);
  }
}

static void adamw_is_algorithm_2_of_its_paper(void **state) {
  enum { COUNT = 21 };
  const double b1 = 0.9, b2 = 0.99, rate = 0.01, decay = 0.1, epsilon = 1e-8;
  (void)state;
  for (size_t k = 0; k < 2; k++) {
    float x[COUNT], m[COUNT] = {0}, v[COUNT] = {0}, g[COUNT];
    double dx[COUNT], dm[COUNT] = {0}, dv[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++) {
      g[i] = (float)i / 7 - 1;
      x[i] = 1 - (float)i / 5;
      dx[i] = (double)x[i];
    }
    for (int t = 1; t <= 5; t++) {
      const double c1 = 1 - pow(b1, t), c2 = 1 - pow(b2, t);
      const llm_adamw_factors factors = {1,
                                         (float)b1,
                                         (float)b2,
                                         (float)(rate / c1),
                                         (float)(1 / c2),
                                         (float)epsilon,
                                         (float)(1 - rate * decay)};
      both[k]->adamw(COUNT, &factors, g, m, v, x);
      for (size_t i = 0; i < COUNT; i++) {
        const double s = (double)g[i];
        dm[i] = b1 * dm[i] + (1 - b1) * s;
        dv[i] = b2 * dv[i] + (1 - b2) * s * s;
        dx[i] -=
            rate * (dm[i] / c1 / (sqrt(dv[i] / c2) + epsilon) + decay * dx[i]);
      }
    }
    for (size_t i = 0; i < COUNT; i++) assert_close((double)x[i], dx[i], 1e-6);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exponentials_are_within_two_units_in_the_last_place),
      cmocka_unit_test(exponentials_beyond_what_a_float_holds_are_cut),
      cmocka_unit_test(a_softmax_in_stretches_is_the_softmax),
      cmocka_unit_test(attention_to_a_cache_is_as_defined),
      cmocka_unit_test(pairs_are_turned_by_their_angles_and_back),
      cmocka_unit_test(adamw_is_algorithm_2_of_its_paper),
  };
  both[0] = kernels_plain();
  both[1] = kernels_best();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
