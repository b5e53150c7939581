/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts of a large table: bytes in a group beside it. */
#include "texts.h"

#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>

#include "files/file.h"

#define BYTES_CHUNK ((hsize_t)1 << 16)

static char *group_name(hdf_file *file, const char *table) {
  char *name = file_name("%s_texts", table);
  if (name == NULL) hdf_no_memory(file);
  return name;
}

/* ---- writing ---- */

void texts_open(texts_writer *self, hdf_file *file, hid_t parent,
                const char *table) {
  *self = (texts_writer){
      .file = file, .parent = parent, .group = H5I_INVALID_HID, .table = table};
}

static void make_group(texts_writer *self) {
  char *name = group_name(self->file, self->table);
  if (name != NULL) self->group = hdf_group(self->file, self->parent, name);
  free(name);
}

/* A dataset of bytes that grows.  Without values it takes no space. */
static hid_t make_bytes(const texts_writer *self, const char *name,
                        hsize_t size) {
  const hsize_t most = H5S_UNLIMITED, chunk = BYTES_CHUNK;
  const hid_t space = H5Screate_simple(1, &size, &most);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t set;
  (void)H5Pset_chunk(creation, 1, &chunk);
  hdf_pack(creation);
  set = H5Dcreate2(self->group, name, H5T_NATIVE_UINT8, space, H5P_DEFAULT,
                   creation, H5P_DEFAULT);
  if (set < 0) hdf_fail(self->file, "create the texts", name);
  (void)H5Pclose(creation);
  (void)H5Sclose(space);
  return set;
}

static texts_column *add_column(texts_writer *self, const char *name) {
  texts_column *columns =
      realloc(self->columns, (self->count + 1) * sizeof *columns);
  char *copy = strdup(name);
  if (columns != NULL) self->columns = columns;
  if (columns == NULL || copy == NULL) {
    free(copy);
    hdf_no_memory(self->file);
    return NULL;
  }
  if (self->group < 0) make_group(self);
  if (self->file->status != HEED_OK) {
    free(copy);
    return NULL;
  }
  columns[self->count] = (texts_column){copy, H5I_INVALID_HID, 0};
  return &columns[self->count++];
}

static texts_column *column_named(texts_writer *self, const char *name) {
  texts_column *made;
  for (size_t i = 0; i < self->count; i++)
    if (strcmp(self->columns[i].name, name) == 0) return &self->columns[i];
  made = add_column(self, name);
  if (made != NULL) made->set = make_bytes(self, name, 0);
  return made;
}

void texts_copy(texts_writer *self, hid_t group, const char *name,
                hsize_t size) {
  texts_column *made =
      self->file->status == HEED_OK ? add_column(self, name) : NULL;
  if (made == NULL) return;
  made->set = hdf_copy_set(self->file, group, name, self->group);
  made->size = size;
}

static void write_bytes(const texts_writer *self, texts_column *column,
                        const char *bytes, hsize_t count) {
  const hsize_t start = column->size, size = column->size + count;
  hid_t space, memory;
  if (count == 0) return;
  if (H5Dset_extent(column->set, &size) < 0)
    hdf_fail(self->file, "extend the texts", column->name);
  space = H5Dget_space(column->set);
  memory = H5Screate_simple(1, &count, NULL);
  (void)H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &count, NULL);
  if (H5Dwrite(column->set, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT,
               bytes) < 0)
    hdf_fail(self->file, "write the texts", column->name);
  (void)H5Sclose(memory);
  (void)H5Sclose(space);
  column->size = size;
}

/* The bytes of the texts, from malloc(); NULL: a failure. */
static char *join(hdf_file *file, const char *const *texts, size_t count,
                  int64_t *start, int32_t *length, size_t *size) {
  char *bytes;
  *size = 0;
  for (size_t i = 0; i < count; i++) {
    const bool again = i > 0 && texts[i] == texts[i - 1];
    const size_t own = again ? (size_t)length[i - 1] : strlen(texts[i]);
    if (own > INT32_MAX) {
      hdf_fail(file, "write", "a text of more than 2 GiB");
      return NULL;
    }
    start[i] = again ? start[i - 1] : (int64_t)*size;
    length[i] = (int32_t)own;
    if (!again) *size += own;
  }
  bytes = malloc(*size + 1);
  if (bytes == NULL) hdf_no_memory(file);
  for (size_t i = 0; bytes != NULL && i < count; i++)
    if (i == 0 || texts[i] != texts[i - 1])
      memcpy(bytes + start[i], texts[i], (size_t)length[i]);
  return bytes;
}

void texts_append(texts_writer *self, const char *name,
                  const char *const *texts, size_t count, int64_t *start,
                  int32_t *length) {
  texts_column *column =
      self->file->status == HEED_OK ? column_named(self, name) : NULL;
  size_t size;
  char *bytes;
  if (column == NULL || self->file->status != HEED_OK) return;
  bytes = join(self->file, texts, count, start, length, &size);
  for (size_t i = 0; i < count; i++) start[i] += (int64_t)column->size;
  if (bytes != NULL) write_bytes(self, column, bytes, size);
  free(bytes);
}

/* Some readers want a scale for every dimension.  This one has a length, but no
 * values; netCDF knows such a scale by its name. */
