/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator em_bradley_terry: its posterior-predictive checks where the
 * model is true and where it is not, and its starts.  That its fit is the
 * likelihood's maximum is shown by tests/cli/crowd.bats. */
#include "../support/overlapping.h"

enum {
  USERS = 40,
  EACH = 50,
  ROWS = USERS * EACH,
  MODELS = 5,
  CHECKS = 5,
  SEEDS = 12
};
enum { LEFT_SHARE, LEFT_DISPERSION, AGREEMENT_DISPERSION, TIE_RATE };
enum { TIE_DISPERSION = TIE_RATE + 1 };

#define ALL_CHECKS                                                  \
  "\"checks\": [\"left_share\", \"left_dispersion\", "              \
  "\"agreement_dispersion\", \"tie_rate\", \"tie_dispersion\"], "   \
  "\"prior\": {\"plugin\": \"distribution/grid\", \"parameters\": " \
  "{\"nodes\": 21}}"
#define WITH(model, parameters)                                  \
  "{" ALL_CHECKS ", \"model\": {\"plugin\": \"user_model/" model \
  "\", \"parameters\": " parameters "}}"

static const char *const plain = WITH("attentive", "{}");
static const char *const sided = WITH("position_bias", "{}");
static const char *const tying = WITH("attentive", "{\"ties\": \"davidson\"}");

/* How the users of a log behave. */
typedef struct simulated_habits {
  double casual_left;  /* P(left) of a user who does not look */
  bool sides;          /* and of every other such user, P(right) */
  bool against;        /* every third user means the contrary */
  double attended_tie; /* Davidson's nu */
  double casual_tie;
  double own_tie; /* every other user ties that often, whatever the pair */
} simulated_habits;

static test_overlapping scene;
static double tail[CHECKS];

static void remember(void *context, const heed_plugin *plugin, size_t index,
                     const double *values, size_t count) {
  workbench_output(context, plugin, index, values, count);
  if (count == CHECKS && strcmp(plugin->outputs[index].name, "check_tail") == 0)
    memcpy(tail, values, sizeof tail);
}

static void open_scene(uint64_t seed) {
  overlapping_open(&scene, seed);
  scene.bench.sink.output = remember;
  workbench_load(&scene.bench, HEED_DISTRIBUTION, "grid");
  workbench_load(&scene.bench, HEED_USER_MODEL, "attentive");
  workbench_load(&scene.bench, HEED_USER_MODEL, "position_bias");
}

static int8_t choose(const simulated_habits *habits, size_t user, double eta,
                     double p, int8_t left, heed_stream *stream) {
  const double attends = heed_uniform(stream), ties = heed_uniform(stream);
  const double picks = heed_uniform(stream);
  const int8_t right = left == HEED_CHOSE_A ? HEED_CHOSE_B : HEED_CHOSE_A;
  const double tie = habits->attended_tie * sqrt(p * (1 - p));
  const bool looks = attends < eta;
  if (ties < (looks ? tie / (1 + tie) : habits->casual_tie))
    return HEED_CHOSE_TIE;
  if (user % 2 == 0 && ties > 1 - habits->own_tie) return HEED_CHOSE_TIE;
  if (looks)
    return (picks < p) != (habits->against && user % 3 == 0) ? HEED_CHOSE_A
                                                             : HEED_CHOSE_B;
  const bool mirrored = habits->sides && user % 2 == 0;
  if (picks < (mirrored ? 1 - habits->casual_left : habits->casual_left))
    return left;
  return right;
}

/* Half of the users attend to nine in ten pairs, half to two. */
static void simulate(const simulated_habits *habits) {
  const heed_host *host = &scene.bench.host.host;
  static size_t user[ROWS], pair[ROWS];
  static int8_t choice[ROWS], left[ROWS];
  static int32_t a[ROWS], b[ROWS];
  for (size_t j = 0; j < USERS; j++) {
    heed_stream stream = host->stream(host, "users", j);
    const double eta = j % 4 < 2 ? 0.9 : 0.2;
    for (size_t i = j * EACH; i < (j + 1) * EACH; i++) {
      user[i] = j;
      pair[i] = i;
      a[i] = (int32_t)heed_uniform_integer(&stream, MODELS);
      b[i] = (a[i] + 1 + (int32_t)heed_uniform_integer(&stream, MODELS - 1)) %
             MODELS;
      left[i] = heed_uniform(&stream) < 0.5 ? HEED_CHOSE_A : HEED_CHOSE_B;
      const double p = 1 / (1 + exp(-1.2 * (a[i] - b[i])));
      choice[i] = choose(habits, j, eta, p, left[i], &stream);
    }
  }
  overlapping_crowd(&scene, USERS, ROWS, ROWS, user, pair, choice);
  memcpy((void *)(uintptr_t)heed_table_data(scene.crowd.annotations, "left",
                                            HEED_INT8),
         left, sizeof left);
  heed_table *pairs = (heed_table *)scene.world.pairs;
  memcpy(host->column(host, pairs, "model_a", HEED_INT32, 1), a, sizeof a);
  memcpy(host->column(host, pairs, "model_b", HEED_INT32, 1), b, sizeof b);
  scene.world.models = host->table(host, "models", MODELS);
}

/* The tails of one log. */
static void check(uint64_t seed, const simulated_habits *habits,
                  const char *estimator) {
  for (size_t i = 0; i < CHECKS; i++) tail[i] = NAN;
  open_scene(seed);
  simulate(habits);
  (void)overlapping_fit(
      &scene, overlapping_made(&scene, "em_bradley_terry", estimator));
  overlapping_close(&scene);
}

