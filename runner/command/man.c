/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the table of commands as man pages, in mdoc(7). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "files/file.h"
#include "files/output.h"
#include "wording.h"

/* The day of the build, or $SOURCE_DATE_EPOCH for reproducible builds. */
static void put_date(FILE *file) {
  const char *epoch = getenv("SOURCE_DATE_EPOCH");
  const time_t now =
      epoch == NULL ? time(NULL) : (time_t)strtoll(epoch, NULL, 10);
  struct tm parts;
  char month[16];
  (void)strftime(month, sizeof month, "%B", gmtime_r(&now, &parts));
  (void)fprintf(file, ".Dd %s %d, %d\n", month, parts.tm_mday,
                parts.tm_year + 1900);
}

/* Plain text: code in bold, one input line per sentence, everything escaped
 * that mdoc would take for a request. */
static void put_text(FILE *file, const char *text) {
  bool is_code = false, begins = true;
  for (; *text != '\0'; text++) {
    if (strncmp(text, "\n\n", 2) == 0) {
      (void)fputs("\n.Pp\n", file);
      text++;
      begins = true;
      continue;
    }
    if (!is_code && strncmp(text, ". ", 2) == 0) {
      (void)fputs(".\n", file);
      text++;
      begins = true;
      continue;
    }
    if (begins && (*text == '.' || *text == '\'')) (void)fputs("\\&", file);
    begins = false;
    if (*text == '`') {
      is_code = !is_code;
      (void)fputs(is_code ? "\\fB" : "\\fR", file);
    } else if (*text == '\\' || (is_code && *text == '-')) {
      (void)fprintf(file, "\\%c", *text == '-' ? '-' : 'e');
    } else {
      (void)fputc(*text, file);
    }
  }
  (void)fputc('\n', file);
}

static void put_option(FILE *file, const command_option *option) {
  char doc[WORDING_SIZE];
  (void)fputs(".It", file);
  if (option->letter != 0) (void)fprintf(file, " Fl %c ,", option->letter);
  if (option->name != NULL) (void)fprintf(file, " Fl \\-%s", option->name);
  if (option->value != NULL) (void)fprintf(file, " Ar %s", option->value);
  (void)fputc('\n', file);
  wording_doc(option, doc);
  put_text(file, doc);
}

static void put_options(FILE *file, const command_option *operands,
                        const command_option *options) {
  (void)fputs(".Bl -tag -width Ds\n", file);
  for (const command_option *option = operands; option->value != NULL; option++)
    put_option(file, option);
  for (const command_option *option = options; option->name != NULL; option++)
    put_option(file, option);
  for (const command_option *option = command_common_options;
       option->name != NULL; option++)
    put_option(file, option);
  (void)fputs(".El\n", file);
}

static void put_commands(FILE *file) {
  (void)fputs(".Sh COMMANDS\n.Bl -tag -width Ds\n", file);
  for (const command_entry *entry = command_table; entry->name != NULL; entry++)
    if (!entry->hidden)
      (void)fprintf(file, ".It Cm %s\n%s; see\n.Xr heed-%s 1 .\n", entry->name,
                    entry->summary, entry->name);
  (void)fputs(".El\n", file);
}

static void put_environment(FILE *file) {
  (void)fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n", file);
  for (const command_variable *variable = command_variables;
       variable->name != NULL; variable++) {
    (void)fprintf(file, ".It Ev %s\n", variable->name);
    put_text(file, variable->doc);
  }
  (void)fputs(".El\n", file);
}

static void put_statuses(FILE *file) {
  (void)fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", file);
  for (const command_status *status = command_statuses; status->what != NULL;
       status++)
    (void)fprintf(file, ".It %d\n%s\n", status->status, status->what);
  (void)fputs(".El\n", file);
}

static void put_examples(FILE *file, const command_example *examples) {
  (void)fputs(".Sh EXAMPLES\n", file);
  for (const command_example *example = examples; example->line != NULL;
       example++) {
    if (example->what != NULL) (void)fprintf(file, "%s:\n", example->what);
    (void)fputs(".Dl ", file);
    for (const char *c = example->line; *c != '\0'; c++)
      (void)fprintf(file, *c == '-' ? "\\%c" : "%c", *c);
    (void)fputc('\n', file);
  }
}

/* The pages of the other commands, in alphabetical order. */
static void put_others(FILE *file, const command_entry *entry) {
  const char *last = "";
  (void)fputs(".Sh SEE ALSO\n", file);
  if (entry != &command_program) (void)fputs(".Xr heed 1", file);
  for (;;) {
    const char *next = NULL;
    for (const command_entry *at = command_table; at->name != NULL; at++)
      if (!at->hidden && at != entry && strcmp(at->name, last) > 0 &&
          (next == NULL || strcmp(at->name, next) < 0))
        next = at->name;
    if (next == NULL) break;
    (void)fprintf(file, "%s.Xr heed-%s 1",
                  *last == '\0' && entry == &command_program ? "" : " ,\n",
                  next);
    last = next;
  }
  (void)fputc('\n', file);
}

static void put_page(FILE *file, const command_entry *entry) {
  const bool is_program = entry == &command_program;
  const char *dash = is_program ? "" : "-";
  put_date(file);
  (void)fprintf(file, ".Dt HEED%s", dash);
  for (const char *c = entry->name; *c != '\0'; c++)
    (void)fputc(toupper((unsigned char)*c), file);
  (void)fprintf(file, " 1\n.Os heed " HEED_VERSION "\n.Sh NAME\n.Nm heed%s%s\n",
                dash, entry->name);
  (void)fprintf(file, ".Nd %s\n.Sh SYNOPSIS\n.Nm heed\n", entry->summary);
  if (!is_program) (void)fprintf(file, ".Cm %s\n", entry->name);
  for (const command_option *option = entry->operands; option->value != NULL;
       option++)
    (void)fprintf(file, option->required ? ".Ar %s%s\n" : ".Op Ar %s%s\n",
                  option->value, option->repeats ? " ..." : "");
  (void)fputs(".Op Ar options\n.Sh DESCRIPTION\n", file);
  put_text(file, entry->about);
  if (is_program) put_commands(file);
  (void)fputs(is_program ? ".Sh OPTIONS\n" : ".Pp\nThe options are:\n", file);
  put_options(file, entry->operands, entry->options);
  put_environment(file);
  put_statuses(file);
  put_examples(file, entry->examples);
  put_others(file, entry);
}

static heed_status write_page(const char *folder, const command_entry *entry,
                              heed_error *error) {
  char *path = file_name("%s/heed%s%s.1", folder,
                         entry == &command_program ? "" : "-", entry->name);
  char *text = NULL;
  size_t length = 0;
  FILE *file = open_memstream(&text, &length);
  heed_status status = HEED_MEMORY;
  if (file != NULL) {
    put_page(file, entry);
    if (fclose(file) == 0 && path != NULL) status = HEED_OK;
  }
  status = status == HEED_OK ? output_put(path, text, length, error)
                             : heed_no_memory(error);
  free(text);
  free(path);
  return status;
}

heed_status man_write(const char *folder, heed_error *error) {
  heed_status status = write_page(folder, &command_program, error);
  for (const command_entry *entry = command_table;
       status == HEED_OK && entry->name != NULL; entry++)
    if (!entry->hidden) status = write_page(folder, entry, error);
  return status;
}
