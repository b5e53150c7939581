/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the cell of a key and the files with its record. */
#include "index.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/file.h"
#include "host/host.h"

static int by_key(const void *a, const void *b) {
  const work_index_key *left = a, *right = b;
  const int order = strcmp(left->key, right->key);
  if (order != 0) return order;
  return left->cell < right->cell ? -1 : left->cell > right->cell;
}

size_t index_find(const work_index *self, const char *key, size_t *count) {
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
  const size_t first = index_find(self, key, &count);
  if (status == RECORD_MISSING || *key == '\0') return;
  if (count == 0 && status == RECORD_DONE && self->sources[source].result)
    self->orphans++;
  for (size_t i = first; i < first + count; i++) {
    work_index_place *place = &self->places[self->keys[i].cell];
    if (place->source == SIZE_MAX || place->status != RECORD_DONE)
      *place = (work_index_place){source, row, status};
  }
}

static heed_status read_keys(work_index *self, size_t source,
                             heed_error *error) {
  const work_index_source *read = &self->sources[source];
  hdf_file file = {read->path, HEED_OK, error};
  size_t rows, count;
  hid_t root;
  char **keys;
  int64_t *status;
  root = hdf_open(&file);
  if (root < 0) return file.status;
  keys = hdf_read_texts(&file, root, read->result ? "cells/key" : "key", &rows);
  status = hdf_read_integers(&file, root, "status", &count);
  if (rows != count) hdf_fail(&file, "read", "status");
  for (size_t i = 0; file.status == HEED_OK && i < rows; i++)
    note_row(self, source, i, keys[i], status[i]);
  hdf_free_texts(keys, rows);
  free(status);
  hdf_close(&file, root);
  return file.status;
}

static heed_status add_source(work_index *self, const char *path, bool result,
                              heed_error *error) {
  char *copy = arena_copy(self->memory, path);
  work_index_source *grown = arena_grow(self->memory, self->sources,
                                        self->source_count, sizeof *grown);
  if (arena_refused(self->memory)) return heed_no_memory(error);
  self->sources = grown;
  grown[self->source_count++] = (work_index_source){copy, result};
  return read_keys(self, self->source_count - 1, error);
}

static heed_status add_part(work_index *self, const char *folder,
                            const char *name, heed_error *error) {
  char *path = file_name("%s/%s", folder, name);
  const heed_status status = path == NULL
                                 ? heed_no_memory(error)
                                 : add_source(self, path, false, error);
  free(path);
  return status;
}

static int is_part(const struct dirent *entry) {
  const size_t length = strlen(entry->d_name);
  return strncmp(entry->d_name, "part-", 5) == 0 && length > 8 &&
         strcmp(entry->d_name + length - 3, ".h5") == 0 &&
         !file_is_temporary(entry->d_name);
}

static heed_status add_parts(work_index *self, const char *folder,
                             heed_error *error) {
  struct dirent **names;
  heed_status status = HEED_OK;
  const int count = scandir(folder, &names, is_part, alphasort);
  if (count < 0)
    return heed_fail(error, HEED_IO, "%s: cannot read: %s", folder,
                     strerror(errno));
  for (int i = 0; i < count; i++) {
    if (status == HEED_OK)
      status = add_part(self, folder, names[i]->d_name, error);
    free(names[i]);
  }
  free(names);
  return status;
}

/* Reads the plan in a result file. */
heed_status result_read_plan(const char *path, heed_plan **result,
                             heed_error *error) {
  hdf_file file = {path, HEED_OK, error};
  char *text;
  hid_t root;
  heed_status status;
  root = hdf_open(&file);
  if (root < 0) return file.status;
  text = H5Lexists(root, "sweep", H5P_DEFAULT) > 0
             ? hdf_read_text(&file, root, "sweep/plan")
             : NULL;
  hdf_close(&file, root);
  if (file.status == HEED_MEMORY) return file.status;
  if (text == NULL)
    return heed_fail(error, HEED_INVALID, "%s: is not a heed result", path);
  status = plan_parse(text, strlen(text), result, error);
  free(text);
  return status;
}

/* Adds the records of an earlier result, if the file exists and is a heed
 * result. */
static heed_status add_result(work_index *self, const char *path,
                              heed_error *error) {
  heed_plan *stored = NULL;
  heed_status status;
  if (access(path, F_OK) != 0) return HEED_OK;
  status = result_read_plan(path, &stored, NULL);
  if (status == HEED_MEMORY) return heed_no_memory(error);
  if (status != HEED_OK) return HEED_OK;
  plan_free(stored);
  return add_source(self, path, true, error);
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
                       const char *folder, work_index **result,
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
  if (status == HEED_OK && folder != NULL)
    status = add_parts(self, folder, error);
  if (status == HEED_OK) status = group_cells(self, error);
  if (status == HEED_OK)
    *result = self;
  else
    index_close(self);
  return status;
}

void index_close(work_index *self) {
  if (self != NULL) arena_free(self->memory);
}

heed_status result_recorded(const heed_work *folder, const char *result_path,
                            const heed_plan *plan, bool retry,
                            uint8_t *recorded, heed_error *error) {
  work_index *self;
  const heed_status status =
      index_open(plan, result_path, work_folder(folder), &self, error);
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
  index_close(self);
  return HEED_OK;
}

static bool same_sweep(const heed_plan *a, const heed_plan *b) {
  if (strcmp(a->title, b->title) != 0 || a->axis_count != b->axis_count)
    return false;
  for (size_t i = 0; i < a->axis_count; i++)
    if (strcmp(a->axes[i].coordinate.name, b->axes[i].coordinate.name) != 0)
      return false;
  return true;
}

heed_status result_inspect(const char *result_path, const heed_plan *plan,
                           bool *exists, bool *same, size_t *orphans,
                           heed_error *error) {
  work_index *self;
  heed_plan *stored = NULL;
  heed_status status;
  *same = false;
  *orphans = 0;
  *exists = access(result_path, F_OK) == 0;
  if (!*exists) return HEED_OK;
  status = result_read_plan(result_path, &stored, NULL);
  if (status == HEED_MEMORY) return heed_no_memory(error);
  if (status != HEED_OK || stored == NULL) return HEED_OK;
  *same = same_sweep(plan, stored);
  plan_free(stored);
  if (!*same) return HEED_OK;
  status = index_open(plan, result_path, NULL, &self, error);
  if (status != HEED_OK) return status;
  *orphans = self->orphans;
  index_close(self);
  return HEED_OK;
}
