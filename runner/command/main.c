/* SPDX-License-Identifier: GPL-3.0-or-later
 * The program: finds the command and calls it. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "guarded.h"
#include "plugins.h"
#include "standard.h"
#include "wording.h"

/* The function of a command; it returns the exit status. */
typedef struct command_call {
  const char *name;
  int (*call)(const command_arguments *given);
  bool reads_file; /* given->file, of others */
} command_call;

static const command_call calls[] = {
    {"run", command_run, false},
    {"check", command_check, false},
    {"new", command_new, false},
    {"cell", command_cell, false},
    {"look", command_look, true},
    {"list", command_list, false},
    {"describe", command_describe, false},
    {"show", command_show, true},
    {"report", command_report, true},
    {"users", command_users, true},
    {"pairs", command_pairs, true},
    {"export", command_export, true},
    {"pack", command_pack, false},
    {"collect", command_collect, false},
    {"help", command_help, false},
    {"plan", command_plan, false},
    {"worker", command_worker, false},
    {"complete", command_complete, false},
    {"generate", command_generate, false},
};

static const char *own_plugins(char path[PATH_MAX]) {
  const char below[] = "/lib/heed";
  if (plugins_prefix(path) == NULL || strlen(path) + sizeof below > PATH_MAX)
    return "";
  memcpy(path + strlen(path), below, sizeof below);
  return path;
}

static int show_help(const command_entry *entry) {
  help_write(stdout, entry);
  return EXIT_DONE;
}

static int show_version(void) {
  printf("heed " HEED_VERSION " (plugin ABI %d.%d)\n", HEED_ABI_MAJOR,
         HEED_ABI_MINOR);
  return EXIT_DONE;
}

static int run_command(const char *name, const command_arguments *given) {
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (strcmp(calls[i].name, name) == 0)
      return calls[i].reads_file ? command_guarded(calls[i].call, given)
                                 : calls[i].call(given);
  return command_unknown(name);
}

static int call(command_arguments *given, int argc, char **argv) {
  const command_entry *entry = command_find(argv[0]);
  int status;
  if (entry == NULL) return command_unknown(argv[0]);
  status = arguments_parse(given, entry, argc, argv, NULL);
  if (status != EXIT_DONE) return status;
  return given->help ? show_help(entry) : run_command(entry->name, given);
}

static int run(command_arguments *given, int argc, char **argv) {
  int first,
      status = arguments_parse(given, &command_program, argc, argv, &first);
  if (status != EXIT_DONE) return status;
  if (given->help) return show_help(&command_program);
  if (given->version) return show_version();
  if (first >= argc) return command_usage("", "missing COMMAND");
  return call(given, argc - first, argv + first);
}

int main(int argc, char **argv) {
  char path[PATH_MAX];
  command_arguments given = {.word_count = argc, .words = argv};
  standard_streams streams;
  int status;
  standard_open(&streams);
  given.common.plugin_path = getenv("HEED_PLUGIN_PATH");
  if (given.common.plugin_path == NULL)
    given.common.plugin_path = own_plugins(path);
  status = run(&given, argc, argv);
  arguments_free(&given);
  return standard_close(&streams, status);
}
