/* SPDX-License-Identifier: GPL-3.0-or-later
 * The part of a result file that lies on the grid of the axes. */
#include <hdf5_hl.h>
#include <string.h>

#include "files/fault.h"
#include "host/host.h"
#include "names.h"
#include "writer.h"

static const heed_plan *plan_of(const result_writer *self) {
  return self->cube->plan;
}

void *writer_room(result_writer *self, size_t count, size_t size) {
  void *made;
  if (self->file.status != HEED_OK) return NULL;
  made = arena_allocate(self->memory, count, size);
  if (made == NULL) hdf_no_memory(&self->file);
  return made;
}

int64_t *writer_numbers(result_writer *self, size_t count) {
  int64_t *numbers = writer_room(self, count, sizeof *numbers);
  for (size_t i = 0; numbers != NULL && i < count; i++) numbers[i] = (int64_t)i;
  return numbers;
}

void writer_attach(result_writer *self, hid_t set, hid_t scale, size_t position,
                   const char *name) {
  if (self->file.status == HEED_OK &&
      H5DSattach_scale(set, scale, (unsigned)position) < 0)
    hdf_fail(&self->file, "attach a scale to", name);
}

void writer_make_scale(result_writer *self, hid_t set, const char *name) {
  if (self->file.status == HEED_OK && H5DSset_scale(set, name) < 0)
    hdf_fail(&self->file, "make a scale of", name);
}

void writer_note(result_writer *self, hid_t object, const char *name,
                 const char *text) {
  if (text != NULL) hdf_note(&self->file, object, name, text);
}

/* ---- scales ---- */

/* Some readers turn numbers whose unit is the name of a time into dates: write
 * the symbol instead. */
static void note_unit(result_writer *self, hid_t object, const char *unit) {
  static const char *const symbols[][2] = {
      {"seconds", "s"},       {"second", "s"},      {"minutes", "min"},
      {"hours", "h"},         {"days", "d"},        {"milliseconds", "ms"},
      {"microseconds", "us"}, {"nanoseconds", "ns"}};
  for (size_t i = 0; unit != NULL && i < sizeof symbols / sizeof *symbols; i++)
    if (strcmp(unit, symbols[i][0]) == 0) unit = symbols[i][1];
  writer_note(self, object, "units", unit);
}

/* Writes a coordinate as a dataset: numbers or labels. */
static hid_t write_coordinate(result_writer *self, const char *name,
                              const plan_coordinate *coordinate) {
  const hsize_t extent = coordinate->count;
  const hid_t text = hdf_text_type();
  const hid_t set =
      coordinate->numbers != NULL
          ? hdf_write(&self->file, self->parent, name, H5T_NATIVE_DOUBLE, 1,
                      &extent, coordinate->numbers)
          : hdf_write(&self->file, self->parent, name, text, 1, &extent,
                      coordinate->labels);
  (void)H5Tclose(text);
  if (self->file.status == HEED_OK) {
    note_unit(self, set, coordinate->unit);
    writer_note(self, set, "long_name", coordinate->doc);
  }
  return set;
}

/* Adds a name to the list of tied coordinates. */
static void list_coordinate(result_writer *self, const char *name) {
  const char *earlier = self->coordinates;
  char *longer = writer_room(self, strlen(earlier) + strlen(name) + 2, 1);
  if (longer == NULL) return;
  (void)sprintf(longer, "%s%s%s", earlier, *earlier == '\0' ? "" : " ", name);
  self->coordinates = longer;
}

static void write_tied(result_writer *self, const plan_axis *axis,
                       hid_t scale) {
  for (size_t i = 0; i < axis->tied_count; i++) {
    char name[NAME_SIZE];
    hid_t set;
    name_axis(&axis->tied[i], name);
    set = write_coordinate(self, name, &axis->tied[i]);
    writer_attach(self, set, scale, 0, name);
    list_coordinate(self, name);
    if (set >= 0) (void)H5Dclose(set);
  }
}

static void write_replicates(result_writer *self) {
  const heed_plan *plan = plan_of(self);
  const hsize_t extent = plan->replicates;
  const hid_t set =
      hdf_write(&self->file, self->parent, "replicate", H5T_NATIVE_INT64, 1,
                &extent, writer_numbers(self, plan->replicates));
  writer_make_scale(self, set, "replicate");
  self->axis_scales[plan->axis_count] = set;
}

