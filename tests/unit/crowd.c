/* SPDX-License-Identifier: GPL-3.0-or-later
 * The annotations stage: simulated users, the bootstrap of a log, what is held
 * out. */
#include "crowd.h"

#include "../support/workbench.h"
#include "stages/stages.h"

enum { PAIRS = 400 };

typedef struct scene {
  test_workbench bench;
  heed_world world;
} scene;

static int set_up(void **state) {
  scene *self = calloc(1, sizeof *self);
  heed_host *host;
  double *p;
  workbench_open(&self->bench, 7);
  workbench_load(&self->bench, HEED_DISTRIBUTION, "two_point");
  workbench_load(&self->bench, HEED_DISTRIBUTION, "beta");
  workbench_load(&self->bench, HEED_USER_MODEL, "attentive");
  self->bench.host.stage = "annotations";
  host = &self->bench.host.host;
  self->world.pairs = host->table(host, "pairs", PAIRS);
  p = host->column(host, self->world.pairs, "p", HEED_FLOAT64, 1);
  for (int i = 0; i < PAIRS; i++) p[i] = 0.9;
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  scene *self = *state;
  workbench_close(&self->bench);
  free(self);
  return 0;
}

static heed_status make(scene *self, const char *users, stages_crowd *result) {
  json_t *given = json_loads(users, 0, NULL), *resolved = NULL;
  const heed_value *values = NULL;
  heed_status status =
      schema_resolve(self->bench.plugins, stages_users, stages_user_count,
                     given, NULL, "users", &resolved, &self->bench.error);
  json_decref(given);
  assert_int_equal(status, HEED_OK);
  assert_int_equal(
      schema_values(self->bench.plugins, stages_users, stages_user_count,
                    resolved, &self->bench.host, &values, &self->bench.error),
      HEED_OK);
  status = crowd_make(&self->world, values, &self->bench.host, result,
                      &self->bench.error);
  schema_close(values, stages_user_count);
  json_decref(resolved);
  return status;
}

static const int64_t *integers(const heed_table *table, const char *name) {
  return heed_table_data(table, name, HEED_INT64);
}

static void each_pair_goes_to_at_most_one_user(void **state) {
  scene *self = *state;
  bool seen[PAIRS] = {false};
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 20, \"annotations\": 20, \"attentiveness\": \"beta\","
           " \"model\": \"attentive\"}",
           &made),
      HEED_OK);
  assert_int_equal(made.seen.annotations->rows, PAIRS);
  for (size_t i = 0; i < PAIRS; i++) {
    const int64_t pair = integers(made.seen.annotations, "pair")[i];
    assert_false(seen[pair]);
    seen[pair] = true;
  }
}

static void too_few_pairs_are_an_error_that_says_how_many(void **state) {
  scene *self = *state;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 30, \"annotations\": 20, \"attentiveness\": \"beta\","
           " \"model\": \"attentive\"}",
           &made),
      HEED_INVALID);
  assert_non_null(strstr(self->bench.error.message, "need 600 pairs"));
  assert_non_null(strstr(self->bench.error.message, "the world has 400"));
}

static void overlapping_users_see_no_pair_twice(void **state) {
  scene *self = *state;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 50, \"annotations\": 300, \"assignment\":"
           " \"overlapping\", \"attentiveness\": \"beta\", \"model\":"
           " \"attentive\"}",
           &made),
      HEED_OK);
  for (size_t j = 0; j < 50; j++) {
    bool seen[PAIRS] = {false};
    for (size_t i = made.seen.first[j]; i < made.seen.first[j + 1]; i++) {
      const int64_t pair = integers(made.seen.annotations, "pair")[i];
      assert_false(seen[pair]);
      seen[pair] = true;
    }
  }
}

/* The uniform of user 17 is the same whatever P_eta makes of it: attentiveness
 * under two shapes is ranked alike, but for ties of the two points. */
