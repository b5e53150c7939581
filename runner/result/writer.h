/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared by the sources that write a result file. */
#ifndef HEED_RESULT_WRITER_H
#define HEED_RESULT_WRITER_H

#include "cube.h"
#include "result/result.h"

#define MOST_RANK PLAN_MOST_DIMENSIONS

typedef struct result_writer {
  hdf_file file;
  struct host_arena *memory; /* for the data to write; freed with the writer */
  hid_t root;
  const result_cube *cube;
  hid_t parent; /* the group of the grids being written: the root, or a group
                   with its own scales, which can be read alone */
  hid_t axis_scales[MOST_RANK]; /* in parent: axes, then replicate */
  hid_t *dimension_scales;      /* the plan's further dimensions */
  const char *coordinates;      /* names of tied coordinates, or "" */
} result_writer;

/* Memory until the file is written; NULL: this or an earlier call failed.  And
 * the numbers 0 … count - 1 in such memory. */
void *writer_room(result_writer *self, size_t count, size_t size);
int64_t *writer_numbers(result_writer *self, size_t count);

/* Attaches a scale to dimension number `position` of a dataset. */
void writer_attach(result_writer *self, hid_t set, hid_t scale, size_t position,
                   const char *name);
void writer_make_scale(result_writer *self, hid_t set, const char *name);
/* Writes a text attribute, unless the text is NULL. */
void writer_note(result_writer *self, hid_t object, const char *name,
                 const char *text);

/* Writes everything on the grid of the axes: scales, metrics, status, timing,
 * keys of cells, and the labels again as bytes. */
void writer_put_grids(result_writer *self);
/* Writes the groups of columns (errors, warnings, plugins, inputs), the sweep,
 * and the attributes of the root. */
void writer_put_lists(result_writer *self, const result_provenance *provenance);

#endif
