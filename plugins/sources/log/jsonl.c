/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON Lines, one object per line, parsed by jansson. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sources/log/formats.h"

/* A value as text: strings unchanged, numbers as JSON writes them, null as
 * missing. */
static heed_status cell_of(const heed_host *host, const json_t *value,
                           const char **cell, heed_error *error) {
  char *dumped;
  char *copy;
  *cell = NULL;
  if (json_is_null(value)) return HEED_OK;
  if (json_is_string(value)) {
    *cell = json_string_value(value);
    return HEED_OK;
  }
  dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
  copy = dumped == NULL ? NULL : host->scratch(host, strlen(dumped) + 1, 1);
  if (copy != NULL) memcpy(copy, dumped, strlen(dumped) + 1);
  free(dumped);
  *cell = copy;
  return copy != NULL ? HEED_OK : heed_no_memory(error);
}

static heed_status take_object(const heed_host *host, const json_t *object,
                               const char *const *names, size_t line,
                               const char **cells, log_faults *faults,
                               log_rows *rows, heed_error *error) {
  for (size_t i = 0; i < rows->width; i++) {
    const json_t *value;
    heed_status status;
    cells[i] = NULL;
    if (names[i] == NULL) continue;
    value = json_object_get(object, names[i]);
    if (value == NULL)
      return log_fault(faults, rows->path, line, error, "missing key \"%s\"",
                       names[i]);
    status = cell_of(host, value, &cells[i], error);
    if (status != HEED_OK) return status;
  }
  return log_append(host, rows, cells, line, error);
}

static bool is_blank(const char *line, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (strchr(" \t\r\n", line[i]) == NULL) return false;
  return true;
}

heed_status log_read_jsonl(const heed_host *host, const char *bytes,
                           size_t length, const char *const *names,
                           log_faults *faults, log_rows *rows,
                           heed_error *error) {
  const char **cells = host->scratch(host, rows->width, sizeof *cells);
  heed_status status = HEED_OK;
  size_t position = 0, line = 0;
  if (cells == NULL) return heed_no_memory(error);
  while (position < length && status == HEED_OK) {
    const char *end = memchr(bytes + position, '\n', length - position);
    const size_t next = end == NULL ? length : (size_t)(end - bytes) + 1;
    json_error_t where;
    json_t *object;
    line++;
    if (!is_blank(bytes + position, next - position)) {
      object = json_loadb(bytes + position, next - position,
                          JSON_REJECT_DUPLICATES, &where);
      if (!json_is_object(object))
        status = log_fault(
            faults, rows->path, line, error, "found %s, expected an object%s",
            object != NULL ? "another JSON value" : where.text,
            end == NULL ? "; the last line has no line end: possibly truncated"
                        : "");
      else
        status =
            take_object(host, object, names, line, cells, faults, rows, error);
      json_decref(object);
    }
    position = next;
  }
  return status;
}
