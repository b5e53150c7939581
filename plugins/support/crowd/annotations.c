/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sorts annotations by user and code, and by pair: two counting sorts.
 *
 * Invariant: both sorts are stable, so that a pair's annotations are in the
 * order of users. */
#include "support/crowd/annotations.h"

#include "heed/memory.h"

/* Places and keys are 32 bits wide. */
static const size_t most_keys = UINT32_MAX;

bool annotations_know_left(const heed_crowd *crowd) {
  const heed_table *said = crowd->annotations;
  const int8_t *left = heed_table_data(said, "left", HEED_INT8);
  for (size_t r = 0; left != NULL && r < said->rows; r++)
    if (left[r] != HEED_LEFT_UNKNOWN) return true;
  return false;
}

static size_t side_of(const crowd_annotations *self, const int8_t *left,
                      size_t row) {
  if (self->sides == 1) return ANNOTATED_A_FIRST;
  if (left == NULL || left[row] == HEED_LEFT_UNKNOWN) return ANNOTATED_UNKNOWN;
  return left[row] == HEED_CHOSE_A ? ANNOTATED_A_FIRST : ANNOTATED_B_FIRST;
}

int annotations_code(const crowd_annotations *self, int8_t choice,
                     const int8_t *left, size_t row) {
  const size_t side = side_of(self, left, row);
  if (choice == HEED_CHOSE_TIE && self->choices == 2) return -1;
  const size_t said = choice == HEED_CHOSE_A   ? ANNOTATED_A
                      : choice == HEED_CHOSE_B ? ANNOTATED_B
                                               : ANNOTATED_TIE;
  return (int)(side * self->choices + said);
}

static bool has_ties(const heed_table *said) {
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  for (size_t r = 0; r < said->rows; r++)
    if (choice[r] == HEED_CHOSE_TIE) return true;
  return false;
}

/* next: (J codes) */
static void sort_by_user(crowd_annotations *self, const heed_table *said,
                         size_t *next) {
  const int8_t *choice = heed_table_data(said, "choice", HEED_INT8);
  const int8_t *left = heed_table_data(said, "left", HEED_INT8);
  const int64_t *user = heed_table_data(said, "user", HEED_INT64);
  const int64_t *pair = heed_table_data(said, "pair", HEED_INT64);
  const size_t keys = self->users * self->codes;
  for (size_t r = 0; r < said->rows; r++) {
    const int code = annotations_code(self, choice[r], left, r);
    if (code >= 0)
      self->first[(size_t)user[r] * self->codes + (size_t)code + 1]++;
  }
  for (size_t k = 0; k < keys; k++) {
    self->first[k + 1] += self->first[k];
    next[k] = self->first[k];
  }
  self->count = self->first[keys];
  for (size_t r = 0; r < said->rows; r++) {
    const int code = annotations_code(self, choice[r], left, r);
    if (code < 0) continue;
    const size_t key = (size_t)user[r] * self->codes + (size_t)code;
    const size_t n = next[key]++;
    self->row[n] = r;
    self->pair[n] = (uint32_t)pair[r];
    self->key[n] = (uint32_t)key;
  }
}

/* next: (I) */
static void sort_by_pair(crowd_annotations *self, size_t *next) {
  for (size_t n = 0; n < self->count; n++)
    self->first_of_pair[self->pair[n] + 1]++;
  for (size_t i = 0; i < self->pairs; i++) {
    self->first_of_pair[i + 1] += self->first_of_pair[i];
    next[i] = self->first_of_pair[i];
  }
  for (size_t n = 0; n < self->count; n++)
    self->place[next[self->pair[n]]++] = (uint32_t)n;
}

heed_status annotations_open(const heed_host *host, const heed_crowd *crowd,
                             bool keeps_ties, annotations_sides sides,
                             crowd_annotations *self, heed_error *error) {
  const heed_table *said = crowd->annotations;
  heed_memory memory = {host, false};
  *self = (crowd_annotations){
      .pairs = crowd->world->pairs->rows,
      .users = crowd->users->rows,
      .choices = keeps_ties && has_ties(said) ? 3 : 2,
      .sides = sides == ANNOTATIONS_A ? 1 : 3,
  };
  self->codes = self->sides * self->choices;
  const size_t keys = self->users * self->codes;
  if (said->rows > most_keys || keys > most_keys || self->pairs > most_keys)
    return heed_fail(error, HEED_UNSUPPORTED,
                     "too many annotations: at most %zu are supported",
                     most_keys);
  self->first = heed_allocate(&memory, keys + 1, sizeof *self->first);
  self->row = heed_allocate(&memory, said->rows, sizeof *self->row);
  self->pair = heed_allocate(&memory, said->rows, sizeof *self->pair);
  self->key = heed_allocate(&memory, said->rows, sizeof *self->key);
  self->first_of_pair =
      heed_allocate(&memory, self->pairs + 1, sizeof *self->first_of_pair);
  self->place = heed_allocate(&memory, said->rows, sizeof *self->place);
  size_t *next = heed_scratch_sizes(&memory, keys + self->pairs);
  if (memory.refused) return heed_no_memory(error);
  sort_by_user(self, said, next);
  sort_by_pair(self, next + keys);
  return HEED_OK;
}
