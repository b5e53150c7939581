/* SPDX-License-Identifier: GPL-3.0-or-later
 * Descriptors: what one must hold, and what is said of one that does not. */
#include "descriptor.h"

#include "../support/workbench.h"

/* ---- a sound plugin, and changes to it ---- */

static heed_status choose(void *self, const heed_host *host,
                          const heed_crowd *crowd,
                          const heed_posterior *posterior,
                          heed_selection *selection, heed_error *error) {
  (void)self, (void)host, (void)crowd, (void)posterior, (void)selection;
  (void)error;
  return HEED_OK;
}
static const heed_filter_functions functions = {.size = sizeof functions,
                                                .select = choose};
static const heed_parameter item = {.type = HEED_NUMBER};
static const heed_parameter list = {
    .name = "levels", .type = HEED_LIST, .item = &item};
static const heed_dimension along_levels = {.name = "level",
                                            .parameter = "levels"};
static const char *const by_level[] = {"level", NULL};
static const heed_output spread = {.name = "spread", .dimensions = by_level};

static heed_plugin sound(void) {
  return (heed_plugin){
      .size = sizeof(heed_plugin),
      .abi = HEED_ABI,
      .kind = HEED_FILTER,
      .name = "sound",
      .version = "1.0",
      .summary = "Nothing is wrong with it",
      .parameters = &list,
      .parameter_count = 1,
      .dimensions = &along_levels,
      .dimension_count = 1,
      .outputs = &spread,
      .output_count = 1,
      .functions = &functions,
      .functions_size = sizeof functions,
  };
}

static void refused(const heed_plugin *plugin, const char *message) {
  heed_error error;
  assert_int_equal(descriptor_check(plugin, "x.so", &error), HEED_INVALID);
  assert_string_equal(error.message, message);
}

static void refused_parameter(heed_parameter parameter, const char *message) {
  heed_plugin plugin = sound();
  plugin.dimension_count = plugin.output_count = 0;
  plugin.parameters = &parameter;
  refused(&plugin, message);
}

static void a_sound_descriptor_is_accepted(void **state) {
  const heed_plugin plugin = sound();
  const heed_plugin *const plugins[] = {&plugin};
  const heed_plugin_list all = {sizeof all, HEED_ABI, 1, plugins};
  heed_error error;
  (void)state;
  assert_int_equal(descriptor_check(&plugin, "x.so", &error), HEED_OK);
  assert_int_equal(descriptor_check_list(&all, "x.so", &error), HEED_OK);
}

/* ---- lists ---- */

static void lists_of_another_shape_are_refused(void **state) {
  const heed_plugin plugin = sound();
  const heed_plugin *const plugins[] = {&plugin};
  heed_plugin_list all = {sizeof all, HEED_ABI, 0, plugins};
  heed_error error;
  char expected[128];
  (void)state;
  (void)descriptor_check_list(&all, "x.so", &error);
  assert_string_equal(error.message, "x.so: lists no plugin");
  all.count = 1;
  all.size--;
  (void)descriptor_check_list(&all, "x.so", &error);
  (void)snprintf(expected, sizeof expected,
                 "x.so: its heed_plugins is %zu bytes, expected %zu",
                 sizeof all - 1, sizeof all);
  assert_string_equal(error.message, expected);
  all.abi = 7;
  (void)descriptor_check_list(&all, "x.so", &error);
  assert_string_equal(error.message,
                      "x.so: built for plugin ABI 7, this heed has ABI 3: "
                      "rebuild the plugin against this heed's headers");
}

/* ---- descriptors ---- */

static void descriptors_of_another_abi_are_refused_with_both_numbers(
    void **state) {
  heed_plugin plugin = sound();
  char expected[128];
  (void)state;
  refused(NULL, "x.so: a descriptor is NULL");
  plugin.abi = 9;
  (void)snprintf(expected, sizeof expected,
                 "x.so: a descriptor of ABI 9 and %zu bytes, expected ABI 3 "
                 "and %zu bytes",
                 sizeof plugin, sizeof plugin);
  refused(&plugin, expected);
}

static void kinds_and_names_must_be_known_and_well_formed(void **state) {
  heed_plugin plugin = sound();
  (void)state;
  plugin.name = "Sound";
  refused(&plugin,
          "x.so: filter/?: its name is not lower case, digits and '_': Sound");
  plugin.name = "9lives";
  refused(&plugin,
          "x.so: filter/?: its name is not lower case, digits and '_': 9lives");
  plugin.name = NULL;
  refused(&plugin,
          "x.so: filter/?: its name is not lower case, digits and '_'");
  plugin.kind = (heed_kind)17;
  refused(&plugin, "x.so: a plugin of unknown kind 17");
}

static void version_and_summary_must_be_there(void **state) {
  heed_plugin plugin = sound();
  (void)state;
  plugin.summary = NULL;
  refused(&plugin, "x.so: filter/sound: it has no summary");
  plugin.version = NULL;
  refused(&plugin, "x.so: filter/sound: it has no version");
}

