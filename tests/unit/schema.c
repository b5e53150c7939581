/* SPDX-License-Identifier: GPL-3.0-or-later
 * Schemas: what a sweep gives, checked, completed, made into values; and the
 * message for each thing that can be wrong. */
#include "../support/workbench.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const modes[] = {"known", "estimated", NULL};
static const char *const letters[] = {"a", "b", NULL};
static const heed_parameter number_item = {
    .type = HEED_NUMBER, .low = 0, .high = 1};
static const heed_parameter text_item = {.type = HEED_TEXT};
static const heed_parameter inner[] = {
    {.name = "depth",
     .type = HEED_INTEGER,
     .default_value = "3",
     .low = 1,
     .high = 9},
    {.name = "label", .type = HEED_TEXT, .doc = "what it is called"},
};

enum {
  SHARE,
  COUNT_OF,
  WHOLE,
  LOUD,
  TITLE,
  MODE,
  LETTER,
  GAP,
  FILE_OF,
  LEVELS,
  WORDS,
  NESTED,
  PRIOR,
  ANY,
  TALL,
  DEEP,
  PARAMETERS
};
static const heed_parameter parameters[PARAMETERS] = {
    [SHARE] = {.name = "share",
               .type = HEED_NUMBER,
               .flags = HEED_OPEN_LOW,
               .default_value = "0.5",
               .low = 0,
               .high = 1},
    [COUNT_OF] = {.name = "count",
                  .type = HEED_INTEGER,
                  .default_value = "10",
                  .low = 1,
                  .high = 100},
    [WHOLE] = {.name = "whole", .type = HEED_INTEGER, .flags = HEED_OPTIONAL},
    [LOUD] = {.name = "loud", .type = HEED_BOOLEAN, .default_value = "false"},
    [TITLE] = {.name = "title", .type = HEED_TEXT, .default_value = "none"},
    [MODE] = {.name = "mode",
              .type = HEED_ENUM,
              .default_value = "known",
              .choices = modes},
    [LETTER] = {.name = "letter",
                .type = HEED_ENUM,
                .default_value = "a",
                .choices = letters},
    [GAP] = {.name = "gap",
             .type = HEED_ENUM_OR_NUMBER,
             .default_value = "known",
             .low = 0,
             .high = 1,
             .choices = modes},
    [FILE_OF] = {.name = "file", .type = HEED_PATH, .flags = HEED_OPTIONAL},
    [LEVELS] = {.name = "levels",
                .type = HEED_LIST,
                .default_value = "[0.1, 0.9]",
                .low = 1,
                .high = 3,
                .item = &number_item},
    [WORDS] = {.name = "words",
               .type = HEED_MAP,
               .default_value = "{}",
               .item = &text_item},
    [NESTED] = {.name = "nested",
                .type = HEED_RECORD,
                .default_value = "{\"label\": \"standard\"}",
                .fields = inner,
                .field_count = COUNT(inner)},
    [PRIOR] = {.name = "prior",
               .type = HEED_PLUGIN,
               .default_value = "level",
               .kind = HEED_DISTRIBUTION},
    [ANY] = {.name = "any", .type = HEED_NUMBER, .flags = HEED_OPTIONAL},
    [TALL] = {.name = "tall",
              .type = HEED_NUMBER,
              .flags = HEED_OPTIONAL,
              .low = 2,
              .high = HUGE_VAL},
    [DEEP] = {.name = "deep",
              .type = HEED_NUMBER,
              .flags = HEED_OPTIONAL | HEED_OPEN_HIGH,
              .low = -HUGE_VAL,
              .high = 0},
};

static int open_bench(void **state) {
  test_workbench *self = malloc(sizeof *self);
  workbench_open(self, 1);
  *state = self;
  return registry_load(self->plugins,
                       HEED_TEST_BUILD "/tests/plugins/small/small.so", NULL,
                       &self->error) == HEED_OK
             ? 0
             : -1;
}

static int close_bench(void **state) {
  workbench_close(*state);
  free(*state);
  return 0;
}

/* Resolves parameters given as JSON, quotes written as ', under "here". */
static json_t *resolve(test_workbench *self, const char *text) {
  char *json = strdup(text);
  json_t *given, *resolved = NULL;
  for (char *position = strchr(json, '\''); position != NULL;
       position = strchr(position, '\''))
    *position = '"';
  given = json_loads(json, 0, NULL);
  if (given == NULL) fail_msg("not JSON: %s", json);
  free(json);
  if (schema_resolve(self->plugins, parameters, PARAMETERS, given,
                     HEED_TEST_SOURCE, "here", &resolved,
                     &self->error) != HEED_OK)
    resolved = NULL;
  json_decref(given);
  return resolved;
}

