/* SPDX-License-Identifier: GPL-3.0-or-later
 * One cell's kept table: chooses the cell, and writes a complete file or none.
 */
#include "kept_cell.h"

#include <stdlib.h>
#include <string.h>

#include "hdf/kept.h"
#include "spare.h"
#include "standard.h"
#include "tell.h"
#include "view/safe.h"

#define MOST_CHOICES 20

/* ---- which cell ---- */

typedef struct kept_cell_search {
  const command_kept_options *what;
  const view_result *result;
  size_t table; /* in plan_kept_names */
} kept_cell_search;

static size_t number_of(const char *table) {
  size_t which = 0;
  while (strcmp(plan_kept_names[which], table) != 0) which++;
  return which;
}

static bool has_table(const kept_cell_search *self, size_t cell) {
  const size_t *count = self->result->cells.kept_count[self->table];
  return count != NULL && count[view_place(self->result, cell)] > 0;
}

/* Whether two points share the node that makes the table: the node of the
 * command's stage or, without one (no filter), of the posterior. */
static bool is_same(const kept_cell_search *self, size_t one, size_t other) {
  size_t nodes[2] = {SIZE_MAX, SIZE_MAX};
  for (size_t stage = PLAN_POSTERIOR; stage <= (size_t)self->what->shared;
       stage++) {
    const size_t points[2] = {one, other};
    for (size_t i = 0; i < 2; i++) {
      const size_t position =
          plan_node_at(self->result->plan, points[i], (plan_stage)stage);
      if (position != SIZE_MAX) nodes[i] = position;
    }
  }
  return nodes[0] != SIZE_MAX && nodes[0] == nodes[1];
}

/* Prints the choices to standard error. */
static void list_choices(const kept_cell_search *self) {
  const heed_plan *plan = self->result->plan;
  size_t told = 0;
  fprintf(stderr, "heed: cells that kept their %s, replicate 0:\n",
          self->what->table);
  for (size_t point = 0; point < plan->point_count; point++) {
    if (!has_table(self, point * plan->replicates)) continue;
    if (told++ == MOST_CHOICES) {
      fprintf(stderr, "  … (heed show lists the axes)\n");
      return;
    }
    fprintf(stderr, "  --cell %-6zu", point * plan->replicates);
    for (size_t i = 0; i < plan->axis_count; i++) {
      char label[LABEL_SIZE];
      view_label(&plan->axes[i].coordinate, plan->points[point].position[i],
                 label);
      fprintf(stderr, "  %s ", plan->axes[i].coordinate.name);
      safe_put(stderr, label);
    }
    fputc('\n', stderr);
  }
}

static bool was_asked_for(const kept_cell_search *self) {
  const json_t *keep = json_object_get(self->result->plan->json, "keep"), *item;
  size_t i;
  json_array_foreach(keep, i, item) {
    if (strcmp(json_string_value(item), self->what->table) == 0) return true;
  }
  return false;
}

static heed_status no_table(const kept_cell_search *self, heed_error *error) {
  const char *table = self->what->table;
  if (was_asked_for(self))
    return heed_fail(error, HEED_INVALID,
                     "%s: no cell of replicate 0 kept its %s; heed show lists "
                     "the failures and warnings",
                     self->result->path, table);
  return heed_fail(error, HEED_INVALID,
                   "%s: has no %s; the sweep needs keep = {\"%s\"}",
                   self->result->path, table, table);
}

/* Chooses replicate 0 of a point that has the table; all such points must have
 * the same table. */
static heed_status choose_cell(const kept_cell_search *self, size_t *cell,
                               heed_error *error) {
  const heed_plan *plan = self->result->plan;
  size_t chosen = SIZE_MAX;
  for (size_t point = 0; point < plan->point_count; point++) {
    if (!has_table(self, point * plan->replicates)) continue;
    if (chosen == SIZE_MAX) {
      chosen = point;
    } else if (!is_same(self, chosen, point)) {
      list_choices(self);
      return heed_fail(error, HEED_INVALID,
                       "%s: more than one cell kept its %s; choose one with "
                       "--cell",
                       self->result->path, self->what->table);
    }
  }
  if (chosen == SIZE_MAX) return no_table(self, error);
  *cell = chosen * plan->replicates;
  return HEED_OK;
}

