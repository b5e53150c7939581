/* SPDX-License-Identifier: GPL-3.0-or-later
 * Plans: what is read out of one, and what is said of one that is broken. */
/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/hash.h"

/* Two worlds; two thresholds on each, which share world and posterior. */
#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
static const char good[] =
    "{\"heed_plan\":1,\"heed\":\"0.1.0\",\"title\":\"T\",\"seed\":7,"
    "\"replicates\":3,\"blas_threads\":1,\"keep\":[\"trace\"],"
    "\"sweep\":{\"file\":\"/s.lua\",\"text\":\"return 1\",\"set\":[]},"
    "\"plugins\":[{\"kind\":\"source\",\"name\":\"a\",\"version\":\"1\","
    "\"file\":\"/a.so\",\"sha256\":\"" KEY
    "0\"}],"
    "\"inputs\":[{\"path\":\"/log.csv\",\"sha256\":\"" KEY
    "1\"}],"
    "\"axes\":[{\"name\":\"mu\",\"unit\":\"m\",\"numbers\":[0.5,1],"
    "\"tied\":[{\"name\":\"word\",\"labels\":[\"x\",\"y\"]}]},"
    "{\"name\":\"share\",\"labels\":[\"low\",\"high\"]}],"
    "\"dimensions\":[{\"name\":\"kl\",\"numbers\":[0.1,1,2]}],"
    "\"metrics\":[{\"name\":\"win\",\"doc\":\"d\",\"dimensions\":[]},"
    "{\"name\":\"win_at\",\"doc\":\"d\",\"dimensions\":[\"kl\"]},"
    "{\"name\":\"last\",\"doc\":\"d\"}],"
    "\"nodes\":["
    "{\"stage\":\"world\",\"parent\":null,\"key\":\"" KEY
    "0\",\"costly\":true,"
    "\"spec\":{\"plugin\":\"source/a\",\"parameters\":{}}},"
    "{\"stage\":\"posterior\",\"parent\":0,\"key\":\"" KEY
    "1\",\"spec\":{}},"
    "{\"stage\":\"evaluation\",\"parent\":1,\"key\":\"" KEY
    "2\",\"spec\":{}},"
    "{\"stage\":\"evaluation\",\"parent\":1,\"key\":\"" KEY
    "3\",\"spec\":{}},"
    "{\"stage\":\"world\",\"parent\":null,\"key\":\"" KEY
    "4\",\"spec\":{}},"
    "{\"stage\":\"evaluation\",\"parent\":4,\"key\":\"" KEY
    "5\",\"spec\":{}}],"
    "\"points\":[{\"at\":[0,0],\"leaf\":2},{\"at\":[0,1],\"leaf\":3},"
    "{\"at\":[1,0],\"leaf\":5},{\"at\":[1,1],\"leaf\":5}]}";

static heed_plan *parsed(const char *text) {
  heed_plan *result = NULL;
  heed_error error = {HEED_OK, ""};
  if (plan_parse(text, strlen(text), &result, &error) != HEED_OK)
    fail_msg("%s", error.message);
  return result;
}

static void a_plan_says_what_its_json_says(void **state) {
  heed_plan *read = parsed(good);
  (void)state;
  assert_string_equal(read->title, "T");
  assert_string_equal(read->sweep_text, "return 1");
  assert_int_equal(read->seed, 7);
  assert_int_equal(read->replicates, 3);
  assert_int_equal(read->threads, 0);
  assert_true((read->keep & PLAN_KEEP_TRACE) != 0);
  assert_false((read->keep & PLAN_KEEP_USERS) != 0);
  assert_int_equal(read->plugins[0].kind, HEED_SOURCE);
  assert_string_equal(read->inputs[0].path, "/log.csv");
  assert_int_equal(read->axis_count, 2);
  assert_true(read->axes[0].coordinate.numbers[1] == 1);
  assert_string_equal(read->axes[0].tied[0].labels[1], "y");
  assert_string_equal(read->axes[1].coordinate.labels[0], "low");
  assert_int_equal(plan_cell_count(read), 12);
  plan_free(read);
}

static void metrics_lie_side_by_side_in_a_record(void **state) {
  heed_plan *read = parsed(good);
  (void)state;
  assert_int_equal(read->value_count, 5);
  assert_int_equal(read->metrics[1].offset, 1);
  assert_int_equal(read->metrics[1].count, 3);
  assert_int_equal(read->metrics[2].offset, 4);
  plan_free(read);
}

static void a_node_knows_the_points_under_it(void **state) {
  heed_plan *read = parsed(good);
  (void)state;
  assert_int_equal(read->nodes[0].first_point, 0);
  assert_int_equal(read->nodes[0].point_count, 2);
  assert_int_equal(read->nodes[5].first_point, 2);
  assert_int_equal(read->nodes[5].point_count, 2);
  assert_true(read->nodes[0].costly);
  assert_false(read->nodes[4].costly);
  plan_free(read);
}

