/* SPDX-License-Identifier: GPL-3.0-or-later
 * require in sweeps: which files, how often, in what sandbox, and what the plan
 * says of them. */
#include "../support/planned.h"

/* Writes NAME.lua. */
static void write_file(const char *name, const char *text) {
  char path[64];
  (void)snprintf(path, sizeof path, "%s.lua", name);
  write_text(path, text, strlen(text));
}

static int open_folders(void **state) {
  return open_all(state) == 0 && mkdir("lib", 0700) == 0 ? 0 : -1;
}

/* ---- which files ---- */

static void a_file_beside_the_sweep_and_one_below_it_are_run(void **state) {
  heed_plan *made;
  (void)state;
  write_file("beside", "return { pairs = 30 }");
  write_file("lib/below",
             "return { share = 0.25, pairs = require "
             "'beside'.pairs }");
  made =
      planned(HEAD
              "local below = require 'lib.below'\n"
              "return h.sweep { filter = h.filter.part { share = below.share "
              "}, source = h.source.made { pairs = below.pairs }, " REST "}",
              NULL, NULL);
  assert_true(number(made, 0, PLAN_SELECTION, "share") == 0.25);
  assert_true(number(made, 0, PLAN_WORLD, "pairs") == 30);
  plan_free(made);
}

static void a_name_that_is_no_plain_path_is_refused(void **state) {
  static const char *const names[] = {
      "",           ".",    "..",   "../beside", "/etc/passwd", "lib/below",
      "lib..below", ".lib", "lib.", "~",         "a b",         "lib\\\\below",
      "é"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char text[64], expected[256];
    (void)snprintf(text, sizeof text, "require '%s'", names[i]);
    (void)snprintf(
        expected, sizeof expected,
        "sweep.lua:1: require \"%s\": expected a name like \"arms\" "
        "or \"lib.arms\", for arms.lua or lib/arms.lua in the folder "
        "of the sweep",
        i == 11 ? "lib\\below" : names[i]);
    refused(text, expected);
  }
}

static void a_file_that_is_missing_is_told_with_its_path(void **state) {
  static const char *const names[] = {"absent", "os", "string", "lib"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char text[64], expected[256];
    (void)snprintf(text, sizeof text, "\nrequire '%s'", names[i]);
    (void)snprintf(expected, sizeof expected,
                   "sweep.lua:2: require \"%s\": %s/%s.lua: no such file",
                   names[i], folder, names[i]);
    refused(text, expected);
  }
}

static void a_link_must_not_lead_out_of_the_folder(void **state) {
  char expected[256];
  (void)state;
  assert_int_equal(symlink("/etc/hostname", "link.lua"), 0);
  (void)snprintf(expected, sizeof expected,
                 "sweep.lua:1: require \"link\": %s/link.lua: leads to "
                 "/etc/hostname, outside the sweep's folder",
                 folder);
  refused("require 'link'", expected);
  assert_int_equal(symlink("/", "root"), 0);
  (void)snprintf(
      expected, sizeof expected,
      "sweep.lua:1: require \"root.tmp.heed\": %s/root/tmp/heed.lua: "
      "no such file",
      folder);
  refused("require 'root.tmp.heed'", expected);
}

static void a_link_inside_the_folder_is_the_file_it_leads_to(void **state) {
  (void)state;
  write_file("lib/table", "return {}");
  assert_int_equal(symlink("lib/table.lua", "other.lua"), 0);
  refused("assert(require 'other' == require 'lib.table') error 'same'",
          "sweep.lua:1: same");
}

static void what_is_no_file_is_refused(void **state) {
  (void)state;
  assert_int_equal(mkdir("folder.lua", 0700), 0);
  refused("require 'folder'",
          "sweep.lua:1: require \"folder\": folder.lua: is a folder, expected "
          "a file");
  assert_int_equal(mkfifo("pipe.lua", 0600), 0);
  refused("require 'pipe'",
          "sweep.lua:1: require \"pipe\": pipe.lua: is not a regular file, "
          "expected a file");
}

