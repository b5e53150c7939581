/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer on the reader of GGUF files: any bytes, read, asked about, and
 * every row dequantised. */
#include "support/llm/gguf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void ask(const gguf_file *file, const char *key) {
  const gguf_array *array;
  const char *text;
  int64_t integer;
  double number;
  bool flag;
  size_t count, length;
  heed_error error;
  (void)gguf_integer(file, key, &integer, &error);
  (void)gguf_number(file, key, &number, &error);
  (void)gguf_flag(file, key, &flag, &error);
  if (gguf_text(file, key, &text, &length, &error) == HEED_OK && length > 0)
    (void)memchr(text, text[length - 1], length);
  if (gguf_texts(file, key, &array, &count, &error) == HEED_OK)
    for (size_t i = 0; i < count; i++) (void)gguf_text_at(array, i, &length);
  if (gguf_integers(file, key, &array, &count, &error) == HEED_OK)
    for (size_t i = 0; i < count; i++) (void)gguf_integer_at(array, i);
  if (gguf_numbers(file, key, &array, &count, &error) == HEED_OK)
    for (size_t i = 0; i < count; i++) (void)gguf_number_at(array, i);
}

static void read_rows(const gguf_tensor *tensor) {
  float *row = malloc((size_t)tensor->shape[0] * sizeof *row);
  const uint64_t rows = gguf_row_count(tensor);
  for (uint64_t i = 0; row != NULL && i < rows; i++)
    (void)gguf_rows(tensor, i, 1, row, NULL);
  free(row);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  static const char *const keys[] = {
      "general.alignment", "u", "f", "flag", "text", "texts", "i", "fs"};
  heed_error error = {HEED_OK, ""};
  gguf_file *file = NULL;
  if (gguf_open_memory("fuzz", bytes, length, &file, &error) != HEED_OK)
    return 0;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) ask(file, keys[i]);
  for (size_t i = 0; i < gguf_tensor_count(file); i++) {
    const gguf_tensor *tensor = gguf_tensor_at(file, i);
    if (gguf_find(file, tensor->name) != tensor) abort();
    read_rows(tensor);
  }
  gguf_close(file);
  return 0;
}
