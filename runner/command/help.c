/* SPDX-License-Identifier: GPL-3.0-or-later
 * heed help, and --help of every command. */
#include <string.h>

#include "view/safe.h"
#include "wording.h"

#define LINE_WIDTH 79
#define DOC_COLUMN 26

/* A backtick is not printed. */
static int width_of(const char *text, size_t length) {
  int width = (int)safe_width(text, length);
  for (size_t i = 0; i < length; i++) width -= text[i] == '`';
  return width;
}

static void put_word(FILE *file, const char *word, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (word[i] != '`') (void)fputc(word[i], file);
}

/* Prints words, wrapped at the line's width and indented to `column`, where the
 * cursor already is.  Ends with a line break. */
static void put_text(FILE *file, const char *text, int column) {
  int used = column;
  for (const char *word = text; *word != '\0';) {
    const size_t length = strcspn(word, " \n");
    const int width = width_of(word, length);
    if (used > column && used + 1 + width > LINE_WIDTH) {
      (void)fprintf(file, "\n%*s", column, "");
      used = column;
    }
    if (used > column) (void)fputc(' ', file);
    used += width + (used > column);
    put_word(file, word, length);
    word += length;
    if (strncmp(word, "\n\n", 2) == 0) {
      (void)fprintf(file, "\n\n%*s", column, "");
      used = column;
    }
    word += strspn(word, " \n");
  }
  (void)fputc('\n', file);
}

/* Prints a head and, beside or below it, its meaning. */
static void put_item(FILE *file, const char *head, const char *doc) {
  const int width = 2 + width_of(head, strlen(head));
  (void)fprintf(file, "  %s", head);
  if (width + 2 > DOC_COLUMN)
    (void)fprintf(file, "\n%*s", DOC_COLUMN, "");
  else
    (void)fprintf(file, "%*s", DOC_COLUMN - width, "");
  put_text(file, doc, DOC_COLUMN);
}

static void put_option(FILE *file, const command_option *option) {
  char head[WORDING_SIZE], doc[WORDING_SIZE];
  wording_head(option, head);
  wording_doc(option, doc);
  put_item(file, head, doc);
}

static void put_options(FILE *file, const char *title,
                        const command_option *options) {
  if (options->name == NULL) return;
  (void)fprintf(file, "\n%s\n", title);
  for (const command_option *option = options; option->name != NULL; option++)
    put_option(file, option);
}

static void put_examples(FILE *file, const command_example *examples) {
  if (examples->line == NULL) return;
  (void)fprintf(file, "\nExamples\n");
  for (const command_example *example = examples; example->line != NULL;
       example++) {
    (void)fprintf(file, "  %s\n", example->line);
    if (example->what != NULL) (void)fprintf(file, "      %s\n", example->what);
  }
}

static void put_commands(FILE *file) {
  (void)fprintf(file, "\nCommands\n");
  for (const command_entry *entry = command_table; entry->name != NULL; entry++)
    if (!entry->hidden) put_item(file, entry->name, entry->summary);
  (void)fprintf(file,
                "\nheed COMMAND --help shows the options of a command.\n");
}

static void put_statuses(FILE *file) {
  (void)fprintf(file, "\nExit status\n");
  for (const command_status *status = command_statuses; status->what != NULL;
       status++)
    (void)fprintf(file, "  %3d  %s\n", status->status, status->what);
}

void help_write(FILE *file, const command_entry *entry) {
  char usage[WORDING_SIZE];
  wording_usage(entry, usage);
  (void)fprintf(file, "%s\n\n", usage);
  put_text(file, entry->about, 0);
  if (entry == &command_program) put_commands(file);
  if (entry != &command_program && entry->operands->value != NULL)
    (void)fputc('\n', file);
  for (const command_option *option = entry->operands;
       entry != &command_program && option->value != NULL; option++)
    put_option(file, option);
  put_options(file, "Options", entry->options);
  put_options(file, "Options of every command", command_common_options);
  put_examples(file, entry->examples);
  put_statuses(file);
}

int command_help(const command_arguments *given) {
  const command_entry *entry =
      given->topic == NULL ? &command_program : command_find(given->topic);
  if (entry == NULL) return command_unknown(given->topic);
  help_write(stdout, entry);
  return EXIT_DONE;
}
