/* SPDX-License-Identifier: GPL-3.0-or-later
 * CSV by RFC 4180: libcsv in strict mode, fed line by line so that every row
 * knows its first line.  Blanks belong to their field.  A line that is a row
 * without quotes is split here: libcsv looks at one character at a time.
 *
 * Tabs may separate the fields instead of commas.  Few writers of such files
 * know quotes: there a quote counts only at the start of a field. */
#include <csv.h>
#include <string.h>

#include "sources/log/formats.h"
#include "sources/log/names.h"

#define PLAIN_BLOCK ((size_t)4096)
#define BATCH 64 /* rows */

typedef struct csv_reader {
  heed_memory memory;
  log_job *job;
  log_input *input;
  char separator;
  heed_status status;

  struct csv_parser parser;
  bool opened;           /* the parser */
  bool mac;              /* lines end with CR */
  size_t line, row_line; /* 1, 2, …; first line of the current row */
  size_t next, row_next; /* start of the following lines, in the window */
  size_t plain;          /* from `next` to here, the window is ASCII without
                            NUL, CR and quotes */
  size_t retry;          /* before here, it is not */
  bool between;          /* no row has begun */
  bool at_end;           /* the last line has no line end */

  log_text *fields; /* of the current row */
  size_t field_count, field_room;
  char *text;        /* fields that libcsv has read */
  size_t used, room; /* bytes of text */

  const char **header; /* NULL: not read yet */
  size_t header_count;
  size_t *position; /* column of each wanted name */
  log_text *cells;  /* BATCH x width */
  log_row batch[BATCH];
  size_t batched;
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

static bool has_room_for_field(csv_reader *self) {
  if (self->field_count == self->field_room)
    self->fields = grown(self, self->fields, self->field_count,
                         &self->field_room, sizeof *self->fields);
  if (!self->memory.refused) return true;
  self->status = heed_no_memory(self->job->error);
  return false;
}

/* Called by libcsv: its bytes do not outlive the call. */
static void take_field(void *bytes, size_t length, void *context) {
  csv_reader *self = context;
  if (self->status != HEED_OK || !has_room_for_field(self)) return;
  while (self->used + length > self->room && !self->memory.refused)
    self->text = grown(self, self->text, self->used, &self->room, 1);
  if (self->memory.refused) {
    self->status = heed_no_memory(self->job->error);
    return;
  }
  if (length > 0) memcpy(self->text + self->used, bytes, length);
  /* The text may move: its place is known when the row ends. */
  self->fields[self->field_count++].length = length;
  self->used += length;
}

static void place_fields(csv_reader *self) {
  const char *at = self->text == NULL ? "" : self->text;
  for (size_t i = 0; i < self->field_count; i++) {
    self->fields[i].bytes = at;
    self->fields[i].is_json = false;
    at += self->fields[i].length;
  }
}

/* ---- the header ---- */

/* The character that the header puts between columns instead of the expected
 * one, and the column in whose name it is. */
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
    return log_fail(self->job->error, HEED_INVALID,
                    "%s:%zu: missing column \"%s\"; %s seem to separate the "
                    "columns, expected %s: \"%.200s\"",
                    self->job->path, self->row_line, name, separator,
                    self->separator == ',' ? "commas" : "tabs", column);
  return log_no_column(self->job->path, name, self->header, self->header_count,
                       self->job->error);
}

/* Blanks around the name of a column do not matter.  Columns without a name
 * may be many: spreadsheets write the empty columns beside a table. */
static heed_status number_header(csv_reader *self, log_names *columns,
                                 size_t *place) {
  for (size_t i = 0; i < self->header_count; i++) {
    const log_text name = log_trim(self->fields[i]);
    const size_t before = columns->count;
    char *copy = heed_scratch(&self->memory, name.length + 1, 1);
    if (copy == NULL) return heed_no_memory(self->job->error);
    memcpy(copy, name.bytes, name.length);
    self->header[i] = copy;
    if (name.length == 0) continue;
    if (log_number(columns, name) < before)
      return log_fail(self->job->error, HEED_INVALID,
                      "%s:%zu: two columns are named \"%s\"", self->job->path,
                      self->row_line, copy);
    place[before] = i;
  }
  return columns->refused ? heed_no_memory(self->job->error) : HEED_OK;
}

static heed_status find_columns(csv_reader *self, const log_names *columns,
                                const size_t *place) {
  for (size_t i = 0; i < self->job->width; i++) {
    const char *name = self->job->wanted[i].name;
    size_t found;
    if (name == NULL) continue;
    found = log_known_number(columns, log_text_of(name));
    if (found == SIZE_MAX) return no_column(self, name);
    self->position[i] = place[found];
  }
  return HEED_OK;
}

