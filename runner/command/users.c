/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed users: the users of one cell with their attentiveness, as CSV. */
#include "kept_cell.h"

static const char help_text[] =
    "heed users F.h5 [-o F.csv] [--cell INDEX]\n\n"
    "Writes the users that a sweep with keep = {\"users\"} kept: user, "
    "eta_hat,\n"
    "sd, annotations, and, where users are simulated, their eta.\n\n"
    "  -o F.csv      where to; else to standard output\n"
    "  --cell INDEX  of which cell (as in heed cell --index); needed where "
    "cells\n"
    "                differ in more than the replicate\n";

static void write_value(FILE *file, const heed_column *column, size_t row) {
  char number[NUMBER_SIZE] = "";
  switch (column->type) {
    case HEED_STRING:
      view_csv_field(file, ((const char *const *)column->data)[row]);
      return;
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
      write_value(file, name, row);
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

int command_users(const command_common *common, int argc, char **argv) {
  static const command_kept_options users = {
      .name = "users",
      .table = "users",
      .help = help_text,
      .shared = PLAN_POSTERIOR,
      .write = write_users,
  };
  (void)common;
  return kept_cell_command(&users, argc, argv);
}
