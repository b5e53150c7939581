/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kept tables in a file: columns that grow by rows. */
#include "hdf/kept.h"

#include <hdf5_hl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/file.h"

#define MOST_CHUNK 4096u

typedef struct kept_growing {
  char *name; /* in the file */
  heed_column_type type;
  size_t width, rows;
  hid_t set;
} kept_growing;

struct hdf_kept {
  hdf_file *file;
  hid_t parent, group;
  const char *name;
  size_t rows, column_count;
  hsize_t chunk; /* rows */
  kept_growing *columns;
};

hdf_kept *kept_create(hdf_file *file, hid_t parent, const char *name,
                      size_t rows) {
  hdf_kept *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->file = file;
  self->parent = parent;
  self->name = name;
  self->group = H5I_INVALID_HID;
  self->chunk = rows == 0 ? 1 : rows < MOST_CHUNK ? rows : MOST_CHUNK;
  return self;
}

/* Texts have no fill value: HDF5 would write it to every row and then remove it
 * again, one by one.  fill_texts() writes the missing ones. */
static void set_fill(hid_t creation, heed_column_type type) {
  const double nan = NAN;
  const int64_t none = -1;
  if (type == HEED_FLOAT64 || type == HEED_FLOAT32)
    (void)H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &nan);
  else if (type != HEED_STRING)
    (void)H5Pset_fill_value(creation, H5T_NATIVE_INT64, &none);
}

static kept_growing *add_column(hdf_kept *self, const heed_column *like,
                                const char *name) {
  const hsize_t start[2] = {0, like->width};
  const hsize_t most[2] = {H5S_UNLIMITED, like->width};
  const hsize_t chunk[2] = {self->chunk, like->width};
  const int rank = like->width == 1 ? 1 : 2;
  kept_growing *columns =
      realloc(self->columns, (self->column_count + 1) * sizeof *self->columns);
  kept_growing *made;
  hid_t type, space, creation;
  if (columns == NULL) {
    hdf_no_memory(self->file);
    return NULL;
  }
  self->columns = columns;
  made = &columns[self->column_count];
  *made =
      (kept_growing){strdup(name), like->type, like->width, 0, H5I_INVALID_HID};
  self->column_count++;
  if (made->name == NULL) {
    hdf_no_memory(self->file);
    return NULL;
  }
  type = hdf_type(like->type);
  space = H5Screate_simple(rank, start, most);
  creation = H5Pcreate(H5P_DATASET_CREATE);
  (void)H5Pset_chunk(creation, rank, chunk);
  set_fill(creation, like->type);
  made->set = H5Dcreate2(self->group, made->name, type, space, H5P_DEFAULT,
                         creation, H5P_DEFAULT);
  if (made->set < 0) hdf_fail(self->file, "create the column", like->name);
  (void)H5Pclose(creation);
  (void)H5Sclose(space);
  if (like->type == HEED_STRING) (void)H5Tclose(type);
  return made;
}

static kept_growing *column_named(const hdf_kept *self, const char *name) {
  for (size_t i = 0; i < self->column_count; i++)
    if (strcmp(self->columns[i].name, name) == 0) return &self->columns[i];
  return NULL;
}

/* The column with that name, or the first of NAME_2, NAME_3, … that has the
 * right type and width or does not exist yet. */
static kept_growing *column_like(hdf_kept *self, const heed_column *like) {
  char *name = strdup(like->name);
  kept_growing *found = NULL;
  for (unsigned number = 2; name != NULL; number++) {
    found = column_named(self, name);
    if (found == NULL ||
        (found->type == like->type && found->width == like->width))
      break;
    free(name);
    name = file_name("%s_%u", like->name, number);
  }
  if (name == NULL)
    hdf_no_memory(self->file);
  else if (found == NULL)
    found = add_column(self, like, name);
  free(name);
  return found;
}

static void extend(const hdf_kept *self, kept_growing *column, size_t rows) {
  const hsize_t extent[2] = {rows, column->width};
  if (column->rows == rows) return;
  if (H5Dset_extent(column->set, extent) < 0)
    hdf_fail(self->file, "extend the column", column->name);
  column->rows = rows;
}

static void write_rows(const hdf_kept *self, const kept_growing *column,
                       const void *data, size_t position, size_t count) {
  const int rank = column->width == 1 ? 1 : 2;
  const hsize_t start[2] = {position, 0}, extent[2] = {count, column->width};
  const hid_t type = hdf_type(column->type);
  const hid_t file_space = H5Dget_space(column->set);
  const hid_t memory_space = H5Screate_simple(rank, extent, NULL);
  (void)H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent,
                            NULL);
  if (H5Dwrite(column->set, type, memory_space, file_space, H5P_DEFAULT, data) <
      0)
    hdf_fail(self->file, "write the column", column->name);
  (void)H5Sclose(memory_space);
  (void)H5Sclose(file_space);
  if (column->type == HEED_STRING) (void)H5Tclose(type);
}