static void a_stage_is_found_along_the_path_of_a_point(void **state) {
  heed_plan *read = parsed(good);
  (void)state;
  assert_int_equal(plan_node_at(read, 1, PLAN_WORLD), 0);
  assert_int_equal(plan_node_at(read, 1, PLAN_POSTERIOR), 1);
  assert_int_equal(plan_node_at(read, 1, PLAN_EVALUATION), 3);
  assert_true(plan_node_at(read, 1, PLAN_POLICY) == SIZE_MAX);
  assert_true(plan_node_at(read, 2, PLAN_POSTERIOR) == SIZE_MAX);
  assert_string_equal(plan_node_plugin(read, 0), "source/a");
  assert_string_equal(plan_node_plugin(read, 1), "");
  plan_free(read);
}

/* good with one piece of text replaced by another. */
static char *changed(const char *old, const char *new) {
  const char *position = strstr(good, old);
  char *result = calloc(1, sizeof good + strlen(new) + 1);
  assert_non_null(position);
  assert_non_null(result);
  memcpy(result, good, (size_t)(position - good));
  strcat(result, new);
  strcat(result, position + strlen(old));
  return result;
}

static void key_of(const char *text, size_t cell, char key[PLAN_KEY_SIZE]) {
  heed_plan *read = parsed(text);
  plan_cell_key(read, cell, key);
  plan_free(read);
}

static void cell_keys_differ_with_all_that_determines_a_record(void **state) {
  char key[PLAN_KEY_SIZE], other[PLAN_KEY_SIZE];
  char *text;
  static const char *const changes[][2] = {
      {"\"seed\":7", "\"seed\":8"},
      {"[\"trace\"]", "[]"},
      {"[\"trace\"]", "[\"trace\", \"selection\"]"},
      {KEY "2", KEY "6"},
  };
  (void)state;
  key_of(good, 0, key);
  key_of(good, 1, other); /* the next replicate */
  assert_string_not_equal(key, other);
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    text = changed(changes[i][0], changes[i][1]);
    key_of(text, 0, other);
    assert_string_not_equal(key, other);
    free(text);
  }
  /* More replicates do not touch those there are. */
  text = changed("\"replicates\":3", "\"replicates\":6");
  key_of(text, 0, other);
  assert_string_equal(key, other);
  key_of(good, 3, key); /* point 1, replicate 0 */
  key_of(text, 6, other);
  assert_string_equal(key, other);
  free(text);
}

static void a_cell_key_lists_what_is_kept_in_one_order(void **state) {
  char key[PLAN_KEY_SIZE], expected[PLAN_KEY_SIZE];
  static const char keyed[] =
      KEY "2 7 0 users models trace policy responses selection";
  char *text = changed("[\"trace\"]",
                       "[\"selection\", \"responses\", \"policy\", "
                       "\"trace\", \"models\", \"users\"]");
  (void)state;
  key_of(text, 0, key);
  hash_bytes(keyed, strlen(keyed), expected);
  assert_string_equal(key, expected);
  free(text);
}

static void stage_keys_do_not_depend_on_what_is_kept(void **state) {
  char key[PLAN_KEY_SIZE], other[PLAN_KEY_SIZE];
  char *text = changed("[\"trace\"]", "[]");
  heed_plan *read = parsed(good), *less = parsed(text);
  (void)state;
  plan_stage_key(read, 0, 1, key);
  plan_stage_key(less, 0, 1, other);
  assert_string_equal(key, other);
  plan_stage_key(read, 0, 2, other);
  assert_string_not_equal(key, other);
  plan_free(read);
  plan_free(less);
  free(text);
}

static void a_checkpoint_is_a_stage_s_own_or_shared(void **state) {
  char key[PLAN_KEY_SIZE], own[PLAN_KEY_SIZE], other[PLAN_KEY_SIZE];
  char *text =
      changed("\"costly\":true,", "\"costly\":true,\"shared\":\"" KEY "4\",");
  heed_plan *read = parsed(good), *sharing = parsed(text);
  (void)state;
  plan_stage_key(read, 0, 1, key);
  plan_checkpoint_key(read, 0, 1, own);
  assert_string_equal(own, key);
  plan_stage_key(sharing, 0, 1, own);
  assert_string_equal(own, key);
  plan_checkpoint_key(sharing, 0, 1, own);
  assert_string_not_equal(own, key);
  plan_checkpoint_key(sharing, 4, 1, other); /* its own key is that one */
  assert_string_equal(own, other);
  plan_checkpoint_key(sharing, 0, 2, other);
  assert_string_not_equal(own, other);
  plan_free(read);
  plan_free(sharing);
  free(text);
}

static void threads_are_a_number_or_auto(void **state) {
  static const char *const said[] = {"\"heed_plan\":1,\"threads\":4,",
                                     "\"heed_plan\":1,\"threads\":\"auto\","};
  static const size_t meant[] = {4, 0};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    char *text = changed("\"heed_plan\":1,", said[i]);
    heed_plan *read = parsed(text);
    assert_int_equal(read->threads, meant[i]);
    plan_free(read);
    free(text);
  }
}