/* Of a true model a tail is at most as spread as a uniform number, as the same
 * data gave the fit.  The mean of 12 such has a standard deviation of at most
 * 1/12, and lies within .25 of one half but once in four hundred times; of 12,
 * none is beyond .001 but once in forty times. */
static void expect_centred(const simulated_habits *habits,
                           const char *estimator, size_t checks) {
  double mean[CHECKS] = {0};
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    check(seed, habits, estimator);
    for (size_t i = 0; i < checks; i++) {
      assert_true(tail[i] >= 0.001 && tail[i] <= 0.999);
      mean[i] += tail[i] / SEEDS;
    }
  }
  for (size_t i = 0; i < checks; i++) assert_near(mean[i], 0.5, 0.25);
}

static void of_a_true_model_the_checks_are_centred(void **state) {
  const simulated_habits habits = {.casual_left = 0.5};
  (void)state;
  expect_centred(&habits, plain, TIE_RATE);
  assert_true(isnan(tail[TIE_RATE]) && isnan(tail[TIE_DISPERSION]));
}

static void of_a_true_model_of_ties_they_are_too(void **state) {
  const simulated_habits habits = {
      .casual_left = 0.5, .attended_tie = 1.2, .casual_tie = 0.1};
  (void)state;
  expect_centred(&habits, tying, CHECKS);
}

static void of_a_true_model_of_sides_they_are_too(void **state) {
  const simulated_habits habits = {.casual_left = 0.8};
  (void)state;
  expect_centred(&habits, sided, TIE_RATE);
}

static void a_liking_for_the_left_is_seen_in_its_share(void **state) {
  const simulated_habits habits = {.casual_left = 0.8};
  (void)state;
  check(1, &habits, plain);
  assert_true(tail[LEFT_SHARE] < 0.001);
}

static void likings_for_either_side_are_seen_in_their_spread(void **state) {
  const simulated_habits habits = {.casual_left = 0.9, .sides = true};
  (void)state;
  check(1, &habits, sided);
  assert_true(tail[LEFT_DISPERSION] < 0.001);
}

static void users_who_work_against_are_seen_in_the_agreement(void **state) {
  const simulated_habits habits = {.casual_left = 0.5, .against = true};
  (void)state;
  check(1, &habits, plain);
  assert_true(tail[AGREEMENT_DISPERSION] < 0.001);
}

static void ties_of_some_users_only_are_seen_in_their_spread(void **state) {
  const simulated_habits habits = {.casual_left = 0.5,
                                   .attended_tie = 0.3,
                                   .casual_tie = 0.1,
                                   .own_tie = 0.2};
  (void)state;
  check(1, &habits, tying);
  assert_true(tail[TIE_DISPERSION] < 0.001);
}

/* Those who tie often are then taken for inattentive: agreement tells. */
static void ties_taken_for_inattention_are_seen_in_the_agreement(void **state) {
  const simulated_habits habits = {.casual_left = 0.5,
                                   .attended_tie = 0.3,
                                   .casual_tie = 0.1,
                                   .own_tie = 0.5};
  (void)state;
  check(1, &habits, tying);
  assert_true(tail[AGREEMENT_DISPERSION] < 0.001);
}

/* ---- starts ---- */

static size_t output_named(const heed_instance *instance, const char *name) {
  for (size_t i = 0; i < instance->plugin->output_count; i++)
    if (strcmp(instance->plugin->outputs[i].name, name) == 0) return i;
  fail_msg("no output %s", name);
  return 0;
}

/* Who looks ties often, who does not hardly ever: the first start takes those
 * who look for the casual ones. */
static void of_several_starts_the_best_is_kept(void **state) {
  static const char *const once =
      "{\"starts\": 1, \"pseudo_users\": 0, " ALL_CHECKS
      ", \"model\": {\"plugin\": \"user_model/attentive\", "
      "\"parameters\": {\"ties\": \"davidson\"}}}";
  static const char *const often =
      "{\"pseudo_users\": 0, " ALL_CHECKS
      ", \"model\": {\"plugin\": \"user_model/attentive\", "
      "\"parameters\": {\"ties\": \"davidson\"}}}";
  const simulated_habits habits = {
      .casual_left = 0.5, .attended_tie = 6, .casual_tie = 0.01};
  (void)state;
  open_scene(2);
  simulate(&habits);
  const double first =
      overlapping_fit(&scene,
                      overlapping_made(&scene, "em_bradley_terry", once))
          ->objective;
  const heed_instance *several =
      overlapping_made(&scene, "em_bradley_terry", often);
  const double best = overlapping_fit(&scene, several)->objective;
  const double *output = scene.bench.output;
  const double share = output[output_named(several, "best_starts")];
  assert_true(best > first + 10);
  assert_true(output[output_named(several, "spread")] >= best - first - 1e-6);
  assert_true(share > 0 && share < 1);
  overlapping_close(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_a_true_model_the_checks_are_centred),
      cmocka_unit_test(of_a_true_model_of_ties_they_are_too),
      cmocka_unit_test(of_a_true_model_of_sides_they_are_too),
      cmocka_unit_test(a_liking_for_the_left_is_seen_in_its_share),
      cmocka_unit_test(likings_for_either_side_are_seen_in_their_spread),
      cmocka_unit_test(users_who_work_against_are_seen_in_the_agreement),
      cmocka_unit_test(ties_of_some_users_only_are_seen_in_their_spread),
      cmocka_unit_test(ties_taken_for_inattention_are_seen_in_the_agreement),
      cmocka_unit_test(of_several_starts_the_best_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
