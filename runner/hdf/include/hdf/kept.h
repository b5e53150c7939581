/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kept tables in a file: a group of columns, each the concatenation of what
 * many cells kept, with a column `cell` that says whose a row is. */
#ifndef HEED_HDF_KEPT_H
#define HEED_HDF_KEPT_H

#include "hdf/hdf.h"

typedef struct hdf_kept hdf_kept;

/* A group that is made when the first rows come; rows: how many there will be.
 * NULL: out of memory. */
hdf_kept *kept_create(hdf_file *file, hid_t parent, const char *name,
                      size_t rows);

/* Puts the rows of table at rows at … of the group.  labels: a table of one row
 * whose columns (among them `cell`) are repeated for each row.  A column that
 * only some tables have is NaN, -1 or "" in the rows of the others; one whose
 * type or width is not that of the column seen first goes into a column
 * NAME_2, NAME_3, …. */
void kept_put(hdf_kept *self, const heed_table *labels, const heed_table *table,
              size_t position);

/* Completes the columns and their scale; frees. */
void kept_close(hdf_kept *self);

/* Reads rows first … first + count - 1 of such a group into a table from
 * malloc(), or all rows if count is SIZE_MAX; NULL if it is not there. */
heed_table *kept_read(hdf_file *file, hid_t parent, const char *name,
                      size_t first, size_t count);
void kept_free(heed_table *table);

#endif
