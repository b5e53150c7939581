/* SPDX-License-Identifier: GPL-3.0-or-later
 * The command line: one function per command, each in the file of its name.
 *
 * Callers: main.  Only this room prints and sets exit statuses.  Commands,
 * options and the texts of help: table.h. */
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

/* Which plugins to load; every command has these options. */
typedef struct command_common {
  const char *plugin_path; /* search path: option, environment or default */
  bool allow_unsafe;       /* --allow-unsafe-plugins */
} command_common;

/* The values of an option that can be given more than once. */
typedef struct command_values {
  const char **texts;
  size_t count;
} command_values;

#define COMMAND_NONE SIZE_MAX /* a count or kind that is not given */

/* The checked command line.  A command reads the fields that its entry in the
 * table names; all others are empty.  Texts point into argv. */
typedef struct command_arguments {
  int word_count; /* the whole line, as given */
  char **words;
  command_common common;
  bool help, version;

  const char *file;   /* a sweep, a result, a work folder */
  const char *plugin; /* KIND/NAME */
  const char *plugin_file;
  const char *topic; /* a command's name */
  const char *output, *x, *lines, *license, *format, *append;
  command_values sets, metrics, axes, skipped, line, drops;
  size_t kind, what;    /* what: index of a word */
  size_t shape, by;     /* words of heed export */
  size_t cell, workers; /* COMMAND_NONE: not given */
  size_t draw;          /* rows; COMMAND_NONE: not given */
  size_t socket, slot, rows;
  size_t memory, progress;      /* bytes; a progress_style */
  double seconds, plan_seconds; /* plan_: limits of the planner */
  double worker_seconds;
  double threshold, alpha; /* between 0 and 1 */
  const char *pseudonyms;  /* a file with a key */
  size_t sort;             /* index of a word */
  const char *group_by;    /* a covariate */
  size_t groups;           /* of a numeric covariate, at most */
  size_t plan_memory;
  bool retry, replace, json, lua, csv, debugger, data, raw, all_rows;
} command_arguments;

int command_run(const command_arguments *given);
int command_check(const command_arguments *given);
/* heed check --plugin FILE.so: command_check() calls it. */
int command_check_plugin(const command_arguments *given);
int command_new(const command_arguments *given);
int command_cell(const command_arguments *given);
int command_look(const command_arguments *given);
int command_list(const command_arguments *given);
int command_describe(const command_arguments *given);
int command_show(const command_arguments *given);
int command_report(const command_arguments *given);
int command_users(const command_arguments *given);
int command_pairs(const command_arguments *given);
int command_export(const command_arguments *given);
int command_pack(const command_arguments *given);
int command_collect(const command_arguments *given);
int command_help(const command_arguments *given);
/* For heed itself, completion in shells, and heed's build. */
int command_plan(const command_arguments *given);
int command_worker(const command_arguments *given);
int command_complete(const command_arguments *given);
int command_generate(const command_arguments *given);

/* Prints "heed: MESSAGE" to standard error and returns the status to exit
 * with: EXIT_USAGE for HEED_INVALID and HEED_UNSUPPORTED, EXIT_INTERRUPTED for
 * HEED_CANCELLED, else EXIT_FAILED. */
int command_error(const heed_error *error);
/* Prints "heed: COMMAND: MESSAGE", without COMMAND if it is "", and how to get
 * help; returns EXIT_USAGE. */
HEED_PRINTF(2, 3)
int command_usage(const char *command, const char *format, ...);
/* The same for an unknown command, with the nearest one. */
int command_unknown(const char *name);

#endif
