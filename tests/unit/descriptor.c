/* SPDX-License-Identifier: GPL-3.0-or-later
 * Descriptors: what one must hold, and what is said of one that does not. */
#include "descriptor.h"

#include "../support/this_abi.h"
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

#define NAME_RULE \
  " (expected lower case, digits and '_', starting with a letter)"

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
  assert_int_equal(descriptor_check_list(&all, "x.so", &error), HEED_OK);
  assert_int_equal(descriptor_check(&plugin, "x.so", &error), HEED_OK);
}

/* ---- adoption ---- */

static host_arena *memory;

static int open_memory(void **state) {
  (void)state;
  memory = arena_create();
  return memory == NULL ? -1 : 0;
}

static int close_memory(void **state) {
  (void)state;
  arena_free(memory);
  return 0;
}

static const heed_plugin *adopted(const heed_plugin *plugin) {
  const heed_plugin *made = NULL;
  heed_error error;
  if (descriptor_adopt(plugin, "x.so", memory, &made, &error) != HEED_OK)
    fail_msg("%s", error.message);
  return made;
}

static void not_adopted(const heed_plugin *plugin, const char *message) {
  const heed_plugin *made;
  heed_error error;
  assert_int_equal(descriptor_adopt(plugin, "x.so", memory, &made, &error),
                   HEED_INVALID);
  assert_string_equal(error.message, message);
}

static void refused_list(const heed_plugin_list *all, const char *message) {
  heed_error error;
  assert_int_equal(descriptor_check_list(all, "x.so", &error), HEED_INVALID);
  assert_string_equal(error.message, message);
}

#define OTHER_MAJOR                                             \
  "x.so: built for plugin ABI 7.2, this heed has ABI " THIS_ABI \
  ": rebuild the plugin with this heed's headers"

/* The version at its place, and not a byte more. */
static void *of_another_major_version(void) {
  static const uint32_t version[] = {7, 2};
  char *bytes = calloc(1, 16);
  assert_non_null(bytes);
  memcpy(bytes + 8, version, sizeof version);
  return bytes;
}

static void another_major_version_is_refused_before_more_is_read(void **state) {
  void *bytes = of_another_major_version();
  (void)state;
  refused_list(bytes, OTHER_MAJOR);
  not_adopted(bytes, OTHER_MAJOR);
  free(bytes);
}

static void plugins_of_any_minor_version_are_accepted(void **state) {
  heed_plugin plugin = sound();
  (void)state;
  for (uint32_t minor = 0; minor < 3; minor++) {
    const heed_plugin *const plugins[] = {&plugin};
    heed_plugin_list all = {sizeof all, HEED_ABI, 1, plugins};
    heed_error error;
    all.abi.minor = plugin.abi.minor = minor;
    assert_int_equal(descriptor_check_list(&all, "x.so", &error), HEED_OK);
    assert_string_equal(adopted(&plugin)->name, "sound");
  }
}

/* ---- a plugin whose every struct is longer than ours ---- */

typedef struct later_parameter {
  heed_parameter known;
  const char *later[3];
} later_parameter;
typedef struct later_dimension {
  heed_dimension known;
  double later;
} later_dimension;
typedef struct later_output {
  heed_output known;
  double later;
} later_output;
typedef struct later_functions {
  heed_filter_functions known;
  const char *(*later)(void);
} later_functions;
typedef struct later_plugin {
  heed_plugin known;
  const char *later;
} later_plugin;

static const char *say_later(void) {
  return "later";
}

static const later_parameter later_items[] = {
    {.known = {.type = HEED_NUMBER, .unit = "s"}}};
static const later_parameter later_fields[] = {
    {.known = {.name = "x"}},
    {.known = {.name = "y", .type = HEED_LIST, .item = &later_items[0].known}}};
static const later_parameter later_parameters[] = {
    {.known = {.name = "levels",
               .type = HEED_LIST,
               .item = &later_items[0].known}},
    {.known = {.name = "place",
               .type = HEED_RECORD,
               .fields = &later_fields[0].known,
               .field_count = 2}}};
static const later_dimension later_dimensions[] = {
    {.known = {.name = "level", .parameter = "levels"}},
    {.known = {.name = "again", .parameter = "levels"}}};
