/* SPDX-License-Identifier: GPL-3.0-or-later
 * What annotations show without a fit: Krippendorff's alpha against a published
 * value and against pairs of values one by one; sides and ties by hand;
 * attention by the time of day by hand and in simulations; raw strengths
 * against the equations of a maximum. */
#include "../support/workbench.h"
#include "evaluation/evaluation.h"
#include "view/summary.h"

enum { MOST = 4000, PAIRS = 300, MODELS = 5 };

typedef struct bench {
  host_arena *memory;
  heed_world world;
  heed_table pairs, users, models, annotations;
  heed_column columns[5], pair_columns[2];
  heed_crowd crowd;
  int64_t pair[MOST];
  int8_t choice[MOST], left[MOST];
  double time[MOST];
  int32_t a[PAIRS], b[PAIRS];
  double values[METRIC_COUNT];
  host_service host;
  heed_evaluation what;
  heed_error error;
} bench;

static int set_up(void **state) {
  bench *self = calloc(1, sizeof *self);
  self->memory = arena_create();
  service_open(&self->host);
  self->host.output = self->host.scratch = self->memory;
  self->host.stage = "evaluation";
  self->columns[0] = (heed_column){"pair", HEED_INT64, 1, self->pair};
  self->columns[1] = (heed_column){"choice", HEED_INT8, 1, self->choice};
  self->columns[2] = (heed_column){"left", HEED_INT8, 1, self->left};
  self->columns[3] = (heed_column){"time", HEED_FLOAT64, 1, self->time};
  self->annotations.columns = self->columns;
  self->annotations.column_count = 3;
  self->pair_columns[0] = (heed_column){"model_a", HEED_INT32, 1, self->a};
  self->pair_columns[1] = (heed_column){"model_b", HEED_INT32, 1, self->b};
  self->pairs = (heed_table){
      .rows = PAIRS, .columns = self->pair_columns, .column_count = 2};
  self->models.rows = MODELS;
  self->world.pairs = &self->pairs;
  self->world.models = &self->models;
  self->crowd.world = &self->world;
  self->crowd.users = &self->users;
  self->crowd.annotations = &self->annotations;
  self->what = (heed_evaluation){
      .world = &self->world, .crowd = &self->crowd, .host = &self->host};
  for (size_t i = 0; i < METRIC_COUNT; i++) {
    self->values[i] = NAN;
    self->what.target[i] = &self->values[i];
  }
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  bench *self = *state;
  arena_free(self->memory);
  free(self);
  return 0;
}

static void add(bench *self, int64_t pair, int choice, int left) {
  const size_t row = self->annotations.rows++;
  self->pair[row] = pair;
  self->choice[row] = (int8_t)choice;
  self->left[row] = (int8_t)left;
}

static void measure(bench *self) {
  assert_int_equal(evaluate_agreement(&self->what, &self->error), HEED_OK);
}

/* Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section A:
 * two observers, ten units, alpha = .095. */
static void alpha_is_that_of_krippendorffs_example(void **state) {
  static const int meg[] = {0, 1, 0, 0, 0, 0, 0, 0, 1, 0};
  static const int owen[] = {1, 1, 1, 0, 0, 1, 0, 0, 0, 0};
  bench *self = *state;
  for (int i = 0; i < 10; i++) {
    add(self, i, meg[i], HEED_LEFT_UNKNOWN);
    add(self, i, owen[i], HEED_LEFT_UNKNOWN);
  }
  add(self, 10, 1, HEED_LEFT_UNKNOWN); /* a unit with one value is no matter */
  measure(self);
  assert_near(self->values[METRIC_LABEL_ALPHA], 0.095, 0.0005);
  assert_true(isnan(self->values[METRIC_LEFT_SHARE]));
}

/* The definition, 1 - D_o / D_e, over all ordered pairs of values. */
static double alpha_one_by_one(const bench *self) {
  const size_t rows = self->annotations.rows;
  double values[PAIRS] = {0}, observed = 0, expected = 0, all = 0;
  for (size_t i = 0; i < rows; i++) values[self->pair[i]]++;
  for (size_t i = 0; i < rows; i++) all += values[self->pair[i]] > 1;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < rows; j++) {
      if (i == j || values[self->pair[i]] < 2 || values[self->pair[j]] < 2)
        continue;
      const double differ = self->choice[i] != self->choice[j];
      expected += differ / (all * (all - 1));
      if (self->pair[i] == self->pair[j])
        observed += differ / (values[self->pair[i]] - 1) / all;
    }
  return 1 - observed / expected;
}

