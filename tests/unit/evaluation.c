/* SPDX-License-Identifier: GPL-3.0-or-later
 * Evaluation against brute force and closed forms, on a world of two prompts
 * with three candidates made by hand. */
#include "evaluation/evaluation.h"

#include "../support/workbench.h"

enum { PROMPTS = 2, CANDIDATES = 3 };

static const double reward[PROMPTS][CANDIDATES] = {{1.5, -0.5, 0.2},
                                                   {0.0, 2.0, -1.0}};
static const double reference[PROMPTS][CANDIDATES] = {{0.5, 0.3, 0.2},
                                                      {0.25, 0.25, 0.5}};
static const double policy_of[PROMPTS][CANDIDATES] = {{0.7, 0.1, 0.2},
                                                      {0.2, 0.7, 0.1}};

static heed_status judge(void *self, const heed_host *host,
                         const heed_world *world, size_t count,
                         const heed_response *responses, double *rewards,
                         heed_error *error) {
  (void)self, (void)host, (void)world, (void)error;
  for (size_t i = 0; i < count; i++)
    rewards[i] = reward[responses[i].prompt][responses[i].candidate];
  return HEED_OK;
}

static heed_status refer(void *self, const heed_host *host,
                         const heed_world *world, size_t count,
                         const heed_response *responses,
                         double *log_probability, heed_error *error) {
  (void)self, (void)host, (void)world, (void)error;
  for (size_t i = 0; i < count; i++)
    log_probability[i] =
        log(reference[responses[i].prompt][responses[i].candidate]);
  return HEED_OK;
}

/* state: the table of probabilities */
static heed_status act(void *self, const heed_host *host,
                       const heed_world *world, const heed_policy *policy,
                       size_t count, const heed_response *responses,
                       double *log_probability, heed_error *error) {
  const double(*table)[CANDIDATES] = policy->state;
  (void)self, (void)host, (void)world, (void)error;
  for (size_t i = 0; i < count; i++)
    log_probability[i] =
        log(table[responses[i].prompt][responses[i].candidate]);
  return HEED_OK;
}

static const heed_source_functions source_functions = {
    .size = sizeof source_functions, .judge = judge, .reference = refer};
static const heed_trainer_functions trainer_functions = {
    .size = sizeof trainer_functions, .log_probability = act};
static const heed_estimator_functions estimator_functions = {
    .size = sizeof estimator_functions};
static const heed_plugin source_plugin = {.functions = &source_functions};
static const heed_plugin trainer_plugin = {.functions = &trainer_functions};
static const heed_plugin estimator_plugin = {.functions = &estimator_functions};

typedef struct bench {
  host_arena *memory;
  heed_world world;
  heed_table prompts, pairs, users, annotations;
  heed_column columns[4], pair_columns[5];
  heed_crowd crowd;
  heed_policy policy;
  heed_posterior posterior;
  heed_selection selection;
  heed_instance source, trainer, estimator;
  const evaluation_prompts *known;
  double values[METRIC_COUNT][4];
  double levels[2];
  host_service host;
  heed_evaluation what;
} bench;

