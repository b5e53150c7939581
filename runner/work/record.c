/* SPDX-License-Identifier: GPL-3.0-or-later
 * Records: filled by stages, freed by whoever runs them. */
#include "work/record.h"

#include <math.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "hdf/hdf.h"

heed_record *record_create(const heed_plan *plan, size_t cell) {
  heed_record *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->values = malloc((plan->value_count + 1) * sizeof *self->values);
  if (self->values == NULL) {
    free(self);
    return NULL;
  }
  self->cell = cell;
  plan_cell_key(plan, cell, self->key);
  for (size_t i = 0; i < plan->value_count; i++) self->values[i] = NAN;
  for (size_t i = 0; i < PLAN_STAGE_COUNT; i++) self->seconds[i] = NAN;
  return self;
}

static void table_free(heed_table *table) {
  if (table == NULL) return;
  for (size_t i = 0; i < table->column_count; i++) {
    heed_column *column = &table->columns[i];
    if (column->type == HEED_STRING && column->data != NULL)
      for (size_t j = 0; j < table->rows * column->width; j++)
        free(((char **)column->data)[j]);
    free(column->data);
    free((char *)(uintptr_t)column->name);
  }
  free(table->columns);
  free((char *)(uintptr_t)table->name);
  free(table);
}

void record_free(heed_record *self) {
  if (self == NULL) return;
  for (size_t i = 0; i < self->warning_count; i++) {
    free(self->warnings[i].code);
    free(self->warnings[i].plugin);
    free(self->warnings[i].message);
  }
  for (size_t i = 0; i < self->kept_count; i++) table_free(self->kept[i]);
  free(self->warnings);
  free(self->kept);
  free(self->plugin);
  free(self->message);
  free(self->values);
  free(self);
}

static heed_status out_of_memory(const heed_record *self, heed_error *error) {
  return heed_fail(error, HEED_MEMORY, "cell %zu: no memory for its record",
                   self->cell);
}

/* A copy in which every byte that is not UTF-8 has become U+FFFD: readers of
 * the result file stop at such bytes.  NULL when memory is out. */
static char *copy_text(const char *text) {
  const size_t length = text == NULL ? 0 : strlen(text);
  char *copy = malloc(3 * length + 1);
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
  char *plugin_copy = copy_text(plugin);
  char *message_copy = copy_text(message);
  if (plugin_copy == NULL || message_copy == NULL) {
    free(plugin_copy);
    free(message_copy);
    return out_of_memory(self, error);
  }
  free(self->plugin);
  free(self->message);
  self->plugin = plugin_copy;
  self->message = message_copy;
  self->status = status;
  self->stage = stage;
  self->signal = signal;
  return HEED_OK;
}

heed_status record_warn(heed_record *self, const char *code, const char *plugin,
                        const char *message, heed_error *error) {
  heed_record_warning *grown = realloc(
      self->warnings, (self->warning_count + 1) * sizeof *self->warnings);
  heed_record_warning *warning;
  if (grown == NULL) return out_of_memory(self, error);
  self->warnings = grown;
  warning = &self->warnings[self->warning_count++];
  warning->code = copy_text(code);
  warning->plugin = copy_text(plugin);
  warning->message = copy_text(message);
  if (warning->code == NULL || warning->plugin == NULL ||
      warning->message == NULL)
    return out_of_memory(self, error);
  return HEED_OK;
}

static bool copy_column(heed_column *copy, const heed_column *column,
                        size_t rows) {
  const size_t count = rows * column->width;
  copy->type = column->type;
  copy->width = column->width;
  copy->name = copy_text(column->name);
  copy->data = calloc(count + 1, heed_type_size(column->type));
  if (copy->name == NULL || copy->data == NULL) return false;
  if (column->type != HEED_STRING) {
    if (count > 0)
      memcpy(copy->data, column->data, count * heed_type_size(column->type));
    return true;
  }
  for (size_t i = 0; i < count; i++) {
    char *text = copy_text(((const char *const *)column->data)[i]);
    if (text == NULL) return false;
    ((char **)copy->data)[i] = text;
  }
  return true;
}

static heed_table *copy_table(const heed_table *table, const char *name) {
  heed_table *copy = calloc(1, sizeof *copy);
  if (copy == NULL) return NULL;
  copy->size = sizeof *copy;
  copy->rows = table->rows;
  copy->name = copy_text(name);
  copy->columns = calloc(table->column_count + 1, sizeof *copy->columns);
  if (copy->name == NULL || copy->columns == NULL) {
    table_free(copy);
    return NULL;
  }
  for (size_t i = 0; i < table->column_count; i++) {
    copy->column_count = i + 1;
    if (!copy_column(&copy->columns[i], &table->columns[i], table->rows)) {
      table_free(copy);
      return NULL;
    }
  }
  return copy;
}

heed_status record_keep(heed_record *self, const heed_table *table,
                        const char *name, heed_error *error) {
  heed_table *copy = copy_table(table, name);
  heed_table **grown =
      realloc(self->kept, (self->kept_count + 1) * sizeof(heed_table *));
  if (grown != NULL) self->kept = grown;
  if (copy == NULL || grown == NULL) {
    table_free(copy);
    return out_of_memory(self, error);
  }
  self->kept[self->kept_count++] = copy;
  return HEED_OK;
}
