/* SPDX-License-Identifier: GPL-3.0-or-later
 * Vector arithmetic: each path against long double and against the other paths.
 */
#include "host/vector.h"

#include <float.h>

#include "../support/workbench.h"

enum { COUNT = 1 << 16, FUNCTIONS = 5, PATHS = 3 };

typedef void elementwise(size_t count, const double *x, double *y);

static elementwise *function_of(const heed_vector *vector, size_t which) {
  elementwise *const all[FUNCTIONS] = {vector->exp, vector->log, vector->log1p,
                                       vector->sigmoid, vector->softplus};
  return all[which];
}

static long double exact(size_t which, long double x) {
  switch (which) {
    case 0:
      return expl(x);
    case 1:
      return logl(x);
    case 2:
      return log1pl(x);
    case 3:
      return x > 0 ? 1 / (1 + expl(-x)) : expl(x) / (1 + expl(x));
    default:
      return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
  }
}

/* The paths that this processor can run; the plain one comes first. */
static size_t paths(const heed_vector *path[PATHS]) {
  const heed_vector *const all[PATHS] = {vector_plain(), vector_avx2(),
                                         vector_avx512()};
  size_t count = 0;
  for (size_t i = 0; i < PATHS; i++)
    if (all[i] != NULL) path[count++] = all[i];
  return count;
}

static double from_word(uint64_t word) {
  double x;
  memcpy(&x, &word, sizeof x);
  return x;
}

/* Doubles of several kinds: any bits at all, and ranges around 0 and 1. */
static double argument(size_t kind, heed_stream *stream) {
  const double u = heed_uniform(stream);
  switch (kind) {
    case 0:
      return from_word(heed_bits(stream));
    case 1:
      return 2 * u - 1;
    case 2:
      return 60 * (u - 0.5);
    case 3:
      return 1500 * (u - 0.5);
    case 4:
      return 1 + 0.1 * (u - 0.5);
    default:
      return ldexp(u, (int)heed_uniform_integer(stream, 2100) - 1075);
  }
}
enum { KINDS = 6 };

static void fill(uint64_t seed, size_t kind, double x[COUNT]) {
  heed_stream stream = stream_open(seed, 0, "vector", "argument", kind);
  for (size_t i = 0; i < COUNT; i++) x[i] = argument(kind, &stream);
}

static double ulp_at(long double y) {
  int exponent;
  if (fabsl(y) < DBL_MIN) return 0x1p-1074;
  (void)frexpl(y, &exponent);
  return ldexp(1, exponent - 53);
}

/* 0 if both are NaN, or the same infinity. */
static double error_in_ulp(double found, long double expected) {
  if (isnan(expected) || isnan(found))
    return isnan(expected) && isnan(found) ? 0 : HUGE_VAL;
  if (isinf((double)expected) || isinf(found))
    return (double)expected == found ? 0 : HUGE_VAL;
  return (double)(fabsl(found - expected) / ulp_at(expected));
}

static void each_function_is_within_two_ulp(void **state) {
  static double x[COUNT], y[COUNT];
  const heed_vector *vector = vector_best();
  (void)state;
  for (size_t which = 0; which < FUNCTIONS; which++) {
    for (size_t kind = 0; kind < KINDS; kind++) {
      fill(1, kind, x);
      function_of(vector, which)(COUNT, x, y);
      for (size_t i = 0; i < COUNT; i++)
        if (!(error_in_ulp(y[i], exact(which, x[i])) <= 2))
          fail_msg("function %zu at %a gives %a, expected %La", which, x[i],
                   y[i], exact(which, x[i]));
    }
  }
}

/* Compares bits, except those of a NaN, which IEEE 754 leaves open. */
static void assert_same_bits(size_t count, const double *x, const double *y) {
  for (size_t i = 0; i < count; i++)
    if (!(isnan(x[i]) && isnan(y[i])))
      assert_memory_equal(&x[i], &y[i], sizeof x[i]);
}

static void every_path_gives_the_same_bits(void **state) {
  static double x[COUNT], expected[COUNT], found[COUNT];
  const heed_vector *path[PATHS];
  const size_t path_count = paths(path);
  (void)state;
  for (size_t kind = 0; kind < KINDS; kind++) {
    fill(2, kind, x);
    for (size_t which = 0; which < FUNCTIONS; which++) {
      function_of(path[0], which)(COUNT, x, expected);
      for (size_t i = 1; i < path_count; i++) {
        function_of(path[i], which)(COUNT, x, found);
        assert_same_bits(COUNT, expected, found);
      }
    }
  }
}