static void users_stay_themselves_under_another_distribution(void **state) {
  scene *self = *state;
  const char *users =
      "{\"count\": 20, \"annotations\": 20, \"attentiveness\": \"%s\","
      " \"model\": \"attentive\"}";
  char text[256];
  stages_crowd first, second;
  (void)snprintf(text, sizeof text, users, "beta");
  assert_int_equal(make(self, text, &first), HEED_OK);
  (void)snprintf(text, sizeof text, users, "two_point");
  assert_int_equal(make(self, text, &second), HEED_OK);
  for (size_t a = 0; a < 20; a++)
    for (size_t b = 0; b < 20; b++)
      if (first.eta[a] < first.eta[b])
        assert_true(second.eta[a] <= second.eta[b]);
  assert_memory_equal(integers(first.seen.annotations, "pair"),
                      integers(second.seen.annotations, "pair"),
                      PAIRS * sizeof(int64_t));
}

/* 300 users x 400 choices of p = .9: P(A) = .5 + .4 eta; the standard error of
 * the mean is below .0015, the tolerance is five of them. */
static void choices_follow_the_user_model(void **state) {
  scene *self = *state;
  double chosen = 0, expected = 0;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 300, \"annotations\": 400, \"assignment\":"
           " \"overlapping\", \"attentiveness\": \"beta\", \"model\":"
           " \"attentive\"}",
           &made),
      HEED_OK);
  const int8_t *choice =
      heed_table_data(made.seen.annotations, "choice", HEED_INT8);
  const int64_t *user = integers(made.seen.annotations, "user");
  const double rows = (double)made.seen.annotations->rows;
  for (size_t i = 0; i < made.seen.annotations->rows; i++) {
    chosen += choice[i] == HEED_CHOSE_A;
    expected += 0.5 + 0.4 * made.eta[user[i]];
  }
  assert_near(chosen / rows, expected / rows, 0.0075);
}

static void what_is_held_out_is_not_seen(void **state) {
  scene *self = *state;
  bool seen[PAIRS] = {false};
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 20, \"annotations\": 20, \"holdout\": 0.25,"
           " \"attentiveness\": \"beta\", \"model\": \"attentive\"}",
           &made),
      HEED_OK);
  assert_int_equal(made.held_out.annotations->rows, 100);
  assert_int_equal(made.seen.annotations->rows, 300);
  for (size_t j = 0; j < 20; j++)
    assert_int_equal(made.held_out.first[j + 1] - made.held_out.first[j], 5);
  for (size_t i = 0; i < 300; i++)
    seen[integers(made.seen.annotations, "pair")[i]] = true;
  for (size_t i = 0; i < 100; i++)
    assert_false(seen[integers(made.held_out.annotations, "pair")[i]]);
}

/* The turns of both parts of a user's annotations are 0 … 19, each once, and
 * ascend. */
static void turns_stay_where_some_are_held_out(void **state) {
  scene *self = *state;
  stages_crowd made, whole;
  assert_int_equal(
      make(self,
           "{\"count\": 20, \"annotations\": 20, \"holdout\": 0.25,"
           " \"attentiveness\": \"beta\", \"model\": \"attentive\"}",
           &made),
      HEED_OK);
  const heed_crowd *parts[] = {&made.seen, &made.held_out};
  for (size_t j = 0; j < 20; j++) {
    bool taken[20] = {false};
    for (size_t part = 0; part < 2; part++) {
      const int64_t *turn = integers(parts[part]->annotations, "turn");
      int64_t earlier = -1;
      for (size_t i = parts[part]->first[j]; i < parts[part]->first[j + 1];
           i++) {
        assert_true(turn[i] > earlier && turn[i] < 20 && !taken[turn[i]]);
        taken[turn[i]] = true;
        earlier = turn[i];
      }
    }
    for (size_t i = 0; i < 20; i++) assert_true(taken[i]);
  }
  assert_int_equal(
      make(self,
           "{\"count\": 20, \"annotations\": 20, \"attentiveness\": \"beta\","
           " \"model\": \"attentive\"}",
           &whole),
      HEED_OK);
  assert_null(heed_table_column(whole.seen.annotations, "turn"));
}

