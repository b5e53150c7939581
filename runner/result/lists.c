/* SPDX-License-Identifier: GPL-3.0-or-later
 * Groups of columns in a result file, and the attributes of the file. */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "writer.h"

#define RESULT_FORMAT 1

static const heed_plan *plan_of(const result_writer *self) {
  return self->cube->plan;
}

typedef struct lists_listing {
  result_writer *writer;
  hid_t group, scale;
  size_t count;
} lists_listing;

static void list_scale(lists_listing *list, const char *name) {
  writer_make_scale(list->writer, list->scale, name);
}

/* Opens a group whose scale numbers its rows. */
static lists_listing list_open(result_writer *writer, const char *group,
                               const char *scale, size_t count) {
  lists_listing list = {writer, hdf_group(&writer->file, writer->root, group),
                        H5I_INVALID_HID, count};
  const hsize_t extent = count;
  const int64_t *numbers = writer_numbers(writer, count);
  list.scale = hdf_write(&writer->file, list.group, scale, H5T_NATIVE_INT64, 1,
                         &extent, numbers);
  list_scale(&list, scale);
  return list;
}

static void list_close(lists_listing *list) {
  if (list->scale >= 0) (void)H5Dclose(list->scale);
  if (list->group >= 0) (void)H5Gclose(list->group);
}

static void list_column(lists_listing *list, const char *name, hid_t type,
                        const void *data) {
  const hsize_t extent = list->count;
  const hid_t set =
      hdf_write(&list->writer->file, list->group, name, type, 1, &extent, data);
  writer_attach(list->writer, set, list->scale, 0, name);
  if (set >= 0) (void)H5Dclose(set);
}

static void list_texts(lists_listing *list, const char *name,
                       const char *const *texts) {
  const hid_t type = hdf_text_type();
  list_column(list, name, type, texts);
  (void)H5Tclose(type);
}

