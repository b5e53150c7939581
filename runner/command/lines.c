/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines of aligned columns. */
#include "lines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "view/safe.h"

#define MOST_COLUMNS 60

struct command_lines {
  size_t columns, count; /* count: complete lines */
  unsigned long right;
  char **fields; /* (count + 1) x columns; NULL: empty */
  size_t *width; /* columns on a terminal */
  bool whole;
};

command_lines *lines_create(size_t columns, unsigned long right) {
  command_lines *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->columns = columns;
  self->right = right;
  self->whole = true;
  self->width = calloc(columns, sizeof *self->width);
  self->fields = calloc(columns, sizeof *self->fields);
  if (self->width != NULL && self->fields != NULL) return self;
  lines_free(self);
  return NULL;
}

void lines_free(command_lines *self) {
  if (self == NULL) return;
  for (size_t i = 0;
       self->fields != NULL && i < (self->count + 1) * self->columns; i++)
    free(self->fields[i]);
  free(self->fields);
  free(self->width);
  free(self);
}

static size_t width_of(const char *text) {
  return safe_width(text, strlen(text));
}

/* Ends the text before column `most`. */
static void cut(char *text, size_t most) {
  char *end = text;
  size_t width = 0;
  while (*end != '\0') {
    char *next = text + (safe_next(end) - text);
    width += safe_width(end, (size_t)(next - end));
    if (width >= most) break;
    end = next;
  }
  (void)snprintf(end, 4, "%s", "\xE2\x80\xA6");
}

/* A copy, cut and cleaned as lines_set() says. */
static char *field(const char *text) {
  char *copy = safe_line(text), *larger;
  if (copy == NULL || width_of(copy) <= MOST_COLUMNS) return copy;
  larger = realloc(copy, strlen(copy) + 4);
  if (larger == NULL) {
    free(copy);
    return NULL;
  }
  cut(larger, MOST_COLUMNS);
  return larger;
}

void lines_set(command_lines *self, size_t column, const char *text) {
  char **place, *copy;
  if (self == NULL) return;
  place = &self->fields[self->count * self->columns + column];
  copy = field(text);
  if (copy == NULL) {
    self->whole = false;
    return;
  }
  free(*place);
  *place = copy;
  if (width_of(copy) > self->width[column])
    self->width[column] = width_of(copy);
}

void lines_next(command_lines *self) {
  size_t used;
  char **fields;
  if (self == NULL) return;
  used = (self->count + 1) * self->columns;
  fields = realloc(self->fields, (used + self->columns) * sizeof *fields);
  if (fields == NULL) {
    self->whole = false;
    return;
  }
  memset(fields + used, 0, self->columns * sizeof *fields);
  self->fields = fields;
  self->count++;
}

static void print_field(const command_lines *self, size_t column,
                        const char *text, bool last, FILE *file) {
  const int blanks = (int)(self->width[column] - width_of(text));
  const bool to_the_right = self->right >> column & 1;
  (void)fprintf(file, "%*s%s%*s%s", to_the_right ? blanks : 0, "", text,
                to_the_right || last ? 0 : blanks, "", last ? "\n" : "  ");
}

/* Empty columns at the end of a line leave no blanks. */
void lines_print(const command_lines *self, FILE *file, const char *indent) {
  for (size_t i = 0; self != NULL && i < self->count; i++) {
    char *const *fields = self->fields + i * self->columns;
    size_t used = self->columns;
    while (used > 1 && (fields[used - 1] == NULL || *fields[used - 1] == '\0'))
      used--;
    (void)fputs(indent, file);
    for (size_t j = 0; j < used; j++)
      print_field(self, j, fields[j] == NULL ? "" : fields[j], j + 1 == used,
                  file);
  }
  if (self == NULL || !self->whole)
    (void)fprintf(file, "%sout of memory: parts of this table are missing\n",
                  indent);
}
