/* SPDX-License-Identifier: GPL-3.0-or-later
 * GGUF files: the header, the tensors, the mapping.
 *
 *   magic "GGUF", u32 version, u64 tensors, u64 keys
 *   keys:    text key, u32 kind, value
 *   tensors: text name, u32 rank, u64 shape (rank), u32 type, u64 offset
 *   padding to the alignment, then the tensors' data, each at its offset
 *
 * A text is a u64 length followed by its bytes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/llm/gguf_parts.h"

#define MAGIC 0x46554747u /* "GGUF" */
#define ALIGNMENT_DEFAULT 32
#define ALIGNMENT_LEAST 8
#define ALIGNMENT_MOST 1048576
/* The shortest key: length, empty text, kind, one byte of value. */
#define KEY_LEAST 13u
/* The shortest tensor: length, empty text, rank, one extent, type, offset. */
#define TENSOR_LEAST 32u
/* 64 bytes by the specification, plus some that adapters need. */
#define TENSOR_NAME_MOST 255u

uint32_t gguf_load_u32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

uint64_t gguf_load_u64(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

const char *gguf_show(const char *text, char shown[static GGUF_SHOWN + 4]) {
  size_t n = 0;
  for (; n < GGUF_SHOWN && text[n] != '\0'; n++) {
    const unsigned char c = (unsigned char)text[n];
    shown[n] = text[n];
    if (c < 0x20 || c > 0x7e) shown[n] = '?';
  }
  memcpy(shown + n, "...", 4);
  if (text[n] == '\0') shown[n] = '\0';
  return shown;
}

heed_status gguf_take(gguf_cursor *cursor, uint64_t count, const char *what,
                      const uint8_t **bytes, heed_error *error) {
  const gguf_file *file = cursor->file;
  const size_t left = file->size - cursor->position;
  if (count > left)
    return heed_fail(
        error, HEED_INVALID,
        "%s: truncated: %s at byte %zu takes %llu bytes, and %zu are left",
        file->name, what, cursor->position, (unsigned long long)count, left);
  *bytes = file->bytes + cursor->position;
  cursor->position += (size_t)count;
  return HEED_OK;
}

heed_status gguf_take_u32(gguf_cursor *cursor, const char *what,
                          uint32_t *value, heed_error *error) {
  const uint8_t *bytes;
  const heed_status status =
      gguf_take(cursor, sizeof *value, what, &bytes, error);
  if (status == HEED_OK) *value = gguf_load_u32(bytes);
  return status;
}

heed_status gguf_take_u64(gguf_cursor *cursor, const char *what,
                          uint64_t *value, heed_error *error) {
  const uint8_t *bytes;
  const heed_status status =
      gguf_take(cursor, sizeof *value, what, &bytes, error);
  if (status == HEED_OK) *value = gguf_load_u64(bytes);
  return status;
}

heed_status gguf_take_name(gguf_cursor *cursor, const char *what, uint64_t most,
                           char **text, heed_error *error) {
  const size_t place = cursor->position;
  const uint8_t *bytes;
  uint64_t length = 0;
  heed_status status = gguf_take_u64(cursor, what, &length, error);
  if (status != HEED_OK) return status;
  if (length > most)
    return heed_fail(
        error, HEED_INVALID,
        "%s: %s at byte %zu is %llu bytes long, expected at most %llu",
        cursor->file->name, what, place, (unsigned long long)length,
        (unsigned long long)most);
  status = gguf_take(cursor, length, what, &bytes, error);
  if (status != HEED_OK) return status;
  if (memchr(bytes, '\0', (size_t)length) != NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: %s at byte %zu contains a NUL byte",
                     cursor->file->name, what, place);
  *text = strndup((const char *)bytes, (size_t)length);
  return *text == NULL ? heed_no_memory(error) : HEED_OK;
}

/* tensor->bytes, from its type and shape. */
static heed_status measure(const gguf_file *file, gguf_tensor *tensor,
                           heed_error *error) {
  char shown[GGUF_SHOWN + 4];
  const gguf_layout layout = gguf_layout_of(tensor->type);
  if (layout.numbers == 0)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "%s: tensor %s has type %u, expected F32, F16, BF16, "
                     "Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K",
                     file->name, gguf_show(tensor->name, shown), tensor->type);
  if (tensor->shape[0] % layout.numbers != 0)
    return heed_fail(
        error, HEED_INVALID,
        "%s: tensor %s has rows of %llu numbers, but %s needs multiples of %u",
        file->name, gguf_show(tensor->name, shown),
        (unsigned long long)tensor->shape[0], layout.name, layout.numbers);
  uint64_t bytes = tensor->shape[0] / layout.numbers;
  bool overflow = __builtin_mul_overflow(bytes, layout.bytes, &bytes);
  for (int d = 1; d < GGUF_RANK_MOST; d++)
    overflow |= __builtin_mul_overflow(bytes, tensor->shape[d], &bytes);
  if (overflow || bytes > file->size)
    return heed_fail(error, HEED_INVALID,
                     "%s: tensor %s of shape %llu x %llu x %llu x %llu is "
                     "larger than the file of %zu bytes",
                     file->name, gguf_show(tensor->name, shown),
                     (unsigned long long)tensor->shape[0],
                     (unsigned long long)tensor->shape[1],
                     (unsigned long long)tensor->shape[2],
                     (unsigned long long)tensor->shape[3], file->size);
  tensor->bytes = bytes;
  return HEED_OK;
}

