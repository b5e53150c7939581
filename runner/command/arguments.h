/* SPDX-License-Identifier: GPL-3.0-or-later
 * From the words of a command line to checked values. */
#ifndef HEED_COMMAND_ARGUMENTS_H
#define HEED_COMMAND_ARGUMENTS_H

#include "table.h"

/* Reads argv, whose first word is not looked at, into the fields that the
 * entry's options name.  Of command_program it reads up to the command's name:
 * *rest is its index in argv, or argc.  EXIT_DONE, or the status to exit with
 * after a message on standard error.  With --help, what is missing is not
 * missed. */
int arguments_parse(command_arguments *given, const command_entry *entry,
                    int argc, char **argv, int *rest);
void arguments_free(command_arguments *given);

#endif
