/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts shared by --help, docs/command-line.md and the man pages. */
#include "wording.h"

#include <stdarg.h>
#include <string.h>

HEED_PRINTF(2, 3)
static void add(char text[WORDING_SIZE], const char *format, ...) {
  const size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text + used, WORDING_SIZE - used, format, arguments);
  va_end(arguments);
}

/* "heed run", or "heed" alone. */
static void name_command(const command_entry *entry, char text[WORDING_SIZE]) {
  (void)snprintf(text, WORDING_SIZE, "heed%s%s",
                 *entry->name == '\0' ? "" : " ", entry->name);
}

void wording_usage(const command_entry *entry, char text[WORDING_SIZE]) {
  name_command(entry, text);
  for (const command_option *option = entry->operands; option->value != NULL;
       option++)
    add(text, option->required ? " %s%s" : " [%s%s]", option->value,
        option->repeats ? "..." : "");
  add(text, " [options]");
}

void wording_head(const command_option *option, char text[WORDING_SIZE]) {
  *text = '\0';
  if (option->letter != 0) add(text, "-%c, ", option->letter);
  if (option->name != NULL) add(text, "--%s", option->name);
  if (option->value != NULL)
    add(text, "%s%s", option->name == NULL ? "" : " ", option->value);
}

void wording_doc(const command_option *option, char text[WORDING_SIZE]) {
  char words[WORDING_SIZE];
  (void)snprintf(text, WORDING_SIZE, "%s", option->doc);
  if (option->type == COMMAND_WORD || option->type == COMMAND_KIND) {
    command_words(option, words, sizeof words);
    add(text, " One of: %s.", words);
  }
  if (option->repeats) add(text, " Can be given more than once.");
  if (option->name != NULL && option->required) add(text, " Required.");
  if (option->initial != NULL)
    add(text, " Default: `%s`.", option->initial);
  else if (option->otherwise != NULL)
    add(text, " Default: %s.", option->otherwise);
}
