/* SPDX-License-Identifier: GPL-3.0-or-later
 * Columns of an HDF5 file: one-dimensional datasets of equal length, by their
 * path in the file. */
#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sources/log/formats.h"

typedef struct hdf5_column {
  H5T_class_t class;
  hid_t set;
  size_t count;
  double *numbers;
  int64_t *integers;
  char **texts; /* of variable length; HDF5's memory */
  char *fixed;  /* of fixed length */
  size_t length;
  bool good, refused; /* refused: out of memory */
} hdf5_column;

static void close_column(hdf5_column *self) {
  for (size_t i = 0; self->texts != NULL && i < self->count; i++)
    (void)H5free_memory(self->texts[i]);
  free(self->texts);
  free(self->numbers);
  free(self->integers);
  free(self->fixed);
  if (self->set > 0) (void)H5Dclose(self->set);
}

/* All values as this type; free with free(). */
static void *read_as(hdf5_column *self, hid_t type) {
  void *values = calloc(self->count + 1, H5Tget_size(type));
  self->refused = values == NULL;
  self->good = values != NULL && H5Dread(self->set, type, H5S_ALL, H5S_ALL,
                                         H5P_DEFAULT, values) >= 0;
  return values;
}

static void read_values(hdf5_column *self, hid_t stored) {
  if (self->class == H5T_STRING && H5Tis_variable_str(stored) > 0) {
    self->texts = read_as(self, stored);
  } else if (self->class == H5T_STRING) {
    self->length = H5Tget_size(stored);
    self->fixed = read_as(self, stored);
  } else if (self->class == H5T_INTEGER) {
    self->integers = read_as(self, H5T_NATIVE_INT64);
  } else if (self->class == H5T_FLOAT) {
    self->numbers = read_as(self, H5T_NATIVE_DOUBLE);
  }
}

static void read_column(hid_t file, const char *name, hdf5_column *self) {
  hid_t space, stored;
  bool flat;
  memset(self, 0, sizeof *self);
  self->set = H5Dopen2(file, name, H5P_DEFAULT);
  if (self->set < 0) return;
  space = H5Dget_space(self->set);
  stored = H5Dget_type(self->set);
  flat = H5Sget_simple_extent_ndims(space) == 1;
  self->count = flat ? (size_t)H5Sget_simple_extent_npoints(space) : 0;
  self->class = H5Tget_class(stored);
  if (flat) read_values(self, stored);
  (void)H5Tclose(stored);
  (void)H5Sclose(space);
}

/* room: 64 bytes, or the fixed length plus one. */
static const char *cell_of(const hdf5_column *self, size_t row, char *room) {
  if (self->texts != NULL) return self->texts[row];
  if (self->fixed != NULL) {
    memcpy(room, self->fixed + row * self->length, self->length);
    room[self->length] = '\0';
    return room;
  }
  if (self->integers != NULL)
    (void)snprintf(room, 64, "%lld", (long long)self->integers[row]);
  else if (isnan(self->numbers[row]))
    return NULL;
  else
    (void)snprintf(room, 64, "%.17g", self->numbers[row]);
  return room;
}

static heed_status append_rows(const heed_host *host,
                               const hdf5_column *columns,
                               const char *const *names, size_t count,
                               log_faults *faults, log_rows *rows,
                               heed_error *error) {
  const size_t width = rows->width;
  heed_memory memory = {host, false};
  const char **cells = heed_scratch(&memory, width, sizeof *cells);
  char **room = heed_scratch(&memory, width, sizeof *room);
  heed_status status = HEED_OK;
  for (size_t i = 0; i < width && !memory.refused; i++)
    room[i] = heed_scratch(&memory, columns[i].length + 64, 1);
  if (memory.refused) return heed_no_memory(error);
  for (size_t row = 0; status == HEED_OK && row < count; row++) {
    size_t bad = SIZE_MAX;
    for (size_t i = 0; i < width; i++) {
      cells[i] = names[i] == NULL ? NULL : cell_of(&columns[i], row, room[i]);
      if (cells[i] != NULL &&
          log_not_utf8(cells[i], strlen(cells[i])) < strlen(cells[i]))
        bad = i;
    }
    status =
        bad == SIZE_MAX
            ? log_append(host, rows, cells, row + 1, error)
            : log_fault(faults, rows->path, row + 1, error,
                        "dataset \"%s\": the text is not UTF-8", names[bad]);
  }
  return status;
}

heed_status log_read_hdf5(const heed_host *host, const char *const *names,
                          log_faults *faults, log_rows *rows,
                          heed_error *error) {
  const size_t width = rows->width;
  hdf5_column *columns = host->scratch(host, width, sizeof *columns);
  size_t count = SIZE_MAX;
  heed_status status = HEED_OK;
  if (columns == NULL) return heed_no_memory(error);
  const hid_t file = H5Fopen(rows->path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0)
    return heed_fail(error, HEED_INVALID, "%s: not an HDF5 file", rows->path);
  for (size_t i = 0; status == HEED_OK && i < width; i++) {
    if (names[i] == NULL) continue;
    read_column(file, names[i], &columns[i]);
    if (columns[i].refused)
      status = heed_no_memory(error);
    else if (!columns[i].good)
      status = heed_fail(error, HEED_INVALID,
                         "%s: missing dataset \"%s\", expected one dimension "
                         "with texts or numbers",
                         rows->path, names[i]);
    else if (count != SIZE_MAX && columns[i].count != count)
      status = heed_fail(error, HEED_INVALID,
                         "%s: dataset \"%s\" has %zu values, others have %zu",
                         rows->path, names[i], columns[i].count, count);
    count = columns[i].count;
  }
  if (status == HEED_OK && count != SIZE_MAX)
    status = append_rows(host, columns, names, count, faults, rows, error);
  for (size_t i = 0; i < width; i++) close_column(&columns[i]);
  (void)H5Fclose(file);
  return status;
}
