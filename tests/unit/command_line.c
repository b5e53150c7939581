/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of commands is whole, and the parser accepts what is in it, into
 * the fields that it names, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "planner/planner.h"
#include "progress.h"

/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#define MOST_WORDS 16

/* The words of a command line, its first the command's name. */
typedef struct line {
  char *words[MOST_WORDS];
  int count;
} line;

static void add(line *self, const char *word) {
  assert_true(self->count + 1 < MOST_WORDS);
  self->words[self->count++] = strdup(word);
  assert_non_null(self->words[self->count - 1]);
}

static void clear(line *self) {
  for (int i = 0; i < self->count; i++) free(self->words[i]);
  self->count = 0;
}

static int parse(command_arguments *given, const command_entry *entry,
                 line *words) {
  *given =
      (command_arguments){.word_count = words->count, .words = words->words};
  return arguments_parse(given, entry, words->count, words->words, NULL);
}

/* A value that the option takes. */
static const char *sample(const command_option *option) {
  switch (option->type) {
    case COMMAND_SETTING:
      return "a=b";
    case COMMAND_PLUGIN:
      return "estimator/x";
    case COMMAND_WORD:
    case COMMAND_KIND:
      return command_word(option, 1);
    case COMMAND_COUNT:
      return "7";
    case COMMAND_BYTES:
      return "3K";
    case COMMAND_SECONDS:
      return "2.5";
    case COMMAND_SHARE:
      return "0.25";
    default:
      return "text";
  }
}

/* A value that it refuses, or NULL: it takes any. */
static const char *nonsense(const command_option *option) {
  switch (option->type) {
    case COMMAND_SETTING:
    case COMMAND_WORD:
    case COMMAND_KIND:
      return "nonsense";
    case COMMAND_PLUGIN:
      return "estimator";
    case COMMAND_COUNT:
      return "-1";
    case COMMAND_BYTES:
      return "3X";
    case COMMAND_SECONDS:
      return "0";
    case COMMAND_SHARE:
      return "1";
    default:
      return NULL;
  }
}

static void check_field(const command_arguments *given,
                        const command_option *option) {
  const void *field = (const char *)given + option->field;
  const command_values *values = field;
  if (option->repeats) {
    assert_int_equal(values->count, 1);
    assert_string_equal(values->texts[0], sample(option));
    return;
  }
  switch (option->type) {
    case COMMAND_FLAG:
      assert_true(*(const bool *)field);
      break;
    case COMMAND_WORD:
    case COMMAND_KIND:
      assert_int_equal(*(const size_t *)field, 1);
      break;
    case COMMAND_COUNT:
      assert_int_equal(*(const size_t *)field, 7);
      break;
    case COMMAND_BYTES:
      assert_int_equal(*(const size_t *)field, 3072);
      break;
    case COMMAND_SECONDS:
      assert_true(*(const double *)field == 2.5);
      break;
    case COMMAND_SHARE:
      assert_true(*(const double *)field == 0.25);
      break;
    default:
      assert_string_equal(*(const char *const *)field, sample(option));
  }
}

/* The command with all that it requires but the option. */
static void begin(line *self, const command_entry *entry,
                  const command_option *but) {
  char word[64];
  add(self, entry->name);
  for (const command_option *option = entry->operands; option->value != NULL;
       option++)
    if (option->required) add(self, sample(option));
  for (const command_option *option = entry->options; option->name != NULL;
       option++) {
    if (!option->required || option == but) continue;
    (void)snprintf(word, sizeof word, "--%s=%s", option->name, sample(option));
    add(self, word);
  }
}

static void add_option(line *self, const command_option *option,
                       const char *value) {
  char word[64];
  (void)snprintf(word, sizeof word, "--%s", option->name);
  add(self, word);
  if (option->type != COMMAND_FLAG) add(self, value);
}