static json_t *resolved(test_workbench *self, const char *text) {
  json_t *made = resolve(self, text);
  if (made == NULL) fail_msg("%s: %s", text, self->error.message);
  return made;
}

static void refused(test_workbench *self, const char *text,
                    const char *message) {
  if (resolve(self, text) != NULL) fail_msg("%s was not refused", text);
  assert_int_equal(self->error.status, HEED_INVALID);
  assert_string_equal(self->error.message, message);
}

/* ---- what is right ---- */

static void what_is_left_out_has_its_standard_value(void **state) {
  json_t *made = resolved(*state, "{}");
  char *text = json_dumps(made, JSON_COMPACT);
  assert_string_equal(
      text,
      "{\"share\":0.5,\"count\":10,\"whole\":null,\"loud\":false,"
      "\"title\":\"none\",\"mode\":\"known\",\"letter\":\"a\","
      "\"gap\":\"known\",\"file\":null,"
      "\"levels\":[0.10000000000000001,0.90000000000000002],\"words\":{},"
      "\"nested\":{\"depth\":3,\"label\":\"standard\"},"
      "\"prior\":{\"plugin\":\"distribution/level\",\"parameters\":{}},"
      "\"any\":null,\"tall\":null,\"deep\":null}");
  free(text);
  json_decref(made);
}

static void numbers_become_reals_and_whole_reals_integers(void **state) {
  json_t *made = resolved(*state, "{'share': 1, 'count': 5.0}");
  assert_true(json_is_real(json_object_get(made, "share")));
  assert_true(json_is_integer(json_object_get(made, "count")));
  assert_int_equal(json_integer_value(json_object_get(made, "count")), 5);
  json_decref(made);
}

static void integers_have_64_bits(void **state) {
  json_t *made = resolved(*state, "{'whole': 9223372036854775807}");
  assert_true(json_integer_value(json_object_get(made, "whole")) == INT64_MAX);
  json_decref(made);
}

static void a_plugin_may_be_given_by_its_bare_name(void **state) {
  json_t *bare = resolved(*state, "{'prior': 'level'}");
  json_t *kind = resolved(*state, "{'prior': 'distribution/level'}");
  json_t *whole = resolved(
      *state, "{'prior': {'plugin': 'distribution/level', 'parameters': {}}}");
  assert_true(json_equal(bare, kind) && json_equal(bare, whole));
  json_decref(bare);
  json_decref(kind);
  json_decref(whole);
}

static void paths_are_relative_to_the_base_and_become_absolute(void **state) {
  json_t *made = resolved(*state, "{'file': 'tests/../LICENSE'}");
  const char *path = json_string_value(json_object_get(made, "file"));
  assert_string_equal(path, HEED_TEST_SOURCE "/LICENSE");
  json_decref(made);
}

static void an_empty_lua_table_is_an_empty_list_and_an_empty_map(void **state) {
  json_t *made = resolved(*state, "{'words': []}");
  assert_true(json_is_object(json_object_get(made, "words")));
  json_decref(made);
  refused(*state, "{'levels': {}}",
          "here.levels: found a list of 0, expected a length "
          "of at least 1 and at most 3");
}

static void bounds_belong_to_the_range_unless_it_is_open(void **state) {
  json_decref(resolved(*state, "{'share': 1}"));
  json_decref(resolved(*state, "{'tall': 2}"));
  json_decref(resolved(*state, "{'tall': 1e300}"));
  json_decref(resolved(*state, "{'deep': -1e300}"));
  json_decref(resolved(*state, "{'any': -1e300}"));
}

/* ---- values and instances ---- */

