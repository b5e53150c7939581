/* SPDX-License-Identifier: GPL-3.0-or-later
 * CSV by RFC 4180: libcsv in strict mode, fed line by line so that every row
 * knows its first line.  Blanks belong to their field.  A line that is a row
 * without quotes is split here: libcsv looks at one character at a time. */
#include <csv.h>
#include <string.h>

#include "sources/log/formats.h"
#include "sources/log/names.h"

typedef struct csv_reader {
  heed_memory memory;
  const char *bytes;
  size_t length;
  const char *const *names;
  log_faults *faults;
  log_rows *rows;
  heed_error *error;
  heed_status status;

  struct csv_parser parser;
  bool opened;           /* the parser */
  bool mac;              /* lines end with CR */
  size_t line, row_line; /* 1, 2, …; first line of the current row */
  size_t next, row_next; /* start of the following lines */
  bool between;          /* no row has begun */
  char *text;            /* the fields of the current row */
  size_t used, room;     /* bytes of text */
  size_t *starts;        /* of each field in text */
  size_t field_count, field_room;
  const char **header; /* NULL: not read yet */
  size_t header_count;
  size_t *position; /* column of each wanted name */
  const char **cells;
  bool at_end; /* the last line has no line end */
} csv_reader;

/* Doubles an array that has `used` elements of `room`. */
static void *grown(csv_reader *self, const void *array, size_t used,
                   size_t *room, size_t size) {
  void *more = heed_scratch(&self->memory, 2 * *room + 64, size);
  if (more == NULL) return NULL;
  if (used > 0) memcpy(more, array, used * size);
  *room = 2 * *room + 64;
  return more;
}

static void add_field(csv_reader *self, const char *bytes, size_t length) {
  if (self->status != HEED_OK) return;
  if (self->field_count == self->field_room)
    self->starts = grown(self, self->starts, self->field_count,
                         &self->field_room, sizeof *self->starts);
  while (self->used + length + 1 > self->room && !self->memory.refused)
    self->text = grown(self, self->text, self->used, &self->room, 1);
  if (self->memory.refused) {
    self->status = heed_no_memory(self->error);
    return;
  }
  self->starts[self->field_count++] = self->used;
  if (length > 0) memcpy(self->text + self->used, bytes, length);
  self->text[self->used + length] = '\0';
  self->used += length + 1;
}

static void take_field(void *bytes, size_t length, void *context) {
  add_field(context, bytes, length);
}

static const char *field(const csv_reader *self, size_t index) {
  return self->text + self->starts[index];
}

/* ---- the header ---- */

/* The character that the header puts between columns instead of a comma, and
 * the column in whose name it is. */
static const char *separator_of(const csv_reader *self, const char **column) {
  static const char *const names[] = {"semicolons", "tabs", "vertical bars"};
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < self->header_count; j++) {
      *column = self->header[j];
      if (strchr(*column, ";\t|"[i]) != NULL) return names[i];
    }
  return NULL;
}

static heed_status no_column(const csv_reader *self, const char *name) {
  const char *column;
  const char *separator = separator_of(self, &column);
  if (separator != NULL)
    return log_fail(self->error, HEED_INVALID,
                    "%s:%zu: missing column \"%s\"; %s seem to separate the "
                    "columns, expected commas: \"%.200s\"",
                    self->rows->path, self->row_line, name, separator, column);
  return log_no_column(self->rows->path, name, self->header, self->header_count,
                       self->error);
}

/* Blanks around the name of a column do not matter.  Columns without a name
 * may be many: spreadsheets write the empty columns beside a table. */
static heed_status number_header(csv_reader *self, log_names *columns,
                                 size_t *place) {
  for (size_t i = 0; i < self->header_count; i++) {
    size_t length;
    const char *start = log_trim(field(self, i), &length);
    const size_t before = columns->count;
    char *name = heed_scratch(&self->memory, length + 1, 1);
    if (name == NULL) return heed_no_memory(self->error);
    memcpy(name, start, length);
    self->header[i] = name;
    if (length == 0) continue;
    if (log_number(columns, name) < before)
      return log_fail(self->error, HEED_INVALID,
                      "%s:%zu: two columns are named \"%s\"", self->rows->path,
                      self->row_line, name);
    place[before] = i;
  }
  return HEED_OK;
}

static heed_status take_header(csv_reader *self) {
  const size_t width = self->rows->width;
  log_names columns;
  size_t *place = heed_scratch_sizes(&self->memory, self->field_count);
  heed_status status;
  self->header_count = self->field_count;
  self->header = heed_scratch(&self->memory, self->field_count, sizeof(char *));
  self->position = heed_scratch_sizes(&self->memory, width);
  self->cells = heed_scratch(&self->memory, width, sizeof(char *));
  log_names_open(&self->memory, &columns, self->field_count);
  if (self->memory.refused) return heed_no_memory(self->error);
  status = number_header(self, &columns, place);
  for (size_t i = 0; status == HEED_OK && i < width; i++) {
    size_t found;
    if (self->names[i] == NULL) continue;
    found = log_known_number(&columns, self->names[i]);
    if (found == SIZE_MAX)
      status = no_column(self, self->names[i]);
    else
      self->position[i] = place[found];
  }
  return status;
}

/* ---- rows ---- */

/* A malformed header ends the reading: without it no row can be understood. */
HEED_PRINTF(2, 3)
static heed_status fault(const csv_reader *self, const char *format, ...) {
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  if (self->header == NULL)
    return log_fail(self->error, HEED_INVALID, "%s:%zu: the header: %s",
                    self->rows->path, self->row_line, what);
  return log_fault(self->faults, self->rows->path, self->row_line, self->error,
                   "%s", what);
}