static int set_up(void **state) {
  static double table[PROMPTS][CANDIDATES];
  bench *self = calloc(1, sizeof *self);
  heed_error error;
  memcpy(table, policy_of, sizeof table);
  self->memory = arena_create();
  self->source.plugin = &source_plugin;
  self->trainer.plugin = &trainer_plugin;
  self->estimator.plugin = &estimator_plugin;
  self->prompts.rows = PROMPTS;
  self->world.prompts = &self->prompts;
  self->world.pairs = &self->pairs;
  self->world.held_out = PROMPTS;
  self->world.candidates = CANDIDATES;
  self->policy.scale = 0.5;
  self->policy.state = table;
  self->levels[0] = 0.05;
  self->levels[1] = 50; /* beyond what three candidates allow */
  service_open(&self->host);
  self->host.output = self->host.scratch = self->memory;
  self->host.stage = "evaluation";
  assert_int_equal(prompts_know(&self->source, &self->world, &self->host,
                                &self->known, &error),
                   HEED_OK);
  self->what = (heed_evaluation){.settings = {.kl_count = 2,
                                              .kl = self->levels,
                                              .split = 0.5,
                                              .level = 0.5,
                                              .min_annotations = 1},
                                 .source = &self->source,
                                 .trainer = &self->trainer,
                                 .estimator = &self->estimator,
                                 .world = &self->world,
                                 .prompts = self->known,
                                 .crowd = &self->crowd,
                                 .posterior = &self->posterior,
                                 .selection = &self->selection,
                                 .policy = &self->policy,
                                 .host = &self->host};
  for (size_t i = 0; i < METRIC_COUNT; i++) {
    for (size_t j = 0; j < 4; j++) self->values[i][j] = NAN;
    self->what.target[i] = self->values[i];
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

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

static void win_rate_is_the_double_sum_over_candidates(void **state) {
  bench *self = *state;
  heed_error error;
  double win = 0, score = 0, kl = 0;
  for (int i = 0; i < PROMPTS; i++)
    for (int y = 0; y < CANDIDATES; y++) {
      score += (policy_of[i][y] - reference[i][y]) * reward[i][y] / PROMPTS;
      kl += policy_of[i][y] * log(policy_of[i][y] / reference[i][y]) / PROMPTS;
      for (int other = 0; other < CANDIDATES; other++)
        win += policy_of[i][y] * reference[i][other] *
               sigmoid(reward[i][y] - reward[i][other]) / PROMPTS;
    }
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_WIN_RATE][0], win, 1e-14);
  assert_near(self->values[METRIC_REWARD_SCORE][0], score, 1e-14);
  assert_near(self->values[METRIC_KL][0], kl, 1e-14);
}

static void the_reference_wins_half_at_no_divergence(void **state) {
  bench *self = *state;
  heed_error error;
  memcpy(self->policy.state, reference, sizeof reference);
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_WIN_RATE][0], 0.5, 1e-14);
  assert_near(self->values[METRIC_KL][0], 0, 1e-14);
  assert_true(isnan(self->values[METRIC_COSINE][0]));
  assert_true(isnan(self->values[METRIC_WIN_RATE_AT_KL][0]));
}

/* pi_ref exp(r / scale) / Z has no regret, and its implied reward is the true
 * one up to a constant a prompt. */
static void the_optimum_has_no_regret_and_is_calibrated(void **state) {
  bench *self = *state;
  double(*table)[CANDIDATES] = self->policy.state;
  heed_error error;
  for (int i = 0; i < PROMPTS; i++) {
    double sum = 0;
    for (int y = 0; y < CANDIDATES; y++) {
      table[i][y] = reference[i][y] * exp(reward[i][y] / self->policy.scale);
      sum += table[i][y];
    }
    for (int y = 0; y < CANDIDATES; y++) table[i][y] /= sum;
  }
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_REGRET][0], 0, 1e-13);
  assert_near(self->values[METRIC_COSINE][0], 1, 1e-12);
  assert_near(self->values[METRIC_CALIBRATION_SLOPE][0], 1, 1e-12);
}

/* Along pi_ref exp(c tilt), KL grows with c: a fine scan finds the same win
 * rate as the root finder. */
static void win_rate_at_matched_kl_agrees_with_a_scan(void **state) {
  bench *self = *state;
  heed_error error;
  double best = NAN, nearest = HUGE_VAL;
  for (double c = 0; c < 2; c += 1e-5) {
    double kl = 0, win = 0;
    for (int i = 0; i < PROMPTS; i++) {
      double pi[CANDIDATES], sum = 0;
      for (int y = 0; y < CANDIDATES; y++) {
        pi[y] = reference[i][y] * pow(policy_of[i][y] / reference[i][y], c);
        sum += pi[y];
      }
      for (int y = 0; y < CANDIDATES; y++) {
        pi[y] /= sum;
        kl += pi[y] * log(pi[y] / reference[i][y]) / PROMPTS;
        for (int other = 0; other < CANDIDATES; other++)
          win += pi[y] * reference[i][other] *
                 sigmoid(reward[i][y] - reward[i][other]) / PROMPTS;
      }
    }
    if (fabs(kl - self->levels[0]) < nearest) {
      nearest = fabs(kl - self->levels[0]);
      best = win;
    }
  }
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_WIN_RATE_AT_KL][0], best, 1e-5);
  assert_true(isnan(self->values[METRIC_WIN_RATE_AT_KL][1]));
}

static void a_policy_that_does_not_sum_to_one_is_refused(void **state) {
  bench *self = *state;
  double(*table)[CANDIDATES] = self->policy.state;
  heed_error error;
  table[1][0] += 0.2;
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_NUMERIC);
  assert_non_null(strstr(error.message, "prompt 1 sum to 1.2"));
}

