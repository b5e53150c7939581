/* SPDX-License-Identifier: GPL-3.0-or-later
 * Large kept tables: packed columns, and texts as bytes beside them. */
#include "hdf/kept.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/workbench.h"

#define ROWS ((size_t)40000) /* more than two blocks */

typedef struct bench {
  hdf_file file;
  heed_error error;
  hid_t root;
  char copy[32]; /* the file that a table is copied to; "": none */
  int64_t *number;
  const char **text;
  char (*name)[16];
} bench;

static int set_up(void **state) {
  bench *self = calloc(1, sizeof *self);
  self->file = (hdf_file){"test", HEED_OK, &self->error};
  self->root = hdf_memory_file(&self->file);
  self->number = calloc(ROWS, sizeof *self->number);
  self->text = calloc(ROWS, sizeof *self->text);
  self->name = calloc(ROWS, sizeof *self->name);
  for (size_t i = 0; i < ROWS; i++) {
    /* Every third is empty, and each text stands in two rows. */
    if (i % 6 > 1) (void)snprintf(self->name[i / 2], 16, "n\xC3\xA9%zu", i / 2);
    self->number[i] = (int64_t)(7 * i);
    self->text[i] = self->name[i / 2];
  }
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  bench *self = *state;
  hdf_close(&self->file, self->root);
  if (*self->copy != '\0') (void)unlink(self->copy);
  free(self->number);
  free(self->text);
  free(self->name);
  free(self);
  return 0;
}

static void expect_good(const bench *self) {
  if (self->file.status != HEED_OK) fail_msg("%s", self->error.message);
}

/* Puts rows first … first + count - 1 of cell `cell` to `position`. */
static void put(bench *self, hdf_kept *kept, int64_t cell, size_t first,
                size_t count, size_t position, bool with_texts) {
  heed_column columns[] = {{"number", HEED_INT64, 1, self->number + first},
                           {"text", HEED_STRING, 1, self->text + first}};
  heed_column label = {"cell", HEED_INT64, 1, &cell};
  const heed_table labels = {sizeof labels, "labels", 1, 1, &label};
  const heed_table table = {sizeof table, "t", count, with_texts ? 2 : 1,
                            columns};
  kept_put(kept, &labels, &table, position);
  expect_good(self);
}

/* Writes all rows as cell 0 of the group `name`. */
static void write_rows(bench *self, const char *name) {
  hdf_kept *kept = kept_create(&self->file, self->root, name, ROWS, true);
  for (size_t i = 0; i < ROWS; i += KEPT_BLOCK)
    put(self, kept, 0, i, ROWS - i < KEPT_BLOCK ? ROWS - i : KEPT_BLOCK, i,
        true);
  kept_close(kept);
  expect_good(self);
}

static void expect_rows(bench *self, const char *name, size_t first,
                        size_t count) {
  heed_table *table = kept_read(&self->file, self->root, name, first, count);
  const int64_t *number;
  const char *const *text;
  expect_good(self);
  assert_int_equal(table->column_count, 3);
  number = heed_table_data(table, "number", HEED_INT64);
  text = heed_table_data(table, "text", HEED_STRING);
  for (size_t i = 0; i < table->rows; i++) {
    assert_int_equal(number[i], self->number[first + i]);
    assert_string_equal(text[i], self->text[first + i]);
  }
  assert_int_equal(table->rows, count == SIZE_MAX ? ROWS : count);
  kept_free(table);
}

static void a_large_table_returns_its_numbers_and_texts(void **state) {
  bench *self = *state;
  write_rows(self, "t");
  expect_rows(self, "t", 0, SIZE_MAX);
  expect_rows(self, "t", 0, 1);
  expect_rows(self, "t", 3, 0);
  expect_rows(self, "t", KEPT_BLOCK - 3, 7);
  expect_rows(self, "t", 12345, 20000);
}

static void a_text_of_adjacent_rows_is_stored_once(void **state) {
  bench *self = *state;
  size_t size, expected = 0;
  uint8_t *bytes;
  write_rows(self, "t");
  for (size_t i = 0; i < ROWS / 2; i++) expected += strlen(self->name[i]);
  bytes = hdf_read(&self->file, self->root, "t_texts/text", H5T_NATIVE_UINT8, 1,
                   &size, 0);
  expect_good(self);
  assert_int_equal(size, expected);
  free(bytes);
}

static void only_wanted_columns_are_read(void **state) {
  bench *self = *state;
  const char *const text[] = {"text", "missing", NULL};
  const char *const number[] = {"number", NULL};
  heed_table *table;
  write_rows(self, "t");
  table = kept_read_columns(&self->file, self->root, "t", 5, 4, text);
  assert_int_equal(table->column_count, 1);
  assert_string_equal(table->columns[0].name, "text");
  kept_free(table);
  table = kept_read_columns(&self->file, self->root, "t", 5, 4, number);
  assert_int_equal(table->column_count, 1);
  assert_string_equal(table->columns[0].name, "number");
  kept_free(table);
}