/* The rows from the column's end to `rows` get empty texts. */
static void fill_texts(hdf_kept *self, kept_growing *column, size_t rows) {
  const size_t before = column->rows, count = (rows - before) * column->width;
  const char **texts;
  if (column->type != HEED_STRING || rows <= before) return;
  texts = malloc((count + 1) * sizeof *texts);
  if (texts == NULL) {
    hdf_no_memory(self->file);
    return;
  }
  for (size_t i = 0; i < count; i++) texts[i] = "";
  extend(self, column, rows);
  if (self->file->status == HEED_OK)
    write_rows(self, column, texts, before, rows - before);
  free(texts);
}

/* Writes rows at … at + count - 1 of one column. */
static void put(hdf_kept *self, const heed_column *column, const void *data,
                size_t position, size_t count) {
  kept_growing *growing =
      self->file->status == HEED_OK ? column_like(self, column) : NULL;
  if (growing == NULL || self->file->status != HEED_OK) return;
  fill_texts(self, growing, position);
  if (growing->rows < position + count) extend(self, growing, position + count);
  if (self->file->status == HEED_OK)
    write_rows(self, growing, data, position, count);
}

/* One value of a labels column, `count` times. */
static void put_repeated(hdf_kept *self, const heed_column *label,
                         size_t position, size_t count) {
  const size_t bytes = heed_type_size(label->type) * label->width;
  char *all = malloc(count * bytes + 1);
  if (all == NULL) {
    hdf_no_memory(self->file);
    return;
  }
  for (size_t i = 0; i < count; i++)
    memcpy(all + i * bytes, label->data, bytes);
  put(self, label, all, position, count);
  free(all);
}

void kept_put(hdf_kept *self, const heed_table *labels, const heed_table *table,
              size_t position) {
  const size_t count = table->rows;
  if (count == 0 || self->file->status != HEED_OK) return;
  if (self->group < 0)
    self->group = hdf_group(self->file, self->parent, self->name);
  for (size_t i = 0; i < labels->column_count; i++)
    put_repeated(self, &labels->columns[i], position, count);
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    if (heed_table_column(labels, column->name) != NULL) continue;
    if (column->width > 0) put(self, column, column->data, position, count);
  }
  if (self->rows < position + count) self->rows = position + count;
}

/* Some readers want a scale for every dimension: this scale numbers the values
 * of a row. */
static void write_components(hdf_kept *self, const kept_growing *column) {
  const hsize_t extent = column->width;
  char *name = file_name("%s_component", column->name);
  int64_t *numbers = malloc((column->width + 1) * sizeof *numbers);
  hid_t scale = H5I_INVALID_HID;
  for (size_t i = 0; numbers != NULL && i < column->width; i++)
    numbers[i] = (int64_t)i;
  if (name == NULL || numbers == NULL)
    hdf_no_memory(self->file);
  else
    scale = hdf_write(self->file, self->group, name, H5T_NATIVE_INT64, 1,
                      &extent, numbers);
  if (scale < 0 || H5DSset_scale(scale, name) < 0 ||
      H5DSattach_scale(column->set, scale, 1) < 0)
    hdf_fail(self->file, "create a scale of", column->name);
  if (scale >= 0) (void)H5Dclose(scale);
  free(numbers);
  free(name);
}

static void write_scale(hdf_kept *self) {
  const hsize_t extent = self->rows;
  int64_t *rows = malloc((self->rows + 1) * sizeof *rows);
  hid_t scale;
  if (rows == NULL) {
    hdf_no_memory(self->file);
    return;
  }
  for (size_t i = 0; i < self->rows; i++) rows[i] = (int64_t)i;
  scale = hdf_write(self->file, self->group, "row", H5T_NATIVE_INT64, 1,
                    &extent, rows);
  free(rows);
  if (scale < 0) return;
  if (H5DSset_scale(scale, "row") < 0)
    hdf_fail(self->file, "create a scale of", "row");
  for (size_t i = 0; i < self->column_count; i++)
    if (H5DSattach_scale(self->columns[i].set, scale, 0) < 0)
      hdf_fail(self->file, "attach a scale to", self->columns[i].name);
  (void)H5Dclose(scale);
  for (size_t i = 0; i < self->column_count; i++)
    if (self->columns[i].width > 1) write_components(self, &self->columns[i]);
}