/* KL(pi || pi*) with pi* = pi_ref exp(r / scale) / Z, written out. */
static void regret_is_the_divergence_from_the_optimum(void **state) {
  bench *self = *state;
  heed_error error;
  double regret = 0;
  for (int i = 0; i < PROMPTS; i++) {
    double best[CANDIDATES], sum = 0;
    for (int y = 0; y < CANDIDATES; y++) {
      best[y] = reference[i][y] * exp(reward[i][y] / 0.5);
      sum += best[y];
    }
    for (int y = 0; y < CANDIDATES; y++)
      regret +=
          policy_of[i][y] * log(policy_of[i][y] / (best[y] / sum)) / PROMPTS;
  }
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_REGRET][0], regret, 1e-13);
}

/* Implied reward a = scale log(pi / pi_ref), true reward b, both less their
 * means under the reference: cosine E[ab] / sqrt(E[aa] E[bb]), slope
 * E[ab] / E[bb]. */
static void alignment_is_that_of_centred_rewards(void **state) {
  bench *self = *state;
  heed_error error;
  double cross = 0, implied = 0, truth = 0;
  for (int i = 0; i < PROMPTS; i++)
    for (int y = 0; y < CANDIDATES; y++) {
      double a = 0.5 * log(policy_of[i][y] / reference[i][y]);
      double b = reward[i][y];
      for (int z = 0; z < CANDIDATES; z++) {
        a -= reference[i][z] * 0.5 * log(policy_of[i][z] / reference[i][z]);
        b -= reference[i][z] * reward[i][z];
      }
      cross += reference[i][y] * a * b;
      implied += reference[i][y] * a * a;
      truth += reference[i][y] * b * b;
    }
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_COSINE][0], cross / sqrt(implied * truth),
              1e-13);
  assert_near(self->values[METRIC_CALIBRATION_SLOPE][0], cross / truth, 1e-13);
}

static double divergence(const double *values, const double *source) {
  double kl = 0;
  for (int y = 0; y < CANDIDATES; y++)
    if (values[y] > 0) kl += values[y] * log(values[y] / source[y]);
  return kl;
}

/* On the ray of a policy, any of its points is known in closed form: squaring
 * the ratio to the reference, twice the tilt, has the KL at which it is found.
 */
static void a_policy_twice_as_sharp_is_found_at_its_kl(void **state) {
  bench *self = *state;
  heed_error error;
  double kl = 0, win = 0;
  for (int i = 0; i < PROMPTS; i++) {
    double sharp[CANDIDATES], sum = 0;
    for (int y = 0; y < CANDIDATES; y++) {
      sharp[y] = policy_of[i][y] * policy_of[i][y] / reference[i][y];
      sum += sharp[y];
    }
    for (int y = 0; y < CANDIDATES; y++) sharp[y] /= sum;
    kl += divergence(sharp, reference[i]) / PROMPTS;
    for (int y = 0; y < CANDIDATES; y++)
      for (int other = 0; other < CANDIDATES; other++)
        win += sharp[y] * reference[i][other] *
               sigmoid(reward[i][y] - reward[i][other]) / PROMPTS;
  }
  self->levels[0] = kl;
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_WIN_RATE_AT_KL][0], win, 1e-12);
}

/* log pi of one candidate is 0, of the others -900 and less, which exp() makes
 * 0: the variance of the tilt is 0 at c = 1. */
static const double sure[PROMPTS][CANDIDATES] = {{0, -900, -1100},
                                                 {-1000, 0, -950}};

static heed_status act_surely(void *self, const heed_host *host,
                              const heed_world *world,
                              const heed_policy *policy, size_t count,
                              const heed_response *responses,
                              double *log_probability, heed_error *error) {
  (void)self, (void)host, (void)world, (void)policy, (void)error;
  for (size_t i = 0; i < count; i++)
    log_probability[i] = sure[responses[i].prompt][responses[i].candidate];
  return HEED_OK;
}