static void values_come_in_the_order_of_the_schema(void **state) {
  test_workbench *self = *state;
  const heed_value *values;
  json_t *made = resolved(
      self,
      "{'share': 0.25, 'count': 7, 'loud': true, 'mode': 'estimated', "
      "'gap': 0.75, 'levels': [0, 1], 'words': {'b': 'two', 'a': 'one'}, "
      "'nested': {'label': 'mine'}}");
  assert_int_equal(schema_values(self->plugins, parameters, PARAMETERS, made,
                                 &self->host, &values, &self->error),
                   HEED_OK);
  json_decref(made);
  assert_true(values[SHARE].number == 0.25);
  assert_true(values[COUNT_OF].integer == 7 && values[COUNT_OF].number == 7);
  assert_false(values[WHOLE].given);
  assert_int_equal(values[LOUD].integer, 1);
  assert_string_equal(values[TITLE].text, "none");
  assert_string_equal(values[MODE].text, "estimated");
  assert_int_equal(values[MODE].integer, 1);
  assert_null(values[GAP].text);
  assert_true(values[GAP].number == 0.75);
  assert_int_equal(values[LEVELS].count, 2);
  assert_true(values[LEVELS].items[1].number == 1.0);
  assert_int_equal(values[WORDS].count, 2);
  assert_string_equal(values[WORDS].keys[0], "a");
  assert_string_equal(values[WORDS].items[0].text, "one");
  assert_int_equal(values[NESTED].items[0].integer, 3);
  assert_string_equal(values[NESTED].items[1].text, "mine");
  assert_string_equal(values[PRIOR].instance->plugin->name, "level");
  schema_close(values, PARAMETERS);
}

static void an_unknown_plugin_makes_no_instance(void **state) {
  test_workbench *self = *state;
  const heed_instance *made;
  json_t *spec =
      json_pack("{s:s, s:{}}", "plugin", "filter/gone", "parameters");
  assert_int_equal(
      instance_open(self->plugins, spec, &self->host, &made, &self->error),
      HEED_INVALID);
  assert_string_equal(self->error.message,
                      "the plugin filter/gone is not loaded");
  assert_null(made);
  json_decref(spec);
}

/* ---- what is wrong, and what is said ---- */

static void numbers_out_of_range_are_refused_with_the_range(void **state) {
  refused(*state, "{'share': 0}",
          "here.share: found 0, expected a number above 0 and at most 1");
  refused(*state, "{'share': 1.5}",
          "here.share: found 1.5, expected a number above 0 and at most 1");
  refused(*state, "{'count': 101}",
          "here.count: found 101, expected a whole number of at least 1 and at "
          "most 100");
  refused(*state, "{'tall': 1}",
          "here.tall: found 1, expected a number of at least 2");
  refused(*state, "{'deep': 0}",
          "here.deep: found 0, expected a number below 0");
}

static void values_of_a_wrong_type_are_refused_with_what_was_found(
    void **state) {
  refused(*state, "{'share': 'half'}",
          "here.share: found \"half\", expected a number above 0 and at most "
          "1");
  refused(*state, "{'any': true}", "here.any: found true, expected a number");
  refused(*state, "{'count': 2.5}",
          "here.count: found 2.5, expected a whole number of at least 1 and at "
          "most 100");
  refused(*state, "{'loud': 1}", "here.loud: found 1, expected true or false");
  refused(*state, "{'title': 5}", "here.title: found 5, expected a text");
  refused(*state, "{'title': [1]}",
          "here.title: found a table, expected a text");
  refused(*state, "{'levels': 0.5}", "here.levels: found 0.5, expected a list");
  refused(*state, "{'words': 'x'}",
          "here.words: found \"x\", expected a table of named values");
  refused(*state, "{'nested': 'x'}",
          "here.nested: found \"x\", expected a table of named values");
  refused(*state, "{'any': {'plugin': 'filter/empty'}}",
          "here.any: found the plugin filter/empty, expected a number");
}

static void values_inside_are_named_by_their_whole_path(void **state) {
  refused(*state, "{'levels': [0.5, 2]}",
          "here.levels[2]: found 2, expected a number of at least 0 and at "
          "most 1");
  refused(*state, "{'words': {'first': 1}}",
          "here.words.first: found 1, expected a text");
  refused(*state, "{'nested': {'label': 'x', 'depth': 0}}",
          "here.nested.depth: found 0, expected a whole number of at least 1 "
          "and at most 9");
}

static void lists_of_a_wrong_length_are_refused(void **state) {
  refused(*state, "{'levels': [0, 0, 0, 0]}",
          "here.levels: found a list of 4, expected a length "
          "of at least 1 and at most 3");
}

static void what_is_required_and_missing_is_named_with_its_doc(void **state) {
  refused(*state, "{'nested': {}}",
          "here.nested.label: is missing: what it is called");
}

static void an_unknown_parameter_meets_the_nearest_name(void **state) {
  refused(*state, "{'shrae': 1}",
          "here.shrae: there is no such parameter; did you mean \"share\"?");
  refused(*state, "{'nested': {'lable': 'x'}}",
          "here.nested.lable: there is no such parameter; did you mean "
          "\"label\"?");
  refused(*state, "{'nested': {'something_else': 1}}",
          "here.nested.something_else: there is no such parameter; expected "
          "\"depth\", \"label\"");
}

