/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kept tables in a file: columns that grow by rows. */
#include "hdf/kept.h"

#include <hdf5_hl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/file.h"
#include "texts.h"

#define MOST_CHUNK 4096u
#define LINK_SIZE 128

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
  size_t rows, expected, column_count;
  hsize_t chunk; /* rows */
  kept_growing *columns;
  bool large;
  texts_writer texts; /* if large */
};

hdf_kept *kept_create(hdf_file *file, hid_t parent, const char *name,
                      size_t rows, bool large) {
  const size_t most = large ? KEPT_BLOCK : MOST_CHUNK;
  hdf_kept *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->file = file;
  self->parent = parent;
  self->name = name;
  self->group = H5I_INVALID_HID;
  self->chunk = rows == 0 ? 1 : rows < most ? rows : most;
  self->expected = rows;
  self->large = large;
  texts_open(&self->texts, file, parent, name);
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

/* A new dataset with these rows, which may become more unless it is the scale.
 */
static hid_t make_set(hdf_kept *self, const char *name, heed_column_type type,
                      size_t width, size_t rows, bool grows) {
  const hsize_t start[2] = {rows, width}, most[2] = {H5S_UNLIMITED, width};
  const hsize_t chunk[2] = {self->chunk, width};
  const int rank = width == 1 ? 1 : 2;
  const hid_t stored = hdf_type(type);
  const hid_t space = H5Screate_simple(rank, start, grows ? most : NULL);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t set;
  if (grows || self->large) (void)H5Pset_chunk(creation, rank, chunk);
  if (self->large) hdf_pack(creation);
  set_fill(creation, type);
  set = H5Dcreate2(self->group, name, stored, space, H5P_DEFAULT, creation,
                   H5P_DEFAULT);
  if (set < 0) hdf_fail(self->file, "create the column", name);
  (void)H5Pclose(creation);
  (void)H5Sclose(space);
  if (type == HEED_STRING) (void)H5Tclose(stored);
  return set;
}

/* A column without dataset; NULL: out of memory. */
static kept_growing *new_column(hdf_kept *self, const heed_column *like,
                                const char *name, size_t rows) {
  kept_growing *columns =
      realloc(self->columns, (self->column_count + 1) * sizeof *self->columns);
  char *copy = strdup(name);
  if (columns != NULL) self->columns = columns;
  if (columns == NULL || copy == NULL) {
    free(copy);
    hdf_no_memory(self->file);
    return NULL;
  }
  columns[self->column_count] = (kept_growing){.name = copy,
                                               .type = like->type,
                                               .width = like->width,
                                               .rows = rows,
                                               .set = H5I_INVALID_HID};
  return &columns[self->column_count++];
}

static kept_growing *add_column(hdf_kept *self, const heed_column *like,
                                const char *name) {
  kept_growing *made = new_column(self, like, name, 0);
  if (made != NULL)
    made->set = make_set(self, made->name, like->type, like->width, 0, true);
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
  const hid_t transfer = hdf_transfer(type, count * column->width);
  (void)H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent,
                            NULL);
  if (H5Dwrite(column->set, type, memory_space, file_space, transfer, data) < 0)
    hdf_fail(self->file, "write the column", column->name);
  (void)H5Pclose(transfer);
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
static void put_values(hdf_kept *self, const heed_column *column,
                       const void *data, size_t position, size_t count) {
  kept_growing *growing =
      self->file->status == HEED_OK ? column_like(self, column) : NULL;
  if (growing == NULL || self->file->status != HEED_OK) return;
  fill_texts(self, growing, position);
  if (growing->rows < position + count) extend(self, growing, position + count);
  if (self->file->status == HEED_OK)
    write_rows(self, growing, data, position, count);
}

/* The same for a column of texts in a large table. */
static void put_texts(hdf_kept *self, const heed_column *column,
                      size_t position, size_t count) {
  char *start_name = file_name("%s" TEXTS_START, column->name);
  char *length_name = file_name("%s" TEXTS_LENGTH, column->name);
  int64_t *start = malloc(count * sizeof *start);
  int32_t *length = malloc(count * sizeof *length);
  if (start_name == NULL || length_name == NULL || start == NULL ||
      length == NULL) {
    hdf_no_memory(self->file);
  } else {
    const heed_column starts = {start_name, HEED_INT64, 1, start};
    const heed_column lengths = {length_name, HEED_INT32, 1, length};
    texts_append(&self->texts, column->name, column->data, count, start,
                 length);
    put_values(self, &starts, start, position, count);
    put_values(self, &lengths, length, position, count);
  }
  free(length);
  free(start);
  free(length_name);
  free(start_name);
}

static void put(hdf_kept *self, const heed_column *column, const void *data,
                size_t position, size_t count) {
  if (self->large && column->type == HEED_STRING && column->width == 1)
    put_texts(self, column, position, count);
  else
    put_values(self, column, data, position, count);
}

/* One value of a labels column, `count` times. */
static void put_repeated(hdf_kept *self, const heed_column *label,
                         size_t position, size_t count) {
  const size_t bytes = heed_type_size(label->type) * label->width;
  const size_t room = count < KEPT_BLOCK ? count : KEPT_BLOCK;
  char *all = malloc(room * bytes + 1);
  if (all == NULL) {
    hdf_no_memory(self->file);
    return;
  }
  for (size_t i = 0; i < room; i++) memcpy(all + i * bytes, label->data, bytes);
  for (size_t i = 0; i < count; i += room)
    put(self, label, all, position + i, count - i < room ? count - i : room);
  free(all);
}

static void put_labels(hdf_kept *self, const heed_table *labels,
                       size_t position, size_t count) {
  if (self->group < 0)
    self->group = hdf_group(self->file, self->parent, self->name);
  for (size_t i = 0; i < labels->column_count; i++)
    put_repeated(self, &labels->columns[i], position, count);
  if (self->rows < position + count) self->rows = position + count;
}

void kept_put(hdf_kept *self, const heed_table *labels, const heed_table *table,
              size_t position) {
  const size_t count = table->rows;
  if (count == 0 || self->file->status != HEED_OK) return;
  put_labels(self, labels, position, count);
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    if (heed_table_column(labels, column->name) != NULL) continue;
    if (column->width > 0) put(self, column, column->data, position, count);
  }
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

static hid_t number_rows(hdf_kept *self) {
  kept_growing row = {"row", HEED_INT64, 1, self->rows, H5I_INVALID_HID};
  int64_t *numbers = malloc(KEPT_BLOCK * sizeof *numbers);
  row.set = make_set(self, row.name, row.type, row.width, row.rows, false);
  if (numbers == NULL) hdf_no_memory(self->file);
  for (size_t i = 0; self->file->status == HEED_OK && i < self->rows;
       i += KEPT_BLOCK) {
    const size_t left = self->rows - i;
    const size_t count = left < KEPT_BLOCK ? left : KEPT_BLOCK;
    for (size_t j = 0; j < count; j++) numbers[j] = (int64_t)(i + j);
    write_rows(self, &row, numbers, i, count);
  }
  free(numbers);
  return row.set;
}

static void write_scale(hdf_kept *self) {
  const hid_t scale = number_rows(self);
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
  texts_close(&self->texts);
  if (self->group >= 0) (void)H5Gclose(self->group);
  free(self->columns);
  free(self);
}

/* ---- columns of a file ---- */

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

/* ---- copying ---- */

/* Looks at dataset number i of a group.  False: it is none, or a scale. */
static bool look_at_link(const hdf_kept *self, hid_t group, hsize_t i,
                         char name[LINK_SIZE], hsize_t extent[2],
                         heed_column *column) {
  hid_t set = H5I_INVALID_HID;
  bool is_column;
  if (H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                         LINK_SIZE, H5P_DEFAULT) < 0)
    hdf_fail(self->file, "read the table", self->name);
  else
    set = hdf_open_set(self->file, group, name);
  if (set < 0) return false;
  is_column = H5DSis_scale(set) <= 0;
  column->type = HEED_STRING;
  column->name = name;
  extent[1] = 1; /* of a scale, too */
  if (is_column && !describe(set, extent, column)) extent[0] = 0;
  column->width = (size_t)extent[1];
  (void)H5Dclose(set);
  return is_column;
}