static void a_policy_that_is_sure_has_a_frontier(void **state) {
  static const heed_trainer_functions functions = {
      .size = sizeof functions, .log_probability = act_surely};
  static const heed_plugin plugin = {.functions = &functions};
  bench *self = *state;
  heed_error error;
  double best = NAN, nearest = HUGE_VAL;
  self->trainer.plugin = &plugin;
  self->levels[0] = 0.3;
  for (double c = 0; c < 0.01; c += 1e-7) {
    double kl = 0, win = 0;
    for (int i = 0; i < PROMPTS; i++) {
      double pi[CANDIDATES], sum = 0;
      for (int y = 0; y < CANDIDATES; y++)
        sum += pi[y] =
            reference[i][y] * exp(c * (sure[i][y] - log(reference[i][y])));
      for (int y = 0; y < CANDIDATES; y++) {
        pi[y] /= sum;
        kl += pi[y] * log(pi[y] / reference[i][y]) / PROMPTS;
        for (int other = 0; other < CANDIDATES; other++)
          win += pi[y] * reference[i][other] *
                 sigmoid(reward[i][y] - reward[i][other]) / PROMPTS;
      }
    }
    if (fabs(kl - 0.3) < nearest) {
      nearest = fabs(kl - 0.3);
      best = win;
    }
  }
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_WIN_RATE_AT_KL][0], best, 1e-4);
}

/* KL and win rate of pi_ref exp(c log(pi / pi_ref)), written out. */
static double on_the_ray(double table[PROMPTS][CANDIDATES], double c,
                         double *win) {
  double kl = 0;
  *win = 0;
  for (int i = 0; i < PROMPTS; i++) {
    double pi[CANDIDATES], sum = 0, most = 0;
    for (int y = 0; y < CANDIDATES; y++)
      most = fmax(most, table[i][y] / reference[i][y]);
    for (int y = 0; y < CANDIDATES; y++)
      sum += pi[y] =
          reference[i][y] * pow(table[i][y] / reference[i][y] / most, c);
    for (int y = 0; y < CANDIDATES; y++) pi[y] /= sum;
    kl += divergence(pi, reference[i]) / PROMPTS;
    for (int y = 0; y < CANDIDATES; y++)
      for (int other = 0; other < CANDIDATES; other++)
        *win += pi[y] * reference[i][other] *
                sigmoid(reward[i][y] - reward[i][other]) / PROMPTS;
  }
  return kl;
}

/* One prompt is decided at c = 10, the other at c = 10,000: the KL rests
 * between, and every level above that rest has a c. */
static void a_kl_that_rests_on_the_way_is_passed(void **state) {
  static const double tilt[PROMPTS][CANDIDATES] = {{3, 0, -3},
                                                   {1e-3, 0, -1e-3}};
  bench *self = *state;
  double(*table)[CANDIDATES] = self->policy.state;
  heed_error error;
  for (int i = 0; i < PROMPTS; i++) {
    double sum = 0;
    for (int y = 0; y < CANDIDATES; y++)
      sum += table[i][y] = reference[i][y] * exp(tilt[i][y]);
    for (int y = 0; y < CANDIDATES; y++) table[i][y] /= sum;
  }
  for (double level = 0.05; level < 1; level += 0.05) {
    double low = 0, high = 1e6, win;
    self->levels[0] = level;
    for (int step = 0; step < 200; step++) {
      const double middle = low + (high - low) / 2;
      if (on_the_ray(table, middle, &win) < level)
        low = middle;
      else
        high = middle;
    }
    assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
    assert_near(self->values[METRIC_WIN_RATE_AT_KL][0], win, 1e-9);
  }
}

/* Flattened as far as it goes, such a policy is still log(1 / .8) or so away
 * from the reference. */
static void a_candidate_that_is_never_made_leaves_kl_finite(void **state) {
  bench *self = *state;
  double(*table)[CANDIDATES] = self->policy.state;
  heed_error error;
  for (int i = 0; i < PROMPTS; i++) {
    table[i][0] = 0.5;
    table[i][1] = 0.5;
    table[i][2] = 0;
  }
  self->levels[0] = 0.01;
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_KL][0],
              (divergence(table[0], reference[0]) +
               divergence(table[1], reference[1])) /
                  PROMPTS,
              1e-14);
  assert_true(self->values[METRIC_WIN_RATE][0] > 0);
  assert_true(isnan(self->values[METRIC_WIN_RATE_AT_KL][0]));
}

/* ---- posteriors and labels ---- */

enum { USERS = 4, ANNOTATIONS = 8, PAIRS = 4 };

