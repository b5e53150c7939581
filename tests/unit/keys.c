/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keys of cells.  A key hashes the resolved parameters, the plugins, the input
 * files, the seed and the replicate.  In this test all files have the same
 * hash, so the keys of a sweep depend only on its parameters and on the code
 * that makes keys.  That code must not change them: heed would run cells again
 * that a result already has. */
/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "host/hash.h"
#include "plan/plan.h"
#include "sweep/sweep.h"

heed_status __wrap_hash_descriptor(int descriptor, const char *path,
                                   char digest[HASH_SIZE], heed_error *error);

heed_status __wrap_hash_descriptor(int descriptor, const char *path,
                                   char digest[HASH_SIZE], heed_error *error) {
  (void)descriptor;
  (void)path;
  (void)error;
  memset(digest, '0', HASH_SIZE - 1);
  digest[HASH_SIZE - 1] = '\0';
  return HEED_OK;
}

static void announce(void *context, const char *file,
                     const heed_error *refusal) {
  (void)context;
  if (refusal != NULL) fail_msg("%s: %s", file, refusal->message);
}

static heed_plan *read_plan(const host_registry *plugins, const char *sweep) {
  const planner_options options = {.sweep = sweep};
  heed_error error = {HEED_OK, ""};
  heed_plan *plan = NULL;
  json_t *made = NULL;
  char *text;
  if (sweep_make_plan(plugins, &options, &made, &error) != HEED_OK)
    fail_msg("%s", error.message);
  text = json_dumps(made, JSON_COMPACT);
  if (plan_parse(text, strlen(text), &plan, &error) != HEED_OK)
    fail_msg("%s", error.message);
  free(text);
  json_decref(made);
  return plan;
}

/* The hash of the keys of all cells, in the order of the plan. */
static void hash_cells(const heed_plan *plan, char digest[HASH_SIZE]) {
  const size_t count = plan_cell_count(plan);
  char *keys = malloc(count * PLAN_KEY_SIZE);
  assert_non_null(keys);
  for (size_t i = 0; i < count; i++)
    plan_cell_key(plan, i, keys + i * PLAN_KEY_SIZE);
  hash_bytes(keys, count * PLAN_KEY_SIZE, digest);
  free(keys);
}

/* As the build of 2026-11-30 made them. */
static const struct {
  const char *sweep, *digest;
} known[] = {
    {"figure3",
     "d51e6156c20f51ac0e13f657e81df990337b5262c068dc090cfad30e637d87cb"},
    {"figure6",
     "f2fc7b09d94506e691543d7f261cdd7064e6dec1daf3fe80355d43a9c17f05a2"},
    {"losses",
     "de9d0d3fb1e5d6b8d341812cf370ab7c1b6096884662e217e16d7a33ca7804a0"},
    {"table2",
     "db759347d4c6d1c40222fa41ef8e1f784dbe714aea3fb0deb68e437276646135"},
    {"claim",
     "a5ac780fb1eb25eb7ebaf0e4f19fb5986d65e5bff7976a390c8522b84bf659e8"},
    {"states",
     "7d7ce1917a591e8949dd4462067eb17f9409095dab7682882e7e89ecb59d4c5e"},
};

static void keys_of_earlier_builds_are_the_same_but_for_hashes_of_files(
    void **state) {
  heed_error error = {HEED_OK, ""};
  host_registry *plugins = NULL;
  bool same = true;
  (void)state;
  assert_int_equal(registry_create(false, &plugins, &error), HEED_OK);
  assert_int_equal(
      registry_scan(plugins, HEED_TEST_PLUGINS, NULL, NULL, announce, &error),
      HEED_OK);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char path[4096], digest[HASH_SIZE];
    heed_plan *plan;
    (void)snprintf(path, sizeof path, "%s/scripts/%s.lua", HEED_TEST_SOURCE,
                   known[i].sweep);
    plan = read_plan(plugins, path);
    hash_cells(plan, digest);
    plan_free(plan);
    if (strcmp(digest, known[i].digest) == 0) continue;
    print_error("%s: found    %s\n%s: expected %s\n", known[i].sweep, digest,
                known[i].sweep, known[i].digest);
    same = false;
  }
  registry_free(plugins);
  assert_true(same);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(
      keys_of_earlier_builds_are_the_same_but_for_hashes_of_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
