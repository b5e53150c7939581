/* SPDX-License-Identifier: GPL-3.0-or-later
 * Groups of columns in a result file, and what the whole file says of itself.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "writer.h"

#define RESULT_FORMAT 1

static const plan *plan_of(const writer *self) {
  return self->cube->plan;
}

typedef struct listing {
  writer *to;
  hid_t group, scale;
  size_t count;
} listing;

static void list_scale(listing *list, const char *name) {
  writer_make_scale(list->to, list->scale, name);
}

/* Opens a group whose scale numbers its rows. */
static listing list_open(writer *to, const char *group, const char *scale,
                         size_t count) {
  listing list = {to, hdf_group(&to->file, to->root, group), H5I_INVALID_HID,
                  count};
  const hsize_t extent = count;
  int64_t *numbers = malloc((count + 1) * sizeof *numbers);
  if (numbers == NULL) {
    hdf_fail(&to->file, "find memory for", group);
    return list;
  }
  for (size_t i = 0; i < count; i++) numbers[i] = (int64_t)i;
  list.scale = hdf_write(&to->file, list.group, scale, H5T_NATIVE_INT64, 1,
                         &extent, numbers);
  free(numbers);
  list_scale(&list, scale);
  return list;
}

static void list_close(listing *list) {
  if (list->scale >= 0) (void)H5Dclose(list->scale);
  if (list->group >= 0) (void)H5Gclose(list->group);
}

static void list_column(listing *list, const char *name, hid_t type,
                        const void *data) {
  const hsize_t extent = list->count;
  const hid_t set =
      hdf_write(&list->to->file, list->group, name, type, 1, &extent, data);
  writer_attach(list->to, set, list->scale, 0, name);
  if (set >= 0) (void)H5Dclose(set);
}

static void list_texts(listing *list, const char *name,
                       const char *const *texts) {
  const hid_t type = hdf_text_type();
  list_column(list, name, type, texts);
  (void)H5Tclose(type);
}