static const int64_t user_of[] = {0, 0, 1, 1, 2, 2, 3, 3};
static const int64_t pair_of[] = {0, 1, 2, 3, 0, 2, 1, 3};
static const int8_t choice_of[] = {1, 0, 1, 2, 0, 1, 0, 1};
static const size_t first_of[] = {0, 2, 4, 6, 8};
static const double p_of[] = {0.9, 0.2, 0.6, 0.5};
static const int8_t verdict_of[] = {1, 0, 0, 1};
static const double eta_of[] = {0.9, 0.1, 0.4, 0.8};
static const double mean_of[] = {0.8, 0.3, 0.6, 0.7};

static double *user_means(bench *self) {
  heed_memory memory = {&self->host.host, false};
  return evaluation_user_means(&self->crowd, &self->posterior, &memory);
}

static void fill_crowd(bench *self) {
  static double weight[ANNOTATIONS];
  for (int i = 0; i < ANNOTATIONS; i++) weight[i] = i % 3;
  self->columns[0] =
      (heed_column){"user", HEED_INT64, 1, (void *)(uintptr_t)user_of};
  self->columns[1] =
      (heed_column){"pair", HEED_INT64, 1, (void *)(uintptr_t)pair_of};
  self->columns[2] =
      (heed_column){"choice", HEED_INT8, 1, (void *)(uintptr_t)choice_of};
  self->annotations = (heed_table){.name = "annotations",
                                   .rows = ANNOTATIONS,
                                   .column_count = 3,
                                   .columns = self->columns};
  self->pair_columns[0] =
      (heed_column){"p", HEED_FLOAT64, 1, (void *)(uintptr_t)p_of};
  self->pair_columns[1] =
      (heed_column){"verdict", HEED_INT8, 1, (void *)(uintptr_t)verdict_of};
  self->pairs = (heed_table){.name = "pairs",
                             .rows = PAIRS,
                             .column_count = 2,
                             .columns = self->pair_columns};
  self->users.rows = USERS;
  self->world.judge_count = 1;
  self->crowd = (heed_crowd){.world = &self->world,
                             .users = &self->users,
                             .annotations = &self->annotations,
                             .first = first_of};
  self->posterior.units = USERS;
  self->posterior.mean = (double *)(uintptr_t)mean_of;
  self->selection = (heed_selection){.count = ANNOTATIONS, .weight = weight};
  self->what.eta = eta_of;
  self->what.policy = NULL;
}

static void score_labels(bench *self) {
  heed_error error;
  assert_int_equal(evaluation_share(&self->what, &self->what.shared, &error),
                   HEED_OK);
  evaluate_shared(&self->what);
  assert_int_equal(evaluate_labels(&self->what, &error), HEED_OK);
}

static void eta_hat_is_scored_as_by_hand(void **state) {
  bench *self = *state;
  heed_error error;
  fill_crowd(self);
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  /* errors -.1, .2, .2, -.1 */
  assert_near(self->values[METRIC_ETA_RMSE][0], sqrt(0.1 / 4), 1e-15);
  assert_near(self->values[METRIC_ETA_BIAS][0], 0.05, 1e-15);
  /* user 2 alone stands on the wrong side of 1/2 */
  assert_near(self->values[METRIC_SPLIT_ACCURACY][0], 0.75, 1e-15);
  /* ranks of eta: 4 1 2 3, of eta-hat: 4 1 2 3 */
  assert_near(self->values[METRIC_ETA_SPEARMAN][0], 1, 1e-12);
}

static void intervals_cover_users_and_have_a_width(void **state) {
  bench *self = *state;
  static double levels[] = {0.25, 0.75};
  static double quantiles[] = {0.7, 0.95, 0.2, 0.4, 0.3, 0.9, 0.6, 0.75};
  heed_error error;
  fill_crowd(self);
  self->posterior.level_count = 2;
  self->posterior.levels = levels;
  self->posterior.quantiles = quantiles;
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_COVERAGE][0], 0.5, 1e-15);
  /* .25, .2, .6 and .15 wide; of a log, too */
  assert_near(self->values[METRIC_INTERVAL_WIDTH][0], 0.3, 1e-15);
  self->what.eta = NULL;
  self->values[METRIC_INTERVAL_WIDTH][0] = NAN;
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_INTERVAL_WIDTH][0], 0.3, 1e-15);
}