static void only_text_is_required(void **state) {
  static const char zero[] = "local a\n\n-- \0\n";
  (void)state;
  write_text("lib/zero.lua", zero, sizeof zero - 1);
  refused("require 'lib.zero'", "lib/zero.lua:3: zero byte");
  write_file("compiled", "\033Lua");
  refused("require 'compiled'",
          "sweep.lua:1: require \"compiled\": compiled.lua: compiled Lua, "
          "expected text");
  write_file("latin", "\nreturn '\xe9'");
  refused("require 'latin'", "latin.lua:2: not UTF-8");
}

/* ---- how ---- */

static void a_file_is_run_once(void **state) {
  heed_plan *made;
  (void)state;
  write_file("once", "print 'runs' return {}");
  made = planned(HEAD
                 "local once = require 'once' print 'later'\n"
                 "assert(once == require 'once')\n"
                 "return h.sweep { " MADE REST "}",
                 NULL, NULL);
  assert_string_equal(printed, "later");
  plan_free(made);
  write_file("nothing", "local x");
  refused("error(tostring(require 'nothing'))", "sweep.lua:1: true");
}

static void files_in_a_circle_are_named(void **state) {
  (void)state;
  write_file("a", "return require 'lib.b'");
  write_file("lib/b", "\nreturn require 'a'");
  refused(
      "require 'a'",
      "lib/b.lua:2: require \"a\": cyclic require: a.lua requires lib/b.lua, "
      "which requires a.lua");
  write_file("itself", "require 'itself'");
  refused(
      "require 'itself'",
      "itself.lua:1: require \"itself\": cyclic require: itself.lua requires "
      "itself.lua");
  write_file("back", "require 'sweep'");
  refused("require 'back'",
          "back.lua:1: require \"sweep\": cyclic require: sweep.lua requires "
          "back.lua, which requires sweep.lua");
}

static void a_file_that_failed_is_in_no_circle(void **state) {
  (void)state;
  write_file("boom", "error 'boom'");
  refused("pcall(require, 'boom') require 'boom'", "boom.lua:1: boom");
}

static void files_that_require_files_without_end_are_refused(void **state) {
  char name[32], text[64];
  (void)state;
  for (int i = 1; i <= 33; i++) {
    (void)snprintf(name, sizeof name, "deep%d", i);
    (void)snprintf(text, sizeof text, "return require 'deep%d'", i + 1);
    write_file(name, text);
  }
  refused("require 'deep1'",
          "deep32.lua:1: require \"deep33\": files require files more than 32 "
          "deep");
}

static void errors_name_the_file_that_they_are_in(void **state) {
  (void)state;
  write_file("syntax", "\nreturn {");
  refused("require 'syntax'", "syntax.lua:2: unexpected symbol near <eof>");
  write_file("wrong", "\n\nreturn require 'heed'.source.made { piars = 1 }");
  refused("require 'wrong'",
          "wrong.lua:3: h.source.made: piars: there is no such parameter; did "
          "you mean \"pairs\"?");
  write_file("late", "return function() return nil + 1 end");
  refused("require 'late' ()",
          "late.lua:1: attempt to perform arithmetic on a nil value");
}

static void messages_call_a_file_by_the_path_of_the_sweep(void **state) {
  planner_options options = {.sweep = "lib/sweep.lua"};
  heed_error error = {HEED_OK, ""};
  json_t *made = NULL;
  char expected[128];
  (void)state;
  write_file("lib/sweep", "require 'broken'");
  write_file("lib/broken", "return {");
  assert_int_equal(attempt(&options, &made, &error), HEED_INVALID);
  assert_string_equal(error.message,
                      "lib/broken.lua:1: unexpected symbol near <eof>");
  /* A sweep that is a link: where the file really is. */
  assert_int_equal(symlink("lib/sweep.lua", "elsewhere.lua"), 0);
  options.sweep = "elsewhere.lua";
  (void)snprintf(expected, sizeof expected,
                 "%s/lib/broken.lua:1: unexpected symbol near <eof>", folder);
  assert_int_equal(attempt(&options, &made, &error), HEED_INVALID);
  assert_string_equal(error.message, expected);
}

