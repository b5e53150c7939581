/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed users: writes the users of one cell and their attentiveness as CSV. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kept_cell.h"

static void write_value(FILE *file, const heed_column *column, size_t row) {
  char number[NUMBER_SIZE] = "";
  switch ((enum heed_column_types)column->type) {
    case HEED_STRING:
      break; /* only names are texts */
    case HEED_FLOAT64:
      view_number(((const double *)column->data)[row], number);
      break;
    case HEED_FLOAT32:
      view_number((double)((const float *)column->data)[row], number);
      break;
    case HEED_INT64:
      (void)snprintf(number, sizeof number, "%lld",
                     (long long)((const int64_t *)column->data)[row]);
      break;
    case HEED_INT32:
      (void)snprintf(number, sizeof number, "%d",
                     (int)((const int32_t *)column->data)[row]);
      break;
    case HEED_INT8:
      (void)snprintf(number, sizeof number, "%d",
                     (int)((const int8_t *)column->data)[row]);
      break;
  }
  (void)fputs(number, file);
}

static heed_status write_users(FILE *file, const command_kept_cell *cell,
                               heed_error *error) {
  static const char *const names[][2] = {{"mean", "eta_hat"},
                                         {"sd", "sd"},
                                         {"annotations", "annotations"},
                                         {"eta", "eta"}};
  const heed_table *users = cell->table;
  const heed_column *name = heed_table_column(users, "name");
  const heed_column *columns[4];
  size_t count = 0;
  (void)error;
  (void)fputs("user", file);
  for (size_t i = 0; i < 4; i++) {
    const heed_column *column = heed_table_column(users, names[i][0]);
    if (column == NULL || column->width != 1) continue;
    columns[count++] = column;
    (void)fprintf(file, ",%s", names[i][1]);
  }
  (void)fputc('\n', file);
  for (size_t row = 0; row < users->rows; row++) {
    if (name != NULL)
      (cell->raw ? view_csv_field : view_csv_name)(
          file, ((const char *const *)name->data)[row]);
    else
      (void)fprintf(file, "%zu", row);
    for (size_t i = 0; i < count; i++) {
      (void)fputc(',', file);
      write_value(file, columns[i], row);
    }
    (void)fputc('\n', file);
  }
  return HEED_OK;
}

int command_users(const command_arguments *given) {
  static const command_kept_options users = {
      .table = "users", .shared = PLAN_POSTERIOR, .write = write_users};
  return kept_cell_command(&users, given);
}
