/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes a result file for the tests of readers: to the path in HEED_SAMPLE, or
 * to a folder of its own; with HEED_SAMPLE_WORK only the work folder.  And to
 * the path in HEED_VALUES what a reader must find in it, a line a value:
 *
 *   metric  mu  eta  replicate  label  bits
 *
 * with tabs between, the label "-" where the metric has none, the bits those of
 * the double in hexadecimal, or "nan". */
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

static bool is_missing(size_t mu, size_t eta) {
  return mu == 2 && eta == 1;
}

static void list_value(FILE *file, const plan *of, size_t metric, size_t value,
                       const size_t at[3]) {
  const plan_metric *in = &of->metrics[metric];
  const plan_coordinate *along =
      in->dimension_count == 0 ? NULL : &of->dimensions[in->dimensions[0]];
  const double label = along == NULL            ? 0
                       : along->numbers != NULL ? along->numbers[value]
                                                : (double)value;
  const double number =
      sample_value(sample_mu[at[0]], at[1], at[2], metric, label);
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  fprintf(file, "%s\t%g\t%s\t%zu\t", metric == 4 ? "kl_metric" : in->name,
          sample_mu[at[0]], sample_eta[at[1]], at[2]);
  if (along == NULL)
    fputs("-\t", file);
  else if (along->numbers != NULL)
    fprintf(file, "%g\t", label);
  else
    fprintf(file, "%s\t", along->labels[value]);
  if (is_missing(at[0], at[1]) || (at[0] == 2 && at[2] == 3))
    fputs("nan\n", file);
  else
    fprintf(file, "%016llx\n", (unsigned long long)bits);
}

static void list_values(FILE *file) {
  plan *of = sample_plan(&whole);
  size_t at[3];
  for (size_t metric = 0; metric < of->metric_count; metric++)
    for (at[0] = 0; at[0] < 3; at[0]++)
      for (at[1] = 0; at[1] < 2; at[1]++)
        for (at[2] = 0; at[2] < 4; at[2]++)
          for (size_t i = 0; i < of->metrics[metric].count; i++)
            list_value(file, of, metric, i, at);
  plan_free(of);
}

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
  if (getenv("HEED_SAMPLE_WORK") != NULL) {
    work_close(folder);
  } else {
    if (storage_consolidate(folder, path, of, &by, &error) != HEED_OK)
      fail_msg("%s", error.message);
    assert_int_equal(work_remove(folder, &error), HEED_OK);
  }
  free(text);
  plan_free(of);
}

static void a_result_file_is_written(void **state) {
  char folder[] = "/tmp/heed-sample-XXXXXX";
  char path[64];
  const char *wanted = getenv("HEED_SAMPLE");
  (void)state;
  if (wanted != NULL) {
    FILE *values = fopen(getenv("HEED_VALUES"), "w");
    assert_non_null(values);
    list_values(values);
    assert_int_equal(fclose(values), 0);
    write_sample(wanted);
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
