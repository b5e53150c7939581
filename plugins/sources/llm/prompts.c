/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads the file of prompts. */
#include "sources/llm/prompts.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static const char *kind_of(const json_t *value) {
  switch (json_typeof(value)) {
    case JSON_OBJECT:
      return "an object";
    case JSON_ARRAY:
      return "a list";
    case JSON_STRING:
      return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
      return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
      return "true or false";
    case JSON_NULL:
      break;
  }
  return "null";
}

static heed_status unfit(const llm_source_prompts *rows, size_t line,
                         const char *key, const json_t *value,
                         const char *expected, heed_error *error) {
  return heed_fail(error, HEED_INVALID, "%s:%zu: \"%s\": found %s, expected %s",
                   rows->path, line, key, kind_of(value), expected);
}

/* An optional text: missing or null sets *text to NULL. */
static heed_status take_text(const heed_host *host,
                             const llm_source_prompts *rows, size_t line,
                             const json_t *object, const char *key,
                             const char **text, heed_error *error) {
  const json_t *value = json_object_get(object, key);
  *text = NULL;
  if (value == NULL || json_is_null(value)) return HEED_OK;
  if (!json_is_string(value))
    return unfit(rows, line, key, value, "a string", error);
  *text = host->copy(host, json_string_value(value));
  return *text == NULL ? heed_no_memory(error) : HEED_OK;
}

static heed_status take_number(const llm_source_prompts *rows, size_t line,
                               const json_t *object, const char *key,
                               double *number, heed_error *error) {
  const json_t *value = json_object_get(object, key);
  *number = NAN;
  if (value == NULL || json_is_null(value)) return HEED_OK;
  if (!json_is_number(value))
    return unfit(rows, line, key, value, "a number", error);
  *number = json_number_value(value);
  return HEED_OK;
}

static heed_status take_object(const heed_host *host,
                               const llm_source_prompts *rows,
                               const json_t *object, llm_source_prompt *row,
                               heed_error *error) {
  static const char *const responses[] = {"response_a", "response_b"};
  static const char *const scores[] = {"score_a", "score_b"};
  heed_status status =
      take_text(host, rows, row->line, object, "prompt", &row->prompt, error);
  if (status == HEED_OK && (row->prompt == NULL || *row->prompt == '\0'))
    status = heed_fail(
        error, HEED_INVALID,
        "%s:%zu: found %s, expected an object with a string \"prompt\"",
        rows->path, row->line,
        row->prompt == NULL ? "no prompt" : "an empty prompt");
  for (int i = 0; i < 2 && status == HEED_OK; i++) {
    status = take_text(host, rows, row->line, object, responses[i],
                       &row->response[i], error);
    if (status == HEED_OK)
      status = take_number(rows, row->line, object, scores[i], &row->score[i],
                           error);
  }
  return status;
}

/* The next row.  NULL: out of memory. */
static llm_source_prompt *next_row(const heed_host *host,
                                   llm_source_prompts *rows) {
  if (rows->count == rows->room) {
    const size_t room = rows->room == 0 ? 256 : 2 * rows->room;
    llm_source_prompt *more = host->scratch(host, room, sizeof *more);
    if (more == NULL) return NULL;
    for (size_t i = 0; i < rows->count; i++) more[i] = rows->row[i];
    rows->row = more;
    rows->room = room;
  }
  return &rows->row[rows->count++];
}

static heed_status take_line(const heed_host *host, llm_source_prompts *rows,
                             size_t line, const char *bytes, size_t length,
                             heed_error *error) {
  json_error_t where;
  json_t *object = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &where);
  llm_source_prompt *row = next_row(host, rows);
  heed_status status;
  if (row == NULL ||
      (object == NULL && json_error_code(&where) == json_error_out_of_memory))
    status = heed_no_memory(error);
  else if (!json_is_object(object))
    status = heed_fail(error, HEED_INVALID,
                       "%s:%zu: found %s, expected an object", rows->path, line,
                       object != NULL ? kind_of(object) : where.text);
  else {
    row->line = line;
    status = take_object(host, rows, object, row, error);
  }
  json_decref(object);
  return status;
}

static bool is_blank(const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (strchr(" \t\r\n", bytes[i]) == NULL) return false;
  return true;
}

/* Skips a UTF-8 byte order mark, and refuses UTF-16. */
static heed_status skip_mark(const char *path, const char **text,
                             ssize_t *length, heed_error *error) {
  if (*length >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
    *text += 3;
    *length -= 3;
  }
  if (*length >= 2 &&
      (memcmp(*text, "\xff\xfe", 2) == 0 || memcmp(*text, "\xfe\xff", 2) == 0))
    return heed_fail(error, HEED_INVALID,
                     "%s: the file is in UTF-16, expected UTF-8", path);
  return HEED_OK;
}

heed_status prompts_read(const heed_host *host, const char *path,
                         llm_source_prompts *made, heed_error *error) {
  FILE *file = fopen(path, "rb");
  char *bytes = NULL;
  size_t room = 0, line = 0;
  ssize_t length;
  heed_status status = HEED_OK;
  *made = (llm_source_prompts){.path = path};
  if (file == NULL)
    return heed_fail(error, HEED_IO, "%s: cannot read: %s", path,
                     strerror(errno));
  while (status == HEED_OK && (length = getline(&bytes, &room, file)) > 0) {
    const char *text = bytes;
    if (++line == 1) status = skip_mark(path, &text, &length, error);
    if (status == HEED_OK && !is_blank(text, (size_t)length))
      status = take_line(host, made, line, text, (size_t)length, error);
  }
  if (status == HEED_OK && ferror(file))
    status =
        heed_fail(error, HEED_IO, "%s: cannot read: %s", path, strerror(errno));
  free(bytes);
  (void)fclose(file);
  return status;
}
