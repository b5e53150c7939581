/* SPDX-License-Identifier: GPL-3.0-or-later
 * CSV by RFC 4180: libcsv in strict mode, fed line by line so that every row
 * knows its first line. */
#include <csv.h>
#include <string.h>

#include "sources/log/formats.h"

typedef struct csv_reader {
  heed_memory memory;
  const char *const *names;
  log_faults *faults;
  log_rows *rows;
  heed_error *error;
  heed_status status;

  size_t line, row_line; /* 1, 2, …; first line of the current row */
  size_t next, row_next; /* start of the following lines */
  const char **fields;   /* of the current row, in order */
  size_t field_count, field_room;
  const char **header;
  size_t header_count;
  size_t *position; /* column of each wanted name */
  const char **cells;
  bool at_end; /* the last line has no line end */
} csv_reader;

static void grow_fields(csv_reader *self) {
  const size_t room = self->field_room == 0 ? 32 : 2 * self->field_room;
  const char **more = heed_scratch(&self->memory, room, sizeof *more);
  if (more == NULL) return;
  if (self->field_count > 0)
    memcpy(more, self->fields, self->field_count * sizeof *more);
  self->fields = more;
  self->field_room = room;
}

static void take_field(void *bytes, size_t length, void *context) {
  csv_reader *self = context;
  char *copy;
  if (self->status != HEED_OK) return;
  if (self->field_count == self->field_room) grow_fields(self);
  copy = heed_scratch(&self->memory, length + 1, 1);
  if (self->memory.refused) {
    self->status = heed_no_memory(self->error);
    return;
  }
  if (length > 0) memcpy(copy, bytes, length);
  self->fields[self->field_count++] = copy;
}

static void take_header(csv_reader *self) {
  const size_t width = self->rows->width;
  self->header_count = self->field_count;
  self->header = heed_scratch(&self->memory, self->field_count, sizeof(char *));
  self->position = heed_scratch_sizes(&self->memory, width);
  self->cells = heed_scratch(&self->memory, width, sizeof(char *));
  if (self->memory.refused) {
    self->status = heed_no_memory(self->error);
    return;
  }
  memcpy(self->header, self->fields, self->field_count * sizeof(char *));
  for (size_t i = 0; i < self->header_count; i++)
    for (size_t j = 0; j < i; j++)
      if (strcmp(self->header[i], self->header[j]) == 0 &&
          self->status == HEED_OK)
        self->status = heed_fail(
            self->error, HEED_INVALID, "%s:%zu: two columns are named \"%s\"",
            self->rows->path, self->row_line, self->header[i]);
  for (size_t i = 0; i < width && self->status == HEED_OK; i++) {
    size_t position = 0;
    if (self->names[i] == NULL) continue;
    while (position < self->header_count &&
           strcmp(self->header[position], self->names[i]) != 0)
      position++;
    self->position[i] = position;
    if (position == self->header_count)
      self->status =
          log_no_column(self->rows->path, self->names[i], self->header,
                        self->header_count, self->error);
  }
}

static void take_row(int terminator, void *context) {
  csv_reader *self = context;
  (void)terminator;
  if (self->status != HEED_OK) return;
  if (self->field_count == 0) {
    /* A blank line, or the second half of CR LF. */
  } else if (self->header == NULL) {
    take_header(self);
  } else if (self->field_count != self->header_count) {
    self->status = log_fault(
        self->faults, self->rows->path, self->row_line, self->error,
        "found %zu fields, expected %zu as in the header%s", self->field_count,
        self->header_count,
        self->at_end ? "; the file ends within this line: possibly truncated"
                     : "");
  } else {
    for (size_t i = 0; i < self->rows->width; i++)
      self->cells[i] =
          self->names[i] == NULL ? NULL : self->fields[self->position[i]];
    self->status = log_append(self->memory.host, self->rows, self->cells,
                              self->row_line, self->error);
  }
  self->field_count = 0;
  self->row_line = self->line + 1;
}

static bool start(csv_reader *self, struct csv_parser *parser) {
  if (csv_init(parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) == 0)
    return true;
  if (self->status == HEED_OK) self->status = heed_no_memory(self->error);
  return false;
}

/* The error in a row that the parser rejects. */
static void refuse(csv_reader *self, struct csv_parser *parser,
                   const char *what) {
  if (self->status == HEED_OK)
    self->status = csv_error(parser) == CSV_ENOMEM
                       ? heed_no_memory(self->error)
                       : log_fault(self->faults, self->rows->path,
                                   self->row_line, self->error, "%s", what);
}

/* After an error the parser restarts at the line after the row's first: an
 * unmatched quote may have swallowed valid rows. */
static void recover(csv_reader *self, struct csv_parser *parser) {
  csv_free(parser);
  (void)start(self, parser);
  self->field_count = 0;
  self->line = self->row_line;
  self->next = self->row_next;
  self->row_line++;
}

static void feed(csv_reader *self, struct csv_parser *parser, const char *line,
                 size_t length) {
  const size_t bad = log_not_utf8(line, length);
  if (bad < length) {
    self->status =
        log_fault(self->faults, self->rows->path, self->row_line, self->error,
                  "byte %zu of line %zu, 0x%02X, is not UTF-8", bad + 1,
                  self->line, (unsigned)(unsigned char)line[bad]);
    recover(self, parser);
    return;
  }
  if (csv_parse(parser, line, length, take_field, take_row, self) == length)
    return;
  refuse(self, parser,
         "a quote inside an unquoted field, or text after a closing quote");
  recover(self, parser);
}

static void finish(csv_reader *self, struct csv_parser *parser) {
  if (csv_fini(parser, take_field, take_row, self) == 0) return;
  refuse(self, parser,
         "a quoted field is not closed before the end of the file: truncated, "
         "or an unmatched quote");
  recover(self, parser);
}

heed_status log_read_csv(const heed_host *host, const char *bytes,
                         size_t length, const char *const *names,
                         log_faults *faults, log_rows *rows,
                         heed_error *error) {
  csv_reader self = {.memory = {host, false},
                     .names = names,
                     .faults = faults,
                     .rows = rows,
                     .error = error,
                     .row_line = 1};
  struct csv_parser parser;
  if (!start(&self, &parser)) return self.status;
  while (self.next < length && self.status == HEED_OK) {
    const size_t position = self.next;
    const char *end = memchr(bytes + position, '\n', length - position);
    self.next = end == NULL ? length : (size_t)(end - bytes) + 1;
    self.line++;
    self.at_end = end == NULL;
    if (self.line == self.row_line) self.row_next = self.next;
    feed(&self, &parser, bytes + position, self.next - position);
    if (self.next == length && self.status == HEED_OK) finish(&self, &parser);
  }
  csv_free(&parser);
  if (self.status == HEED_OK && self.header == NULL)
    return heed_fail(error, HEED_INVALID, "%s: missing header", rows->path);
  return self.status;
}
