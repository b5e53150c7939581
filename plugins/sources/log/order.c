/* SPDX-License-Identifier: GPL-3.0-or-later
 * The annotations of each user together, each pair once. */
#include "sources/log/reading.h"

heed_status log_order_by_user(log_reading *self) {
  const size_t users = self->users.count;
  heed_memory memory = {self->host, false};
  size_t *next = heed_scratch_sizes(&memory, users + 1);
  log_annotation *ordered = heed_scratch(&memory, self->count, sizeof *ordered);
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++) next[self->all[i].user + 1]++;
  for (size_t j = 0; j < users; j++) next[j + 1] += next[j];
  for (size_t i = 0; i < self->count; i++)
    ordered[next[self->all[i].user]++] = self->all[i];
  self->all = ordered;
  return HEED_OK;
}

heed_status log_drop_duplicates(log_reading *self) {
  size_t *seen_by =
      self->host->scratch(self->host, self->pairs.count, sizeof *seen_by);
  size_t kept = 0;
  heed_status status = HEED_OK;
  if (self->values[DUPLICATES].integer == DUPLICATES_KEEP) return HEED_OK;
  if (seen_by == NULL) return heed_no_memory(self->error);
  for (size_t i = 0; status == HEED_OK && i < self->count; i++) {
    const log_annotation *one = &self->all[i];
    if (seen_by[one->pair] != one->user + 1) {
      seen_by[one->pair] = one->user + 1;
      self->all[kept++] = *one;
      continue;
    }
    self->duplicate_count++;
    if (self->values[DUPLICATES].integer != DUPLICATES_ERROR) continue;
    self->row_count--;
    status = log_row_fault(
        self, one->row, "user \"%.60s\" has already annotated pair \"%.60s\"",
        self->users.text[one->user], self->pairs.text[one->pair]);
  }
  self->count = kept;
  return status;
}
