/* SPDX-License-Identifier: GPL-3.0-or-later
 * Worlds of costly sources, saved under their stage key: tables and numbers.
 * The source makes its own state again from them. */
#include <stdlib.h>
#include <string.h>

#include "files/file.h"
#include "folder.h"
#include "hdf/hdf.h"
#include "hdf/kept.h"
#include "heed/memory.h"
#include "host/hash.h"

#define WORLD_FORMAT 1

/* ---- saving ---- */

static void save_table(hdf_file *file, hid_t root, const char *name,
                       const heed_table *table) {
  hid_t group;
  if (table == NULL || file->status != HEED_OK) return;
  group = hdf_group(file, root, name);
  hdf_note_integer(file, group, "rows", (int64_t)table->rows);
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    const hsize_t extent[2] = {table->rows, column->width};
    const hid_t type = hdf_type(column->type);
    hdf_put(file, group, column->name, type, 2, extent, column->data);
    if (column->type == HEED_STRING) (void)H5Tclose(type);
  }
  if (group >= 0) (void)H5Gclose(group);
}

static void save_numbers(hdf_file *file, hid_t root, const heed_world *world) {
  hdf_note_integer(file, root, "heed_world", WORLD_FORMAT);
  hdf_note_integer(file, root, "held_out", (int64_t)world->held_out);
  hdf_note_integer(file, root, "candidates", (int64_t)world->candidates);
  hdf_note_integer(file, root, "features", (int64_t)world->features);
  hdf_note_integer(file, root, "order_unknown", world->order_unknown);
  hdf_note_number(file, root, "mu", world->mu);
  hdf_note_number(file, root, "mu_requested", world->mu_requested);
  if (world->judge_count > 0)
    hdf_put_texts(file, root, "judges", world->judge_count, world->judges);
}

static char *world_name(const char *key) {
  return file_name("stage-%s.h5", key);
}

heed_status work_save_world(const heed_work *self, const char *key,
                            const heed_world *world, char digest[PLAN_KEY_SIZE],
                            heed_error *error) {
  char *name = world_name(key);
  hdf_file file = {name, HEED_OK, error};
  void *bytes;
  size_t length = 0;
  hid_t root;
  if (name == NULL) return heed_no_memory(error);
  root = hdf_memory_file(&file);
  save_numbers(&file, root, world);
  save_table(&file, root, "pairs", world->pairs);
  save_table(&file, root, "prompts", world->prompts);
  save_table(&file, root, "models", world->models);
  save_table(&file, root, "users", world->users);
  save_table(&file, root, "annotations", world->annotations);
  bytes = hdf_image(&file, root, &length);
  hdf_close(&file, root);
  if (file.status == HEED_OK) {
    hash_bytes(bytes, length, digest);
    file.status = folder_write(&self->folder, name, bytes, length, error);
  }
  free(bytes);
  free(name);
  return file.status;
}

/* ---- loading ---- */

/* Copies a column into a table of the host. */
static void load_column(hdf_file *file, const heed_host *host,
                        const heed_column *column, heed_table *table) {
  const size_t count = table->rows * column->width;
  heed_memory memory = {host, false};
  void *data = heed_new_column(&memory, table, column->name, column->type,
                               column->width);
  if (data != NULL && column->type == HEED_STRING)
    for (size_t i = 0; i < count; i++)
      ((const char **)data)[i] =
          heed_copy_text(&memory, ((char *const *)column->data)[i]);
  else if (data != NULL && count > 0)
    memcpy(data, column->data, count * heed_type_size(column->type));
  if (memory.refused) hdf_no_memory(file);
}

static heed_table *load_table(hdf_file *file, hid_t root, const char *name,
                              const heed_host *host) {
  heed_table *stored = kept_read(file, root, name, 0, SIZE_MAX), *table;
  int64_t rows = 0;
  if (stored == NULL) return NULL;
  rows = hdf_read_note(file, root, name, "rows");
  table = host->table(host, name, (size_t)rows);
  if (table == NULL) hdf_no_memory(file);
  for (size_t i = 0; file->status == HEED_OK && i < stored->column_count; i++)
    load_column(file, host, &stored->columns[i], table);
  kept_free(stored);
  return table;
}

static void load_judges(hdf_file *file, hid_t root, const heed_host *host,
                        heed_world *world) {
  size_t count;
  char **stored = hdf_read_texts(file, root, "judges", &count);
  heed_memory memory = {host, false};
  const char **judges = heed_allocate(&memory, count, sizeof *judges);
  for (size_t i = 0; judges != NULL && i < count; i++)
    judges[i] = heed_copy_text(&memory, stored[i]);
  if (memory.refused) hdf_no_memory(file);
  hdf_free_texts(stored, count);
  world->judge_count = count;
  world->judges = judges;
}

static void load_world(hdf_file *file, hid_t root, const heed_host *host,
                       heed_world *world) {
  if (hdf_read_note(file, root, ".", "heed_world") != WORLD_FORMAT)
    hdf_fail(file, "read", "a world of another format");
  world->held_out = (size_t)hdf_read_note(file, root, ".", "held_out");
  world->candidates = (size_t)hdf_read_note(file, root, ".", "candidates");
  world->features = (size_t)hdf_read_note(file, root, ".", "features");
  /* Worlds that were saved before ABI 4.1 lack it. */
  if (file->status == HEED_OK && H5Aexists(root, "order_unknown") > 0)
    world->order_unknown = hdf_read_note(file, root, ".", "order_unknown") != 0;
  world->mu = hdf_read_note_number(file, root, ".", "mu");
  world->mu_requested = hdf_read_note_number(file, root, ".", "mu_requested");
  world->pairs = load_table(file, root, "pairs", host);
  world->prompts = load_table(file, root, "prompts", host);
  world->models = load_table(file, root, "models", host);
  world->users = load_table(file, root, "users", host);
  world->annotations = load_table(file, root, "annotations", host);
  load_judges(file, root, host, world);
}

heed_status work_load_world(const heed_work *self, const char *key,
                            const char *digest, const struct heed_host *host,
                            heed_world *world, bool *found, heed_error *error) {
  char *name = world_name(key), *bytes = NULL;
  char actual[HASH_SIZE];
  hdf_file file = {name, HEED_OK, error};
  size_t length;
  hid_t root;
  *found = false;
  if (name == NULL) return heed_no_memory(error);
  file.status = folder_read(&self->folder, name, &bytes, &length, error);
  if (bytes != NULL) {
    hash_bytes(bytes, length, actual);
    *found = strcmp(actual, digest) == 0;
  }
  if (*found) {
    root = hdf_open_image(&file, bytes, length);
    load_world(&file, root, host, world);
    hdf_close(&file, root);
  }
  free(bytes);
  free(name);
  return file.status;
}
