/* SPDX-License-Identifier: GPL-3.0-or-later
 * What commands about one cell's kept table share: they choose the cell whose
 * table is meant.  heed users also writes the table, completely or not at all;
 * heed export and heed pairs read theirs in blocks (export_rows.h). */
#ifndef HEED_COMMAND_KEPT_CELL_H
#define HEED_COMMAND_KEPT_CELL_H

#include "command.h"
#include "view/view.h"

/* A table that a cell kept. */
typedef struct command_kept_cell {
  const char *path; /* the result file, for messages */
  view_result *result;
  size_t cell;
  const command_arguments *given;
  const heed_table *table;
  bool raw;     /* write names as they are, not guarded from spreadsheets */
  size_t first; /* row of the file's group that is row 0 of the table */
  char *note;   /* KEPT_NOTE_SIZE bytes: what the user must know of the text
                   that was written; "": nothing */
} command_kept_cell;
#define KEPT_NOTE_SIZE 512

/* A command that writes one kept table. */
typedef struct command_kept_options {
  const char *table;
  /* Points of the plan that share their node of this stage have the same
   * table: the posterior or what follows it. */
  plan_stage shared;
  heed_status (*write)(FILE *file, const command_kept_cell *cell,
                       heed_error *error);
} command_kept_options;

/* The cell that the command line means: that of --cell, or the only one.  Lists
 * the choices on standard error if there are several. */
heed_status kept_cell_find(const command_kept_options *what,
                           const view_result *result,
                           const command_arguments *given, size_t *cell,
                           heed_error *error);

/* Returns the status to exit with. */
int kept_cell_command(const command_kept_options *what,
                      const command_arguments *given);

#endif
