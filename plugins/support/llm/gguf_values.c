/* SPDX-License-Identifier: GPL-3.0-or-later
 * Metadata of GGUF files: reading, sorting, lookup. */
#include <stdlib.h>
#include <string.h>

#include "support/llm/gguf_parts.h"

/* Bytes of a kind; 0 if they vary. */
static const struct {
  const char *name;
  uint32_t bytes;
} kinds[GGUF_KIND_COUNT] = {
    [GGUF_KIND_U8] = {"u8", 1},     [GGUF_KIND_I8] = {"i8", 1},
    [GGUF_KIND_U16] = {"u16", 2},   [GGUF_KIND_I16] = {"i16", 2},
    [GGUF_KIND_U32] = {"u32", 4},   [GGUF_KIND_I32] = {"i32", 4},
    [GGUF_KIND_F32] = {"f32", 4},   [GGUF_KIND_BOOL] = {"flag", 1},
    [GGUF_KIND_TEXT] = {"text", 0}, [GGUF_KIND_ARRAY] = {"array", 0},
    [GGUF_KIND_U64] = {"u64", 8},   [GGUF_KIND_I64] = {"i64", 8},
    [GGUF_KIND_F64] = {"f64", 8},
};

static heed_status unknown_kind(const gguf_file *file, const char *key,
                                uint32_t kind, heed_error *error) {
  char shown[GGUF_SHOWN + 4];
  return heed_fail(error, HEED_INVALID,
                   "%s: %s has unknown type %u, expected 0 to %d", file->name,
                   gguf_show(key, shown), kind, GGUF_KIND_COUNT - 1);
}

static heed_status skip_text(gguf_cursor *cursor, heed_error *error) {
  const uint8_t *bytes;
  uint64_t length = 0;
  heed_status status = gguf_take_u64(cursor, "a text", &length, error);
  if (status == HEED_OK)
    status = gguf_take(cursor, length, "a text", &bytes, error);
  return status;
}

/* array->count texts follow; records the start of each. */
static heed_status read_texts(gguf_cursor *cursor, gguf_array *array,
                              heed_error *error) {
  const gguf_file *file = cursor->file;
  heed_status status = HEED_OK;
  array->text = calloc(array->count + 1, sizeof(const uint8_t *));
  if (array->text == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < array->count && status == HEED_OK; i++) {
    array->text[i] = file->bytes + cursor->position;
    status = skip_text(cursor, error);
  }
  return status;
}

static heed_status read_array(gguf_cursor *cursor, gguf_value *value,
                              heed_error *error) {
  const gguf_file *file = cursor->file;
  char shown[GGUF_SHOWN + 4];
  gguf_array *array = &value->array;
  uint64_t count = 0;
  heed_status status =
      gguf_take_u32(cursor, "an array's type", &array->kind, error);
  if (status == HEED_OK)
    status = gguf_take_u64(cursor, "an array's count", &count, error);
  if (status != HEED_OK) return status;
  if (array->kind >= GGUF_KIND_COUNT)
    return unknown_kind(file, value->key, array->kind, error);
  if (array->kind == GGUF_KIND_ARRAY)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "%s: %s is an array of arrays, which is not supported",
                     file->name, gguf_show(value->key, shown));
  /* A text takes at least eight bytes. */
  const uint32_t each =
      array->kind == GGUF_KIND_TEXT ? 8 : kinds[array->kind].bytes;
  if (count > (file->size - cursor->position) / each)
    return heed_fail(
        error, HEED_INVALID,
        "%s: %s has %llu elements, more than the remaining %zu bytes can hold",
        file->name, gguf_show(value->key, shown), (unsigned long long)count,
        file->size - cursor->position);
  array->count = (size_t)count;
  array->data = file->bytes + cursor->position;
  if (array->kind == GGUF_KIND_TEXT) return read_texts(cursor, array, error);
  cursor->position += array->count * each;
  return HEED_OK;
}

static heed_status read_value(gguf_cursor *cursor, gguf_value *value,
                              heed_error *error) {
  const uint8_t *bytes;
  heed_status status =
      gguf_take_name(cursor, "a key", GGUF_KEY_MOST, &value->key, error);
  if (status == HEED_OK)
    status = gguf_take_u32(cursor, "a key's type", &value->kind, error);
  if (status != HEED_OK) return status;
  const size_t start = cursor->position;
  value->data = cursor->file->bytes + start;
  if (value->kind >= GGUF_KIND_COUNT)
    return unknown_kind(cursor->file, value->key, value->kind, error);
  if (value->kind == GGUF_KIND_TEXT)
    status = skip_text(cursor, error);
  else if (value->kind == GGUF_KIND_ARRAY)
    status = read_array(cursor, value, error);
  else
    status = gguf_take(cursor, kinds[value->kind].bytes, "a key's value",
                       &bytes, error);
  value->bytes = cursor->position - start;
  return status;
}