static const later_output later_outputs[] = {
    {.known = {.name = "spread"}},
    {.known = {.name = "width", .dimensions = by_level}}};
static const later_functions later_filter = {
    .known = {.size = sizeof later_filter, .select = choose},
    .later = say_later};
static const later_plugin later = {
    .known = {.size = sizeof later,
              .abi = {.major = HEED_ABI_MAJOR,
                      .minor = HEED_ABI_MINOR + 1,
                      .parameter_size = sizeof(later_parameter),
                      .dimension_size = sizeof(later_dimension),
                      .output_size = sizeof(later_output)},
              .kind = HEED_FILTER,
              .name = "later",
              .version = "1.0",
              .summary = "Of a later minor version",
              .parameters = &later_parameters[0].known,
              .parameter_count = 2,
              .dimensions = &later_dimensions[0].known,
              .dimension_count = 2,
              .outputs = &later_outputs[0].known,
              .output_count = 2,
              .functions = &later_filter,
              .functions_size = sizeof later_filter},
    .later = "later"};

static void arrays_of_longer_structs_are_read_by_their_strides(void **state) {
  const heed_plugin *plugin = adopted(&later.known);
  const heed_parameter *fields = plugin->parameters[1].fields;
  (void)state;
  assert_string_equal(plugin->parameters[1].name, "place");
  assert_string_equal(plugin->parameters[0].item->unit, "s");
  assert_string_equal(fields[1].name, "y");
  assert_string_equal(fields[1].item->unit, "s");
  assert_string_equal(plugin->dimensions[1].name, "again");
  assert_string_equal(plugin->outputs[1].name, "width");
}

static void an_adopted_plugin_has_the_strides_of_this_host(void **state) {
  const heed_abi own = HEED_ABI;
  const heed_plugin *plugin = adopted(&later.known);
  (void)state;
  assert_int_equal(plugin->abi.parameter_size, own.parameter_size);
  assert_int_equal(plugin->abi.dimension_size, own.dimension_size);
  assert_int_equal(plugin->abi.output_size, own.output_size);
  assert_int_equal(plugin->abi.minor, HEED_ABI_MINOR + 1);
}

static void what_only_the_plugin_knows_stays_in_reach_of_others_like_it(
    void **state) {
  const heed_plugin *plugin = adopted(&later.known);
  const later_functions *table = plugin->functions;
  (void)state;
  assert_int_equal(plugin->size, sizeof(later_plugin));
  assert_string_equal(((const later_plugin *)plugin)->later, "later");
  assert_int_equal(table->known.size, sizeof(later_functions));
  assert_string_equal(table->later(), "later");
}

/* ---- a plugin whose table of functions is shorter than ours ---- */

static void domain_of(const void *self, heed_domain *domain) {
  (void)self, (void)domain;
}
static void probability(const void *self, const double *phi,
                        const heed_answers *answers, size_t node_count,
                        const double *nodes, double *values) {
  (void)self, (void)phi, (void)answers, (void)node_count, (void)nodes;
  (void)values;
}
static void casual(const void *self, const double *phi,
                   const heed_answers *answers, double *values) {
  (void)self, (void)phi, (void)answers, (void)values;
}

static void a_short_table_of_functions_is_completed_with_null(void **state) {
  enum { SHORT = offsetof(heed_user_model_functions, attention) };
  heed_user_model_functions *given = malloc(SHORT);
  const heed_user_model_functions full = {.size = SHORT,
                                          .domain = domain_of,
                                          .probability = probability,
                                          .casual = casual};
  heed_plugin plugin = sound();
  const heed_user_model_functions *made;
  (void)state;
  assert_non_null(given);
  memcpy(given, &full, SHORT);
  plugin.kind = HEED_USER_MODEL;
  plugin.functions = given;
  plugin.functions_size = SHORT;
  made = adopted(&plugin)->functions;
  assert_int_equal(adopted(&plugin)->functions_size, sizeof *made);
  assert_int_equal(made->size, sizeof *made);
  assert_ptr_equal(made->casual, casual);
  assert_null(made->attention);
  assert_null(made->simulate);
  assert_null(made->of_class);
  free(given);
}

/* ---- sizes that cannot be ---- */

#define BYTES(what, found, least)                 \
  "x.so: found a " what " of " found              \
  " bytes, expected a multiple of 8, from " least \
  " to "                                          \
  "65536 bytes"

