/* SPDX-License-Identifier: GPL-3.0-or-later
 * GGUF files: what is written is read, and what is wrong is named. */
/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "support/llm/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/llm/gguf_writer.h"

/* A file as a test writes it, byte by byte. */
typedef struct gguf_draft {
  _Alignas(8) uint8_t bytes[4096];
  size_t size;
} gguf_draft;

static void put(gguf_draft *draft, const void *bytes, size_t count) {
  assert_true(count <= sizeof draft->bytes - draft->size);
  memcpy(draft->bytes + draft->size, bytes, count);
  draft->size += count;
}

static void put_u32(gguf_draft *draft, uint32_t value) {
  put(draft, &value, sizeof value);
}

static void put_u64(gguf_draft *draft, uint64_t value) {
  put(draft, &value, sizeof value);
}

static void put_text(gguf_draft *draft, const char *text) {
  put_u64(draft, strlen(text));
  put(draft, text, strlen(text));
}

static gguf_draft head(uint32_t version, uint64_t tensors, uint64_t keys) {
  gguf_draft made = {.size = 0};
  put(&made, "GGUF", 4);
  put_u32(&made, version);
  put_u64(&made, tensors);
  put_u64(&made, keys);
  return made;
}

static void put_tensor(gguf_draft *draft, const char *name, uint64_t width,
                       uint32_t type, uint64_t offset) {
  put_text(draft, name);
  put_u32(draft, 1);
  put_u64(draft, width);
  put_u32(draft, type);
  put_u64(draft, offset);
}

static void finish(gguf_draft *draft) {
  while (draft->size % 32 != 0) put(draft, "", 1);
}

static void is_refused(const gguf_draft *file, heed_status expected,
                       const char *part) {
  heed_error error = {HEED_OK, ""};
  gguf_file *read = NULL;
  assert_int_equal(
      gguf_open_memory("draft", file->bytes, file->size, &read, &error),
      expected);
  assert_null(read);
  if (strstr(error.message, part) == NULL)
    fail_msg("\"%s\" is not in: %s", part, error.message);
  assert_non_null(strstr(error.message, "draft"));
}

static void another_file_is_refused(void **state) {
  (void)state;
  gguf_draft file = {.size = 0};
  put(&file, "PK\3\4", 4);
  is_refused(&file, HEED_INVALID, "not a GGUF file: it starts with 504b0304");
}

static void other_versions_and_byte_orders_are_refused(void **state) {
  (void)state;
  gguf_draft file = head(1, 0, 0);
  is_refused(&file, HEED_UNSUPPORTED, "GGUF version 1, expected 2 or 3");
  file = head(0x03000000, 0, 0);
  is_refused(&file, HEED_UNSUPPORTED, "big-endian");
}

static void counts_that_the_file_cannot_hold_are_refused(void **state) {
  (void)state;
  gguf_draft file = head(3, UINT64_MAX, 0);
  is_refused(&file, HEED_INVALID, "18446744073709551615 tensors");
  file = head(3, 0, UINT64_MAX / 2);
  is_refused(&file, HEED_INVALID, "keys");
  file = head(3, 0, 1);
  put_text(&file, "k");
  put_u32(&file, 9);
  put_u32(&file, 10);
  put_u64(&file, UINT64_MAX / 8 + 2); /* of 8 bytes each: overflows */
  is_refused(&file, HEED_INVALID, "k has");
}

static void every_cut_of_a_file_is_refused(void **state) {
  (void)state;
  gguf_draft file = head(3, 1, 1);
  put_text(&file, "key");
  put_u32(&file, 8);
  put_text(&file, "value");
  put_tensor(&file, "t", 2, GGUF_F32, 0);
  finish(&file);
  put_u64(&file, 0);
  gguf_file *read = NULL;
  assert_int_equal(
      gguf_open_memory("draft", file.bytes, file.size, &read, NULL), HEED_OK);
  gguf_close(read);
  while (file.size-- > 0) {
    uint8_t *copy =
        malloc(file.size + 1); /* so that a sanitizer sees its end */
    memcpy(copy, file.bytes, file.size);
    assert_int_not_equal(
        gguf_open_memory("draft", copy, file.size, &read, NULL), HEED_OK);
    free(copy);
  }
}

