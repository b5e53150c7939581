/* SPDX-License-Identifier: GPL-3.0-or-later
 * Batches: reads failures, warnings and kept tables back, and frees batches. */
#include "work/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hdf/kept.h"

void batch_free(work_batch *self) {
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
  free(self->values);
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++) {
    free(self->kept_first[i]);
    free(self->kept_count[i]);
  }
  if (self->root > 0) hdf_close(&self->file, self->root);
  memset(self, 0, sizeof *self);
}

/* ---- failures and warnings ---- */

static int64_t *read_rows(work_batch *self, const char *name, size_t *count) {
  int64_t *rows = hdf_read_integers(&self->file, self->root, name, count);
  for (size_t i = 0; i < *count; i++)
    if (rows[i] < 0 || (size_t)rows[i] >= self->rows)
      hdf_fail(&self->file, "find the cells named in", name);
  return rows;
}

static char **read_texts(work_batch *self, const char *prefix, const char *name,
                         size_t expected) {
  char full[64];
  size_t count;
  char **texts;
  (void)snprintf(full, sizeof full, "%s%s", prefix, name);
  texts = hdf_read_texts(&self->file, self->root, full, &count);
  if (count == expected) return texts;
  hdf_free_texts(texts, count);
  hdf_fail(&self->file, "read", full);
  return NULL;
}

void batch_read_failures(work_batch *self, const char *rows,
                         const char *prefix) {
  char signal[64];
  size_t count;
  if (self->file.status != HEED_OK ||
      (strchr(rows, '/') != NULL &&
       H5Lexists(self->root, "errors", H5P_DEFAULT) <= 0))
    return;
  self->failure_row = read_rows(self, rows, &count);
  (void)snprintf(signal, sizeof signal, "%ssignal", prefix);
  self->failure_signal =
      hdf_read_integers(&self->file, self->root, signal, &self->failure_count);
  if (self->failure_count != count) hdf_fail(&self->file, "read", signal);
  self->failure_stage = read_texts(self, prefix, "stage", count);
  self->failure_plugin = read_texts(self, prefix, "plugin", count);
  self->failure_message = read_texts(self, prefix, "message", count);
}

void batch_read_warnings(work_batch *self, const char *rows,
                         const char *prefix) {
  if (self->file.status != HEED_OK ||
      (strchr(rows, '/') != NULL &&
       H5Lexists(self->root, "warnings", H5P_DEFAULT) <= 0))
    return;
  self->warning_row = read_rows(self, rows, &self->warning_count);
  self->warning_code = read_texts(self, prefix, "code", self->warning_count);
  self->warning_plugin =
      read_texts(self, prefix, "plugin", self->warning_count);
  self->warning_message =
      read_texts(self, prefix, "message", self->warning_count);
}

/* ---- kept tables ---- */

hdf_kept *batch_create_kept(hdf_file *file, hid_t root, size_t which,
                            size_t rows) {
  return kept_create(file, root, plan_kept_names[which], rows,
                     which == PLAN_KEPT_SELECTION);
}

static void find_rows(work_batch *self, size_t which) {
  char name[64];
  size_t count;
  int64_t *cell;
  (void)snprintf(name, sizeof name, "%s/cell", plan_kept_names[which]);
  cell = hdf_read_integers(&self->file, self->root, name, &count);
  self->kept_first[which] = calloc(self->rows + 1, sizeof(size_t));
  self->kept_count[which] = calloc(self->rows + 1, sizeof(size_t));
  if (self->kept_first[which] == NULL || self->kept_count[which] == NULL)
    hdf_no_memory(&self->file);
  for (size_t i = 0; self->file.status == HEED_OK && i < count; i++) {
    if (cell[i] < 0 || (size_t)cell[i] >= self->rows) {
      hdf_fail(&self->file, "find the cells named in", name);
      break;
    }
    if (self->kept_count[which][cell[i]]++ == 0)
      self->kept_first[which][cell[i]] = i;
  }
  free(cell);
}

void batch_find_kept(work_batch *self) {
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    if (self->file.status == HEED_OK &&
        H5Lexists(self->root, plan_kept_names[i], H5P_DEFAULT) > 0)
      find_rows(self, i);
}

heed_table *batch_kept(work_batch *self, size_t which, size_t row) {
  if (self->kept_count[which] == NULL || self->kept_count[which][row] == 0)
    return NULL;
  return kept_read(&self->file, self->root, plan_kept_names[which],
                   self->kept_first[which][row], self->kept_count[which][row]);
}

heed_table *batch_kept_rows(work_batch *self, size_t which, size_t row,
                            size_t skip, size_t count,
                            const char *const *columns) {
  if (self->kept_count[which] == NULL) return NULL;
  assert(skip + count <= self->kept_count[which][row]);
  return kept_read_columns(&self->file, self->root, plan_kept_names[which],
                           self->kept_first[which][row] + skip, count, columns);
}

heed_status batch_read_kept(hdf_file file, hid_t root, work_batch *result) {
  memset(result, 0, sizeof *result);
  result->file = file;
  result->root = root;
  result->status =
      hdf_read_integers(&result->file, root, "status", &result->rows);
  batch_find_kept(result);
  const heed_status status = result->file.status;
  if (status != HEED_OK) batch_free(result);
  return status;
}