static void every_option_of_the_table_is_accepted(void **state) {
  (void)state;
  for (const command_entry *entry = command_table; entry->name != NULL;
       entry++) {
    const command_option *option;
    for (size_t i = 0; (option = command_option_at(entry, i)) != NULL; i++) {
      line words = {{NULL}, 0};
      command_arguments given;
      begin(&words, entry, option);
      add_option(&words, option, sample(option));
      assert_int_equal(parse(&given, entry, &words), EXIT_DONE);
      check_field(&given, option);
      arguments_free(&given);
      clear(&words);
    }
  }
}

static void every_short_option_is_its_long_one(void **state) {
  (void)state;
  for (const command_entry *entry = command_table; entry->name != NULL;
       entry++) {
    const command_option *option;
    for (size_t i = 0; (option = command_option_at(entry, i)) != NULL; i++) {
      line words = {{NULL}, 0};
      command_arguments given;
      char word[64] = {'-', option->letter, '\0'};
      if (option->letter == 0) continue;
      begin(&words, entry, option);
      if (option->type != COMMAND_FLAG) strcat(word, sample(option));
      add(&words, word);
      assert_int_equal(parse(&given, entry, &words), EXIT_DONE);
      check_field(&given, option);
      arguments_free(&given);
      clear(&words);
    }
  }
}

static void a_value_of_another_type_is_refused(void **state) {
  (void)state;
  for (const command_entry *entry = command_table; entry->name != NULL;
       entry++) {
    const command_option *option;
    for (size_t i = 0; (option = command_option_at(entry, i)) != NULL; i++) {
      line words = {{NULL}, 0};
      command_arguments given;
      if (nonsense(option) == NULL) continue;
      begin(&words, entry, option);
      add_option(&words, option, nonsense(option));
      assert_int_equal(parse(&given, entry, &words), EXIT_USAGE);
      arguments_free(&given);
      clear(&words);
    }
  }
}

static void what_is_required_is_missed(void **state) {
  (void)state;
  for (const command_entry *entry = command_table; entry->name != NULL; entry++)
    for (const command_option *option = entry->options; option->name != NULL;
         option++) {
      line words = {{NULL}, 0};
      command_arguments given;
      if (!option->required) continue;
      begin(&words, entry, option);
      assert_int_equal(parse(&given, entry, &words), EXIT_USAGE);
      arguments_free(&given);
      clear(&words);
    }
}

static bool is_sentence(const char *text) {
  const size_t length = strlen(text);
  return length > 1 && text[length - 1] == '.';
}

static void check_option(const command_option *option) {
  assert_true((option->type == COMMAND_FLAG) == (option->value == NULL));
  assert_true(is_sentence(option->doc));
  assert_true(option->otherwise == NULL || option->initial == NULL);
  assert_true((option->type == COMMAND_WORD) == (option->words != NULL));
  /* Only of these does the parser see whether they are missing. */
  assert_true(!option->required ||
              (option->type != COMMAND_FLAG && option->type != COMMAND_KIND &&
               option->type != COMMAND_BYTES &&
               option->type != COMMAND_SECONDS));
}

static void every_entry_explains_itself(void **state) {
  (void)state;
  for (const command_entry *entry = command_table; entry->name != NULL;
       entry++) {
    const command_option *option, *other;
    assert_true(is_sentence(entry->about));
    assert_false(is_sentence(entry->summary));
    assert_true(entry->hidden || entry->examples->line != NULL);
    for (const command_option *at = entry->operands; at->value != NULL; at++)
      check_option(at);
    for (size_t i = 0; (option = command_option_at(entry, i)) != NULL; i++) {
      check_option(option);
      for (size_t j = 0; j < i; j++) {
        other = command_option_at(entry, j);
        assert_string_not_equal(option->name, other->name);
        assert_true(option->letter == 0 || option->letter != other->letter);
      }
    }
  }
}

static void limits_of_check_are_the_planners(void **state) {
  line words = {{NULL}, 0};
  command_arguments given;
  const command_entry *check = command_find("check");
  (void)state;
  begin(&words, check, NULL);
  assert_int_equal(parse(&given, check, &words), EXIT_DONE);
  assert_true(given.seconds == PLANNER_SECONDS);
  assert_int_equal(given.memory, PLANNER_MEMORY);
  clear(&words);
}

