/* SPDX-License-Identifier: GPL-3.0-or-later
 * Deals pairs at random; gold pairs from a heap of their own. */
#include "deal.h"

#include <assert.h>
#include <math.h>

#include "heed/memory.h"

/* Pairs in the order in which they are dealt: gold ones, then all others. */
typedef struct deal_heaps {
  int64_t *order;
  size_t gold, others;
} deal_heaps;

static size_t count_gold(const heed_world *world) {
  const double *gold = heed_table_data(world->pairs, "gold", HEED_FLOAT64);
  size_t count = 0;
  for (size_t i = 0; gold != NULL && i < world->pairs->rows; i++)
    if (!isnan(gold[i])) count++;
  return count;
}

/* Gold pairs among the first annotations of all users: their share of the
 * pairs, rounded down.  A source has at most 1e9 pairs: no product overflows.
 */
static size_t gold_before(const deal_heaps *heaps, size_t annotations) {
  const size_t pairs = heaps->gold + heaps->others;
  return annotations / pairs * heaps->gold +
         annotations % pairs * heaps->gold / pairs;
}

static size_t gold_of(const stages_deal *self, const deal_heaps *heaps,
                      size_t user) {
  return gold_before(heaps, self->first[user + 1]) -
         gold_before(heaps, self->first[user]);
}

static heed_status open_heaps(const stages_deal *self, deal_heaps *heaps,
                              heed_error *error) {
  const size_t pairs = self->world->pairs->rows;
  heaps->gold = count_gold(self->world);
  heaps->others = pairs - heaps->gold;
  heaps->order = self->host->scratch(self->host, pairs, sizeof *heaps->order);
  if (heaps->order == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < pairs; i++) heaps->order[i] = (int64_t)i;
  return HEED_OK;
}

/* Moves gold pairs to the front and keeps the order otherwise. */
static heed_status part_gold(const stages_deal *self, deal_heaps *heaps,
                             heed_error *error) {
  const size_t pairs = heaps->gold + heaps->others;
  const double *gold =
      heed_table_data(self->world->pairs, "gold", HEED_FLOAT64);
  int64_t *others =
      self->host->scratch(self->host, heaps->others, sizeof *others);
  size_t front = 0, back = 0;
  if (others == NULL && heaps->others > 0) return heed_no_memory(error);
  for (size_t i = 0; i < pairs; i++) {
    const int64_t pair = heaps->order[i];
    if (isnan(gold[pair]))
      others[back++] = pair;
    else
      heaps->order[front++] = pair;
  }
  assert(front == heaps->gold && back == heaps->others);
  for (size_t i = 0; i < back; i++) heaps->order[front + i] = others[i];
  return HEED_OK;
}

/* Whether the user's next annotation is of a gold pair, with `gold` of them and
 * `left` annotations to come. */
static bool is_gold_place(heed_stream *stream, size_t gold, size_t left) {
  return gold > 0 && heed_uniform_integer(stream, left) < gold;
}

/* ---- each pair once ---- */

static void shuffle(const stages_deal *self, const deal_heaps *heaps,
                    size_t count) {
  const size_t pairs = heaps->gold + heaps->others;
  heed_stream stream = self->host->stream(self->host, "assignment", 0);
  for (size_t i = 0; i < count; i++) {
    const size_t position = i + heed_uniform_integer(&stream, pairs - i);
    const int64_t swapped = heaps->order[i];
    heaps->order[i] = heaps->order[position];
    heaps->order[position] = swapped;
  }
}

heed_status deal_once(const stages_deal *self, heed_error *error) {
  const size_t total = self->first[self->users];
  deal_heaps heaps;
  heed_status status = open_heaps(self, &heaps, error);
  if (status != HEED_OK) return status;
  assert(total <= heaps.gold + heaps.others);
  shuffle(self, &heaps, heaps.gold > 0 ? heaps.gold + heaps.others : total);
  if (heaps.gold > 0) status = part_gold(self, &heaps, error);
  size_t next_gold = 0, next = heaps.gold;
  for (size_t j = 0; status == HEED_OK && j < self->users; j++) {
    heed_stream stream = self->host->stream(self->host, "gold", j);
    size_t gold = gold_of(self, &heaps, j);
    for (size_t i = self->first[j]; i < self->first[j + 1]; i++) {
      const bool here = is_gold_place(&stream, gold, self->first[j + 1] - i);
      if (here) gold--;
      self->pair[i] = heaps.order[here ? next_gold++ : next++];
    }
  }
  return status;
}

/* ---- overlapping ---- */

/* Floyd's sampling: draws `count` of `size` without repetition.  taken_by: the
 * user, from 1, who last drew each. */
static void draw_distinct(heed_stream *stream, size_t size, size_t count,
                          size_t user, size_t *taken_by, int64_t *drawn) {
  for (size_t i = 0; i < count; i++) {
    const size_t top = size - count + i;
    size_t one = (size_t)heed_uniform_integer(stream, top + 1);
    if (taken_by[one] == user + 1) one = top;
    taken_by[one] = user + 1;
    drawn[i] = (int64_t)one;
  }
}

/* Moves the first pairs, which are gold, to random places. */
static void mix_gold(heed_stream *stream, size_t gold, size_t count,
                     int64_t *drawn) {
  for (size_t i = 0; i < gold; i++) {
    const size_t place = i + heed_uniform_integer(stream, count - i);
    const int64_t swapped = drawn[i];
    drawn[i] = drawn[place];
    drawn[place] = swapped;
  }
}

heed_status deal_overlapping(const stages_deal *self, heed_error *error) {
  const size_t pairs = self->world->pairs->rows;
  size_t *taken_by = self->host->scratch(self->host, pairs, sizeof *taken_by);
  deal_heaps heaps;
  if (taken_by == NULL) return heed_no_memory(error);
  heed_status status = open_heaps(self, &heaps, error);
  if (status == HEED_OK && heaps.gold > 0)
    status = part_gold(self, &heaps, error);
  for (size_t j = 0; status == HEED_OK && j < self->users; j++) {
    heed_stream stream = self->host->stream(self->host, "assignment", j + 1);
    heed_stream places = self->host->stream(self->host, "gold", j);
    const size_t count = self->first[j + 1] - self->first[j];
    const size_t gold = gold_of(self, &heaps, j);
    int64_t *drawn = self->pair + self->first[j];
    draw_distinct(&stream, heaps.gold, gold, j, taken_by, drawn);
    draw_distinct(&stream, heaps.others, count - gold, j, taken_by + heaps.gold,
                  drawn + gold);
    for (size_t i = 0; i < count; i++)
      drawn[i] = heaps.order[(size_t)drawn[i] + (i < gold ? 0 : heaps.gold)];
    mix_gold(&places, gold, count, drawn);
  }
  return status;
}