/* On a grid at random within a cell, among atoms strictly. */
static void a_rank_is_the_mass_below_the_truth(void **state) {
  bench *self = *state;
  static double nodes[] = {0, 0.25, 0.5, 0.75, 1};
  static double mass[] = {0.1, 0.2, 0.3, 0.25, 0.15};
  static size_t rows[4];
  heed_error error;
  fill_crowd(self);
  const double eta = self->what.eta[0];
  double below = 0, point = 0;
  self->posterior.node_count = 5;
  self->posterior.nodes = nodes;
  self->posterior.mass = mass;
  self->posterior.row = rows;
  for (size_t k = 0; k < 5; k++) {
    if (nodes[k] + 0.125 < eta) below += mass[k];
    if (fabs(nodes[k] - eta) < 0.125) point = mass[k];
  }
  assert_true(point > 0);
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  assert_true(self->values[METRIC_ETA_RANK][0] >= below);
  assert_true(self->values[METRIC_ETA_RANK][0] <= below + point);
  self->posterior.node_count = 0;
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  assert_true(isnan(self->values[METRIC_ETA_RANK][0]));
}

static void labels_are_scored_by_weight_and_without_ties(void **state) {
  bench *self = *state;
  fill_crowd(self);
  score_labels(self);
  /* weights 0 1 2 0 1 2 0 1: kept 5 of 8, all four users */
  assert_near(self->values[METRIC_LABELS_KEPT][0], 5.0 / 8, 1e-15);
  assert_near(self->values[METRIC_USERS_KEPT][0], 1, 1e-15);
  /* the better response is A, B, A, none: pair 1 right (1), pair 2 right (2),
   * pair 0 wrong (1), pair 2 right (2); pair 3 has no better one */
  assert_near(self->values[METRIC_LABEL_ACCURACY][0], 5.0 / 6, 1e-15);
  /* the judge says A, B, B, A: right 1, wrong 2, wrong 1, wrong 2, right 1 */
  assert_near(self->values[METRIC_LABEL_AGREEMENT][0], 2.0 / 7, 1e-15);
  assert_near(self->values[METRIC_USERS_JUDGED][0], 4, 0);
}

static void consensus_is_that_of_the_others(void **state) {
  bench *self = *state;
  fill_crowd(self);
  score_labels(self);
  /* pair 0 is disputed (weights 0, 1), pairs 1 (1, 0) and 2 (2, 2) are not,
   * of pair 3 there is one label and a tie */
  assert_near(self->values[METRIC_LABEL_CONSENSUS][0], 5.0 / 6, 1e-15);
}

/* User 0 says A twice on pair 0, and user 2 says B: three labels that disagree
 * (weights 0, 1, 1); the two on pair 2 agree (2, 2). */
static void repeated_labels_of_a_user_are_no_consensus(void **state) {
  bench *self = *state;
  static int64_t pair[] = {0, 0, 2, 3, 0, 2, 1, 3};
  static int8_t choice[] = {1, 1, 1, 2, 0, 1, 0, 1};
  fill_crowd(self);
  self->columns[1].data = pair;
  self->columns[2].data = choice;
  score_labels(self);
  assert_near(self->values[METRIC_LABEL_CONSENSUS][0], 4.0 / 6, 1e-15);
}

/* Users 0 to 3 agree with the others in 1/2, 1, 1/2 and 1 of their labels that
 * others share; eta-hat is .8, .3, .6, .7: cross -.1, squares .14 and .25. */
static void eta_hat_is_correlated_with_agreement(void **state) {
  bench *self = *state;
  fill_crowd(self);
  score_labels(self);
  assert_near(self->values[METRIC_USERS_COMPARED][0], 4, 0);
  assert_near(self->values[METRIC_CONSENSUS_CORRELATION][0],
              -0.1 / sqrt(0.14 * 0.25), 1e-12);
}

static void means_of_annotations_become_means_of_users(void **state) {
  bench *self = *state;
  static double of_annotations[] = {0.2, 0.4, 1, 0, 0.5, 0.5, 0.9, 0.7};
  const double expected[] = {0.3, 0.5, 0.5, 0.8};
  double *mean;
  fill_crowd(self);
  self->posterior.unit = HEED_BY_ANNOTATION;
  self->posterior.mean = of_annotations;
  mean = user_means(self);
  for (int j = 0; j < USERS; j++) assert_near(mean[j], expected[j], 1e-15);
}

/* Ranks of eta-hat 2.5 2.5 1 4, of eta 4 1 2 3: cross 1.5, squares 4.5, 5. */
static void users_of_equal_eta_hat_share_a_rank(void **state) {
  bench *self = *state;
  /* The two that tie differ by rounding. */
  static double tied[] = {0.5, 0.50000000000000011, 0.3, 0.9};
  heed_error error;
  fill_crowd(self);
  self->posterior.mean = tied;
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_ETA_SPEARMAN][0], 1.5 / sqrt(4.5 * 5), 1e-14);
}