static void only_those_who_may_are_shown_the_truth(void **state) {
  scene *self = *state;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 20, \"annotations\": 20, \"attentiveness\": \"beta\","
           " \"model\": \"attentive\"}",
           &made),
      HEED_OK);
  assert_null(heed_table_column(made.seen.users, "eta"));
  assert_non_null(heed_table_column(made.with_eta.users, "eta"));
}

/* Mean 20 of a lognormal law with spread 1 over 4000 users: standard error
 * 20 sqrt(e - 1) / sqrt(4000) = .41. */
static void a_heavy_tail_keeps_its_mean(void **state) {
  scene *self = *state;
  size_t most = 0;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 4000, \"annotations\": 20, \"law\": \"lognormal\","
           " \"assignment\": \"overlapping\", \"attentiveness\": \"beta\","
           " \"model\": \"attentive\"}",
           &made),
      HEED_OK);
  for (size_t j = 0; j < 4000; j++) {
    const size_t count = made.seen.first[j + 1] - made.seen.first[j];
    assert_true(count >= 1);
    if (count > most) most = count;
  }
  assert_near((double)made.seen.annotations->rows / 4000, 20, 1.5);
  assert_true(most > 150);
}

static void nobody_is_held_out_whole(void **state) {
  scene *self = *state;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 20, \"annotations\": 2, \"holdout\": 0.9,"
           " \"attentiveness\": \"beta\", \"model\": \"attentive\"}",
           &made),
      HEED_OK);
  for (size_t j = 0; j < 20; j++)
    assert_int_equal(made.seen.first[j + 1] - made.seen.first[j], 1);
}

/* More users, more annotations each: those who were there have the same
 * attentiveness, and of overlapping pairs see the same sides. */
static void more_users_do_not_change_those_before_them(void **state) {
  scene *self = *state;
  const char *users =
      "{\"count\": %d, \"annotations\": %d, \"assignment\": \"overlapping\","
      " \"attentiveness\": \"beta\", \"model\": \"attentive\"}";
  char text[256];
  stages_crowd few, many;
  (void)snprintf(text, sizeof text, users, 5, 10);
  assert_int_equal(make(self, text, &few), HEED_OK);
  (void)snprintf(text, sizeof text, users, 9, 30);
  assert_int_equal(make(self, text, &many), HEED_OK);
  const int8_t *left = heed_table_data(few.seen.annotations, "left", HEED_INT8);
  const int8_t *more =
      heed_table_data(many.seen.annotations, "left", HEED_INT8);
  assert_memory_equal(few.eta, many.eta, 5 * sizeof(double));
  for (size_t j = 0; j < 5; j++)
    assert_memory_equal(left + 10 * j, more + 30 * j, 10);
}

/* Exponent 3 has a variance of a third of the squared mean, so that the mean of
 * 4000 users has standard error 20 sqrt(1/3) / sqrt(4000) = .18: four of them.
 * The law's least value is 20 x 2/3. */
static void a_pareto_law_keeps_its_mean(void **state) {
  scene *self = *state;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 4000, \"annotations\": 20, \"law\": \"pareto\","
           " \"spread\": 3, \"assignment\": \"overlapping\","
           " \"attentiveness\": \"beta\", \"model\": \"attentive\"}",
           &made),
      HEED_OK);
  assert_near((double)made.seen.annotations->rows / 4000, 20, 0.8);
  for (size_t j = 0; j < 4000; j++)
    assert_true(made.seen.first[j + 1] - made.seen.first[j] >= 13);
}