static void an_unknown_choice_meets_the_nearest_one(void **state) {
  refused(*state, "{'mode': 'knwon'}",
          "here.mode: there is no choice \"knwon\"; did you mean \"known\"?");
  refused(*state, "{'mode': 'other'}",
          "here.mode: there is no choice \"other\"; expected \"known\", "
          "\"estimated\"");
  refused(*state, "{'mode': 3}",
          "here.mode: found 3, expected \"known\", \"estimated\"");
  refused(*state, "{'letter': 3}",
          "here.letter: found 3, expected \"a\", \"b\"");
  refused(*state, "{'gap': 'estimate'}",
          "here.gap: there is no choice \"estimate\"; did you mean "
          "\"estimated\"?");
  refused(*state, "{'gap': 'wide'}",
          "here.gap: there is no choice \"wide\"; expected \"known\", "
          "\"estimated\", or a number of at least 0 and at most 1");
  refused(*state, "{'gap': true}",
          "here.gap: found true, expected \"known\", \"estimated\", or a "
          "number of at least 0 and at most 1");
  refused(*state, "{'gap': 2}",
          "here.gap: found 2, expected a number of at least 0 and at most 1");
}

static void an_unknown_plugin_meets_the_nearest_one(void **state) {
  refused(*state, "{'prior': 'levle'}",
          "here.prior: there is no distribution plugin \"levle\"; did you mean "
          "\"level\"?");
  refused(*state, "{'prior': 'filter/empty'}",
          "here.prior: found the plugin filter/empty, expected a plugin of "
          "kind distribution");
  refused(*state, "{'prior': 0.5}",
          "here.prior: found 0.5, expected a plugin of kind distribution");
}

static void files_must_be_there_and_be_files(void **state) {
  refused(*state, "{'file': 'gone.csv'}",
          "here.file: " HEED_TEST_SOURCE
          "/gone.csv: cannot read: No such file or directory");
  refused(*state, "{'file': 'tests'}",
          "here.file: " HEED_TEST_SOURCE
          "/tests: is not a file, expected the path of a file");
  refused(*state, "{'file': ''}",
          "here.file: found \"\", expected the path of a file");
  refused(*state, "{'file': 5}",
          "here.file: found 5, expected the path of a file");
}

static void long_values_are_cut_in_messages(void **state) {
  char given[300], *position = given + sprintf(given, "{'any': '");
  memset(position, 'x', 200);
  (void)strcpy(position + 200, "'}");
  refused(*state, given,
          "here.any: found \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          "xxxxxxxx…, expected a number");
}

/* ---- the nearest name ---- */

static void a_near_name_is_near_by_slips_of_the_pen(void **state) {
  static const char *const names[] = {"share", "sharp", "annotations"};
  (void)state;
  assert_string_equal(schema_nearest("shrae", names, 3), "share");
  assert_string_equal(schema_nearest("shar", names, 3), "share");
  assert_string_equal(schema_nearest("anotation", names, 3), "annotations");
  assert_null(schema_nearest("gamma", names, 3));
  assert_null(schema_nearest("share", names, 0));
}

#define with_bench(test) \
  cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void) {
  const struct CMUnitTest tests[] = {
      with_bench(what_is_left_out_has_its_standard_value),
      with_bench(numbers_become_reals_and_whole_reals_integers),
      with_bench(integers_have_64_bits),
      with_bench(a_plugin_may_be_given_by_its_bare_name),
      with_bench(paths_are_relative_to_the_base_and_become_absolute),
      with_bench(an_empty_lua_table_is_an_empty_list_and_an_empty_map),
      with_bench(bounds_belong_to_the_range_unless_it_is_open),
      with_bench(values_come_in_the_order_of_the_schema),
      with_bench(an_unknown_plugin_makes_no_instance),
      with_bench(numbers_out_of_range_are_refused_with_the_range),
      with_bench(values_of_a_wrong_type_are_refused_with_what_was_found),
      with_bench(values_inside_are_named_by_their_whole_path),
      with_bench(lists_of_a_wrong_length_are_refused),
      with_bench(what_is_required_and_missing_is_named_with_its_doc),
      with_bench(an_unknown_parameter_meets_the_nearest_name),
      with_bench(an_unknown_choice_meets_the_nearest_one),
      with_bench(an_unknown_plugin_meets_the_nearest_one),
      with_bench(files_must_be_there_and_be_files),
      with_bench(long_values_are_cut_in_messages),
      cmocka_unit_test(a_near_name_is_near_by_slips_of_the_pen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
