/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON Lines, one object per line, parsed by jansson. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sources/log/formats.h"

typedef struct jsonl_reader {
  heed_memory memory;
  const char *bytes;
  size_t length;
  const char *const *names;
  const bool *wants_number; /* NULL: no column is wanted as numbers */
  log_faults *faults;
  log_rows *rows;
  heed_error *error;
  size_t line;
  const char **cells;               /* rows->width */
  char (*numbers)[LOG_NUMBER_SIZE]; /* rows->width: texts of numbers */
  char *copy;                       /* of a line, room bytes */
  size_t room;
} jsonl_reader;

/* ---- numbers that jansson does not hold ---- */

/* Whether these bytes are a number that jansson does not hold. */
typedef bool number_test(const char *number, size_t length);

/* Jansson has integers of 64 bits with a sign, and no way to ask for others.
 * Numbers of fewer digits it always holds. */
static bool is_long_integer(const char *number, size_t length) {
  const size_t sign = *number == '-';
  if (length < sign + 16 || number[sign] == '0' ||
      strspn(number + sign, "0123456789") != length - sign)
    return false;
  errno = 0;
  if (sign == 1)
    (void)strtoll(number, NULL, 10);
  else
    (void)strtoull(number, NULL, 10);
  return errno == 0;
}

/* Reads as 0 but is not 0. */
static bool is_tiny(const char *number, size_t length) {
  const size_t zeros = strspn(number, "-.0");
  return strtod(number, NULL) == 0 && zeros < length &&
         strchr("123456789", number[zeros]) != NULL;
}