/* Deviations of eta-hat .2 -.3 0 .1, of eta .35 -.45 -.15 .25. */
static void correlation_is_pearsons(void **state) {
  bench *self = *state;
  heed_error error;
  fill_crowd(self);
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_ETA_CORRELATION][0],
              (0.07 + 0.135 + 0.025) / sqrt(0.14 * 0.41), 1e-14);
}

static void equal_eta_hats_have_no_correlation(void **state) {
  bench *self = *state;
  static double equal[] = {0.5, 0.5, 0.5, 0.5};
  heed_error error;
  fill_crowd(self);
  self->posterior.mean = equal;
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  assert_true(isnan(self->values[METRIC_ETA_CORRELATION][0]));
  assert_true(isnan(self->values[METRIC_ETA_SPEARMAN][0]));
}

/* Rows of mass with quartiles (.4, .9) and (.1, .4): eta .9 and .8 lie in the
 * first, .1 in the second and .4 in either. */
static void intervals_come_from_masses_where_there_are_no_quantiles(
    void **state) {
  bench *self = *state;
  static double nodes[] = {0.1, 0.4, 0.9};
  static double mass[] = {0.2, 0.3, 0.5, 0.3, 0.5, 0.2};
  static size_t row[] = {0, 1, 0, 1};
  heed_error error;
  fill_crowd(self);
  self->posterior.node_count = 3;
  self->posterior.row_count = 2;
  self->posterior.nodes = nodes;
  self->posterior.mass = mass;
  self->posterior.row = row;
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  /* users 0 (.9 in .4 to .9), 1 (.1), 2 (.4); user 3 (.8) is above .4 */
  assert_near(self->values[METRIC_COVERAGE][0], 0.75, 1e-15);
}

static void a_refined_posterior_is_scored_beside_the_estimators(void **state) {
  bench *self = *state;
  heed_posterior refined = {.units = USERS,
                            .mean = (double *)(uintptr_t)eta_of};
  heed_error error;
  fill_crowd(self);
  self->what.policy = &self->policy;
  self->policy.refined = &refined;
  assert_int_equal(evaluate_attentiveness(&self->what, &error), HEED_OK);
  assert_int_equal(evaluate_refined(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_REFINED_ETA_RMSE][0], 0, 0);
  assert_near(self->values[METRIC_REFINED_ETA_CORRELATION][0], 1, 1e-14);
  assert_near(self->values[METRIC_ETA_RMSE][0], sqrt(0.1 / 4), 1e-15);
}

/* Agreement with the judge (A, B, B, A on pairs 0 to 3): user 0 2 of 2, user 1
 * 0 of 1 and a tie, user 2 0 of 2, user 3 2 of 2.  Without user 1: shares 1, 0,
 * 1 have ranks 2.5 1 2.5, eta-hats .8 .6 .7 have 3 1 2: cross 1.5, squares 1.5
 * and 2. */
static void only_users_with_enough_judged_labels_are_ranked(void **state) {
  bench *self = *state;
  fill_crowd(self);
  self->what.settings.min_annotations = 2;
  score_labels(self);
  assert_near(self->values[METRIC_USERS_JUDGED][0], 3, 0);
  assert_near(self->values[METRIC_SPEARMAN_JUDGE][0], 1.5 / sqrt(1.5 * 2),
              1e-14);
}

static heed_status foretell(void *self, const heed_host *host,
                            const heed_posterior *posterior,
                            const heed_crowd *held_out, double *probability,
                            heed_error *error) {
  (void)self, (void)host, (void)posterior, (void)error;
  for (size_t i = 0; i < held_out->annotations->rows; i++)
    probability[i] = 1 / (double)(i + 1);
  return HEED_OK;
}
static const heed_estimator_functions foretelling = {.size = sizeof foretelling,
                                                     .predict = foretell};
static const heed_plugin teller = {.functions = &foretelling};

/* -log of 1, 1/2, …, 1/8: log 8! over 8. */
static void log_loss_is_the_mean_over_held_out_annotations(void **state) {
  bench *self = *state;
  fill_crowd(self);
  self->what.held_out = &self->crowd;
  self->estimator.plugin = &teller;
  score_labels(self);
  assert_near(self->values[METRIC_HELD_OUT_LOG_LOSS][0], log(40320) / 8, 1e-14);
  assert_null(self->host.plugin);
}