static hsize_t links_of(hid_t group) {
  H5G_info_t info;
  return group >= 0 && H5Gget_info(group, &info) >= 0 ? info.nlinks : 0;
}

/* Whether a group can be copied: its columns have `rows` rows, and no texts of
 * HDF5. */
static bool can_copy(const hdf_kept *self, hid_t group, size_t rows) {
  const hsize_t links = links_of(group);
  for (hsize_t i = 0; i < links; i++) {
    char name[LINK_SIZE];
    hsize_t extent[2];
    heed_column column;
    if (!look_at_link(self, group, i, name, extent, &column)) continue;
    if (extent[0] != rows || column.type == HEED_STRING) return false;
  }
  return links > 0 && self->file->status == HEED_OK;
}

static void copy_column(hdf_kept *self, hid_t group, const heed_column *column,
                        size_t rows) {
  kept_growing *made = new_column(self, column, column->name, rows);
  if (made != NULL)
    made->set = hdf_copy_set(self->file, group, column->name, self->group);
}

bool kept_copy(hdf_kept *self, hid_t parent, const heed_table *labels,
               size_t rows) {
  hid_t group = H5I_INVALID_HID, texts;
  bool copies = self->large && self->expected == rows && rows > 0 &&
                self->group < 0 && self->file->status == HEED_OK;
  if (copies) group = hdf_open_group(self->file, parent, self->name);
  copies = copies && can_copy(self, group, rows);
  if (copies) put_labels(self, labels, 0, rows);
  for (hsize_t i = 0; copies && i < links_of(group); i++) {
    char name[LINK_SIZE];
    hsize_t extent[2];
    heed_column column;
    if (look_at_link(self, group, i, name, extent, &column) &&
        heed_table_column(labels, name) == NULL)
      copy_column(self, group, &column, rows);
  }
  texts = copies ? texts_group(self->file, parent, self->name) : -1;
  for (hsize_t i = 0; i < links_of(texts); i++) {
    char name[LINK_SIZE];
    hsize_t extent[2];
    heed_column column;
    if (look_at_link(self, texts, i, name, extent, &column))
      texts_copy(&self->texts, texts, name, extent[0]);
  }
  if (texts >= 0) (void)H5Gclose(texts);
  if (group >= 0) (void)H5Gclose(group);
  return copies;
}

