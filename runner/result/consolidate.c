/* SPDX-License-Identifier: GPL-3.0-or-later
 * The result file: one labelled cube that opens without our code.
 * docs/results.md describes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/fault.h"
#include "files/file.h"
#include "hdf/kept.h"
#include "host/host.h"
#include "index.h"
#include "seal.h"
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
    work_batch batch;
    hdf_file file;
    hid_t root;
    if (index->first[i] == index->first[i + 1]) continue;
    status = index_open_source(index, i, &file, &root, error);
    if (status == HEED_OK)
      status = index->sources[i].part == NULL
                   ? batch_read_result(file, root, index->plan, &batch)
                   : batch_read_part(file, root, index->plan, &batch);
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

/* Copies the rows of one record: as they are, or in blocks. */
static void copy_record(result_writer *self, work_batch *batch, size_t which,
                        size_t row, const heed_table *labels, size_t position,
                        hdf_kept *kept) {
  const size_t rows =
      batch->kept_count[which] == NULL ? 0 : batch->kept_count[which][row];
  if (kept_copy(kept, batch->root, labels, rows)) return;
  for (size_t i = 0; self->file.status == HEED_OK && i < rows;
       i += KEPT_BLOCK) {
    const size_t left = rows - i;
    heed_table *table = batch_kept_rows(
        batch, which, row, i, left < KEPT_BLOCK ? left : KEPT_BLOCK, NULL);
    if (table != NULL) kept_put(kept, labels, table, position + i);
    kept_free(table);
    if (self->file.status == HEED_OK) self->file.status = batch->file.status;
  }
}

/* The kept tables of the new result.  NULL: it has no such table. */
typedef struct kept_tables {
  size_t count;
  hdf_kept *kept[PLAN_KEPT_COUNT];
  const size_t *first[PLAN_KEPT_COUNT]; /* row of each place */
} kept_tables;

/* Copies the rows of one source, one record at a time. */
static void copy_kept(result_writer *self, const work_index *index,
                      size_t source, const kept_tables *tables) {
  grid_labels labels;
  work_batch batch;
  hdf_file file;
  hid_t root;
  if (self->file.status != HEED_OK ||
      index->first[source] == index->first[source + 1])
    return;
  self->file.status =
      index_open_source(index, source, &file, &root, self->file.error);
  if (self->file.status == HEED_OK)
    self->file.status = batch_read_kept(file, root, &batch);
  if (self->file.status != HEED_OK) return;
  for (size_t i = index->first[source]; i < index->first[source + 1]; i++) {
    const size_t cell = index->cells[i];
    label_cell(&labels, self->cube, cell);
    for (size_t which = 0; which < PLAN_KEPT_COUNT; which++)
      if (tables->kept[which] != NULL)
        copy_record(self, &batch, which, index->places[cell].row, &labels.table,
                    tables->first[which][self->cube->place_of[cell]],
                    tables->kept[which]);
  }
  batch_free(&batch);
}

static void open_kept(result_writer *self, kept_tables *tables) {
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++) {
    size_t total;
    tables->first[i] = first_rows(self, i, &total);
    if (tables->first[i] == NULL || total == 0) continue;
    tables->kept[i] = batch_create_kept(&self->file, self->root, i, total);
    tables->count++;
    if (tables->kept[i] == NULL) hdf_no_memory(&self->file);
  }
}

/* Opens each source once for all tables: it may be large. */
static void write_kept(result_writer *self, const work_index *index) {
  kept_tables tables = {0};
  open_kept(self, &tables);
  for (size_t i = 0; tables.count > 0 && i < index->source_count; i++)
    copy_kept(self, index, i, &tables);
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    if (tables.kept[i] != NULL) kept_close(tables.kept[i]);
}

static heed_status write_cells(int descriptor, const char *path,
                               const work_index *index, result_cube *cube,
                               const result_provenance *provenance,
                               heed_error *error) {
  result_writer self = {
      .file = {path, HEED_OK, error}, .memory = arena_create(), .cube = cube};
  self.root = hdf_create(&self.file, descriptor);
  if (self.file.status == HEED_OK)
    self.file.status = fill_cube(index, cube, error);
  if (self.file.status == HEED_OK) {
    seal_announce(&self.file, self.root);
    writer_put_lists(&self, provenance);
    writer_put_grids(&self);
  }
  if (self.file.status == HEED_OK) write_kept(&self, index);
  hdf_close(&self.file, self.root);
  arena_free(self.memory);
  return self.file.status;
}

/* ---- counting again ---- */

typedef struct result_count {
  size_t expected, missing, done;
} result_count;

static void count_cell(const result_goal *goal, size_t cell, bool there,
                       bool done, result_count *count) {
  const uint8_t recorded =
      goal->recorded == NULL ? WORK_NOT_RECORDED : goal->recorded[cell];
  count->done += done;
  if (recorded == WORK_NOT_RECORDED) return;
  count->expected++;
  count->missing += recorded == WORK_DONE ? !done : !there;
}