static heed_status read_shape(gguf_cursor *cursor, gguf_tensor *tensor,
                              heed_error *error) {
  const char *file = cursor->file->name;
  char shown[GGUF_SHOWN + 4];
  heed_status status =
      gguf_take_u32(cursor, "a tensor's rank", &tensor->rank, error);
  if (status != HEED_OK) return status;
  if (tensor->rank < 1 || tensor->rank > GGUF_RANK_MOST)
    return heed_fail(
        error, HEED_INVALID, "%s: tensor %s has rank %u, expected 1 to %d",
        file, gguf_show(tensor->name, shown), tensor->rank, GGUF_RANK_MOST);
  for (uint32_t d = 0; d < GGUF_RANK_MOST; d++) {
    tensor->shape[d] = 1;
    if (d < tensor->rank)
      status =
          gguf_take_u64(cursor, "a tensor's shape", &tensor->shape[d], error);
    if (status != HEED_OK) return status;
    if (tensor->shape[d] == 0)
      return heed_fail(error, HEED_INVALID, "%s: tensor %s is empty", file,
                       gguf_show(tensor->name, shown));
  }
  return HEED_OK;
}

/* One tensor without its data; *offset is the offset of the data. */
static heed_status read_tensor(gguf_cursor *cursor, gguf_tensor *tensor,
                               uint64_t *offset, heed_error *error) {
  char *name = NULL;
  heed_status status =
      gguf_take_name(cursor, "a tensor's name", TENSOR_NAME_MOST, &name, error);
  tensor->name = name;
  if (status == HEED_OK) status = read_shape(cursor, tensor, error);
  if (status == HEED_OK)
    status = gguf_take_u32(cursor, "a tensor's type", &tensor->type, error);
  if (status == HEED_OK)
    status = gguf_take_u64(cursor, "a tensor's offset", offset, error);
  if (status == HEED_OK) status = measure(cursor->file, tensor, error);
  return status;
}

static heed_status read_alignment(const gguf_file *file, uint64_t *alignment,
                                  heed_error *error) {
  int64_t value = ALIGNMENT_DEFAULT;
  heed_status status = HEED_OK;
  if (gguf_has(file, "general.alignment"))
    status = gguf_integer(file, "general.alignment", &value, error);
  if (status != HEED_OK) return status;
  if (value < ALIGNMENT_LEAST || value > ALIGNMENT_MOST ||
      (value & (value - 1)) != 0)
    return heed_fail(
        error, HEED_INVALID,
        "%s: general.alignment is %lld, expected a power of two from %d to %d",
        file->name, (long long)value, ALIGNMENT_LEAST, ALIGNMENT_MOST);
  *alignment = (uint64_t)value;
  return HEED_OK;
}

/* Points tensors at their data, which start at byte `start`. */
static heed_status place_tensors(gguf_file *file, const uint64_t *offset,
                                 uint64_t start, uint64_t alignment,
                                 heed_error *error) {
  char shown[GGUF_SHOWN + 4];
  for (size_t i = 0; i < file->tensor_count; i++) {
    gguf_tensor *tensor = &file->tensor[i];
    uint64_t end;
    if (offset[i] % alignment != 0)
      return heed_fail(error, HEED_INVALID,
                       "%s: tensor %s is misaligned: its offset is %llu, "
                       "expected a multiple of %llu",
                       file->name, gguf_show(tensor->name, shown),
                       (unsigned long long)offset[i],
                       (unsigned long long)alignment);
    if (__builtin_add_overflow(start, offset[i], &end) ||
        __builtin_add_overflow(end, tensor->bytes, &end) || end > file->size)
      return heed_fail(error, HEED_INVALID,
                       "%s: tensor %s lies outside the file: %llu bytes at "
                       "byte %llu + %llu, and the file has %zu",
                       file->name, gguf_show(tensor->name, shown),
                       (unsigned long long)tensor->bytes,
                       (unsigned long long)start, (unsigned long long)offset[i],
                       file->size);
    tensor->data = file->bytes + start + offset[i];
  }
  return HEED_OK;
}