static heed_status check_cell(const kept_cell_search *self, size_t cell,
                              heed_error *error) {
  const view_result *result = self->result;
  const size_t original = cell - cell % result->plan->replicates;
  if (cell >= plan_cell_count(result->plan))
    return heed_fail(error, HEED_INVALID,
                     "%s: unknown cell %zu; expected a number below %zu",
                     result->path, cell, plan_cell_count(result->plan));
  if (has_table(self, cell)) return HEED_OK;
  if (has_table(self, original) &&
      view_is_bootstrap(result, cell / result->plan->replicates))
    return heed_fail(error, HEED_INVALID,
                     "%s: cell %zu, a resampled log, kept no %s; use cell %zu, "
                     "the original log",
                     result->path, cell, self->what->table, original);
  return heed_fail(error, HEED_INVALID,
                   "%s: cell %zu kept no %s; heed show lists the failures and "
                   "warnings",
                   result->path, cell, self->what->table);
}

heed_status kept_cell_find(const command_kept_options *what,
                           const view_result *result,
                           const command_arguments *given, size_t *cell,
                           heed_error *error) {
  const kept_cell_search search = {what, result, number_of(what->table)};
  *cell = given->cell;
  return given->cell == COMMAND_NONE ? choose_cell(&search, cell, error)
                                     : check_cell(&search, *cell, error);
}

/* ---- writing ---- */

/* Makes the whole text before it writes a byte. */
static heed_status make_text(const command_kept_options *what,
                             const command_kept_cell *cell, char **bytes,
                             size_t *length, heed_error *error) {
  FILE *memory = open_memstream(bytes, length);
  heed_status status;
  bool whole;
  if (memory == NULL) return heed_no_memory(error);
  status = what->write(memory, cell, error);
  whole = ferror(memory) == 0;
  if (fclose(memory) != 0) whole = false;
  return status != HEED_OK || whole ? status : heed_no_memory(error);
}

static heed_status write_table(const command_kept_options *what,
                               const output_target *output,
                               const command_kept_cell *cell,
                               heed_error *error) {
  char *bytes = NULL;
  size_t length = 0;
  heed_status status = make_text(what, cell, &bytes, &length, error);
  if (status == HEED_OK) status = standard_put(output, bytes, length, error);
  free(bytes);
  return status;
}

static heed_status write_cell(view_result *result,
                              const command_kept_options *what,
                              const command_arguments *given,
                              const output_target *output, heed_error *error) {
  const size_t which = number_of(what->table);
  size_t cell, place;
  heed_status status = kept_cell_find(what, result, given, &cell, error);
  char note[KEPT_NOTE_SIZE] = "";
  heed_table *table;
  if (status != HEED_OK) return status;
  place = view_place(result, cell);
  result->cells.file.error = error;
  table = batch_kept(&result->cells, which, place);
  if (table == NULL) return result->cells.file.status;
  status = result->cells.file.status;
  if (status == HEED_OK)
    status = write_table(
        what, output,
        &(command_kept_cell){.path = result->path,
                             .result = result,
                             .cell = cell,
                             .given = given,
                             .table = table,
                             .raw = given->raw,
                             .first = result->cells.kept_first[which][place],
                             .note = note},
        error);
  kept_free(table);
  if (status == HEED_OK && *note != '\0')
    fprintf(stderr, "heed: warning: %s\n", note);
  return status == HEED_OK
             ? tell_cell(result, cell, given->pseudonyms != NULL, error)
             : status;
}

int kept_cell_command(const command_kept_options *what,
                      const command_arguments *given) {
  heed_error error;
  view_result result;
  output_target output;
  heed_status status = tell_open(given->file, &result, &error);
  if (status != HEED_OK) return command_error(&error);
  status =
      spare_find_text(given->output == NULL ? "-" : given->output, given->file,
                      given->pseudonyms, result.plan, &output, &error);
  if (status == HEED_OK)
    status = write_cell(&result, what, given, &output, &error);
  output_free(&output);
  view_result_close(&result);
  return status == HEED_OK ? EXIT_DONE : command_error(&error);
}
