/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parses command lines by the table of commands. */
#include "arguments.h"

#include <assert.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPTIONS 32
#define FIRST_LONG 256 /* what getopt_long() returns for option 0 */

typedef struct arguments_parser {
  const command_entry *entry;
  command_arguments *given;
  size_t count, operands; /* options; operands seen */
  struct option longs[MOST_OPTIONS + 1];
  char letters[2 * MOST_OPTIONS + 3];
} arguments_parser;

/* ---- values ---- */

static void expected_text(const command_option *option, char *text,
                          size_t size) {
  switch (option->type) {
    case COMMAND_WORD:
    case COMMAND_KIND:
      command_words(option, text, size);
      break;
    case COMMAND_COUNT:
      if (option->high > 0)
        (void)snprintf(text, size, "a whole number from %zu to %zu",
                       option->low, option->high);
      else
        (void)snprintf(text, size, "a whole number");
      break;
    case COMMAND_BYTES:
      (void)snprintf(text, size, "bytes, such as 500M or 4G");
      break;
    case COMMAND_SECONDS:
      (void)snprintf(text, size, "seconds above 0");
      break;
    case COMMAND_SHARE:
      (void)snprintf(text, size, "a number between 0 and 1");
      break;
    case COMMAND_SETTING:
      (void)snprintf(text, size, "PATH=VALUE, such as users.count=100");
      break;
    case COMMAND_PLUGIN:
      (void)snprintf(text, size, "KIND/NAME, such as estimator/NAME");
      break;
    default:
      (void)snprintf(text, size, "%s", option->value);
  }
}

/* Prints what was found and expected; returns EXIT_USAGE. */
static int wrong_value(const arguments_parser *self,
                       const command_option *option, const char *found) {
  char expected[256];
  if (*found == '\0') found = "\"\"";
  expected_text(option, expected, sizeof expected);
  if (option->name == NULL)
    return command_usage(self->entry->name, "found %s, expected %s", found,
                         expected);
  return command_usage(self->entry->name, "--%s: found %s, expected %s",
                       option->name, found, expected);
}

static bool read_count(const command_option *option, const char *text,
                       size_t *count) {
  char *end;
  if (*text < '0' || *text > '9') return false;
  *count = strtoull(text, &end, 10);
  return *end == '\0' && *count < COMMAND_NONE && *count >= option->low &&
         (option->high == 0 || *count <= option->high);
}

/* Reads a finite number above 0; *end is the text after it. */
static bool read_number(const char *text, double *number, char **end) {
  *number = strtod(text, end);
  return *end != text && *number > 0 && isfinite(*number);
}

/* A number, then K, M, G or T (powers of 1024), then i, then B. */
static bool read_bytes(const char *text, size_t *bytes) {
  static const char units[] = "KMGT";
  double number;
  char *end;
  const char *unit;
  if (!read_number(text, &number, &end)) return false;
  if (*end != '\0') {
    unit = strchr(units, *end == 'k' ? 'K' : *end);
    if (unit == NULL) return false;
    number = ldexp(number, 10 * (int)(unit - units + 1));
    end++;
    if (*end == 'i') end++;
    if (*end == 'B') end++;
  }
  if (*end != '\0' || number < 1 || number >= 0x1p62) return false;
  *bytes = (size_t)number;
  return true;
}

static bool read_word(const command_option *option, const char *text,
                      size_t *index) {
  const char *word;
  for (*index = 0; (word = command_word(option, *index)) != NULL; ++*index)
    if (strcmp(word, text) == 0) return true;
  return false;
}

/* KIND/NAME or metric/NAME. */
static bool is_plugin_name(const char *text) {
  const char *slash = strchr(text, '/');
  char kind_text[32];
  heed_kind kind;
  if (slash == NULL || slash[1] == '\0') return false;
  (void)snprintf(kind_text, sizeof kind_text, "%.*s", (int)(slash - text),
                 text);
  return strcmp(kind_text, "metric") == 0 || kind_of(kind_text, &kind);
}

static bool is_text(const command_option *option, const char *text) {
  switch (option->type) {
    case COMMAND_SETTING:
      return *text != '=' && strchr(text, '=') != NULL;
    case COMMAND_PLUGIN:
      return is_plugin_name(text);
    case COMMAND_TEXT:
    case COMMAND_FOLDERS:
      return true;
    default:
      return *text != '\0';
  }
}