static int by_name(const void *left, const void *right) {
  const gguf_tensor *const *a = left, *const *b = right;
  return strcmp((*a)->name, (*b)->name);
}

static heed_status sort_tensors(gguf_file *file, heed_error *error) {
  const size_t count = file->tensor_count;
  char shown[GGUF_SHOWN + 4];
  file->by_name = calloc(count + 1, sizeof(const gguf_tensor *));
  if (file->by_name == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < count; i++) file->by_name[i] = &file->tensor[i];
  qsort(file->by_name, count, sizeof(const gguf_tensor *), by_name);
  for (size_t i = 1; i < count; i++)
    if (strcmp(file->by_name[i - 1]->name, file->by_name[i]->name) == 0)
      return heed_fail(error, HEED_INVALID, "%s: duplicate tensor %s",
                       file->name, gguf_show(file->by_name[i]->name, shown));
  return HEED_OK;
}

static heed_status read_tensors(gguf_cursor *cursor, gguf_file *file,
                                heed_error *error) {
  const size_t count = file->tensor_count;
  uint64_t alignment = 0;
  heed_status status = read_alignment(file, &alignment, error);
  if (status != HEED_OK) return status;
  uint64_t *offset = calloc(count + 1, sizeof *offset);
  if (offset == NULL) return heed_no_memory(error);
  file->tensor = calloc(count + 1, sizeof *file->tensor);
  if (file->tensor == NULL) status = heed_no_memory(error);
  for (size_t i = 0; i < count && status == HEED_OK; i++)
    status = read_tensor(cursor, &file->tensor[i], &offset[i], error);
  const uint64_t start =
      (cursor->position + alignment - 1) / alignment * alignment;
  if (status == HEED_OK)
    status = place_tensors(file, offset, start, alignment, error);
  if (status == HEED_OK) status = sort_tensors(file, error);
  free(offset);
  return status;
}

static heed_status read_counts(gguf_cursor *cursor, gguf_file *file,
                               heed_error *error) {
  uint64_t tensors = 0, keys = 0;
  heed_status status =
      gguf_take_u64(cursor, "the count of tensors", &tensors, error);
  if (status == HEED_OK)
    status = gguf_take_u64(cursor, "the count of keys", &keys, error);
  if (status != HEED_OK) return status;
  const size_t left = file->size - cursor->position;
  if (keys > left / KEY_LEAST || tensors > left / TENSOR_LEAST)
    return heed_fail(error, HEED_INVALID,
                     "%s: %llu keys and %llu tensors in the header, more than "
                     "the file of %zu bytes can hold",
                     file->name, (unsigned long long)keys,
                     (unsigned long long)tensors, file->size);
  file->value_count = (size_t)keys;
  file->tensor_count = (size_t)tensors;
  return HEED_OK;
}

static heed_status read_head(gguf_cursor *cursor, heed_error *error) {
  const char *name = cursor->file->name;
  uint32_t magic = 0, version = 0;
  heed_status status = gguf_take_u32(cursor, "the magic", &magic, error);
  if (status != HEED_OK) return status;
  if (magic != MAGIC)
    return heed_fail(
        error, HEED_INVALID,
        "%s: not a GGUF file: it starts with %08x, expected \"GGUF\"", name,
        __builtin_bswap32(magic));
  status = gguf_take_u32(cursor, "the version", &version, error);
  if (status != HEED_OK) return status;
  if (version == __builtin_bswap32(2) || version == __builtin_bswap32(3))
    return heed_fail(error, HEED_UNSUPPORTED,
                     "%s: big-endian GGUF file, expected little-endian", name);
  if (version != 2 && version != 3)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "%s: GGUF version %u, expected 2 or 3", name, version);
  return HEED_OK;
}

static heed_status read_all(gguf_file *file, heed_error *error) {
  gguf_cursor cursor = {.file = file, .position = 0};
  heed_status status = read_head(&cursor, error);
  if (status == HEED_OK) status = read_counts(&cursor, file, error);
  if (status == HEED_OK) status = gguf_read_values(&cursor, file, error);
  if (status == HEED_OK) status = read_tensors(&cursor, file, error);
  return status;
}

