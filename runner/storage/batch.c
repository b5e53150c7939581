/* SPDX-License-Identifier: GPL-3.0-or-later
 * Batches: a result file read back, and the end of any batch. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "kept.h"

void batch_free(batch *self) {
  hdf_free_texts(self->keys, self->rows);
  hdf_free_texts(self->failure_stage, self->failure_count);
  hdf_free_texts(self->failure_plugin, self->failure_count);
  hdf_free_texts(self->failure_message, self->failure_count);
  hdf_free_texts(self->warning_code, self->warning_count);
  hdf_free_texts(self->warning_plugin, self->warning_count);
  hdf_free_texts(self->warning_message, self->warning_count);
  free(self->status);
  free(self->seconds);
  free(self->failure_row);
  free(self->failure_signal);
  free(self->warning_row);
  for (size_t i = 0;
       self->owned == NULL && self->values != NULL && i < self->metric_count;
       i++)
    free(self->values[i]);
  free(self->owned);
  free(self->values);
  free(self->stride);
  for (size_t i = 0; i < KEPT_TABLES; i++) kept_free(self->kept[i]);
  memset(self, 0, sizeof *self);
}

/* Timing stands in a file a stage; here it is rows x stages. */
static void read_seconds(hdf *file, hid_t root, batch *result) {
  result->seconds = calloc(result->rows * PLAN_STAGE_COUNT + 1, sizeof(double));
  if (result->seconds == NULL) hdf_fail(file, "find memory for", "timing");
  for (size_t stage = 0; file->status == HEED_OK && stage < PLAN_STAGE_COUNT;
       stage++) {
    char name[64];
    size_t count;
    double *column;
    (void)snprintf(name, sizeof name, "timing/seconds_%s",
                   plan_stage_name((plan_stage)stage));
    column = hdf_read_numbers(file, root, name, &count);
    if (column == NULL || count != result->rows) {
      hdf_fail(file, "read", name);
    } else {
      for (size_t i = 0; i < count; i++)
        result->seconds[i * PLAN_STAGE_COUNT + stage] = column[i];
    }
    free(column);
  }
}

static void read_values(hdf *file, hid_t root, const plan *of, batch *result) {
  result->metric_count = of->metric_count;
  result->values = calloc(of->metric_count + 1, sizeof *result->values);
  result->stride = calloc(of->metric_count + 1, sizeof *result->stride);
  if (result->values == NULL || result->stride == NULL) {
    hdf_fail(file, "find memory for", "values");
    return;
  }
  for (size_t i = 0; i < of->metric_count; i++) {
    size_t count;
    result->values[i] =
        hdf_read_numbers(file, root, of->metrics[i].name, &count);
    result->stride[i] = of->metrics[i].count;
    if (result->values[i] != NULL &&
        count != result->rows * of->metrics[i].count) {
      free(result->values[i]);
      result->values[i] = NULL;
    }
  }
}

static void read_failures(hdf *file, hid_t root, batch *result) {
  size_t count;
  if (file->status != HEED_OK || H5Lexists(root, "errors", H5P_DEFAULT) <= 0)
    return;
  result->failure_row =
      hdf_read_integers(file, root, "errors/cell", &result->failure_count);
  result->failure_signal =
      hdf_read_integers(file, root, "errors/signal", &count);
  result->failure_stage = hdf_read_texts(file, root, "errors/stage", &count);
  result->failure_plugin = hdf_read_texts(file, root, "errors/plugin", &count);
  result->failure_message =
      hdf_read_texts(file, root, "errors/message", &count);
}

static void read_warnings(hdf *file, hid_t root, batch *result) {
  size_t count;
  if (file->status != HEED_OK || H5Lexists(root, "warnings", H5P_DEFAULT) <= 0)
    return;
  result->warning_row =
      hdf_read_integers(file, root, "warnings/cell", &result->warning_count);
  result->warning_code = hdf_read_texts(file, root, "warnings/code", &count);
  result->warning_plugin =
      hdf_read_texts(file, root, "warnings/plugin", &count);
  result->warning_message =
      hdf_read_texts(file, root, "warnings/message", &count);
}

heed_status batch_read_result(const char *path, const plan *of, bool tables,
                              batch *result, heed_error *error) {
  hdf file = {path, HEED_OK, error};
  size_t count;
  const hid_t root = hdf_open(&file);
  memset(result, 0, sizeof *result);
  if (root < 0) return file.status;
  result->keys = hdf_read_texts(&file, root, "cells/key", &result->rows);
  result->status = hdf_read_integers(&file, root, "status", &count);
  if (count != result->rows) hdf_fail(&file, "read", "status");
  if (file.status == HEED_OK) {
    read_seconds(&file, root, result);
    read_values(&file, root, of, result);
    read_failures(&file, root, result);
    read_warnings(&file, root, result);
  }
  for (size_t i = 0; tables && i < KEPT_TABLES; i++)
    result->kept[i] = kept_read(&file, root, kept_names[i]);
  (void)H5Fclose(root);
  if (file.status != HEED_OK) batch_free(result);
  return file.status;
}
