/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files of JSON objects, parsed by jansson: an object on each line (JSON
 * Lines), objects that span lines, or a list of objects.  The first value tells
 * which. */
#include <jansson.h>

#include "sources/log/formats.h"
#include "sources/log/json_rows.h"

typedef struct json_reader {
  log_job *job;
  log_input *input;
  json_rows rows;
  size_t next; /* in the window */
  size_t line; /* of `next` */
  size_t records;
} json_reader;

HEED_PRINTF(2, 3)
static heed_status fault(const json_reader *self, const char *format, ...) {
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(self->job->faults, self->job->path, self->line,
                   self->job->error, "%s", what);
}

/* What is read next moves to the start of the window. */
static heed_status read_more(json_reader *self) {
  const heed_status status = log_input_more(self->input, self->next);
  self->next = 0;
  return status;
}

/* ---- one value ---- */

static heed_status refuse(const json_reader *self, const json_t *value,
                          const json_error_t *where, const char *more) {
  static const char *const kinds[] = {
      [JSON_OBJECT] = "",       [JSON_ARRAY] = "a list",
      [JSON_STRING] = "a text", [JSON_INTEGER] = "a number",
      [JSON_REAL] = "a number", [JSON_TRUE] = "true",
      [JSON_FALSE] = "false",   [JSON_NULL] = "null"};
  if (value == NULL && json_error_code(where) == json_error_numeric_overflow)
    return fault(self,
                 "found a number beyond 1.8e308; write it in quotes, as a "
                 "text");
  return fault(self, "found %s, expected an object%s",
               value != NULL ? kinds[json_typeof(value)] : where->text, more);
}

static heed_status take_value(json_reader *self, const char *bytes,
                              size_t length, const char *more) {
  json_error_t where;
  json_t *value = json_load(&self->rows.room, bytes, length, &where);
  heed_status status;
  self->records++;
  if (self->rows.room.memory.refused)
    status = heed_no_memory(self->job->error);
  else if (json_is_object(value) ||
           (json_is_array(value) && self->rows.items != NULL))
    status = json_take(&self->rows, value, bytes, length, self->line);
  else
    status = refuse(self, value, &where, more);
  json_decref(value);
  return status;
}

/* ---- lines ---- */

static heed_status take_line(json_reader *self, const char *line,
                             size_t length) {
  const size_t bad = log_not_utf8(line, length);
  const bool ends = line[length - 1] == '\n' || line[length - 1] == '\r';
  if (log_is_blank((log_text){line, length, false})) return HEED_OK;
  if (bad < length)
    return fault(self, "byte %zu of the line, 0x%02X, is %s", bad + 1,
                 (unsigned)(unsigned char)line[bad],
                 line[bad] == '\0' ? "NUL" : "not UTF-8");
  return take_value(self, line, length,
                    ends ? ""
                         : "; the last line has no line end: possibly "
                           "truncated");
}

/* The end of the line at `next`, which may be the end of the file. */
static heed_status find_line_end(json_reader *self, size_t *end) {
  const log_input *input = self->input;
  heed_status status = HEED_OK;
  while (status == HEED_OK) {
    *end = log_line_end(input->bytes, self->next, input->length);
    if (*end < input->length || input->at_end ||
        (*end > self->next && input->bytes[*end - 1] == '\n'))
      return HEED_OK;
    status = read_more(self);
  }
  return status;
}

static heed_status read_lines(json_reader *self) {
  heed_status status = HEED_OK;
  size_t end;
  while (status == HEED_OK && !log_has_enough(self->job)) {
    status = find_line_end(self, &end);
    if (status != HEED_OK || self->next == self->input->length) break;
    self->line++;
    const char *line = self->input->bytes + self->next;
    const size_t length = end - self->next;
    self->next = end;
    status = take_line(self, line, length);
  }
  return status;
}

/* ---- values that span lines ---- */

/* Where a value ends, while its bytes arrive. */
typedef struct json_scan {
  size_t at, depth;
  bool in_text, escaped;
} json_scan;

/* True: the value ends at `at`. */
static bool scan(json_scan *self, const char *bytes, size_t length) {
  for (; self->at < length; self->at++) {
    const char one = bytes[self->at];
    if (self->in_text) {
      self->in_text = self->escaped || one != '"';
      self->escaped = !self->escaped && one == '\\';
      if (self->in_text || self->depth > 0) continue;
      self->at++;
      return true;
    }
    if (one == '"') {
      self->in_text = true;
    } else if (one == '{' || one == '[') {
      self->depth++;
    } else if (one == '}' || one == ']') {
      /* An unmatched one ends whatever is there. */
      if (self->depth == 0) return true;
      if (--self->depth > 0) continue;
      self->at++;
      return true;
    } else if (self->depth == 0 &&
               (one == ',' || log_is_blank((log_text){&one, 1, false}))) {
      return true;
    }
  }
  return false;
}

