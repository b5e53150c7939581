/* SPDX-License-Identifier: GPL-3.0-or-later
 * A result file as the commands see it that show it. */
#include "result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "storage/storage.h"

heed_status result_open(const char *path, result *self, heed_error *error) {
  heed_status status;
  memset(self, 0, sizeof *self);
  self->path = path;
  status = storage_read_plan(path, &self->plan, error);
  if (status == HEED_OK)
    status = batch_read_result(path, self->plan, &self->cells, error);
  if (status != HEED_OK) plan_free(self->plan);
  return status;
}

void result_close(result *self) {
  batch_free(&self->cells);
  plan_free(self->plan);
}

size_t result_place(const result *self, size_t cell) {
  const plan *of = self->plan;
  size_t place = 0;
  for (size_t i = 0; i < of->axis_count; i++)
    place = place * of->axes[i].coordinate.count +
            of->points[cell / of->replicates].at[i];
  return place * of->replicates + cell % of->replicates;
}

void result_number(double number, char text[NUMBER_SIZE]) {
  *text = '\0';
  if (isnan(number)) return;
  for (int digits = 6; digits <= 17; digits++) {
    (void)snprintf(text, NUMBER_SIZE, "%.*g", digits, number);
    if (strtod(text, NULL) == number) return;
  }
}

void result_label(const plan_coordinate *of, size_t index,
                  char label[LABEL_SIZE]) {
  if (of->numbers != NULL)
    result_number(of->numbers[index], label);
  else
    (void)snprintf(label, LABEL_SIZE, "%s", of->labels[index]);
}

void result_csv_field(FILE *file, const char *text) {
  if (strpbrk(text, ",\"\r\n") == NULL && *text != ' ') {
    (void)fputs(text, file);
    return;
  }
  (void)fputc('"', file);
  for (; *text != '\0'; text++) {
    if (*text == '"') (void)fputc('"', file);
    (void)fputc(*text, file);
  }
  (void)fputc('"', file);
}
