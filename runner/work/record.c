/* SPDX-License-Identifier: GPL-3.0-or-later
 * Records: filled by stages, freed by their caller. */
#include "work/record.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "host/host.h"

heed_record *record_create(const heed_plan *plan, size_t cell) {
  host_arena *memory = arena_create();
  heed_record *self = arena_allocate(memory, 1, sizeof *self);
  double *values = arena_allocate(memory, plan->value_count, sizeof *values);
  if (arena_refused(memory)) {
    arena_free(memory);
    return NULL;
  }
  self->memory = memory;
  self->values = values;
  self->cell = cell;
  plan_cell_key(plan, cell, self->key);
  for (size_t i = 0; i < plan->value_count; i++) self->values[i] = NAN;
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) self->seconds[i] = NAN;
  return self;
}

void record_free(heed_record *self) {
  if (self != NULL) arena_free(self->memory);
}

/* A record whose memory has refused an allocation is incomplete. */
static heed_status status_of(const heed_record *self, heed_error *error) {
  return arena_refused(self->memory) ? heed_no_memory(error) : HEED_OK;
}

/* A copy with U+FFFD for every byte that is not UTF-8: such bytes stop readers
 * of the result file. */
static char *copy_text(heed_record *self, const char *text) {
  const size_t length = text == NULL ? 0 : strlen(text);
  char *copy = arena_allocate(self->memory, 3 * length + 1, 1);
  char *end = copy;
  if (copy == NULL) return NULL;
  for (size_t i = 0; i < length;) {
    utf8proc_int32_t point;
    const utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)text + i,
                         (utf8proc_ssize_t)(length - i), &point);
    if (size > 0) {
      memcpy(end, text + i, (size_t)size);
      end += size;
      i += (size_t)size;
    } else {
      memcpy(end, "\xEF\xBF\xBD", 3);
      end += 3;
      i++;
    }
  }
  *end = '\0';
  return copy;
}

heed_status record_fail(heed_record *self, heed_record_status status,
                        plan_stage stage, const char *plugin, int signal,
                        const char *message, heed_error *error) {
  self->plugin = copy_text(self, plugin);
  self->message = copy_text(self, message);
  self->status = status;
  self->stage = stage;
  self->signal = signal;
  return status_of(self, error);
}

heed_status record_warn(heed_record *self, const char *code, const char *plugin,
                        const char *message, heed_error *error) {
  const heed_record_warning warning = {.code = copy_text(self, code),
                                       .plugin = copy_text(self, plugin),
                                       .message = copy_text(self, message)};
  heed_record_warning *grown = arena_grow(self->memory, self->warnings,
                                          self->warning_count, sizeof *grown);
  if (grown != NULL) {
    self->warnings = grown;
    grown[self->warning_count++] = warning;
  }
  return status_of(self, error);
}

/* In one block: texts may be many, and those of one user are adjacent. */
static void copy_texts(heed_record *self, const char *const *texts,
                       size_t count, const char **copies) {
  size_t bytes = 0;
  char *room;
  for (size_t i = 0; i < count; i++)
    if (i == 0 || texts[i] != texts[i - 1]) bytes += strlen(texts[i]) + 1;
  room = arena_allocate(self->memory, bytes, 1);
  for (size_t i = 0; room != NULL && i < count; i++) {
    if (i > 0 && texts[i] == texts[i - 1]) {
      copies[i] = copies[i - 1];
      continue;
    }
    copies[i] = room;
    room = stpcpy(room, texts[i]) + 1;
  }
}

static heed_column copy_column(heed_record *self, const heed_column *column,
                               size_t rows) {
  const size_t count = rows * column->width;
  const size_t size = heed_type_size(column->type);
  const heed_column copy = {.name = copy_text(self, column->name),
                            .type = column->type,
                            .width = column->width,
                            .data = arena_allocate(self->memory, count, size)};
  if (copy.data == NULL || count == 0) return copy;
  if (column->type != HEED_STRING)
    memcpy(copy.data, column->data, count * size);
  else
    copy_texts(self, column->data, count, copy.data);
  return copy;
}

static heed_table *copy_table(heed_record *self, const heed_table *table,
                              const char *name) {
  heed_table *copy = arena_allocate(self->memory, 1, sizeof *copy);
  heed_column *columns =
      arena_allocate(self->memory, table->column_count, sizeof *columns);
  if (copy == NULL || columns == NULL) return NULL;
  for (size_t i = 0; i < table->column_count; i++)
    columns[i] = copy_column(self, &table->columns[i], table->rows);
  *copy = (heed_table){.size = sizeof *copy,
                       .name = copy_text(self, name),
                       .rows = table->rows,
                       .column_count = table->column_count,
                       .columns = columns};
  return copy;
}

heed_status record_keep(heed_record *self, const heed_table *table,
                        const char *name, heed_error *error) {
  heed_table *copy = copy_table(self, table, name);
  heed_table **grown = arena_grow(self->memory, self->kept, self->kept_count,
                                  sizeof(heed_table *));
  if (grown != NULL) {
    self->kept = grown;
    grown[self->kept_count++] = copy;
  }
  return status_of(self, error);
}

heed_status record_keep_stream(heed_record *self,
                               const heed_record_stream *stream,
                               heed_error *error) {
  heed_record_stream *grown;
  if (stream->rows <= RECORD_BLOCK) {
    heed_table block = {.size = sizeof block};
    const heed_status status = stream->next(stream->context, &block, error);
    return status == HEED_OK ? record_keep(self, &block, stream->name, error)
                             : status;
  }
  grown = arena_grow(self->memory, self->streams, self->stream_count,
                     sizeof *grown);
  if (grown != NULL) {
    self->streams = grown;
    grown[self->stream_count++] = *stream;
  }
  return status_of(self, error);
}
