/* SPDX-License-Identifier: GPL-3.0-or-later
 * The command line: one function a command, each in a file of its name.  Only
 * this room prints and sets exit statuses. */
#ifndef HEED_COMMAND_COMMAND_H
#define HEED_COMMAND_COMMAND_H

#include "host/host.h"

/* Exit statuses: docs/guarantees.md. */
enum {
  EXIT_DONE = 0,
  EXIT_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_SOME_FAILED = 3,
  EXIT_INTERRUPTED = 130
};

/* Options that every command takes; parsed out of argv by main(). */
typedef struct command_common {
  const char *plugin_path; /* search path: option, environment or built in */
  bool allow_unsafe;       /* --allow-unsafe-plugins */
} command_common;

/* argv[0] is the command's name. */
int command_run(const command_common *common, int argc, char **argv);
int command_check(const command_common *common, int argc, char **argv);
/* heed check --plugin FILE.so: command_check() hands over. */
int command_check_plugin(const command_common *common, int argc, char **argv);
int command_new(const command_common *common, int argc, char **argv);
int command_cell(const command_common *common, int argc, char **argv);
int command_list(const command_common *common, int argc, char **argv);
int command_describe(const command_common *common, int argc, char **argv);
int command_show(const command_common *common, int argc, char **argv);
int command_report(const command_common *common, int argc, char **argv);
int command_users(const command_common *common, int argc, char **argv);
int command_export(const command_common *common, int argc, char **argv);
int command_collect(const command_common *common, int argc, char **argv);
/* Started by heed itself. */
int command_plan(const command_common *common, int argc, char **argv);
int command_worker(const command_common *common, int argc, char **argv);

/* Prints "heed: MESSAGE" to standard error and returns the status to exit
 * with: EXIT_USAGE for HEED_INVALID and HEED_UNSUPPORTED, EXIT_INTERRUPTED for
 * HEED_CANCELLED, else EXIT_FAILED. */
int command_error(const heed_error *error);
/* Prints "heed: COMMAND: MESSAGE" and how to get help; returns EXIT_USAGE. */
HEED_PRINTF(2, 3)
int command_usage(const char *command, const char *format, ...);

#endif
