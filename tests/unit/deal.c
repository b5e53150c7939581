/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which pairs simulated users get: once or overlapping, gold ones evenly. */
#include "deal.h"

#include "../support/workbench.h"

enum { MOST_PAIRS = 1000, USERS = 40 };

typedef struct deal_scene {
  test_workbench bench;
  heed_world world;
  stages_deal deal;
  double *gold;
} deal_scene;

static int set_up(void **state) {
  deal_scene *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(&self->bench, 3);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  deal_scene *self = *state;
  workbench_close(&self->bench);
  free(self);
  return 0;
}

/* `each` annotations of every user; the first pairs are gold. */
static void make(deal_scene *self, size_t pairs, size_t gold, size_t each) {
  const heed_host *host = &self->bench.host.host;
  heed_table *table = host->table(host, "pairs", pairs);
  size_t *first = host->allocate(host, USERS + 1, sizeof *first);
  self->gold = host->column(host, table, "gold", HEED_FLOAT64, 1);
  for (size_t i = 0; i < pairs; i++) self->gold[i] = i < gold ? 1 : NAN;
  for (size_t j = 0; j < USERS; j++) first[j + 1] = (j + 1) * each;
  self->world = (heed_world){.size = sizeof self->world, .pairs = table};
  self->deal = (stages_deal){
      .world = &self->world,
      .host = host,
      .users = USERS,
      .first = first,
      .pair = host->allocate(host, USERS * each, sizeof(int64_t))};
}

static void deal(deal_scene *self, bool once) {
  const heed_status status =
      once ? deal_once(&self->deal, &self->bench.error)
           : deal_overlapping(&self->deal, &self->bench.error);
  if (status != HEED_OK) fail_msg("%s", self->bench.error.message);
}

static size_t gold_of(const deal_scene *self, size_t user) {
  size_t count = 0;
  for (size_t i = self->deal.first[user]; i < self->deal.first[user + 1]; i++)
    if (!isnan(self->gold[self->deal.pair[i]])) count++;
  return count;
}

/* No pair twice among annotations first ... last - 1. */
static void expect_distinct(const deal_scene *self, size_t first, size_t last) {
  bool seen[MOST_PAIRS] = {false};
  for (size_t i = first; i < last; i++) {
    const int64_t pair = self->deal.pair[i];
    assert_in_range(pair, 0, self->world.pairs->rows - 1);
    assert_false(seen[pair]);
    seen[pair] = true;
  }
}

static void one_pair_in_twenty_is_gold_for_every_user(void **state) {
  deal_scene *self = *state;
  for (int once = 0; once < 2; once++) {
    make(self, 1000, 50, 20);
    deal(self, once);
    for (size_t j = 0; j < USERS; j++) assert_int_equal(gold_of(self, j), 1);
  }
}

static void shares_between_whole_pairs_are_rounded_to_either(void **state) {
  deal_scene *self = *state;
  for (int once = 0; once < 2; once++) {
    size_t all = 0;
    make(self, 1000, 130, 10); /* 1.3 pairs of ten */
    deal(self, once);
    for (size_t j = 0; j < USERS; j++) {
      assert_in_range(gold_of(self, j), 1, 2);
      all += gold_of(self, j);
    }
    assert_int_equal(all, 52);
  }
}

static void every_pair_may_be_dealt_and_none_twice(void **state) {
  deal_scene *self = *state;
  static const size_t gold[] = {0, 1, 333, 999, 1000};
  for (size_t g = 0; g < 5; g++) {
    make(self, 1000, gold[g], 25);
    deal(self, true);
    expect_distinct(self, 0, 1000);
    deal(self, false);
    for (size_t j = 0; j < USERS; j++)
      expect_distinct(self, self->deal.first[j], self->deal.first[j + 1]);
    make(self, 25, gold[g] % 25, 25);
    deal(self, false);
    for (size_t j = 0; j < USERS; j++)
      expect_distinct(self, self->deal.first[j], self->deal.first[j + 1]);
  }
}

/* One gold pair of twenty: each place has it in 2 of 40 users; the chance that
 * some place has 10 or more is below 1 in 10000. */
static void gold_pairs_come_at_any_place(void **state) {
  deal_scene *self = *state;
  for (int once = 0; once < 2; once++) {
    size_t places[20] = {0}, used = 0;
    make(self, 1000, 50, 20);
    deal(self, once);
    for (size_t i = 0; i < USERS * 20; i++)
      if (!isnan(self->gold[self->deal.pair[i]])) places[i % 20]++;
    for (size_t k = 0; k < 20; k++) {
      assert_true(places[k] < 10);
      used += places[k] > 0;
    }
    assert_true(used > 10);
  }
}

static void without_gold_pairs_the_column_changes_nothing(void **state) {
  deal_scene *self = *state;
  int64_t before[USERS * 20];
  for (int once = 0; once < 2; once++) {
    make(self, 1000, 0, 20);
    deal(self, once);
    memcpy(before, self->deal.pair, sizeof before);
    self->world.pairs->column_count = 0;
    deal(self, once);
    assert_memory_equal(before, self->deal.pair, sizeof before);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(one_pair_in_twenty_is_gold_for_every_user),
      TEST(shares_between_whole_pairs_are_rounded_to_either),
      TEST(every_pair_may_be_dealt_and_none_twice),
      TEST(gold_pairs_come_at_any_place),
      TEST(without_gold_pairs_the_column_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
