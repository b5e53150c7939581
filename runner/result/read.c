/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads a result file as a batch. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index.h"
#include "names.h"
#include "result/result.h"
#include "seal.h"
#include "work/match.h"

/* The file has one timing dataset per stage; a batch has rows x stages. */
static void read_seconds(hdf_file *file, hid_t root, work_batch *result) {
  result->seconds = calloc(result->rows * PLAN_STAGE_COUNT + 1, sizeof(double));
  if (result->seconds == NULL) hdf_no_memory(file);
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

/* Values of one stored metric; `offset`: its first in a stored record. */
static void take_metric(const work_batch *result, const heed_plan *plan,
                        const work_match *where, const plan_metric *metric,
                        const double *stored) {
  for (size_t i = 0; i < plan->value_count; i++) {
    const size_t start = where->source[i] - metric->offset;
    if (where->source[i] < metric->offset || start >= metric->count) continue;
    for (size_t row = 0; row < result->rows; row++)
      result->values[row * plan->value_count + i] =
          stored[row * metric->count + start];
  }
}

static void read_metrics(work_batch *result, const heed_plan *stored,
                         const heed_plan *plan, const work_match *where) {
  hdf_file *file = &result->file;
  for (size_t i = 0; file->status == HEED_OK && i < stored->metric_count; i++) {
    const plan_metric *metric = &stored->metrics[i];
    char name[NAME_SIZE];
    size_t count;
    double *values;
    if (metric->count == 0) continue;
    name_metric(stored, metric, name);
    values = hdf_read_numbers(file, result->root, name, &count);
    if (count == result->rows * metric->count)
      take_metric(result, plan, where, metric, values);
    else
      hdf_fail(file, "read", name);
    free(values);
  }
}

/* The plan in the file defines its metrics. */
static void read_values(work_batch *result, const heed_plan *plan) {
  hdf_file *file = &result->file;
  char *text = hdf_read_text(file, result->root, "sweep/plan");
  const size_t count = result->rows * plan->value_count;
  heed_plan *stored = NULL;
  work_match where = {0, NULL};
  result->values = malloc((count + 1) * sizeof(double));
  if (text == NULL) hdf_fail(file, "read", "the plan");
  if (result->values == NULL) hdf_no_memory(file);
  for (size_t i = 0; file->status == HEED_OK && i < count; i++)
    result->values[i] = NAN;
  if (file->status == HEED_OK)
    file->status = plan_parse_file(file->path, text, &stored, file->error);
  if (file->status == HEED_OK)
    file->status = match_make(stored->json, plan, &where, file->error);
  if (file->status == HEED_OK) read_metrics(result, stored, plan, &where);
  match_free(&where);
  plan_free(stored);
  free(text);
}

heed_status batch_read_result(hdf_file opened, hid_t root,
                              const heed_plan *plan, work_batch *result) {
  hdf_file *file = &result->file;
  size_t count;
  memset(result, 0, sizeof *result);
  *file = opened;
  result->root = root;
  result->keys = hdf_read_texts(file, result->root, "cells/key", &result->rows);
  result->status = hdf_read_integers(file, result->root, "status", &count);
  if (count != result->rows) hdf_fail(file, "read", "status");
  if (file->status == HEED_OK) {
    read_seconds(file, result->root, result);
    read_values(result, plan);
    batch_read_failures(result, "errors/cell", "errors/");
    batch_read_warnings(result, "warnings/cell", "warnings/");
    batch_find_kept(result);
  }
  const heed_status status = file->status;
  if (status != HEED_OK) batch_free(result);
  return status;
}

heed_status result_read(const char *path, const heed_plan *plan,
                        work_batch *result, heed_error *error) {
  hdf_file file = {path, HEED_OK, error};
  const hid_t root = hdf_open(&file);
  return batch_read_result(file, root, plan, result);
}

/* ---- the plan ---- */

/* Opening does not wait for the other end of a pipe; hdf_open() refuses it. */
static heed_status check_seal(const char *path, bool *sealed,
                              heed_error *error) {
  const int descriptor =
      open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat found;
  heed_status status = HEED_OK;
  *sealed = false;
  if (descriptor < 0) return HEED_OK;
  if (fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode))
    status = seal_check(descriptor, path, sealed, error);
  (void)close(descriptor);
  return status;
}

static heed_status no_plan(const char *path, bool is_result,
                           heed_error *error) {
  if (!is_result)
    return heed_fail(error, HEED_INVALID, "%s: is not a heed result", path);
  return heed_fail(
      error, HEED_INVALID,
      "%s: lacks the plan of its sweep (dataset sweep/plan), which "
      "heed needs; other programs can open files of values only, such as those "
      "in results/reference",
      path);
}

/* Adds what a file should be to a message on why HDF5 cannot open it. */
static heed_status no_result(const hdf_file *file) {
  char why[sizeof file->error->message];
  (void)snprintf(why, sizeof why, "%s", file->error->message);
  return heed_fail(file->error, file->status,
                   "%s; expected a result of heed run", why);
}

heed_status result_read_plan(const char *path, heed_plan **result, bool *edited,
                             heed_error *error) {
  hdf_file file = {path, HEED_OK, error};
  char *text = NULL;
  bool sealed, is_result;
  hid_t root;
  file.status = check_seal(path, &sealed, error);
  if (file.status != HEED_OK) return file.status;
  root = hdf_open(&file);
  if (root < 0) return file.status == HEED_IO ? no_result(&file) : file.status;
  if (edited != NULL)
    *edited = !sealed && seal_is_missing(root);
  else if (!sealed)
    (void)seal_miss(&file, root);
  is_result = H5Aexists(root, "heed_version") > 0;
  if (H5Lexists(root, "sweep", H5P_DEFAULT) > 0 &&
      H5Lexists(root, "sweep/plan", H5P_DEFAULT) > 0)
    text = hdf_read_text(&file, root, "sweep/plan");
  hdf_close(&file, root);
  if (file.status == HEED_OK && text == NULL)
    file.status = no_plan(path, is_result, error);
  if (file.status == HEED_OK)
    file.status = plan_parse_file(path, text, result, error);
  free(text);
  return file.status;
}