/* ---- reading ---- */

/* Texts of a large table are in one block with the pointers to them. */
typedef struct kept_loaded {
  heed_table table;
  bool *in_one_block; /* of each column */
} kept_loaded;

/* A group that is being read. */
typedef struct kept_reading {
  hdf_file *file;
  hid_t group, texts; /* texts: H5I_INVALID_HID: the table is not large */
  size_t first, rows; /* SIZE_MAX: all */
  const char *const *columns; /* wanted; NULL: all */
  kept_loaded *loaded;
} kept_reading;

/* The type, width and rows of a dataset; false: it is no column.  All columns
 * have as many rows as the first. */
static bool look_at(const kept_reading *self, const char *name,
                    heed_column *column, size_t *rows) {
  const heed_table *table = &self->loaded->table;
  const hid_t set = hdf_open_set(self->file, self->group, name);
  hsize_t extent[2];
  if (set < 0) return false;
  const bool scale = H5DSis_scale(set) > 0;
  const bool known = describe(set, extent, column);
  (void)H5Dclose(set);
  if (scale) return false;
  *rows = known && self->rows == SIZE_MAX ? (size_t)extent[0] : self->rows;
  if (!known || (table->column_count > 0 && *rows != table->rows)) {
    hdf_fail(self->file, "read the column", name);
    return false;
  }
  column->width = (size_t)extent[1];
  return true;
}

static void add_read(kept_reading *self, heed_column column, const char *name,
                     size_t rows, bool in_one_block) {
  heed_table *table = &self->loaded->table;
  column.name = strdup(name);
  if (column.name == NULL) hdf_no_memory(self->file);
  table->rows = rows;
  self->loaded->in_one_block[table->column_count] = in_one_block;
  table->columns[table->column_count++] = column;
}

