/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer on the reader of plans: any bytes, read and asked about. */
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  heed_error error = {HEED_OK, ""};
  char key[PLAN_KEY_SIZE];
  plan *read = NULL;
  if (plan_parse((const char *)bytes, length, &read, &error) != HEED_OK)
    return 0;
  for (size_t i = 0; i < read->point_count; i++) {
    plan_cell_key(read, i * read->replicates, key);
    for (int stage = 0; stage < PLAN_STAGE_COUNT; stage++)
      (void)plan_node_at(read, i, (plan_stage)stage);
  }
  plan_free(read);
  return 0;
}
