/* SPDX-License-Identifier: GPL-3.0-or-later
 * What heed users and heed export share: to find the cell whose table is
 * meant, and to write what it kept, whole or not at all. */
#ifndef HEED_COMMAND_KEPT_CELL_H
#define HEED_COMMAND_KEPT_CELL_H

#include "command.h"
#include "reading/result.h"

/* The table that a cell kept. */
typedef struct kept_cell {
  const char *path; /* the result file, for messages */
  const heed_table *table;
  size_t first; /* row of the file's group that is row 0 of the table */
} kept_cell;

/* A command that writes one kept table:
 *   heed NAME F.h5 [-o FILE] [--cell INDEX] */
typedef struct kept_command {
  const char *name, *table, *help;
  /* Points of the plan that share their node of this stage have the same
   * table: the posterior or what follows it. */
  plan_stage shared;
  heed_status (*write)(FILE *file, const kept_cell *of, heed_error *error);
} kept_command;

/* Returns the status to exit with. */
int kept_cell_command(const kept_command *what, int argc, char **argv);

#endif
