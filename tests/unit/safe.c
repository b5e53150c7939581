/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts for a terminal. */
#include "view/safe.h"

/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

static void shows(const char *text, const char *expected) {
  char *shown = safe_line(text);
  assert_string_equal(shown, expected);
  free(shown);
}

static void what_a_terminal_obeys_is_shown(void **state) {
  (void)state;
  shows("plain, café, 利用", "plain, café, 利用");
  shows("\x1b[31m\a", "\\x1b[31m\\x07");
  shows("\x7f\xc2\x9b\xc2\x85", "\\u007f\\u009b\\u0085");
  shows("\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9",
        "\\u202a\\u202e\\u2066\\u2069");
  shows("\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xa9",
        "\\u200e\\u200f\\u2028\\u2029");
  shows("one\ntwo\tthree\r", "one\\x0atwo\\x09three\\x0d");
  shows("\xff\xc3(\xe5\x88", "\\xff\\xc3(\\xe5\\x88");
  shows("", "");
}

static void marks_that_do_not_turn_the_text_stay(void **state) {
  (void)state;
  shows("\xe2\x80\x8d\xc2\xa0\xe2\x80\x90", "\xe2\x80\x8d\xc2\xa0\xe2\x80\x90");
}

static void lines_and_tabs_stay_where_they_are_wanted(void **state) {
  char shown[64];
  (void)state;
  shown[safe_copy("a\n\tb\r", 5, true, shown)] = '\0';
  assert_string_equal(shown, "a\n\tb\\x0d");
}

static void a_character_that_is_not_complete_is_counted(void **state) {
  (void)state;
  assert_int_equal(safe_unfinished("ab", 2), 0);
  assert_int_equal(safe_unfinished("ab\xe5", 3), 1);
  assert_int_equal(safe_unfinished("ab\xe5\x88", 4), 2);
  assert_int_equal(safe_unfinished("ab\xe5\x88\xa9", 5), 0);
  assert_int_equal(safe_unfinished("\xf0\x9f\x98", 3), 3);
  assert_int_equal(safe_unfinished("\x9f\x98\x80\x80", 4), 0);
  assert_int_equal(safe_unfinished("", 0), 0);
}

static void wide_and_combining_characters_have_their_width(void **state) {
  (void)state;
  assert_int_equal(safe_width("plain", 5), 5);
  assert_int_equal(safe_width("利用", 6), 4);
  assert_int_equal(safe_width("e\xcc\x81", 3), 1);
  assert_int_equal(safe_width("\xff", 1), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_terminal_obeys_is_shown),
      cmocka_unit_test(marks_that_do_not_turn_the_text_stay),
      cmocka_unit_test(lines_and_tabs_stay_where_they_are_wanted),
      cmocka_unit_test(a_character_that_is_not_complete_is_counted),
      cmocka_unit_test(wide_and_combining_characters_have_their_width)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
