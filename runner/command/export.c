/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed export: the selection of one cell as JSON Lines, the preference format
 * that trainers of language models read. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "kept_cell.h"

static const char help_text[] =
    "heed export F.h5 [-o F.jsonl] [--cell INDEX]\n\n"
    "Writes the selection that a sweep with keep = {\"selection\"} kept as a\n"
    "preference data set: JSON Lines, an object for each annotation that has "
    "a\n"
    "weight and is no tie: prompt, chosen, rejected, weight, eta_hat, user.\n\n"
    "  -o F.jsonl    where to; else to standard output\n"
    "  --cell INDEX  of which cell (as in heed cell --index); needed where "
    "cells\n"
    "                differ in what they select\n";

/* The columns of the selection; name is NULL where users have none. */
typedef struct selection_columns {
  const char *const *prompt, *const *chosen, *const *rejected, *const *name;
  const int64_t *user;
  const double *weight, *eta;
} selection_columns;

/* Whether a column has texts: one that only other cells of the file have stands
 * there as well, with nothing in it. */
static bool has_texts(const heed_table *of, const char *const *column) {
  for (size_t i = 0; column != NULL && i < of->rows; i++)
    if (*column[i] != '\0') return true;
  return false;
}

static heed_status no_texts(const kept_cell *of, const char *missing,
                            heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "%s: the cell's world has no texts%s; heed export needs "
                   "prompts and responses (of a log: columns prompt, text_a "
                   "and text_b)",
                   of->path, missing);
}

static heed_status find_columns(const kept_cell *of, selection_columns *found,
                                heed_error *error) {
  const heed_table *table = of->table;
  bool prompts, responses;
  found->prompt = heed_table_data(table, "prompt", HEED_STRING);
  found->chosen = heed_table_data(table, "chosen", HEED_STRING);
  found->rejected = heed_table_data(table, "rejected", HEED_STRING);
  found->name = heed_table_data(table, "name", HEED_STRING);
  found->user = heed_table_data(table, "user", HEED_INT64);
  found->weight = heed_table_data(table, "weight", HEED_FLOAT64);
  found->eta = heed_table_data(table, "eta_hat", HEED_FLOAT64);
  if (found->user == NULL || found->weight == NULL || found->eta == NULL)
    return heed_fail(error, HEED_IO,
                     "%s: the group selection lacks user, weight or eta_hat",
                     of->path);
  if (!has_texts(table, found->name)) found->name = NULL;
  prompts = has_texts(table, found->prompt);
  responses =
      found->chosen != NULL && found->rejected != NULL &&
      (has_texts(table, found->chosen) || has_texts(table, found->rejected));
  if (prompts && responses) return HEED_OK;
  return no_texts(of,
                  prompts     ? " of responses"
                  : responses ? " of prompts"
                              : "",
                  error);
}

/* ---- one object ---- */

typedef struct line {
  FILE *file;
  const kept_cell *of;
  size_t row;
} line;

static heed_status write_text(const line *to, const char *column,
                              const char *text, heed_error *error) {
  json_t *value = json_string(text);
  bool written;
  if (value == NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: selection/%s: row %zu is not UTF-8", to->of->path,
                     column, to->of->first + to->row);
  written = json_dumpf(value, to->file, JSON_ENCODE_ANY) == 0;
  json_decref(value);
  return written ? HEED_OK : heed_fail(error, HEED_MEMORY, "memory is out");
}

/* With a point or an exponent whatever the value: readers take the type of a
 * column from the first rows, and 1 would make it one of integers. */
static heed_status write_number(const line *to, const char *column,
                                double value, heed_error *error) {
  char text[NUMBER_SIZE];
  if (!isfinite(value))
    return heed_fail(error, HEED_INVALID,
                     "%s: selection/%s: row %zu is %g, expected a number",
                     to->of->path, column, to->of->first + to->row, value);
  result_number(value, text);
  (void)fprintf(to->file, "%s%s", text,
                strpbrk(text, ".e") == NULL ? ".0" : "");
  return HEED_OK;
}

static heed_status write_user(const line *to, const selection_columns *of,
                              heed_error *error) {
  if (of->name != NULL) return write_text(to, "name", of->name[to->row], error);
  (void)fprintf(to->file, "%lld", (long long)of->user[to->row]);
  return HEED_OK;
}

static heed_status write_line(const line *to, const selection_columns *of,
                              heed_error *error) {
  heed_status status;
  (void)fputs("{\"prompt\": ", to->file);
  status = write_text(to, "prompt", of->prompt[to->row], error);
  (void)fputs(", \"chosen\": ", to->file);
  if (status == HEED_OK)
    status = write_text(to, "chosen", of->chosen[to->row], error);
  (void)fputs(", \"rejected\": ", to->file);
  if (status == HEED_OK)
    status = write_text(to, "rejected", of->rejected[to->row], error);
  (void)fputs(", \"weight\": ", to->file);
  if (status == HEED_OK)
    status = write_number(to, "weight", of->weight[to->row], error);
  (void)fputs(", \"eta_hat\": ", to->file);
  if (status == HEED_OK)
    status = write_number(to, "eta_hat", of->eta[to->row], error);
  (void)fputs(", \"user\": ", to->file);
  if (status == HEED_OK) status = write_user(to, of, error);
  (void)fputs("}\n", to->file);
  return status;
}

static heed_status write_selection(FILE *file, const kept_cell *of,
                                   heed_error *error) {
  selection_columns columns;
  heed_status status = find_columns(of, &columns, error);
  for (size_t row = 0; status == HEED_OK && row < of->table->rows; row++)
    status = write_line(&(line){file, of, row}, &columns, error);
  return status;
}

int command_export(const command_common *common, int argc, char **argv) {
  static const kept_command export = {
      .name = "export",
      .table = "selection",
      .help = help_text,
      .shared = PLAN_SELECTION,
      .write = write_selection,
  };
  (void)common;
  return kept_cell_command(&export, argc, argv);
}
