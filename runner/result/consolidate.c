/* SPDX-License-Identifier: GPL-3.0-or-later
 * The result file: one labelled cube that opens without our code.
 * docs/results.md describes it. */
#include <stdlib.h>
#include <string.h>

#include "files/fault.h"
#include "files/file.h"
#include "hdf/kept.h"
#include "host/host.h"
#include "index.h"
#include "writer.h"

/* ---- gathering ---- */

/* The labels of every row of a kept table: the cell's position on the grid. */
typedef struct grid_labels {
  int64_t cell, replicate;
  int32_t position[MOST_RANK];
  char names[MOST_RANK][80];
  heed_column columns[MOST_RANK + 2];
  heed_table table;
} grid_labels;

static void label_cell(grid_labels *labels, const result_cube *cube,
                       size_t cell) {
  const heed_plan *grid = cube->plan;
  const plan_point *point = &grid->points[cell / grid->replicates];
  labels->cell = (int64_t)cube->place_of[cell];
  labels->replicate = (int64_t)(cell % grid->replicates);
  labels->columns[0] = (heed_column){"cell", HEED_INT64, 1, &labels->cell};
  labels->columns[1] =
      (heed_column){"replicate", HEED_INT64, 1, &labels->replicate};
  for (size_t i = 0; i < grid->axis_count && i < MOST_RANK; i++) {
    labels->position[i] = (int32_t)point->position[i];
    (void)snprintf(labels->names[i], sizeof labels->names[i], "%.70s_index",
                   grid->axes[i].coordinate.name);
    labels->columns[2 + i] =
        (heed_column){labels->names[i], HEED_INT32, 1, &labels->position[i]};
  }
  labels->table = (heed_table){sizeof labels->table, "labels", 1,
                               2 + grid->axis_count, labels->columns};
}

static heed_status fill_cube(const work_index *index, result_cube *cube,
                             heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < index->source_count; i++) {
    const work_index_source *source = &index->sources[i];
    work_batch batch;
    status = source->result
                 ? result_read(source->path, index->plan, &batch, error)
                 : batch_read_part(source->path, index->plan, &batch, error);
    if (status != HEED_OK) break;
    for (size_t j = index->first[i];
         status == HEED_OK && j < index->first[i + 1]; j++) {
      const size_t cell = index->cells[j];
      status = cube_fill(cube, cell, &batch, index->places[cell].row, error);
    }
    batch_free(&batch);
  }
  if (status == HEED_OK) cube_sort(cube);
  return status;
}

/* ---- kept tables ---- */

/* The first row of each place in a kept table: rows are in the order of the
 * grid, not of the parts.  NULL: failure. */
static size_t *first_rows(result_writer *self, size_t which, size_t *total) {
  const result_cube *cube = self->cube;
  size_t *first = writer_room(self, cube->places, sizeof *first);
  *total = 0;
  for (size_t i = 0; first != NULL && i < cube->places; i++) {
    first[i] = *total;
    *total += cube->kept[which][i];
  }
  return first;
}

/* Copies the rows of one source, one record at a time. */
static void copy_kept(result_writer *self, const work_index *index,
                      size_t source, size_t which, const size_t *first,
                      hdf_kept *kept) {
  grid_labels labels;
  work_batch batch;
  if (self->file.status != HEED_OK) return;
  self->file.status =
      batch_read_kept(index->sources[source].path, &batch, self->file.error);
  if (self->file.status != HEED_OK) return;
  for (size_t i = index->first[source]; i < index->first[source + 1]; i++) {
    const size_t cell = index->cells[i];
    heed_table *table;
    if (self->file.status != HEED_OK) break;
    table = batch_kept(&batch, which, index->places[cell].row);
    label_cell(&labels, self->cube, cell);
    if (table != NULL)
      kept_put(kept, &labels.table, table, first[self->cube->place_of[cell]]);
    kept_free(table);
    if (self->file.status == HEED_OK) self->file.status = batch.file.status;
  }
  batch_free(&batch);
}

static void write_kept(result_writer *self, const work_index *index,
                       size_t which) {
  size_t total;
  const size_t *first = first_rows(self, which, &total);
  hdf_kept *kept =
      kept_create(&self->file, self->root, plan_kept_names[which], total);
  if (kept == NULL) hdf_no_memory(&self->file);
  for (size_t i = 0; total > 0 && i < index->source_count; i++)
    copy_kept(self, index, i, which, first, kept);
  if (kept != NULL) kept_close(kept);
}

/* Writes the whole file under a temporary name. */
static heed_status write_result(const char *path, const work_index *index,
                                result_cube *cube,
                                const result_provenance *provenance,
                                heed_error *error) {
  result_writer self = {
      .file = {path, HEED_OK, error}, .memory = arena_create(), .cube = cube};
  self.root = hdf_create(&self.file);
  if (self.file.status == HEED_OK)
    self.file.status = fill_cube(index, cube, error);
  if (self.file.status == HEED_OK) {
    writer_put_lists(&self, provenance);
    writer_put_grids(&self);
  }
  for (size_t i = 0; self.file.status == HEED_OK && i < PLAN_KEPT_COUNT; i++)
    write_kept(&self, index, i);
  hdf_close(&self.file, self.root);
  arena_free(self.memory);
  return self.file.status;
}

/* Removes the temporary files of a run that was killed while it wrote this
 * result. */
static void clean(const char *result_path) {
  const char *slash = strrchr(result_path, '/');
  char *folder = file_folder(result_path);
  char *prefix = file_name("%s.tmp-", slash == NULL ? result_path : slash + 1);
  if (folder != NULL && prefix != NULL) file_clean(folder, prefix);
  free(folder);
  free(prefix);
}

heed_status result_consolidate(const heed_work *folder, const char *result_path,
                               const heed_plan *plan,
                               const result_provenance *provenance,
                               heed_error *error) {
  work_index *index = NULL;
  result_cube *all = NULL;
  char *temporary = file_temporary(result_path);
  heed_status status = HEED_OK;
  clean(result_path);
  if (temporary == NULL) status = heed_no_memory(error);
  if (status == HEED_OK)
    status = index_open(plan, result_path, work_folder(folder), &index, error);
  if (status == HEED_OK) status = cube_create(plan, &all, error);
  if (status == HEED_OK) {
    fault_point("create");
    status = file_create(temporary, result_path, error);
    if (status == HEED_OK)
      status = write_result(temporary, index, all, provenance, error);
    fault_point("write");
    if (status == HEED_OK)
      status = file_commit(temporary, result_path, error);
    else
      (void)file_remove(temporary, NULL);
  }
  cube_free(all);
  index_close(index);
  free(temporary);
  return status;
}