static int by_key(const void *left, const void *right) {
  const gguf_value *a = left, *b = right;
  return strcmp(a->key, b->key);
}

heed_status gguf_read_values(gguf_cursor *cursor, gguf_file *file,
                             heed_error *error) {
  const size_t count = file->value_count;
  char shown[GGUF_SHOWN + 4];
  heed_status status = HEED_OK;
  file->value = calloc(count + 1, sizeof *file->value);
  if (file->value == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < count && status == HEED_OK; i++)
    status = read_value(cursor, &file->value[i], error);
  if (status != HEED_OK) return status;
  qsort(file->value, count, sizeof *file->value, by_key);
  for (size_t i = 1; i < count; i++)
    if (strcmp(file->value[i - 1].key, file->value[i].key) == 0)
      return heed_fail(error, HEED_INVALID, "%s: duplicate key %s", file->name,
                       gguf_show(file->value[i].key, shown));
  return HEED_OK;
}

void gguf_free_values(gguf_file *file) {
  for (size_t i = 0; file->value != NULL && i < file->value_count; i++) {
    free(file->value[i].key);
    free(file->value[i].array.text);
  }
  free(file->value);
}

static int key_to_value(const void *key, const void *element) {
  const gguf_value *value = element;
  return strcmp(key, value->key);
}

const gguf_value *gguf_find_value(const gguf_file *file, const char *key) {
  return bsearch(key, file->value, file->value_count, sizeof *file->value,
                 key_to_value);
}

bool gguf_has(const gguf_file *file, const char *key) {
  return gguf_find_value(file, key) != NULL;
}

size_t gguf_key_count(const gguf_file *file) {
  return file->value_count;
}

const char *gguf_key_at(const gguf_file *file, size_t index) {
  return file->value[index].key;
}

static heed_status must_find(const gguf_file *file, const char *key,
                             const char *expected, const gguf_value **value,
                             heed_error *error) {
  *value = gguf_find_value(file, key);
  if (*value == NULL)
    return heed_fail(error, HEED_INVALID, "%s: missing key %s, expected %s",
                     file->name, key, expected);
  return HEED_OK;
}

static heed_status wrong_kind(const gguf_file *file, const gguf_value *value,
                              const char *expected, heed_error *error) {
  const bool array = value->kind == GGUF_KIND_ARRAY;
  return heed_fail(error, HEED_INVALID, "%s: key %s has type %s%s, expected %s",
                   file->name, value->key, array ? "array of " : "",
                   kinds[array ? value->array.kind : value->kind].name,
                   expected);
}

static bool is_integer(uint32_t kind) {
  return kind <= GGUF_KIND_I32 || kind == GGUF_KIND_U64 ||
         kind == GGUF_KIND_I64;
}

static bool is_number(uint32_t kind) {
  return is_integer(kind) || kind == GGUF_KIND_F32 || kind == GGUF_KIND_F64;
}

/* An integer of any kind; false if it does not fit int64_t. */
static bool load_integer(uint32_t kind, const uint8_t *bytes, int64_t *value) {
  uint64_t raw = 0; /* little-endian: the low bytes come first */
  memcpy(&raw, bytes, kinds[kind].bytes);
  switch (kind) {
    case GGUF_KIND_I8:
      *value = (int64_t)raw - (raw > INT8_MAX ? 256 : 0);
      break;
    case GGUF_KIND_I16:
      *value = (int16_t)raw;
      break;
    case GGUF_KIND_I32:
      *value = (int32_t)raw;
      break;
    default:
      *value = (int64_t)raw;
      break;
  }
  return kind != GGUF_KIND_U64 || raw <= INT64_MAX;
}

static double load_number(uint32_t kind, const uint8_t *bytes) {
  float single;
  double number;
  int64_t integer;
  if (kind == GGUF_KIND_F32) {
    memcpy(&single, bytes, sizeof single);
    return (double)single;
  }
  if (kind == GGUF_KIND_F64) {
    memcpy(&number, bytes, sizeof number);
    return number;
  }
  if (!load_integer(kind, bytes, &integer)) return (double)gguf_load_u64(bytes);
  return (double)integer;
}

