/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines of aligned columns. */
#ifndef HEED_COMMAND_LINES_H
#define HEED_COMMAND_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct command_lines command_lines;

/* columns: how many; right: which are aligned to the right (bit by bit).  NULL:
 * out of memory. */
command_lines *lines_create(size_t columns, unsigned long right);
void lines_free(command_lines *self);

/* Sets a field of the line that is being made, cut to 60 characters; control
 * characters are left out, for texts may come from plugins. */
void lines_set(command_lines *self, size_t column, const char *text);
/* Begins the next line. */
void lines_next(command_lines *self);

/* Prints all lines, two blanks between columns, each after the indent. */
void lines_print(const command_lines *self, FILE *file, const char *indent);

/* Whether all of it fitted into memory. */
bool lines_whole(const command_lines *self);

#endif