static void a_law_without_a_mean_is_refused(void **state) {
  scene *self = *state;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 4, \"annotations\": 20, \"law\": \"pareto\","
           " \"attentiveness\": \"beta\", \"model\": \"attentive\"}",
           &made),
      HEED_INVALID);
  assert_non_null(strstr(self->bench.error.message, "users.spread: found 1"));
}

static void the_bootstrap_is_for_logs(void **state) {
  scene *self = *state;
  stages_crowd made;
  assert_int_equal(
      make(self,
           "{\"count\": 4, \"annotations\": 20, \"bootstrap\": \"users\","
           " \"attentiveness\": \"beta\", \"model\": \"attentive\"}",
           &made),
      HEED_UNSUPPORTED);
  assert_non_null(strstr(self->bench.error.message, "users.bootstrap"));
}

/* ---- logs ---- */

static void make_log(scene *self) {
  const heed_host *host = &self->bench.host.host;
  const char **name;
  int64_t *user, *pair;
  self->world.users = host->table(host, "users", 10);
  name = host->column(host, self->world.users, "name", HEED_STRING, 1);
  for (int j = 0; j < 10; j++) {
    char text[16];
    (void)snprintf(text, sizeof text, "u%d", j);
    name[j] = host->copy(host, text);
  }
  self->world.annotations = host->table(host, "annotations", 100);
  user = host->column(host, self->world.annotations, "user", HEED_INT64, 1);
  pair = host->column(host, self->world.annotations, "pair", HEED_INT64, 1);
  (void)host->column(host, self->world.annotations, "choice", HEED_INT8, 1);
  (void)host->column(host, self->world.annotations, "left", HEED_INT8, 1);
  for (int i = 0; i < 100; i++) {
    user[i] = i / 10;
    pair[i] = i;
  }
}

static void replicate_0_is_the_log_as_it_is(void **state) {
  scene *self = *state;
  stages_crowd made;
  make_log(self);
  assert_int_equal(make(self, "{\"bootstrap\": \"users\"}", &made), HEED_OK);
  assert_ptr_equal(made.seen.users, self->world.users);
  assert_ptr_equal(made.seen.annotations, self->world.annotations);
}

/* The number of the log's user behind each row of a resample. */
static int64_t number_of(const stages_crowd *made, size_t user) {
  const char **name = heed_table_data(made->seen.users, "name", HEED_STRING);
  return name[user][1] - '0';
}

/* Half of 10 users, each with all 10 annotations. */
static void a_resample_is_half_of_the_users_none_twice(void **state) {
  scene *self = *state;
  stages_crowd made;
  make_log(self);
  self->bench.host.replicate = 1;
  assert_int_equal(make(self, "{\"bootstrap\": \"users\"}", &made), HEED_OK);
  assert_int_equal(made.seen.users->rows, 5);
  assert_int_equal(made.seen.annotations->rows, 50);
  assert_null(heed_table_column(made.seen.annotations, "turn"));
  for (size_t j = 0; j < 5; j++) {
    if (j > 0) assert_true(number_of(&made, j - 1) < number_of(&made, j));
    assert_int_equal(made.seen.first[j + 1] - made.seen.first[j], 10);
    for (size_t i = made.seen.first[j]; i < made.seen.first[j + 1]; i++) {
      assert_int_equal(integers(made.seen.annotations, "user")[i], j);
      assert_int_equal(integers(made.seen.annotations, "pair")[i] / 10,
                       number_of(&made, j));
    }
  }
}

/* The mean over a half varies as the mean over all 9 users does: by the
 * variance of the numbers 0 to 8, 60 / 8, over 9.  600 replicates estimate a
 * variance with a relative error of .06. */
