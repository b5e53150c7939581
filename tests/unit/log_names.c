/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of the names in a log. */
#include <stdio.h>

#include "../support/workbench.h"
#include "sources/log/names.h"

enum { NAMES = 1000, NAME_SIZE = 16 };

static char name[NAMES][NAME_SIZE];

static int set_up(void **state) {
  test_workbench *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(self, 1);
  for (size_t i = 0; i < NAMES; i++)
    (void)snprintf(name[i], NAME_SIZE, "worker_%zu", i);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  workbench_close(*state);
  free(*state);
  return 0;
}

/* All names, each twice. */
static log_names filled(test_workbench *self) {
  static log_pool pool;
  log_names names;
  pool = (log_pool){.memory = {&self->host.host, false}};
  log_names_open(&names, &pool);
  for (size_t i = 0; i < 2 * NAMES; i++)
    assert_int_equal(log_number(&names, log_text_of(name[i % NAMES])),
                     i % NAMES);
  assert_false(names.refused);
  return names;
}

static void a_name_has_one_id_and_an_unknown_name_none(void **state) {
  log_names names = filled(*state);
  assert_int_equal(names.count, NAMES);
  for (size_t i = 0; i < NAMES; i++) {
    assert_int_equal(log_known_number(&names, log_text_of(name[i])), i);
    assert_string_equal(names.text[i], name[i]);
  }
  assert_int_equal(log_known_number(&names, log_text_of("worker_")), SIZE_MAX);
  assert_int_equal(log_known_number(&names, log_text_of("")), SIZE_MAX);
  log_names_close(&names);
}

/* A name has the same of 2048 slots under both keys by chance: of 1000 names
 * about one in two tables, and hardly ever 20. */
static void two_tables_of_the_same_names_hash_them_differently(void **state) {
  log_names one = filled(*state), other = filled(*state);
  size_t same = 0, taken = 0;
  assert_memory_not_equal(one.hash.key, other.hash.key, sizeof one.hash.key);
  for (size_t i = 0; i <= one.mask; i++) {
    taken += one.slots[i].next != 0;
    same += one.slots[i].next != 0 && one.slots[i].next == other.slots[i].next;
  }
  assert_int_equal(taken, NAMES);
  assert_true(same < 20);
  log_names_close(&one);
  log_names_close(&other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(
          a_name_has_one_id_and_an_unknown_name_none, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          two_tables_of_the_same_names_hash_them_differently, set_up,
          tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
