/* SPDX-License-Identifier: GPL-3.0-or-later
 * The result file: one labelled cube that opens without our code.
 * docs/results.md describes it. */
#include <hdf5_hl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cube.h"
#include "fault.h"
#include "file.h"
#include "host/host.h"
#include "index.h"
#include "kept.h"
#include "names.h"

#define RESULT_FORMAT 1
#define MOST_RANK 32

typedef struct writer {
  hdf file;
  hid_t root;
  const cube *cube;
  hid_t parent; /* the group that grids are being written into: the root, or one
                   that has scales of its own, so that it can be read alone */
  hid_t axis_scales[MOST_RANK]; /* in it: of the axes, then of replicate */
  hid_t *dimension_scales;      /* of the plan's further dimensions */
  char *coordinates;            /* names of tied coordinates, or "" */
} writer;

static const plan *plan_of(const writer *self) {
  return self->cube->plan;
}

static void attach(writer *self, hid_t set, hid_t scale, size_t position,
                   const char *name) {
  if (self->file.status == HEED_OK &&
      H5DSattach_scale(set, scale, (unsigned)position) < 0)
    hdf_fail(&self->file, "attach a scale to", name);
}

static void note_given(writer *self, hid_t object, const char *name,
                       const char *text) {
  if (text != NULL) hdf_note(&self->file, object, name, text);
}

/* Some readers turn numbers whose unit is a word for a time into dates: they
 * get the symbol. */
static void note_unit(writer *self, hid_t object, const char *unit) {
  static const char *const symbols[][2] = {
      {"seconds", "s"},       {"second", "s"},      {"minutes", "min"},
      {"hours", "h"},         {"days", "d"},        {"milliseconds", "ms"},
      {"microseconds", "us"}, {"nanoseconds", "ns"}};
  for (size_t i = 0; unit != NULL && i < sizeof symbols / sizeof *symbols; i++)
    if (strcmp(unit, symbols[i][0]) == 0) unit = symbols[i][1];
  note_given(self, object, "units", unit);
}

/* A coordinate as a dataset: numbers or labels. */
static hid_t write_coordinate(writer *self, const char *name,
                              const plan_coordinate *of) {
  const hsize_t extent = of->count;
  const hid_t text = hdf_text_type();
  const hid_t set = of->numbers != NULL
                        ? hdf_write(&self->file, self->parent, name,
                                    H5T_NATIVE_DOUBLE, 1, &extent, of->numbers)
                        : hdf_write(&self->file, self->parent, name, text, 1,
                                    &extent, of->labels);
  (void)H5Tclose(text);
  if (self->file.status == HEED_OK) {
    note_unit(self, set, of->unit);
    note_given(self, set, "long_name", of->doc);
  }
  return set;
}

static void make_scale(writer *self, hid_t set, const char *name) {
  if (self->file.status == HEED_OK && H5DSset_scale(set, name) < 0)
    hdf_fail(&self->file, "make a scale of", name);
}

/* Adds a name to the list of tied coordinates. */
static void list_coordinate(writer *self, const char *name) {
  const size_t length = strlen(self->coordinates);
  char *longer = realloc(self->coordinates, length + strlen(name) + 2);
  if (longer == NULL) {
    hdf_fail(&self->file, "find memory for", name);
    return;
  }
  self->coordinates = longer;
  (void)sprintf(longer + length, "%s%s", length == 0 ? "" : " ", name);
}

static void write_tied(writer *self, const plan_axis *axis, hid_t scale) {
  for (size_t i = 0; i < axis->tied_count; i++) {
    char name[NAME_SIZE];
    hid_t set;
    name_axis(&axis->tied[i], name);
    set = write_coordinate(self, name, &axis->tied[i]);
    attach(self, set, scale, 0, name);
    list_coordinate(self, name);
    if (set >= 0) (void)H5Dclose(set);
  }
}

static void write_replicates(writer *self) {
  const plan *of = plan_of(self);
  const hsize_t extent = of->replicates;
  int64_t *numbers = malloc(of->replicates * sizeof *numbers);
  hid_t set;
  if (numbers == NULL) {
    hdf_fail(&self->file, "find memory for", "replicate");
    return;
  }
  for (size_t i = 0; i < of->replicates; i++) numbers[i] = (int64_t)i;
  set = hdf_write(&self->file, self->parent, "replicate", H5T_NATIVE_INT64, 1,
                  &extent, numbers);
  free(numbers);
  make_scale(self, set, "replicate");
  self->axis_scales[of->axis_count] = set;
}

