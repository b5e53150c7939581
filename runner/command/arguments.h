/* SPDX-License-Identifier: GPL-3.0-or-later
 * From the words of a command line to checked values. */
#ifndef HEED_COMMAND_ARGUMENTS_H
#define HEED_COMMAND_ARGUMENTS_H

#include "table.h"

/* Reads argv, without its first word, into the fields that the entry's options
 * name.  For command_program it reads up to the command's name: *rest is its
 * index in argv, or argc.  Returns EXIT_DONE, or the status to exit with after
 * a message on standard error.  With --help, required words may be missing. */
int arguments_parse(command_arguments *given, const command_entry *entry,
                    int argc, char **argv, int *rest);
void arguments_free(command_arguments *given);

#endif