/* Spreadsheets write an empty row as commas. */
static bool is_blank_row(const csv_reader *self) {
  for (size_t i = 0; i < self->field_count; i++)
    if (!log_is_blank(field(self, i))) return false;
  return true;
}

static heed_status take_fields(csv_reader *self) {
  if (is_blank_row(self)) return HEED_OK;
  if (self->header == NULL) return take_header(self);
  if (self->field_count != self->header_count)
    return fault(self, "found %zu field%s, expected %zu as in the header%s",
                 self->field_count, heed_plural(self->field_count),
                 self->header_count,
                 self->at_end ? "; the file ends within this line: possibly "
                                "truncated"
                              : "");
  for (size_t i = 0; i < self->rows->width; i++)
    self->cells[i] =
        self->names[i] == NULL ? NULL : field(self, self->position[i]);
  return log_append(self->memory.host, self->rows, self->cells, self->row_line,
                    self->error);
}

/* Called at each line end outside quotes; twice at CR LF. */
static void take_row(int terminator, void *context) {
  csv_reader *self = context;
  (void)terminator;
  if (self->status == HEED_OK) self->status = take_fields(self);
  self->field_count = self->used = 0;
  self->between = true;
}

/* ---- lines ---- */

static int is_never(unsigned char character) {
  (void)character;
  return 0;
}

static void start(csv_reader *self) {
  self->opened = csv_init(&self->parser,
                          CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) == 0;
  self->between = true;
  self->field_count = self->used = 0;
  if (self->opened)
    csv_set_space_func(&self->parser, is_never);
  else if (self->status == HEED_OK)
    self->status = heed_no_memory(self->error);
}

static void stop(csv_reader *self) {
  if (self->opened) csv_free(&self->parser);
  self->opened = false;
}

/* After an error the parser restarts at the line after the row's first: an
 * unmatched quote may have swallowed valid rows. */
static void recover(csv_reader *self) {
  stop(self);
  start(self);
  self->line = self->row_line;
  self->next = self->row_next;
}

/* The error in a row that the parser rejects. */
static void refuse(csv_reader *self, const char *what) {
  if (self->status == HEED_OK)
    self->status = csv_error(&self->parser) == CSV_ENOMEM
                       ? heed_no_memory(self->error)
                       : fault(self, "%s", what);
  recover(self);
}

/* Whether the current line is a row by itself, without quotes.  The end of the
 * file is left to libcsv. */
static bool is_plain_row(const csv_reader *self, const char *line,
                         size_t length) {
  return self->next == self->row_next && !self->at_end &&
         memchr(line, '"', length) == NULL;
}

static void split(csv_reader *self, const char *line, size_t length) {
  const char *end = line + length, *comma;
  while (end > line && (end[-1] == '\n' || end[-1] == '\r')) end--;
  while ((comma = memchr(line, ',', (size_t)(end - line))) != NULL) {
    add_field(self, line, (size_t)(comma - line));
    line = comma + 1;
  }
  add_field(self, line, (size_t)(end - line));
  take_row(*end, self);
}

static void feed(csv_reader *self, const char *line, size_t length) {
  const size_t bad = log_not_utf8(line, length);
  if (bad < length) {
    self->status = fault(self, "byte %zu of line %zu, 0x%02X, is %s", bad + 1,
                         self->line, (unsigned)(unsigned char)line[bad],
                         line[bad] == '\0' ? "NUL" : "not UTF-8");
    recover(self);
  } else if (is_plain_row(self, line, length)) {
    split(self, line, length);
  } else if (csv_parse(&self->parser, line, length, take_field, take_row,
                       self) != length) {
    refuse(self,
           "a quote inside an unquoted field, or text after a closing quote");
  }
}

static void finish(csv_reader *self) {
  if (csv_fini(&self->parser, take_field, take_row, self) != 0)
    refuse(self,
           "a quoted field is not closed before the end of the file: "
           "truncated, or an unmatched quote");
}

/* Whether the first line ends with CR alone. */
static bool is_mac(const char *bytes, size_t length) {
  const size_t end = log_line_end(bytes, 0, length);
  return end > 0 && bytes[end - 1] == '\r';
}

/* CR alone ends a line in all files, but inside quotes it is a character: it
 * counts as a line there only in files whose lines end so. */
static void read_line(csv_reader *self) {
  const size_t position = self->next;
  self->next = log_line_end(self->bytes, position, self->length);
  const char last = self->bytes[self->next - 1];
  self->at_end = last != '\n' && last != '\r';
  if (self->between) {
    self->row_line = self->line;
    self->row_next = self->next;
  }
  self->between = false;
  feed(self, self->bytes + position, self->next - position);
  if (self->status == HEED_OK && self->next == self->length && !self->rows->cut)
    finish(self);
  if (last != '\r' || self->mac || self->between) self->line++;
}

heed_status log_read_csv(const heed_host *host, const char *bytes,
                         size_t length, const char *const *names,
                         log_faults *faults, log_rows *rows,
                         heed_error *error) {
  csv_reader self = {.memory = {host, false},
                     .bytes = bytes,
                     .length = length,
                     .names = names,
                     .faults = faults,
                     .rows = rows,
                     .error = error,
                     .line = 1};
  self.mac = is_mac(bytes, length);
  start(&self);
  while (self.next < length && self.status == HEED_OK &&
         rows->count < rows->most)
    read_line(&self);
  stop(&self);
  if (self.status == HEED_OK && self.header == NULL)
    return log_fail(error, HEED_INVALID, "%s: missing header", rows->path);
  return self.status;
}