static void texts_longer_than_the_file_are_refused(void **state) {
  (void)state;
  gguf_draft file = head(3, 0, 1);
  put_text(&file, "key");
  put_u32(&file, 8);
  put_u64(&file, UINT64_MAX - 7);
  is_refused(&file, HEED_INVALID, "takes 18446744073709551608 bytes");
  file = head(3, 0, 1);
  put_u64(&file, 70000);
  put_u64(&file, 0);
  is_refused(&file, HEED_INVALID, "70000 bytes long");
}

static void doubles_are_refused(void **state) {
  (void)state;
  gguf_draft file = head(3, 0, 2);
  for (int i = 0; i < 2; i++) {
    put_text(&file, "same");
    put_u32(&file, 4);
    put_u32(&file, 1);
  }
  is_refused(&file, HEED_INVALID, "duplicate key same");
  file = head(3, 2, 0);
  put_tensor(&file, "same", 2, GGUF_F32, 0);
  put_tensor(&file, "same", 2, GGUF_F32, 0);
  finish(&file);
  put_u64(&file, 0);
  is_refused(&file, HEED_INVALID, "duplicate tensor same");
}

static void unknown_types_are_refused(void **state) {
  (void)state;
  gguf_draft file = head(3, 1, 0);
  put_tensor(&file, "t", 32, 16, 0);
  finish(&file);
  is_refused(&file, HEED_UNSUPPORTED, "tensor t has type 16");
  file = head(3, 0, 1);
  put_text(&file, "k");
  put_u32(&file, 13);
  put_u64(&file, 0);
  is_refused(&file, HEED_INVALID, "k has unknown type 13");
  file = head(3, 0, 1);
  put_text(&file, "k");
  put_u32(&file, 9);
  put_u32(&file, 9);
  put_u64(&file, 0);
  is_refused(&file, HEED_UNSUPPORTED, "array of arrays");
}

static void shapes_that_do_not_fit_are_refused(void **state) {
  (void)state;
  gguf_draft file = head(3, 1, 0);
  put_text(&file, "t");
  put_u32(&file, 5);
  for (int d = 0; d < 5; d++) put_u64(&file, 1);
  is_refused(&file, HEED_INVALID, "tensor t has rank 5");
  file = head(3, 1, 0);
  put_tensor(&file, "t", 0, GGUF_F32, 0);
  is_refused(&file, HEED_INVALID, "tensor t is empty");
  file = head(3, 1, 0);
  put_tensor(&file, "t", 33, GGUF_Q4_1, 0);
  is_refused(&file, HEED_INVALID, "rows of 33 numbers");
  file = head(3, 1, 0);
  put_tensor(&file, "t", UINT64_MAX / 2, GGUF_F32, 0);
  is_refused(&file, HEED_INVALID, "larger than the file");
}

static void tensors_outside_the_file_are_refused(void **state) {
  (void)state;
  gguf_draft file = head(3, 1, 0);
  put_tensor(&file, "t", 2, GGUF_F32, 16);
  finish(&file);
  put(&file, (const char[64]){0}, 64);
  is_refused(&file, HEED_INVALID, "misaligned: its offset is 16");
  file = head(3, 1, 0);
  put_tensor(&file, "t", 2, GGUF_F32, 64);
  finish(&file);
  put(&file, (const char[64]){0}, 64);
  is_refused(&file, HEED_INVALID, "outside the file");
  file = head(3, 1, 0);
  put_tensor(&file, "t", 2, GGUF_F32, UINT64_MAX - 31);
  finish(&file);
  is_refused(&file, HEED_INVALID, "outside the file");
}

static void alignments_are_powers_of_two(void **state) {
  (void)state;
  for (uint32_t alignment = 0; alignment < 100; alignment += 33) {
    gguf_draft file = head(3, 0, 1);
    put_text(&file, "general.alignment");
    put_u32(&file, 4);
    put_u32(&file, alignment);
    is_refused(&file, HEED_INVALID, "a power of two");
  }
}

