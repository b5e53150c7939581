/* SPDX-License-Identifier: GPL-3.0-or-later
 * A row: how far it is from the row before, its line from that line, its file,
 * a mark for each wanted cell, the size of all cells and their bytes. */
#include "sources/log/packed_rows.h"

#include <stdlib.h>

#define ROW_MOST ((size_t)1 << 30)
#define BATCH ((size_t)64)            /* rows sent at a time */
#define BATCH_BYTES ((size_t)1 << 20) /* unless one has more */

#define STEP(call) \
  if (status == HEED_OK) status = (call)

heed_status packed_rows_open(packed_rows *self, const char *folder,
                             heed_error *error) {
  self->row = -1;
  self->line = 0;
  return log_spool_open(&self->spool, folder, error);
}

void packed_rows_close(packed_rows *self) {
  log_spool_close(&self->spool);
}

/* A cell: 1 + its length, 0 if it is missing; above that, whether it is JSON.
 */
static uint64_t mark_of(log_text cell) {
  return cell.bytes == NULL
             ? 0
             : ((uint64_t)cell.length + 1) << 1 | (uint64_t)cell.is_json;
}

/* Cells of columns that the log does not have are not kept. */
static bool is_wanted(const log_reading *log, size_t column) {
  return log->wanted[column].name != NULL;
}

heed_status packed_put_row(packed_rows *self, const log_reading *log,
                           const log_row *row) {
  log_spool *spool = &self->spool;
  const int64_t line = (int64_t)row->line;
  heed_status status =
      log_spool_put_number(spool, (uint64_t)(log->row - self->row));
  size_t size = 0;
  STEP(log_spool_put_signed(spool, line - self->line));
  STEP(log_spool_put_number(spool, log->file));
  for (size_t i = 0; i < log->width; i++) {
    if (!is_wanted(log, i)) continue;
    size += row->cells[i].length;
    STEP(log_spool_put_number(spool, mark_of(row->cells[i])));
  }
  if (size > ROW_MOST)
    return heed_fail(log->error, HEED_UNSUPPORTED,
                     "%s:%zu: the row is too long", log->job.path, row->line);
  STEP(log_spool_put_number(spool, size));
  for (size_t i = 0; i < log->width; i++)
    if (is_wanted(log, i) && row->cells[i].length > 0)
      STEP(log_spool_put(spool, row->cells[i].bytes, row->cells[i].length));
  self->row = log->row;
  self->line = line;
  return status;
}

/* ---- batches ---- */

typedef struct row_place {
  int64_t row;
  uint64_t file;
  size_t start; /* of its bytes */
} row_place;

typedef struct row_batch {
  packed_rows *source;
  const log_reading *log;
  log_row rows[BATCH];
  row_place places[BATCH];
  size_t count;
  log_text *cells; /* BATCH x width */
  char *bytes;
  size_t used, room;
} row_batch;

static bool has_room(row_batch *self, size_t size) {
  const size_t room = 2 * (self->used + size);
  char *more;
  if (self->used + size <= self->room) return true;
  more = realloc(self->bytes, room);
  if (more == NULL) return false;
  self->bytes = more;
  self->room = room;
  return true;
}

/* A missing cell has the length SIZE_MAX until place_cells(). */
static heed_status take_marks(const row_batch *self, log_text *cells) {
  heed_status status = HEED_OK;
  for (size_t i = 0; i < self->log->width; i++) {
    uint64_t mark = 0;
    if (is_wanted(self->log, i))
      STEP(log_spool_take_number(&self->source->spool, &mark));
    cells[i] =
        (log_text){.length = mark == 0 ? SIZE_MAX : (size_t)(mark >> 1) - 1,
                   .is_json = (mark & 1) != 0};
  }
  return status;
}

static heed_status take_row(row_batch *self) {
  packed_rows *source = self->source;
  row_place *place = &self->places[self->count];
  log_text *cells = self->cells + self->count * self->log->width;
  uint64_t step = 0, size = 0;
  int64_t lines = 0;
  heed_status status = log_spool_take_number(&source->spool, &step);
  STEP(log_spool_take_signed(&source->spool, &lines));
  STEP(log_spool_take_number(&source->spool, &place->file));
  STEP(take_marks(self, cells));
  STEP(log_spool_take_number(&source->spool, &size));
  if (status == HEED_OK && !has_room(self, (size_t)size + 1))
    return heed_no_memory(self->log->error);
  STEP(log_spool_take(&source->spool, self->bytes + self->used, (size_t)size));
  source->row += (int64_t)step;
  source->line += lines;
  place->row = source->row;
  place->start = self->used;
  self->rows[self->count++] =
      (log_row){.cells = cells, .line = (size_t)source->line};
  self->used += (size_t)size;
  return status;
}

/* The bytes no longer move. */
static void place_cells(const row_batch *self) {
  for (size_t i = 0; i < self->count; i++) {
    log_text *cells = self->cells + i * self->log->width;
    const char *next = self->bytes + self->places[i].start;
    for (size_t k = 0; k < self->log->width; k++) {
      if (cells[k].length == SIZE_MAX) {
        cells[k] = (log_text){.bytes = NULL};
        continue;
      }
      cells[k].bytes = next;
      next += cells[k].length;
    }
  }
}

static heed_status take_batch(row_batch *self) {
  heed_status status = HEED_OK;
  self->count = self->used = 0;
  while (status == HEED_OK && self->count < BATCH && self->used < BATCH_BYTES &&
         log_spool_has_more(&self->source->spool))
    status = take_row(self);
  if (status == HEED_OK) place_cells(self);
  return status;
}

static heed_status send_batch(row_batch *self, log_reading *log, log_sink sink,
                              uint64_t *moment) {
  heed_status status = HEED_OK;
  if (sink.foresee != NULL) sink.foresee(sink.context, self->rows, self->count);
  for (size_t i = 0; status == HEED_OK && i < self->count; i++) {
    const row_place *place = &self->places[i];
    log->row = place->row - 1; /* the sink counts it */
    log->file = (size_t)place->file;
    log->job.path = log_path(log, log->file);
    *moment = (uint64_t)place->row << PACKED_MOMENTS;
    status = sink.take(sink.context, &self->rows[i]);
  }
  return status;
}

heed_status packed_send_rows(packed_rows *self, log_reading *log, log_sink sink,
                             uint64_t *moment) {
  row_batch *batch = calloc(1, sizeof *batch);
  heed_status status = log_spool_rewind(&self->spool);
  self->row = -1;
  self->line = 0;
  if (batch != NULL) {
    batch->source = self;
    batch->log = log;
    batch->cells = calloc(BATCH * log->width, sizeof *batch->cells);
  }
  if (batch == NULL || batch->cells == NULL)
    status = heed_no_memory(log->error);
  while (status == HEED_OK && log_spool_has_more(&self->spool)) {
    status = take_batch(batch);
    STEP(send_batch(batch, log, sink, moment));
  }
  if (batch != NULL) {
    free(batch->cells);
    free(batch->bytes);
  }
  free(batch);
  return status;
}
