/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes a result file for the tests of readers: to the path in HEED_SAMPLE, or
 * to a folder of its own. */
/* cmocka wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */
#include <unistd.h>

#include "sample.h"
#include "storage/storage.h"

static const sample whole = {3, 4, 4, "A sample", true};

static void write_sample(const char *path) {
  const provenance by = {
      "heed run sample.lua",  "host", "user", "2026-01-01T00:00:00Z",
      "2026-01-01T00:00:09Z", 9.0,    2};
  plan *of = sample_plan(&whole);
  char *text = sample_plan_text(&whole);
  const size_t cells = plan_cell_count(of);
  heed_error error = {HEED_OK, ""};
  work *folder = NULL;
  assert_int_equal(work_open(path, text, &folder, &error), HEED_OK);
  for (size_t cell = 0; cell + 1 < cells; cell++) {
    record *one = sample_record(of, cell);
    if (cell == 2) sample_fail(one);
    assert_int_equal(
        work_write_part(folder, of, (const record *const *)&one, 1, &error),
        HEED_OK);
    record_free(one);
  }
  if (storage_consolidate(folder, path, of, &by, &error) != HEED_OK)
    fail_msg("%s", error.message);
  assert_int_equal(work_remove(folder, &error), HEED_OK);
  free(text);
  plan_free(of);
}

static void a_result_file_is_written(void **state) {
  char folder[] = "/tmp/heed-sample-XXXXXX";
  char path[64];
  const char *wanted = getenv("HEED_SAMPLE");
  (void)state;
  if (wanted != NULL) {
    write_sample(wanted);
    assert_int_equal(access(wanted, R_OK), 0);
    return;
  }
  assert_non_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/sample.h5", folder);
  write_sample(path);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(folder), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_result_file_is_written)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