static void a_missing_file_is_named(void **state) {
  (void)state;
  heed_error error = {HEED_OK, ""};
  gguf_file *file = NULL;
  assert_int_equal(gguf_open("/nowhere/x.gguf", &file, &error), HEED_IO);
  assert_non_null(strstr(error.message, "/nowhere/x.gguf"));
  assert_int_equal(gguf_open("/", &file, &error), HEED_INVALID);
}

static const float numbers[6] = {1, -2, 3.5f, 4, 5, 6};

static gguf_file *written(const char *path) {
  heed_error error = {HEED_OK, ""};
  gguf_file *file = NULL;
  gguf_writer *writer = gguf_writer_new(path);
  gguf_writer_u32(writer, "u", 4000000000u);
  gguf_writer_f32(writer, "f", 0.5f);
  gguf_writer_flag(writer, "flag", true);
  gguf_writer_text(writer, "text", "a\0b", 3);
  gguf_writer_texts(writer, "texts", (const char *const[]){"one", "", "three"},
                    NULL, 3);
  gguf_writer_i32s(writer, "i", (const int32_t[]){-1, 7}, 2);
  gguf_writer_f32s(writer, "fs", (const float[]){1.5f}, 1);
  gguf_writer_tensor(writer, "b.weight", 2, (const uint64_t[]){3, 2}, numbers);
  gguf_writer_tensor(writer, "a.weight", 1, (const uint64_t[]){5}, numbers);
  if (gguf_writer_finish(writer, &error) != HEED_OK ||
      gguf_open(path, &file, &error) != HEED_OK)
    fail_msg("%s", error.message);
  gguf_writer_free(writer);
  return file;
}

static void path_of(char *path, size_t size) {
  (void)snprintf(path, size, "%s/unit-gguf-%ld.gguf", HEED_TEST_BUILD,
                 (long)getpid());
}

static void what_is_written_is_read(void **state) {
  (void)state;
  char path[512];
  const gguf_array *array;
  size_t count, length;
  int64_t integer;
  double number;
  bool flag;
  const char *text;
  path_of(path, sizeof path);
  gguf_file *file = written(path);
  assert_int_equal(gguf_integer(file, "u", &integer, NULL), HEED_OK);
  assert_int_equal(integer, 4000000000);
  assert_int_equal(gguf_number(file, "f", &number, NULL), HEED_OK);
  assert_true(number == 0.5);
  assert_int_equal(gguf_flag(file, "flag", &flag, NULL), HEED_OK);
  assert_true(flag);
  assert_int_equal(gguf_text(file, "text", &text, &length, NULL), HEED_OK);
  assert_int_equal(length, 3);
  assert_memory_equal(text, "a\0b", 3);
  assert_int_equal(gguf_texts(file, "texts", &array, &count, NULL), HEED_OK);
  assert_int_equal(count, 3);
  text = gguf_text_at(array, 2, &length);
  assert_int_equal(length, 5);
  assert_memory_equal(text, "three", 5);
  assert_int_equal(gguf_integers(file, "i", &array, &count, NULL), HEED_OK);
  assert_int_equal(gguf_integer_at(array, 0), -1);
  assert_int_equal(gguf_integer_at(array, 1), 7);
  assert_int_equal(gguf_numbers(file, "fs", &array, &count, NULL), HEED_OK);
  assert_true(gguf_number_at(array, 0) == 1.5);
  assert_int_equal(gguf_tensor_count(file), 2);
  const gguf_tensor *tensor = gguf_find(file, "b.weight");
  assert_ptr_equal(tensor, gguf_tensor_at(file, 0));
  assert_int_equal(tensor->rank, 2);
  assert_int_equal(tensor->shape[0], 3);
  assert_int_equal(gguf_row_count(tensor), 2);
  assert_int_equal((uintptr_t)tensor->data % 32, 0);
  assert_memory_equal(tensor->data, numbers, sizeof numbers);
  assert_memory_equal(gguf_find(file, "a.weight")->data, numbers, 20);
  assert_null(gguf_find(file, "c.weight"));
  gguf_close(file);
  (void)unlink(path);
}

