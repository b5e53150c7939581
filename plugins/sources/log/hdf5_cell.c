/* SPDX-License-Identifier: GPL-3.0-or-later
 * One value as text.  As an id or a word, an integer is its digits, and a real
 * number that is whole is the same integer: 7 and 7.0 are one id. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "sources/log/hdf5_reader.h"

static void put_room(hdf5_cell *cell, hdf5_cell_kind kind) {
  cell->kind = kind;
  cell->text = cell->room;
  cell->length = strlen(cell->room);
}

static void put_text(hdf5_cell *cell, const char *text, size_t length) {
  if (log_not_utf8(text, length) < length) {
    (void)snprintf(cell->room, sizeof cell->room,
                   "the text holds a NUL or is not UTF-8");
    put_room(cell, CELL_BAD);
    return;
  }
  cell->kind = CELL_TEXT;
  cell->text = text;
  cell->length = length;
}

static void take_real(const hdf5_column *column, double number,
                      hdf5_cell *cell) {
  if (column->is_number) {
    (void)snprintf(cell->room, sizeof cell->room, "%.17g", number);
    put_room(cell, CELL_TEXT);
  } else if (fabs(number) >= column->most_whole) {
    (void)snprintf(cell->room, sizeof cell->room,
                   "found the real number %.17g, expected an id below %.0f, "
                   "where such numbers begin to skip integers",
                   number, column->most_whole);
    put_room(cell, CELL_BAD);
  } else {
    log_number_text(number, column->is_single, cell->room);
    put_room(cell, CELL_TEXT);
  }
}

static void take_integer(hdf5_number number, hdf5_cell *cell) {
  if (number < 0)
    (void)snprintf(cell->room, sizeof cell->room, "%" PRId64, (int64_t)number);
  else
    (void)snprintf(cell->room, sizeof cell->room, "%" PRIu64, (uint64_t)number);
  put_room(cell, CELL_TEXT);
}

static void take_name(const hdf5_column *column, size_t row, hdf5_number number,
                      hdf5_cell *cell) {
  char name[sizeof cell->room];
  if (H5Tenum_nameof(column->type, column->fixed + row * column->size, name,
                     sizeof name) >= 0) {
    memcpy(cell->room, name, sizeof name);
    put_text(cell, cell->room, strlen(cell->room));
    return;
  }
  (void)snprintf(cell->room, sizeof cell->room,
                 "the value %.0Lf has no name in the enumeration, or one that "
                 "is too long",
                 number);
  put_room(cell, CELL_BAD);
}

static void take_fixed(const hdf5_column *column, size_t row, hdf5_cell *cell) {
  const char *text = column->fixed + row * column->size;
  size_t length = column->size;
  while (length > 0 && text[length - 1] == '\0') length--;
  while (length > 0 && column->pad != '\0' && text[length - 1] == column->pad)
    length--;
  put_text(cell, text, length);
}

static void take_number(const hdf5_column *column, size_t row,
                        hdf5_cell *cell) {
  const hdf5_marks *marks = &column->marks;
  const bool is_real = column->kind == HDF5_REAL;
  const hdf5_number number = is_real ? (hdf5_number)column->reals[row]
                                     : marks_integer(column, column->bits[row]);
  if (marks_missing(marks, number))
    cell->kind = CELL_MISSING;
  else if (column->kind == HDF5_ENUMERATION)
    take_name(column, row, number, cell);
  else if (marks->packed)
    take_real(column, marks_unpacked(marks, number), cell);
  else if (is_real)
    take_real(column, column->reals[row], cell);
  else
    take_integer(number, cell);
}

void cell_take(const hdf5_column *column, size_t row, hdf5_cell *cell) {
  cell->kind = CELL_MISSING;
  cell->text = NULL;
  cell->length = 0;
  if (column->kind == HDF5_FIXED) {
    take_fixed(column, row, cell);
  } else if (column->kind == HDF5_TEXT) {
    const char *text = column->texts[row];
    if (text != NULL) put_text(cell, text, strlen(text));
  } else {
    take_number(column, row, cell);
  }
  if (cell->kind == CELL_TEXT &&
      marks_missing_text(&column->marks, cell->text, cell->length))
    cell->kind = CELL_MISSING;
}