static void a_broken_plan_is_refused_by_its_key(void **state) {
  static const char *const broken[][3] = {
      {"{\"heed_plan\":1", "[\"heed_plan\",1", "plan: line 1"},
      {"\"heed_plan\":1", "\"heed_plan\":2", "plan: heed_plan: expected"},
      {"\"title\":\"T\"", "\"title\":5", "plan: title: expected a text"},
      {"\"seed\":7", "\"seed\":0.5", "plan: seed: expected a whole number"},
      {"\"replicates\":3", "\"replicates\":0", "plan: replicates: expected"},
      {"\"replicates\":3", "\"replicates\":-1", "plan: replicates: expected"},
      {"\"seed\":7", "\"seed\":7,\"threads\":0", "plan: threads: expected"},
      {"\"seed\":7", "\"seed\":7,\"threads\":5000", "1 to 1024"},
      {"[\"trace\"]", "[\"all\"]", "plan: keep: expected users, models"},
      {"\"text\":\"return 1\"", "\"txt\":0", "plan: text: expected a text"},
      {"\"kind\":\"source\"", "\"kind\":\"sauce\"", "plugins[0].kind"},
      {"\"sha256\":\"0", "\"sha256\":\"x", "plugins[0].sha256: expected a SHA"},
      {"\"path\":\"/log.csv\"", "\"path\":null", "inputs[0].path"},
      {"\"axes\":[", "\"axes\":7,\"x\":[", "plan: axes: expected a list"},
      {"[0.5,1]", "[0.5,\"1\"]", "axes[0].numbers: expected only numbers"},
      {"[0.5,1]", "[]", "axes[0].numbers: expected at least one"},
      {"[0.5,1]", "[0.5]", "axes[0].tied: expected as many values"},
      {"\"labels\":[\"low\"", "\"numbers\":[1],\"labels\":[\"low\"",
       "axes[1].numbers: expected a list"},
      {"[\"kl\"]", "[\"lk\"]", "metrics[1].dimensions: expected names"},
      {"\"stage\":\"posterior\"", "\"stage\":\"past\"", "nodes[1].stage"},
      {"\"parent\":0", "\"parent\":1", "nodes[1].parent: expected an earlier"},
      {"\"parent\":1", "\"parent\":0.5", "nodes[2].parent"},
      {"\"spec\":{}", "\"spec\":[]", "nodes[1].spec: expected an object"},
      {"\"leaf\":3", "\"leaf\":6", "points[1].leaf: expected a node"},
      {"\"at\":[0,1]", "\"at\":[0]", "points[1].at: expected one index per"},
      {"\"at\":[0,1]", "\"at\":[0,2]", "points[1].at: expected indices"},
      {"\"at\":[0,0],\"leaf\":2", "\"at\":[0,0],\"leaf\":5",
       "points[2].leaf: expected adjacent points of a node"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    char *text = changed(broken[i][0], broken[i][1]);
    heed_error error = {HEED_OK, ""};
    heed_plan *read = NULL;
    assert_int_equal(plan_parse(text, strlen(text), &read, &error),
                     HEED_INVALID);
    if (strstr(error.message, broken[i][2]) == NULL)
      fail_msg("\"%s\" does not hold \"%s\"", error.message, broken[i][2]);
    free(text);
  }
}

static void every_cut_of_a_plan_is_refused(void **state) {
  (void)state;
  for (size_t length = 0; length < sizeof good - 1; length++) {
    heed_error error = {HEED_OK, ""};
    heed_plan *read = NULL;
    assert_int_equal(plan_parse(good, length, &read, &error), HEED_INVALID);
  }
}

static void a_plan_is_read_from_its_file(void **state) {
  char path[] = "/tmp/heed-plan-XXXXXX";
  heed_error error = {HEED_OK, ""};
  heed_plan *read = NULL;
  const int file = mkstemp(path);
  (void)state;
  assert_true(file >= 0);
  assert_int_equal(write(file, good, sizeof good - 1), sizeof good - 1);
  assert_int_equal(close(file), 0);
  assert_int_equal(plan_read(path, &read, &error), HEED_OK);
  assert_int_equal(read->point_count, 4);
  plan_free(read);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(plan_read(path, &read, &error), HEED_IO);
  assert_non_null(strstr(error.message, path));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_plan_says_what_its_json_says),
      cmocka_unit_test(metrics_lie_side_by_side_in_a_record),
      cmocka_unit_test(a_node_knows_the_points_under_it),
      cmocka_unit_test(a_stage_is_found_along_the_path_of_a_point),
      cmocka_unit_test(cell_keys_differ_with_all_that_determines_a_record),
      cmocka_unit_test(a_cell_key_lists_what_is_kept_in_one_order),
      cmocka_unit_test(stage_keys_do_not_depend_on_what_is_kept),
      cmocka_unit_test(a_checkpoint_is_a_stage_s_own_or_shared),
      cmocka_unit_test(threads_are_a_number_or_auto),
      cmocka_unit_test(a_broken_plan_is_refused_by_its_key),
      cmocka_unit_test(every_cut_of_a_plan_is_refused),
      cmocka_unit_test(a_plan_is_read_from_its_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
