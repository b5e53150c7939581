/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which annotations count, and their order: by user, then by time.
 * Duplicates are looked for before ties are dropped: a tie is an annotation. */
#include <stdlib.h>
#include <string.h>

#include "sources/log/reading.h"

enum { DROPPED = -1 }; /* a choice */

static void *array_of(log_reading *self, size_t count, size_t size) {
  void *made = calloc(count + 1, size);
  if (made == NULL) self->refused = true;
  return made;
}

/* Orders annotations by user; those of a user keep their order.  old: the
 * order before, of `count`; NULL: that of the log. */
static uint32_t *by_user(log_reading *self, const uint32_t *old, size_t count,
                         const uint32_t *number, size_t users) {
  size_t *next = array_of(self, users + 1, sizeof *next);
  uint32_t *order = array_of(self, count, sizeof *order);
  const uint32_t *user = self->all.user;
  if (!self->refused) {
    for (size_t i = 0; i < count; i++) {
      const uint32_t one = user[old == NULL ? i : old[i]];
      next[(number == NULL ? one : number[one]) + 1]++;
    }
    for (size_t j = 0; j < users; j++) next[j + 1] += next[j];
    for (size_t i = 0; i < count; i++) {
      const uint32_t at = old == NULL ? (uint32_t)i : old[i];
      order[next[number == NULL ? user[at] : number[user[at]]]++] = at;
    }
  }
  free(next);
  return order;
}

/* ---- time ---- */

static int compare_times(const void *one, const void *another, void *context) {
  const uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)another;
  const double *time = context;
  if (time[a] != time[b]) return time[a] < time[b] ? -1 : 1;
  return a < b ? -1 : a > b;
}

static bool starts_user(const log_reading *self, size_t position) {
  return position == 0 || self->all.user[self->order[position]] !=
                              self->all.user[self->order[position - 1]];
}

static void order_times(log_reading *self) {
  size_t first = 0;
  if (self->all.time == NULL) return;
  for (size_t i = 1; i <= self->count; i++) {
    if (i < self->count && !starts_user(self, i)) continue;
    qsort_r(&self->order[first], i - first, sizeof *self->order, compare_times,
            self->all.time);
    first = i;
  }
}

/* Turns count all annotations of a user, also those that are dropped later. */
static void number_turns(log_reading *self) {
  int64_t turn = 0;
  if (!log_knows_order(self->settings)) return;
  self->turn = array_of(self, self->count, sizeof *self->turn);
  for (size_t i = 0; !self->refused && i < self->count; i++) {
    if (starts_user(self, i)) turn = 0;
    self->turn[self->order[i]] = turn++;
  }
}

/* ---- duplicates ---- */

typedef struct seen_pair {
  uint32_t user, annotation; /* plus 1 */
} seen_pair;

/* For each annotation of a pair that its user has already annotated: the first
 * one, plus 1.  NULL: there is none. */
static uint32_t *find_duplicates(log_reading *self) {
  const log_annotations *all = &self->all;
  const size_t pairs = self->pairs.names.count;
  seen_pair *last;
  uint32_t *earlier = NULL;
  if (pairs == all->count) return NULL; /* each pair has one annotation */
  last = array_of(self, pairs, sizeof *last);
  for (size_t i = 0; !self->refused && i < self->count; i++) {
    const uint32_t at = self->order[i];
    seen_pair *seen = &last[all->pair[at]];
    if (seen->user != all->user[at] + 1) {
      *seen = (seen_pair){all->user[at] + 1, at + 1};
      continue;
    }
    if (earlier == NULL) earlier = array_of(self, self->count, sizeof *earlier);
    if (earlier != NULL) earlier[at] = seen->annotation;
  }
  free(last);
  return earlier;
}

static heed_status refuse_duplicate(log_reading *self, size_t at,
                                    size_t first) {
  const log_annotations *all = &self->all;
  const size_t file = log_file_of(self, at), other = log_file_of(self, first);
  char where[64 + HEED_MESSAGE_SIZE / 4] = "";
  char line[64] = "";
  self->row_count--;
  self->tie_count -= all->choice[at] == HEED_CHOSE_TIE;
  self->line = all->line[at];
  self->job.path = log_path(self, file);
  if (other != file)
    (void)snprintf(where, sizeof where, " of %.200s", log_path(self, other));
  /* A packed log may lack its rows. */
  if (all->line[first] != 0)
    (void)snprintf(line, sizeof line, ", in %s %u", log_unit(self),
                   (unsigned)all->line[first]);
  return log_row_fault(
      self,
      "user \"%.60s\" has already annotated pair \"%.60s\"%s%s; "
      "source.duplicates = \"first\" keeps the first annotation, \"keep\" "
      "keeps all as independent answers",
      self->everyone.text[all->user[at]], self->pairs.names.text[all->pair[at]],
      line, where);
}