/* Begins a group of grids: writes its scales. */
static void open_grid(result_writer *self, hid_t parent) {
  const heed_plan *plan = plan_of(self);
  char name[NAME_SIZE];
  self->parent = parent;
  self->coordinates = "";
  for (size_t i = 0; i < plan->axis_count; i++) {
    name_axis(&plan->axes[i].coordinate, name);
    self->axis_scales[i] =
        write_coordinate(self, name, &plan->axes[i].coordinate);
    writer_make_scale(self, self->axis_scales[i], name);
    write_tied(self, &plan->axes[i], self->axis_scales[i]);
  }
  write_replicates(self);
}

static void close_grid(result_writer *self) {
  for (size_t i = 0; i <= plan_of(self)->axis_count; i++)
    if (self->axis_scales[i] >= 0) (void)H5Dclose(self->axis_scales[i]);
}

static void write_dimensions(result_writer *self) {
  const heed_plan *plan = plan_of(self);
  char name[NAME_SIZE];
  for (size_t i = 0; i < plan->dimension_count; i++) {
    if (plan->dimensions[i].count == 0) continue;
    name_dimension(plan, &plan->dimensions[i], name);
    self->dimension_scales[i] =
        write_coordinate(self, name, &plan->dimensions[i]);
    writer_make_scale(self, self->dimension_scales[i], name);
  }
}

/* ---- labels as bytes ---- */

/* Bytes of the labels, count x longest, padded with blanks; NULL: failure. */
static uint8_t *label_bytes(result_writer *self,
                            const plan_coordinate *coordinate,
                            size_t *longest) {
  uint8_t *bytes;
  *longest = 1;
  for (size_t i = 0; i < coordinate->count; i++)
    if (strlen(coordinate->labels[i]) > *longest)
      *longest = strlen(coordinate->labels[i]);
  bytes = writer_room(self, coordinate->count, *longest);
  if (bytes != NULL) memset(bytes, ' ', coordinate->count * *longest);
  for (size_t i = 0; bytes != NULL && i < coordinate->count; i++)
    memcpy(bytes + i * *longest, coordinate->labels[i],
           strlen(coordinate->labels[i]));
  return bytes;
}

/* Attaches a scale 0, 1, … called NAME_END to a dimension of a dataset. */
static void number_dimension(result_writer *self, hid_t group, hid_t set,
                             size_t dimension, const char *text,
                             const char *end, size_t count) {
  const hsize_t extent = count;
  const int64_t *numbers = writer_numbers(self, count);
  char name[NAME_SIZE + 8];
  hid_t scale;
  (void)snprintf(name, sizeof name, "%s_%s", text, end);
  scale = hdf_write(&self->file, group, name, H5T_NATIVE_INT64, 1, &extent,
                    numbers);
  writer_make_scale(self, scale, name);
  writer_attach(self, set, scale, dimension, name);
  if (scale >= 0) (void)H5Dclose(scale);
}

/* Octave cannot read texts of variable length: writes the labels as bytes
 * too. */
static void write_labels_of(result_writer *self, hid_t *group, const char *name,
                            const plan_coordinate *coordinate) {
  size_t longest;
  uint8_t *bytes;
  hid_t set;
  if (coordinate->labels == NULL || coordinate->count == 0) return;
  if (*group < 0) *group = hdf_group(&self->file, self->root, "labels");
  bytes = label_bytes(self, coordinate, &longest);
  const hsize_t extent[2] = {coordinate->count, longest};
  set =
      hdf_write(&self->file, *group, name, H5T_NATIVE_UINT8, 2, extent, bytes);
  number_dimension(self, *group, set, 0, name, "number", coordinate->count);
  number_dimension(self, *group, set, 1, name, "byte", longest);
  if (set >= 0) (void)H5Dclose(set);
}

static void write_labels(result_writer *self) {
  const heed_plan *plan = plan_of(self);
  hid_t group = H5I_INVALID_HID;
  char name[NAME_SIZE];
  for (size_t i = 0; i < plan->axis_count; i++) {
    const plan_axis *axis = &plan->axes[i];
    name_axis(&axis->coordinate, name);
    write_labels_of(self, &group, name, &axis->coordinate);
    for (size_t j = 0; j < axis->tied_count; j++) {
      name_axis(&axis->tied[j], name);
      write_labels_of(self, &group, name, &axis->tied[j]);
    }
  }
  for (size_t i = 0; i < plan->dimension_count; i++) {
    name_dimension(plan, &plan->dimensions[i], name);
    write_labels_of(self, &group, name, &plan->dimensions[i]);
  }
  if (group >= 0) (void)H5Gclose(group);
}

/* ---- grids ---- */

