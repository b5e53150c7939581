/* SPDX-License-Identifier: GPL-3.0-or-later
 * Crews: everything is done once, by everybody, and BLAS gets its threads
 * back. */
#include <cblas.h>

#include "../support/tiny_model.h"
#include "support/llm/crew.h"

static void shares_are_the_whole_without_overlap(void **state) {
  const size_t totals[] = {0, 1, 7, 8, 100, 1023};
  (void)state;
  for (size_t t = 0; t < 6; t++)
    for (size_t grain = 1; grain <= 16; grain += 5)
      for (size_t count = 1; count <= 5; count++) {
        size_t end = 0;
        for (size_t i = 0; i < count; i++) {
          const llm_crew_part part = crew_share(totals[t], grain, i, count);
          assert_int_equal(part.first, end);
          assert_true(part.end >= part.first);
          assert_true(part.end % grain == 0 || part.end == totals[t]);
          end = part.end;
        }
        assert_int_equal(end, totals[t]);
      }
}

static void mark(void *context, size_t index, size_t count) {
  size_t *done = context;
  done[index] += count;
}

static void every_member_does_its_share_each_time(void **state) {
  heed_error error;
  (void)state;
  for (size_t members = 1; members <= 4; members++) {
    size_t done[4] = {0};
    llm_crew *self = NULL;
    assert_int_equal(crew_open(members, &self, &error), HEED_OK);
    assert_int_equal(crew_members(self), members);
    for (int i = 0; i < 1000; i++) crew_run(self, mark, done);
    for (size_t i = 0; i < 4; i++)
      assert_int_equal(done[i], i < members ? 1000 * members : 0);
    crew_close(self);
  }
}

static void blas_has_one_thread_while_a_crew_is_open(void **state) {
  const int earlier = openblas_get_num_threads();
  heed_error error;
  llm_crew *self = NULL;
  (void)state;
  openblas_set_num_threads(2);
  assert_int_equal(crew_open(0, &self, &error), HEED_OK);
  assert_int_equal(crew_members(self), 2);
  assert_int_equal(openblas_get_num_threads(), 1);
  crew_close(self);
  assert_int_equal(openblas_get_num_threads(), 2);
  openblas_set_num_threads(earlier);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shares_are_the_whole_without_overlap),
      cmocka_unit_test(every_member_does_its_share_each_time),
      cmocka_unit_test(blas_has_one_thread_while_a_crew_is_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