static heed_status make_cells(csv_reader *self) {
  const size_t width = self->job->width;
  self->position = heed_scratch_sizes(&self->memory, width);
  self->cells = heed_scratch(&self->memory, BATCH * width, sizeof *self->cells);
  return self->memory.refused ? heed_no_memory(self->job->error) : HEED_OK;
}

static heed_status take_header(csv_reader *self) {
  log_pool pool = {.memory = self->memory};
  log_names columns;
  size_t *place = heed_scratch_sizes(&self->memory, self->field_count);
  heed_status status;
  self->header_count = self->field_count;
  self->header = heed_scratch(&self->memory, self->field_count, sizeof(char *));
  if (self->memory.refused) return heed_no_memory(self->job->error);
  log_names_open(&columns, &pool);
  status = number_header(self, &columns, place);
  if (status == HEED_OK && self->job->choose != NULL)
    status = self->job->choose(self->job, self->header, self->header_count);
  if (status == HEED_OK) status = make_cells(self);
  if (status == HEED_OK) status = find_columns(self, &columns, place);
  log_names_close(&columns);
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
    return log_fail(self->job->error, HEED_INVALID, "%s:%zu: the header: %s",
                    self->job->path, self->row_line, what);
  return log_fault(self->job->faults, self->job->path, self->row_line,
                   self->job->error, "%s", what);
}

/* Spreadsheets write an empty row as commas. */
static bool is_blank_row(const csv_reader *self) {
  for (size_t i = 0; i < self->field_count; i++)
    if (!log_is_blank(self->fields[i])) return false;
  return true;
}

static void pick_cells(const csv_reader *self, log_text *cells) {
  const log_wanted *wanted = self->job->wanted;
  for (size_t i = 0; i < self->job->width; i++)
    if (wanted[i].name != NULL) cells[i] = self->fields[self->position[i]];
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
  pick_cells(self, self->cells);
  return log_send(self->job, self->cells, self->row_line);
}

static void end_row(csv_reader *self) {
  if (self->status == HEED_OK) self->status = take_fields(self);
  self->field_count = self->used = 0;
  self->between = true;
}

/* Called by libcsv at each line end outside quotes; twice at CR LF. */
static void take_row(int terminator, void *context) {
  csv_reader *self = context;
  (void)terminator;
  place_fields(self);
  end_row(self);
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
  if (self->opened) {
    csv_set_space_func(&self->parser, is_never);
    csv_set_delim(&self->parser, (unsigned char)self->separator);
  } else if (self->status == HEED_OK) {
    self->status = heed_no_memory(self->job->error);
  }
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
                       ? heed_no_memory(self->job->error)
                       : fault(self, "%s", what);
  recover(self);
}

/* Whether a quote is where it counts. */
static bool has_quotes(const csv_reader *self, const char *line,
                       size_t length) {
  const char *end = line + length, *quote = line;
  if (self->separator == ',') return memchr(line, '"', length) != NULL;
  while ((quote = memchr(quote, '"', (size_t)(end - quote))) != NULL) {
    if (quote == line || quote[-1] == self->separator) return true;
    quote++;
  }
  return false;
}

/* Whether the current line is a row by itself, without quotes.  The end of the
 * file is left to libcsv, unless it cannot know what a quote means. */
static bool is_plain_row(const csv_reader *self, const char *line,
                         size_t length) {
  return self->next == self->row_next &&
         (!self->at_end || self->separator != ',') &&
         !has_quotes(self, line, length);
}