/* Begins a group that grids go into: its scales. */
static void open_grid(writer *self, hid_t parent) {
  const plan *of = plan_of(self);
  char name[NAME_SIZE];
  self->parent = parent;
  *self->coordinates = '\0';
  for (size_t i = 0; i < of->axis_count; i++) {
    name_axis(&of->axes[i].coordinate, name);
    self->axis_scales[i] =
        write_coordinate(self, name, &of->axes[i].coordinate);
    make_scale(self, self->axis_scales[i], name);
    write_tied(self, &of->axes[i], self->axis_scales[i]);
  }
  write_replicates(self);
}

static void close_grid(writer *self) {
  for (size_t i = 0; i <= plan_of(self)->axis_count; i++)
    if (self->axis_scales[i] >= 0) (void)H5Dclose(self->axis_scales[i]);
}

static void write_dimensions(writer *self) {
  const plan *of = plan_of(self);
  char name[NAME_SIZE];
  for (size_t i = 0; i < of->dimension_count; i++) {
    if (of->dimensions[i].count == 0) continue;
    name_dimension(of, &of->dimensions[i], name);
    self->dimension_scales[i] =
        write_coordinate(self, name, &of->dimensions[i]);
    make_scale(self, self->dimension_scales[i], name);
  }
}

/* A dataset over the grid, and the further dimensions of a metric. */
static hid_t write_grid(writer *self, const char *name, hid_t type,
                        const plan_metric *metric, const void *data) {
  const plan *of = plan_of(self);
  const size_t further = metric == NULL ? 0 : metric->dimension_count;
  const size_t rank = of->axis_count + 1 + further;
  hsize_t extent[MOST_RANK];
  hid_t set;
  if (rank > MOST_RANK) {
    hdf_fail(&self->file, "write, for too many axes,", name);
    return H5I_INVALID_HID;
  }
  for (size_t i = 0; i < of->axis_count; i++)
    extent[i] = of->axes[i].coordinate.count;
  extent[of->axis_count] = of->replicates;
  for (size_t i = 0; i < further; i++)
    extent[of->axis_count + 1 + i] =
        of->dimensions[metric->dimensions[i]].count;
  fault_point("dataset");
  set =
      hdf_write(&self->file, self->parent, name, type, (int)rank, extent, data);
  for (size_t i = 0; i < rank; i++)
    attach(
        self, set,
        i <= of->axis_count
            ? self->axis_scales[i]
            : self->dimension_scales[metric
                                         ->dimensions[i - 1 - of->axis_count]],
        i, name);
  if (self->file.status == HEED_OK && *self->coordinates != '\0')
    hdf_note(&self->file, set, "coordinates", self->coordinates);
  return set;
}

static void write_metrics(writer *self) {
  const plan *of = plan_of(self);
  for (size_t i = 0; i < of->metric_count; i++) {
    const plan_metric *metric = &of->metrics[i];
    char name[NAME_SIZE];
    hid_t set;
    if (metric->count == 0) continue; /* a dimension without labels */
    name_metric(of, metric, name);
    set = write_grid(self, name, H5T_NATIVE_DOUBLE, metric,
                     self->cube->values[i]);
    if (self->file.status == HEED_OK) {
      note_unit(self, set, metric->unit);
      note_given(self, set, "long_name", metric->doc);
    }
    if (set >= 0) (void)H5Dclose(set);
  }
}

static void write_status(writer *self) {
  static const int8_t values[] = {-1, 0, 1, 2, 3, 4};
  const hsize_t extent = sizeof values;
  const hid_t set =
      write_grid(self, "status", H5T_NATIVE_INT8, NULL, self->cube->status);
  if (self->file.status == HEED_OK) {
    const hid_t space = H5Screate_simple(1, &extent, NULL);
    const hid_t flags = H5Acreate2(set, "flag_values", H5T_NATIVE_INT8, space,
                                   H5P_DEFAULT, H5P_DEFAULT);
    if (flags < 0 || H5Awrite(flags, H5T_NATIVE_INT8, values) < 0)
      hdf_fail(&self->file, "write the attribute", "flag_values");
    if (flags >= 0) (void)H5Aclose(flags);
    (void)H5Sclose(space);
    hdf_note(&self->file, set, "flag_meanings",
             "missing done failed crashed timed_out out_of_memory");
    hdf_note(&self->file, set, "long_name", "what became of the cell");
  }
  if (set >= 0) (void)H5Dclose(set);
}

static void write_timing(writer *self) {
  const hid_t group = hdf_group(&self->file, self->root, "timing");
  open_grid(self, group);
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) {
    char name[64];
    hid_t set;
    (void)snprintf(name, sizeof name, "seconds_%s",
                   plan_stage_name((plan_stage)i));
    set =
        write_grid(self, name, H5T_NATIVE_DOUBLE, NULL, self->cube->seconds[i]);
    if (self->file.status == HEED_OK) {
      hdf_note(&self->file, set, "units", "s");
      hdf_note(&self->file, set, "long_name",
               "time of the stage; 0: shared with an earlier cell");
    }
    if (set >= 0) (void)H5Dclose(set);
  }
  close_grid(self);
  if (group >= 0) (void)H5Gclose(group);
}

