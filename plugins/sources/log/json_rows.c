/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of an object: the object itself, or the items of lists in it.  A key is
 * looked for in the item, then in what it is an item of. */
#include "sources/log/json_rows.h"

#include <math.h>
#include <stdlib.h>

#include "sources/log/path.h"
#include "sources/log/settings.h"

typedef struct json_place {
  const json_t *values[JSON_DEPTH]; /* the object first, the item last */
  size_t depth;
  const char *bytes; /* of the object */
  size_t length, line;
} json_place;

heed_status json_rows_open(json_rows *self, log_job *job, const char *items) {
  heed_memory memory = {job->host, false};
  *self = (json_rows){.job = job, .items = items, .room = {.memory = memory}};
  self->cells = heed_scratch(&memory, job->width, sizeof *self->cells);
  self->numbers = heed_scratch(&memory, job->width, sizeof *self->numbers);
  self->dumps = heed_scratch(&memory, job->width, sizeof *self->dumps);
  self->made = heed_scratch(&memory, COLUMN_COUNT, sizeof(json_t *));
  return memory.refused ? heed_no_memory(job->error) : HEED_OK;
}

HEED_PRINTF(3, 4)
static heed_status fault(const json_rows *self, const json_place *place,
                         const char *format, ...) {
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(self->job->faults, self->job->path, place->line,
                   self->job->error, "%s", what);
}

/* ---- cells ---- */

/* "$." begins at the object. */
static const json_t *find(const json_place *place, const char *name) {
  const json_t *value = NULL;
  if (name[0] == '$' && name[1] == '.')
    return log_at(place->values[0], name + 2);
  for (size_t i = place->depth; i-- > 0 && value == NULL;)
    value = log_at(place->values[i], name);
  return value;
}

/* A value as text; null is a missing cell.  False: no text is meant. */
static bool cell_of(json_rows *self, size_t column, const json_t *value) {
  char *number = self->numbers[column];
  log_text *cell = &self->cells[column];
  switch (json_typeof(value)) {
    case JSON_STRING:
      *cell = (log_text){json_string_value(value), json_string_length(value),
                         false};
      return true;
    case JSON_INTEGER:
      (void)snprintf(number, LOG_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT,
                     json_integer_value(value));
      *cell = log_text_of(number);
      return true;
    case JSON_REAL:
      log_number_text(json_real_value(value), false, number);
      *cell = log_text_of(number);
      return true;
    case JSON_TRUE:
      *cell = log_text_of("true");
      return true;
    case JSON_FALSE:
      *cell = log_text_of("false");
      return true;
    case JSON_NULL:
      *cell = (log_text){NULL, 0, false};
      return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
      break;
  }
  if (self->job->wanted[column].use != LOG_AS_TEXT) return false;
  self->dumps[column] = json_dumps(value, JSON_COMPACT);
  *cell = log_text_of(self->dumps[column]);
  cell->is_json = true;
  if (self->dumps[column] == NULL) self->room.memory.refused = true;
  return true;
}

/* Whether the text of the object gives this column a number that reads as 0
 * but is not 0; in lists of items: whether it has any such number. */
static bool is_tiny(json_rows *self, const json_place *place,
                    const char *name) {
  json_t *object = NULL;
  if (place->bytes == NULL) return false;
  object = json_load_tiny(&self->room, place->bytes, place->length);
  const bool found =
      place->depth > 1 ? object != NULL : json_is_string(log_at(object, name));
  json_decref(object);
  return found;
}

/* A number is an id only if no digit is lost. */
static heed_status check_id(json_rows *self, const json_place *place,
                            const char *name, double number, bool *fine) {
  *fine = false;
  /* A double holds no whole number beyond 2^53 exactly. */
  if (fabs(number) >= 0x1p53)
    return fault(self, place,
                 "column \"%s\": found a number beyond 2^53 that is not a "
                 "64-bit integer; write it in quotes, as a text",
                 name);
  if (number == 0 && is_tiny(self, place, name))
    return fault(self, place,
                 "column \"%s\": found a number within 4.9e-324 of 0 that is "
                 "not 0; write it in quotes, as a text",
                 name);
  *fine = true;
  return HEED_OK;
}

static bool is_made(const json_rows *self, size_t column) {
  return self->job->preset != NULL && column < COLUMN_COUNT &&
         (self->job->preset->makes >> column & 1u) != 0;
}

/* Half of a UTF-16 pair became U+FFFD, as every other half did. */
static bool has_half(const json_rows *self, const json_t *value) {
  return self->room.was_mended && json_is_string(value) &&
         strstr(json_string_value(value), "\xEF\xBF\xBD") != NULL;
}