/* Finds the end of the value at `next`, and reads as much of the file. */
static heed_status find_end(json_reader *self, size_t *end, bool *whole) {
  json_scan state = {.at = self->next};
  heed_status status = HEED_OK;
  while (status == HEED_OK) {
    *whole = scan(&state, self->input->bytes, self->input->length);
    *end = state.at;
    if (*whole || self->input->at_end) return HEED_OK;
    state.at -= self->next;
    status = read_more(self);
  }
  return status;
}

static void count_lines(json_reader *self, size_t end) {
  const char *bytes = self->input->bytes;
  for (; self->next < end; self->next++)
    self->line += bytes[self->next] == '\n' ||
                  (bytes[self->next] == '\r' &&
                   (self->next + 1 == end || bytes[self->next + 1] != '\n'));
}

/* Moves to the next byte that is not blank; false: there is none. */
static heed_status skip_blanks(json_reader *self, bool *more) {
  const log_input *input = self->input;
  heed_status status = HEED_OK;
  for (;;) {
    size_t end = self->next;
    while (end < input->length &&
           log_is_blank((log_text){input->bytes + end, 1, false}))
      end++;
    count_lines(self, end);
    *more = self->next < input->length;
    if (*more || input->at_end || status != HEED_OK) return status;
    status = read_more(self);
  }
}

static heed_status read_value(json_reader *self) {
  size_t end;
  bool whole;
  heed_status status = find_end(self, &end, &whole);
  if (status != HEED_OK) return status;
  if (end == self->next) end++; /* a stray bracket or comma */
  status =
      take_value(self, self->input->bytes + self->next, end - self->next,
                 whole ? "" : "; the file ends within it: possibly truncated");
  count_lines(self, end);
  return status;
}

static heed_status read_objects(json_reader *self) {
  bool more = true;
  heed_status status = skip_blanks(self, &more);
  while (status == HEED_OK && more && !log_has_enough(self->job)) {
    status = read_value(self);
    if (status == HEED_OK) status = skip_blanks(self, &more);
  }
  return status;
}

/* `[`, values with a comma between them, `]`. */
static heed_status read_list(json_reader *self) {
  const char *bytes;
  bool more;
  heed_status status;
  self->next++;
  status = skip_blanks(self, &more);
  while (status == HEED_OK && more && self->input->bytes[self->next] != ']' &&
         !log_has_enough(self->job)) {
    status = read_value(self);
    if (status == HEED_OK) status = skip_blanks(self, &more);
    bytes = self->input->bytes;
    if (status != HEED_OK || !more || bytes[self->next] == ']') break;
    if (bytes[self->next] != ',') {
      status = fault(self, "expected a comma or ] after an object of the list");
      /* Of an unmatched } nothing else can be said. */
      self->next += bytes[self->next] == '}';
    } else {
      self->next++;
    }
    if (status == HEED_OK) status = skip_blanks(self, &more);
  }
  if (status != HEED_OK || log_has_enough(self->job)) return status;
  if (!more) return fault(self, "the list is not closed: possibly truncated");
  self->next++;
  status = skip_blanks(self, &more);
  return status == HEED_OK && more ? fault(self, "found text after the list")
                                   : status;
}

/* ---- the form of a file ---- */

typedef enum json_form { JSON_LINES, JSON_OBJECTS, JSON_LIST } json_form;

/* An object that spans lines; else the file is taken for JSON Lines, so that a
 * malformed line is that line's fault. */
static heed_status find_form(json_reader *self, json_form *form) {
  size_t line_end = 0, end;
  bool more, whole;
  heed_status status = skip_blanks(self, &more);
  *form = JSON_LINES;
  if (status != HEED_OK || !more) return status;
  if (self->input->bytes[self->next] == '[') *form = JSON_LIST;
  if (self->input->bytes[self->next] != '{') return HEED_OK;
  status = find_end(self, &end, &whole);
  if (status == HEED_OK) status = find_line_end(self, &line_end);
  if (status != HEED_OK || !whole || end <= line_end) return status;
  json_error_t where;
  json_t *value = json_load(&self->rows.room, self->input->bytes + self->next,
                            end - self->next, &where);
  if (value != NULL) *form = JSON_OBJECTS;
  json_decref(value);
  return HEED_OK;
}

heed_status log_read_json(log_job *job, log_input *input, const char *items) {
  json_reader self = {.job = job, .input = input, .line = 1};
  json_form form;
  heed_status status = json_rows_open(&self.rows, job, items);
  if (status == HEED_OK) status = find_form(&self, &form);
  if (status != HEED_OK) return status;
  if (form == JSON_LIST) {
    status = read_list(&self);
  } else if (form == JSON_OBJECTS) {
    status = read_objects(&self);
  } else {
    self.line--; /* read_lines() counts a line when it begins */
    status = read_lines(&self);
  }
  job->cut = self.next < input->length || !input->at_end;
  return status;
}