/* What `heed cell --index` calls each cell; -1: the sweep excludes it. */
static void write_indices(writer *self) {
  const cube *of = self->cube;
  int64_t *indices = malloc((of->places + 1) * sizeof *indices);
  hid_t set;
  if (indices == NULL) {
    hdf_fail(&self->file, "find memory for", "cells");
    return;
  }
  for (size_t i = 0; i < of->places; i++) indices[i] = -1;
  for (size_t i = 0; i < plan_cell_count(of->plan); i++)
    indices[of->place_of[i]] = (int64_t)i;
  set = write_grid(self, "index", H5T_NATIVE_INT64, NULL, indices);
  if (self->file.status == HEED_OK)
    hdf_note(&self->file, set, "long_name",
             "the cell's index; -1: excluded by the sweep");
  if (set >= 0) (void)H5Dclose(set);
  free(indices);
}

static void write_cells(writer *self) {
  const hid_t group = hdf_group(&self->file, self->root, "cells");
  const hid_t text = hdf_text_type();
  hid_t set;
  open_grid(self, group);
  set = write_grid(self, "key", text, NULL, self->cube->keys);
  if (self->file.status == HEED_OK)
    hdf_note(&self->file, set, "long_name",
             "SHA-256 of all that determines the cell");
  if (set >= 0) (void)H5Dclose(set);
  write_indices(self);
  close_grid(self);
  if (group >= 0) (void)H5Gclose(group);
  (void)H5Tclose(text);
}

/* ---- groups of 1-D columns ---- */

typedef struct listing {
  writer *to;
  hid_t group, scale;
  size_t count;
} listing;

static void list_scale(listing *list, const char *name) {
  make_scale(list->to, list->scale, name);
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
  attach(list->to, set, list->scale, 0, name);
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
  note_given(self, self->root, "command", by->command);
  note_given(self, self->root, "host", by->host);
  note_given(self, self->root, "user", by->user);
  note_given(self, self->root, "start", by->start);
  note_given(self, self->root, "end", by->end);
  hdf_note_number(file, self->root, "wall_seconds", by->wall_seconds);
  hdf_note_integer(file, self->root, "workers", (int64_t)by->workers);
}

/* ---- gathering ---- */

/* What every row of a kept table says of its cell: where on the grid it is. */
typedef struct grid_labels {
  int64_t cell, replicate;
  int32_t at[MOST_RANK];
  char names[MOST_RANK][80];
  heed_column columns[MOST_RANK + 2];
  heed_table table;
} grid_labels;

static void label_cell(grid_labels *labels, const cube *of, size_t cell) {
  const plan *grid = of->plan;
  const plan_point *point = &grid->points[cell / grid->replicates];
  labels->cell = (int64_t)of->place_of[cell];
  labels->replicate = (int64_t)(cell % grid->replicates);
  labels->columns[0] = (heed_column){"cell", HEED_INT64, 1, &labels->cell};
  labels->columns[1] =
      (heed_column){"replicate", HEED_INT64, 1, &labels->replicate};
  for (size_t i = 0; i < grid->axis_count && i < MOST_RANK; i++) {
    labels->at[i] = (int32_t)point->at[i];
    (void)snprintf(labels->names[i], sizeof labels->names[i], "%.70s_index",
                   grid->axes[i].coordinate.name);
    labels->columns[2 + i] =
        (heed_column){labels->names[i], HEED_INT32, 1, &labels->at[i]};
  }
  labels->table = (heed_table){sizeof labels->table, "labels", 1,
                               2 + grid->axis_count, labels->columns};
}

static heed_status fill_cube(const index_of_cells *index, cube *into,
                             heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < index->source_count; i++) {
    const index_source *source = &index->sources[i];
    batch from;
    status = source->result
                 ? batch_read_result(source->path, index->plan, &from, error)
                 : batch_read_part(source->path, index->plan, &from, error);
    if (status != HEED_OK) break;
    for (size_t cell = 0; status == HEED_OK && cell < index->count; cell++) {
      const index_place *place = &index->places[cell];
      if (place->source == i)
        status = cube_fill(into, cell, &from, place->row, error);
    }
    batch_free(&from);
  }
  if (status == HEED_OK) cube_sort(into);
  return status;
}

/* ---- kept tables ---- */

/* Where in a kept table the rows of each place begin: in the order of the
 * grid, whichever parts they come from.  NULL when memory is out. */
