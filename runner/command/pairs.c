/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed pairs: writes the label that the annotations of each pair agree on as
 * CSV.  It needs no texts. */
#include <stdlib.h>
#include <string.h>

#include "export_labels.h"
#include "export_sink.h"
#include "kept_cell.h"
#include "spare.h"
#include "tell.h"

typedef struct pairs_command {
  const command_arguments *given;
  view_result result;
  output_target output;
  export_rows rows;
  export_pairs pairs;
  const heed_table *models; /* NULL: the cell kept none */
  const int64_t *model;     /* its columns; NULL: none */
  const char *const *model_name;
  bool has_names; /* of pairs */
  export_sink sink;
} pairs_command;

/* ---- one line ---- */

/* NULL: unknown. */
static const char *model_name(const pairs_command *self, const int32_t *model,
                              size_t i) {
  const int64_t *number = self->model;
  if (model == NULL || model[i] < 0 || number == NULL ||
      self->model_name == NULL)
    return NULL;
  if ((size_t)model[i] < self->models->rows && number[model[i]] == model[i])
    return self->model_name[model[i]];
  for (size_t m = 0; m < self->models->rows; m++)
    if (number[m] == model[i]) return self->model_name[m];
  return NULL;
}

/* A name that needs quotes, or a guard from spreadsheets. */
static void put_odd_name(pairs_command *self, const char *name) {
  char *bytes = NULL;
  size_t length = 0;
  FILE *file = open_memstream(&bytes, &length);
  bool whole = file != NULL;
  if (file != NULL) {
    (self->given->raw ? view_csv_field : view_csv_name)(file, name);
    whole = fclose(file) == 0;
  }
  if (whole)
    sink_bytes(&self->sink, bytes, length);
  else if (self->sink.status == HEED_OK)
    self->sink.status = heed_no_memory(self->sink.error);
  free(bytes);
}

static void put_name(pairs_command *self, const char *name) {
  if (name == NULL) return;
  if (strpbrk(name, ",\"\r\n\t =+-@") == NULL)
    sink_text(&self->sink, name);
  else
    put_odd_name(self, name);
}

static void put_pair(pairs_command *self, size_t i, const export_pair *label) {
  const export_rows *rows = &self->rows;
  export_sink *sink = &self->sink;
  if (self->has_names && rows->pair_name != NULL)
    put_name(self, rows->pair_name[i]);
  else
    sink_integer(sink, rows->pair[i]);
  if (self->models != NULL) {
    sink_bytes(sink, ",", 1);
    put_name(self, model_name(self, rows->model_a, i));
    sink_bytes(sink, ",", 1);
    put_name(self, model_name(self, rows->model_b, i));
  }
  sink_text(sink, label->log_odds > 0   ? ",A,"
                  : label->log_odds < 0 ? ",B,"
                                        : ",tie,");
  sink_field_number(sink, pairs_probability(label));
  sink_bytes(sink, ",", 1);
  sink_integer(sink, (int64_t)label->count);
  sink_bytes(sink, "\n", 1);
}

/* ---- all lines ---- */

static heed_status put_block(pairs_command *self) {
  for (size_t i = 0; i < self->rows.length; i++) {
    const export_pair *label = labels_first(&self->pairs, &self->rows, i);
    if (label != NULL) put_pair(self, i, label);
  }
  return self->sink.status;
}

static heed_status put_pairs(pairs_command *self, heed_error *error) {
  static const export_wish wish = {.names = true, .evidence = true};
  heed_status status;
  sink_text(&self->sink, self->models == NULL
                             ? "pair,choice,probability,annotations\n"
                             : "pair,model_a,model_b,choice,probability,"
                               "annotations\n");
  while (rows_next(&self->rows, &wish, &status, error)) {
    status = put_block(self);
    if (status != HEED_OK) break;
  }
  rows_close(&self->rows);
  return status == HEED_OK ? sink_flush(&self->sink) : status;
}

static heed_status write_pairs(pairs_command *self, heed_error *error) {
  output_stream stream;
  heed_status status = output_start(&self->output, &stream, error);
  sink_open(&self->sink, &stream, error);
  if (status == HEED_OK) status = put_pairs(self, error);
  if (status == HEED_OK) status = output_finish(&stream, error);
  output_drop(&stream);
  return status;
}

static heed_status pairs_of_cell(pairs_command *self, size_t cell,
                                 heed_error *error) {
  work_batch *cells = &self->result.cells;
  heed_table *models;
  heed_status status;
  rows_open(&self->rows, &self->result, cell);
  cells->file.error = error;
  models = batch_kept(cells, PLAN_KEPT_MODELS, view_place(&self->result, cell));
  self->models = models;
  if (models != NULL) {
    self->model = heed_table_data(models, "model", HEED_INT64);
    self->model_name = heed_table_data(models, "name", HEED_STRING);
  }
  status = cells->file.status;
  if (status == HEED_OK)
    self->has_names = rows_holds(&self->rows, "pair_name", &status, error);
  if (status == HEED_OK)
    status = labels_gather(&self->rows, &self->pairs, error);
  if (status == HEED_OK) status = write_pairs(self, error);
  pairs_free(&self->pairs);
  kept_free(models);
  return status == HEED_OK ? tell_cell(&self->result, cell, false, error)
                           : status;
}

static heed_status find_and_write(pairs_command *self, heed_error *error) {
  static const command_kept_options selection = {.table = "selection",
                                                 .shared = PLAN_SELECTION};
  size_t cell;
  heed_status status =
      kept_cell_find(&selection, &self->result, self->given, &cell, error);
  return status == HEED_OK ? pairs_of_cell(self, cell, error) : status;
}

int command_pairs(const command_arguments *given) {
  pairs_command *self = calloc(1, sizeof *self);
  heed_error error;
  heed_status status = self == NULL
                           ? heed_no_memory(&error)
                           : tell_open(given->file, &self->result, &error);
  if (status != HEED_OK) {
    free(self);
    return command_error(&error);
  }
  self->given = given;
  status =
      spare_find_text(given->output == NULL ? "-" : given->output, given->file,
                      NULL, self->result.plan, &self->output, &error);
  if (status == HEED_OK) status = find_and_write(self, &error);
  output_free(&self->output);
  view_result_close(&self->result);
  free(self);
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}