static void halves_of_an_odd_number_spread_as_the_log_does(void **state) {
  scene *self = *state;
  double squares = 0;
  stages_crowd made;
  make_log(self);
  self->world.users->rows = 9;
  self->world.annotations->rows = 90;
  for (size_t replicate = 1; replicate <= 600; replicate++) {
    double mean = 0;
    self->bench.host.replicate = replicate;
    assert_int_equal(make(self, "{\"bootstrap\": \"users\"}", &made), HEED_OK);
    const size_t users = made.seen.users->rows;
    assert_true(users == 4 || users == 5);
    for (size_t j = 0; j < users; j++)
      mean += (double)number_of(&made, j) / (double)users;
    squares += (mean - 4) * (mean - 4) / 600;
  }
  assert_true(fabs(squares / (60.0 / 8 / 9) - 1) < 0.2);
}

static void settings_of_simulated_users_do_not_fit_a_log(void **state) {
  scene *self = *state;
  stages_crowd made;
  make_log(self);
  assert_int_equal(make(self, "{\"count\": 5}", &made), HEED_UNSUPPORTED);
  assert_non_null(strstr(self->bench.error.message, "this source is a log"));
}

/* A pair is in the half or not, whoever annotated it; rows keep their turn. */
static void a_resample_of_pairs_is_half_of_the_pairs_none_twice(void **state) {
  scene *self = *state;
  stages_crowd made;
  make_log(self);
  for (size_t i = 0; i < 100; i++) /* all users see the same ten pairs */
    ((int64_t *)heed_table_data(self->world.annotations, "pair",
                                HEED_INT64))[i] = (int64_t)(i % 10);
  self->bench.host.replicate = 1;
  assert_int_equal(make(self, "{\"bootstrap\": \"users_and_pairs\"}", &made),
                   HEED_OK);
  const int64_t *pair = integers(made.seen.annotations, "pair");
  const int64_t *turn = integers(made.seen.annotations, "turn");
  const size_t each = made.seen.first[1];
  assert_int_equal(made.seen.users->rows, 5);
  assert_in_range(each, 1, 9);
  for (size_t j = 0; j < 5; j++) {
    assert_int_equal(made.seen.first[j + 1], (j + 1) * each);
    for (size_t i = 0; i < each; i++) {
      assert_int_equal(pair[j * each + i], pair[i]);
      assert_int_equal(turn[j * each + i], pair[i]);
      if (i > 0) assert_true(pair[i - 1] < pair[i]);
    }
  }
}

/* Two users share no pair: a half of each can have nothing in common. */
static void a_resample_always_has_an_annotation(void **state) {
  scene *self = *state;
  stages_crowd made;
  make_log(self);
  self->world.users->rows = 2;
  self->world.annotations->rows = 20;
  for (size_t replicate = 1; replicate <= 200; replicate++) {
    self->bench.host.replicate = replicate;
    assert_int_equal(make(self, "{\"bootstrap\": \"users_and_pairs\"}", &made),
                     HEED_OK);
    assert_int_equal(made.seen.users->rows, 1);
    assert_true(made.seen.annotations->rows > 0);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(each_pair_goes_to_at_most_one_user),
      TEST(too_few_pairs_are_an_error_that_says_how_many),
      TEST(overlapping_users_see_no_pair_twice),
      TEST(users_stay_themselves_under_another_distribution),
      TEST(choices_follow_the_user_model),
      TEST(what_is_held_out_is_not_seen),
      TEST(turns_stay_where_some_are_held_out),
      TEST(only_those_who_may_are_shown_the_truth),
      TEST(a_heavy_tail_keeps_its_mean),
      TEST(nobody_is_held_out_whole),
      TEST(more_users_do_not_change_those_before_them),
      TEST(a_pareto_law_keeps_its_mean),
      TEST(a_law_without_a_mean_is_refused),
      TEST(the_bootstrap_is_for_logs),
      TEST(replicate_0_is_the_log_as_it_is),
      TEST(a_resample_is_half_of_the_users_none_twice),
      TEST(halves_of_an_odd_number_spread_as_the_log_does),
      TEST(settings_of_simulated_users_do_not_fit_a_log),
      TEST(a_resample_of_pairs_is_half_of_the_pairs_none_twice),
      TEST(a_resample_always_has_an_annotation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