/* What is not given is empty. */
static void absent_options_leave_their_fields_empty(void **state) {
  line words = {{NULL}, 0};
  command_arguments given;
  const command_entry *run = command_find("run");
  (void)state;
  begin(&words, run, NULL);
  assert_int_equal(parse(&given, run, &words), EXIT_DONE);
  assert_null(given.output);
  assert_int_equal(given.workers, COMMAND_NONE);
  assert_true(given.seconds == 0 && given.memory == 0);
  assert_int_equal(given.progress, PROGRESS_AUTO);
  assert_int_equal(given.sets.count, 0);
  assert_false(given.retry || given.replace);
  clear(&words);
}

static size_t bytes(const char *text) {
  line words = {{NULL}, 0};
  command_arguments given;
  const command_entry *run = command_find("run");
  begin(&words, run, NULL);
  add(&words, "--memory");
  add(&words, text);
  if (parse(&given, run, &words) != EXIT_DONE) given.memory = 0;
  clear(&words);
  return given.memory;
}

static void bytes_have_units_of_1024(void **state) {
  (void)state;
  assert_int_equal(bytes("100"), 100);
  assert_int_equal(bytes("1.5K"), 1536);
  assert_int_equal(bytes("500M"), 500 << 20);
  assert_int_equal(bytes("4G"), (size_t)4 << 30);
  assert_int_equal(bytes("1T"), (size_t)1 << 40);
  assert_int_equal(bytes("2GiB"), (size_t)2 << 30);
  assert_int_equal(bytes("2kB"), 2048);
  assert_int_equal(bytes("0"), 0);
  assert_int_equal(bytes("-1"), 0);
  assert_int_equal(bytes("inf"), 0);
  assert_int_equal(bytes("1e30"), 0);
  assert_int_equal(bytes("4GX"), 0);
  assert_int_equal(bytes(""), 0);
}

/* Operands and options in any order, repeated values in theirs. */
static void words_may_come_in_any_order(void **state) {
  line words = {{NULL}, 0};
  command_arguments given;
  const command_entry *run = command_find("run");
  const char *const all[] = {"run",  "--set", "a=1",     "-j3", "sweep.lua",
                             "--se", "b=2",   "--retry", "-o",  "-x"};
  (void)state;
  (void)setenv("POSIXLY_CORRECT", "1", 1);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) add(&words, all[i]);
  assert_int_equal(parse(&given, run, &words), EXIT_DONE);
  (void)unsetenv("POSIXLY_CORRECT");
  assert_string_equal(given.file, "sweep.lua");
  assert_string_equal(given.output, "-x");
  assert_int_equal(given.workers, 3);
  assert_true(given.retry);
  assert_int_equal(given.sets.count, 2);
  assert_string_equal(given.sets.texts[0], "a=1");
  assert_string_equal(given.sets.texts[1], "b=2");
  arguments_free(&given);
  clear(&words);
}

static void two_dashes_end_the_options(void **state) {
  line words = {{NULL}, 0};
  command_arguments given;
  const command_entry *show = command_find("show");
  (void)state;
  add(&words, "show");
  add(&words, "--csv");
  add(&words, "--");
  add(&words, "--csv");
  assert_int_equal(parse(&given, show, &words), EXIT_DONE);
  assert_true(given.csv);
  assert_string_equal(given.file, "--csv");
  clear(&words);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_option_of_the_table_is_accepted),
      cmocka_unit_test(every_short_option_is_its_long_one),
      cmocka_unit_test(a_value_of_another_type_is_refused),
      cmocka_unit_test(what_is_required_is_missed),
      cmocka_unit_test(every_entry_explains_itself),
      cmocka_unit_test(limits_of_check_are_the_planners),
      cmocka_unit_test(absent_options_leave_their_fields_empty),
      cmocka_unit_test(bytes_have_units_of_1024),
      cmocka_unit_test(words_may_come_in_any_order),
      cmocka_unit_test(two_dashes_end_the_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
