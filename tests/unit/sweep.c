/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sweeps: what a sweep means, and what messages say of a wrong one. */
#include "../support/planned.h"

static size_t nodes_of(const heed_plan *plan, plan_stage stage) {
  size_t count = 0;
  for (size_t i = 0; i < plan->node_count; i++)
    if (plan->nodes[i].stage == stage) count++;
  return count;
}

static const plan_metric *metric(const heed_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->metric_count; i++)
    if (strcmp(plan->metrics[i].name, name) == 0) return &plan->metrics[i];
  return NULL;
}

/* ---- what a sweep means ---- */

static void a_plan_has_every_parameter_resolved(void **state) {
  heed_plan *plan =
      planned(HEAD
              "return h.sweep { title = 'T', seed = 5, "
              "replicates = 4, keep = { 'users', 'trace' },\n" MADE REST "}",
              NULL, NULL);
  (void)state;
  assert_string_equal(plan->title, "T");
  assert_int_equal(plan->seed, 5);
  assert_int_equal(plan->replicates, 4);
  assert_int_equal(plan->blas_threads, 1);
  assert_int_equal(plan->threads, 0);
  assert_true(plan->keep == (PLAN_KEEP_USERS | PLAN_KEEP_TRACE));
  assert_int_equal(plan->point_count, 1);
  assert_int_equal(plan->axis_count, 0);
  assert_true(number(plan, 0, PLAN_WORLD, "mu") == 0.74);
  assert_true(json_is_true(parameter(plan, 0, PLAN_WORLD, "strict")));
  assert_string_equal(plan_node_plugin(plan, 0), "source/made");
  assert_true(plan->nodes[0].costly);
  /* A stage that is left out has no node. */
  assert_true(plan_node_at(plan, 0, PLAN_SELECTION) == SIZE_MAX);
  assert_int_equal(plan->nodes[plan->points[0].leaf].stage, PLAN_EVALUATION);
  /* source, distribution, user model, estimator. */
  assert_int_equal(plan->plugin_count, 4);
  assert_string_equal(plan->plugins[0].file, KINDS);
  plan_free(plan);
}

static void a_title_left_out_is_the_name_of_the_file(void **state) {
  heed_plan *plan = planned(HEAD "return h.sweep { " MADE REST "}", NULL, NULL);
  (void)state;
  assert_string_equal(plan->title, "sweep");
  plan_free(plan);
}

static void points_share_the_stages_before_the_one_that_varies(void **state) {
  heed_plan *plan =
      planned(HEAD
              "return h.sweep { "
              "source = h.source.made { pairs = h.axis { 'n', 10, 20 } },\n"
              "filter = h.filter.part { share = h.axis { 'share', "
              "h.linspace(0.1, 1, 10) } }, " REST "}",
              NULL, NULL);
  (void)state;
  assert_int_equal(plan->point_count, 20);
  assert_int_equal(nodes_of(plan, PLAN_WORLD), 2);
  assert_int_equal(nodes_of(plan, PLAN_POSTERIOR), 2);
  assert_int_equal(nodes_of(plan, PLAN_SELECTION), 20);
  assert_int_equal(plan->nodes[0].point_count, 10);
  plan_free(plan);
}

static void axes_are_ordered_by_creation_and_points_depth_first(void **state) {
  /* `late` is a parameter of the world but was made after `early`. */
  heed_plan *plan =
      planned(HEAD
              "local early = h.axis { 'early', 0.25, 0.5 }\n"
              "local late = h.axis { 'late', 10, 20, 30 }\n"
              "return h.sweep { source = h.source.made { pairs = late },\n"
              "filter = h.filter.part { share = early }, " REST "}",
              NULL, NULL);
  (void)state;
  assert_string_equal(plan->axes[0].coordinate.name, "early");
  assert_string_equal(plan->axes[1].coordinate.name, "late");
  assert_int_equal(plan->point_count, 6);
  for (size_t i = 0; i < 6; i++) {
    const size_t *position = plan->points[i].position;
    assert_true(number(plan, i, PLAN_SELECTION, "share") ==
                plan->axes[0].coordinate.numbers[position[0]]);
    assert_true(number(plan, i, PLAN_WORLD, "pairs") ==
                plan->axes[1].coordinate.numbers[position[1]]);
  }
  assert_int_equal(nodes_of(plan, PLAN_WORLD), 3);
  plan_free(plan);
}

static void an_axis_in_two_places_is_one_axis(void **state) {
  heed_plan *plan =
      planned(HEAD
              "local low = h.axis { 'low', 0.1, 0.2, 0.3 }\n"
              "users.attentiveness = span { low = low }\n"
              "return h.sweep { " MADE
              "users = users, estimator = "
              "h.estimator.fit { model = model, prior = span { low "
              "= low } } }",
              NULL, NULL);
  (void)state;
  assert_int_equal(plan->point_count, 3);
  for (size_t i = 0; i < 3; i++)
    assert_true(
        json_equal(parameter(plan, i, PLAN_ANNOTATIONS, "attentiveness"),
                   parameter(plan, i, PLAN_POSTERIOR, "prior")));
  plan_free(plan);
}

static void an_axis_may_have_one_value(void **state) {
  heed_plan *plan = planned(HEAD
                            "users.attentiveness = h.axis { 'eta', span {} }\n"
                            "users.count = h.axis { 'n', 5 }\n"
                            "return h.sweep { " MADE REST "}",
                            NULL, NULL);
  (void)state;
  assert_int_equal(plan->axis_count, 2);
  assert_string_equal(plan->axes[0].coordinate.labels[0], "span");
  plan_free(plan);
}

static void a_tied_axis_runs_along_its_target(void **state) {
  heed_plan *plan =
      planned(HEAD
              "users.count = h.axis { 'people', 10, 20, unit = '1' }\n"
              "users.annotations = h.axis { 'each', 3, 5, tie = 'people' }\n"
              "h.axis { 'what', 'few', 'many', tie = users.count }\n"
              "return h.sweep { " MADE REST "}",
              NULL, NULL);
  (void)state;
  assert_int_equal(plan->axis_count, 1);
  assert_int_equal(plan->point_count, 2);
  assert_int_equal(plan->axes[0].tied_count, 2);
  assert_string_equal(plan->axes[0].coordinate.unit, "1");
  assert_true(plan->axes[0].tied[0].numbers[1] == 5);
  /* Used nowhere, it says more about the axis it is tied to. */
  assert_string_equal(plan->axes[0].tied[1].labels[1], "many");
  assert_true(number(plan, 1, PLAN_ANNOTATIONS, "count") == 20);
  assert_true(number(plan, 1, PLAN_ANNOTATIONS, "annotations") == 5);
  assert_string_equal(warning, "");
  plan_free(plan);
}