static void write_errors(result_writer *self) {
  const result_cube *cube = self->cube;
  const size_t count = cube->failure_count;
  int64_t *numbers = writer_room(self, count, sizeof *numbers);
  const char **texts = writer_room(self, count, sizeof *texts);
  if (count > 0 && self->file.status == HEED_OK) {
    lists_listing list = list_open(self, "errors", "error", count);
    for (size_t i = 0; i < count; i++)
      numbers[i] = (int64_t)cube->failures[i].place;
    list_column(&list, "cell", H5T_NATIVE_INT64, numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = cube->failures[i].signal;
    list_column(&list, "signal", H5T_NATIVE_INT64, numbers);
    for (size_t i = 0; i < count; i++) texts[i] = cube->failures[i].stage;
    list_texts(&list, "stage", texts);
    for (size_t i = 0; i < count; i++) texts[i] = cube->failures[i].plugin;
    list_texts(&list, "plugin", texts);
    for (size_t i = 0; i < count; i++) texts[i] = cube->failures[i].message;
    list_texts(&list, "message", texts);
    list_close(&list);
  }
}

static void write_warnings(result_writer *self) {
  const result_cube *cube = self->cube;
  const size_t count = cube->warning_count;
  int64_t *numbers = writer_room(self, count, sizeof *numbers);
  const char **texts = writer_room(self, count, sizeof *texts);
  if (count > 0 && self->file.status == HEED_OK) {
    lists_listing list = list_open(self, "warnings", "warning", count);
    for (size_t i = 0; i < count; i++)
      numbers[i] = (int64_t)cube->warnings[i].place;
    list_column(&list, "cell", H5T_NATIVE_INT64, numbers);
    for (size_t i = 0; i < count; i++) texts[i] = cube->warnings[i].code;
    list_texts(&list, "code", texts);
    for (size_t i = 0; i < count; i++) texts[i] = cube->warnings[i].plugin;
    list_texts(&list, "plugin", texts);
    for (size_t i = 0; i < count; i++) texts[i] = cube->warnings[i].message;
    list_texts(&list, "message", texts);
    list_close(&list);
  }
}

static void write_plugins(result_writer *self) {
  const heed_plan *plan = plan_of(self);
  const char **texts = writer_room(self, plan->plugin_count, sizeof *texts);
  if (plan->plugin_count > 0 && self->file.status == HEED_OK) {
    lists_listing list =
        list_open(self, "plugins", "plugin", plan->plugin_count);
    for (size_t i = 0; i < plan->plugin_count; i++)
      texts[i] = kind_name(plan->plugins[i].kind);
    list_texts(&list, "kind", texts);
    for (size_t i = 0; i < plan->plugin_count; i++)
      texts[i] = plan->plugins[i].name;
    list_texts(&list, "name", texts);
    for (size_t i = 0; i < plan->plugin_count; i++)
      texts[i] = plan->plugins[i].version;
    list_texts(&list, "version", texts);
    for (size_t i = 0; i < plan->plugin_count; i++)
      texts[i] = plan->plugins[i].file;
    list_texts(&list, "file", texts);
    for (size_t i = 0; i < plan->plugin_count; i++)
      texts[i] = plan->plugins[i].sha256;
    list_texts(&list, "sha256", texts);
    list_close(&list);
  }
}

static void write_inputs(result_writer *self) {
  const heed_plan *plan = plan_of(self);
  const char **texts = writer_room(self, plan->input_count, sizeof *texts);
  if (plan->input_count > 0 && self->file.status == HEED_OK) {
    lists_listing list = list_open(self, "inputs", "input", plan->input_count);
    for (size_t i = 0; i < plan->input_count; i++)
      texts[i] = plan->inputs[i].path;
    list_texts(&list, "path", texts);
    for (size_t i = 0; i < plan->input_count; i++)
      texts[i] = plan->inputs[i].sha256;
    list_texts(&list, "sha256", texts);
    list_close(&list);
  }
}

static void write_sweep(result_writer *self) {
  const heed_plan *plan = plan_of(self);
  const hid_t group = hdf_group(&self->file, self->root, "sweep");
  char *text = json_dumps(plan->json, JSON_COMPACT | JSON_REAL_PRECISION(17));
  if (text == NULL)
    hdf_no_memory(&self->file);
  else
    hdf_put_text(&self->file, group, "plan", text);
  hdf_put_text(&self->file, group, "text", plan->sweep_text);
  hdf_put_text(&self->file, group, "file", plan->sweep_file);
  free(text);
  if (group >= 0) (void)H5Gclose(group);
}

static void write_provenance(result_writer *self,
                             const result_provenance *provenance) {
  const heed_plan *plan = plan_of(self);
  hdf_file *file = &self->file;
  hdf_note(file, self->root, "Conventions", "CF-1.10");
  hdf_note(file, self->root, "title", plan->title);
  hdf_note_integer(file, self->root, "format", RESULT_FORMAT);
  hdf_note(file, self->root, "heed_version", HEED_VERSION);
  hdf_note_integer(file, self->root, "plugin_abi", HEED_ABI_MAJOR);
  hdf_note_integer(file, self->root, "seed", (int64_t)plan->seed);
  if (provenance == NULL) return;
  writer_note(self, self->root, "command", provenance->command);
  writer_note(self, self->root, "host", provenance->host);
  writer_note(self, self->root, "user", provenance->user);
  writer_note(self, self->root, "start", provenance->start);
  writer_note(self, self->root, "end", provenance->end);
  hdf_note_number(file, self->root, "wall_seconds", provenance->wall_seconds);
  hdf_note_integer(file, self->root, "workers", (int64_t)provenance->workers);
}

void writer_put_lists(result_writer *self,
                      const result_provenance *provenance) {
  write_provenance(self, provenance);
  write_errors(self);
  write_warnings(self);
  write_plugins(self);
  write_inputs(self);
  write_sweep(self);
}
