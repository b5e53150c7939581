/* SPDX-License-Identifier: GPL-3.0-or-later
 * The rows of a kept selection, a block at a time. */
#include "export_rows.h"

#include "hdf/kept.h"

void rows_open(export_rows *self, view_result *result, size_t cell) {
  const size_t place = view_place(result, cell);
  const work_batch *cells = &result->cells;
  *self = (export_rows){.result = result,
                        .place = place,
                        .count = cells->kept_count[PLAN_KEPT_SELECTION][place],
                        .first = cells->kept_first[PLAN_KEPT_SELECTION][place]};
}

/* ---- one column ---- */

static bool holds(const heed_column *column, size_t rows) {
  const char *const *texts = column->data;
  const int8_t *flags = column->data;
  if (column->type == HEED_STRING)
    for (size_t i = 0; i < rows; i++)
      if (*texts[i] != '\0') return true;
  if (column->type == HEED_INT8)
    for (size_t i = 0; i < rows; i++)
      if (flags[i] == 1) return true;
  return false;
}

bool rows_holds(const export_rows *self, const char *column,
                heed_status *status, heed_error *error) {
  const char *const columns[] = {column, NULL};
  work_batch *cells = &self->result->cells;
  bool found = false;
  cells->file.error = error;
  *status = HEED_OK;
  for (size_t start = 0; !found && start < self->count; start += KEPT_BLOCK) {
    const size_t left = self->count - start;
    heed_table *block =
        batch_kept_rows(cells, PLAN_KEPT_SELECTION, self->place, start,
                        left < KEPT_BLOCK ? left : KEPT_BLOCK, columns);
    const bool exists = block != NULL && block->column_count == 1;
    if (block == NULL) *status = cells->file.status;
    found = exists && holds(&block->columns[0], block->rows);
    kept_free(block);
    if (!exists) break;
  }
  return found;
}

/* ---- blocks ---- */

static void read_block(export_rows *self, const export_wish *wish,
                       size_t length) {
  const char *columns[20] = {"user", "pair", "choice", "weight", "eta_hat"};
  size_t count = 5;
  if (wish->names) {
    columns[count++] = "name";
    columns[count++] = "pair_name";
  }
  if (wish->evidence) {
    columns[count++] = "eta_left_out";
    columns[count++] = "casual";
    columns[count++] = "prior";
    columns[count++] = "model_a";
    columns[count++] = "model_b";
  }
  if (wish->texts) {
    columns[count++] = "prompt";
    columns[count++] = "chosen";
    columns[count++] = "rejected";
    columns[count++] = "messages";
  }
  self->block = batch_kept_rows(&self->result->cells, PLAN_KEPT_SELECTION,
                                self->place, self->start, length, columns);
}

/* Columns of the file may have other types if it is damaged: they are missing
 * then. */
static heed_status find_columns(export_rows *self, heed_error *error) {
  const heed_table *table = self->block;
  self->name = heed_table_data(table, "name", HEED_STRING);
  self->pair_name = heed_table_data(table, "pair_name", HEED_STRING);
  self->user = heed_table_data(table, "user", HEED_INT64);
  self->pair = heed_table_data(table, "pair", HEED_INT64);
  self->choice = heed_table_data(table, "choice", HEED_INT8);
  self->weight = heed_table_data(table, "weight", HEED_FLOAT64);
  self->eta = heed_table_data(table, "eta_hat", HEED_FLOAT64);
  self->left_out = heed_table_data(table, "eta_left_out", HEED_FLOAT32);
  self->casual = heed_table_data(table, "casual", HEED_FLOAT32);
  self->prior = heed_table_data(table, "prior", HEED_FLOAT32);
  self->model_a = heed_table_data(table, "model_a", HEED_INT32);
  self->model_b = heed_table_data(table, "model_b", HEED_INT32);
  self->prompt = heed_table_data(table, "prompt", HEED_STRING);
  self->chosen = heed_table_data(table, "chosen", HEED_STRING);
  self->rejected = heed_table_data(table, "rejected", HEED_STRING);
  self->messages = heed_table_data(table, "messages", HEED_INT8);
  if (self->user != NULL && self->weight != NULL && self->eta != NULL)
    return HEED_OK;
  return heed_fail(error, HEED_IO,
                   "%s: the group selection lacks user, weight or eta_hat",
                   self->result->path);
}

bool rows_next(export_rows *self, const export_wish *wish, heed_status *status,
               heed_error *error) {
  const size_t start = self->start + self->length;
  const size_t left = self->count - start;
  const size_t length = left < KEPT_BLOCK ? left : KEPT_BLOCK;
  *status = HEED_OK;
  kept_free(self->block);
  self->block = NULL;
  if (length == 0) return false;
  self->start = start;
  self->length = length;
  self->result->cells.file.error = error;
  read_block(self, wish, length);
  *status = self->block == NULL ? self->result->cells.file.status
                                : find_columns(self, error);
  return *status == HEED_OK;
}

void rows_close(export_rows *self) {
  kept_free(self->block);
  self->block = NULL;
  self->start = self->length = 0;
}

export_texts rows_texts(const export_rows *self, size_t i) {
  const bool has_both = self->chosen != NULL && self->rejected != NULL;
  return (export_texts){
      .prompt = self->prompt == NULL ? "" : self->prompt[i],
      .chosen = has_both ? self->chosen[i] : "",
      .rejected = has_both ? self->rejected[i] : "",
      .are_messages = self->messages != NULL && self->messages[i] == 1};
}

void rows_where(const export_rows *self, size_t i, const char *column,
                char where[ROWS_WHERE_SIZE]) {
  (void)snprintf(where, ROWS_WHERE_SIZE, "selection/%.60s: row %zu", column,
                 self->first + self->start + i);
}
