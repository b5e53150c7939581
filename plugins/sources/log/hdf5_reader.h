/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads the columns of an HDF5 file.  The HDF5 library crashes and hangs on
 * some damaged files, so hdf5.c calls hdf5_send() in a child process, which
 * sends what it finds through a pipe:
 *
 *   hdf5_send()   sends the rows, cell by cell           hdf5_send.c
 *   hdf5_open()   opens the file, or says why it cannot  hdf5_open.c
 *   column_*()    finds, checks and reads a dataset      hdf5_column.c
 *   marks_*()     the attributes of netCDF               hdf5_marks.c
 *   cell_*()      one value as text                      hdf5_cell.c
 *
 * Errors are of status HEED_INVALID and name the file and the dataset. */
#ifndef HEED_SOURCES_LOG_HDF5_READER_H
#define HEED_SOURCES_LOG_HDF5_READER_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "heed/status.h"
#include "sources/log/rows.h"

/* ---- the attributes of netCDF ---- */

#define MARKS_MOST 16 /* values that stand for a missing one */

/* Holds every value of 64 bits, with or without a sign, and every double. */
typedef long double hdf5_number;

typedef struct hdf5_marks {
  hdf5_number missing[MARKS_MOST]; /* fill values, missing_value */
  size_t missing_count;
  char *missing_texts[MARKS_MOST];
  size_t missing_text_count;
  hdf5_number low, high; /* valid_min, valid_max, valid_range */
  bool range_unpacked;   /* they bound values after scale and offset */
  bool packed;           /* the value is stored x scale + offset */
  double scale, offset;
  bool single; /* they are float32, and so is the unpacked value */
} hdf5_marks;

/* ---- a column ---- */

typedef enum hdf5_kind {
  HDF5_INTEGER,
  HDF5_ENUMERATION,
  HDF5_REAL,
  HDF5_TEXT, /* of variable length */
  HDF5_FIXED /* texts of fixed length */
} hdf5_kind;

typedef struct hdf5_column {
  const char *path, *name; /* of the file, of the dataset */
  bool is_number;          /* wanted as a number, not as an id or a word */
  hdf5_kind kind;
  hid_t set, type; /* as stored; enumeration: native */
  size_t count;
  bool is_signed;
  bool is_single;    /* a real number of 32 bits or less */
  double most_whole; /* up to here, a real number is exact if it is whole */
  size_t size;       /* bytes of a stored value, or of a fixed text */
  char pad;          /* of fixed texts */
  uint64_t *bits;    /* integers */
  double *reals;
  char **texts; /* HDF5's memory */
  char *fixed;  /* count x size; enumerations: native values */
  hdf5_marks marks;
} hdf5_column;

/* -1: failure, and the error says why. */
hid_t hdf5_open(const char *path, heed_error *error);
/* HDF5's own words for the innermost error. */
void hdf5_explain(char *text, size_t size);

/* Finds a dataset and reads all its values.  column_close() follows always. */
heed_status column_read(hid_t file, const char *path, const char *name,
                        bool is_number, hdf5_column *result, heed_error *error);
void column_close(hdf5_column *self);

/* The integer that HDF5 has read as these bits; `_Unsigned` may change its
 * sign.
 */
hdf5_number marks_integer(const hdf5_column *column, uint64_t bits);
heed_status marks_read(hdf5_column *column, heed_error *error);
void marks_free(hdf5_marks *self);
/* Whether a stored value stands for a missing one. */
bool marks_missing(const hdf5_marks *self, hdf5_number value);
bool marks_missing_text(const hdf5_marks *self, const char *text,
                        size_t length);
double marks_unpacked(const hdf5_marks *self, hdf5_number value);

typedef enum hdf5_cell_kind {
  CELL_TEXT,
  CELL_MISSING,
  CELL_BAD /* the text says what is wrong */
} hdf5_cell_kind;

typedef struct hdf5_cell {
  hdf5_cell_kind kind;
  const char *text; /* in the column, or in room */
  size_t length;
  char room[160];
} hdf5_cell;

void cell_take(const hdf5_column *column, size_t row, hdf5_cell *cell);

/* What is sent: for each cell its head and its text; before the first, a head
 * with the number of rows or with the message of an error. */
typedef enum hdf5_head_kind {
  HEAD_ROWS,
  HEAD_ERROR,
  HEAD_TEXT,
  HEAD_MISSING,
  HEAD_BAD
} hdf5_head_kind;

typedef struct hdf5_head {
  uint32_t kind;   /* hdf5_head_kind */
  uint32_t status; /* error: its heed_status */
  uint64_t length; /* of the text that follows; rows: their number */
} hdf5_head;

void hdf5_send(const char *path, const log_wanted *wanted, size_t width,
               FILE *pipe);

#endif