static void alpha_agrees_with_its_definition(void **state) {
  bench *self = *state;
  heed_stream stream = stream_open(1, 0, "test", "alpha", 0);
  for (int i = 0; i < 700; i++)
    add(self, (int64_t)heed_uniform_integer(&stream, PAIRS),
        (int)heed_uniform_integer(&stream, 3), HEED_LEFT_UNKNOWN);
  for (int i = 0; i < 700; i += 2)
    self->choice[i] = (int8_t)(self->pair[i] % 3);
  measure(self);
  assert_near(self->values[METRIC_LABEL_ALPHA], alpha_one_by_one(self), 1e-12);
}

static void alpha_needs_shared_pairs_and_two_choices(void **state) {
  bench *self = *state;
  for (int i = 0; i < 10; i++) add(self, i, i % 2, HEED_LEFT_UNKNOWN);
  measure(self);
  assert_true(isnan(self->values[METRIC_LABEL_ALPHA]));
  for (int i = 0; i < 10; i++) add(self, 11, 1, HEED_LEFT_UNKNOWN);
  measure(self);
  assert_true(isnan(self->values[METRIC_LABEL_ALPHA]));
}

static void shares_of_sides_and_ties_are_counted(void **state) {
  bench *self = *state;
  add(self, 0, HEED_CHOSE_A, HEED_CHOSE_A);
  add(self, 1, HEED_CHOSE_B, HEED_CHOSE_A);
  add(self, 2, HEED_CHOSE_B, HEED_CHOSE_B);
  add(self, 3, HEED_CHOSE_TIE, HEED_CHOSE_B);
  add(self, 4, HEED_CHOSE_A, HEED_LEFT_UNKNOWN);
  measure(self);
  assert_near(self->values[METRIC_LEFT_SHARE], 2.0 / 3, 1e-15);
  assert_near(self->values[METRIC_TIE_SHARE], 0.2, 1e-15);
}

/* Five untied annotations: the first two agree with the fit once, the last two
 * not at all; the tie and the annotation in the middle do not count.  A user
 * with one annotation does not count. */
static void drift_is_late_agreement_less_early_agreement(void **state) {
  static double p[] = {0.9, 0.9, 0.1, 0.9, 0.9, 0.2, 0.9};
  static size_t first[] = {0, 6, 7};
  bench *self = *state;
  heed_posterior posterior = {.p = p};
  add(self, 0, HEED_CHOSE_A, HEED_LEFT_UNKNOWN);
  add(self, 1, HEED_CHOSE_B, HEED_LEFT_UNKNOWN);
  add(self, 2, HEED_CHOSE_B, HEED_LEFT_UNKNOWN);
  add(self, 3, HEED_CHOSE_TIE, HEED_LEFT_UNKNOWN);
  add(self, 4, HEED_CHOSE_B, HEED_LEFT_UNKNOWN);
  add(self, 5, HEED_CHOSE_A, HEED_LEFT_UNKNOWN);
  add(self, 6, HEED_CHOSE_A, HEED_LEFT_UNKNOWN);
  self->users.rows = 2;
  self->crowd.first = first;
  measure(self);
  assert_true(isnan(self->values[METRIC_ORDER_DRIFT]));
  self->what.posterior = &posterior;
  measure(self);
  assert_near(self->values[METRIC_ORDER_DRIFT], -0.5, 1e-15);
  self->values[METRIC_ORDER_DRIFT] = NAN;
  self->world.order_unknown = true;
  measure(self);
  assert_true(isnan(self->values[METRIC_ORDER_DRIFT]));
}

/* ---- time of day ---- */

enum { PARTS = 4, HOUR = 3600, DAY = 24 * HOUR };
static const double midnight = 1704067200; /* 2024-01-01 00:00 UTC */

/* From 0 to 6 h: (0.8 + 0.6 - 0.4) / (0.64 + 0.36 + 0.16); from 18 to 24 h:
 * -0.8 / 0.64.  A tie and p = 1/2 say nothing. */
static void attention_by_hours_is_a_slope(void **state) {
  static double p[] = {0.9, 0.2, 0.3, 0.9, 0.5, 0.9};
  static const int choice[] = {HEED_CHOSE_A, HEED_CHOSE_B, HEED_CHOSE_A,
                               HEED_CHOSE_B, HEED_CHOSE_A, HEED_CHOSE_TIE};
  static const double hour[] = {0, 5.9, 30, 18, 7, 1};
  bench *self = *state;
  heed_posterior posterior = {.p = p};
  for (int i = 0; i < 6; i++) {
    self->time[i] = midnight + hour[i] * HOUR;
    add(self, i, choice[i], HEED_LEFT_UNKNOWN);
  }
  /* The third is of the next day, at 6 h. */
  self->time[2] -= 1;
  self->world.order_unknown = true;
  self->what.posterior = &posterior;
  measure(self);
  assert_true(isnan(self->values[METRIC_ATTENTION_0])); /* no column of times */
  self->annotations.column_count = 4;
  measure(self);
  assert_near(self->values[METRIC_ATTENTION_0], 1.0 / 1.16, 1e-12);
  assert_true(isnan(self->values[METRIC_ATTENTION_1]));
  assert_true(isnan(self->values[METRIC_ATTENTION_2]));
  assert_near(self->values[METRIC_ATTENTION_3], -1.25, 1e-12);
}