/* Stores the value in its field if the option accepts it. */
static bool read_value(const command_option *option, const char *text,
                       void *field) {
  char *end;
  switch (option->type) {
    case COMMAND_FLAG:
      *(bool *)field = true;
      return true;
    case COMMAND_WORD:
    case COMMAND_KIND:
      return read_word(option, text, field);
    case COMMAND_COUNT:
      return read_count(option, text, field);
    case COMMAND_BYTES:
      return read_bytes(text, field);
    case COMMAND_SECONDS:
      return read_number(text, field, &end) && *end == '\0';
    case COMMAND_SHARE:
      return read_number(text, field, &end) && *end == '\0' &&
             *(double *)field < 1;
    default:
      *(const char **)field = text;
      return is_text(option, text);
  }
}

static int append(const arguments_parser *self, command_values *values,
                  const char *text) {
  if (values->texts == NULL)
    values->texts =
        calloc((size_t)self->given->word_count, sizeof *values->texts);
  if (values->texts == NULL)
    return command_error(&(heed_error){HEED_MEMORY, HEED_OUT_OF_MEMORY});
  values->texts[values->count++] = text;
  return EXIT_DONE;
}

static int take_value(const arguments_parser *self,
                      const command_option *option, const char *text) {
  void *field = (char *)self->given + option->field;
  const char *read;
  if (!option->repeats)
    return read_value(option, text, field) ? EXIT_DONE
                                           : wrong_value(self, option, text);
  if (!read_value(option, text, &read)) return wrong_value(self, option, text);
  return append(self, field, text);
}

/* ---- options ---- */

static void open_parser(arguments_parser *self, bool is_program) {
  const command_option *option;
  char *letter = self->letters;
  /* '-': operands come in order, as option 1, even with POSIXLY_CORRECT set;
   * ':': a missing value and an unknown option are different errors. */
  *letter++ = is_program ? '+' : '-';
  *letter++ = ':';
  for (; (option = command_option_at(self->entry, self->count)) != NULL;
       self->count++) {
    assert(self->count < MOST_OPTIONS);
    const bool is_flag = option->type == COMMAND_FLAG;
    self->longs[self->count] =
        (struct option){option->name, is_flag ? no_argument : required_argument,
                        NULL, FIRST_LONG + (int)self->count};
    if (option->letter == 0) continue;
    *letter++ = option->letter;
    if (!is_flag) *letter++ = ':';
  }
  optind = 0; /* glibc: restart */
  opterr = 0;
}

/* The option for a code of getopt_long() or optopt; NULL: unknown. */
static const command_option *option_of(const arguments_parser *self, int code) {
  if (code >= FIRST_LONG)
    return command_option_at(self->entry, (size_t)(code - FIRST_LONG));
  for (size_t i = 0; i < self->count; i++) {
    const command_option *option = command_option_at(self->entry, i);
    if (option->letter != 0 && option->letter == code) return option;
  }
  return NULL;
}

/* `word` is a prefix of several options, or of none. */
static int unknown_option(const arguments_parser *self, const char *word) {
  const char *names[MOST_OPTIONS], *matches[2], *nearest;
  char name[64];
  size_t found = 0;
  (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="),
                 word + 2);
  for (size_t i = 0; i < self->count; i++) {
    names[i] = command_option_at(self->entry, i)->name;
    if (strncmp(names[i], name, strlen(name)) == 0 && found < 2)
      matches[found++] = names[i];
  }
  if (found == 2)
    return command_usage(self->entry->name, "--%s is ambiguous: --%s or --%s",
                         name, matches[0], matches[1]);
  nearest = schema_nearest(name, names, self->count);
  if (nearest == NULL)
    return command_usage(self->entry->name, "unknown option --%s", name);
  return command_usage(self->entry->name,
                       "unknown option --%s; did you mean --%s?", name,
                       nearest);
}

