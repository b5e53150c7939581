/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed complete: choices for the word at the cursor.  The scripts in
 * completion/ call it at each press of Tab, so it reports no errors in the
 * line. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf/guard.h"
#include "metrics.h"
#include "plugins.h"
#include "result/result.h"
#include "table.h"

/* What the words before the cursor mean. */
typedef struct complete_line {
  const command_entry *entry;    /* command_program: no command yet */
  const command_option *option;  /* its value is the next word; or NULL */
  const command_option *operand; /* the next operand; .value NULL: none */
  const char *file;              /* the first operand of the command */
  bool only_operands;            /* after -- */
  command_common common;
} complete_line;

/* ---- the words before the cursor ---- */

/* "--name", "--name=…", or an unambiguous prefix of a name. */
static const command_option *find_long(const command_entry *entry,
                                       const char *name) {
  const size_t length = strcspn(name, "=");
  const command_option *option, *found = NULL;
  size_t matches = 0;
  for (size_t i = 0; (option = command_option_at(entry, i)) != NULL; i++) {
    if (strncmp(option->name, name, length) != 0) continue;
    if (option->name[length] == '\0') return option;
    found = option;
    matches++;
  }
  return matches == 1 ? found : NULL;
}

/* The option whose value must follow a group of letters; NULL: none. */
static const command_option *find_short(const command_entry *entry,
                                        const char *letters) {
  for (; *letters != '\0'; letters++) {
    const command_option *option;
    for (size_t i = 0; (option = command_option_at(entry, i)) != NULL; i++)
      if (option->letter == *letters && option->type != COMMAND_FLAG)
        return letters[1] == '\0' ? option : NULL;
  }
  return NULL;
}

static void take_value(complete_line *self, const command_option *option,
                       const char *value) {
  if (option->type == COMMAND_FOLDERS) self->common.plugin_path = value;
  if (option->type == COMMAND_FLAG &&
      option->field == offsetof(command_arguments, common.allow_unsafe))
    self->common.allow_unsafe = true;
}

static void take_option(complete_line *self, const char *word) {
  const command_option *option = word[1] == '-'
                                     ? find_long(self->entry, word + 2)
                                     : find_short(self->entry, word + 1);
  const char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
  if (option == NULL) return;
  if (option->type == COMMAND_FLAG || equals != NULL)
    take_value(self, option, equals == NULL ? "" : equals + 1);
  else
    self->option = option;
}

/* An unknown command has the options of all commands. */
static const command_option nothing[] = {{0}};
static const command_entry unknown = {
    .name = "", .operands = nothing, .options = nothing};

static void take_operand(complete_line *self, const char *word) {
  if (self->entry == &command_program) {
    self->entry = command_find(word);
    if (self->entry == NULL) self->entry = &unknown;
    self->operand = self->entry->operands;
    return;
  }
  if (self->file == NULL) self->file = word;
  if (self->operand->value != NULL && !self->operand->repeats) self->operand++;
}

static void take_word(complete_line *self, const char *word) {
  if (self->option != NULL) {
    take_value(self, self->option, word);
    self->option = NULL;
  } else if (!self->only_operands && strcmp(word, "--") == 0) {
    self->only_operands = true;
  } else if (!self->only_operands && word[0] == '-' && word[1] != '\0') {
    take_option(self, word);
  } else {
    take_operand(self, word);
  }
}

/* ---- the word at the cursor ---- */

/* A line: the choice, a tab, and the first sentence of its doc. */
static void put_choice(const char *choice, const char *doc) {
  const char *end = strstr(doc, ". ");
  printf("%s\t", choice);
  for (const char *c = doc; *c != '\0' && *c != '\n' && c != end; c++)
    if (*c != '`') putchar(*c);
  putchar('\n');
}

static void put_plugins(const complete_line *self) {
  host_registry *plugins;
  if (plugins_load(&self->common, &plugins) != EXIT_DONE) return;
  for (size_t i = 0; i < registry_count(plugins); i++) {
    const heed_plugin *plugin = registry_at(plugins, i, NULL);
    printf("%s/", kind_name(plugin->kind));
    put_choice(plugin->name, plugin->summary);
  }
  registry_free(plugins);
  for (evaluation_metric i = 0; i < METRIC_COUNT; i++) {
    printf(METRICS_PREFIX);
    put_choice(evaluation_metrics[i].name, evaluation_metrics[i].doc);
  }
}

static void read_names(const complete_line *self, bool axes) {
  heed_plan *read;
  bool edited;
  if (result_read_plan(self->file, &read, &edited, NULL) != HEED_OK) return;
  for (size_t i = 0; axes && i < read->axis_count; i++)
    put_choice(read->axes[i].coordinate.name, "axis");
  for (size_t i = 0; !axes && i < read->metric_count; i++)
    put_choice(read->metrics[i].name, read->metrics[i].doc);
  plan_free(read);
}

/* Prints the metrics or axes of the result on the line, if it can be read. */
static void put_names(const complete_line *self, bool axes) {
  int exit_status, signal;
  const pid_t child = self->file == NULL ? -1 : guard_fork(self->file, NULL);
  if (child == 0) {
    read_names(self, axes);
    (void)fflush(stdout);
    _exit(EXIT_DONE);
  }
  if (child > 0)
    (void)guard_wait(child, self->file, &exit_status, &signal, NULL);
}

static void put_words(const command_option *option) {
  const char *word;
  for (size_t i = 0; (word = command_word(option, i)) != NULL; i++)
    put_choice(word, option->type == COMMAND_COMMAND
                         ? command_find(word)->summary
                         : "");
}

static void put_values(const complete_line *self,
                       const command_option *option) {
  switch (option->type) {
    case COMMAND_FILE:
      printf(":files %s\n", option->ending == NULL ? "" : option->ending);
      break;
    case COMMAND_FOLDER:
    case COMMAND_FOLDERS:
      printf(":folders\n");
      break;
    case COMMAND_PLUGIN:
      put_plugins(self);
      break;
    case COMMAND_METRIC:
    case COMMAND_AXIS:
      put_names(self, option->type == COMMAND_AXIS);
      break;
    case COMMAND_COMMAND:
    case COMMAND_WORD:
    case COMMAND_KIND:
      put_words(option);
      break;
    default:
      break;
  }
}

static void put_option_names(const command_entry *entry) {
  const command_option *option;
  for (size_t i = 0; (option = command_option_at(entry, i)) != NULL; i++) {
    printf("--");
    put_choice(option->name, option->doc);
  }
}

static void complete(const complete_line *self, const char *word) {
  const char *equals = strchr(word, '=');
  const bool is_option = !self->only_operands && word[0] == '-';
  const command_option *option = self->option;
  if (option == NULL && is_option && word[1] == '-' && equals != NULL)
    option = find_long(self->entry, word + 2);
  if (option != NULL)
    put_values(self, option);
  else if (is_option)
    put_option_names(self->entry);
  else if (self->operand->value != NULL)
    put_values(self, self->operand);
}

int command_complete(const command_arguments *given) {
  const command_values *words = &given->line;
  complete_line self = {.entry = &command_program,
                        .operand = command_program.operands,
                        .common = given->common};
  for (size_t i = 0; i + 1 < words->count; i++)
    take_word(&self, words->texts[i]);
  complete(&self, words->count == 0 ? "" : words->texts[words->count - 1]);
  return EXIT_DONE;
}
