/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where sorted numbers are cut into ranges. */
#include "../support/workbench.h"
#include "verdict/verdict.h"

enum { MOST = 12, COUNT = 40 };

static void ranges_of_different_numbers_differ_in_size_by_one(void **state) {
  double numbers[COUNT];
  (void)state;
  for (size_t i = 0; i < COUNT; i++) numbers[i] = (double)i;
  for (size_t count = 1; count <= COUNT; count++)
    for (size_t most = 2; most <= MOST; most++) {
      size_t starts[MOST + 1];
      const size_t ranges = groups_cut(count, numbers, most, starts);
      assert_int_equal(ranges, count < most ? count : most);
      assert_int_equal(starts[0], 0);
      assert_int_equal(starts[ranges], count);
      for (size_t k = 0; k < ranges; k++) {
        const size_t size = starts[k + 1] - starts[k];
        assert_in_range(size, count / ranges, (count + ranges - 1) / ranges);
      }
    }
}

/* All sorted lists of eight numbers from 0 to 3. */
static void equal_numbers_are_in_one_range(void **state) {
  enum { LONG = 8, VALUES = 4 };
  (void)state;
  for (unsigned code = 0; code < 1u << (2 * LONG); code++) {
    double numbers[LONG];
    size_t different = 1, starts[4];
    bool sorted = true;
    for (size_t i = 0; i < LONG; i++) {
      numbers[i] = (double)(code >> (2 * i) & (VALUES - 1));
      sorted = sorted && (i == 0 || numbers[i] >= numbers[i - 1]);
      different += i > 0 && numbers[i] != numbers[i - 1];
    }
    if (!sorted) continue;
    for (size_t most = 2; most <= 3; most++) {
      const size_t ranges = groups_cut(LONG, numbers, most, starts);
      assert_in_range(ranges, 1, most);
      if (different <= most) assert_int_equal(ranges, different);
      assert_int_equal(starts[ranges], LONG);
      for (size_t k = 1; k < ranges; k++)
        assert_true(numbers[starts[k] - 1] < numbers[starts[k]]);
    }
  }
}

static void no_number_makes_no_range(void **state) {
  size_t starts[3];
  (void)state;
  assert_int_equal(groups_cut(0, NULL, 2, starts), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_of_different_numbers_differ_in_size_by_one),
      cmocka_unit_test(equal_numbers_are_in_one_range),
      cmocka_unit_test(no_number_makes_no_range),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
