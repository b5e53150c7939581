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

#include "result/result.h"
#include "sample.h"

static const storage_sample whole = {3, 4, 4, "A sample", true};

static bool is_missing(size_t mu, size_t eta) {
  return mu == 2 && eta == 1;
}

static void list_value(FILE *file, const heed_plan *plan, size_t metric,
                       size_t value, const size_t position[3]) {
  const plan_metric *described = &plan->metrics[metric];
  const plan_coordinate *along =
      described->dimension_count == 0
          ? NULL
          : &plan->dimensions[described->dimensions[0]];
  const double label = along == NULL            ? 0
                       : along->numbers != NULL ? along->numbers[value]
                                                : (double)value;
  const double number = sample_value(sample_mu[position[0]], position[1],
                                     position[2], metric, label);
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  fprintf(file, "%s\t%g\t%s\t%zu\t",
          metric == 4 ? "kl_metric" : described->name, sample_mu[position[0]],
          sample_eta[position[1]], position[2]);
  if (along == NULL)
    fputs("-\t", file);
  else if (along->numbers != NULL)
    fprintf(file, "%g\t", label);
  else
    fprintf(file, "%s\t", along->labels[value]);
  if (is_missing(position[0], position[1]) ||
      (position[0] == 2 && position[2] == 3))
    fputs("nan\n", file);
  else
    fprintf(file, "%016llx\n", (unsigned long long)bits);
}

static void list_values(FILE *file) {
  heed_plan *plan = sample_plan(&whole);
  size_t position[3];
  for (size_t metric = 0; metric < plan->metric_count; metric++)
    for (position[0] = 0; position[0] < 3; position[0]++)
      for (position[1] = 0; position[1] < 2; position[1]++)
        for (position[2] = 0; position[2] < 4; position[2]++)
          for (size_t i = 0; i < plan->metrics[metric].count; i++)
            list_value(file, plan, metric, i, position);
  plan_free(plan);
}

static void write_sample(const char *path) {
  const result_provenance provenance = {
      "heed run sample.lua",  "host", "user", "2026-01-01T00:00:00Z",
      "2026-01-01T00:00:09Z", 9.0,    2};
  const result_goal nothing = {NULL, 0, false};
  heed_plan *plan = sample_plan(&whole);
  char *text = sample_plan_text(&whole);
  const size_t cells = plan_cell_count(plan);
  heed_error error = {HEED_OK, ""};
  heed_work *folder = NULL;
  assert_int_equal(work_open(path, &folder, &error), HEED_OK);
  assert_int_equal(work_save_plan(folder, text, &error), HEED_OK);
  for (size_t cell = 0; cell + 1 < cells; cell++) {
    heed_record *one = sample_record(plan, cell);
    if (cell == 2) sample_fail(one);
    assert_int_equal(
        work_write_part(folder, plan, (const heed_record *const *)&one, 1,
                        &error),
        HEED_OK);
    record_free(one);
  }
  if (getenv("HEED_SAMPLE_WORK") != NULL) {
    work_close(folder);
  } else {
    if (result_consolidate(folder, path, plan, &nothing, &provenance, &error) !=
        HEED_OK)
      fail_msg("%s", error.message);
    assert_int_equal(work_remove(folder, &error), HEED_OK);
  }
  free(text);
  plan_free(plan);
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