static void an_axis_that_only_others_are_tied_to_spans_the_grid(void **state) {
  heed_plan *plan = planned(
      HEAD
      "h.axis { 'arm', 'a', 'b' }\n"
      "local share = h.axis { 'share', 0.5, 1, tie = 'arm' }\n"
      "return h.sweep { filter = h.filter.part { share = share }, " MADE REST
      "}",
      NULL, NULL);
  (void)state;
  assert_int_equal(plan->axis_count, 1);
  assert_string_equal(plan->axes[0].coordinate.name, "arm");
  assert_string_equal(plan->axes[0].coordinate.labels[1], "b");
  assert_string_equal(plan->axes[0].tied[0].name, "share");
  plan_free(plan);
}

static void rows_are_an_axis_that_sets_several_things(void **state) {
  heed_plan *plan = planned(
      HEAD
      "local arm = h.rows { 'arm',\n"
      "  { 'half', share = 0.5, fit = h.estimator.fit { model = model }, "
      "each = 3 },\n"
      "  { 'all', share = 1, fit = h.estimator.fit { model = model, mu = 0.7 "
      "}, "
      "each = 5 } }\n"
      "users.annotations = arm.each\n"
      "return h.sweep { filter = h.filter.part { share = arm.share }, "
      "estimator = arm.fit, " MADE "users = users }",
      NULL, NULL);
  const plan_axis *arm = &plan->axes[0];
  (void)state;
  assert_int_equal(plan->axis_count, 1);
  assert_int_equal(plan->point_count, 2);
  assert_string_equal(arm->coordinate.name, "arm");
  assert_string_equal(arm->coordinate.labels[1], "all");
  assert_int_equal(arm->tied_count, 3);
  /* Columns in the order of the alphabet; a plugin is called as its row is. */
  assert_string_equal(arm->tied[0].name, "each");
  assert_string_equal(arm->tied[1].name, "fit");
  assert_string_equal(arm->tied[1].labels[0], "half");
  assert_true(arm->tied[2].numbers[0] == 0.5);
  assert_true(number(plan, 1, PLAN_ANNOTATIONS, "annotations") == 5);
  plan_free(plan);
}

static void rows_that_make_no_sense_are_refused(void **state) {
  (void)state;
  refused(HEAD "return h.rows { 'arm' }",
          "sweep.lua:5: h.rows: expected a name, then rows: h.rows { \"arm\", "
          "{ \"all\", filter = … }, … }");
  refused(
      HEAD "return h.rows { 'arm', { 'a', x = 1 }, 7 }",
      "sweep.lua:5: h.rows { \"arm\", … }: row 2: expected a table: { \"its "
      "name\", KEY = VALUE, … }");
  refused(HEAD "return h.rows { 'arm', { x = 1 } }",
          "sweep.lua:5: h.rows { \"arm\", … }: row 1: expected its name first, "
          "then only KEY = VALUE");
  refused(HEAD "return h.rows { 'arm', { 'a', x = 1 }, { 'b', y = 1 } }",
          "sweep.lua:5: h.rows { \"arm\", … }: row 2: missing key x, which the "
          "first row has");
  refused(HEAD "return h.rows { 'arm', { 'a', x = 1 }, { 'b', x = 2, y = 1 } }",
          "sweep.lua:5: h.rows { \"arm\", … }: row 2: found a key that the "
          "first row lacks");
  refused(HEAD "return h.rows { 'arm', { 'a', ['x y'] = 1 } }",
          "sweep.lua:5: h.axis(\"x y\", …): expected as its name a letter, "
          "then letters, digits and _, fewer than 64 in all");
}

static void labels_say_how_plugins_differ(void **state) {
  heed_plan *plan = planned(
      HEAD
      "users.attentiveness = h.axis { 'eta', span {}, span { low = 0.2 }, "
      "span { low = 0.2, high = 0.75, label = 'mine' }, "
      "h.distribution.flat {} }\n"
      "fit = h.axis { 'fit', fit, h.estimator.fit { model = model, mu = "
      "0.7, prior = span { low = 0.3 }, levels = { 0.5 } } }\n"
      "return h.sweep { " MADE REST "}",
      NULL, NULL);
  const char **eta = plan->axes[0].coordinate.labels;
  (void)state;
  assert_string_equal(eta[0], "span");
  assert_string_equal(eta[1], "span low=0.2");
  assert_string_equal(eta[2], "mine");
  assert_string_equal(eta[3], "flat");
  assert_string_equal(
      plan->axes[1].coordinate.labels[1],
      "fit mu=0.7 prior=(span low=0.3) model=plain levels=[0.5]");
  plan_free(plan);
}

static void axes_inside_an_alternative_become_alternatives(void **state) {
  heed_plan *plan = planned(
      HEAD
      "local low = h.axis { 'low', 0.1, 0.2 }\n"
      "local high = h.axis { 'high', 0.5, 0.6, tie = 'low' }\n"
      "local top = h.axis { 'top', 0.7, 0.8 }\n"
      "users.attentiveness = h.axis { 'eta', span { low = low, high = high "
      "}, span { high = top, label = 'b' }, h.distribution.flat {} }\n"
      "return h.sweep { " MADE REST "}",
      NULL, NULL);
  const char **labels = plan->axes[0].coordinate.labels;
  (void)state;
  assert_int_equal(plan->axis_count, 1);
  assert_int_equal(plan->axes[0].coordinate.count, 5);
  assert_string_equal(labels[0], "span high=0.5");
  assert_string_equal(labels[1], "span low=0.2 high=0.6");
  assert_string_equal(labels[2], "b top=0.7");
  assert_string_equal(labels[3], "b top=0.8");
  assert_string_equal(labels[4], "flat");
  plan_free(plan);
}

