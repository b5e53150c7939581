/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed export: the selection of one cell as JSON Lines, the preference format
 * that trainers of language models read. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "kept_cell.h"

/* The columns of the selection; name is NULL if users have no names. */
typedef struct selection_columns {
  const char *const *prompt, *const *chosen, *const *rejected, *const *name;
  const int64_t *user;
  const double *weight, *eta;
} selection_columns;

/* Whether a column has texts.  A column that only other cells of the file have
 * exists too, but is empty. */
static bool has_texts(const heed_table *table, const char *const *column) {
  for (size_t i = 0; column != NULL && i < table->rows; i++)
    if (*column[i] != '\0') return true;
  return false;
}

static heed_status no_texts(const command_kept_cell *cell, const char *missing,
                            heed_error *error) {
  return heed_fail(error, HEED_INVALID,
                   "%s: the cell's world has no texts%s; heed export needs "
                   "prompts and responses (of a log: columns prompt, text_a "
                   "and text_b)",
                   cell->path, missing);
}

static heed_status find_columns(const command_kept_cell *cell,
                                selection_columns *found, heed_error *error) {
  const heed_table *table = cell->table;
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
                     cell->path);
  if (!has_texts(table, found->name)) found->name = NULL;
  prompts = has_texts(table, found->prompt);
  responses =
      found->chosen != NULL && found->rejected != NULL &&
      (has_texts(table, found->chosen) || has_texts(table, found->rejected));
  if (prompts && responses) return HEED_OK;
  return no_texts(cell,
                  prompts     ? " of responses"
                  : responses ? " of prompts"
                              : "",
                  error);
}

/* ---- one object ---- */

typedef struct export_line {
  FILE *file;
  const command_kept_cell *cell;
  size_t row;
} export_line;

static heed_status write_text(const export_line *line, const char *column,
                              const char *text, heed_error *error) {
  json_t *value = json_string(text);
  bool written;
  if (value == NULL)
    return heed_fail(error, HEED_INVALID,
                     "%s: selection/%s: row %zu is not UTF-8", line->cell->path,
                     column, line->cell->first + line->row);
  written = json_dumpf(value, line->file, JSON_ENCODE_ANY) == 0;
  json_decref(value);
  return written ? HEED_OK : heed_no_memory(error);
}

/* Always with a point or an exponent: readers infer the type of a column from
 * its first rows, and 1 would mean integers. */
static heed_status write_number(const export_line *line, const char *column,
                                double value, heed_error *error) {
  char text[NUMBER_SIZE];
  if (!isfinite(value))
    return heed_fail(error, HEED_INVALID,
                     "%s: selection/%s: row %zu is %g, expected a number",
                     line->cell->path, column, line->cell->first + line->row,
                     value);
  view_number(value, text);
  (void)fprintf(line->file, "%s%s", text,
                strpbrk(text, ".e") == NULL ? ".0" : "");
  return HEED_OK;
}

static heed_status write_user(const export_line *line,
                              const selection_columns *columns,
                              heed_error *error) {
  if (columns->name != NULL)
    return write_text(line, "name", columns->name[line->row], error);
  (void)fprintf(line->file, "%lld", (long long)columns->user[line->row]);
  return HEED_OK;
}

static heed_status write_line(const export_line *line,
                              const selection_columns *columns,
                              heed_error *error) {
  heed_status status;
  (void)fputs("{\"prompt\": ", line->file);
  status = write_text(line, "prompt", columns->prompt[line->row], error);
  (void)fputs(", \"chosen\": ", line->file);
  if (status == HEED_OK)
    status = write_text(line, "chosen", columns->chosen[line->row], error);
  (void)fputs(", \"rejected\": ", line->file);
  if (status == HEED_OK)
    status = write_text(line, "rejected", columns->rejected[line->row], error);
  (void)fputs(", \"weight\": ", line->file);
  if (status == HEED_OK)
    status = write_number(line, "weight", columns->weight[line->row], error);
  (void)fputs(", \"eta_hat\": ", line->file);
  if (status == HEED_OK)
    status = write_number(line, "eta_hat", columns->eta[line->row], error);
  (void)fputs(", \"user\": ", line->file);
  if (status == HEED_OK) status = write_user(line, columns, error);
  (void)fputs("}\n", line->file);
  return status;
}

/* ---- which rows ---- */

/* An empty text means "unknown", not that a model said nothing.  Two equal
 * texts prefer nothing, like a tie. */
typedef enum export_fault {
  FAULT_NONE = 0,
  FAULT_RESPONSE,
  FAULT_PROMPT,
  FAULT_EQUAL,
  FAULT_COUNT
} export_fault;

static const char *const fault_names[FAULT_COUNT] = {
    [FAULT_RESPONSE] = "without a known response",
    [FAULT_PROMPT] = "without a known prompt",
    [FAULT_EQUAL] = "whose two responses are equal"};

static export_fault fault_of(const selection_columns *columns, size_t row) {
  const char *chosen = columns->chosen[row], *rejected = columns->rejected[row];
  if (*chosen == '\0' || *rejected == '\0') return FAULT_RESPONSE;
  if (*columns->prompt[row] == '\0') return FAULT_PROMPT;
  return strcmp(chosen, rejected) == 0 ? FAULT_EQUAL : FAULT_NONE;
}

/* "left out 3 of 9 annotations: 2 without a known response, 1 …" */
static void note_left_out(const size_t count[FAULT_COUNT], size_t rows,
                          char note[KEPT_NOTE_SIZE]) {
  const size_t left = rows - count[FAULT_NONE];
  const char *gap = ": ";
  size_t used;
  if (left == 0) return;
  used = (size_t)snprintf(note, KEPT_NOTE_SIZE,
                          "left out %zu of %zu annotations", left, rows);
  for (size_t i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
    if (count[i] == 0) continue;
    used += (size_t)snprintf(note + used, KEPT_NOTE_SIZE - used, "%s%zu %s",
                             gap, count[i], fault_names[i]);
    gap = ", ";
  }
}

static heed_status write_selection(FILE *file, const command_kept_cell *cell,
                                   heed_error *error) {
  selection_columns columns;
  size_t count[FAULT_COUNT] = {0};
  heed_status status = find_columns(cell, &columns, error);
  for (size_t row = 0; status == HEED_OK && row < cell->table->rows; row++) {
    const export_fault fault = fault_of(&columns, row);
    count[fault]++;
    if (fault == FAULT_NONE)
      status = write_line(&(export_line){file, cell, row}, &columns, error);
  }
  if (status != HEED_OK) return status;
  note_left_out(count, cell->table->rows, cell->note);
  return count[FAULT_NONE] > 0
             ? HEED_OK
             : heed_fail(error, HEED_INVALID, "%s: nothing to export: heed %s",
                         cell->path, cell->note);
}

int command_export(const command_arguments *given) {
  static const command_kept_options export = {
      .table = "selection", .shared = PLAN_SELECTION, .write = write_selection};
  return kept_cell_command(&export, given);
}