static void read_column(kept_reading *self, const char *name) {
  heed_column column;
  size_t rows, count;
  hid_t type;
  if (!look_at(self, name, &column, &rows)) return;
  type = hdf_type(column.type);
  column.data =
      hdf_read_rows(self->file, self->group, name, type,
                    heed_type_size(column.type), self->first, rows, &count);
  if (column.type == HEED_STRING) (void)H5Tclose(type);
  add_read(self, column, name, rows, false);
}

/* Reads the column of texts whose starts this dataset holds. */
static void read_texts(kept_reading *self, const char *name,
                       const char *dataset) {
  heed_column column;
  size_t rows;
  if (!look_at(self, dataset, &column, &rows)) return;
  column.type = HEED_STRING;
  column.width = 1;
  column.data =
      texts_read(self->file, self->group, self->texts, name, self->first, rows);
  add_read(self, column, name, rows, true);
}

static bool is_wanted(const char *const *columns, const char *name) {
  if (columns == NULL) return true;
  while (*columns != NULL && strcmp(*columns, name) != 0) columns++;
  return *columns != NULL;
}

static void read_set(kept_reading *self, const char *name) {
  bool is_start = false;
  char *text = self->texts < 0
                   ? NULL
                   : texts_name(self->file, self->texts, name, &is_start);
  if (text == NULL && is_wanted(self->columns, name))
    read_column(self, name);
  else if (text != NULL && is_start && is_wanted(self->columns, text))
    read_texts(self, text, name);
  free(text);
}

static void read_sets(kept_reading *self, const char *name, hsize_t links) {
  for (hsize_t i = 0; self->file->status == HEED_OK && i < links; i++) {
    char set[LINK_SIZE];
    if (H5Lget_name_by_idx(self->group, ".", H5_INDEX_NAME, H5_ITER_INC, i, set,
                           sizeof set, H5P_DEFAULT) < 0)
      hdf_fail(self->file, "read the table", name);
    else
      read_set(self, set);
  }
}

static kept_loaded *make_loaded(hdf_file *file, hsize_t columns) {
  kept_loaded *made = calloc(1, sizeof *made);
  if (made != NULL) {
    made->table.columns = calloc(columns + 1, sizeof *made->table.columns);
    made->in_one_block = calloc(columns + 1, sizeof *made->in_one_block);
    if (made->table.columns != NULL && made->in_one_block != NULL) return made;
    kept_free(&made->table);
  }
  hdf_no_memory(file);
  return NULL;
}

heed_table *kept_read(hdf_file *file, hid_t parent, const char *name,
                      size_t first, size_t count) {
  return kept_read_columns(file, parent, name, first, count, NULL);
}

heed_table *kept_read_columns(hdf_file *file, hid_t parent, const char *name,
                              size_t first, size_t count,
                              const char *const *columns) {
  kept_reading reading = {.file = file,
                          .texts = H5I_INVALID_HID,
                          .first = first,
                          .rows = count,
                          .columns = columns};
  H5G_info_t info;
  if (file->status != HEED_OK || H5Lexists(parent, name, H5P_DEFAULT) <= 0)
    return NULL;
  reading.group = hdf_open_group(file, parent, name);
  if (reading.group < 0 || H5Gget_info(reading.group, &info) < 0) {
    hdf_fail(file, "read the table", name);
    if (reading.group >= 0) (void)H5Gclose(reading.group);
    return NULL;
  }
  reading.texts = texts_group(file, parent, name);
  reading.loaded = make_loaded(file, info.nlinks);
  if (reading.loaded != NULL) read_sets(&reading, name, info.nlinks);
  if (reading.texts >= 0) (void)H5Gclose(reading.texts);
  (void)H5Gclose(reading.group);
  if (file->status == HEED_OK) return &reading.loaded->table;
  if (reading.loaded != NULL) kept_free(&reading.loaded->table);
  return NULL;
}

void kept_free(heed_table *table) {
  kept_loaded *self = (kept_loaded *)table;
  if (self == NULL) return;
  for (size_t i = 0; i < table->column_count; i++) {
    heed_column *column = &table->columns[i];
    if (column->type == HEED_STRING && !self->in_one_block[i])
      hdf_free_texts(column->data, table->rows * column->width);
    else
      free(column->data);
    free((char *)column->name);
  }
  free(table->columns);
  free(self->in_one_block);
  free(self);
}
