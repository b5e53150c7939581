/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks ranges of output values and records the values. */
#include <stdlib.h>

#include "trial.h"

void trial_finite(const contract_trial *self, const char *name,
                  const double *values, size_t count) {
  trial_within(self, name, values, count, -HUGE_VAL, HUGE_VAL,
               "a finite number");
}

void trial_within(const contract_trial *self, const char *name,
                  const double *values, size_t count, double low, double high,
                  const char *expected) {
  trial_filled(self, name, values, count);
  for (size_t i = 0; i < count; i++)
    if (!isfinite(values[i]) || values[i] < low || values[i] > high)
      trial_fail(self, "%s[%zu] is %.12g, expected %s", name, i, values[i],
                 expected);
}

void trial_take(contract_trial *self, const char *name, const double *values,
                size_t count) {
  if (!self->taking || values == NULL) return;
  if (self->value_count + count > self->value_room) {
    const size_t room = 2 * (self->value_count + count);
    contract_value *more = realloc(self->values, room * sizeof *more);
    if (more == NULL) trial_skip(self, HEED_OUT_OF_MEMORY);
    self->values = more;
    self->value_room = room;
  }
  for (size_t i = 0; i < count; i++)
    self->values[self->value_count++] = (contract_value){name, i, values[i]};
}

void trial_take_number(contract_trial *self, const char *name, double value) {
  trial_take(self, name, &value, 1);
}

/* A hash of the text (FNV-1a, 53 bits). */
static double text_number(const char *text) {
  uint64_t word = 14695981039346656037u;
  for (; *text != '\0'; text++) {
    word ^= (unsigned char)*text;
    word *= 1099511628211u;
  }
  return (double)(word >> 11);
}

static double value_at(const heed_column *column, size_t index) {
  switch (column->type) {
    case HEED_FLOAT64:
      return ((const double *)column->data)[index];
    case HEED_FLOAT32:
      return (double)((const float *)column->data)[index];
    case HEED_INT64:
      return (double)((const int64_t *)column->data)[index];
    case HEED_INT32:
      return ((const int32_t *)column->data)[index];
    case HEED_INT8:
      return ((const int8_t *)column->data)[index];
    case HEED_STRING:
      return text_number(((const char *const *)column->data)[index]);
  }
  return NAN;
}

void trial_take_table(contract_trial *self, const heed_table *table) {
  if (table == NULL || !self->taking) return;
  for (size_t i = 0; i < table->column_count; i++) {
    const heed_column *column = &table->columns[i];
    for (size_t k = 0; k < table->rows * column->width; k++) {
      trial_take_number(self, column->name, value_at(column, k));
      self->values[self->value_count - 1].index = k;
    }
  }
}
