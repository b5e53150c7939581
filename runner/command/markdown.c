/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the table of commands as docs/command-line.md. */
#include <string.h>

#include "wording.h"

static void put_statuses(FILE *file) {
  (void)fprintf(file,
                "\n## Exit status\n\n"
                "| status | means |\n| --- | --- |\n");
  for (const command_status *status = command_statuses; status->what != NULL;
       status++)
    (void)fprintf(file, "| %d | %s |\n", status->status, status->what);
}

static void put_variables(FILE *file) {
  (void)fprintf(file,
                "\n## Environment\n\n"
                "| variable | meaning |\n| --- | --- |\n");
  for (const command_variable *variable = command_variables;
       variable->name != NULL; variable++)
    (void)fprintf(file, "| `%s` | %s |\n", variable->name, variable->doc);
}

static void put_option(FILE *file, const command_option *option) {
  char head[WORDING_SIZE], doc[WORDING_SIZE];
  wording_head(option, head);
  wording_doc(option, doc);
  (void)fprintf(file, "| `%s` | %s |\n", head, doc);
}

static void put_options(FILE *file, const char *title,
                        const command_option *operands,
                        const command_option *options) {
  if (operands->value == NULL && options->name == NULL) return;
  (void)fprintf(file, "\n| %s | meaning |\n| --- | --- |\n", title);
  for (const command_option *option = operands; option->value != NULL; option++)
    put_option(file, option);
  for (const command_option *option = options; option->name != NULL; option++)
    put_option(file, option);
}

static void put_examples(FILE *file, const command_example *examples) {
  size_t width = 0;
  for (const command_example *example = examples; example->line != NULL;
       example++)
    if (example->what != NULL && strlen(example->line) > width)
      width = strlen(example->line);
  (void)fprintf(file, "\n```\n");
  for (const command_example *example = examples; example->line != NULL;
       example++)
    if (example->what == NULL)
      (void)fprintf(file, "%s\n", example->line);
    else
      (void)fprintf(file, "%-*s    %s\n", (int)width, example->line,
                    example->what);
  (void)fprintf(file, "```\n");
}

static void put_command(FILE *file, const command_entry *entry) {
  char usage[WORDING_SIZE];
  wording_usage(entry, usage);
  (void)fprintf(file, "\n## heed %s\n\n`%s`\n\n%s\n", entry->name, usage,
                entry->about);
  put_options(file, "option", entry->operands, entry->options);
  put_examples(file, entry->examples);
}

void markdown_write(FILE *file) {
  (void)fprintf(
      file,
      "<!-- Generated from runner/command/table.c:\n"
      "     heed generate docs -o docs/command-line.md -->\n\n"
      "# The command line\n\n"
      "`heed COMMAND --help` shows the same as this page, as do `man heed` "
      "and\n"
      "`man heed-COMMAND` where heed is installed. Options can come before or\n"
      "after other arguments; `--` ends them. The value of an option follows "
      "as\n"
      "`--option VALUE` or `--option=VALUE`. You can shorten a long option if "
      "the\n"
      "short form is unambiguous.\n\n"
      "| command | does |\n| --- | --- |\n");
  for (const command_entry *entry = command_table; entry->name != NULL; entry++)
    if (!entry->hidden)
      (void)fprintf(file, "| [heed %s](#heed-%s) | %s |\n", entry->name,
                    entry->name, entry->summary);
  put_options(file, "options of every command", command_program.operands + 1,
              command_common_options);
  put_options(file, "options of heed itself", command_program.operands + 1,
              command_program.options);
  for (const command_entry *entry = command_table; entry->name != NULL; entry++)
    if (!entry->hidden) put_command(file, entry);
  put_statuses(file);
  put_variables(file);
  (void)fprintf(
      file,
      "\n## Completion\n\n"
      "In bash (with the package bash-completion), zsh and fish, an installed\n"
      "heed completes commands, options and their words, files, plugins, and "
      "the\n"
      "metrics and axes of the result on the line. To use it from the source "
      "tree:\n\n"
      "```\n"
      "source runner/command/completion/heed.bash           in bash\n"
      "fpath=($PWD/runner/command/completion $fpath)        in zsh, before "
      "compinit\n"
      "source runner/command/completion/heed.fish           in fish\n"
      "```\n");
}
