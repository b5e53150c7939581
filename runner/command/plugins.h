/* SPDX-License-Identifier: GPL-3.0-or-later
 * The plugins on the search path, for commands that look at them. */
#ifndef HEED_COMMAND_PLUGINS_H
#define HEED_COMMAND_PLUGINS_H

#include <limits.h>

#include "command.h"

/* Loads the plugins on the search path.  Prints a warning to standard error for
 * each refused file and each file that crashes or hangs while it loads.
 * Returns EXIT_DONE, or the status to exit with. */
int plugins_load(const command_common *common, host_registry **result);

/* Their order in listings: by kind, then by name; from malloc(). */
size_t *plugins_order(const host_registry *plugins);

const char *plugins_type_name(heed_type type);

/* A plugin as JSON; `whole`: with parameters and outputs. */
json_t *plugins_json(const heed_plugin *plugin, const host_plugin_file *file,
                     bool whole);

/* What bin/heed and lib/heed are in: the folder that heed is installed in, or
 * its build folder.  NULL: unknown. */
const char *plugins_prefix(char path[PATH_MAX]);

#endif