static void the_position_of_an_element_does_not_matter(void **state) {
  enum { FEW = 37 };
  double x[FEW], all[FEW], one;
  const heed_vector *vector = vector_best();
  heed_stream stream = stream_open(3, 0, "vector", "argument", 0);
  (void)state;
  for (size_t i = 0; i < FEW; i++) x[i] = argument(2, &stream);
  for (size_t which = 0; which < FUNCTIONS; which++) {
    function_of(vector, which)(FEW, x, all);
    for (size_t i = 0; i < FEW; i++) {
      function_of(vector, which)(1, x + i, &one);
      assert_same_bits(1, &one, all + i);
    }
  }
}

static void limits_are_those_of_the_functions(void **state) {
  const double x[] = {0, -0.0, INFINITY, -INFINITY, NAN};
  const double expected[FUNCTIONS][5] = {
      {1, 1, INFINITY, 0, NAN},
      {-INFINITY, -INFINITY, INFINITY, NAN, NAN},
      {0, -0.0, INFINITY, NAN, NAN},
      {0.5, 0.5, 1, 0, NAN},
      {log(2), log(2), INFINITY, 0, NAN}};
  double y[5];
  const heed_vector *path[PATHS];
  const size_t path_count = paths(path);
  (void)state;
  for (size_t i = 0; i < path_count; i++)
    for (size_t which = 0; which < FUNCTIONS; which++) {
      function_of(path[i], which)(5, x, y);
      assert_same_bits(5, expected[which], y);
    }
}

/* Near its zeros the cosine is a sine of a difference that is exact. */
static long double cosine_of_turn(double v) {
  const long double turn = 2 * acosl(-1), x = v;
  if (fabs(v - 0.25) < 0.125) return sinl(turn * (0.25L - x));
  if (fabs(v - 0.75) < 0.125) return sinl(turn * (x - 0.75L));
  return cosl(turn * x);
}

static void normals_are_within_four_ulp(void **state) {
  static double u[COUNT], v[COUNT], x[COUNT];
  heed_stream stream = stream_open(5, 0, "vector", "uniform", 0);
  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    u[i] = heed_uniform(&stream);
    v[i] = heed_uniform(&stream);
  }
  u[0] = 0x1p-53; /* the least and the greatest of heed_uniform() */
  v[0] = 1 - 0x1p-53;
  vector_best()->normal(COUNT, u, v, x);
  for (size_t i = 0; i < COUNT; i++) {
    const long double radius = sqrtl(-2 * logl(u[i]));
    assert_true(error_in_ulp(x[i], radius * cosine_of_turn(v[i])) <= 4);
  }
}

static void normals_are_those_of_the_stream(void **state) {
  enum { FEW = 131 };
  double found[FEW], expected[FEW], other[FEW];
  heed_stream one = stream_open(6, 0, "vector", "normal", 0);
  heed_stream again = stream_open(6, 0, "vector", "normal", 0);
  (void)state;
  heed_normals(vector_best(), &one, FEW, found);
  for (size_t i = 0; i < FEW; i++) expected[i] = heed_normal(&again);
  for (size_t i = 0; i < FEW; i++) assert_near(found[i], expected[i], 1e-14);
  assert_true(heed_bits(&one) == heed_bits(&again));
  one = stream_open(6, 0, "vector", "normal", 0);
  heed_normals(vector_plain(), &one, FEW, other);
  assert_memory_equal(found, other, sizeof found);
}

static void softplus_and_sigmoid_come_together(void **state) {
  static double x[COUNT], y[COUNT], slope[COUNT], expected[COUNT];
  const heed_vector *path[PATHS];
  const size_t path_count = paths(path);
  (void)state;
  for (size_t kind = 0; kind < KINDS; kind++) {
    fill(7, kind, x);
    for (size_t k = 0; k < path_count; k++) {
      path[k]->softplus_sigmoid(COUNT - 3, x, y, slope);
      path[0]->softplus(COUNT - 3, x, expected);
      assert_same_bits(COUNT - 3, expected, y);
      path[0]->sigmoid(COUNT - 3, x, expected);
      assert_same_bits(COUNT - 3, expected, slope);
    }
  }
}

/* ---- sums ---- */

static const size_t lengths[] = {0, 1, 7, 8, 9, 40, 1023, 1024, 1025, 5000};
enum { LENGTHS = sizeof lengths / sizeof *lengths, LONGEST = 5000 };

typedef struct sums {
  double sum, dot, weighted, log_sum, softmax;
} sums;

static sums sums_of(const heed_vector *vector, size_t count, const double *w,
                    const double *x, const double *y, double *share) {
  return (sums){.sum = vector->sum(count, x),
                .dot = vector->dot(count, x, y),
                .weighted = vector->weighted_dot(count, w, x, y),
                .log_sum = vector->log_sum_exp(count, x),
                .softmax = vector->softmax(count, x, share)};
}

static void draw(size_t count, const char *purpose, double *x) {
  heed_stream stream = stream_open(4, 0, "vector", purpose, 0);
  for (size_t i = 0; i < count; i++) x[i] = 3 * heed_normal(&stream);
}

