/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the cell of a key and the files with its record. */
#include "index.h"

#include <stdlib.h>
#include <string.h>

#include "files/file.h"
#include "host/host.h"

static int by_key(const void *a, const void *b) {
  const work_index_key *left = a, *right = b;
  const int order = strcmp(left->key, right->key);
  if (order != 0) return order;
  return left->cell < right->cell ? -1 : left->cell > right->cell;
}

/* The cells with this key: the first index into keys, and *count. */
static size_t find_cells(const work_index *self, const char *key,
                         size_t *count) {
  size_t low = 0, high = self->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (strcmp(self->keys[middle].key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  *count = 0;
  while (low + *count < self->count &&
         strcmp(self->keys[low + *count].key, key) == 0)
    ++*count;
  return low;
}

/* Assigns the record in this row to the cells with its key, unless they have a
 * better one. */
static void note_row(work_index *self, size_t source, size_t row,
                     const char *key, int64_t status) {
  size_t count;
  const size_t first = find_cells(self, key, &count);
  if (status == RECORD_MISSING || *key == '\0') return;
  if (count == 0 && status == RECORD_DONE)
    ++*(self->sources[source].part == NULL ? &self->orphans
                                           : &self->part_orphans);
  for (size_t i = first; i < first + count; i++) {
    work_index_place *place = &self->places[self->keys[i].cell];
    if (place->source == SIZE_MAX || place->status != RECORD_DONE)
      *place = (work_index_place){source, row, status};
  }
}

/* ---- sources ---- */

static heed_status is_damaged(const char *path, heed_error *error) {
  return heed_fail(error, HEED_IO,
                   "%s: is missing, or its bytes are not those that heed wrote",
                   path);
}

/* *root is -1 without a failure if a part is damaged. */
static heed_status open_source(const work_index *self,
                               const work_index_source *source, hdf_file *file,
                               hid_t *root, heed_error *error) {
  char *bytes = NULL;
  size_t length;
  *file = (hdf_file){source->path, HEED_OK, error};
  *root = H5I_INVALID_HID;
  if (source->part == NULL) {
    *root = old_read(&self->old, file);
    return file->status;
  }
  file->status =
      work_read_part(self->work, source->part, &bytes, &length, error);
  if (bytes != NULL) *root = hdf_open_image(file, bytes, length);
  free(bytes);
  return file->status;
}

heed_status index_open_source(const work_index *self, size_t source,
                              hdf_file *file, hid_t *root, heed_error *error) {
  const work_index_source *opened = &self->sources[source];
  const heed_status status = open_source(self, opened, file, root, error);
  if (status == HEED_OK && *root < 0) return is_damaged(opened->path, error);
  return status;
}

static heed_status note_damage(work_index *self, const char *part,
                               heed_error *error) {
  const char **grown = arena_grow(self->memory, self->damaged,
                                  self->damaged_count, sizeof *grown);
  if (grown == NULL) return heed_no_memory(error);
  self->damaged = grown;
  grown[self->damaged_count++] = part;
  return HEED_OK;
}

static heed_status read_keys(work_index *self, size_t source,
                             heed_error *error) {
  const work_index_source *read = &self->sources[source];
  hdf_file file;
  size_t rows, count;
  hid_t root;
  char **keys;
  int64_t *status;
  if (open_source(self, read, &file, &root, error) != HEED_OK)
    return file.status;
  if (root < 0) return note_damage(self, read->part, error);
  keys = hdf_read_texts(&file, root, read->part == NULL ? "cells/key" : "key",
                        &rows);
  status = hdf_read_integers(&file, root, "status", &count);
  if (rows != count) hdf_fail(&file, "read", "status");
  for (size_t i = 0; file.status == HEED_OK && i < rows; i++)
    if (keys[i] != NULL) note_row(self, source, i, keys[i], status[i]);
  hdf_free_texts(keys, rows);
  free(status);
  hdf_close(&file, root);
  return file.status;
}

/* part: NULL for the result. */
static heed_status add_source(work_index *self, const char *path,
                              const char *part, heed_error *error) {
  char *copy = arena_copy(self->memory, path);
  work_index_source *grown = arena_grow(self->memory, self->sources,
                                        self->source_count, sizeof *grown);
  if (arena_refused(self->memory)) return heed_no_memory(error);
  self->sources = grown;
  grown[self->source_count++] =
      (work_index_source){copy, part == NULL ? NULL : strrchr(copy, '/') + 1};
  return read_keys(self, self->source_count - 1, error);
}

static heed_status add_part(work_index *self, const char *name,
                            heed_error *error) {
  char *path = file_name("%s/%s", work_folder(self->work), name);
  const heed_status status = path == NULL ? heed_no_memory(error)
                                          : add_source(self, path, name, error);
  free(path);
  return status;
}

static heed_status add_parts(work_index *self, heed_error *error) {
  folder_names parts;
  heed_status status = work_list_parts(self->work, &parts, error);
  for (size_t i = 0; status == HEED_OK && i < parts.count; i++)
    status = add_part(self, parts.names[i], error);
  folder_free_names(&parts);
  return status;
}

/* Adds the records of an earlier result, if there is one. */
static heed_status add_result(work_index *self, const char *path,
                              heed_error *error) {
  heed_plan *stored = NULL;
  heed_status status = old_open(path, &self->old, error);
  if (status != HEED_OK || self->old.descriptor < 0) return status;
  status = old_read_plan(&self->old, &stored, error);
  plan_free(stored);
  if (status == HEED_INVALID)
    return heed_fail(error, HEED_IO,
                     "%s: is not a heed result; heed does not overwrite it",
                     path);
  return status == HEED_OK ? add_source(self, path, NULL, error) : status;
}

/* Sorts the cells by the source of their record, by counting. */
static heed_status group_cells(work_index *self, heed_error *error) {
  size_t *next =
      arena_allocate(self->memory, self->source_count + 2, sizeof *next);
  self->first = next;
  self->cells = arena_allocate(self->memory, self->count, sizeof *self->cells);
  if (arena_refused(self->memory)) return heed_no_memory(error);
  /* First next[i + 2] counts source i, then next[i + 1] is its next
   * position. */
  for (size_t i = 0; i < self->count; i++)
    if (self->places[i].source != SIZE_MAX) next[self->places[i].source + 2]++;
  for (size_t i = 2; i < self->source_count + 2; i++) next[i] += next[i - 1];
  for (size_t i = 0; i < self->count; i++)
    if (self->places[i].source != SIZE_MAX)
      self->cells[next[self->places[i].source + 1]++] = i;
  return HEED_OK;
}

heed_status index_open(const heed_plan *plan, const char *result_path,
                       const heed_work *work, work_index **result,
                       heed_error *error) {
  const size_t count = plan_cell_count(plan);
  host_arena *memory = arena_create();
  work_index *self = arena_allocate(memory, 1, sizeof *self);
  work_index_key *keys = arena_allocate(memory, count, sizeof *keys);
  work_index_place *places = arena_allocate(memory, count, sizeof *places);
  heed_status status = HEED_OK;
  if (arena_refused(memory)) {
    arena_free(memory);
    return heed_no_memory(error);
  }
  *self = (work_index){.memory = memory,
                       .plan = plan,
                       .work = work,
                       .old = {.descriptor = -1},
                       .count = count,
                       .keys = keys,
                       .places = places};
  for (size_t i = 0; i < self->count; i++) {
    plan_cell_key(plan, i, self->keys[i].key);
    self->keys[i].cell = i;
    self->places[i] = (work_index_place){SIZE_MAX, 0, RECORD_MISSING};
  }
  qsort(self->keys, self->count, sizeof *self->keys, by_key);
  if (result_path != NULL) status = add_result(self, result_path, error);
  if (status == HEED_OK && work != NULL) status = add_parts(self, error);
  if (status == HEED_OK) status = group_cells(self, error);
  if (status == HEED_OK)
    *result = self;
  else
    index_close(self);
  return status;
}

void index_close(work_index *self) {
  if (self == NULL) return;
  old_close(&self->old);
  arena_free(self->memory);
}
