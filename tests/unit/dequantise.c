/* SPDX-License-Identifier: GPL-3.0-or-later
 * Dequantisation against the Python package gguf: tests/support/quants.py made
 * the file that is read. */
/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/llm/gguf.h"

static const char *const types[] = {"F16",  "BF16", "Q4_0", "Q4_1", "Q5_0",
                                    "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"};

static gguf_file *open_fixture(void) {
  heed_error error = {HEED_OK, ""};
  gguf_file *file = NULL;
  if (gguf_open(HEED_TEST_SOURCE "/tests/support/quants.gguf", &file, &error) !=
      HEED_OK)
    fail_msg("%s", error.message);
  return file;
}

static void each_type_gives_the_bits_of_the_reference(void **state) {
  (void)state;
  gguf_file *file = open_fixture();
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    char name[32];
    (void)snprintf(name, sizeof name, "%s.f32", types[t]);
    const gguf_tensor *tensor = gguf_find(file, types[t]);
    const gguf_tensor *expected = gguf_find(file, name);
    assert_non_null(tensor);
    assert_non_null(expected);
    assert_string_equal(gguf_type_name(tensor->type), types[t]);
    assert_int_equal(tensor->shape[0], expected->shape[0]);
    assert_int_equal(gguf_row_count(tensor), 2);
    const size_t count = (size_t)tensor->shape[0] * 2;
    float *found = calloc(count, sizeof *found);
    assert_int_equal(gguf_rows(tensor, 0, 2, found, NULL), HEED_OK);
    assert_int_equal(memcmp(found, expected->data, count * sizeof *found), 0);
    free(found);
  }
  gguf_close(file);
}

static void rows_are_read_on_their_own(void **state) {
  (void)state;
  gguf_file *file = open_fixture();
  const gguf_tensor *tensor = gguf_find(file, "Q6_K");
  float found[256];
  assert_int_equal(gguf_rows(tensor, 1, 1, found, NULL), HEED_OK);
  assert_memory_equal(found,
                      (const float *)gguf_find(file, "Q6_K.f32")->data + 256,
                      sizeof found);
  gguf_close(file);
}

static void rows_that_a_tensor_has_not_are_refused(void **state) {
  (void)state;
  gguf_file *file = open_fixture();
  heed_error error = {HEED_OK, ""};
  float found[64];
  const gguf_tensor *tensor = gguf_find(file, "Q8_0");
  assert_int_equal(gguf_rows(tensor, 1, 2, found, &error), HEED_INTERNAL);
  assert_int_equal(gguf_rows(tensor, 3, 0, found, &error), HEED_INTERNAL);
  assert_int_equal(gguf_rows(tensor, UINT64_MAX, 2, found, &error),
                   HEED_INTERNAL);
  assert_non_null(strstr(error.message, "Q8_0"));
  gguf_close(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_type_gives_the_bits_of_the_reference),
      cmocka_unit_test(rows_are_read_on_their_own),
      cmocka_unit_test(rows_that_a_tensor_has_not_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
