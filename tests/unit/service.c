/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arenas, and what a plugin reaches through its heed_host. */
#include "../support/workbench.h"

/* ---- arenas ---- */

static void memory_of_an_arena_is_zeroed_and_aligned(void **state) {
  host_arena *memory = arena_create();
  (void)state;
  for (size_t bytes = 0; bytes < 20000; bytes = 2 * bytes + 1) {
    unsigned char *made = arena_allocate(memory, bytes, 1);
    assert_non_null(made);
    assert_int_equal((uintptr_t)made % 64, 0);
    for (size_t i = 0; i < bytes; i++) assert_int_equal(made[i], 0);
    memset(made, 0xff, bytes);
  }
  arena_free(memory);
}

static void pieces_of_an_arena_do_not_overlap(void **state) {
  enum { PIECES = 300, BYTES = 100 };
  host_arena *memory = arena_create();
  unsigned char *pieces[PIECES];
  (void)state;
  for (int i = 0; i < PIECES; i++) {
    pieces[i] = arena_allocate(memory, BYTES, 1);
    assert_non_null(pieces[i]);
    memset(pieces[i], i % 251, BYTES);
  }
  for (int i = 0; i < PIECES; i++)
    for (int j = 0; j < BYTES; j++) assert_int_equal(pieces[i][j], i % 251);
  arena_free(memory);
}

static void a_product_that_overflows_is_no_memory(void **state) {
  host_arena *memory = arena_create();
  (void)state;
  assert_null(arena_allocate(memory, SIZE_MAX / 8 + 2, 8));
  assert_null(arena_allocate(memory, 2, SIZE_MAX - 3));
  assert_non_null(arena_allocate(memory, 1, 8));
  arena_free(memory);
}

static void a_cleared_arena_hands_out_zeroes_again(void **state) {
  host_arena *memory = arena_create();
  unsigned char *made;
  (void)state;
  memset(arena_allocate(memory, 1, 100), 0xff, 100);
  memset(arena_allocate(memory, 1, 100000), 0xff, 100000);
  arena_clear(memory);
  made = arena_allocate(memory, 1, 100000);
  for (size_t i = 0; i < 100000; i++) assert_int_equal(made[i], 0);
  arena_free(memory);
  arena_free(NULL);
}

static void an_arena_remembers_a_refusal_until_it_is_cleared(void **state) {
  host_arena *memory = arena_create();
  (void)state;
  assert_false(arena_refused(memory));
  assert_null(arena_allocate(memory, 2, SIZE_MAX - 3));
  assert_non_null(arena_allocate(memory, 1, 8));
  assert_true(arena_refused(memory));
  arena_clear(memory);
  assert_false(arena_refused(memory));
  arena_free(memory);
}

static void no_arena_refuses_everything(void **state) {
  (void)state;
  assert_true(arena_refused(NULL));
  assert_null(arena_allocate(NULL, 1, 8));
  assert_null(arena_copy(NULL, "text"));
  assert_null(arena_grow(NULL, NULL, 0, 8));
  arena_clear(NULL);
}

static void an_array_that_grows_keeps_its_elements(void **state) {
  enum { MOST = 1000 };
  host_arena *memory = arena_create();
  size_t *array = NULL;
  (void)state;
  for (size_t i = 0; i < MOST; i++) {
    array = arena_grow(memory, array, i, sizeof *array);
    array[i] = i * i;
  }
  for (size_t i = 0; i < MOST; i++) assert_int_equal(array[i], i * i);
  arena_free(memory);
}

/* ---- tables ---- */

static heed_table *table_of(const test_workbench *bench, size_t rows) {
  heed_table *table = bench->host.host.table(&bench->host.host, "made", rows);
  assert_non_null(table);
  return table;
}

static void columns_are_found_by_name_and_type(void **state) {
  test_workbench bench;
  const heed_host *host = &bench.host.host;
  heed_table *table;
  (void)state;
  workbench_open(&bench, 1);
  table = table_of(&bench, 5);
  /* more than once past the room for columns */
  for (int i = 0; i < 20; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "column_%d", i);
    double *made = host->column(host, table, name, HEED_FLOAT64, 2);
    assert_non_null(made);
    made[9] = i;
  }
  assert_int_equal(table->column_count, 20);
  const double *third = heed_table_data(table, "column_3", HEED_FLOAT64);
  assert_true(third[9] == 3.0);
  assert_null(heed_table_data(table, "column_3", HEED_INT64));
  assert_null(heed_table_data(table, "column_20", HEED_FLOAT64));
  workbench_close(&bench);
}

