/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kept tables in a file: a group of columns, each the concatenation of many
 * cells' rows, with a column `cell` that says to which cell a row belongs. */
#ifndef HEED_HDF_KEPT_H
#define HEED_HDF_KEPT_H

#include "hdf/hdf.h"

typedef struct hdf_kept hdf_kept;

/* Rows to write and to read at a time, if they are many. */
#define KEPT_BLOCK ((size_t)1 << 14)

/* A group, created with the first rows.  rows: the expected number.  large: its
 * columns are packed; texts are bytes in the group NAME_texts, and the columns
 * NAME_start and NAME_length say where.  NULL: out of memory. */
hdf_kept *kept_create(hdf_file *file, hid_t parent, const char *name,
                      size_t rows, bool large);

/* Writes the rows of table to rows at … of the group.  labels: a table of one
 * row whose columns (among them `cell`) are repeated for each row.  A column
 * that only some tables have is NaN, -1 or "" in the rows of the others; a
 * column whose type or width differs from the first is stored as NAME_2,
 * NAME_3, …. */
void kept_put(hdf_kept *self, const heed_table *labels, const heed_table *table,
              size_t position);

/* Copies the same group of another file as it is stored, without unpacking it,
 * but with these labels.  False, and nothing is done: the group holds other
 * than `rows` rows, or this one expects more, or one of the two is not large.
 */
bool kept_copy(hdf_kept *self, hid_t parent, const heed_table *labels,
               size_t rows);

/* Completes the columns and their scale, and frees the group. */
void kept_close(hdf_kept *self);

/* Reads rows first … first + count - 1 of such a group, large or not, into a
 * table from malloc(), or all rows if count is SIZE_MAX.  NULL: no such group.
 */
heed_table *kept_read(hdf_file *file, hid_t parent, const char *name,
                      size_t first, size_t count);
/* The same for the columns with these names, ended by NULL, that the group has.
 */
heed_table *kept_read_columns(hdf_file *file, hid_t parent, const char *name,
                              size_t first, size_t count,
                              const char *const *columns);
void kept_free(heed_table *table);

#endif
