/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parts: HDF5 files built in memory; files/ writes their bytes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hdf/kept.h"
#include "host/host.h"
#include "work/batch.h"
#include "work/match.h"

#define PART_FORMAT 1

typedef struct part_columns {
  const char **texts;
  int64_t *integers;
  double *numbers;
} part_columns;

static void put_integers(hdf_file *file, hid_t parent, const char *name,
                         size_t count, const int64_t *values) {
  const hsize_t extent = count;
  hdf_put(file, parent, name, H5T_NATIVE_INT64, 1, &extent, values);
}

static void write_layout(hdf_file *file, hid_t root, const heed_plan *plan) {
  char *layout = match_layout(plan);
  if (layout == NULL)
    hdf_no_memory(file);
  else
    hdf_put_text(file, root, "layout", layout);
  free(layout);
}

static void write_cells(hdf_file *file, hid_t root, const heed_plan *plan,
                        const heed_record *const *records, size_t count,
                        const part_columns *room) {
  const hsize_t value_extent[2] = {count, plan->value_count};
  const hsize_t second_extent[2] = {count, PLAN_STAGE_COUNT};
  for (size_t i = 0; i < count; i++) {
    room->texts[i] = records[i]->key;
    room->integers[i] = records[i]->status;
  }
  hdf_put_texts(file, root, "key", count, room->texts);
  put_integers(file, root, "status", count, room->integers);
  for (size_t i = 0; i < count; i++)
    memcpy(room->numbers + i * plan->value_count, records[i]->values,
           plan->value_count * sizeof(double));
  if (plan->value_count > 0)
    hdf_put(file, root, "values", H5T_NATIVE_DOUBLE, 2, value_extent,
            room->numbers);
  for (size_t i = 0; i < count; i++)
    memcpy(room->numbers + i * PLAN_STAGE_COUNT, records[i]->seconds,
           sizeof records[i]->seconds);
  hdf_put(file, root, "seconds", H5T_NATIVE_DOUBLE, 2, second_extent,
          room->numbers);
}

static void write_failures(hdf_file *file, hid_t root,
                           const heed_record *const *records, size_t count,
                           const part_columns *room) {
  static const char *const names[] = {"failure_stage", "failure_plugin",
                                      "failure_message"};
  size_t failed = 0;
  for (size_t i = 0; i < count; i++)
    if (records[i]->status != RECORD_DONE)
      room->integers[failed++] = (int64_t)i;
  if (failed == 0) return;
  put_integers(file, root, "failure_row", failed, room->integers);
  for (size_t column = 0; column < 3; column++) {
    size_t position = 0;
    for (size_t i = 0; i < count; i++) {
      const heed_record *record = records[i];
      const char *texts[] = {plan_stage_name(record->stage), record->plugin,
                             record->message};
      if (record->status != RECORD_DONE)
        room->texts[position++] = texts[column];
    }
    hdf_put_texts(file, root, names[column], failed, room->texts);
  }
  failed = 0;
  for (size_t i = 0; i < count; i++)
    if (records[i]->status != RECORD_DONE)
      room->integers[failed++] = records[i]->signal;
  put_integers(file, root, "failure_signal", failed, room->integers);
}

static void write_warnings(hdf_file *file, hid_t root,
                           const heed_record *const *records, size_t count,
                           const part_columns *room) {
  static const char *const names[] = {"warning_code", "warning_plugin",
                                      "warning_message"};
  size_t total = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < records[i]->warning_count; j++)
      room->integers[total++] = (int64_t)i;
  if (total == 0) return;
  put_integers(file, root, "warning_row", total, room->integers);
  for (size_t column = 0; column < 3; column++) {
    size_t position = 0;
    for (size_t i = 0; i < count; i++)
      for (size_t j = 0; j < records[i]->warning_count; j++) {
        const heed_record_warning *warning = &records[i]->warnings[j];
        const char *texts[] = {warning->code, warning->plugin,
                               warning->message};
        room->texts[position++] = texts[column];
      }
    hdf_put_texts(file, root, names[column], total, room->texts);
  }
}

static bool is_named(const char *name, size_t which) {
  return strcmp(name, plan_kept_names[which]) == 0;
}

static size_t kept_rows(const heed_record *const *records, size_t count,
                        size_t which) {
  size_t rows = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < records[i]->kept_count; j++)
      if (is_named(records[i]->kept[j]->name, which))
        rows += records[i]->kept[j]->rows;
    for (size_t j = 0; j < records[i]->stream_count; j++)
      if (is_named(records[i]->streams[j].name, which))
        rows += records[i]->streams[j].rows;
  }
  return rows;
}

/* Writes the rows of a stream from row `position`. */
static void write_stream(hdf_file *file, const heed_record_stream *stream,
                         const heed_table *labels, size_t position,
                         hdf_kept *kept) {
  size_t rows = 0;
  while (file->status == HEED_OK && rows < stream->rows) {
    heed_table block = {.size = sizeof block};
    const heed_status status =
        stream->next(stream->context, &block, file->error);
    if (status != HEED_OK && file->status == HEED_OK) file->status = status;
    if (file->status == HEED_OK)
      kept_put(kept, labels, &block, position + rows);
    rows += block.rows;
  }
}