/* Counts the cells in the file that has just been written. */
static heed_status count_written(int descriptor, const char *path,
                                 const result_cube *cube,
                                 const result_goal *goal, result_count *count,
                                 heed_error *error) {
  const heed_plan *plan = cube->plan;
  hdf_file file = {path, HEED_OK, error};
  const hid_t root = hdf_open_descriptor(&file, descriptor);
  size_t keys_count, status_count;
  char **keys = hdf_read_texts(&file, root, "cells/key", &keys_count);
  int64_t *status = hdf_read_integers(&file, root, "status", &status_count);
  if (keys_count != cube->places || status_count != cube->places)
    hdf_fail(&file, "read", "cells/key");
  for (size_t i = 0; file.status == HEED_OK && i < plan_cell_count(plan); i++) {
    const size_t place = cube->place_of[i];
    const bool there = status[place] != RECORD_MISSING && keys[place] != NULL &&
                       strcmp(keys[place], cube->keys[place]) == 0;
    count_cell(goal, i, there, there && status[place] == RECORD_DONE, count);
  }
  hdf_free_texts(keys, keys_count);
  free(status);
  hdf_close(&file, root);
  return file.status;
}

static heed_status cells_are_missing(const work_index *index,
                                     const char *result_path, size_t missing,
                                     size_t expected, heed_error *error) {
  const bool damaged = index->damaged_count > 0;
  return heed_fail(
      error, HEED_IO,
      "%s: %zu of the %zu recorded cells are missing%s%s%s%s: %s or a file in "
      "%s was moved or changed; heed leaves both unchanged; put back what is "
      "missing and run again, or only run again to recompute the cells",
      result_path, missing, expected,
      index->old.descriptor < 0 ? " (no file has this name)" : "",
      damaged ? " (damaged: " : "", damaged ? index->damaged[0] : "",
      damaged ? ")" : "", result_path, work_folder(index->work));
}

static heed_status check_written(int descriptor, const char *path,
                                 const char *result_path,
                                 const work_index *index,
                                 const result_cube *cube,
                                 const result_goal *goal, heed_error *error) {
  result_count count = {0, 0, 0};
  const heed_status status =
      count_written(descriptor, path, cube, goal, &count, error);
  if (status != HEED_OK) return status;
  if (count.missing > 0)
    return cells_are_missing(index, result_path, count.missing, count.expected,
                             error);
  if (count.done < goal->done)
    return cells_are_missing(index, result_path, goal->done - count.done,
                             goal->done, error);
  return HEED_OK;
}

/* ---- the file ---- */

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

/* Writes, counts and seals the file behind the descriptor. */
static heed_status write_result(int descriptor, const char *path,
                                const char *result_path,
                                const work_index *index,
                                const result_goal *goal,
                                const result_provenance *provenance,
                                heed_error *error) {
  result_cube *all = NULL;
  heed_status status = cube_create(index->plan, &all, error);
  if (status == HEED_OK) {
    fault_point("create");
    status = write_cells(descriptor, path, index, all, provenance, error);
    fault_point("write");
  }
  if (status == HEED_OK)
    status =
        check_written(descriptor, path, result_path, index, all, goal, error);
  if (status == HEED_OK) status = seal_write(descriptor, path, error);
  if (status == HEED_OK && !goal->replace && !old_is_in_place(&index->old))
    status = heed_fail(error, HEED_IO,
                       "%s: the file was moved or changed while heed wrote "
                       "the new result; heed leaves it and %s unchanged; run "
                       "again",
                       result_path, work_folder(index->work));
  cube_free(all);
  return status;
}

/* HDF5 writes to the file that this process made, whatever its path may name
 * later. */
static heed_status make_result(const char *temporary, const char *result_path,
                               const work_index *index, const result_goal *goal,
                               const result_provenance *provenance,
                               heed_error *error) {
  const int descriptor = file_create(temporary, result_path);
  heed_status status;
  if (descriptor < 0)
    return heed_fail(error, HEED_IO, "%s: cannot create: %s", result_path,
                     strerror(errno));
  status = write_result(descriptor, temporary, result_path, index, goal,
                        provenance, error);
  (void)close(descriptor);
  if (status == HEED_OK) return file_commit(temporary, result_path, error);
  (void)file_remove(temporary, NULL);
  return status;
}

heed_status result_consolidate(const heed_work *work, const char *result_path,
                               const heed_plan *plan, const result_goal *goal,
                               const result_provenance *provenance,
                               heed_error *error) {
  work_index *index = NULL;
  char *temporary = file_temporary(result_path);
  heed_status status = temporary == NULL ? heed_no_memory(error) : HEED_OK;
  if (status == HEED_OK) {
    clean(result_path);
    status = index_open(plan, goal->replace ? NULL : result_path, work, &index,
                        error);
  }
  if (status == HEED_OK)
    status =
        make_result(temporary, result_path, index, goal, provenance, error);
  index_close(index);
  free(temporary);
  return status;
}
