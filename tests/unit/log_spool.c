/* SPDX-License-Identifier: GPL-3.0-or-later
 * Numbers in temporary files, and the columns of packed logs. */
#include <stdio.h>
#include <stdlib.h>

#include "../support/workbench.h"
#include "sources/log/packed_write.h"
#include "sources/log/spool.h"

enum { NUMBERS = 100000 }; /* more than a buffer */

static heed_error error;

/* Numbers of each length: 2^(7k) - 1, 2^(7k), and so on. */
static uint64_t number_at(size_t i) {
  const uint64_t power = i % 10 == 9 ? UINT64_MAX : (uint64_t)1 << 7 * (i % 10);
  return power - i % 3;
}

static void numbers_come_back_as_they_were_put(void **state) {
  log_spool spool;
  (void)state;
  assert_int_equal(log_spool_open(&spool, "/tmp", &error), HEED_OK);
  for (size_t i = 0; i < NUMBERS; i++) {
    assert_int_equal(log_spool_put_number(&spool, number_at(i)), HEED_OK);
    assert_int_equal(log_spool_put_signed(&spool, (int64_t)number_at(i)),
                     HEED_OK);
    assert_int_equal(log_spool_put(&spool, "abc", i % 4), HEED_OK);
  }
  for (int turn = 0; turn < 2; turn++) {
    assert_int_equal(log_spool_rewind(&spool), HEED_OK);
    for (size_t i = 0; i < NUMBERS; i++) {
      uint64_t number;
      int64_t folded;
      char text[4];
      assert_true(log_spool_has_more(&spool));
      assert_int_equal(log_spool_take_number(&spool, &number), HEED_OK);
      assert_int_equal(log_spool_take_signed(&spool, &folded), HEED_OK);
      assert_int_equal(log_spool_take(&spool, text, i % 4), HEED_OK);
      assert_true(number == number_at(i));
      assert_true(folded == (int64_t)number_at(i));
    }
    assert_false(log_spool_has_more(&spool));
  }
  log_spool_close(&spool);
}

static void a_number_has_a_byte_for_each_seven_bits(void **state) {
  static const struct {
    uint64_t number, bytes;
  } all[] = {{0, 1},         {127, 1},        {128, 2},
             {16383, 2},     {16384, 3},      {(uint64_t)1 << 35, 6},
             {INT64_MAX, 9}, {UINT64_MAX, 10}};
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    log_spool spool;
    assert_int_equal(log_spool_open(&spool, "/tmp", &error), HEED_OK);
    assert_int_equal(log_spool_put_number(&spool, all[i].number), HEED_OK);
    assert_int_equal(spool.length, all[i].bytes);
    log_spool_close(&spool);
  }
}

static void a_spool_that_ends_too_early_is_an_error(void **state) {
  log_spool spool;
  uint64_t number;
  (void)state;
  assert_int_equal(log_spool_open(&spool, "/tmp", &error), HEED_OK);
  assert_int_equal(log_spool_put(&spool, "\xff", 1), HEED_OK);
  assert_int_equal(log_spool_rewind(&spool), HEED_OK);
  assert_int_equal(log_spool_take_number(&spool, &number), HEED_IO);
  log_spool_close(&spool);
}

/* Values of columns that are written in turn, as their ranges need. */
static void columns_that_are_written_in_turn_have_the_bytes_of_sections(
    void **state) {
  FILE *turns = tmpfile(), *sections = tmpfile();
  packed_writer out;
  packed_range range[2] = {{0}, {0}};
  packed_column column[2] = {{0}, {0}};
  char one[1 << 16], other[1 << 16];
  size_t length;
  (void)state;
  assert_non_null(turns);
  assert_non_null(sections);
  for (int64_t i = 0; i < 1000; i++) {
    packed_measure_integer(&range[0], 5 - i);
    packed_measure_float(&range[1], (double)i / 4);
  }
  assert_int_equal(packed_writer_open(&out, fileno(turns), &error), HEED_OK);
  assert_int_equal(packed_reserve(&out, &column[0], PACKED_CLASS, 0,
                                  PACKED_INTEGERS, &range[0]),
                   HEED_OK);
  assert_int_equal(
      packed_reserve(&out, &column[1], PACKED_P, 3, PACKED_FLOATS, &range[1]),
      HEED_OK);
  for (int64_t i = 0; i < 1000; i++) {
    assert_int_equal(packed_column_float(&column[1], (double)i / 4), HEED_OK);
    assert_int_equal(packed_column_integer(&column[0], 5 - i), HEED_OK);
  }
  for (int i = 0; i < 2; i++) {
    assert_int_equal(packed_column_end(&column[i]), HEED_OK);
    packed_column_close(&column[i]);
  }
  assert_int_equal(packed_finish(&out), HEED_OK);
  packed_writer_close(&out);

  assert_int_equal(packed_writer_open(&out, fileno(sections), &error), HEED_OK);
  assert_int_equal(packed_begin_integers(&out, PACKED_CLASS, 0, -994, 5),
                   HEED_OK);
  for (int64_t i = 0; i < 1000; i++)
    assert_int_equal(packed_put_integer(&out, 5 - i), HEED_OK);
  assert_int_equal(packed_end(&out), HEED_OK);
  assert_int_equal(packed_begin(&out, PACKED_P, 3, PACKED_FLOATS), HEED_OK);
  for (int64_t i = 0; i < 1000; i++)
    assert_int_equal(packed_put_float(&out, (double)i / 4), HEED_OK);
  assert_int_equal(packed_end(&out), HEED_OK);
  assert_int_equal(packed_finish(&out), HEED_OK);
  packed_writer_close(&out);

  length = fread(one, 1, sizeof one, turns);
  assert_true(length > 8000);
  assert_int_equal(fread(other, 1, sizeof other, sections), length);
  assert_memory_equal(one, other, length);
  (void)fclose(turns);
  (void)fclose(sections);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_come_back_as_they_were_put),
      cmocka_unit_test(a_number_has_a_byte_for_each_seven_bits),
      cmocka_unit_test(a_spool_that_ends_too_early_is_an_error),
      cmocka_unit_test(
          columns_that_are_written_in_turn_have_the_bytes_of_sections),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