static void excluded_points_are_not_planned(void **state) {
  heed_plan *plan = planned(
      HEAD
      "users.attentiveness = h.axis { 'eta', span {}, h.distribution.flat "
      "{} }\n"
      "local share = h.axis { 'share', 0.25, 0.5, 1 }\n"
      "h.axis { 'word', 'a', 'b', 'c', tie = 'share' }\n"
      "return h.sweep { filter = h.filter.part { share = share }, " MADE REST
      ", exclude = function(p) return p.eta == 'flat' and p.share "
      "< 1 or p.word == 'b' end }",
      NULL, NULL);
  (void)state;
  assert_int_equal(plan->point_count, 3);
  assert_true(number(plan, 2, PLAN_SELECTION, "share") == 1);
  assert_int_equal(plan->points[2].position[0], 1);
  plan_free(plan);
}

static void spaced_values_are_those_a_person_writes(void **state) {
  heed_plan *plan = planned(
      HEAD
      "local a = h.axis { 'a', h.linspace(0.1, 1, 10) }\n"
      "local c = h.logspace(0.001, 1000, 7)\n"
      "assert(#c == 7 and c[4] == 1 and c[7] == 1000)\n"
      "assert(h.linspace(3, 4, 1)[1] == 3)\n"
      "return h.sweep { filter = h.filter.part { share = a }, " MADE REST "}",
      NULL, NULL);
  (void)state;
  assert_true(plan->axes[0].coordinate.numbers[2] == 0.3);
  assert_true(plan->axes[0].coordinate.numbers[9] == 1);
  plan_free(plan);
}

static void print_reaches_whoever_listens(void **state) {
  heed_plan *plan = planned(
      HEAD "print('a', 1, nil) return h.sweep { " MADE REST "}", NULL, NULL);
  (void)state;
  assert_string_equal(printed, "a\t1\tnil");
  plan_free(plan);
}

static void an_unused_axis_is_warned_of(void **state) {
  heed_plan *plan =
      planned(HEAD "h.axis { 'idle', 1, 2 } return h.sweep { " MADE REST "}",
              NULL, NULL);
  (void)state;
  assert_string_equal(warning, "sweep.lua:5: axis \"idle\" is not used");
  assert_int_equal(plan->axis_count, 0);
  plan_free(plan);
}

/* ---- keys ---- */

static void a_value_added_to_an_axis_leaves_the_old_keys_alone(void **state) {
  heed_plan *few = planned(HEAD
                           "return h.sweep { filter = h.filter.part { share = "
                           "h.axis { 's', 0.5, 1 } }, " MADE REST "}",
                           NULL, NULL);
  heed_plan *more =
      planned(HEAD
              "return h.sweep { replicates = 9, filter = h.filter.part { "
              "share = h.axis { 's', 0.5, 0.7, 1 } }, " MADE REST "}",
              NULL, NULL);
  (void)state;
  assert_string_equal(leaf_key(few, 0), leaf_key(more, 0));
  assert_string_equal(leaf_key(few, 1), leaf_key(more, 2));
  assert_string_not_equal(leaf_key(few, 0), leaf_key(few, 1));
  plan_free(few);
  plan_free(more);
}

static void a_key_depends_on_what_is_in_an_input_and_not_on_its_path(
    void **state) {
  static const char sweep[] = HEAD
      "return h.sweep { source = h.source.made { pairs = 10, file = "
      "'one.csv' }, " REST "}";
  heed_plan *first, *moved, *changed;
  (void)state;
  write_text("one.csv", "a", 1);
  write_text("two.csv", "a", 1);
  first = planned(sweep, NULL, NULL);
  moved = planned(sweep, "source.file=two.csv", NULL);
  write_text("one.csv", "b", 1);
  changed = planned(sweep, NULL, NULL);
  assert_int_equal(first->input_count, 1);
  assert_int_equal(first->inputs[0].path[0], '/');
  assert_string_equal(leaf_key(first, 0), leaf_key(moved, 0));
  assert_string_not_equal(leaf_key(first, 0), leaf_key(changed, 0));
  plan_free(first);
  plan_free(moved);
  plan_free(changed);
}

static void the_same_sweep_gives_the_same_plan(void **state) {
  /* Lua's order of keys changes with addresses: many keys, many states. */
  static const char sweep[] = HEAD
      "return h.sweep { source = h.source.made { pairs = 10, judges = { z "
      "= '1', y = '2', x = '3', w = '4', v = '5', u = '6', t = '7' } "
      "}, " REST "}";
  heed_plan *first = planned(sweep, NULL, NULL);
  (void)state;
  for (int i = 0; i < 10; i++) {
    heed_plan *again = planned(sweep, NULL, NULL);
    char *one = json_dumps(first->json, JSON_COMPACT);
    char *two = json_dumps(again->json, JSON_COMPACT);
    assert_string_equal(one, two);
    free(one);
    free(two);
    plan_free(again);
  }
  plan_free(first);
}

/* ---- metrics ---- */

static void metrics_are_the_hosts_and_those_of_the_plugins(void **state) {
  heed_plan *plan = planned(HEAD "return h.sweep { " MADE REST "}", NULL, NULL);
  (void)state;
  assert_non_null(metric(plan, "source_rows"));
  assert_non_null(metric(plan, "estimator_objective"));
  assert_non_null(metric(plan, "prior_low"));
  assert_non_null(metric(plan, "model_bias"));
  /* No levels, no judges: nothing to index them by. */
  assert_null(metric(plan, "estimator_spread"));
  assert_null(metric(plan, "source_agreement"));
  for (size_t i = 0; i < plan->dimension_count; i++)
    assert_string_not_equal(plan->dimensions[i].name, "judge");
  plan_free(plan);
}

static void a_dimension_has_the_labels_of_all_points(void **state) {
  heed_plan *plan = planned(
      HEAD
      "local judges = h.axis { 'judges', { b = 'x', a = 'y' }, { c = 'z' "
      "}, labels = { 'two', 'one' } }\n"
      "fit = h.estimator.fit { model = model, levels = h.axis { 'levels', "
      "{ 0.9, 0.1 }, { 0.5 } } }\n"
      "return h.sweep { source = h.source.made { pairs = 10, judges = "
      "judges }, " REST "}",
      NULL, NULL);
  const plan_metric *spread = metric(plan, "estimator_spread");
  const plan_metric *agreement = metric(plan, "source_agreement");
  (void)state;
  assert_non_null(spread);
  assert_int_equal(spread->count, 3);
  assert_true(plan->dimensions[spread->dimensions[0]].numbers[1] == 0.5);
  assert_non_null(agreement);
  assert_int_equal(agreement->count, 3);
  assert_string_equal(plan->dimensions[agreement->dimensions[0]].labels[0],
                      "a");
  plan_free(plan);
}

