/* SPDX-License-Identifier: GPL-3.0-or-later
 * The program: options that all commands share, and which command to call. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

typedef struct main_command {
  const char *name;
  int (*call)(const command_common *common, int argc, char **argv);
  const char *use; /* NULL: not for people */
  const char *does;
} main_command;

static const main_command commands[] = {
    {"run", command_run, "run SWEEP.lua [-o F] [-j N] [--set PATH=VALUE] …",
     "run a sweep, go on with it, or extend it"},
    {"check", command_check, "check SWEEP.lua",
     "validate a sweep, run nothing"},
    {"check", command_check, "check --plugin FILE.so [--json]",
     "try a plugin against its contract"},
    {"new", command_new, "new KIND/NAME [-o FOLDER]",
     "write a plugin that builds, with its test"},
    {"cell", command_cell, "cell SWEEP.lua --index I [--debugger]",
     "run one cell in the foreground"},
    {"list", command_list, "list [KIND] [--json]", "plugins that are found"},
    {"describe", command_describe, "describe KIND/NAME [--json]",
     "a plugin's parameters and outputs"},
    {"show", command_show, "show F.h5", "means, intervals, failures, warnings"},
    {"report", command_report, "report F.h5 -o report.html",
     "a page of figures, numbers and provenance"},
    {"users", command_users, "users F.h5 [-o F.csv]",
     "users with their attentiveness, as CSV"},
    {"export", command_export, "export F.h5 [-o F.jsonl]",
     "the annotations that were kept, as a preference data set"},
    {"collect", command_collect, "collect WORK -o F.h5",
     "make a result of what other machines left"},
    {"plan", command_plan, NULL, NULL},
    {"worker", command_worker, NULL, NULL},
};

int command_error(const heed_error *error) {
  fprintf(stderr, "heed: %s\n", error->message);
  switch (error->status) {
    case HEED_INVALID:
    case HEED_UNSUPPORTED:
      return EXIT_USAGE;
    case HEED_CANCELLED:
      return EXIT_INTERRUPTED;
    default:
      return EXIT_FAILED;
  }
}

int command_usage(const char *name, const char *format, ...) {
  va_list arguments;
  fprintf(stderr, "heed: %s: ", name);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, "\nheed --help says more\n");
  return EXIT_USAGE;
}

static int help(void) {
  printf("heed learns LLM preferences from ordinary users, by experiment.\n\n");
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (commands[i].use != NULL)
      printf("  heed %s\n      %s\n", commands[i].use, commands[i].does);
  printf(
      "\nAll commands take\n"
      "  --plugin-path DIR:…      where plugins are (else $HEED_PLUGIN_PATH,"
      " else heed's own)\n"
      "  --allow-unsafe-plugins   load plugins that others may write to\n"
      "  --help  --version\n\n"
      "Exit status: 0 done; 1 failed; 2 bad usage or bad sweep; 3 done, but"
      " some cells\nfailed; 130 interrupted, can be resumed.\n");
  return EXIT_DONE;
}

/* Plugins stand beside the program, in the build as where it is installed:
 * bin/heed, lib/heed/. */
static const char *own_plugins(char path[PATH_MAX]) {
  const char below[] = "/lib/heed";
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof below);
  if (length < 0) return "";
  path[length] = '\0';
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(path, '/');
    if (slash == NULL) return "";
    *slash = '\0';
  }
  memcpy(path + strlen(path), below, sizeof below);
  return path;
}

/* Takes the common options out of argv, wherever they stand. */
static int take_common(command_common *common, int *argc, char **argv) {
  int kept = 1;
  for (int i = 1; i < *argc; i++) {
    if (strcmp(argv[i], "--allow-unsafe-plugins") == 0) {
      common->allow_unsafe = true;
    } else if (strncmp(argv[i], "--plugin-path=", 14) == 0) {
      common->plugin_path = argv[i] + 14;
    } else if (strcmp(argv[i], "--plugin-path") == 0) {
      if (++i == *argc)
        return command_usage("--plugin-path", "a search path must follow");
      common->plugin_path = argv[i];
    } else {
      argv[kept++] = argv[i];
    }
  }
  argv[kept] = NULL;
  *argc = kept;
  return EXIT_DONE;
}

int main(int argc, char **argv) {
  char path[PATH_MAX];
  command_common common = {getenv("HEED_PLUGIN_PATH"), false};
  if (common.plugin_path == NULL) common.plugin_path = own_plugins(path);
  if (take_common(&common, &argc, argv) != EXIT_DONE) return EXIT_USAGE;
  if (argc < 2) {
    fprintf(stderr, "heed: a command must be named; heed --help lists them\n");
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
    return help();
  if (strcmp(argv[1], "--version") == 0) {
    printf("heed " HEED_VERSION " (plugin ABI %d)\n", HEED_ABI);
    return EXIT_DONE;
  }
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(argv[1], commands[i].name) == 0)
      return commands[i].call(&common, argc - 1, argv + 1);
  return command_usage(argv[1], "there is no such command");
}
