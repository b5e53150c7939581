/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prints the findings about a result: a summary of the warnings and signatures
 * that heed show lists. */
#ifndef HEED_COMMAND_TELL_H
#define HEED_COMMAND_TELL_H

#include <stdio.h>

#include "diagnosis/findings.h"

/* Opens a result for a user, and warns on standard error if another program
 * has written to it. */
heed_status tell_open(const char *path, view_result *result, heed_error *error);

/* Prints the worst findings, and the command that shows all.  Prints nothing if
 * there are none. */
void tell_findings(FILE *file, const char *path, const diagnosis_finding *found,
                   size_t count);

/* Prints the findings about all cells to standard output. */
heed_status tell_all(view_result *result, heed_error *error);

/* Prints the findings about one cell to standard error, a line each.
 * nameless: without the words of plugins, which may name users. */
heed_status tell_cell(view_result *result, size_t cell, bool nameless,
                      heed_error *error);

#endif
