/* SPDX-License-Identifier: GPL-3.0-or-later
 * Many allocations with one check: from a host, and carved out of a block. */
#include "../support/workbench.h"
/* After cmocka's. */
#include "heed/memory.h"
#include "support/llm/carving.h"

/* ---- from a host ---- */

static size_t asked;

static void *refuse(const heed_host *host, size_t count, size_t size) {
  (void)host, (void)count, (void)size;
  asked++;
  return NULL;
}

static void a_host_that_has_refused_is_not_asked_again(void **state) {
  test_workbench bench;
  (void)state;
  workbench_open(&bench, 1);
  heed_memory memory = {&bench.host.host, false};
  assert_non_null(heed_scratch_sizes(&memory, 3));
  assert_false(memory.refused);
  bench.host.host.scratch = refuse;
  asked = 0;
  assert_null(heed_scratch_doubles(&memory, 3));
  assert_true(memory.refused);
  assert_null(heed_scratch(&memory, 3, 1));
  assert_null(heed_allocate_doubles(&memory, 3));
  assert_null(heed_copy_text(&memory, "text"));
  heed_table *table = heed_new_table(&memory, "table", 3);
  assert_null(table);
  assert_null(heed_new_column(&memory, table, "p", HEED_FLOAT64, 1));
  assert_int_equal(asked, 1);
  workbench_close(&bench);
}

static void nothing_is_null_while_nothing_was_refused(void **state) {
  test_workbench bench;
  (void)state;
  workbench_open(&bench, 1);
  heed_memory memory = {&bench.host.host, false};
  assert_non_null(heed_scratch_doubles(&memory, 0));
  assert_non_null(heed_allocate(&memory, 0, sizeof(int)));
  heed_table *table = heed_new_table(&memory, "table", 0);
  assert_non_null(heed_new_column(&memory, table, "p", HEED_FLOAT64, 1));
  assert_string_equal(heed_copy_text(&memory, ""), "");
  assert_false(memory.refused);
  workbench_close(&bench);
}

static void a_copy_of_no_text_is_no_refusal(void **state) {
  test_workbench bench;
  (void)state;
  workbench_open(&bench, 1);
  heed_memory memory = {&bench.host.host, false};
  assert_null(heed_copy_text(&memory, NULL));
  assert_false(memory.refused);
  workbench_close(&bench);
}

/* ---- carved out of a block ---- */

typedef struct pieces {
  size_t count, width;
  char *bytes;
  double *numbers;
  size_t *sizes;
  float *nothing;
} pieces;

static void place(void *object, carving_block *block) {
  pieces *self = object;
  self->bytes = carve(block, self->count, 1);
  self->numbers = carve_doubles(block, self->count, self->width);
  self->nothing = carve_floats(block, self->count, 0);
  self->sizes = carve_sizes(block, self->count);
}

static void pieces_of_a_block_are_zeroed_aligned_and_apart(void **state) {
  (void)state;
  for (size_t count = 1; count < 100; count += 7) {
    pieces made = {.count = count, .width = 3};
    char *memory = carving_open(place, &made);
    assert_non_null(memory);
    assert_int_equal((uintptr_t)made.bytes % CARVING_ALIGNMENT, 0);
    assert_int_equal((uintptr_t)made.numbers % CARVING_ALIGNMENT, 0);
    assert_int_equal((uintptr_t)made.sizes % CARVING_ALIGNMENT, 0);
    for (size_t i = 0; i < count; i++) {
      assert_int_equal(made.bytes[i], 0);
      assert_int_equal(made.sizes[i], 0);
    }
    memset(made.bytes, 1, count);
    memset(made.numbers, 2, 3 * count * sizeof *made.numbers);
    memset(made.sizes, 3, count * sizeof *made.sizes);
    for (size_t i = 0; i < count; i++) assert_int_equal(made.bytes[i], 1);
    assert_int_equal(*((char *)(made.numbers + 3 * count) - 1), 2);
    free(memory);
  }
}

static void what_needs_nothing_is_null_and_no_failure(void **state) {
  pieces made = {.count = 2, .width = 0};
  (void)state;
  void *memory = carving_open(place, &made);
  assert_non_null(memory);
  assert_null(made.nothing);
  assert_null(made.numbers);
  assert_non_null(made.sizes);
  free(memory);
  made = (pieces){.count = 0, .width = 1};
  memory = carving_open(place, &made);
  assert_non_null(memory);
  assert_null(made.bytes);
  free(memory);
}

static void a_block_larger_than_any_memory_is_refused(void **state) {
  pieces made = {.count = SIZE_MAX / 2, .width = 1};
  (void)state;
  assert_null(carving_open(place, &made));
  assert_null(made.bytes);
  made = (pieces){.count = SIZE_MAX / 16, .width = 3};
  assert_null(carving_open(place, &made));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_host_that_has_refused_is_not_asked_again),
      cmocka_unit_test(nothing_is_null_while_nothing_was_refused),
      cmocka_unit_test(a_copy_of_no_text_is_no_refusal),
      cmocka_unit_test(pieces_of_a_block_are_zeroed_aligned_and_apart),
      cmocka_unit_test(what_needs_nothing_is_null_and_no_failure),
      cmocka_unit_test(a_block_larger_than_any_memory_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