static void a_column_of_a_taken_name_is_refused(void **state) {
  test_workbench bench;
  const heed_host *host = &bench.host.host;
  heed_table *table;
  (void)state;
  workbench_open(&bench, 1);
  table = table_of(&bench, 5);
  assert_non_null(host->column(host, table, "p", HEED_FLOAT64, 1));
  assert_null(host->column(host, table, "p", HEED_INT8, 1));
  assert_int_equal(table->column_count, 1);
  workbench_close(&bench);
}

static void texts_start_empty(void **state) {
  test_workbench bench;
  const heed_host *host = &bench.host.host;
  const char **texts;
  (void)state;
  workbench_open(&bench, 1);
  texts = host->column(host, table_of(&bench, 3), "text", HEED_STRING, 2);
  for (size_t i = 0; i < 6; i++) assert_string_equal(texts[i], "");
  workbench_close(&bench);
}

/* ---- reports ---- */

static void a_host_without_listeners_takes_every_report(void **state) {
  test_workbench bench;
  const heed_host *host = &bench.host.host;
  const double value = 1;
  (void)state;
  workbench_open(&bench, 1);
  bench.host.sink = NULL;
  host->output(host, 0, &value, 1);
  host->trace(host, "objective", 0, value);
  host->log(host, "%s", "a line");
  host->warn(host, "code", "%s", "a warning");
  host->progress(host, 0.5, "halfway");
  assert_false(host->cancelled(host));
  workbench_close(&bench);
}

static void streams_of_a_host_are_keyed_by_its_stage(void **state) {
  test_workbench bench;
  const heed_host *host = &bench.host.host;
  heed_stream found, expected;
  (void)state;
  workbench_open(&bench, 5);
  bench.host.replicate = 2;
  bench.host.stage = "posterior";
  found = host->stream(host, "lot", 9);
  expected = stream_open(5, 2, "posterior", "lot", 9);
  assert_true(heed_bits(&found) == heed_bits(&expected));
  workbench_close(&bench);
}

static void a_plugin_learns_that_it_is_to_stop(void **state) {
  test_workbench bench;
  atomic_bool cancel = false;
  (void)state;
  workbench_open(&bench, 1);
  bench.host.cancel = &cancel;
  assert_false(bench.host.host.cancelled(&bench.host.host));
  atomic_store(&cancel, true);
  assert_true(bench.host.host.cancelled(&bench.host.host));
  workbench_close(&bench);
}

static void extensions_are_found_by_name(void **state) {
  test_workbench bench;
  const heed_host *host = &bench.host.host;
  (void)state;
  workbench_open(&bench, 1);
  assert_null(host->extension(host, HEED_CHECKPOINT));
  bench.host.checkpoint = "/tmp/stage";
  assert_string_equal(host->extension(host, HEED_CHECKPOINT), "/tmp/stage");
  assert_null(host->extension(host, "heed.nobody_has_this"));
  workbench_close(&bench);
}

static void warn_with(const heed_host *host, const char *message) {
  host->warn(host, "long", "%s", message);
}

static void long_messages_are_cut(void **state) {
  test_workbench bench;
  heed_error error;
  char text[2 * HEED_MESSAGE_SIZE];
  (void)state;
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  workbench_open(&bench, 1);
  warn_with(&bench.host.host, text);
  assert_string_equal(bench.warned, "long");
  assert_int_equal(heed_fail(&error, HEED_IO, "%s", text), HEED_IO);
  assert_int_equal(strlen(error.message), HEED_MESSAGE_SIZE - 1);
  assert_int_equal(heed_fail(NULL, HEED_IO, "%s", text), HEED_IO);
  workbench_close(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_of_an_arena_is_zeroed_and_aligned),
      cmocka_unit_test(pieces_of_an_arena_do_not_overlap),
      cmocka_unit_test(a_product_that_overflows_is_no_memory),
      cmocka_unit_test(a_cleared_arena_hands_out_zeroes_again),
      cmocka_unit_test(an_arena_remembers_a_refusal_until_it_is_cleared),
      cmocka_unit_test(no_arena_refuses_everything),
      cmocka_unit_test(an_array_that_grows_keeps_its_elements),
      cmocka_unit_test(columns_are_found_by_name_and_type),
      cmocka_unit_test(a_column_of_a_taken_name_is_refused),
      cmocka_unit_test(texts_start_empty),
      cmocka_unit_test(a_host_without_listeners_takes_every_report),
      cmocka_unit_test(streams_of_a_host_are_keyed_by_its_stage),
      cmocka_unit_test(a_plugin_learns_that_it_is_to_stop),
      cmocka_unit_test(extensions_are_found_by_name),
      cmocka_unit_test(long_messages_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