static size_t *first_rows(const cube *of, size_t which, size_t *total) {
  size_t *first = malloc((of->places + 1) * sizeof *first);
  *total = 0;
  for (size_t i = 0; first != NULL && i < of->places; i++) {
    first[i] = *total;
    *total += of->kept[which][i];
  }
  return first;
}

/* Copies the rows of one source, a record at a time. */
static void copy_kept(writer *self, const index_of_cells *index, size_t source,
                      size_t which, const size_t *first, kept *into) {
  grid_labels labels;
  batch from;
  if (self->file.status != HEED_OK) return;
  self->file.status =
      batch_read_kept(index->sources[source].path, &from, self->file.error);
  if (self->file.status != HEED_OK) return;
  for (size_t cell = 0; cell < index->count; cell++) {
    const index_place *place = &index->places[cell];
    heed_table *table;
    if (place->source != source || self->file.status != HEED_OK) continue;
    table = batch_kept(&from, which, place->row);
    label_cell(&labels, self->cube, cell);
    if (table != NULL)
      kept_put(into, &labels.table, table, first[self->cube->place_of[cell]]);
    kept_free(table);
    if (self->file.status == HEED_OK) self->file.status = from.file.status;
  }
  batch_free(&from);
}

static void write_kept(writer *self, const index_of_cells *index,
                       size_t which) {
  size_t total;
  size_t *first = first_rows(self->cube, which, &total);
  kept *into = kept_create(&self->file, self->root, kept_names[which], total);
  if (first == NULL || into == NULL)
    hdf_fail(&self->file, "find memory for", kept_names[which]);
  for (size_t i = 0; total > 0 && i < index->source_count; i++)
    copy_kept(self, index, i, which, first, into);
  if (into != NULL) kept_close(into);
  free(first);
}

static void write_all(writer *self, const provenance *by) {
  write_provenance(self, by);
  open_grid(self, self->root);
  write_dimensions(self);
  write_metrics(self);
  write_status(self);
  close_grid(self);
  write_timing(self);
  write_cells(self);
  write_errors(self);
  write_warnings(self);
  write_plugins(self);
  write_inputs(self);
  write_sweep(self);
}

static void close_dimensions(writer *self) {
  for (size_t i = 0; i < plan_of(self)->dimension_count; i++)
    if (self->dimension_scales[i] > 0)
      (void)H5Dclose(self->dimension_scales[i]);
}

/* Writes the whole file under a temporary name. */
static heed_status write_result(const char *path, const index_of_cells *index,
                                cube *of, const provenance *by,
                                heed_error *error) {
  writer self = {.file = {path, HEED_OK, error}, .cube = of};
  self.dimension_scales =
      calloc(of->plan->dimension_count + 1, sizeof *self.dimension_scales);
  self.coordinates = strdup("");
  self.root = hdf_create(&self.file);
  if (self.root < 0 || self.dimension_scales == NULL ||
      self.coordinates == NULL)
    hdf_fail(&self.file, "make", "the result file");
  if (of->plan->axis_count >= MOST_RANK)
    hdf_fail(&self.file, "hold that many axes in", "a dataset");
  if (self.file.status == HEED_OK)
    self.file.status = fill_cube(index, of, error);
  if (self.file.status == HEED_OK) write_all(&self, by);
  for (size_t i = 0; self.file.status == HEED_OK && i < KEPT_TABLES; i++)
    write_kept(&self, index, i);
  if (self.dimension_scales != NULL) close_dimensions(&self);
  hdf_close(&self.file, self.root);
  free(self.dimension_scales);
  free(self.coordinates);
  return self.file.status;
}

/* Removes what a run that was killed while it wrote this result left. */
static void clean(const char *result_path) {
  const char *slash = strrchr(result_path, '/');
  char *folder = file_folder(result_path);
  char *prefix = file_name("%s.tmp-", slash == NULL ? result_path : slash + 1);
  if (folder != NULL && prefix != NULL) file_clean(folder, prefix);
  free(folder);
  free(prefix);
}

heed_status storage_consolidate(const work *folder, const char *result_path,
                                const plan *of, const provenance *by,
                                heed_error *error) {
  index_of_cells *index = NULL;
  cube *all = NULL;
  char *temporary = file_temporary(result_path);
  heed_status status = HEED_OK;
  clean(result_path);
  if (temporary == NULL)
    status = heed_fail(error, HEED_MEMORY, "memory is out");
  if (status == HEED_OK)
    status = index_open(of, result_path, work_folder(folder), &index, error);
  if (status == HEED_OK) status = cube_create(of, &all, error);
  if (status == HEED_OK) {
    fault_point("create");
    status = write_result(temporary, index, all, by, error);
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