static void lists_of_a_nonsense_size_are_refused(void **state) {
  const heed_plugin plugin = sound();
  const heed_plugin *const plugins[] = {&plugin};
  heed_plugin_list all = {sizeof all, HEED_ABI, 1, plugins};
  (void)state;
  all.size = 40;
  refused_list(&all, BYTES("heed_plugin_list", "40", "48"));
  all.size = 50;
  refused_list(&all, BYTES("heed_plugin_list", "50", "48"));
  all.size = (size_t)1 << 40;
  refused_list(&all, BYTES("heed_plugin_list", "1099511627776", "48"));
  all.size = sizeof all;
  all.count = 0;
  refused_list(&all, "x.so: lists no plugin");
}

static void descriptors_of_a_nonsense_size_are_refused(void **state) {
  heed_plugin plugin = sound();
  (void)state;
  not_adopted(NULL, "x.so: a descriptor is NULL");
  plugin.size = 8;
  not_adopted(&plugin, BYTES("heed_plugin", "8", "160"));
  plugin.size = 0;
  not_adopted(&plugin, BYTES("heed_plugin", "0", "160"));
  plugin.size = 161;
  not_adopted(&plugin, BYTES("heed_plugin", "161", "160"));
}

static void strides_that_cannot_be_are_refused(void **state) {
  heed_plugin plugin = sound();
  (void)state;
  plugin.abi.parameter_size = 0;
  not_adopted(&plugin, BYTES("heed_parameter", "0", "96"));
  plugin.abi.parameter_size = sizeof(heed_parameter) + 4;
  not_adopted(&plugin, BYTES("heed_parameter", "100", "96"));
  plugin = sound();
  plugin.abi.dimension_size = 8;
  not_adopted(&plugin, BYTES("heed_dimension", "8", "32"));
  plugin = sound();
  plugin.abi.output_size = 1u << 31;
  not_adopted(&plugin, BYTES("heed_output", "2147483648", "40"));
}

static void tables_of_functions_of_a_nonsense_size_are_refused(void **state) {
  heed_filter_functions table = {.select = choose};
  heed_plugin plugin = sound();
  (void)state;
  plugin.functions = &table;
  plugin.functions_size = table.size = 3;
  not_adopted(&plugin, BYTES("table of functions", "3", "8"));
  plugin.functions_size = 16;
  not_adopted(&plugin,
              "x.so: functions_size is 16 bytes, but the size of the table of "
              "functions is 3");
  plugin.functions = NULL;
  not_adopted(&plugin, "x.so: a plugin has no table of functions");
}

static void parameters_that_contain_themselves_are_refused(void **state) {
  static const heed_parameter endless = {
      .name = "levels", .type = HEED_LIST, .item = &endless};
  heed_plugin plugin = sound();
  (void)state;
  plugin.parameters = &endless;
  not_adopted(&plugin, "x.so: parameters are nested more than 16 deep");
}

/* ---- names ---- */

static void unknown_kinds_are_refused_with_both_versions(void **state) {
  heed_plugin plugin = sound();
  (void)state;
  plugin.kind = 17;
  plugin.abi.minor = 9;
  not_adopted(&plugin,
              "x.so: a plugin of unknown kind 17, built for plugin ABI 4.9; "
              "this heed has ABI " THIS_ABI);
}

static void names_must_be_well_formed(void **state) {
  heed_plugin plugin = sound();
  (void)state;
  plugin.name = "Sound";
  refused(&plugin, "x.so: filter/?: invalid name" NAME_RULE ": Sound");
  plugin.name = "9lives";
  refused(&plugin, "x.so: filter/?: invalid name" NAME_RULE ": 9lives");
  plugin.name = NULL;
  refused(&plugin, "x.so: filter/?: invalid name" NAME_RULE);
}

static void version_and_summary_must_be_there(void **state) {
  heed_plugin plugin = sound();
  (void)state;
  plugin.summary = NULL;
  refused(&plugin, "x.so: filter/sound: no summary");
  plugin.version = NULL;
  refused(&plugin, "x.so: filter/sound: no version");
}