static void a_cell_without_texts_has_empty_ones(void **state) {
  bench *self = *state;
  hdf_kept *kept = kept_create(&self->file, self->root, "t", 30, true);
  const char *const *text;
  heed_table *table;
  put(self, kept, 2, 20, 10, 20, true);
  put(self, kept, 1, 10, 10, 10, false);
  put(self, kept, 0, 0, 10, 0, true);
  kept_close(kept);
  table = kept_read(&self->file, self->root, "t", 0, SIZE_MAX);
  expect_good(self);
  text = heed_table_data(table, "text", HEED_STRING);
  assert_int_equal(table->rows, 30);
  for (size_t i = 0; i < 30; i++)
    assert_string_equal(text[i], i / 10 == 1 ? "" : self->text[i]);
  kept_free(table);
}

/* ---- copies ---- */

/* Copies the group `t` of the test's file to a new one, as cell 5.  Only one
 * file can be in memory. */
static bool copy(bench *self, size_t expected, size_t rows) {
  int64_t cell = 5;
  heed_column label = {"cell", HEED_INT64, 1, &cell};
  const heed_table labels = {sizeof labels, "labels", 1, 1, &label};
  const hid_t from = self->root;
  hdf_kept *kept;
  bool copied;
  int descriptor;
  (void)snprintf(self->copy, sizeof self->copy, "/tmp/heed-kept-XXXXXX");
  descriptor = mkstemp(self->copy);
  self->root = hdf_create(&self->file, descriptor);
  kept = kept_create(&self->file, self->root, "t", expected, true);
  copied = kept_copy(kept, from, &labels, rows);
  kept_close(kept);
  expect_good(self);
  hdf_close(&self->file, from);
  (void)close(descriptor);
  return copied;
}

static void a_whole_table_is_copied_with_other_labels(void **state) {
  bench *self = *state;
  size_t count;
  int64_t *cell;
  write_rows(self, "t");
  assert_true(copy(self, ROWS, ROWS));
  expect_rows(self, "t", 0, SIZE_MAX);
  expect_rows(self, "t", 20001, 9);
  cell = hdf_read_integers(&self->file, self->root, "t/cell", &count);
  assert_int_equal(count, ROWS);
  for (size_t i = 0; i < count; i++) assert_int_equal(cell[i], 5);
  free(cell);
}

static void a_part_of_a_table_is_not_copied(void **state) {
  bench *self = *state;
  write_rows(self, "t");
  assert_false(copy(self, ROWS - 1, ROWS - 1));
  assert_int_equal(H5Lexists(self->root, "t", H5P_DEFAULT), 0);
}

static void a_table_with_texts_of_hdf5_is_not_copied(void **state) {
  bench *self = *state;
  hdf_kept *kept = kept_create(&self->file, self->root, "t", 10, false);
  put(self, kept, 0, 0, 10, 0, true);
  kept_close(kept);
  assert_false(copy(self, 10, 10));
}

/* ---- damage ---- */

/* Writes a value to row 20 of a column. */
static void damage(bench *self, const char *column, int64_t value) {
  const hid_t set = H5Dopen2(self->root, column, H5P_DEFAULT);
  const hid_t space = H5Dget_space(set);
  const hid_t memory = H5Screate(H5S_SCALAR);
  const hsize_t row = 20;
  (void)H5Sselect_elements(space, H5S_SELECT_SET, 1, &row);
  assert_true(
      H5Dwrite(set, H5T_NATIVE_INT64, memory, space, H5P_DEFAULT, &value) >= 0);
  (void)H5Sclose(memory);
  (void)H5Sclose(space);
  (void)H5Dclose(set);
}

static void refuses(bench *self, const char *column, int64_t value) {
  heed_table *table;
  write_rows(self, "t");
  damage(self, column, value);
  table = kept_read(&self->file, self->root, "t", 0, ROWS);
  assert_null(table);
  assert_int_equal(self->file.status, HEED_IO);
}

static void a_text_before_its_bytes_is_refused(void **state) {
  refuses(*state, "t/text_start", -5);
}

static void a_text_after_its_bytes_is_refused(void **state) {
  refuses(*state, "t/text_start", (int64_t)1 << 40);
}

static void a_text_at_the_end_of_all_numbers_is_refused(void **state) {
  refuses(*state, "t/text_start", INT64_MAX);
}

static void a_text_longer_than_its_bytes_is_refused(void **state) {
  refuses(*state, "t/text_length", INT32_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_large_table_returns_its_numbers_and_texts),
      TEST(a_text_of_adjacent_rows_is_stored_once),
      TEST(only_wanted_columns_are_read),
      TEST(a_cell_without_texts_has_empty_ones),
      TEST(a_whole_table_is_copied_with_other_labels),
      TEST(a_part_of_a_table_is_not_copied),
      TEST(a_table_with_texts_of_hdf5_is_not_copied),
      TEST(a_text_before_its_bytes_is_refused),
      TEST(a_text_after_its_bytes_is_refused),
      TEST(a_text_at_the_end_of_all_numbers_is_refused),
      TEST(a_text_longer_than_its_bytes_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