static void functions_must_be_there_and_of_the_right_size(void **state) {
  heed_plugin plugin = sound();
  const heed_filter_functions none = {.size = sizeof none};
  char expected[128];
  (void)state;
  plugin.functions = &none;
  refused(&plugin, "x.so: filter/sound: a required function is NULL: select");
  plugin.functions_size = 3;
  (void)snprintf(expected, sizeof expected,
                 "x.so: filter/sound: a table of functions of 3 bytes, "
                 "expected %zu",
                 sizeof none);
  refused(&plugin, expected);
  plugin.functions = NULL;
  (void)snprintf(expected, sizeof expected,
                 "x.so: filter/sound: a table of functions of 0 bytes, "
                 "expected %zu",
                 sizeof none);
  refused(&plugin, expected);
}

static void each_kind_has_functions_it_cannot_do_without(void **state) {
  static const struct {
    heed_kind kind;
    size_t size;
    const char *message;
  } kinds[] = {
      {HEED_SOURCE, sizeof(heed_source_functions),
       "source/sound: a required "
       "function is NULL: make"},
      {HEED_DISTRIBUTION, sizeof(heed_distribution_functions),
       "distribution/sound: a required function is NULL: quantile"},
      {HEED_USER_MODEL, sizeof(heed_user_model_functions),
       "user_model/sound: a required function is NULL: domain"},
      {HEED_ESTIMATOR, sizeof(heed_estimator_functions),
       "estimator/sound: a required function is NULL: estimate"},
      {HEED_TRAINER, sizeof(heed_trainer_functions),
       "trainer/sound: a required function is NULL: train"},
  };
  static const union {
    heed_source_functions source;
    heed_distribution_functions distribution;
    heed_user_model_functions user_model;
    heed_estimator_functions estimator;
    heed_trainer_functions trainer;
  } nothing = {.distribution = {.size = 0}};
  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    heed_plugin plugin = sound();
    char expected[128];
    plugin.kind = kinds[i].kind;
    plugin.functions = &nothing;
    plugin.functions_size = kinds[i].size;
    (void)snprintf(expected, sizeof expected, "x.so: %s", kinds[i].message);
    refused(&plugin, expected);
  }
}

/* ---- schemas ---- */

static void parameters_must_be_well_formed(void **state) {
  heed_parameter twice[] = {{.name = "a"}, {.name = "a"}};
  heed_plugin plugin = sound();
  (void)state;
  refused_parameter((heed_parameter){.name = "Share"},
                    "x.so: filter/sound: a parameter's name is not lower case, "
                    "digits and '_': Share");
  refused_parameter(
      (heed_parameter){.name = "mode", .type = HEED_ENUM},
      "x.so: filter/sound: an enum parameter without choices: mode");
  refused_parameter(
      (heed_parameter){.name = "all", .type = HEED_LIST},
      "x.so: filter/sound: a list or map parameter without item: all");
  refused_parameter(
      (heed_parameter){.name = "all", .type = HEED_RECORD},
      "x.so: filter/sound: a record parameter without fields: all");
  refused_parameter(
      (heed_parameter){
          .name = "prior", .type = HEED_PLUGIN, .kind = (heed_kind)9},
      "x.so: filter/sound: a plugin parameter of no known kind: prior");
  refused_parameter((heed_parameter){.name = "odd", .type = (heed_type)99},
                    "x.so: filter/sound: a parameter of no known type: odd");
  plugin.parameters = twice;
  plugin.parameter_count = 2;
  refused(&plugin, "x.so: filter/sound: two parameters of one name: a");
  plugin.parameters = NULL;
  refused(&plugin, "x.so: filter/sound: parameters are NULL though counted");
}

static void outputs_must_be_well_formed(void **state) {
  static const char *const by_depth[] = {"depth", NULL};
  heed_output outputs[] = {{.name = "a"}, {.name = "a"}};
  heed_plugin plugin = sound();
  (void)state;
  plugin.outputs = outputs;
  plugin.output_count = 2;
  refused(&plugin, "x.so: filter/sound: two outputs of one name: a");
  outputs[1].name = "b c";
  refused(&plugin,
          "x.so: filter/sound: an output's name is not lower case, digits and "
          "'_': b c");
  outputs[1] = (heed_output){.name = "b", .dimensions = by_depth};
  refused(&plugin,
          "x.so: filter/sound: an output along no dimension of its own: depth");
  plugin.outputs = NULL;
  refused(&plugin, "x.so: filter/sound: outputs are NULL though counted");
}

static void dimensions_must_be_of_lists_or_maps(void **state) {
  static const heed_parameter number = {.name = "levels"};
  heed_plugin plugin = sound();
  (void)state;
  plugin.parameters = &number;
  refused(&plugin,
          "x.so: filter/sound: a dimension of what is no list or map "
          "parameter: levels");
  plugin.dimensions = NULL;
  refused(&plugin, "x.so: filter/sound: dimensions are NULL though counted");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sound_descriptor_is_accepted),
      cmocka_unit_test(lists_of_another_shape_are_refused),
      cmocka_unit_test(
          descriptors_of_another_abi_are_refused_with_both_numbers),
      cmocka_unit_test(kinds_and_names_must_be_known_and_well_formed),
      cmocka_unit_test(version_and_summary_must_be_there),
      cmocka_unit_test(functions_must_be_there_and_of_the_right_size),
      cmocka_unit_test(each_kind_has_functions_it_cannot_do_without),
      cmocka_unit_test(parameters_must_be_well_formed),
      cmocka_unit_test(outputs_must_be_well_formed),
      cmocka_unit_test(dimensions_must_be_of_lists_or_maps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