/* ---- --set ---- */

static void set_reaches_what_the_sweep_leaves_out(void **state) {
  heed_plan *plan =
      planned(HEAD "return h.sweep { " MADE REST "}",
              "estimator.prior.low=0.25", "source.columns.user=who");
  (void)state;
  assert_true(json_number_value(json_object_get(
                  json_object_get(parameter(plan, 0, PLAN_POSTERIOR, "prior"),
                                  "parameters"),
                  "low")) == 0.25);
  assert_string_equal(json_string_value(json_object_get(
                          parameter(plan, 0, PLAN_WORLD, "columns"), "user")),
                      "who");
  assert_string_equal(
      json_string_value(json_array_get(
          json_object_get(json_object_get(plan->json, "sweep"), "set"), 0)),
      "estimator.prior.low=0.25");
  plan_free(plan);
}

static void set_changes_one_of_two_places_that_share_a_value(void **state) {
  heed_plan *plan =
      planned(HEAD
              "local one = span {} users.attentiveness = one\n"
              "fit = h.estimator.fit { model = model, prior = one "
              "} return h.sweep { " MADE REST "}",
              "users.attentiveness.low=0.5", NULL);
  (void)state;
  assert_false(json_equal(parameter(plan, 0, PLAN_ANNOTATIONS, "attentiveness"),
                          parameter(plan, 0, PLAN_POSTERIOR, "prior")));
  plan_free(plan);
}

static void set_replaces_an_axis_or_its_values(void **state) {
  static const char sweep[] = HEAD
      "users.count = h.axis { 'people', 10, 20 }\n"
      "return h.sweep { " MADE REST "}";
  heed_plan *constant = planned(sweep, "users.count=7", NULL);
  heed_plan *longer = planned(sweep, "axis.people=[1, 2, 3]", "filter=all");
  (void)state;
  assert_int_equal(constant->axis_count, 0);
  assert_true(number(constant, 0, PLAN_ANNOTATIONS, "count") == 7);
  assert_int_equal(longer->point_count, 3);
  assert_int_equal(nodes_of(longer, PLAN_SELECTION), 3);
  plan_free(constant);
  plan_free(longer);
}

static void a_wrong_set_says_what_there_is(void **state) {
  (void)state;
  refused_set("users.cuont=1",
              "--set users.cuont=1: unknown parameter \"cuont\"; did you "
              "mean \"count\"?");
  refused_set("usres.count=1",
              "--set usres.count=1: unknown parameter \"usres\"; did you "
              "mean \"users\"?");
  refused_set("users.count=many",
              "--set users.count=many: users.count: found \"many\", expected a "
              "whole number of at least 1 and at most 1000000000");
  refused_set("users.count.x=1",
              "--set users.count.x=1: \"count\" has no parameters");
  refused_set("estimator.prior.lwo=1",
              "--set estimator.prior.lwo=1: unknown parameter \"lwo\"; did "
              "you mean \"low\"?");
  refused_set("axis.mu=[1]", "--set axis.mu=[1]: unknown axis \"mu\"");
  refused_set("users.\001axis=1",
              "--set users.\001axis=1: the path has a control character");
  refused_set("users",
              "--set users: expected path=value, such as users.count=100");
  refused_set(
      "source={\"\\u0001axis\":9}",
      "--set source={\"\\u0001axis\":9}: a key has a control character");
}

/* ---- what is wrong with a sweep ---- */

static void a_misspelt_name_gets_the_nearest(void **state) {
  (void)state;
  refused(HEAD "return h.sweep { source = h.source.maed {}, " REST "}",
          "sweep.lua:5: unknown name h.source.maed; did you mean "
          "h.source.made?");
  refused(HEAD "return h.sweep { source = h.source.made { piars = 1 } }",
          "sweep.lua:5: h.source.made: piars: there is no such parameter; did "
          "you mean \"pairs\"?");
  refused(HEAD "return h.sweep {\nsorce = 1 }",
          "sweep.lua:5: h.sweep: unknown part \"sorce\" of a sweep; did "
          "you mean \"source\"?");
  refused(HEAD "users.cuont = 1\nreturn h.sweep { " MADE REST "}",
          "sweep.lua:6: users.cuont: there is no such parameter; did you mean "
          "\"count\"?");
  refused(HEAD "return h.sewep {}",
          "sweep.lua:5: unknown name h.sewep; did you mean h.sweep?");
  refused(HEAD "return h.axis { 'a', 1, uint = 's' }",
          "sweep.lua:5: h.axis { \"a\", … }: uint: unknown option; "
          "did you mean \"unit\"?");
  refused(HEAD "return usres", "sweep.lua:5: unknown variable \"usres\"");
}

static void a_wrong_type_or_range_is_refused_at_its_constructor(void **state) {
  (void)state;
  refused(HEAD "\n\nlocal x = h.source.made { pairs = 'ten' }",
          "sweep.lua:7: h.source.made: pairs: found \"ten\", expected a whole "
          "number of at least 1 and at most 1000000000");
  refused(HEAD "local x = h.source.made { pairs = 1, mu = 1.5 }",
          "sweep.lua:5: h.source.made: mu: found 1.5, expected a number above "
          "0.5 and at most 1");
  refused(HEAD "local x = h.source.made { pairs = h.axis { 'a', 3, 2.5 } }",
          "sweep.lua:5: h.source.made: pairs: found 2.5, expected a whole "
          "number of at least 1 and at most 1000000000");
  refused(HEAD "local x = h.estimator.fit { model = span {} }",
          "sweep.lua:5: h.estimator.fit: model: found the plugin "
          "distribution/span, expected a plugin of kind user_model");
  refused(HEAD "local x = h.estimator.fit { model = h.user_model.plain }",
          "sweep.lua:5: h.estimator.fit: model: found a function, expected a "
          "number, text, boolean, table, plugin or axis; a plugin needs its "
          "braces: h.KIND.NAME {}");
  refused(HEAD "local x = h.source.made { 10 }",
          "sweep.lua:5: h.source.made: found a list, expected parameters by "
          "name");
  refused(HEAD "local x = h.source.made(10)",
          "sweep.lua:5: h.source.made: found a number, expected its parameters "
          "in braces");
  refused(HEAD "return h.sweep { source = span {}, " REST "}",
          "sweep.lua:5: source: found the plugin distribution/span, expected a "
          "plugin of kind source");
  refused(HEAD "return h.sweep { " MADE REST ", replicates = 0 }",
          "sweep.lua:5: replicates: found 0, expected a whole number of at "
          "least 1 and at most 10000000");
  refused(HEAD "return h.sweep { " MADE REST ", seed = h.axis { 's', 1, 2 } }",
          "sweep.lua:5: seed: found an axis, expected one value for the whole "
          "sweep");
}

