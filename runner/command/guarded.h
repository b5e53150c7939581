/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs a command that reads a result in a child process (hdf/guard.h). */
#ifndef HEED_COMMAND_GUARDED_H
#define HEED_COMMAND_GUARDED_H

#include "command.h"

/* Calls the command in a child that reads given->file, and returns its exit
 * status, in both processes: the child then exits as usual, which writes what
 * it has printed.  If a signal of the user ended the child, it also ends this
 * process. */
int command_guarded(int (*call)(const command_arguments *given),
                    const command_arguments *given);

#endif
