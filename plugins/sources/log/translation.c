/* SPDX-License-Identifier: GPL-3.0-or-later
 * From the records of a preset to rows: what its shapes share. */
#include <stdarg.h>
#include <string.h>

#include "sources/log/presets.h"

static void forget_made(json_rows *rows) {
  for (size_t i = 0; i < COLUMN_COUNT; i++) {
    json_decref(rows->made[i]);
    rows->made[i] = NULL;
  }
}

heed_status log_translate(json_rows *rows, const json_t *record, size_t line) {
  const log_settings *settings = rows->job->preset;
  log_translation self = {rows, settings, record, line};
  heed_status status = settings->shape->translate(&self);
  forget_made(rows);
  return status;
}

void log_make(log_translation *self, int column, json_t *value) {
  json_t **made = &self->rows->made[column];
  json_decref(*made);
  *made = value;
}

heed_status log_send_made(log_translation *self, const json_t *item) {
  const json_t *values[2] = {self->record, item};
  const heed_status status =
      json_send(self->rows, values, item == NULL ? 1 : 2, self->line);
  forget_made(self->rows);
  return status;
}

heed_status log_set_aside(const log_translation *self, const char *reason) {
  log_asides *asides = self->rows->job->asides;
  size_t i = 0;
  if (asides == NULL) return HEED_OK;
  while (i < asides->reasons && strcmp(asides->reason[i], reason) != 0) i++;
  if (i == asides->reasons) {
    if (i + 1 < LOG_REASONS) {
      (void)snprintf(asides->reason[i], sizeof asides->reason[i], "%s", reason);
      asides->reasons++;
    } else {
      i = LOG_REASONS - 1;
      (void)snprintf(asides->reason[i], sizeof asides->reason[i],
                     "for other reasons");
      asides->reasons = LOG_REASONS;
    }
  }
  asides->count[i]++;
  asides->total++;
  return HEED_OK;
}

heed_status log_refuse_record(const log_translation *self, const char *format,
                              ...) {
  const log_job *job = self->rows->job;
  char what[HEED_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return log_fault(job->faults, job->path, self->line, job->error, "%s", what);
}

json_t *log_shared(const json_t *value) {
  return json_incref((json_t *)(uintptr_t)value);
}

json_t *log_parsed(const json_t *value) {
  const char *text = json_string_value(value);
  if (text == NULL) return log_shared(value);
  return json_loadb(text, json_string_length(value), 0, NULL);
}

json_t *log_id_of(const json_t *value) {
  char number[LOG_NUMBER_SIZE];
  if (json_is_string(value)) return log_shared(value);
  if (json_is_integer(value))
    return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  if (!json_is_real(value)) return NULL;
  log_number_text(json_real_value(value), false, number);
  return json_string(number);
}
