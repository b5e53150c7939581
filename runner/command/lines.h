/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines of aligned columns. */
#ifndef HEED_COMMAND_LINES_H
#define HEED_COMMAND_LINES_H

#include <stddef.h>
#include <stdio.h>

typedef struct command_lines command_lines;

/* columns: their number; right: bit i aligns column i to the right.  NULL: out
 * of memory; the other functions take it. */
command_lines *lines_create(size_t columns, unsigned long right);
void lines_free(command_lines *self);

/* Sets a field of the current line, cut to 60 columns and without control
 * characters (safe.h), because texts may come from plugins. */
void lines_set(command_lines *self, size_t column, const char *text);
/* Starts the next line. */
void lines_next(command_lines *self);

/* Prints all lines, each after the indent, with two blanks between columns, and
 * reports at the end if memory ran out and parts are missing. */
void lines_print(const command_lines *self, FILE *file, const char *indent);

#endif