/* Splits a line that is a row into fields. */
static void split(csv_reader *self, const char *line, size_t length) {
  const char *end = line + length, *comma;
  while (end > line && (end[-1] == '\n' || end[-1] == '\r')) end--;
  for (bool more = true; more; line = comma + 1) {
    comma = memchr(line, self->separator, (size_t)(end - line));
    more = comma != NULL;
    if (!more) comma = end;
    if (self->field_count == self->field_room && !has_room_for_field(self))
      return;
    self->fields[self->field_count++] =
        (log_text){line, (size_t)(comma - line), false};
  }
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
    end_row(self);
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

/* ---- the window ---- */

static bool is_plain(const char *bytes, size_t length) {
  unsigned bad = 0;
  for (size_t i = 0; i < length; i++)
    bad |= (unsigned)((signed char)bytes[i] <= 0) |
           (unsigned)(bytes[i] == '"') | (unsigned)(bytes[i] == '\r');
  return bad == 0;
}

/* Moves `plain` forward, and `retry` over what is not plain. */
static void find_plain(csv_reader *self) {
  const log_input *input = self->input;
  if (self->next < self->plain || self->next < self->retry) return;
  self->plain = self->next;
  while (self->plain < input->length) {
    const size_t left = input->length - self->plain;
    const size_t block = left < PLAIN_BLOCK ? left : PLAIN_BLOCK;
    self->retry = self->plain + block;
    if (!is_plain(input->bytes + self->plain, block)) return;
    self->plain = self->retry;
  }
}

static size_t less(size_t one, size_t other) {
  return one > other ? one - other : 0;
}

/* A row that is not over yet may have to be read again. */
static void read_more(csv_reader *self) {
  const size_t used = self->between ? self->next : self->row_next;
  const size_t kept = used < self->next ? used : self->next;
  self->status = log_input_more(self->input, kept);
  self->next -= kept;
  self->row_next = less(self->row_next, kept);
  self->plain = less(self->plain, kept);
  self->retry = less(self->retry, kept);
}

/* The end of the line at `next`; SIZE_MAX: failure, and self->status says. */
static size_t find_line_end(csv_reader *self) {
  const log_input *input = self->input;
  for (;;) {
    const size_t end = log_line_end(input->bytes, self->next, input->length);
    /* LF may follow a CR that ends the window. */
    if (end < input->length || input->at_end ||
        (end > self->next && input->bytes[end - 1] == '\n'))
      return end;
    read_more(self);
    if (self->status != HEED_OK) return SIZE_MAX;
  }
}

static void send_batch(csv_reader *self) {
  size_t sent;
  if (self->status == HEED_OK)
    self->status = log_send_rows(self->job, self->batch, self->batched, &sent);
  self->batched = 0;
}

/* The row waits in the batch if nothing is wrong with it. */
static void batch_row(csv_reader *self) {
  log_text *cells = self->cells + self->batched * self->job->width;
  if (self->header == NULL || self->field_count != self->header_count ||
      is_blank_row(self)) {
    send_batch(self);
    end_row(self);
    return;
  }
  pick_cells(self, cells);
  self->batch[self->batched++] =
      (log_row){.cells = cells, .line = self->row_line};
  self->field_count = 0;
  if (self->batched == BATCH) send_batch(self);
}

/* The rows without quotes in a part of the window that has nothing special. */
static void read_plain_lines(csv_reader *self) {
  const char *bytes = self->input->bytes, *end;
  while (self->between && self->status == HEED_OK &&
         !log_has_enough(self->job)) {
    const char *line = bytes + self->next;
    end = memchr(line, '\n', self->plain - self->next);
    if (end == NULL) break;
    self->row_line = self->line++;
    self->next = (size_t)(end + 1 - bytes);
    split(self, line, (size_t)(end - line));
    if (self->status == HEED_OK) batch_row(self);
  }
  send_batch(self);
}

/* CR alone ends a line in all files, but inside quotes it is a character: it
 * counts as a line there only in files whose lines end so. */
static void read_line(csv_reader *self) {
  const log_input *input = self->input;
  const size_t end = find_line_end(self), position = self->next;
  if (self->status != HEED_OK || position == input->length) return;
  self->next = end;
  const char last = input->bytes[end - 1];
  self->at_end = last != '\n' && last != '\r';
  if (self->between) {
    self->row_line = self->line;
    self->row_next = self->next;
  }
  self->between = false;
  feed(self, input->bytes + position, end - position);
  if (self->status == HEED_OK && self->next == input->length && input->at_end)
    finish(self);
  if (last != '\r' || self->mac || self->between) self->line++;
}

static bool has_ended(const csv_reader *self) {
  return self->next == self->input->length && self->input->at_end;
}

/* Whether the first line ends with CR alone. */
static void find_mac(csv_reader *self) {
  const size_t end = find_line_end(self);
  self->mac =
      self->status == HEED_OK && end > 0 && self->input->bytes[end - 1] == '\r';
}

heed_status log_read_csv(log_job *job, log_input *input, char separator) {
  csv_reader self = {.memory = {job->host, false},
                     .job = job,
                     .input = input,
                     .separator = separator,
                     .between = true,
                     .line = 1};
  find_mac(&self);
  start(&self);
  while (!has_ended(&self) && self.status == HEED_OK && !log_has_enough(job)) {
    find_plain(&self);
    if (self.next < self.plain) read_plain_lines(&self);
    if (self.status == HEED_OK && !log_has_enough(job)) read_line(&self);
  }
  stop(&self);
  job->cut = !has_ended(&self);
  if (self.status == HEED_OK && self.header == NULL)
    return log_fail(job->error, HEED_INVALID, "%s: missing header", job->path);
  return self.status;
}
