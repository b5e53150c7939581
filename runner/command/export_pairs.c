/* SPDX-License-Identifier: GPL-3.0-or-later
 * The label of each pair that the annotations of a selection agree on. */
#include "export_pairs.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LEAST 1e-6 /* of a probability */
#define FIRST_SIZE ((size_t)1 << 10)

static double log_chance(const export_annotation *self, bool is_right) {
  const double chance =
      (is_right ? self->eta : 0) + (1 - self->eta) * self->casual;
  return log(fmin(fmax(chance, LEAST), 1));
}

/* For A. */
static double evidence(const export_annotation *self) {
  return self->weight *
         (log_chance(self, self->chose_a) - log_chance(self, !self->chose_a));
}

static double prior_log_odds(const export_annotation *self) {
  const double p = fmin(fmax(self->prior, LEAST), 1 - LEAST);
  return log(p / (1 - p));
}

/* Spread by the golden ratio.  The numbers themselves, in a table smaller than
 * the largest, would fill its start twice and leave its end empty. */
static size_t home_of(const export_pairs *self, int64_t pair) {
  const int bits = __builtin_ctzll((unsigned long long)self->size);
  return (size_t)((uint64_t)pair * 0x9E3779B97F4A7C15u >> (64 - bits));
}

/* The slot of the pair, or the empty one where it belongs. */
static export_pair *slot_of(const export_pairs *self, int64_t pair) {
  const size_t mask = self->size - 1;
  size_t position = home_of(self, pair);
  while (self->slots[position].count > 0 && self->slots[position].pair != pair)
    position = (position + 1) & mask;
  return &self->slots[position];
}

/* Large pages (Linux): most of the time of random reads goes to finding small
 * ones. */
static void ask_for_large_pages(void *memory, size_t bytes) {
  const size_t page = (size_t)1 << 21;
  const size_t before = (page - (uintptr_t)memory % page) % page;
  if (bytes > before)
    (void)madvise((char *)memory + before, (bytes - before) / page * page,
                  MADV_HUGEPAGE);
}

static heed_status grow(export_pairs *self, heed_error *error) {
  export_pairs larger = {.size = self->size == 0 ? FIRST_SIZE : 2 * self->size,
                         .count = self->count};
  larger.slots = calloc(larger.size, sizeof *larger.slots);
  if (larger.slots == NULL) return heed_no_memory(error);
  ask_for_large_pages(larger.slots, larger.size * sizeof *larger.slots);
  for (size_t i = 0; i < self->size; i++)
    if (self->slots[i].count > 0)
      *slot_of(&larger, self->slots[i].pair) = self->slots[i];
  free(self->slots);
  *self = larger;
  return HEED_OK;
}

heed_status pairs_add(export_pairs *self, const export_annotation *annotation,
                      heed_error *error) {
  export_pair *slot;
  if (3 * self->size <= 4 * self->count) {
    const heed_status status = grow(self, error);
    if (status != HEED_OK) return status;
  }
  slot = slot_of(self, annotation->pair);
  if (slot->count++ == 0) {
    self->count++;
    slot->pair = annotation->pair;
    slot->first = annotation->row;
    slot->log_odds = prior_log_odds(annotation);
  }
  slot->log_odds += evidence(annotation);
  return HEED_OK;
}

void pairs_expect(const export_pairs *self, int64_t pair) {
  if (self->size > 0)
    __builtin_prefetch(&self->slots[home_of(self, pair)], 1, 1);
}

const export_pair *pairs_find(const export_pairs *self, int64_t pair) {
  const export_pair *slot = self->size == 0 ? NULL : slot_of(self, pair);
  return slot == NULL || slot->count == 0 ? NULL : slot;
}

void pairs_free(export_pairs *self) {
  free(self->slots);
  *self = (export_pairs){0};
}

double pairs_probability(const export_pair *pair) {
  return 1 / (1 + exp(-fabs(pair->log_odds)));
}