static void what_is_missing_is_named(void **state) {
  char expected[256];
  (void)state;
  refused(HEAD "return h.sweep { " REST "}",
          "sweep.lua:5: source: is missing: where pairs come from, "
          "h.source.NAME {}");
  refused(HEAD "return h.source.made {}",
          "sweep.lua:5: h.source.made: pairs: is missing: how many pairs");
  (void)snprintf(expected, sizeof expected,
                 "sweep.lua:5: h.source.made: file: %s/no.csv: cannot read: "
                 "No such file or directory",
                 folder);
  refused(HEAD "return h.source.made { pairs = 10, file = 'no.csv' }",
          expected);
}

static void what_create_refuses_is_refused_at_its_line(void **state) {
  (void)state;
  refused(HEAD
          "users.attentiveness = span {\n"
          "low = h.axis { 'low', 0.1, 0.5 }, high = h.axis { 'high', 0.4, "
          "0.6 } }\nreturn h.sweep { " MADE REST "}",
          "sweep.lua:5: distribution/span: low = 0.5 must be below high = 0.4 "
          "(where low = 0.5, high = 0.4)");
}

static void numbers_must_be_finite(void **state) {
  (void)state;
  refused(HEAD "return h.source.made { pairs = 10, mu = 0/0 }",
          "sweep.lua:5: h.source.made: mu: found nan (not a number), expected "
          "a finite number");
  refused(HEAD "return h.axis { 'mu', 0.6, -1/0 }",
          "sweep.lua:5: h.axis { \"mu\", … }: value 2: found -infinity, "
          "expected a finite number");
  refused(HEAD "return h.linspace(0, 0/0, 3)",
          "sweep.lua:5: h.linspace: the ends must be finite numbers");
  refused(HEAD "return h.logspace(0, 1, 3)",
          "sweep.lua:5: h.logspace: the ends must be above 0");
}

static void axes_that_make_no_sense_are_refused(void **state) {
  (void)state;
  refused("return require 'heed'.axis { 'a' }",
          "sweep.lua:1: h.axis { \"a\", … }: found no values, expected at "
          "least one");
  refused("return require 'heed'.axis { 'a', {} }",
          "sweep.lua:1: h.axis { \"a\", … }: found no values, expected at "
          "least one");
  refused("return require 'heed'.axis({ 'a', 1 }, { 2 })",
          "sweep.lua:1: h.axis: found values after the braces, expected them "
          "inside: h.axis { \"mu\", 0.6, 0.7 }");
  refused("return require 'heed'.axis('a', { 1 }, { labels = 3 })",
          "sweep.lua:1: h.axis(\"a\", …): labels: expected a list of texts");
  refused("return require 'heed'.axis { 1, 2 }",
          "sweep.lua:1: h.axis: expected a name, then values: h.axis { "
          "\"name\", 1, 2 }");
  refused("return require 'heed'.axis { 'two words', 2 }",
          "sweep.lua:1: h.axis { \"two words\", … }: expected as its name a "
          "letter, then letters, digits and _, fewer than 64 in all");
  refused("return require 'heed'.axis { 'a', 1, 2, labels = { 'x' } }",
          "sweep.lua:1: h.axis { \"a\", … }: labels: found 1, expected one for "
          "each of the 2 values");
  refused(HEAD
          "local a, b = h.axis { 'a', 10, 20 },\nh.axis { 'a', 3, 4 }\n"
          "users.count = b\nreturn h.sweep { source = h.source.made { "
          "pairs = a }, " REST "}",
          "sweep.lua:6: an axis \"a\" already exists, made at sweep.lua:5; use "
          "it in both places, or rename one");
  refused(HEAD
          "users.count = h.axis { 'a', 10, 20, 10 }\n"
          "return h.sweep { " MADE REST "}",
          "sweep.lua:5: axis \"a\" has the value 10 twice");
  refused(HEAD
          "users.attentiveness = h.axis { 'a', span {}, span {} }\n"
          "return h.sweep { " MADE REST "}",
          "sweep.lua:5: axis \"a\" has the value span twice; use label = \"…\" "
          "to name them");
}

static void an_axis_called_with_a_list_has_its_items_as_values(void **state) {
  heed_plan *made =
      planned(HEAD
              "users.count = h.axis('people', { 10, 20 }, "
              "{ unit = '1', doc = 'd' })\n"
              "users.annotations = h.axis('each', { 3, 5 }, "
              "{ tie = users.count, labels = { 'few', 'many' } })\n"
              "return h.sweep { " MADE REST "}",
              NULL, NULL);
  (void)state;
  assert_int_equal(made->axis_count, 1);
  assert_string_equal(made->axes[0].coordinate.name, "people");
  assert_string_equal(made->axes[0].coordinate.unit, "1");
  assert_string_equal(made->axes[0].coordinate.doc, "d");
  assert_true(made->axes[0].coordinate.numbers[1] == 20);
  assert_string_equal(made->axes[0].tied[0].labels[1], "many");
  assert_true(number(made, 1, PLAN_ANNOTATIONS, "annotations") == 5);
  plan_free(made);
}

static void a_list_parameter_can_be_an_axis_of_lists(void **state) {
  /* Between braces, one table is the list of the axis's values. */
  heed_plan *made = planned(HEAD
                            "fit = h.estimator.fit { model = model, levels = "
                            "h.axis('levels', { { 0.1, 0.9 } }) }\n"
                            "return h.sweep { " MADE REST "}",
                            NULL, NULL);
  const json_t *levels = parameter(made, 0, PLAN_POSTERIOR, "levels");
  (void)state;
  assert_int_equal(made->axis_count, 1);
  assert_int_equal(made->point_count, 1);
  assert_int_equal(json_array_size(levels), 2);
  assert_string_equal(made->axes[0].coordinate.labels[0], "[0.1, 0.9]");
  plan_free(made);
}