/* Writes a dataset over the grid and the further dimensions of a metric. */
static hid_t write_grid(result_writer *self, const char *name, hid_t type,
                        const plan_metric *metric, const void *data) {
  const heed_plan *plan = plan_of(self);
  const size_t further = metric == NULL ? 0 : metric->dimension_count;
  const size_t rank = plan->axis_count + 1 + further;
  hsize_t extent[MOST_RANK];
  hid_t set;
  if (rank > MOST_RANK) {
    hdf_fail(&self->file, "write a dataset of too many axes:", name);
    return H5I_INVALID_HID;
  }
  for (size_t i = 0; i < plan->axis_count; i++)
    extent[i] = plan->axes[i].coordinate.count;
  extent[plan->axis_count] = plan->replicates;
  for (size_t i = 0; i < further; i++)
    extent[plan->axis_count + 1 + i] =
        plan->dimensions[metric->dimensions[i]].count;
  fault_point("dataset");
  set =
      hdf_write(&self->file, self->parent, name, type, (int)rank, extent, data);
  for (size_t i = 0; i < rank; i++)
    writer_attach(
        self, set,
        i <= plan->axis_count
            ? self->axis_scales[i]
            : self->dimension_scales[metric->dimensions[i - 1 -
                                                        plan->axis_count]],
        i, name);
  if (self->file.status == HEED_OK && *self->coordinates != '\0')
    hdf_note(&self->file, set, "coordinates", self->coordinates);
  return set;
}

static void write_metrics(result_writer *self) {
  const heed_plan *plan = plan_of(self);
  for (size_t i = 0; i < plan->metric_count; i++) {
    const plan_metric *metric = &plan->metrics[i];
    char name[NAME_SIZE];
    hid_t set;
    if (metric->count == 0) continue; /* a dimension without labels */
    name_metric(plan, metric, name);
    set = write_grid(self, name, H5T_NATIVE_DOUBLE, metric,
                     self->cube->values[i]);
    if (self->file.status == HEED_OK) {
      note_unit(self, set, metric->unit);
      writer_note(self, set, "long_name", metric->doc);
    }
    if (set >= 0) (void)H5Dclose(set);
  }
}

static void write_status(result_writer *self) {
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
    hdf_note(&self->file, set, "long_name", "outcome of the cell");
  }
  if (set >= 0) (void)H5Dclose(set);
}

static void write_timing(result_writer *self) {
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

/* The number for `heed cell --index`; -1: the sweep excludes the cell. */
static void write_indices(result_writer *self) {
  const result_cube *cube = self->cube;
  int64_t *indices = writer_room(self, cube->places, sizeof *indices);
  hid_t set;
  if (indices == NULL) return;
  for (size_t i = 0; i < cube->places; i++) indices[i] = -1;
  for (size_t i = 0; i < plan_cell_count(cube->plan); i++)
    indices[cube->place_of[i]] = (int64_t)i;
  set = write_grid(self, "index", H5T_NATIVE_INT64, NULL, indices);
  if (self->file.status == HEED_OK)
    hdf_note(&self->file, set, "long_name",
             "the cell's index; -1: excluded by the sweep");
  if (set >= 0) (void)H5Dclose(set);
}

static void write_cells(result_writer *self) {
  const hid_t group = hdf_group(&self->file, self->root, "cells");
  const hid_t text = hdf_text_type();
  hid_t set;
  open_grid(self, group);
  set = write_grid(self, "key", text, NULL, self->cube->keys);
  if (self->file.status == HEED_OK)
    hdf_note(&self->file, set, "long_name",
             "SHA-256 of everything that determines the cell");
  if (set >= 0) (void)H5Dclose(set);
  write_indices(self);
  close_grid(self);
  if (group >= 0) (void)H5Gclose(group);
  (void)H5Tclose(text);
}

static void close_dimensions(result_writer *self) {
  for (size_t i = 0; i < plan_of(self)->dimension_count; i++)
    if (self->dimension_scales[i] > 0)
      (void)H5Dclose(self->dimension_scales[i]);
}

void writer_put_grids(result_writer *self) {
  const size_t dimensions = plan_of(self)->dimension_count;
  if (plan_of(self)->axis_count >= MOST_RANK)
    hdf_fail(&self->file, "store that many axes in", "a dataset");
  self->dimension_scales =
      writer_room(self, dimensions, sizeof *self->dimension_scales);
  if (self->file.status == HEED_OK) {
    open_grid(self, self->root);
    write_dimensions(self);
    write_metrics(self);
    write_status(self);
    write_labels(self);
    close_grid(self);
    close_dimensions(self);
    write_timing(self);
    write_cells(self);
  }
}