static void times_that_are_no_dates_have_no_hours(void **state) {
  static double p[] = {0.9, 0.9};
  static const double wrong[] = {1, 1704067200e3, NAN, -1};
  bench *self = *state;
  heed_posterior posterior = {.p = p};
  self->annotations.column_count = 4;
  self->world.order_unknown = true;
  self->what.posterior = &posterior;
  add(self, 0, HEED_CHOSE_A, HEED_LEFT_UNKNOWN);
  add(self, 1, HEED_CHOSE_A, HEED_LEFT_UNKNOWN);
  self->time[0] = midnight;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    self->time[1] = wrong[i];
    measure(self);
    assert_true(isnan(self->values[METRIC_ATTENTION_0]));
  }
  self->time[1] = midnight + 5 * HOUR; /* one part of the day */
  measure(self);
  assert_true(isnan(self->values[METRIC_ATTENTION_0]));
  self->time[1] = midnight + 7 * HOUR;
  measure(self);
  assert_near(self->values[METRIC_ATTENTION_0], 1.25, 1e-12);
}

/* Users who differ in attention and in the time at which they are awake. */
typedef struct day_log {
  size_t rows;
  int8_t choice[MOST];
  double time[MOST], p[MOST];
} day_log;

enum { DAY_USERS = 60, DAY_ROWS = 20 };

/* eta is even on 0 to 1; from 18 h on, users attend half as much. */
static void draw_day(day_log *log, heed_stream *stream) {
  log->rows = 0;
  for (int j = 0; j < DAY_USERS; j++) {
    const double eta = heed_uniform(stream), wakes = heed_uniform(stream) * DAY;
    for (int i = 0; i < DAY_ROWS; i++) {
      const size_t at = log->rows++;
      log->time[at] = midnight + wakes + heed_uniform(stream) * 12 * HOUR;
      log->p[at] = 0.05 + 0.9 * heed_uniform(stream);
      const bool late = fmod(log->time[at], DAY) >= 18 * HOUR;
      const double own = late ? eta / 2 : eta;
      log->choice[at] = heed_uniform(stream) < 0.5 + own * (log->p[at] - 0.5);
    }
  }
}

/* The parts of the log's users in `half`; of all with NULL. */
static void measure_day(bench *self, const day_log *log, const bool *half,
                        double parts[PARTS]) {
  double p[MOST];
  heed_posterior posterior = {.p = p};
  self->annotations.rows = 0;
  for (size_t i = 0; i < log->rows; i++) {
    if (half != NULL && !half[i / DAY_ROWS]) continue;
    p[self->annotations.rows] = log->p[i];
    self->time[self->annotations.rows] = log->time[i];
    add(self, 0, log->choice[i], HEED_LEFT_UNKNOWN);
  }
  self->what.posterior = &posterior;
  measure(self);
  self->what.posterior = NULL;
  for (int part = 0; part < PARTS; part++)
    parts[part] = self->values[METRIC_ATTENTION_0 + part];
}

static void draw_half(bool half[DAY_USERS], heed_stream *stream) {
  size_t left = DAY_USERS / 2;
  for (size_t j = 0; j < DAY_USERS; j++) {
    half[j] = heed_uniform_integer(stream, DAY_USERS - j) < left;
    left -= half[j];
  }
}

/* Intervals of 199 halves, as in a bootstrap of a log: their quantiles hold 94
 * % (600 logs: 93.4 %).  The four of a log depend on each other, so the
 * standard error of 150 logs is about 1.3 %. */