static void a_row_can_set_a_list(void **state) {
  heed_plan *made =
      planned(HEAD
              "local arm = h.rows { 'arm', { 'a', levels = { 0.1, 0.9 } "
              "} }\n"
              "fit = h.estimator.fit { model = model, levels = "
              "arm.levels }\n"
              "return h.sweep { " MADE REST "}",
              NULL, NULL);
  (void)state;
  assert_int_equal(made->point_count, 1);
  assert_int_equal(
      json_array_size(parameter(made, 0, PLAN_POSTERIOR, "levels")), 2);
  plan_free(made);
}

static void an_axis_called_wrongly_is_refused(void **state) {
  (void)state;
  refused("return require 'heed'.axis()",
          "sweep.lua:1: h.axis: expected a name and values: h.axis { \"mu\", "
          "0.6, 0.7 } or h.axis(\"mu\", { 0.6, 0.7 })");
  refused("return require 'heed'.axis('a')",
          "sweep.lua:1: h.axis(\"a\", …): found nothing, expected a list of "
          "values: h.axis(\"mu\", { 0.6, 0.7 })");
  refused("return require 'heed'.axis('a', 1, 2)",
          "sweep.lua:1: h.axis(\"a\", …): found a number, expected a list of "
          "values: h.axis(\"mu\", { 0.6, 0.7 })");
  refused("return require 'heed'.axis('a', { 1 }, 's')",
          "sweep.lua:1: h.axis(\"a\", …): found a string after the values, "
          "expected a table of options: { unit = \"s\" }");
  refused("return require 'heed'.axis('a', { 1 }, {}, 2)",
          "sweep.lua:1: h.axis: expected at most a name, a list of values and "
          "a table of options");
  refused("return require 'heed'.axis('a', { 1 }, { 's' })",
          "sweep.lua:1: h.axis(\"a\", …): found a number as a key of its "
          "options");
  refused("return require 'heed'.axis('a', { 1 }, { uint = 's' })",
          "sweep.lua:1: h.axis(\"a\", …): uint: unknown option; did "
          "you mean \"unit\"?");
  refused("return require 'heed'.axis('a', {})",
          "sweep.lua:1: h.axis(\"a\", …): found no values, expected at least "
          "one");
  refused("return require 'heed'.axis('a', { x = 1 })",
          "sweep.lua:1: h.axis(\"a\", …): found a table of named values, "
          "expected a list");
  refused("return require 'heed'.axis('2', { 1 })",
          "sweep.lua:1: h.axis(\"2\", …): expected as its name a letter, then "
          "letters, digits and _, fewer than 64 in all");
}

static void ties_that_do_not_fit_are_refused(void **state) {
  (void)state;
  refused(HEAD
          "users.count = h.axis { 'people', 10, 20 }\n"
          "users.annotations = h.axis { 'each', 3, 5, tie = 'peopel' }\n"
          "return h.sweep { " MADE REST "}",
          "sweep.lua:6: axis \"each\" is tied to an unknown axis \"peopel\"; "
          "did you mean \"people\"?");
  refused(HEAD
          "users.count = h.axis { 'people', 10, 20 }\n"
          "users.annotations = h.axis { 'each', 3, tie = 'people' }\n"
          "return h.sweep { " MADE REST "}",
          "sweep.lua:6: axis \"each\" has 1 value but is tied to \"people\", "
          "which has 2");
  refused(HEAD
          "users.count = h.axis { 'a', 10, 20, tie = 'b' }\n"
          "users.annotations = h.axis { 'b', 3, 4, tie = 'a' }\n"
          "return h.sweep { " MADE REST "}",
          "sweep.lua:5: axis \"a\" is tied to itself, in a cycle");
  refused(HEAD
          "local low = h.axis { 'low', 0.1, 0.2 }\n"
          "users.attentiveness = h.axis { 'eta', span { low = low } }\n"
          "fit = h.estimator.fit { model = model, prior = span { low = "
          "low } }\nreturn h.sweep { " MADE REST "}",
          "sweep.lua:5: axis \"low\" is inside an alternative of axis \"eta\" "
          "and elsewhere in the sweep; make one axis for each");
}

static void set_may_not_leave_a_tied_axis_behind(void **state) {
  static const char text[] = HEAD
      "users.count = h.axis { 'people', 10, 20 }\n"
      "users.annotations = h.axis { 'each', 3, 5, tie = 'people' }\n"
      "return h.sweep { " MADE REST "}";
  (void)state;
  refused_with(text, strlen(text), "users.count=5", 0,
               "sweep.lua:6: axis \"each\" is tied to \"people\", which --set "
               "removed; set both");
}

static void an_axis_cannot_take_the_name_of_a_result(void **state) {
  (void)state;
  refused(HEAD
          "users.count = h.axis { 'source_rows', 1, 2 }\n"
          "return h.sweep { " MADE REST "}",
          "sweep.lua:5: an axis cannot have the name \"source_rows\", which is "
          "a metric; use another name, such as \"source_rows_axis\"");
  refused(HEAD
          "users.count = h.axis { 'users', 1, 2 }\n"
          "users.annotations = h.axis { 'users_axis', 3, 5 }\n"
          "return h.sweep { keep = { 'users' }, " MADE REST "}",
          "sweep.lua:5: the axis \"users\" has the name \"users_axis\" in the "
          "result file, which is the name of another axis; use another name");
}

static void exclude_is_held_to_its_word(void **state) {
#define WITH_EXCLUDE(body)                                                    \
  HEAD "users.count = h.axis { 'people', 1, 2 }\nreturn h.sweep { " MADE REST \
       ",\nexclude = " body " }"
  (void)state;
  refused(WITH_EXCLUDE("function(p) return p.poeple == 1 end"),
          "sweep.lua:7: point.poeple: unknown axis");
  refused(WITH_EXCLUDE("function() return true end"),
          "sweep.lua:6: h.sweep: exclude removes all 2 points");
  refused(WITH_EXCLUDE("function() return 0 end"),
          "sweep.lua:6: h.sweep: exclude returned a number, expected true or "
          "false");
  refused(WITH_EXCLUDE("true"),
          "sweep.lua:6: h.sweep: exclude: expected a function(point) that "
          "returns true for points to leave out");
}