static void keys_are_copied_as_they_stand(void **state) {
  (void)state;
  char path[512], copy[520];
  heed_error error = {HEED_OK, ""};
  const gguf_array *array;
  size_t count;
  path_of(path, sizeof path);
  (void)snprintf(copy, sizeof copy, "%s.copy", path);
  gguf_file *file = written(path), *again = NULL;
  gguf_writer *writer = gguf_writer_new(copy);
  gguf_writer_copy(writer, file, "texts");
  gguf_writer_copy(writer, file, "flag");
  assert_int_equal(gguf_writer_finish(writer, &error), HEED_OK);
  gguf_writer_free(writer);
  assert_int_equal(gguf_open(copy, &again, &error), HEED_OK);
  assert_int_equal(gguf_texts(again, "texts", &array, &count, NULL), HEED_OK);
  assert_int_equal(count, 3);
  gguf_close(again);
  gguf_close(file);
  (void)unlink(copy);
  (void)unlink(path);
}

static void a_wrong_look_up_says_file_key_and_types(void **state) {
  (void)state;
  char path[512];
  heed_error error = {HEED_OK, ""};
  int64_t integer;
  const gguf_array *array;
  size_t count;
  path_of(path, sizeof path);
  gguf_file *file = written(path);
  assert_int_equal(gguf_integer(file, "texts", &integer, &error), HEED_INVALID);
  assert_non_null(strstr(error.message, path));
  assert_non_null(strstr(
      error.message, "key texts has type array of text, expected an integer"));
  assert_int_equal(gguf_integer(file, "none", &integer, &error), HEED_INVALID);
  assert_non_null(strstr(error.message, "missing key none"));
  assert_int_equal(gguf_texts(file, "fs", &array, &count, &error),
                   HEED_INVALID);
  assert_non_null(strstr(error.message, "array of f32"));
  gguf_close(file);
  (void)unlink(path);
}

static void a_writer_that_fails_leaves_the_old_file(void **state) {
  (void)state;
  char path[512];
  heed_error error = {HEED_OK, ""};
  path_of(path, sizeof path);
  gguf_file *file = written(path);
  gguf_writer *writer = gguf_writer_new(path);
  gguf_writer_u32(writer, "same", 1);
  gguf_writer_u32(writer, "same", 2);
  assert_int_equal(gguf_writer_finish(writer, &error), HEED_INVALID);
  assert_non_null(strstr(error.message, "key same"));
  gguf_writer_free(writer);
  gguf_close(file);
  assert_int_equal(gguf_open(path, &file, &error), HEED_OK);
  assert_true(gguf_has(file, "text"));
  gguf_close(file);
  (void)unlink(path);
  writer = gguf_writer_new("/nowhere/x.gguf");
  assert_int_equal(gguf_writer_finish(writer, &error), HEED_IO);
  gguf_writer_free(writer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(another_file_is_refused),
      cmocka_unit_test(other_versions_and_byte_orders_are_refused),
      cmocka_unit_test(counts_that_the_file_cannot_hold_are_refused),
      cmocka_unit_test(every_cut_of_a_file_is_refused),
      cmocka_unit_test(texts_longer_than_the_file_are_refused),
      cmocka_unit_test(doubles_are_refused),
      cmocka_unit_test(unknown_types_are_refused),
      cmocka_unit_test(shapes_that_do_not_fit_are_refused),
      cmocka_unit_test(tensors_outside_the_file_are_refused),
      cmocka_unit_test(alignments_are_powers_of_two),
      cmocka_unit_test(a_missing_file_is_named),
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(keys_are_copied_as_they_stand),
      cmocka_unit_test(a_wrong_look_up_says_file_key_and_types),
      cmocka_unit_test(a_writer_that_fails_leaves_the_old_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