void kept_close(hdf_kept *self) {
  for (size_t i = 0; i < self->column_count; i++) {
    if (self->columns[i].set < 0) continue;
    fill_texts(self, &self->columns[i], self->rows);
    extend(self, &self->columns[i], self->rows);
  }
  if (self->group >= 0 && self->file->status == HEED_OK) write_scale(self);
  for (size_t i = 0; i < self->column_count; i++) {
    if (self->columns[i].set >= 0) (void)H5Dclose(self->columns[i].set);
    free(self->columns[i].name);
  }
  if (self->group >= 0) (void)H5Gclose(self->group);
  free(self->columns);
  free(self);
}

/* ---- reading ---- */

static bool type_of(hid_t set, heed_column_type *type) {
  const hid_t stored = H5Dget_type(set);
  const H5T_class_t class = H5Tget_class(stored);
  const size_t size = H5Tget_size(stored);
  (void)H5Tclose(stored);
  if (class == H5T_STRING) {
    *type = HEED_STRING;
  } else if (class == H5T_FLOAT) {
    *type = size == 4 ? HEED_FLOAT32 : HEED_FLOAT64;
  } else if (class == H5T_INTEGER) {
    *type = size == 1 ? HEED_INT8 : size == 4 ? HEED_INT32 : HEED_INT64;
  } else {
    return false;
  }
  return true;
}

/* The type and shape of a column; false: it is none. */
static bool describe(hid_t set, hsize_t extent[2], heed_column *column) {
  const hid_t space = H5Dget_space(set);
  const int rank = H5Sget_simple_extent_ndims(space);
  bool known = rank == 1 || rank == 2;
  extent[1] = 1;
  if (known) known = H5Sget_simple_extent_dims(space, extent, NULL) == rank;
  (void)H5Sclose(space);
  return known && type_of(set, &column->type);
}

/* All columns have as many rows as the first. */
static void read_column(hdf_file *file, hid_t group, const char *name,
                        size_t first, size_t rows, heed_table *table) {
  heed_column *column = &table->columns[table->column_count];
  const hid_t set = hdf_open_set(file, group, name);
  hsize_t extent[2];
  hid_t type;
  size_t count;
  if (set < 0) return;
  const bool scale = H5DSis_scale(set) > 0;
  const bool known = describe(set, extent, column);
  (void)H5Dclose(set);
  if (scale) return;
  if (known && rows == SIZE_MAX) rows = (size_t)extent[0];
  if (!known || (table->column_count > 0 && rows != table->rows)) {
    hdf_fail(file, "read the column", name);
    return;
  }
  type = hdf_type(column->type);
  table->rows = rows;
  column->width = (size_t)extent[1];
  column->name = strdup(name);
  if (column->name == NULL) hdf_no_memory(file);
  column->data =
      hdf_read_rows(file, group, name, type, heed_type_size(column->type),
                    first, rows, &count);
  table->column_count++;
  if (column->type == HEED_STRING) (void)H5Tclose(type);
}

static bool is_wanted(const char *const *columns, const char *name) {
  if (columns == NULL) return true;
  while (*columns != NULL && strcmp(*columns, name) != 0) columns++;
  return *columns != NULL;
}

heed_table *kept_read(hdf_file *file, hid_t parent, const char *name,
                      size_t first, size_t count) {
  return kept_read_columns(file, parent, name, first, count, NULL);
}

heed_table *kept_read_columns(hdf_file *file, hid_t parent, const char *name,
                              size_t first, size_t count,
                              const char *const *columns) {
  H5G_info_t info;
  heed_table *table;
  hid_t group;
  if (file->status != HEED_OK || H5Lexists(parent, name, H5P_DEFAULT) <= 0)
    return NULL;
  group = hdf_open_group(file, parent, name);
  if (group < 0 || H5Gget_info(group, &info) < 0) {
    hdf_fail(file, "read the table", name);
    if (group >= 0) (void)H5Gclose(group);
    return NULL;
  }
  table = calloc(1, sizeof *table);
  if (table != NULL)
    table->columns = calloc(info.nlinks + 1, sizeof *table->columns);
  if (table == NULL || table->columns == NULL) hdf_no_memory(file);
  for (hsize_t i = 0; file->status == HEED_OK && i < info.nlinks; i++) {
    char column[128];
    if (H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, column,
                           sizeof column, H5P_DEFAULT) < 0)
      hdf_fail(file, "read the table", name);
    else if (is_wanted(columns, column))
      read_column(file, group, column, first, count, table);
  }
  (void)H5Gclose(group);
  if (file->status == HEED_OK) return table;
  kept_free(table);
  return NULL;
}

void kept_free(heed_table *table) {
  if (table == NULL) return;
  for (size_t i = 0; i < table->column_count; i++) {
    heed_column *column = &table->columns[i];
    if (column->type == HEED_STRING)
      hdf_free_texts(column->data, table->rows * column->width);
    else
      free(column->data);
    free((char *)column->name);
  }
  free(table->columns);
  free(table);
}