/* The length of a text of JSON, its quotes included. */
static size_t text_length(const char *line, size_t length) {
  size_t end = 1;
  while (end < length && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
  return end < length ? end + 1 : length;
}

/* Whether a value ends here: not so a key that is a number, an error. */
static bool ends_value(const char *rest, size_t length) {
  size_t blanks = 0;
  while (blanks < length && strchr(" \t", rest[blanks]) != NULL) blanks++;
  return blanks < length && strchr(",]}", rest[blanks]) != NULL;
}

/* The line with quotes around some of its numbers: in self->copy. */
static size_t quote(jsonl_reader *self, const char *line, size_t length,
                    number_test *test) {
  size_t used = 0;
  if (self->room < 2 * length) {
    self->room = 4 * length;
    self->copy = heed_scratch(&self->memory, self->room, 1);
  }
  if (self->memory.refused) return 0;
  for (size_t i = 0, step; i < length; i += step) {
    const size_t number = strspn(line + i, "+-.0123456789eE");
    const bool quoted = number > 0 &&
                        ends_value(line + i + number, length - i - number) &&
                        test(line + i, number);
    step = number > 0       ? number
           : line[i] == '"' ? text_length(line + i, length - i)
                            : 1;
    if (quoted) self->copy[used++] = '"';
    memcpy(self->copy + used, line + i, step);
    used += step;
    if (quoted) self->copy[used++] = '"';
  }
  return used;
}

/* A column that nobody asked for may hold a number that is too large. */
static json_t *load(jsonl_reader *self, const char *line, size_t length,
                    json_error_t *where) {
  const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
  json_t *value = json_loadb(line, length, flags, where);
  if (value != NULL || json_error_code(where) != json_error_numeric_overflow)
    return value;
  length = quote(self, line, length, is_long_integer);
  return json_loadb(self->copy, length, flags | JSON_DECODE_INT_AS_REAL, where);
}

/* Whether the line of an object gives a member such a number. */
static bool is_tiny_member(jsonl_reader *self, const char *line, size_t length,
                           const char *name) {
  json_error_t where;
  json_t *object;
  bool found;
  length = quote(self, line, length, is_tiny);
  object = json_loadb(self->copy, length, JSON_DECODE_INT_AS_REAL, &where);
  found = json_is_string(json_object_get(object, name));
  json_decref(object);
  return found;
}

/* ---- rows ---- */

/* A value as text; NULL is a missing cell.  False: no text is meant. */
static bool cell_of(const json_t *value, char number[LOG_NUMBER_SIZE],
                    const char **cell) {
  *cell = number;
  switch (json_typeof(value)) {
    case JSON_STRING:
      *cell = json_string_value(value);
      return true;
    case JSON_INTEGER:
      (void)snprintf(number, LOG_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT,
                     json_integer_value(value));
      return true;
    case JSON_REAL:
      log_number_text(json_real_value(value), false, number);
      return true;
    case JSON_TRUE:
      *cell = "true";
      return true;
    case JSON_FALSE:
      *cell = "false";
      return true;
    case JSON_NULL:
      *cell = NULL;
      return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
      break;
  }
  return false;
}

HEED_PRINTF(2, 3)
static heed_status fault(const jsonl_reader *self, const char *format, ...) {
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(self->faults, self->rows->path, self->line, self->error,
                   "%s", what);
}

/* A number is an id only if no digit is lost. */
static heed_status check_id(jsonl_reader *self, const char *line, size_t length,
                            const char *name, double number, bool *fine) {
  *fine = false;
  /* A double holds no whole number beyond 2^53 exactly. */
  if (fabs(number) >= 0x1p53)
    return fault(self,
                 "column \"%s\": found a number beyond 2^53 that is not a "
                 "64-bit integer; write it in quotes, as a text",
                 name);
  if (number == 0 && is_tiny_member(self, line, length, name))
    return fault(self,
                 "column \"%s\": found a number within 4.9e-324 of 0 that is "
                 "not 0; write it in quotes, as a text",
                 name);
  *fine = true;
  return HEED_OK;
}

static heed_status take_object(jsonl_reader *self, const json_t *object,
                               const char *line, size_t length) {
  bool fine = true;
  for (size_t i = 0; i < self->rows->width; i++) {
    const char *name = self->names[i];
    const json_t *value;
    self->cells[i] = NULL;
    if (name == NULL) continue;
    value = json_object_get(object, name);
    if (value == NULL) return fault(self, "missing key \"%s\"", name);
    if (!cell_of(value, self->numbers[i], &self->cells[i]))
      return fault(self, "column \"%s\": found %s, expected a text or a number",
                   name, json_is_array(value) ? "a list" : "an object");
    if (self->wants_number != NULL && self->wants_number[i]) continue;
    if (json_is_real(value)) {
      const heed_status status =
          check_id(self, line, length, name, json_real_value(value), &fine);
      if (!fine) return status;
    }
  }
  if (self->memory.refused) return heed_no_memory(self->error);
  return log_append(self->memory.host, self->rows, self->cells, self->line,
                    self->error);
}

static bool is_blank(const char *line, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (line[i] == '\0' || strchr(" \t\r\n", line[i]) == NULL) return false;
  return true;
}

/* JSON in another form than JSON Lines: says what the file is. */
static heed_status refuse_form(const jsonl_reader *self, const char *line,
                               size_t length, bool *refused) {
  const char *path = self->rows->path;
  json_error_t end;
  json_t *first =
      json_loadb(line, self->length - (size_t)(line - self->bytes),
                 JSON_DECODE_INT_AS_REAL | JSON_DISABLE_EOF_CHECK, &end);
  const bool array = json_is_array(first) ||
                     (first == NULL && line[strspn(line, " \t")] == '[');
  const bool spans = json_is_object(first) && (size_t)end.position > length;
  json_decref(first);
  *refused = array || spans;
  if (!*refused) return HEED_OK;
  return log_fail(self->error, HEED_INVALID,
                  "%s: the file is %s, expected JSON Lines: an object on each "
                  "line; convert it with jq -c '.%s' %s > log.jsonl",
                  path,
                  array ? "a JSON array" : "JSON whose objects span lines",
                  array ? "[]" : "", path);
}

static heed_status refuse_line(const jsonl_reader *self, const json_t *value,
                               const json_error_t *where, const char *line,
                               size_t length) {
  static const char *const kinds[] = {
      [JSON_OBJECT] = "",       [JSON_ARRAY] = "a list",
      [JSON_STRING] = "a text", [JSON_INTEGER] = "a number",
      [JSON_REAL] = "a number", [JSON_TRUE] = "true",
      [JSON_FALSE] = "false",   [JSON_NULL] = "null"};
  bool refused = false;
  heed_status status = HEED_OK;
  /* Only the first row tells that the whole file has another form. */
  if (self->rows->count == 0 && self->faults->count == 0)
    status = refuse_form(self, line, length, &refused);
  if (refused) return status;
  if (value == NULL && json_error_code(where) == json_error_numeric_overflow)
    return fault(self,
                 "found a number beyond 1.8e308; write it in quotes, as a "
                 "text");
  return fault(self, "found %s, expected an object%s",
               value != NULL ? kinds[json_typeof(value)] : where->text,
               line[length - 1] != '\n' && line[length - 1] != '\r'
                   ? "; the last line has no line end: possibly truncated"
                   : "");
}

static heed_status take_line(jsonl_reader *self, const char *line,
                             size_t length) {
  const size_t bad = log_not_utf8(line, length);
  json_error_t where;
  json_t *value;
  heed_status status;
  if (is_blank(line, length)) return HEED_OK;
  if (bad < length)
    return fault(self, "byte %zu of the line, 0x%02X, is %s", bad + 1,
                 (unsigned)(unsigned char)line[bad],
                 line[bad] == '\0' ? "NUL" : "not UTF-8");
  value = load(self, line, length, &where);
  if (self->memory.refused) return heed_no_memory(self->error);
  status = json_is_object(value)
               ? take_object(self, value, line, length)
               : refuse_line(self, value, &where, line, length);
  json_decref(value);
  return status;
}

heed_status log_read_jsonl(const heed_host *host, const char *bytes,
                           size_t length, const char *const *names,
                           const bool *numbers, log_faults *faults,
                           log_rows *rows, heed_error *error) {
  jsonl_reader self = {.memory = {host, false},
                       .bytes = bytes,
                       .length = length,
                       .names = names,
                       .wants_number = numbers,
                       .faults = faults,
                       .rows = rows,
                       .error = error};
  heed_status status = HEED_OK;
  size_t position = 0;
  self.cells = heed_scratch(&self.memory, rows->width, sizeof *self.cells);
  self.numbers = heed_scratch(&self.memory, rows->width, sizeof *self.numbers);
  if (self.memory.refused) return heed_no_memory(error);
  while (position < length && status == HEED_OK && rows->count < rows->most) {
    const size_t next = log_line_end(bytes, position, length);
    self.line++;
    status = take_line(&self, bytes + position, next - position);
    position = next;
  }
  return status;
}
