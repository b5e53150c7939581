/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tests of runner/contract: the scene that plugins are tried in, and the
 * parameters that they are given.  What is found of plugins that break their
 * contract is in cli/plugin_tools.bats. */
#include "../support/workbench.h"
#include "scene.h"
#include "settings.h"
#include "stages/check.h"

typedef struct fixture {
  host_arena *memory;
  contract_scene scene;
} fixture;

static const char *const no_columns[] = {NULL};

static void open_scene(fixture *self, const char *const *columns) {
  heed_error error = {HEED_OK, ""};
  self->memory = arena_create();
  assert_non_null(self->memory);
  if (scene_make(self->memory, columns, &self->scene, &error) != HEED_OK)
    fail_msg("%s", error.message);
}

static void close_scene(fixture *self) {
  arena_free(self->memory);
}

/* ---- the scene ---- */

static void the_world_is_one_that_stages_accept(void **state) {
  fixture self;
  heed_error error = {HEED_OK, ""};
  (void)state;
  open_scene(&self, no_columns);
  if (check_world(&self.scene.world, &error) != HEED_OK)
    fail_msg("%s", error.message);
  if (check_annotations(self.scene.crowd.annotations, SCENE_USERS, SCENE_PAIRS,
                        &error) != HEED_OK)
    fail_msg("%s", error.message);
  close_scene(&self);
}

static void p_is_the_sigmoid_of_the_rewards(void **state) {
  fixture self;
  (void)state;
  open_scene(&self, no_columns);
  const heed_table *pairs = self.scene.world.pairs;
  const double *p = heed_table_data(pairs, "p", HEED_FLOAT64);
  const double *a = heed_table_data(pairs, "reward_a", HEED_FLOAT64);
  const double *b = heed_table_data(pairs, "reward_b", HEED_FLOAT64);
  for (size_t i = 0; i < pairs->rows; i++)
    assert_near(p[i], 1 / (1 + exp(b[i] - a[i])), 1e-12);
  close_scene(&self);
}

static void posteriors_of_all_units_are_ones_that_stages_accept(void **state) {
  static const heed_unit units[] = {HEED_BY_USER, HEED_BY_USER_TOPIC,
                                    HEED_BY_ANNOTATION};
  fixture self;
  heed_error error = {HEED_OK, ""};
  (void)state;
  open_scene(&self, no_columns);
  for (size_t i = 0; i < 3; i++) {
    heed_posterior posterior;
    heed_selection selection;
    assert_int_equal(
        scene_posterior(&self.scene, self.memory, units[i], &posterior, &error),
        HEED_OK);
    if (check_posterior(&self.scene.crowd, &posterior, &error) != HEED_OK)
      fail_msg("%s", error.message);
    assert_int_equal(scene_selection(&self.scene, self.memory, &posterior,
                                     &selection, &error),
                     HEED_OK);
    if (check_selection(&self.scene.crowd, &selection, &error) != HEED_OK)
      fail_msg("%s", error.message);
  }
  close_scene(&self);
}

static void no_user_sees_a_pair_twice(void **state) {
  fixture self;
  (void)state;
  open_scene(&self, no_columns);
  const heed_crowd *crowd = &self.scene.crowd;
  const int64_t *pair = heed_table_data(crowd->annotations, "pair", HEED_INT64);
  for (size_t j = 0; j < SCENE_USERS; j++)
    for (size_t i = crowd->first[j]; i < crowd->first[j + 1]; i++)
      for (size_t k = crowd->first[j]; k < i; k++)
        assert_int_not_equal(pair[i], pair[k]);
  close_scene(&self);
}

static void the_pairs_have_the_columns_asked_for(void **state) {
  static const char *const columns[] = {"length", "p", NULL};
  fixture self;
  (void)state;
  open_scene(&self, columns);
  const double *length =
      heed_table_data(self.scene.world.pairs, "length", HEED_FLOAT64);
  assert_non_null(length);
  for (size_t i = 0; i < SCENE_PAIRS; i++)
    assert_true(length[i] > 0 && length[i] < 1);
  close_scene(&self);
}

/* ---- parameters ---- */

