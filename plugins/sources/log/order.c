/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which annotations count, and their order: by user, then by time.
 * Duplicates are looked for before ties are dropped: a tie is an annotation. */
#include <stdlib.h>
#include <string.h>

#include "sources/log/reading.h"

bool log_knows_order(const heed_value *values) {
  return values[COLUMNS].items[TIME].given ||
         values[ORDER].integer == ORDER_FILE;
}

/* Stable: each user's annotations keep their order. */
static heed_status order_by_user(log_reading *self, size_t users) {
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

/* By user, time and row. */
static int compare_times(const void *one, const void *another) {
  const log_annotation *a = one, *b = another;
  if (a->user != b->user) return a->user < b->user ? -1 : 1;
  if (a->time != b->time) return a->time < b->time ? -1 : 1;
  return a->row < b->row ? -1 : a->row > b->row;
}

/* Turns count all annotations of a user, also those that are dropped later. */
static void number_turns(log_reading *self) {
  int64_t turn = 0;
  if (self->values[COLUMNS].items[TIME].given)
    qsort(self->all, self->count, sizeof *self->all, compare_times);
  for (size_t i = 0; i < self->count; i++) {
    if (i > 0 && self->all[i].user != self->all[i - 1].user) turn = 0;
    self->all[i].turn = turn++;
  }
}

/* Marks each annotation of a pair that its user has already annotated:
 * earlier[row] is the row of the first one, plus 1. */
static heed_status find_duplicates(log_reading *self, size_t *earlier) {
  typedef struct seen {
    size_t user, row; /* plus 1 */
  } seen;
  seen *last = self->host->scratch(self->host, self->pairs.count, sizeof *last);
  if (last == NULL) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++) {
    const log_annotation *one = &self->all[i];
    if (last[one->pair].user == one->user + 1)
      earlier[one->row] = last[one->pair].row;
    else
      last[one->pair] = (seen){one->user + 1, one->row + 1};
  }
  return HEED_OK;
}

/* In the order of the log, so that the first error is the first in the file. */
static heed_status refuse_duplicates(log_reading *self, const size_t *earlier) {
  heed_memory memory = {self->host, false};
  const log_annotation **at =
      heed_scratch(&memory, self->rows.count, sizeof *at);
  heed_status status = HEED_OK;
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++) at[self->all[i].row] = &self->all[i];
  for (size_t row = 0; status == HEED_OK && row < self->rows.count; row++) {
    if (earlier[row] == 0) continue;
    self->row_count--;
    self->tie_count -= at[row]->choice == HEED_CHOSE_TIE;
    status = log_row_fault(
        self, row,
        "user \"%.60s\" has already annotated pair \"%.60s\", in %s %zu; "
        "source.duplicates = \"first\" keeps the first annotation, \"keep\" "
        "keeps all as independent answers",
        self->everyone.text[at[row]->user], self->pairs.text[at[row]->pair],
        self->rows.unit, self->rows.line[earlier[row] - 1]);
  }
  return status;
}

static heed_status drop_duplicates(log_reading *self) {
  const int64_t wanted = self->values[DUPLICATES].integer;
  size_t *earlier, kept = 0;
  heed_status status;
  earlier = self->host->scratch(self->host, self->rows.count, sizeof *earlier);
  if (earlier == NULL) return heed_no_memory(self->error);
  status = find_duplicates(self, earlier);
  if (status == HEED_OK && wanted == DUPLICATES_ERROR)
    status = refuse_duplicates(self, earlier);
  if (status != HEED_OK) return status;
  for (size_t i = 0; i < self->count; i++) {
    const bool repeats = earlier[self->all[i].row] != 0;
    self->duplicate_count += repeats;
    if (!repeats || wanted == DUPLICATES_KEEP) self->all[kept++] = self->all[i];
  }
  self->count = kept;
  return HEED_OK;
}

static void drop_ties(log_reading *self) {
  size_t kept = 0;
  if (self->values[TIES].integer == TIES_KEEP) return;
  for (size_t i = 0; i < self->count; i++)
    if (self->all[i].choice != HEED_CHOSE_TIE) self->all[kept++] = self->all[i];
  self->count = kept;
}

/* Users with annotations, by their first row in the log. */
static heed_status number_users(log_reading *self) {
  heed_memory memory = {self->host, false};
  size_t *user_at = heed_scratch_sizes(&memory, self->rows.count);
  size_t *number = heed_scratch_sizes(&memory, self->everyone.count);
  log_names_open(&memory, &self->users, self->everyone.count);
  if (memory.refused) return heed_no_memory(self->error);
  for (size_t i = 0; i < self->count; i++)
    user_at[self->all[i].row] = self->all[i].user + 1;
  for (size_t row = 0; row < self->rows.count; row++)
    if (user_at[row] != 0)
      number[user_at[row] - 1] =
          log_number(&self->users, self->everyone.text[user_at[row] - 1]);
  for (size_t i = 0; i < self->count; i++)
    self->all[i].user = number[self->all[i].user];
  self->only_ties = self->everyone.count - self->users.count;
  return HEED_OK;
}

static heed_status check_any(const log_reading *self) {
  const char *path = self->values[PATH].text;
  if (self->count > 0 || log_is_part(&self->rows)) return HEED_OK;
  if (self->tie_count == 0)
    return heed_fail(self->error, HEED_INVALID, "%s: no annotations", path);
  return heed_fail(self->error, HEED_INVALID,
                   "%s: found only ties, %zu annotation%s, which source.ties = "
                   "\"drop\" drops",
                   path, self->tie_count, heed_plural(self->tie_count));
}

heed_status log_order_annotations(log_reading *self) {
  heed_status status = order_by_user(self, self->everyone.count);
  if (status != HEED_OK) return status;
  number_turns(self);
  status = drop_duplicates(self);
  drop_ties(self);
  if (status == HEED_OK) status = check_any(self);
  if (status == HEED_OK) status = number_users(self);
  if (status == HEED_OK) status = order_by_user(self, self->users.count);
  return status;
}