static void the_functions_of_a_kind_must_be_there(void **state) {
  heed_plugin plugin = sound();
  const heed_filter_functions none = {.size = sizeof none};
  (void)state;
  plugin.functions = &none;
  refused(&plugin, "x.so: filter/sound: a required function is NULL: select");
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
  refused_parameter(
      (heed_parameter){.name = "Share"},
      "x.so: filter/sound: a parameter has an invalid name" NAME_RULE
      ": Share");
  refused_parameter(
      (heed_parameter){.name = "mode", .type = HEED_ENUM},
      "x.so: filter/sound: an enum parameter has no choices: mode");
  refused_parameter(
      (heed_parameter){.name = "all", .type = HEED_LIST},
      "x.so: filter/sound: a list or map parameter has no item: all");
  refused_parameter(
      (heed_parameter){.name = "all", .type = HEED_RECORD},
      "x.so: filter/sound: a record parameter has no fields: all");
  refused_parameter(
      (heed_parameter){.name = "prior", .type = HEED_PLUGIN, .kind = 9},
      "x.so: filter/sound: a plugin parameter has an unknown kind: prior");
  refused_parameter((heed_parameter){.name = "odd", .type = 99},
                    "x.so: filter/sound: a parameter has an unknown type: odd");
  plugin.parameters = twice;
  plugin.parameter_count = 2;
  refused(&plugin, "x.so: filter/sound: two parameters have the same name: a");
  plugin.parameters = NULL;
  refused(
      &plugin,
      "x.so: filter/sound: parameter_count is not 0, but parameters is NULL");
}

static void outputs_must_be_well_formed(void **state) {
  static const char *const by_depth[] = {"depth", NULL};
  heed_output outputs[] = {{.name = "a"}, {.name = "a"}};
  heed_plugin plugin = sound();
  (void)state;
  plugin.outputs = outputs;
  plugin.output_count = 2;
  refused(&plugin, "x.so: filter/sound: two outputs have the same name: a");
  outputs[1].name = "b c";
  refused(&plugin, "x.so: filter/sound: an output has an invalid name" NAME_RULE
                   ": b c");
  outputs[1] = (heed_output){.name = "b", .dimensions = by_depth};
  refused(&plugin,
          "x.so: filter/sound: an output has an unknown dimension: depth");
  plugin.outputs = NULL;
  refused(&plugin,
          "x.so: filter/sound: output_count is not 0, but outputs is NULL");
}

static void dimensions_must_be_of_lists_or_maps(void **state) {
  static const heed_parameter number = {.name = "levels"};
  heed_plugin plugin = sound();
  (void)state;
  plugin.parameters = &number;
  refused(&plugin,
          "x.so: filter/sound: the parameter of a dimension is not a list or "
          "map: levels");
  plugin.dimensions = NULL;
  refused(
      &plugin,
      "x.so: filter/sound: dimension_count is not 0, but dimensions is NULL");
}

#define with_memory(test) \
  cmocka_unit_test_setup_teardown(test, open_memory, close_memory)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sound_descriptor_is_accepted),
      with_memory(another_major_version_is_refused_before_more_is_read),
      with_memory(plugins_of_any_minor_version_are_accepted),
      with_memory(arrays_of_longer_structs_are_read_by_their_strides),
      with_memory(an_adopted_plugin_has_the_strides_of_this_host),
      with_memory(what_only_the_plugin_knows_stays_in_reach_of_others_like_it),
      with_memory(a_short_table_of_functions_is_completed_with_null),
      cmocka_unit_test(lists_of_a_nonsense_size_are_refused),
      with_memory(descriptors_of_a_nonsense_size_are_refused),
      with_memory(strides_that_cannot_be_are_refused),
      with_memory(tables_of_functions_of_a_nonsense_size_are_refused),
      with_memory(parameters_that_contain_themselves_are_refused),
      with_memory(unknown_kinds_are_refused_with_both_versions),
      cmocka_unit_test(names_must_be_well_formed),
      cmocka_unit_test(version_and_summary_must_be_there),
      cmocka_unit_test(the_functions_of_a_kind_must_be_there),
      cmocka_unit_test(each_kind_has_functions_it_cannot_do_without),
      cmocka_unit_test(parameters_must_be_well_formed),
      cmocka_unit_test(outputs_must_be_well_formed),
      cmocka_unit_test(dimensions_must_be_of_lists_or_maps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
