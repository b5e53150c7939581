/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer on result files: any bytes, read in a child as `heed show` and
 * `heed users` do. */
#include <stdio.h>

#include "fuzz_child.h"
#include "fuzz_file.h"
#include "hdf/guard.h"
#include "view/groups.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void look_at_values(const view_result *result) {
  const heed_plan *plan = result->plan;
  char label[LABEL_SIZE];
  for (size_t i = 0; i < plan->axis_count; i++)
    view_label(&plan->axes[i].coordinate, 0, label);
  for (size_t i = 0; i < plan->point_count; i++) {
    (void)view_is_bootstrap(result, i);
    for (size_t j = 0; j < plan->value_count; j++)
      (void)view_value(result, i, plan->replicates - 1, j);
  }
}

static void look_at_texts(const work_batch *cells) {
  size_t length = 0;
  for (size_t i = 0; i < cells->rows; i++) length += strlen(cells->keys[i]);
  for (size_t i = 0; i < cells->failure_count; i++)
    length += strlen(cells->failure_stage[i]) +
              strlen(cells->failure_plugin[i]) +
              strlen(cells->failure_message[i]);
  for (size_t i = 0; i < cells->warning_count; i++)
    length += strlen(cells->warning_code[i]) +
              strlen(cells->warning_plugin[i]) +
              strlen(cells->warning_message[i]);
  if (length == SIZE_MAX) abort();
}

static heed_status look(void *context, heed_error *error) {
  const char *path = context;
  view_result result;
  heed_status status;
  fuzz_child_begin();
  status = view_result_open(path, &result, error);
  if (status != HEED_OK) return status;
  look_at_values(&result);
  look_at_texts(&result.cells);
  result.cells.file.error = error;
  for (size_t i = 0; i < PLAN_KEPT_COUNT; i++)
    for (size_t row = 0; row < result.cells.rows; row++)
      kept_free(batch_kept(&result.cells, i, row));
  view_result_close(&result);
  return HEED_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  heed_error error = {HEED_OK, ""};
  char path[sizeof FUZZ_PATH];
  fuzz_file_write(path, bytes, length);
  if (guard_try(path, look, path, &error) != HEED_OK) {
    if (error.message[0] == '\0') abort();
    fuzz_child_check(error.message);
  }
  (void)unlink(path);
  return 0;
}