static const char *const colours[] = {"red", "green", NULL};
static const heed_parameter parameters[] = {
    {.name = "known", .type = HEED_NUMBER, .default_value = "0.25", .high = 1},
    {.name = "share",
     .type = HEED_NUMBER,
     .flags = HEED_OPEN_LOW,
     .low = 0,
     .high = 1},
    {.name = "count", .type = HEED_INTEGER, .low = 1, .high = 1e9},
    {.name = "colour", .type = HEED_ENUM, .choices = colours},
    {.name = "spare", .type = HEED_TEXT, .flags = HEED_OPTIONAL},
};
static const heed_plugin with_parameters = {
    .kind = HEED_FILTER,
    .name = "sample",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters};

static void what_has_no_default_is_guessed_within_its_range(void **state) {
  test_workbench bench;
  const contract_options options = {.file = NULL};
  char remark[BOARD_TEXT], missing[BOARD_TEXT];
  (void)state;
  workbench_open(&bench, 1);
  json_t *given = settings_given(bench.plugins, &with_parameters, &options,
                                 remark, missing);
  assert_int_equal(json_object_size(given), 3);
  assert_near(json_number_value(json_object_get(given, "share")), 0.5, 0);
  assert_int_equal(json_integer_value(json_object_get(given, "count")), 51);
  assert_string_equal(json_string_value(json_object_get(given, "colour")),
                      "red");
  assert_string_equal(remark, "share = 0.5, count = 51, colour = \"red\"");
  assert_string_equal(missing, "");
  json_decref(given);
  workbench_close(&bench);
}

static void what_is_set_is_not_guessed(void **state) {
  static const char *const sets[] = {"share=0.75", "colour=green", "spare=x"};
  const contract_options options = {.sets = sets, .set_count = 3};
  char remark[BOARD_TEXT], missing[BOARD_TEXT];
  test_workbench bench;
  (void)state;
  workbench_open(&bench, 1);
  json_t *given = settings_given(bench.plugins, &with_parameters, &options,
                                 remark, missing);
  assert_near(json_number_value(json_object_get(given, "share")), 0.75, 0);
  assert_string_equal(json_string_value(json_object_get(given, "colour")),
                      "green");
  assert_string_equal(json_string_value(json_object_get(given, "spare")), "x");
  assert_string_equal(remark, "count = 51");
  json_decref(given);
  workbench_close(&bench);
}

static void a_path_without_a_default_is_missing(void **state) {
  static const heed_parameter path[] = {{.name = "log", .type = HEED_PATH}};
  static const heed_plugin plugin = {.kind = HEED_SOURCE,
                                     .name = "sample",
                                     .parameters = path,
                                     .parameter_count = 1};
  const contract_options options = {.file = NULL};
  char remark[BOARD_TEXT], missing[BOARD_TEXT];
  test_workbench bench;
  (void)state;
  workbench_open(&bench, 1);
  json_decref(
      settings_given(bench.plugins, &plugin, &options, remark, missing));
  assert_string_equal(
      missing, "parameter log has no default; give it with --set log=VALUE");
  workbench_close(&bench);
}

static void variants_are_the_ends_and_the_choices(void **state) {
  static const char *const expected[] = {
      "known = 0.0",      "known = 1.0",       "share = 1e-6",
      "share = 1.0",      "count = 1",         "count = 1000000000",
      "colour = \"red\"", "colour = \"green\""};
  size_t count;
  contract_variant *variants = settings_variants(&with_parameters, &count);
  (void)state;
  assert_int_equal(count, sizeof expected / sizeof *expected);
  for (size_t i = 0; i < count; i++)
    assert_string_equal(variants[i].text, expected[i]);
  settings_free(variants, count);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_world_is_one_that_stages_accept),
      cmocka_unit_test(p_is_the_sigmoid_of_the_rewards),
      cmocka_unit_test(posteriors_of_all_units_are_ones_that_stages_accept),
      cmocka_unit_test(no_user_sees_a_pair_twice),
      cmocka_unit_test(the_pairs_have_the_columns_asked_for),
      cmocka_unit_test(what_has_no_default_is_guessed_within_its_range),
      cmocka_unit_test(what_is_set_is_not_guessed),
      cmocka_unit_test(a_path_without_a_default_is_missing),
      cmocka_unit_test(variants_are_the_ends_and_the_choices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