static heed_status take_cell(json_rows *self, const json_place *place,
                             size_t column, bool *fine) {
  const log_wanted *wanted = &self->job->wanted[column];
  const json_t *value;
  self->cells[column] = (log_text){NULL, 0, false};
  *fine = true;
  if (wanted->name == NULL) return HEED_OK;
  if (is_made(self, column)) {
    value = self->made[column];
    if (value == NULL) return HEED_OK;
  } else {
    value = find(place, wanted->name);
  }
  *fine = value != NULL || wanted->optional;
  if (value == NULL)
    return *fine ? HEED_OK
                 : fault(self, place, "missing key \"%s\"", wanted->name);
  *fine = cell_of(self, column, value);
  if (!*fine)
    return fault(self, place,
                 "column \"%s\": found %s, expected a text or a number",
                 wanted->name, json_is_array(value) ? "a list" : "an object");
  *fine = wanted->use != LOG_AS_ID || !has_half(self, value);
  if (!*fine)
    return fault(self, place,
                 "column \"%s\": found half of a character (an escape such as "
                 "\\ud83d alone), by which names cannot be told apart",
                 wanted->name);
  if (wanted->use == LOG_AS_ID && json_is_real(value))
    return check_id(self, place, wanted->name, json_real_value(value), fine);
  return HEED_OK;
}

static void free_dumps(json_rows *self) {
  for (size_t i = 0; i < self->job->width; i++) {
    free(self->dumps[i]);
    self->dumps[i] = NULL;
  }
}

static heed_status take_row(json_rows *self, const json_place *place) {
  heed_status status = HEED_OK;
  bool fine = true;
  for (size_t i = 0; status == HEED_OK && fine && i < self->job->width; i++)
    status = take_cell(self, place, i, &fine);
  if (self->room.memory.refused)
    status = heed_no_memory(self->job->error);
  else if (status == HEED_OK && fine)
    status = log_send(self->job, self->cells, place->line);
  free_dumps(self);
  return status;
}

/* ---- items ---- */

static heed_status take_items(json_rows *self, json_place *place,
                              const char *items);

static heed_status take_list(json_rows *self, json_place *place,
                             const json_t *list, const char *rest) {
  heed_status status = HEED_OK;
  place->depth++;
  for (size_t i = 0; status == HEED_OK && i < json_array_size(list) &&
                     !log_has_enough(self->job);
       i++) {
    place->values[place->depth - 1] = json_array_get(list, i);
    status = take_items(self, place, rest);
  }
  place->depth--;
  return status;
}

/* Without a list there is nothing in it: a task that nobody has annotated. */
static heed_status take_items(json_rows *self, json_place *place,
                              const char *items) {
  const json_t *value = place->values[place->depth - 1];
  const char *end = items == NULL ? NULL : strstr(items, "[]");
  char path[HEED_MESSAGE_SIZE / 4];
  const json_t *list;
  if (end == NULL) return take_row(self, place);
  (void)snprintf(path, sizeof path, "%.*s", (int)(end - items), items);
  list = *path == '\0' ? value : log_at(value, path);
  end += 2;
  if (*end == '.') end++;
  if (list == NULL || json_is_null(list)) return HEED_OK;
  if (!json_is_array(list))
    return fault(self, place, "found no list at \"%s\", as source.rows says",
                 path);
  if (place->depth == JSON_DEPTH) return HEED_OK;
  return take_list(self, place, list, *end == '\0' ? NULL : end);
}

heed_status json_send(json_rows *self, const json_t *const *values,
                      size_t depth, size_t line) {
  json_place place = {.depth = depth, .line = line};
  for (size_t i = 0; i < depth; i++) place.values[i] = values[i];
  return take_row(self, &place);
}

heed_status json_take_record(json_rows *self, const json_t *record,
                             size_t line) {
  if (self->job->sample == NULL)
    return self->job->preset->translate(self, record, line);
  if (json_array_append(self->job->sample, (json_t *)(uintptr_t)record) != 0)
    return heed_no_memory(self->job->error);
  self->job->count++;
  return HEED_OK;
}

heed_status json_take(json_rows *self, const json_t *object, const char *bytes,
                      size_t length, size_t line) {
  json_place place = {.values = {object},
                      .depth = 1,
                      .bytes = bytes,
                      .length = length,
                      .line = line};
  if (self->job->sample != NULL || self->job->preset != NULL)
    return json_take_record(self, object, line);
  return take_items(self, &place, self->items);
}