/* The implied reward of candidate 0 against 1, prompt by prompt; the tie of
 * user 1 does not count. */
static void held_out_labels_are_scored_by_the_implied_reward(void **state) {
  static const int64_t prompt[] = {0, 1, 0, 1}, a[] = {0, 0, 0, 0},
                       b[] = {1, 1, 1, 1};
  bench *self = *state;
  heed_error error;
  double loss = 0, right = 0;
  fill_crowd(self);
  self->pair_columns[2] =
      (heed_column){"prompt", HEED_INT64, 1, (void *)(uintptr_t)prompt};
  self->pair_columns[3] =
      (heed_column){"response_a", HEED_INT64, 1, (void *)(uintptr_t)a};
  self->pair_columns[4] =
      (heed_column){"response_b", HEED_INT64, 1, (void *)(uintptr_t)b};
  self->pairs.column_count = 5;
  self->what.policy = &self->policy;
  self->what.held_out = &self->crowd;
  for (int i = 0; i < ANNOTATIONS; i++) {
    const int64_t position = prompt[pair_of[i]];
    const double eta = mean_of[user_of[i]];
    double z = 0.5 * (log(policy_of[position][0] / reference[position][0]) -
                      log(policy_of[position][1] / reference[position][1]));
    if (choice_of[i] == HEED_CHOSE_TIE) continue;
    if (choice_of[i] == HEED_CHOSE_B) z = -z;
    loss -= log(eta * sigmoid(z) + (1 - eta) / 2) / 7;
    right += (z > 0) / 7.0;
  }
  assert_int_equal(evaluate_policy(&self->what, &error), HEED_OK);
  assert_near(self->values[METRIC_POLICY_LOG_LOSS][0], loss, 1e-14);
  assert_near(self->values[METRIC_POLICY_ACCURACY][0], right, 1e-14);
}

static void means_of_topics_become_means_of_users(void **state) {
  bench *self = *state;
  static double of_topics[] = {0.2, 0.4, 1, 0, 0.5, 0.5, 0.9, 0.7};
  const double expected[] = {0.3, 0.5, 0.5, 0.8};
  double *mean;
  fill_crowd(self);
  self->posterior.unit = HEED_BY_USER_TOPIC;
  self->posterior.topics = 2;
  self->posterior.mean = of_topics;
  mean = user_means(self);
  for (int j = 0; j < USERS; j++) assert_near(mean[j], expected[j], 1e-15);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(win_rate_is_the_double_sum_over_candidates),
      TEST(the_reference_wins_half_at_no_divergence),
      TEST(the_optimum_has_no_regret_and_is_calibrated),
      TEST(win_rate_at_matched_kl_agrees_with_a_scan),
      TEST(a_policy_that_does_not_sum_to_one_is_refused),
      TEST(regret_is_the_divergence_from_the_optimum),
      TEST(alignment_is_that_of_centred_rewards),
      TEST(a_policy_twice_as_sharp_is_found_at_its_kl),
      TEST(a_policy_that_is_sure_has_a_frontier),
      TEST(a_kl_that_rests_on_the_way_is_passed),
      TEST(a_candidate_that_is_never_made_leaves_kl_finite),
      TEST(eta_hat_is_scored_as_by_hand),
      TEST(intervals_cover_users_and_have_a_width),
      TEST(a_rank_is_the_mass_below_the_truth),
      TEST(labels_are_scored_by_weight_and_without_ties),
      TEST(consensus_is_that_of_the_others),
      TEST(repeated_labels_of_a_user_are_no_consensus),
      TEST(eta_hat_is_correlated_with_agreement),
      TEST(means_of_annotations_become_means_of_users),
      TEST(users_of_equal_eta_hat_share_a_rank),
      TEST(correlation_is_pearsons),
      TEST(equal_eta_hats_have_no_correlation),
      TEST(intervals_come_from_masses_where_there_are_no_quantiles),
      TEST(a_refined_posterior_is_scored_beside_the_estimators),
      TEST(only_users_with_enough_judged_labels_are_ranked),
      TEST(log_loss_is_the_mean_over_held_out_annotations),
      TEST(held_out_labels_are_scored_by_the_implied_reward),
      TEST(means_of_topics_become_means_of_users),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