/* Writes the rows of a record from row `position`; returns how many. */
static size_t write_record(hdf_file *file, const heed_record *record,
                           size_t which, int64_t row, size_t position,
                           hdf_kept *kept) {
  heed_column cell = {"cell", HEED_INT64, 1, &row};
  const heed_table labels = {sizeof labels, "labels", 1, 1, &cell};
  size_t rows = 0;
  for (size_t i = 0; i < record->kept_count; i++) {
    if (!is_named(record->kept[i]->name, which)) continue;
    kept_put(kept, &labels, record->kept[i], position + rows);
    rows += record->kept[i]->rows;
  }
  for (size_t i = 0; i < record->stream_count; i++) {
    if (!is_named(record->streams[i].name, which)) continue;
    write_stream(file, &record->streams[i], &labels, position + rows, kept);
    rows += record->streams[i].rows;
  }
  return rows;
}

static void write_kept(hdf_file *file, hid_t root,
                       const heed_record *const *records, size_t count) {
  for (size_t which = 0; which < PLAN_KEPT_COUNT; which++) {
    hdf_kept *kept =
        batch_create_kept(file, root, which, kept_rows(records, count, which));
    size_t position = 0;
    if (kept == NULL) {
      hdf_no_memory(file);
      return;
    }
    for (size_t i = 0; i < count; i++)
      position +=
          write_record(file, records[i], which, (int64_t)i, position, kept);
    kept_close(kept);
  }
}

/* Space for the longest column of any kind. */
static part_columns make_room(host_arena *memory, const heed_plan *plan,
                              const heed_record *const *records, size_t count) {
  size_t most = count;
  size_t width = plan->value_count > PLAN_STAGE_COUNT ? plan->value_count
                                                      : PLAN_STAGE_COUNT;
  size_t warnings = 0;
  for (size_t i = 0; i < count; i++) warnings += records[i]->warning_count;
  if (warnings > most) most = warnings;
  return (part_columns){
      .texts = arena_allocate(memory, most, sizeof(char *)),
      .integers = arena_allocate(memory, most, sizeof(int64_t)),
      .numbers = arena_allocate(memory, count, width * sizeof(double))};
}

static void write_all(hdf_file *file, hid_t root, const heed_plan *plan,
                      const heed_record *const *records, size_t count) {
  host_arena *memory = arena_create();
  const part_columns room = make_room(memory, plan, records, count);
  if (arena_refused(memory)) hdf_no_memory(file);
  if (file->status == HEED_OK) {
    hdf_note_integer(file, root, "heed_part", PART_FORMAT);
    write_layout(file, root, plan);
    write_cells(file, root, plan, records, count, &room);
    write_failures(file, root, records, count, &room);
    write_warnings(file, root, records, count, &room);
    write_kept(file, root, records, count);
  }
  arena_free(memory);
}

heed_status part_build(const heed_plan *plan, const heed_record *const *records,
                       size_t count, void **bytes, size_t *length,
                       heed_error *error) {
  hdf_file file = {"a part", HEED_OK, error};
  const hid_t root = hdf_memory_file(&file);
  *bytes = NULL;
  write_all(&file, root, plan, records, count);
  if (file.status == HEED_OK) *bytes = hdf_image(&file, root, length);
  hdf_close(&file, root);
  if (file.status != HEED_OK) {
    free(*bytes);
    *bytes = NULL;
  }
  return file.status;
}

heed_status part_write(const heed_plan *plan, const heed_record *const *records,
                       size_t count, int descriptor, const char *path,
                       heed_error *error) {
  hdf_file file = {path, HEED_OK, error};
  const hid_t root = hdf_create(&file, descriptor);
  if (file.status == HEED_OK) write_all(&file, root, plan, records, count);
  hdf_close(&file, root);
  return file.status;
}

/* ---- reading ---- */

static void read_values(hdf_file *file, hid_t root, const heed_plan *plan,
                        work_batch *result) {
  char *text = hdf_read_text(file, root, "layout");
  json_t *layout = text == NULL ? NULL : json_loads(text, 0, NULL);
  size_t count;
  double *stored = hdf_read_numbers(file, root, "values", &count);
  work_match where = {0, NULL};
  if (layout == NULL) hdf_fail(file, "read", "layout");
  if (file->status == HEED_OK)
    file->status = match_make(layout, plan, &where, file->error);
  if (file->status == HEED_OK && count != result->rows * where.width)
    hdf_fail(file, "read", "values");
  result->values =
      malloc((result->rows * plan->value_count + 1) * sizeof(double));
  if (result->values == NULL) hdf_no_memory(file);
  for (size_t row = 0; file->status == HEED_OK && row < result->rows; row++)
    for (size_t i = 0; i < plan->value_count; i++)
      result->values[row * plan->value_count + i] =
          where.source[i] == SIZE_MAX
              ? NAN
              : stored[row * where.width + where.source[i]];
  match_free(&where);
  free(stored);
  json_decref(layout);
  free(text);
}

heed_status batch_read_part(hdf_file opened, hid_t root, const heed_plan *plan,
                            work_batch *result) {
  size_t count;
  hdf_file *file = &result->file;
  memset(result, 0, sizeof *result);
  *file = opened;
  result->root = root;
  result->keys = hdf_read_texts(file, result->root, "key", &result->rows);
  result->status = hdf_read_integers(file, result->root, "status", &count);
  if (count != result->rows) hdf_fail(file, "read", "status");
  result->seconds = hdf_read_numbers(file, result->root, "seconds", &count);
  if (count != result->rows * PLAN_STAGE_COUNT)
    hdf_fail(file, "read", "seconds");
  if (file->status == HEED_OK) {
    read_values(file, result->root, plan, result);
    batch_read_failures(result, "failure_row", "failure_");
    batch_read_warnings(result, "warning_row", "warning_");
    batch_find_kept(result);
  }
  const heed_status status = file->status;
  if (status != HEED_OK) batch_free(result);
  return status;
}
