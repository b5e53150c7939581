/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is recorded before a run, and whether a run may extend it. */
#include <stdlib.h>
#include <string.h>

#include "hdf/guard.h"
#include "index.h"

static heed_status note_trouble(const work_index *self, result_trouble *trouble,
                                heed_error *error) {
  *trouble = (result_trouble){.orphans = self->part_orphans};
  if (self->damaged_count == 0) return HEED_OK;
  trouble->damaged.names = calloc(self->damaged_count, sizeof(char *));
  if (trouble->damaged.names == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < self->damaged_count; i++) {
    trouble->damaged.names[i] = strdup(self->damaged[i]);
    if (trouble->damaged.names[i] == NULL) return heed_no_memory(error);
    trouble->damaged.count++;
  }
  return HEED_OK;
}

heed_status result_recorded(const heed_work *work, const char *result_path,
                            const heed_plan *plan, bool retry,
                            uint8_t *recorded, result_trouble *trouble,
                            heed_error *error) {
  work_index *self;
  heed_status status;
  *trouble = (result_trouble){0};
  status = index_open(plan, result_path, work, &self, error);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->count; i++) {
    const work_index_place *place = &self->places[i];
    if (place->source == SIZE_MAX)
      recorded[i] = WORK_NOT_RECORDED;
    else if (place->status == RECORD_DONE)
      recorded[i] = WORK_DONE;
    else
      recorded[i] = retry ? WORK_NOT_RECORDED : WORK_FAILED;
  }
  status = note_trouble(self, trouble, error);
  index_close(self);
  return status;
}

static bool same_sweep(const heed_plan *a, const heed_plan *b) {
  if (strcmp(a->title, b->title) != 0 || a->axis_count != b->axis_count)
    return false;
  for (size_t i = 0; i < a->axis_count; i++)
    if (strcmp(a->axes[i].coordinate.name, b->axes[i].coordinate.name) != 0)
      return false;
  return true;
}

/* HEED_INVALID: it is not a heed result, and so of no sweep. */
static heed_status compare(result_old *old, const heed_plan *plan, bool *same,
                           heed_error *error) {
  heed_plan *stored = NULL;
  const heed_status status = old_read_plan(old, &stored, error);
  if (status == HEED_OK) *same = same_sweep(plan, stored);
  plan_free(stored);
  return status == HEED_INVALID ? HEED_OK : status;
}

/* Reads all that a run reads of an earlier result. */
static heed_status read_all(void *context, heed_error *error) {
  const char *path = context;
  heed_plan *stored = NULL;
  work_batch batch;
  heed_status status = result_read_plan(path, &stored, NULL, error);
  if (status != HEED_OK) return status;
  status = result_read(path, stored, &batch, error);
  for (size_t i = 0; status == HEED_OK && i < PLAN_KEPT_COUNT; i++)
    for (size_t row = 0; row < batch.rows; row++)
      kept_free(batch_kept(&batch, i, row));
  if (status == HEED_OK) batch_free(&batch);
  plan_free(stored);
  return status;
}

/* A file that heed has not sealed may crash the HDF5 library: a child reads it
 * first.  What else is wrong with it, the reader says. */
static heed_status try_reading(const result_old *old, heed_error *error) {
  heed_error reason = {HEED_OK, ""};
  bool crashed;
  if (old->sealed) return HEED_OK;
  crashed = guard_try(old->path, read_all, (void *)(uintptr_t)old->path,
                      &reason) == HEED_INTERNAL;
  return crashed ? heed_fail(error, HEED_IO, "%s", reason.message) : HEED_OK;
}

heed_status result_inspect(const char *result_path, const heed_plan *plan,
                           bool *exists, bool *same, size_t *orphans,
                           heed_error *error) {
  result_old old;
  work_index *self;
  heed_status status = old_open(result_path, &old, error);
  *same = *exists = false;
  *orphans = 0;
  if (status != HEED_OK || old.descriptor < 0) return status;
  *exists = true;
  status = try_reading(&old, error);
  if (status == HEED_OK) status = compare(&old, plan, same, error);
  old_close(&old);
  if (status != HEED_OK || !*same) return status;
  status = index_open(plan, result_path, NULL, &self, error);
  if (status != HEED_OK) return status;
  *orphans = self->orphans;
  index_close(self);
  return HEED_OK;
}
