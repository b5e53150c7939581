/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which plugin files kill the process that loads them. */
#ifndef HEED_COMMAND_PROBE_H
#define HEED_COMMAND_PROBE_H

#include "command.h"

#define PROBE_CULPRITS 64 /* with more, heed gives up */

typedef struct command_probe {
  char *culprits[PROBE_CULPRITS + 1]; /* paths, ended by NULL */
  char *deaths[PROBE_CULPRITS];       /* how each killed its reader */
  size_t count;
} command_probe;

/* Loads the files on the search path in child processes until a child survives.
 * If a child dies, its last file is a culprit, and the next child skips it.  A
 * file that is only refused is not a culprit. */
heed_status probe_plugins(const command_common *common, command_probe *result,
                          heed_error *error);
void probe_close(command_probe *result);

#endif