static void assert_within_bound(double found, long double exact_sum,
                                long double magnitudes, size_t count) {
  const double bound = (140 + (double)count / 1024) * 0x1p-53;
  assert_true(fabsl(found - exact_sum) <= bound * magnitudes);
}

static void sums_keep_their_bound(void **state) {
  static double w[LONGEST], x[LONGEST], y[LONGEST], share[LONGEST];
  (void)state;
  draw(LONGEST, "w", w);
  draw(LONGEST, "x", x);
  draw(LONGEST, "y", y);
  for (size_t n = 0; n < LENGTHS; n++) {
    const size_t count = lengths[n];
    const sums found = sums_of(vector_best(), count, w, x, y, share);
    long double exact_of[3] = {0}, all[3] = {0};
    for (size_t i = 0; i < count; i++) {
      const long double term[3] = {x[i], (long double)x[i] * y[i],
                                   (long double)w[i] * x[i] * y[i]};
      for (size_t k = 0; k < 3; k++) {
        exact_of[k] += term[k];
        all[k] += fabsl(term[k]);
      }
    }
    assert_within_bound(found.sum, exact_of[0], all[0], count);
    assert_within_bound(found.dot, exact_of[1], all[1], count);
    assert_within_bound(found.weighted, exact_of[2], all[2], count);
  }
}

static void log_sum_exp_and_softmax_agree_with_long_double(void **state) {
  static double x[LONGEST], share[LONGEST];
  (void)state;
  draw(LONGEST, "x", x);
  for (size_t n = 1; n < LENGTHS; n++) {
    const size_t count = lengths[n];
    long double sum = 0;
    for (size_t i = 0; i < count; i++) sum += expl(x[i]);
    const double expected = (double)logl(sum);
    /* Sums of up to 5000 terms, all positive: 145 2^-53, twice. */
    assert_near(vector_best()->log_sum_exp(count, x), expected, 4e-14);
    assert_near(vector_best()->softmax(count, x, share), expected, 4e-14);
    for (size_t i = 0; i < count; i++)
      assert_near(share[i], (double)(expl(x[i]) / sum), 4e-14);
  }
}

static void sums_have_the_same_bits_on_every_path(void **state) {
  static double w[LONGEST], x[LONGEST], y[LONGEST];
  static double expected_share[LONGEST], share[LONGEST];
  const heed_vector *path[PATHS];
  const size_t path_count = paths(path);
  (void)state;
  draw(LONGEST, "w", w);
  draw(LONGEST, "x", x);
  draw(LONGEST, "y", y);
  for (size_t n = 0; n < LENGTHS; n++) {
    const size_t count = lengths[n];
    const sums expected = sums_of(path[0], count, w, x, y, expected_share);
    for (size_t i = 1; i < path_count; i++) {
      const sums found = sums_of(path[i], count, w, x, y, share);
      assert_memory_equal(&found, &expected, sizeof found);
      assert_same_bits(count, expected_share, share);
    }
  }
}

static void tilted_moments_agree_with_long_double(void **state) {
  static double x[LONGEST], t[LONGEST], f[LONGEST];
  const double c = 0.7;
  const heed_vector *path[PATHS];
  const size_t path_count = paths(path);
  (void)state;
  draw(LONGEST, "x", x);
  draw(LONGEST, "t", t);
  draw(LONGEST, "f", f);
  for (size_t n = 1; n < LENGTHS; n++) {
    const vector_tilted found = vector_tilt(path[0], lengths[n], x, t, f, c);
    long double sum[5] = {0};
    for (size_t i = 0; i < lengths[n]; i++) {
      const long double pi = expl(x[i] + (long double)c * t[i]);
      const long double term[5] = {pi, pi * t[i], pi * t[i] * t[i], pi * f[i],
                                   pi * t[i] * f[i]};
      for (size_t k = 0; k < 5; k++) sum[k] += term[k];
    }
    const long double mean = sum[1] / sum[0];
    /* Some hundred roundings of terms below 100. */
    assert_near(found.most + log(found.sum), (double)logl(sum[0]), 1e-13);
    assert_near(found.mean, (double)mean, 1e-12);
    assert_near(found.variance, (double)(sum[2] / sum[0] - mean * mean), 1e-11);
    assert_near(found.value, (double)(sum[3] / sum[0]), 1e-12);
    assert_near(found.covariance,
                (double)(sum[4] / sum[0] - mean * sum[3] / sum[0]), 1e-11);
    for (size_t i = 1; i < path_count; i++) {
      const vector_tilted other = vector_tilt(path[i], lengths[n], x, t, f, c);
      assert_memory_equal(&other, &found, sizeof found);
    }
  }
}