static void attach_scale(const texts_writer *self, const texts_column *column) {
  char *name = file_name("%s_byte", column->name);
  char note[80];
  hid_t scale = H5I_INVALID_HID;
  (void)snprintf(note, sizeof note,
                 "This is a netCDF dimension but not a netCDF variable.%10llu",
                 (unsigned long long)column->size);
  if (name == NULL)
    hdf_no_memory(self->file);
  else
    scale = make_bytes(self, name, column->size);
  if (scale >= 0 && (H5DSset_scale(scale, note) < 0 ||
                     H5DSattach_scale(column->set, scale, 0) < 0))
    hdf_fail(self->file, "create a scale of", column->name);
  if (scale >= 0) (void)H5Dclose(scale);
  free(name);
}

void texts_close(texts_writer *self) {
  for (size_t i = 0; i < self->count; i++) {
    if (self->file->status == HEED_OK) attach_scale(self, &self->columns[i]);
    if (self->columns[i].set >= 0) (void)H5Dclose(self->columns[i].set);
    free(self->columns[i].name);
  }
  if (self->group >= 0) (void)H5Gclose(self->group);
  free(self->columns);
}

/* ---- reading ---- */

hid_t texts_group(hdf_file *file, hid_t parent, const char *table) {
  char *name = group_name(file, table);
  hid_t group = H5I_INVALID_HID;
  if (name != NULL && H5Lexists(parent, name, H5P_DEFAULT) > 0)
    group = hdf_open_group(file, parent, name);
  free(name);
  return group;
}

char *texts_name(hdf_file *file, hid_t group, const char *dataset,
                 bool *is_start) {
  const char *end = strrchr(dataset, '_');
  char *name;
  if (end == NULL) return NULL;
  *is_start = strcmp(end, TEXTS_START) == 0;
  if (!*is_start && strcmp(end, TEXTS_LENGTH) != 0) return NULL;
  name = strndup(dataset, (size_t)(end - dataset));
  if (name == NULL) hdf_no_memory(file);
  if (name != NULL && H5Lexists(group, name, H5P_DEFAULT) > 0) return name;
  free(name);
  return NULL;
}

/* A column `NAME_end` of integers. */
static void *read_part(hdf_file *file, hid_t table, const char *name,
                       const char *end, heed_column_type type, size_t first,
                       size_t rows) {
  char *full = file_name("%s%s", name, end);
  void *values = NULL;
  size_t count = 0;
  if (full == NULL)
    hdf_no_memory(file);
  else
    values = hdf_read_rows(file, table, full, hdf_type(type),
                           heed_type_size(type), first, rows, &count);
  if (values != NULL && count != rows) hdf_fail(file, "read", full);
  free(full);
  return values;
}

/* The bytes from the first text to the last.  They are adjacent, as they were
 * written: else the file is damaged. */
typedef struct text_range {
  int64_t low, high;
} text_range;

static text_range find_range(hdf_file *file, const char *name,
                             const int64_t *start, const int32_t *length,
                             size_t rows) {
  text_range range = {INT64_MAX, 0};
  int64_t sum = 0;
  bool good = true;
  for (size_t i = 0; i < rows; i++) {
    if (length[i] <= 0) continue;
    good = good && start[i] >= 0 && start[i] <= INT64_MAX - length[i];
    if (!good) break;
    if (start[i] < range.low) range.low = start[i];
    if (start[i] + length[i] > range.high) range.high = start[i] + length[i];
    sum += length[i];
  }
  if (range.low > range.high) range.low = range.high;
  if (!good || range.high - range.low > sum)
    hdf_fail(file, "find the texts of", name);
  return range;
}

static bool is_again(const int64_t *start, const int32_t *length, size_t i) {
  return i > 0 && length[i] == length[i - 1] && start[i] == start[i - 1];
}

/* Puts the pointers and, after them, the texts into one block. */
static char **lay_out(hdf_file *file, const char *bytes, text_range range,
                      const int64_t *start, const int32_t *length,
                      size_t rows) {
  size_t size = (rows + 1) * sizeof(char *);
  char **texts, *room;
  for (size_t i = 0; i < rows; i++)
    if (!is_again(start, length, i))
      size += (length[i] > 0 ? (size_t)length[i] : 0) + 1;
  texts = malloc(size);
  if (texts == NULL) {
    hdf_no_memory(file);
    return NULL;
  }
  room = (char *)(texts + rows + 1);
  for (size_t i = 0; i < rows; i++) {
    const size_t own = length[i] > 0 ? (size_t)length[i] : 0;
    if (is_again(start, length, i)) {
      texts[i] = texts[i - 1];
      continue;
    }
    texts[i] = room;
    if (own > 0) memcpy(room, bytes + (start[i] - range.low), own);
    room[own] = '\0';
    room += own + 1;
  }
  return texts;
}

char **texts_read(hdf_file *file, hid_t table, hid_t group, const char *name,
                  size_t first, size_t rows) {
  int64_t *start =
      read_part(file, table, name, TEXTS_START, HEED_INT64, first, rows);
  int32_t *length =
      read_part(file, table, name, TEXTS_LENGTH, HEED_INT32, first, rows);
  text_range range = {0, 0};
  char *bytes = NULL, **texts = NULL;
  size_t count;
  if (file->status == HEED_OK)
    range = find_range(file, name, start, length, rows);
  if (file->status == HEED_OK && range.high > range.low)
    bytes =
        hdf_read_rows(file, group, name, H5T_NATIVE_UINT8, 1, (size_t)range.low,
                      (size_t)(range.high - range.low), &count);
  if (file->status == HEED_OK)
    texts = lay_out(file, bytes, range, start, length, rows);
  free(bytes);
  free(length);
  free(start);
  return texts;
}