/* The file takes over map (or NULL), even on failure. */
static heed_status open_bytes(const char *name, void *map, const void *bytes,
                              size_t size, gguf_file **file,
                              heed_error *error) {
  gguf_file *made = calloc(1, sizeof *made);
  if (made == NULL) {
    if (map != NULL) (void)munmap(map, size);
    return heed_no_memory(error);
  }
  *made = (gguf_file){
      .name = strdup(name), .map = map, .bytes = bytes, .size = size};
  const heed_status status =
      made->name == NULL ? heed_no_memory(error) : read_all(made, error);
  if (status == HEED_OK)
    *file = made;
  else
    gguf_close(made);
  return status;
}

heed_status gguf_open_memory(const char *name, const void *bytes, size_t size,
                             gguf_file **file, heed_error *error) {
  *file = NULL;
  return open_bytes(name, NULL, bytes, size, file, error);
}

/* Maps the file of the descriptor; *map is NULL if the file is empty. */
static heed_status map_file(const char *path, int descriptor, void **map,
                            size_t *size, heed_error *error) {
  struct stat found;
  if (fstat(descriptor, &found) != 0)
    return heed_fail(error, HEED_IO, "%s: %s", path, strerror(errno));
  if (!S_ISREG(found.st_mode))
    return heed_fail(error, HEED_INVALID, "%s: not a regular file", path);
  *size = (size_t)found.st_size;
  *map = NULL;
  if (*size == 0)
    return heed_fail(error, HEED_INVALID, "%s: the file is empty", path);
  *map = mmap(NULL, *size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (*map == MAP_FAILED)
    return heed_fail(error, HEED_IO, "%s: cannot map: %s", path,
                     strerror(errno));
  return HEED_OK;
}

heed_status gguf_open(const char *path, gguf_file **file, heed_error *error) {
  void *map = NULL;
  size_t size = 0;
  *file = NULL;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return heed_fail(error, HEED_IO, "%s: %s", path, strerror(errno));
  const heed_status status = map_file(path, descriptor, &map, &size, error);
  (void)close(descriptor);
  if (status != HEED_OK) return status;
  return open_bytes(path, map, map, size, file, error);
}

void gguf_close(gguf_file *file) {
  if (file == NULL) return;
  gguf_free_values(file);
  for (size_t i = 0; file->tensor != NULL && i < file->tensor_count; i++)
    free((char *)file->tensor[i].name);
  free(file->tensor);
  free(file->by_name);
  if (file->map != NULL) (void)munmap(file->map, file->size);
  free(file->name);
  free(file);
}

const char *gguf_name(const gguf_file *file) {
  return file->name;
}

const void *gguf_image(const gguf_file *file, size_t *size) {
  *size = file->size;
  return file->bytes;
}

size_t gguf_tensor_count(const gguf_file *file) {
  return file->tensor_count;
}

const gguf_tensor *gguf_tensor_at(const gguf_file *file, size_t index) {
  return &file->tensor[index];
}

static int name_to_tensor(const void *name, const void *element) {
  const gguf_tensor *const *tensor = element;
  return strcmp(name, (*tensor)->name);
}

const gguf_tensor *gguf_find(const gguf_file *file, const char *name) {
  const gguf_tensor *const *found =
      bsearch(name, file->by_name, file->tensor_count,
              sizeof(const gguf_tensor *), name_to_tensor);
  return found == NULL ? NULL : *found;
}

const char *gguf_type_name(uint32_t type) {
  return gguf_layout_of(type).name;
}

uint64_t gguf_row_count(const gguf_tensor *tensor) {
  return tensor->shape[1] * tensor->shape[2] * tensor->shape[3];
}

heed_status gguf_rows(const gguf_tensor *tensor, uint64_t first, uint64_t count,
                      float *out, heed_error *error) {
  char shown[GGUF_SHOWN + 4];
  const gguf_layout layout = gguf_layout_of(tensor->type);
  const uint64_t rows = gguf_row_count(tensor);
  if (first > rows || count > rows - first)
    return heed_fail(
        error, HEED_INTERNAL,
        "tensor %s: %llu rows from row %llu are out of range, it has %llu",
        gguf_show(tensor->name, shown), (unsigned long long)count,
        (unsigned long long)first, (unsigned long long)rows);
  const uint64_t row_bytes = tensor->shape[0] / layout.numbers * layout.bytes;
  gguf_dequantise(tensor->type,
                  (const uint8_t *)tensor->data + first * row_bytes,
                  count * tensor->shape[0], out);
  return HEED_OK;
}
