/* SPDX-License-Identifier: GPL-3.0-or-later
 * Structs that grow: which members a struct has, and copies between sizes. */
#include "../support/workbench.h"

/* The same struct in two minor versions. */
typedef struct first_version {
  size_t size;
  double mean;
} first_version;
typedef struct second_version {
  size_t size;
  double mean;
  bool converged;
  int32_t counts[3];
} second_version;

static void a_member_within_the_size_is_there(void **state) {
  const second_version made = {.size = sizeof made};
  (void)state;
  assert_true(HEED_HAS(&made, mean));
  assert_true(HEED_HAS(&made, converged));
  assert_true(HEED_HAS(&made, counts));
}

static void a_member_that_is_not_wholly_within_the_size_is_not_there(
    void **state) {
  second_version made = {.size = sizeof(first_version)};
  (void)state;
  assert_true(HEED_HAS(&made, mean));
  assert_false(HEED_HAS(&made, converged));
  made.size = offsetof(second_version, counts) + sizeof(int32_t);
  assert_true(HEED_HAS(&made, converged));
  assert_false(HEED_HAS(&made, counts));
}

static void members_that_the_original_lacks_are_zero_in_its_copy(void **state) {
  first_version *made = malloc(sizeof *made);
  second_version copy;
  (void)state;
  assert_non_null(made);
  *made = (first_version){.size = sizeof *made, .mean = 0.25};
  memset(&copy, 0xff, sizeof copy);
  heed_copy(&copy, sizeof copy, made);
  free(made);
  assert_int_equal(copy.size, sizeof copy);
  assert_true(copy.mean == 0.25);
  assert_false(copy.converged);
  for (int i = 0; i < 3; i++) assert_int_equal(copy.counts[i], 0);
}

static void members_that_the_copy_lacks_are_dropped(void **state) {
  const second_version made = {
      .size = sizeof made, .mean = 0.25, .converged = true};
  second_version copies[2];
  (void)state;
  memset(copies, 0x55, sizeof copies);
  heed_copy(&copies[0], sizeof(first_version), &made);
  assert_int_equal(copies[0].size, sizeof(first_version));
  assert_true(copies[0].mean == 0.25);
  assert_int_equal(copies[0].counts[0], 0x55555555);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_member_within_the_size_is_there),
      cmocka_unit_test(
          a_member_that_is_not_wholly_within_the_size_is_not_there),
      cmocka_unit_test(members_that_the_original_lacks_are_zero_in_its_copy),
      cmocka_unit_test(members_that_the_copy_lacks_are_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