heed_status gguf_integer(const gguf_file *file, const char *key, int64_t *value,
                         heed_error *error) {
  const gguf_value *found;
  const heed_status status = must_find(file, key, "an integer", &found, error);
  if (status != HEED_OK) return status;
  if (!is_integer(found->kind))
    return wrong_kind(file, found, "an integer", error);
  if (!load_integer(found->kind, found->data, value))
    return heed_fail(error, HEED_INVALID,
                     "%s: key %s is %llu, expected at most %lld", file->name,
                     key, (unsigned long long)gguf_load_u64(found->data),
                     (long long)INT64_MAX);
  return HEED_OK;
}

heed_status gguf_number(const gguf_file *file, const char *key, double *value,
                        heed_error *error) {
  const gguf_value *found;
  const heed_status status = must_find(file, key, "a number", &found, error);
  if (status != HEED_OK) return status;
  if (!is_number(found->kind))
    return wrong_kind(file, found, "a number", error);
  *value = load_number(found->kind, found->data);
  return HEED_OK;
}

heed_status gguf_flag(const gguf_file *file, const char *key, bool *value,
                      heed_error *error) {
  const gguf_value *found;
  const heed_status status = must_find(file, key, "a flag", &found, error);
  if (status != HEED_OK) return status;
  if (found->kind != GGUF_KIND_BOOL)
    return wrong_kind(file, found, "a flag", error);
  *value = found->data[0] != 0;
  return HEED_OK;
}

heed_status gguf_text(const gguf_file *file, const char *key, const char **text,
                      size_t *length, heed_error *error) {
  const gguf_value *found;
  const heed_status status = must_find(file, key, "a text", &found, error);
  if (status != HEED_OK) return status;
  if (found->kind != GGUF_KIND_TEXT)
    return wrong_kind(file, found, "a text", error);
  *length = (size_t)gguf_load_u64(found->data);
  *text = (const char *)found->data + sizeof(uint64_t);
  return HEED_OK;
}

static bool is_text(uint32_t kind) {
  return kind == GGUF_KIND_TEXT;
}

static heed_status find_array(const gguf_file *file, const char *key,
                              const char *expected, bool (*fits)(uint32_t kind),
                              const gguf_array **array, size_t *count,
                              heed_error *error) {
  const gguf_value *found;
  const heed_status status = must_find(file, key, expected, &found, error);
  if (status != HEED_OK) return status;
  if (found->kind != GGUF_KIND_ARRAY || !fits(found->array.kind))
    return wrong_kind(file, found, expected, error);
  *array = &found->array;
  *count = found->array.count;
  return HEED_OK;
}

heed_status gguf_texts(const gguf_file *file, const char *key,
                       const gguf_array **array, size_t *count,
                       heed_error *error) {
  return find_array(file, key, "an array of texts", is_text, array, count,
                    error);
}

heed_status gguf_integers(const gguf_file *file, const char *key,
                          const gguf_array **array, size_t *count,
                          heed_error *error) {
  int64_t value;
  const heed_status status = find_array(file, key, "an array of integers",
                                        is_integer, array, count, error);
  for (size_t i = 0; status == HEED_OK && i < *count; i++)
    if (!load_integer((*array)->kind,
                      (*array)->data + i * kinds[(*array)->kind].bytes, &value))
      return heed_fail(error, HEED_INVALID,
                       "%s: element %zu of key %s exceeds %lld", file->name, i,
                       key, (long long)INT64_MAX);
  return status;
}

heed_status gguf_numbers(const gguf_file *file, const char *key,
                         const gguf_array **array, size_t *count,
                         heed_error *error) {
  return find_array(file, key, "an array of numbers", is_number, array, count,
                    error);
}

const char *gguf_text_at(const gguf_array *texts, size_t index,
                         size_t *length) {
  *length = (size_t)gguf_load_u64(texts->text[index]);
  return (const char *)texts->text[index] + sizeof(uint64_t);
}

int64_t gguf_integer_at(const gguf_array *integers, size_t index) {
  int64_t value = 0;
  (void)load_integer(integers->kind,
                     integers->data + index * kinds[integers->kind].bytes,
                     &value);
  return value;
}

double gguf_number_at(const gguf_array *numbers, size_t index) {
  return load_number(numbers->kind,
                     numbers->data + index * kinds[numbers->kind].bytes);
}
