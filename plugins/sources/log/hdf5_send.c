/* SPDX-License-Identifier: GPL-3.0-or-later
 * The child's side of the pipe: reads the columns and sends the rows. */
#include <stdlib.h>
#include <string.h>

#include "sources/log/hdf5_reader.h"

static void send(FILE *pipe, hdf5_head_kind kind, heed_status status,
                 const char *text, size_t length) {
  const hdf5_head head = {(uint32_t)kind, (uint32_t)status, length};
  (void)fwrite(&head, sizeof head, 1, pipe);
  if (text != NULL) (void)fwrite(text, 1, length, pipe);
}

static void send_cell(FILE *pipe, const hdf5_column *column, size_t row) {
  static const hdf5_head_kind kinds[] = {[CELL_TEXT] = HEAD_TEXT,
                                         [CELL_MISSING] = HEAD_MISSING,
                                         [CELL_BAD] = HEAD_BAD};
  hdf5_cell cell;
  cell_take(column, row, &cell);
  if (cell.kind == CELL_MISSING) cell.length = 0;
  send(pipe, kinds[cell.kind], HEED_OK, cell.length == 0 ? NULL : cell.text,
       cell.length);
}

static void send_rows(FILE *pipe, const hdf5_column *columns,
                      const log_wanted *wanted, size_t width, size_t count) {
  send(pipe, HEAD_ROWS, HEED_OK, NULL, count);
  for (size_t row = 0; row < count && ferror(pipe) == 0; row++)
    for (size_t i = 0; i < width; i++)
      if (wanted[i].name != NULL) send_cell(pipe, &columns[i], row);
}

/* All columns have as many values as the first. */
static heed_status read_columns(hid_t file, const char *path,
                                const log_wanted *wanted, size_t width,
                                hdf5_column *columns, size_t *count,
                                heed_error *error) {
  const hdf5_column *first = NULL;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < width; i++) {
    if (wanted[i].name == NULL) continue;
    status = column_read(file, path, wanted[i].name,
                         wanted[i].use == LOG_AS_NUMBER, &columns[i], error);
    if (status != HEED_OK) break;
    if (first == NULL) first = &columns[i];
    if (columns[i].count != first->count)
      status =
          heed_fail(error, HEED_INVALID,
                    "%s: dataset \"%s\" has %zu value%s, \"%s\" has %zu", path,
                    wanted[i].name, columns[i].count,
                    heed_plural(columns[i].count), first->name, first->count);
  }
  *count = first == NULL ? 0 : first->count;
  return status;
}

void hdf5_send(const char *path, const log_wanted *wanted, size_t width,
               FILE *pipe) {
  heed_error error = {HEED_MEMORY, HEED_OUT_OF_MEMORY};
  hdf5_column *columns = calloc(width + 1, sizeof *columns);
  const hid_t file =
      columns == NULL ? H5I_INVALID_HID : hdf5_open(path, &error);
  heed_status status = error.status;
  size_t count;
  if (file >= 0) {
    status = read_columns(file, path, wanted, width, columns, &count, &error);
    if (status == HEED_OK) send_rows(pipe, columns, wanted, width, count);
    for (size_t i = 0; i < width; i++)
      if (columns[i].path != NULL) column_close(&columns[i]);
    (void)H5Fclose(file);
  }
  free(columns);
  if (status != HEED_OK)
    send(pipe, HEAD_ERROR, status, error.message, strlen(error.message));
}
