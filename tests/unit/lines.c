/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables of a page: a table that memory ran out for says so. */
#include "../support/refusing_malloc.h"
/* After cmocka's. */
#include "lines.h"

#define MISSING "  out of memory: parts of this table are missing\n"

/* Prints a table of two lines, made while allocations are refused. */
static void print_table(char *printed, size_t size) {
  command_lines *page = lines_create(2, 0);
  FILE *file;
  lines_set(page, 0, "one");
  lines_set(page, 1, "two");
  lines_next(page);
  lines_set(page, 0, "three");
  lines_next(page);
  refusing_malloc.on = false;
  file = fmemopen(printed, size, "w");
  assert_non_null(file);
  lines_print(page, file, "  ");
  assert_int_equal(fclose(file), 0);
  lines_free(page);
}

static void a_table_prints_its_lines(void **state) {
  char printed[256] = "";
  (void)state;
  print_table(printed, sizeof printed);
  assert_string_equal(printed, "  one    two\n  three\n");
}

static void a_table_that_memory_ran_out_for_says_so(void **state) {
  (void)state;
  for (size_t i = 0;; i++) {
    char printed[256] = "";
    refusing_malloc.asked = 0;
    refusing_malloc.refused = i;
    refusing_malloc.on = true;
    print_table(printed, sizeof printed);
    if (refusing_malloc.asked <= i) {
      assert_true(i > 3);
      break;
    }
    assert_non_null(strstr(printed, MISSING));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_prints_its_lines),
      cmocka_unit_test(a_table_that_memory_ran_out_for_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
