/* SPDX-License-Identifier: MIT
 * Tables: named, typed columns of equal length.
 *
 * Stages exchange all data as tables.  Once a stage has returned a table, the
 * table is immutable.  Only the host makes tables (heed_host.table()), in an
 * arena of its own; a plugin frees none. */
#ifndef HEED_TABLE_H
#define HEED_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t heed_column_type;
enum heed_column_types {
  HEED_FLOAT64 = 0,
  HEED_FLOAT32 = 1,
  HEED_INT64 = 2,
  HEED_INT32 = 3,
  HEED_INT8 = 4,
  HEED_STRING = 5 /* const char *, UTF-8, NUL-terminated, never NULL */
};

/* Frozen: columns are elements of an array. */
typedef struct heed_column {
  const char *name; /* lower case, digits and '_'; unique in its table */
  heed_column_type type;
  size_t width; /* values per row; 1 for most columns */
  void *data;   /* rows x width values of the type above, row-major */
} heed_column;

typedef struct heed_table {
  size_t size; /* sizeof(heed_table), set by the host */
  const char *name;
  size_t rows;
  size_t column_count;
  heed_column *columns;
} heed_table;

/* Bytes of one value in memory; 0: unknown type. */
static inline size_t heed_type_size(heed_column_type type) {
  switch (type) {
    case HEED_FLOAT64:
    case HEED_INT64:
      return 8;
    case HEED_FLOAT32:
    case HEED_INT32:
      return 4;
    case HEED_INT8:
      return 1;
    case HEED_STRING:
      return sizeof(char *);
    default:
      return 0;
  }
}

/* The column with that name, or NULL.  table may be NULL. */
static inline const heed_column *heed_table_column(const heed_table *table,
                                                   const char *name) {
  size_t i;
  if (table == NULL) return NULL;
  for (i = 0; i < table->column_count; i++)
    if (strcmp(table->columns[i].name, name) == 0) return &table->columns[i];
  return NULL;
}

/* The data of the column with that name and type, or NULL.  table may be
 * NULL. */
static inline void *heed_table_data(const heed_table *table, const char *name,
                                    heed_column_type type) {
  const heed_column *column = heed_table_column(table, name);
  return column != NULL && column->type == type ? column->data : NULL;
}

#ifdef __cplusplus
}
#endif

#endif