static void write_errors(writer *self) {
  const cube *of = self->cube;
  const size_t count = of->failure_count;
  int64_t *numbers = malloc((count + 1) * sizeof *numbers);
  const char **texts = malloc((count + 1) * sizeof *texts);
  if (numbers == NULL || texts == NULL)
    hdf_fail(&self->file, "find memory for", "errors");
  if (count > 0 && self->file.status == HEED_OK) {
    listing list = list_open(self, "errors", "error", count);
    for (size_t i = 0; i < count; i++)
      numbers[i] = (int64_t)of->failures[i].place;
    list_column(&list, "cell", H5T_NATIVE_INT64, numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = of->failures[i].signal;
    list_column(&list, "signal", H5T_NATIVE_INT64, numbers);
    for (size_t i = 0; i < count; i++) texts[i] = of->failures[i].stage;
    list_texts(&list, "stage", texts);
    for (size_t i = 0; i < count; i++) texts[i] = of->failures[i].plugin;
    list_texts(&list, "plugin", texts);
    for (size_t i = 0; i < count; i++) texts[i] = of->failures[i].message;
    list_texts(&list, "message", texts);
    list_close(&list);
  }
  free(numbers);
  free(texts);
}

static void write_warnings(writer *self) {
  const cube *of = self->cube;
  const size_t count = of->warning_count;
  int64_t *numbers = malloc((count + 1) * sizeof *numbers);
  const char **texts = malloc((count + 1) * sizeof *texts);
  if (numbers == NULL || texts == NULL)
    hdf_fail(&self->file, "find memory for", "warnings");
  if (count > 0 && self->file.status == HEED_OK) {
    listing list = list_open(self, "warnings", "warning", count);
    for (size_t i = 0; i < count; i++)
      numbers[i] = (int64_t)of->warnings[i].place;
    list_column(&list, "cell", H5T_NATIVE_INT64, numbers);
    for (size_t i = 0; i < count; i++) texts[i] = of->warnings[i].code;
    list_texts(&list, "code", texts);
    for (size_t i = 0; i < count; i++) texts[i] = of->warnings[i].plugin;
    list_texts(&list, "plugin", texts);
    for (size_t i = 0; i < count; i++) texts[i] = of->warnings[i].message;
    list_texts(&list, "message", texts);
    list_close(&list);
  }
  free(numbers);
  free(texts);
}

static void write_plugins(writer *self) {
  const plan *of = plan_of(self);
  const char **texts = malloc((of->plugin_count + 1) * sizeof *texts);
  if (texts == NULL) hdf_fail(&self->file, "find memory for", "plugins");
  if (of->plugin_count > 0 && self->file.status == HEED_OK) {
    listing list = list_open(self, "plugins", "plugin", of->plugin_count);
    for (size_t i = 0; i < of->plugin_count; i++)
      texts[i] = kind_name(of->plugins[i].kind);
    list_texts(&list, "kind", texts);
    for (size_t i = 0; i < of->plugin_count; i++)
      texts[i] = of->plugins[i].name;
    list_texts(&list, "name", texts);
    for (size_t i = 0; i < of->plugin_count; i++)
      texts[i] = of->plugins[i].version;
    list_texts(&list, "version", texts);
    for (size_t i = 0; i < of->plugin_count; i++)
      texts[i] = of->plugins[i].file;
    list_texts(&list, "file", texts);
    for (size_t i = 0; i < of->plugin_count; i++)
      texts[i] = of->plugins[i].sha256;
    list_texts(&list, "sha256", texts);
    list_close(&list);
  }
  free(texts);
}

static void write_inputs(writer *self) {
  const plan *of = plan_of(self);
  const char **texts = malloc((of->input_count + 1) * sizeof *texts);
  if (texts == NULL) hdf_fail(&self->file, "find memory for", "inputs");
  if (of->input_count > 0 && self->file.status == HEED_OK) {
    listing list = list_open(self, "inputs", "input", of->input_count);
    for (size_t i = 0; i < of->input_count; i++) texts[i] = of->inputs[i].path;
    list_texts(&list, "path", texts);
    for (size_t i = 0; i < of->input_count; i++)
      texts[i] = of->inputs[i].sha256;
    list_texts(&list, "sha256", texts);
    list_close(&list);
  }
  free(texts);
}

static void write_sweep(writer *self) {
  const plan *of = plan_of(self);
  const hid_t group = hdf_group(&self->file, self->root, "sweep");
  char *text = json_dumps(of->json, JSON_COMPACT | JSON_REAL_PRECISION(17));
  if (text == NULL)
    hdf_fail(&self->file, "find memory for", "the plan");
  else
    hdf_put_text(&self->file, group, "plan", text);
  hdf_put_text(&self->file, group, "text", of->sweep_text);
  hdf_put_text(&self->file, group, "file", of->sweep_file);
  free(text);
  if (group >= 0) (void)H5Gclose(group);
}

static void write_provenance(writer *self, const provenance *by) {
  const plan *of = plan_of(self);
  hdf *file = &self->file;
  hdf_note(file, self->root, "Conventions", "CF-1.10");
  hdf_note(file, self->root, "title", of->title);
  hdf_note_integer(file, self->root, "format", RESULT_FORMAT);
  hdf_note(file, self->root, "heed_version", HEED_VERSION);
  hdf_note_integer(file, self->root, "plugin_abi", HEED_ABI);
  hdf_note_integer(file, self->root, "seed", (int64_t)of->seed);
  if (by == NULL) return;
  writer_note(self, self->root, "command", by->command);
  writer_note(self, self->root, "host", by->host);
  writer_note(self, self->root, "user", by->user);
  writer_note(self, self->root, "start", by->start);
  writer_note(self, self->root, "end", by->end);
  hdf_note_number(file, self->root, "wall_seconds", by->wall_seconds);
  hdf_note_integer(file, self->root, "workers", (int64_t)by->workers);
}

void writer_put_lists(writer *self, const provenance *by) {
  write_provenance(self, by);
  write_errors(self);
  write_warnings(self);
  write_plugins(self);
  write_inputs(self);
  write_sweep(self);
}