/* In the order of the log, so that the first error is the first in the file. */
static heed_status take_duplicates(log_reading *self, const uint32_t *earlier) {
  const int64_t wanted = self->settings->duplicates;
  heed_status status = HEED_OK;
  for (size_t i = 0; status == HEED_OK && i < self->all.count; i++) {
    if (earlier[i] == 0) continue;
    if (wanted == DUPLICATES_ERROR)
      status = refuse_duplicate(self, i, earlier[i] - 1);
    self->duplicate_count++;
    if (wanted != DUPLICATES_KEEP) self->all.choice[i] = DROPPED;
  }
  return status;
}

static heed_status drop_duplicates(log_reading *self) {
  uint32_t *earlier = find_duplicates(self);
  const heed_status status = self->refused     ? heed_no_memory(self->error)
                             : earlier == NULL ? HEED_OK
                                               : take_duplicates(self, earlier);
  free(earlier);
  return status;
}

/* ---- what counts ---- */

static void keep_what_counts(log_reading *self) {
  const bool ties = self->settings->values[TIES].integer == TIES_KEEP;
  size_t kept = 0;
  if (self->duplicate_count == 0 && (ties || self->tie_count == 0)) return;
  for (size_t i = 0; i < self->count; i++) {
    const int8_t choice = self->all.choice[self->order[i]];
    if (choice != DROPPED && (ties || choice != HEED_CHOSE_TIE))
      self->order[kept++] = self->order[i];
  }
  self->count = kept;
}

/* All annotations count. */
static void number_everyone(log_reading *self) {
  self->user_count = self->everyone.count;
  self->user_number =
      array_of(self, self->user_count, sizeof *self->user_number);
  for (size_t j = 0; !self->refused && j < self->user_count; j++)
    self->user_number[j] = (uint32_t)j;
}

/* Users with annotations that count, by the first of these in the log. */
static void number_users(log_reading *self) {
  const size_t everyone = self->everyone.count;
  uint32_t *first, *user_at;
  if (self->count == self->all.count) {
    number_everyone(self);
    return;
  }
  first = array_of(self, everyone, sizeof *first);
  user_at = array_of(self, self->all.count, sizeof *user_at);
  self->user_number = array_of(self, everyone, sizeof *self->user_number);
  if (!self->refused) {
    memset(first, 0xff, everyone * sizeof *first);
    memset(self->user_number, 0xff, everyone * sizeof *self->user_number);
    for (size_t i = 0; i < self->count; i++) {
      const uint32_t at = self->order[i], user = self->all.user[at];
      if (at < first[user]) first[user] = at;
    }
    for (size_t j = 0; j < everyone; j++)
      if (first[j] != UINT32_MAX) user_at[first[j]] = (uint32_t)j + 1;
    for (size_t i = 0; i < self->all.count; i++)
      if (user_at[i] != 0)
        self->user_number[user_at[i] - 1] = (uint32_t)self->user_count++;
    self->only_ties = everyone - self->user_count;
  }
  free(first);
  free(user_at);
}

static heed_status check_any(const log_reading *self) {
  const size_t files = log_file_count(self);
  char more[64] = "";
  if (self->count > 0 || self->is_part) return HEED_OK;
  if (files > 1)
    (void)snprintf(more, sizeof more, " and %zu more file%s", files - 1,
                   heed_plural(files - 1));
  if (self->tie_count == 0)
    return heed_fail(
        self->error, HEED_INVALID, "%s%s: no annotations%s", log_path(self, 0),
        more, self->omitted_count > 0 ? "; source.omit leaves out all" : "");
  return heed_fail(self->error, HEED_INVALID,
                   "%s%s: found only ties, %zu annotation%s, which source.ties "
                   "= \"drop\" drops",
                   log_path(self, 0), more, self->tie_count,
                   heed_plural(self->tie_count));
}

heed_status log_order_annotations(log_reading *self) {
  uint32_t *old;
  heed_status status;
  self->count = self->all.count;
  self->order = by_user(self, NULL, self->count, NULL, self->everyone.count);
  if (self->refused) return heed_no_memory(self->error);
  order_times(self);
  number_turns(self);
  status = drop_duplicates(self);
  if (status != HEED_OK) return status;
  keep_what_counts(self);
  status = check_any(self);
  if (status != HEED_OK) return status;
  number_users(self);
  if (self->refused) return heed_no_memory(self->error);
  /* With everyone, the numbers are those of the names. */
  if (self->only_ties == 0 && self->count == self->all.count) return HEED_OK;
  old = self->order;
  self->order =
      by_user(self, old, self->count, self->user_number, self->user_count);
  free(old);
  return self->refused ? heed_no_memory(self->error) : HEED_OK;
}