static void errors_of_lua_keep_their_line(void **state) {
  (void)state;
  refused("\nlocal x = nil + 1",
          "sweep.lua:2: attempt to perform arithmetic on a nil value");
  refused("return {", "sweep.lua:1: unexpected symbol near <eof>");
  refused("error('boom\\nbang')", "sweep.lua:1: boom bang");
  refused(
      "error {}",
      "sweep.lua:1: the sweep raised an error of type table, expected a text");
  refused(
      "return 1",
      "sweep.lua:1: the sweep returns a number, expected return h.sweep { … "
      "}");
  refused("",
          "sweep.lua:1: the sweep returns nothing, expected return h.sweep "
          "{ … }");
}

static void what_could_reach_outside_is_not_there(void **state) {
  static const char *const names[] = {
      "io",       "os",   "package",   "debug", "dofile",
      "loadfile", "load", "coroutine", "warn",  "collectgarbage"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char text[64], expected[96];
    (void)snprintf(text, sizeof text, "return %s", names[i]);
    (void)snprintf(expected, sizeof expected,
                   "sweep.lua:1: %s is not available in a sweep", names[i]);
    refused(text, expected);
  }
  refused("return math.random()",
          "sweep.lua:1: math.random is not available, because a sweep must be "
          "the same each time; `seed` is the key of random numbers in cells");
  refused("assert(string.dump == nil) setmetatable({}, { __gc = print })",
          "sweep.lua:1: __gc is not available in a sweep");
  refused("setmetatable(_G, nil)",
          "sweep.lua:1: cannot change a protected metatable");
  refused("local h = require 'heed' h.source.made = 1",
          "sweep.lua:1: cannot change a value made by h; pass the field to its "
          "constructor");
}

static void only_text_is_run(void **state) {
  static const char compiled[] = "\033Lua\x54\x00\x19\x93";
  static const char latin[] = "local a = 'é'\nreturn '\xe9'";
  (void)state;
  refused_with(compiled, sizeof compiled - 1, NULL, 0,
               "sweep.lua: compiled Lua, expected text");
  refused_with(latin, sizeof latin - 1, NULL, 0, "sweep.lua:2: not UTF-8");
}

static void a_zero_byte_in_the_file_is_refused_with_its_line(void **state) {
  static const char comment[] = "local a\n\n-- \0\nreturn \0";
  static const char first[] = "\0";
  (void)state;
  refused_with(comment, sizeof comment - 1, NULL, 0, "sweep.lua:3: zero byte");
  refused_with(first, sizeof first - 1, NULL, 0, "sweep.lua:1: zero byte");
}

static void a_zero_byte_in_a_text_is_refused_at_its_constructor(void **state) {
  (void)state;
  refused(HEAD "return h.sweep { title = 'a\\0b', " MADE REST "}",
          "sweep.lua:5: h.sweep: title: zero byte in a text");
  refused(HEAD "return h.source.made { pairs = 1, judges = { a = '\\0' } }",
          "sweep.lua:5: h.source.made: judges.a: zero byte in a text");
  refused(HEAD "return h.source.made { ['pairs\\0'] = 1 }",
          "sweep.lua:5: h.source.made: zero byte in a text");
  refused(HEAD
          "return h.source.made { pairs = 1, judges = { ['a\\0'] = 'x' } }",
          "sweep.lua:5: h.source.made: judges: zero byte in a text");
  refused(HEAD "return h.axis { 'a\\0', 1 }",
          "sweep.lua:5: h.axis: its name: zero byte in a text");
  refused(HEAD "return h.axis { 'a', 1, ['unit\\0'] = 's' }",
          "sweep.lua:5: h.axis { \"a\", … }: an option: zero byte in a text");
  refused(HEAD "return h.rows { 'a', { 'x', ['b\\0'] = 1 } }",
          "sweep.lua:5: h.rows { \"a\", … }: row 1: a key: zero byte in a "
          "text");
  refused(HEAD "return h.source['made\\0'] {}",
          "sweep.lua:5: h.source: zero byte in a name");
  refused("require 'heed\\0'", "sweep.lua:1: require: zero byte in a text");
}

static void a_zero_byte_in_a_set_is_refused(void **state) {
  (void)state;
  refused_set("title=\"a\\u0000b\"",
              "--set title=\"a\\u0000b\": zero byte in a text");
  refused_set("source.judges={\"\\u0000\": \"x\"}",
              "--set source.judges={\"\\u0000\": \"x\"}: zero byte in a text");
}

static void a_text_that_is_not_utf8_is_refused_at_its_constructor(
    void **state) {
  (void)state;
  refused(HEAD "return h.sweep { title = '\\xff', " MADE REST "}",
          "sweep.lua:5: h.sweep: title: a text that is not UTF-8");
  refused(HEAD "return h.axis { 'a', 1, unit = '\\xff' }",
          "sweep.lua:5: h.axis { \"a\", … }: unit: a text that is not UTF-8");
  refused(HEAD "return h.axis('a', { 1 }, { tie = '\\xff' })",
          "sweep.lua:5: h.axis(\"a\", …): tie: a text that is not UTF-8");
}

static void a_path_that_is_not_utf8_is_refused(void **state) {
  const planner_options options = {.sweep = "\xff.lua"};
  heed_error error = {HEED_OK, ""};
  json_t *made = NULL;
  char expected[128];
  (void)state;
  write_text("\xff.lua", "return 1", 8);
  (void)snprintf(expected, sizeof expected,
                 "\xff.lua: the path %s/\xff.lua is not UTF-8", folder);
  assert_int_equal(attempt(&options, &made, &error), HEED_INVALID);
  assert_string_equal(error.message, expected);
}

static void a_long_path_is_cut_between_characters(void **state) {
  /* Lua shortens a path to its last 57 bytes; 'é' has two. */
  static const char text[] = HEAD "return h.sweep { " MADE REST "}";
  char name[128];
  (void)state;
  for (int shift = 0; shift < 2; shift++) {
    planner_options options = {.sweep = name};
    heed_error error = {HEED_OK, ""};
    json_t *made = NULL;
    (void)snprintf(name, sizeof name, "%s%s.lua",
                   "éééééééééééééééééééééééééééééééééééééééééé",
                   shift == 0 ? "" : "a");
    write_text(name, text, sizeof text - 1);
    if (attempt(&options, &made, &error) != HEED_OK)
      fail_msg("%s", error.message);
    json_decref(made);
  }
}