static void a_required_file_is_in_the_sandbox_of_its_sweep(void **state) {
  static const char loop[] = "require 'loop'";
  (void)state;
  write_file("reach", "return io");
  refused("require 'reach'", "reach.lua:1: io is not available in a sweep");
  write_file("typo", "return usres");
  refused("require 'typo'", "typo.lua:1: unknown variable \"usres\"");
  write_file("large", "local t = {} for i = 1, 1e9 do t[i] = {} end");
  refused("require 'large'",
          "sweep.lua: the sweep needs more than 16 MiB of memory, a quarter of "
          "--plan-memory");
  write_file("loop", "\nwhile true do end");
  refused_with(loop, sizeof loop - 1, NULL, 0.05,
               "loop.lua:2: still running after 0.05 s; is there an endless "
               "loop? A large sweep needs a higher --plan-timeout");
}

/* ---- in the plan ---- */

static void the_plan_lists_a_required_file_with_its_hash_and_text(
    void **state) {
  static const char sweep[] = HEAD
      "require 'lib.used' require 'lib.used'\n"
      "return h.sweep { source = h.source.made { pairs = 10, file = "
      "'one.csv' }, " REST "}";
  const json_t *required;
  char path[64];
  heed_plan *made;
  (void)state;
  write_text("one.csv", "a", 1);
  write_file("lib/used", "return 1");
  made = planned(sweep, NULL, NULL);
  (void)snprintf(path, sizeof path, "%s/lib/used.lua", folder);
  /* printf 'return 1' | sha256sum */
  assert_int_equal(made->input_count, 2);
  assert_string_equal(made->inputs[1].path, path);
  assert_string_equal(
      made->inputs[1].sha256,
      "486d9affb60dbb0063b03d8e23a6ccf6364ce203dc3a9f56f20e750eb41ecade");
  required = json_object_get(json_object_get(made->json, "sweep"), "required");
  assert_int_equal(json_array_size(required), 1);
  required = json_array_get(required, 0);
  assert_string_equal(json_string_value(json_object_get(required, "path")),
                      path);
  assert_string_equal(json_string_value(json_object_get(required, "sha256")),
                      made->inputs[1].sha256);
  assert_string_equal(json_string_value(json_object_get(required, "text")),
                      "return 1");
  plan_free(made);
}

static void a_key_does_not_depend_on_a_required_file(void **state) {
  static const char sweep[] = HEAD
      "local share = require 'share'\n"
      "return h.sweep { filter = h.filter.part { "
      "share = share }, " MADE REST "}";
  heed_plan *plan, *changed, *excluded;
  (void)state;
  write_file("share", "return 0.5");
  plan = planned(sweep, NULL, NULL);
  write_file("share", "return 1 / 2 -- the same, written otherwise");
  changed = planned(sweep, NULL, NULL);
  excluded = planned(HEAD
                     "return h.sweep { filter = h.filter.part { share = "
                     "0.5 }, " MADE REST "}",
                     NULL, NULL);
  assert_string_not_equal(plan->inputs[0].sha256, changed->inputs[0].sha256);
  assert_string_equal(leaf_key(plan, 0), leaf_key(changed, 0));
  assert_string_equal(leaf_key(plan, 0), leaf_key(excluded, 0));
  plan_free(plan);
  plan_free(changed);
  plan_free(excluded);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_beside_the_sweep_and_one_below_it_are_run),
      cmocka_unit_test(a_name_that_is_no_plain_path_is_refused),
      cmocka_unit_test(a_file_that_is_missing_is_told_with_its_path),
      cmocka_unit_test(a_link_must_not_lead_out_of_the_folder),
      cmocka_unit_test(a_link_inside_the_folder_is_the_file_it_leads_to),
      cmocka_unit_test(what_is_no_file_is_refused),
      cmocka_unit_test(only_text_is_required),
      cmocka_unit_test(a_file_is_run_once),
      cmocka_unit_test(files_in_a_circle_are_named),
      cmocka_unit_test(a_file_that_failed_is_in_no_circle),
      cmocka_unit_test(files_that_require_files_without_end_are_refused),
      cmocka_unit_test(errors_name_the_file_that_they_are_in),
      cmocka_unit_test(messages_call_a_file_by_the_path_of_the_sweep),
      cmocka_unit_test(a_required_file_is_in_the_sandbox_of_its_sweep),
      cmocka_unit_test(the_plan_lists_a_required_file_with_its_hash_and_text),
      cmocka_unit_test(a_key_does_not_depend_on_a_required_file),
  };
  return cmocka_run_group_tests(tests, open_folders, close_all);
}
