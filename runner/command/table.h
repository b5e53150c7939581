/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of commands and options.  These use it: parsing (arguments.c),
 * --help (help.c), docs/command-line.md (markdown.c), the man pages (man.c) and
 * completion in shells (complete.c).
 *
 * To add a command, add a function to command.h, its name to main.c, an entry
 * to table.c, and a field of command_arguments for each new value.  Then run
 *   heed generate docs -o docs/command-line.md
 *
 * Texts are plain sentences, with `code` in backticks and a blank line between
 * paragraphs. */
#ifndef HEED_COMMAND_TABLE_H
#define HEED_COMMAND_TABLE_H

#include "command.h"

/* Type of a value: how heed checks, stores and completes it. */
typedef enum command_type {
  COMMAND_FLAG,    /* no value; bool */
  COMMAND_TEXT,    /* const char *, like the next eight */
  COMMAND_FILE,    /* a file; completed by its ending */
  COMMAND_FOLDER,  /* a folder */
  COMMAND_FOLDERS, /* a search path: folders separated by ':' */
  COMMAND_SETTING, /* PATH=VALUE */
  COMMAND_PLUGIN,  /* KIND/NAME, or metric/NAME */
  COMMAND_METRIC,  /* a metric of the result file on the same line */
  COMMAND_AXIS,    /* an axis of that file */
  COMMAND_COMMAND, /* the name of a command */
  COMMAND_WORD,    /* one of the option's words; size_t, its index */
  COMMAND_KIND,    /* a kind of plugin; size_t, a heed_kind, COMMAND_METRICS or
                      COMMAND_NONE */
  COMMAND_COUNT,   /* a whole number; size_t or COMMAND_NONE */
  COMMAND_BYTES,   /* 500M, 4G; size_t, 0: not given */
  COMMAND_SECONDS, /* above 0; double, 0: not given */
  COMMAND_SHARE    /* above 0 and below 1; double */
} command_type;

/* After the kinds of plugins. */
#define COMMAND_METRICS ((size_t)HEED_KIND_COUNT)

/* An option, or an operand, which is an option without a name. */
typedef struct command_option {
  const char *name;  /* without the dashes */
  const char *value; /* name of the value in messages and help: "FILE" */
  const char *doc;
  const char *initial;      /* the default, as on the command line */
  const char *otherwise;    /* the default in words */
  const char *const *words; /* of COMMAND_WORD; ended by NULL */
  const char *ending;       /* of COMMAND_FILE: ".h5"; NULL: any file */
  size_t field;             /* offset in command_arguments; if `repeats`, of a
                               command_values */
  size_t low, high;         /* range of COMMAND_COUNT; high 0: no limit */
  command_type type;
  char letter; /* the short form; 0: none */
  bool repeats, required;
} command_option;

typedef struct command_example {
  const char *line, *what;
} command_example;

typedef struct command_entry {
  const char *name;    /* "" of heed itself */
  bool hidden;         /* for programs */
  const char *summary; /* a line, without a full stop */
  const char *about;
  const command_option *operands; /* in order; ended by {0}, as are options */
  const command_option *options;
  const command_example *examples; /* ended by {0} */
} command_entry;

extern const command_entry command_table[]; /* ended by {0} */
/* heed itself: options before the command's name. */
extern const command_entry command_program;
/* Every command has these; ended by {0}. */
extern const command_option command_common_options[];

/* The words of heed export --by. */
enum { EXPORT_BY_ANNOTATION = 0, EXPORT_BY_PAIR };

/* The words of heed users --sort. */
enum { USERS_IN_ORDER = 0, USERS_BY_ETA, USERS_BY_CARELESS };

/* The words of heed generate. */
enum { GENERATE_DOCS = 0, GENERATE_MAN, GENERATE_METRICS };

typedef struct command_status {
  int status;
  const char *what;
} command_status;
extern const command_status command_statuses[]; /* ended by what NULL */

typedef struct command_variable {
  const char *name, *doc;
} command_variable;
extern const command_variable command_variables[]; /* ended by {0} */

/* NULL: unknown command. */
const command_entry *command_find(const char *name);
/* The nearest command that is not hidden, or NULL. */
const char *command_nearest(const char *name);

/* Option `index` of a command: its own, then the common ones, then NULL. */
const command_option *command_option_at(const command_entry *entry,
                                        size_t index);
/* Word `index` of an option of COMMAND_WORD, COMMAND_KIND or COMMAND_COMMAND;
 * NULL past the last. */
const char *command_word(const command_option *option, size_t index);
/* "auto, bar or none": the words of an option. */
void command_words(const command_option *option, char *text, size_t size);

#endif
