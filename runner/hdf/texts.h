/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts of a large table: bytes in a group beside it.
 *
 *   TABLE/NAME_start, NAME_length   of each row; length -1: none
 *   TABLE_texts/NAME                uint8: UTF-8, without NUL
 *
 * HDF5's own texts cost half a microsecond and 40 bytes each, and no filter
 * packs them. */
#ifndef HEED_HDF_TEXTS_H
#define HEED_HDF_TEXTS_H

#include "hdf/hdf.h"

#define TEXTS_START "_start"
#define TEXTS_LENGTH "_length"

/* ---- writing ---- */

typedef struct texts_column {
  char *name;
  hid_t set;
  hsize_t size;
} texts_column;

typedef struct texts_writer {
  hdf_file *file;
  hid_t parent, group; /* group: of the bytes; H5I_INVALID_HID: none yet */
  const char *table;
  size_t count;
  texts_column *columns;
} texts_writer;

void texts_open(texts_writer *self, hdf_file *file, hid_t parent,
                const char *table);

/* Appends texts to the bytes of a column, and says where they are.  A text that
 * is the one before it, at the same address, is written once. */
void texts_append(texts_writer *self, const char *name,
                  const char *const *texts, size_t count, int64_t *start,
                  int32_t *length);

/* Copies the bytes of a column, which has none yet, from another group. */
void texts_copy(texts_writer *self, hid_t group, const char *name,
                hsize_t size);

/* Gives the bytes their scales, and frees what is in *self. */
void texts_close(texts_writer *self);

/* ---- reading ---- */

/* The group of the bytes of a table; H5I_INVALID_HID: none. */
hid_t texts_group(hdf_file *file, hid_t parent, const char *table);

/* The name of the text column whose start or length this dataset is, from
 * malloc().  NULL: it is none of these, or a failure. */
char *texts_name(hdf_file *file, hid_t group, const char *dataset,
                 bool *is_start);

/* The texts of `rows` rows from row `first` of a table: pointers, with the
 * texts in the same block from malloc().  Rows that share their bytes share a
 * pointer. */
char **texts_read(hdf_file *file, hid_t table, hid_t group, const char *name,
                  size_t first, size_t rows);

#endif
