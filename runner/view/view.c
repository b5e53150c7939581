/* SPDX-License-Identifier: GPL-3.0-or-later
 * Read-only view of a result file. */
#include "view/view.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "result/result.h"

/* A place is an index into the cells. */
static heed_status check_places(const view_result *self, heed_error *error) {
  const heed_plan *plan = self->plan;
  size_t places = plan->replicates;
  bool fits = true;
  for (size_t i = 0; i < plan->axis_count; i++)
    fits = fits && !__builtin_mul_overflow(
                       places, plan->axes[i].coordinate.count, &places);
  if (fits && places == self->cells.rows) return HEED_OK;
  return heed_fail(error, HEED_INVALID,
                   "%s: holds %zu cell%s, expected those of its plan",
                   self->path, self->cells.rows, heed_plural(self->cells.rows));
}

heed_status view_result_open(const char *path, view_result *self,
                             heed_error *error) {
  heed_status status;
  memset(self, 0, sizeof *self);
  self->path = path;
  if (access(path, F_OK) != 0)
    return heed_fail(error, HEED_INVALID, "%s: %s", path, strerror(errno));
  status = result_read_plan(path, &self->plan, &self->edited, error);
  if (status == HEED_OK)
    status = result_read(path, self->plan, &self->cells, error);
  if (status == HEED_OK) {
    status = check_places(self, error);
    if (status != HEED_OK) batch_free(&self->cells);
  }
  if (status != HEED_OK) plan_free(self->plan);
  return status;
}

void view_result_close(view_result *self) {
  batch_free(&self->cells);
  plan_free(self->plan);
}

size_t view_place(const view_result *self, size_t cell) {
  const heed_plan *plan = self->plan;
  size_t place = 0;
  for (size_t i = 0; i < plan->axis_count; i++)
    place = place * plan->axes[i].coordinate.count +
            plan->points[cell / plan->replicates].position[i];
  return place * plan->replicates + cell % plan->replicates;
}

double view_value(const view_result *self, size_t point, size_t replicate,
                  size_t value) {
  const size_t cell = point * self->plan->replicates + replicate;
  return self->cells
      .values[view_place(self, cell) * self->plan->value_count + value];
}

bool view_is_bootstrap(const view_result *self, size_t point) {
  const heed_plan *plan = self->plan;
  const size_t node = plan_node_at(plan, point, PLAN_ANNOTATIONS);
  const char *how;
  if (node == SIZE_MAX) return false;
  how = json_string_value(json_object_get(plan->nodes[node].spec, "bootstrap"));
  return how != NULL && strcmp(how, "none") != 0;
}

/* Whether so many digits read back as the same number. */
static bool has_digits(double number, int digits, char text[NUMBER_SIZE]) {
  (void)snprintf(text, NUMBER_SIZE, "%.*g", digits, number);
  return strtod(text, NULL) == number;
}

void view_number(double number, char text[NUMBER_SIZE]) {
  int digits = 6;
  *text = '\0';
  if (isnan(number) || has_digits(number, digits, text)) return;
  /* Most numbers that were computed need more than 15. */
  digits = has_digits(number, 15, text) ? 7 : 16;
  while (digits < 17 && !has_digits(number, digits, text)) digits++;
  if (digits == 17) (void)has_digits(number, digits, text);
}

void view_label(const plan_coordinate *coordinate, size_t index,
                char label[LABEL_SIZE]) {
  if (coordinate->numbers != NULL)
    view_number(coordinate->numbers[index], label);
  else
    (void)snprintf(label, LABEL_SIZE, "%s", coordinate->labels[index]);
}

/* Whether a spreadsheet would read a text as a formula.  A number is none. */
static bool is_formula(const char *text) {
  char *end;
  if (*text == '\0' || strchr("=+-@\t\r", *text) == NULL) return false;
  (void)strtod(text, &end);
  return end == text || *end != '\0';
}

static void write_field(FILE *file, const char *guard, const char *text) {
  if (strpbrk(text, ",\"\r\n") == NULL && *text != ' ') {
    (void)fprintf(file, "%s%s", guard, text);
    return;
  }
  (void)fprintf(file, "\"%s", guard);
  for (; *text != '\0'; text++) {
    if (*text == '"') (void)fputc('"', file);
    (void)fputc(*text, file);
  }
  (void)fputc('"', file);
}

void view_csv_field(FILE *file, const char *text) {
  write_field(file, "", text);
}

void view_csv_name(FILE *file, const char *text) {
  write_field(file, is_formula(text) ? "'" : "", text);
}