static void intervals_of_hours_hold_the_truth(void **state) {
  enum { LOGS = 150, HALVES = 199 };
  bench *self = *state;
  day_log *log = calloc(1, sizeof *log);
  double values[PARTS][1 + HALVES], parts[PARTS], held = 0;
  self->annotations.column_count = 4;
  self->world.order_unknown = true;
  for (uint64_t run = 0; run < LOGS; run++) {
    heed_stream stream = stream_open(7, run, "test", "hours", 0);
    bool half[DAY_USERS];
    draw_day(log, &stream);
    for (int r = 0; r <= HALVES; r++) {
      if (r > 0) draw_half(half, &stream);
      measure_day(self, log, r == 0 ? NULL : half, parts);
      for (int part = 0; part < PARTS; part++) values[part][r] = parts[part];
    }
    for (int part = 0; part < PARTS; part++) {
      const view_estimate found =
          summarise_replicates(values[part], 1 + HALVES, true);
      const double truth = part == 3 ? 0.25 : 0.5;
      held += found.low <= truth && truth <= found.high;
    }
  }
  free(log);
  assert_near(held / (LOGS * PARTS), 0.94, 0.035);
}

/* ---- raw strengths ---- */

static void fit(bench *self, double ridge, double *strength) {
  heed_memory memory = {&self->host.host, false};
  assert_int_equal(evaluation_raw_strengths(&self->crowd, ridge, &memory,
                                            strength, &self->error),
                   HEED_OK);
}

/* 30 wins and 10 losses: the maximum without a ridge is log 3. */
static void raw_strengths_of_two_models_are_their_log_odds(void **state) {
  bench *self = *state;
  double s[MODELS];
  self->models.rows = 2;
  self->b[0] = 1;
  for (int i = 0; i < 40; i++) add(self, 0, i < 30, HEED_LEFT_UNKNOWN);
  add(self, 0, HEED_CHOSE_TIE, HEED_LEFT_UNKNOWN);
  fit(self, 0, s);
  assert_near(s[0] - s[1], log(3), 1e-5);
  assert_near(s[0] + s[1], 0, 1e-9);
}

/* The slope of the objective is 0, summed over annotations one by one. */
static void raw_strengths_are_a_maximum(void **state) {
  static const double truth[MODELS] = {1, 0.5, 0, -0.5, -1};
  const double ridge = 0.5;
  bench *self = *state;
  double s[MODELS], slope[MODELS];
  heed_stream stream = stream_open(1, 0, "test", "raw", 0);
  for (int i = 0; i < PAIRS; i++) {
    self->a[i] = (int32_t)heed_uniform_integer(&stream, MODELS);
    self->b[i] = (int32_t)heed_uniform_integer(&stream, MODELS);
  }
  for (int i = 0; i < MOST; i++) {
    const int64_t pair = (int64_t)heed_uniform_integer(&stream, PAIRS);
    const double p =
        evaluation_sigmoid(truth[self->a[pair]] - truth[self->b[pair]]);
    add(self, pair, i % 9 == 0 ? HEED_CHOSE_TIE : heed_uniform(&stream) < p, 0);
  }
  fit(self, ridge, s);
  for (int m = 0; m < MODELS; m++) slope[m] = -2 * ridge * s[m];
  for (int i = 0; i < MOST; i++) {
    const int32_t a = self->a[self->pair[i]], b = self->b[self->pair[i]];
    if (self->choice[i] == HEED_CHOSE_TIE) continue;
    const double rest = self->choice[i] - evaluation_sigmoid(s[a] - s[b]);
    slope[a] += rest;
    slope[b] -= rest;
  }
  for (int m = 0; m < MODELS; m++) {
    assert_near(slope[m], 0, 1e-7);
    assert_near(s[m], truth[m], 0.25);
  }
}

static void a_model_that_always_wins_has_a_finite_raw_strength(void **state) {
  bench *self = *state;
  double s[MODELS];
  self->models.rows = 2;
  self->b[0] = 1;
  for (int i = 0; i < 1000; i++) add(self, 0, HEED_CHOSE_A, 0);
  fit(self, 0.05, s);
  assert_near(1000 * (1 - evaluation_sigmoid(s[0] - s[1])), 0.1 * s[0], 1e-7);
}

static void a_world_without_models_has_no_raw_strengths(void **state) {
  bench *self = *state;
  double s[MODELS] = {0};
  self->pairs.column_count = 0;
  fit(self, 0.05, s);
  assert_true(isnan(s[0]));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(alpha_is_that_of_krippendorffs_example),
      TEST(alpha_agrees_with_its_definition),
      TEST(alpha_needs_shared_pairs_and_two_choices),
      TEST(shares_of_sides_and_ties_are_counted),
      TEST(drift_is_late_agreement_less_early_agreement),
      TEST(attention_by_hours_is_a_slope),
      TEST(times_that_are_no_dates_have_no_hours),
      TEST(intervals_of_hours_hold_the_truth),
      TEST(raw_strengths_of_two_models_are_their_log_odds),
      TEST(raw_strengths_are_a_maximum),
      TEST(a_model_that_always_wins_has_a_finite_raw_strength),
      TEST(a_world_without_models_has_no_raw_strengths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