static void a_gram_matrix_is_the_weighted_sum_of_products(void **state) {
  enum { ROWS = 50, WIDEST = 17 };
  static double x[ROWS * WIDEST], weight[ROWS];
  double found[WIDEST * WIDEST], other[WIDEST * WIDEST];
  const heed_vector *path[PATHS];
  const size_t path_count = paths(path);
  (void)state;
  draw(ROWS * WIDEST, "x", x);
  draw(ROWS, "weight", weight);
  for (size_t width = 1; width <= WIDEST; width++) {
    for (size_t k = 0; k < width * width; k++) found[k] = other[k] = 1;
    path[0]->gram(ROWS, width, x, weight, found);
    for (size_t a = 0; a < width; a++)
      for (size_t b = 0; b < width; b++) {
        long double sum = 1, all = 1;
        for (size_t i = 0; i < ROWS; i++) {
          const long double term =
              (long double)weight[i] * x[i * width + a] * x[i * width + b];
          sum += term;
          all += fabsl(term);
        }
        assert_true(fabsl(found[a * width + b] - sum) <= 60 * 0x1p-53L * all);
      }
    for (size_t k = 1; k < path_count; k++) {
      for (size_t i = 0; i < width * width; i++) other[i] = 1;
      path[k]->gram(ROWS, width, x, weight, other);
      assert_memory_equal(other, found, width * width * sizeof *found);
    }
  }
}

/* scale 300: the rewards are too far apart for odds. */
static void wins_agree_with_long_double(void **state) {
  enum { MANY = 300, SETS = 3 };
  static double reward[MANY], weight[SETS * MANY], win[SETS * MANY];
  static double other[SETS * MANY];
  const heed_vector *path[PATHS];
  const size_t path_count = paths(path);
  (void)state;
  draw(SETS * MANY, "weight", weight);
  for (double scale = 1; scale < 1000; scale *= 300) {
    draw(MANY, "reward", reward);
    for (size_t i = 0; i < MANY; i++) reward[i] *= scale;
    for (size_t count = 1; count <= MANY; count += 37) {
      path[0]->wins(count, reward, SETS, weight, win);
      for (size_t i = 0; i < SETS * count; i++) {
        const size_t set = i / count;
        long double sum = 0, all = 0;
        for (size_t j = 0; j < count; j++) {
          const long double chance =
              exact(3, (long double)reward[i % count] - reward[j]);
          sum += weight[set * count + j] * chance;
          all += fabs(weight[set * count + j]) * chance;
        }
        /* The range of 300 normal rewards, times 3 scale, is below 24 scale. */
        assert_true(fabsl(win[i] - sum) <=
                    ((double)count + 10 + 2 * 24 * scale) * 0x1p-53L * all);
      }
      for (size_t k = 1; k < path_count; k++) {
        path[k]->wins(count, reward, SETS, weight, other);
        assert_memory_equal(other, win, SETS * count * sizeof *win);
      }
    }
  }
}

static void log_sum_exp_has_limits(void **state) {
  const double none[] = {-INFINITY, -INFINITY}, top[] = {1, INFINITY},
               lost[] = {NAN, INFINITY}, high[] = {1000, 1000},
               low[] = {-1000, -1000};
  const heed_vector *vector = vector_best();
  (void)state;
  assert_true(vector->log_sum_exp(0, none) == -INFINITY);
  assert_true(vector->log_sum_exp(2, none) == -INFINITY);
  assert_true(vector->log_sum_exp(2, top) == INFINITY);
  assert_true(isnan(vector->log_sum_exp(2, lost)));
  assert_near(vector->log_sum_exp(2, high), 1000 + log(2), 1e-12);
  assert_near(vector->log_sum_exp(2, low), -1000 + log(2), 1e-12);
}

static void the_host_offers_it(void **state) {
  host_service service = {0};
  (void)state;
  service_open(&service);
  assert_ptr_equal(heed_vector_of(&service.host), vector_best());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_function_is_within_two_ulp),
      cmocka_unit_test(every_path_gives_the_same_bits),
      cmocka_unit_test(the_position_of_an_element_does_not_matter),
      cmocka_unit_test(limits_are_those_of_the_functions),
      cmocka_unit_test(softplus_and_sigmoid_come_together),
      cmocka_unit_test(normals_are_within_four_ulp),
      cmocka_unit_test(normals_are_those_of_the_stream),
      cmocka_unit_test(sums_keep_their_bound),
      cmocka_unit_test(log_sum_exp_and_softmax_agree_with_long_double),
      cmocka_unit_test(sums_have_the_same_bits_on_every_path),
      cmocka_unit_test(tilted_moments_agree_with_long_double),
      cmocka_unit_test(a_gram_matrix_is_the_weighted_sum_of_products),
      cmocka_unit_test(wins_agree_with_long_double),
      cmocka_unit_test(log_sum_exp_has_limits),
      cmocka_unit_test(the_host_offers_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