static void memory_and_time_are_limited(void **state) {
  static const char loop[] = "\nwhile true do end";
  (void)state;
  refused("local t = {} for i = 1, 1e9 do t[i] = {} end",
          "sweep.lua: the sweep needs more than 16 MiB of memory, a quarter of "
          "--plan-memory");
  refused("return ('x'):rep(100000000)",
          "sweep.lua: the sweep needs more than 16 MiB of memory, a quarter of "
          "--plan-memory");
  refused_with(loop, sizeof loop - 1, NULL, 0.05,
               "sweep.lua:2: still running after 0.05 s; is there an endless "
               "loop? A large sweep needs a higher --plan-timeout");
  refused(HEAD
          "local t = {} t.t = t\n"
          "return h.source.made { pairs = 1, judges = t }",
          "sweep.lua:6: h.source.made: "
          "judges.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t…: tables are "
          "nested too deeply, or in a cycle");
}

static void a_grid_without_end_is_refused(void **state) {
  (void)state;
  refused(HEAD
          "users.count = h.axis { 'a', h.linspace(1, 2000, 2000) }\n"
          "users.annotations = h.axis { 'b', h.linspace(1, 2000, 2000) }\n"
          "return h.sweep { " MADE REST "}",
          "sweep.lua:7: the axes span more than 1000000 points; shorten or tie "
          "them");
  refused(HEAD
          "return h.sweep { replicates = 9999999, filter = h.filter.part { "
          "share = h.axis { 's', 0.5, 1 } }, " MADE REST "}",
          "sweep.lua:5: found 2 points with 9999999 replicates, expected at "
          "most 10000000 cells");
}

static void what_h_makes_stays_as_it_was_made(void **state) {
  (void)state;
  refused(HEAD "fit.mu = 1",
          "sweep.lua:5: cannot change a value made by h; pass the field to its "
          "constructor");
  refused(HEAD "return fit.mu",
          "sweep.lua:5: cannot read a field of a value made by h");
  refused(HEAD "h.mine = 1",
          "sweep.lua:5: cannot change a value made by h; pass the field to its "
          "constructor");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_plan_has_every_parameter_resolved),
      cmocka_unit_test(a_title_left_out_is_the_name_of_the_file),
      cmocka_unit_test(points_share_the_stages_before_the_one_that_varies),
      cmocka_unit_test(axes_are_ordered_by_creation_and_points_depth_first),
      cmocka_unit_test(an_axis_in_two_places_is_one_axis),
      cmocka_unit_test(an_axis_may_have_one_value),
      cmocka_unit_test(a_tied_axis_runs_along_its_target),
      cmocka_unit_test(an_axis_that_only_others_are_tied_to_spans_the_grid),
      cmocka_unit_test(rows_are_an_axis_that_sets_several_things),
      cmocka_unit_test(rows_that_make_no_sense_are_refused),
      cmocka_unit_test(labels_say_how_plugins_differ),
      cmocka_unit_test(axes_inside_an_alternative_become_alternatives),
      cmocka_unit_test(excluded_points_are_not_planned),
      cmocka_unit_test(spaced_values_are_those_a_person_writes),
      cmocka_unit_test(print_reaches_whoever_listens),
      cmocka_unit_test(an_unused_axis_is_warned_of),
      cmocka_unit_test(a_value_added_to_an_axis_leaves_the_old_keys_alone),
      cmocka_unit_test(
          a_key_depends_on_what_is_in_an_input_and_not_on_its_path),
      cmocka_unit_test(the_same_sweep_gives_the_same_plan),
      cmocka_unit_test(metrics_are_the_hosts_and_those_of_the_plugins),
      cmocka_unit_test(a_dimension_has_the_labels_of_all_points),
      cmocka_unit_test(set_reaches_what_the_sweep_leaves_out),
      cmocka_unit_test(set_changes_one_of_two_places_that_share_a_value),
      cmocka_unit_test(set_replaces_an_axis_or_its_values),
      cmocka_unit_test(a_wrong_set_says_what_there_is),
      cmocka_unit_test(a_misspelt_name_gets_the_nearest),
      cmocka_unit_test(a_wrong_type_or_range_is_refused_at_its_constructor),
      cmocka_unit_test(what_is_missing_is_named),
      cmocka_unit_test(what_create_refuses_is_refused_at_its_line),
      cmocka_unit_test(numbers_must_be_finite),
      cmocka_unit_test(axes_that_make_no_sense_are_refused),
      cmocka_unit_test(an_axis_called_with_a_list_has_its_items_as_values),
      cmocka_unit_test(a_list_parameter_can_be_an_axis_of_lists),
      cmocka_unit_test(a_row_can_set_a_list),
      cmocka_unit_test(an_axis_called_wrongly_is_refused),
      cmocka_unit_test(ties_that_do_not_fit_are_refused),
      cmocka_unit_test(set_may_not_leave_a_tied_axis_behind),
      cmocka_unit_test(an_axis_cannot_take_the_name_of_a_result),
      cmocka_unit_test(exclude_is_held_to_its_word),
      cmocka_unit_test(errors_of_lua_keep_their_line),
      cmocka_unit_test(what_could_reach_outside_is_not_there),
      cmocka_unit_test(only_text_is_run),
      cmocka_unit_test(a_zero_byte_in_the_file_is_refused_with_its_line),
      cmocka_unit_test(a_zero_byte_in_a_text_is_refused_at_its_constructor),
      cmocka_unit_test(a_zero_byte_in_a_set_is_refused),
      cmocka_unit_test(a_text_that_is_not_utf8_is_refused_at_its_constructor),
      cmocka_unit_test(a_path_that_is_not_utf8_is_refused),
      cmocka_unit_test(a_long_path_is_cut_between_characters),
      cmocka_unit_test(memory_and_time_are_limited),
      cmocka_unit_test(a_grid_without_end_is_refused),
      cmocka_unit_test(what_h_makes_stays_as_it_was_made),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