static int wrong_option(const arguments_parser *self, int code,
                        const char *word) {
  const command_option *option = option_of(self, optopt);
  if (code == ':') return wrong_value(self, option, "nothing");
  if (option != NULL)
    return command_usage(self->entry->name, "--%s: found %s, expected no value",
                         option->name, strchr(word, '=') + 1);
  if (optopt != 0)
    return command_usage(self->entry->name, "unknown option -%c", optopt);
  return unknown_option(self, word);
}

/* ---- operands ---- */

static int take_operand(arguments_parser *self, const char *word) {
  const command_option *operands = self->entry->operands;
  const command_option *operand = &operands[self->operands];
  if (operand->value == NULL && self->operands > 0 && operand[-1].repeats)
    operand--;
  else if (operand->value == NULL)
    return self->operands == 0
               ? command_usage(self->entry->name,
                               "found %s, expected only options", word)
               : command_usage(self->entry->name,
                               "found %s, expected nothing more after %s", word,
                               operand[-1].value);
  else
    self->operands++;
  return take_value(self, operand, word);
}

/* ---- the whole line ---- */

/* The field shows whether the option was given: required options are texts or
 * counts. */
static bool is_missing(const command_arguments *given,
                       const command_option *option) {
  const void *field = (const char *)given + option->field;
  if (!option->required) return false;
  if (option->type == COMMAND_COUNT || option->type == COMMAND_WORD)
    return *(const size_t *)field == COMMAND_NONE;
  return *(const char *const *)field == NULL;
}

/* Sets the defaults before the first word is read. */
static int set_initial(const arguments_parser *self,
                       const command_option *option) {
  void *field = (char *)self->given + option->field;
  if (option->initial != NULL) return take_value(self, option, option->initial);
  if (option->type == COMMAND_COUNT || option->type == COMMAND_WORD ||
      option->type == COMMAND_KIND)
    *(size_t *)field = COMMAND_NONE;
  return EXIT_DONE;
}

static int check_whole(const arguments_parser *self) {
  for (const command_option *option = self->entry->operands;
       option->value != NULL; option++)
    if (is_missing(self->given, option))
      return wrong_value(self, option, "nothing");
  for (const command_option *option = self->entry->options;
       option->name != NULL; option++)
    if (is_missing(self->given, option))
      return command_usage(self->entry->name, "missing --%s %s", option->name,
                           option->value);
  return EXIT_DONE;
}

static int read_words(arguments_parser *self, int argc, char **argv) {
  int status = EXIT_DONE, code;
  while (status == EXIT_DONE && (code = getopt_long(argc, argv, self->letters,
                                                    self->longs, NULL)) != -1) {
    if (code == 1)
      status = take_operand(self, optarg);
    else if (code == '?' || code == ':')
      status = wrong_option(self, code, argv[optind - 1]);
    else
      status = take_value(self, option_of(self, code), optarg);
  }
  return status;
}

int arguments_parse(command_arguments *given, const command_entry *entry,
                    int argc, char **argv, int *rest) {
  const bool is_program = entry == &command_program;
  arguments_parser self = {.entry = entry, .given = given};
  int status = EXIT_DONE;
  open_parser(&self, is_program);
  for (size_t i = 0; status == EXIT_DONE && entry->operands[i].value != NULL;
       i++)
    status = set_initial(&self, &entry->operands[i]);
  for (size_t i = 0; status == EXIT_DONE && entry->options[i].name != NULL; i++)
    status = set_initial(&self, &entry->options[i]);
  if (status == EXIT_DONE) status = read_words(&self, argc, argv);
  if (is_program) {
    *rest = optind;
    return status;
  }
  for (; status == EXIT_DONE && optind < argc; optind++)
    status = take_operand(&self, argv[optind]);
  return status == EXIT_DONE && !given->help ? check_whole(&self) : status;
}

static void free_values(command_arguments *given,
                        const command_option *option) {
  command_values *values = (void *)((char *)given + option->field);
  if (!option->repeats) return;
  free(values->texts);
  *values = (command_values){NULL, 0};
}

void arguments_free(command_arguments *given) {
  for (const command_entry *entry = command_table; entry->name != NULL;
       entry++) {
    for (const command_option *option = entry->operands; option->value != NULL;
         option++)
      free_values(given, option);
    for (const command_option *option = entry->options; option->name != NULL;
         option++)
      free_values(given, option);
  }
}
