/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed users: the users of one cell with their attentiveness, as CSV. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "reading/result.h"
#include "storage/file.h"
#include "storage/kept.h"

#define MOST_CHOICES 20

static const char help_text[] =
    "heed users F.h5 [-o F.csv] [--cell INDEX]\n\n"
    "Writes the users that a sweep with keep = {\"users\"} kept: user, "
    "eta_hat,\n"
    "sd, annotations, and, where users are simulated, their eta.\n\n"
    "  -o F.csv      where to; else to standard output\n"
    "  --cell INDEX  of which cell (as in heed cell --index); needed where "
    "cells\n"
    "                differ in more than the replicate\n";

typedef struct users_options {
  const char *path, *output;
  size_t cell; /* SIZE_MAX: not said */
} users_options;

static int take_cell(users_options *self, const char *value) {
  char *end;
  if (value != NULL && *value >= '0' && *value <= '9') {
    self->cell = strtoul(value, &end, 10);
    if (*end == '\0') return EXIT_DONE;
  }
  return command_usage("users", "--cell: found %s, expected a cell's index",
                       value == NULL ? "nothing" : value);
}

static int read_options(users_options *self, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0) {
      if (++i == argc) return command_usage("users", "-o: a file must follow");
      self->output = argv[i];
    } else if (strcmp(argv[i], "--cell") == 0) {
      const int status = take_cell(self, argv[i + 1]);
      if (status != EXIT_DONE) return status;
      i++;
    } else if (argv[i][0] == '-') {
      return command_usage("users", "%s: there is no such option", argv[i]);
    } else if (self->path != NULL) {
      return command_usage("users", "%s: only one file at a time", argv[i]);
    } else {
      self->path = argv[i];
    }
  }
  if (self->path == NULL)
    return command_usage("users", "which result file? heed users F.h5");
  return EXIT_DONE;
}

/* ---- which cell ---- */

static size_t users_table(void) {
  size_t which = 0;
  while (strcmp(kept_names[which], "users") != 0) which++;
  return which;
}

static bool has_users(const result *of, size_t cell) {
  const size_t *count = of->cells.kept_count[users_table()];
  return count != NULL && count[result_place(of, cell)] > 0;
}

/* Points that share their posterior have the same users. */
static bool same_users(const plan *of, size_t one, size_t other) {
  const size_t node = plan_node_at(of, one, PLAN_POSTERIOR);
  return node != SIZE_MAX && node == plan_node_at(of, other, PLAN_POSTERIOR);
}

/* What there is to choose from, on standard error. */
static void list_choices(const result *of) {
  const plan *in = of->plan;
  size_t told = 0;
  for (size_t point = 0; point < in->point_count; point++) {
    if (!has_users(of, point * in->replicates)) continue;
    if (told++ == MOST_CHOICES) {
      fprintf(stderr, "  … (heed show lists the axes)\n");
      return;
    }
    fprintf(stderr, "  --cell %-6zu", point * in->replicates);
    for (size_t i = 0; i < in->axis_count; i++) {
      char label[LABEL_SIZE];
      result_label(&in->axes[i].coordinate, in->points[point].at[i], label);
      fprintf(stderr, "  %s %s", in->axes[i].coordinate.name, label);
    }
    fputc('\n', stderr);
  }
}

/* Replicate 0 of the only point that has users, or of any of several points
 * that have the same ones. */
static heed_status choose_cell(const result *of, size_t *cell,
                               heed_error *error) {
  const plan *in = of->plan;
  size_t chosen = SIZE_MAX;
  for (size_t point = 0; point < in->point_count; point++) {
    if (!has_users(of, point * in->replicates)) continue;
    if (chosen == SIZE_MAX) {
      chosen = point;
    } else if (!same_users(in, chosen, point)) {
      fprintf(stderr, "heed: cells with users, replicate 0:\n");
      list_choices(of);
      return heed_fail(error, HEED_INVALID,
                       "%s: has users of more than one cell; choose one with "
                       "--cell",
                       of->path);
    }
  }
  if (chosen == SIZE_MAX)
    return heed_fail(error, HEED_INVALID,
                     "%s: has no users; the sweep must say keep = {\"users\"}",
                     of->path);
  *cell = chosen * in->replicates;
  return HEED_OK;
}

static heed_status check_cell(const result *of, size_t cell,
                              heed_error *error) {
  if (cell >= plan_cell_count(of->plan))
    return heed_fail(error, HEED_INVALID,
                     "%s: there is no cell %zu; it has %zu, from 0", of->path,
                     cell, plan_cell_count(of->plan));
  if (!has_users(of, cell))
    return heed_fail(error, HEED_INVALID, "%s: cell %zu kept no users",
                     of->path, cell);
  return HEED_OK;
}

/* ---- the table ---- */

static void write_value(FILE *file, const heed_column *column, size_t row) {
  char number[NUMBER_SIZE] = "";
  switch (column->type) {
    case HEED_STRING:
      result_csv_field(file, ((const char *const *)column->data)[row]);
      return;
    case HEED_FLOAT64:
      result_number(((const double *)column->data)[row], number);
      break;
    case HEED_FLOAT32:
      result_number((double)((const float *)column->data)[row], number);
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

static void write_table(FILE *file, const heed_table *users) {
  static const char *const names[][2] = {{"mean", "eta_hat"},
                                         {"sd", "sd"},
                                         {"annotations", "annotations"},
                                         {"eta", "eta"}};
  const heed_column *name = heed_table_column(users, "name");
  const heed_column *columns[4];
  size_t count = 0;
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
}

/* A file comes whole or not at all. */
static heed_status write_file(const char *path, const heed_table *users,
                              heed_error *error) {
  char *bytes = NULL;
  size_t length = 0;
  heed_status status;
  FILE *memory = open_memstream(&bytes, &length);
  if (memory != NULL) write_table(memory, users);
  if (memory == NULL || fclose(memory) != 0)
    status = heed_fail(error, HEED_MEMORY, "%s: memory is out", path);
  else
    status = file_write(path, bytes, length, error);
  free(bytes);
  return status;
}

static heed_status write_users(result *of, const users_options *options,
                               heed_error *error) {
  size_t cell = options->cell;
  heed_status status = cell == SIZE_MAX ? choose_cell(of, &cell, error)
                                        : check_cell(of, cell, error);
  heed_table *users;
  if (status != HEED_OK) return status;
  of->cells.file.error = error;
  users = batch_kept(&of->cells, users_table(), result_place(of, cell));
  if (users == NULL) return of->cells.file.status;
  if (options->output != NULL)
    status = write_file(options->output, users, error);
  else
    write_table(stdout, users);
  kept_free(users);
  return status;
}

int command_users(const command_common *common, int argc, char **argv) {
  users_options options = {NULL, NULL, SIZE_MAX};
  heed_error error;
  heed_status status;
  result of;
  (void)common;
  if (argc == 2 && strcmp(argv[1], "--help") == 0) {
    (void)fputs(help_text, stdout);
    return EXIT_DONE;
  }
  if (read_options(&options, argc, argv) != EXIT_DONE) return EXIT_USAGE;
  status = result_open(options.path, &of, &error);
  if (status != HEED_OK) return command_error(&error);
  status = write_users(&of, &options, &error);
  result_close(&of);
  if (status == HEED_OK && fflush(stdout) != 0)
    status = heed_fail(&error, HEED_IO, "standard output: writing failed");
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}
