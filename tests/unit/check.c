/* SPDX-License-Identifier: GPL-3.0-or-later
 * Boundary checks: a good output passes; each way to spoil it is refused, and
 * the message says what was found.  A spoiler is one change to a good output.
 */
#include "stages/check.h"

#include "../support/workbench.h"

enum { PAIRS = 3, PROMPTS = 2, CANDIDATES = 2, USERS = 2, ANNOTATIONS = 4 };

typedef struct outputs {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  heed_selection selection;
  heed_policy policy;
} outputs;

static void add_log(outputs *self) {
  const heed_host *host = &self->bench.host.host;
  heed_table *said = host->table(host, "annotations", ANNOTATIONS);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  size_t *first = host->allocate(host, USERS + 1, sizeof *first);
  (void)host->column(host, said, "choice", HEED_INT8, 1);
  (void)host->column(host, said, "left", HEED_INT8, 1);
  (void)host->column(host, said, "p", HEED_FLOAT64, 1);
  (void)host->column(host, said, "topic", HEED_INT32, 1);
  for (int i = 0; i < ANNOTATIONS; i++) {
    user[i] = i / 2;
    pair[i] = i % PAIRS;
  }
  for (size_t j = 0; j <= USERS; j++) first[j] = 2 * j;
  self->world.users = host->table(host, "users", USERS);
  self->world.annotations = said;
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = self->world.users,
                             .annotations = said,
                             .first = first};
}

static void add_world(outputs *self) {
  const heed_host *host = &self->bench.host.host;
  heed_table *pairs = host->table(host, "pairs", PAIRS);
  heed_table *prompts = host->table(host, "prompts", PROMPTS);
  self->world = (heed_world){.size = sizeof self->world,
                             .pairs = pairs,
                             .prompts = prompts,
                             .held_out = 1,
                             .models = host->table(host, "models", 1),
                             .mu = 0.6,
                             .mu_requested = NAN,
                             .candidates = CANDIDATES,
                             .features = 3,
                             .judge_count = 1};
  (void)host->column(host, pairs, "prompt", HEED_INT64, 1);
  (void)host->column(host, pairs, "response_a", HEED_INT64, 1);
  (void)host->column(host, pairs, "response_b", HEED_INT64, 1);
  (void)host->column(host, pairs, "p", HEED_FLOAT64, 1);
  (void)host->column(host, pairs, "model_a", HEED_INT32, 1);
  (void)host->column(host, pairs, "model_b", HEED_INT32, 1);
  (void)host->column(host, pairs, "topic", HEED_INT32, 1);
  (void)host->column(host, pairs, "verdict", HEED_INT8, 1);
  (void)host->column(host, pairs, "difference", HEED_FLOAT64, 3);
  (void)host->column(host, prompts, "reward", HEED_FLOAT64, CANDIDATES);
}

/* A posterior by user on two nodes, with quartiles. */
static void add_posterior(outputs *self) {
  const heed_host *host = &self->bench.host.host;
  const size_t number = sizeof(double);
  heed_posterior *made = &self->posterior;
  *made = (heed_posterior){.size = sizeof *made,
                           .units = USERS,
                           .topics = 1,
                           .level_count = 2,
                           .node_count = 2,
                           .row_count = 1,
                           .mu = 0.6,
                           .mu_low = NAN,
                           .mu_high = NAN,
                           .log_likelihood = -3,
                           .objective = NAN};
  made->mean = host->allocate(host, ANNOTATIONS, number);
  made->sd = host->allocate(host, ANNOTATIONS, number);
  made->levels = host->allocate(host, 2, number);
  made->quantiles = host->allocate(host, USERS * 2, number);
  made->nodes = host->allocate(host, 2, number);
  made->mass = host->allocate(host, 2, number);
  made->row = host->allocate(host, USERS, sizeof(size_t));
  made->left_out = host->allocate(host, ANNOTATIONS, number);
  made->casual = host->allocate(host, ANNOTATIONS, number);
  made->p = host->allocate(host, ANNOTATIONS, number);
  made->levels[0] = 0.25;
  made->levels[1] = 0.75;
  made->mass[0] = made->mass[1] = 0.5;
  made->model =
      workbench_make(&self->bench, HEED_USER_MODEL, "attentive", "{}");
}

static void add_selection(outputs *self) {
  const heed_host *host = &self->bench.host.host;
  self->selection =
      (heed_selection){.size = sizeof self->selection, .count = ANNOTATIONS};
  self->selection.weight = host->allocate(host, ANNOTATIONS, sizeof(double));
  self->selection.eta = host->allocate(host, ANNOTATIONS, sizeof(double));
  self->selection.left_out = host->allocate(host, ANNOTATIONS, sizeof(double));
  self->selection.casual = host->allocate(host, ANNOTATIONS, sizeof(double));
  self->selection.weight[1] = 2;
}

static int set_up(void **state) {
  outputs *self = calloc(1, sizeof *self);
  workbench_open(&self->bench, 1);
  add_world(self);
  add_log(self);
  add_posterior(self);
  add_selection(self);
  self->policy = (heed_policy){.size = sizeof self->policy, .scale = 1};
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  outputs *self = *state;
  workbench_close(&self->bench);
  free(self);
  return 0;
}

/* ---- spoilers ---- */

typedef struct spoiler {
  void (*spoil)(outputs *self);
  const char *said; /* part of the message */
} spoiler;

typedef heed_status checker(const outputs *self, heed_error *error);

static void refuse_each(void **state, checker *check, const spoiler *all,
                        size_t count) {
  (void)tear_down(state);
  for (size_t i = 0; i < count; i++) {
    heed_error error = {HEED_OK, ""};
    (void)set_up(state);
    outputs *self = *state;
    assert_int_equal(check(self, &error), HEED_OK);
    all[i].spoil(self);
    if (check(self, &error) == HEED_OK)
      fail_msg("not refused: %s", all[i].said);
    if (strstr(error.message, all[i].said) == NULL)
      fail_msg("expected \"%s\" in: %s", all[i].said, error.message);
    (void)tear_down(state);
  }
  (void)set_up(state);
}

/* The data of a column, to be changed. */
static void *in(const heed_table *table, const char *name) {
  const heed_column *column = heed_table_column(table, name);
  assert_non_null(column);
  return column->data;
}

#define SPOIL(name, change)         \
  static void name(outputs *self) { \
    change;                         \
  }

/* ---- worlds ---- */

SPOIL(no_pairs, self->world.pairs = NULL)
SPOIL(prompt_beyond, ((int64_t *)in(self->world.pairs, "prompt"))[2] = PROMPTS)
SPOIL(candidate_below, ((int64_t *)in(self->world.pairs, "response_a"))[1] = -1)
SPOIL(p_above, ((double *)in(self->world.pairs, "p"))[1] = 1.5)
SPOIL(verdict_beyond, ((int8_t *)in(self->world.pairs, "verdict"))[0] = 3)
SPOIL(model_beyond, ((int32_t *)in(self->world.pairs, "model_b"))[0] = 1)
SPOIL(topic_below, ((int32_t *)in(self->world.pairs, "topic"))[0] = -2)
SPOIL(held_out_beyond, self->world.held_out = PROMPTS + 1)
SPOIL(held_out_nothing, self->world.prompts = NULL)
SPOIL(wide_reward, self->world.candidates = 5)
SPOIL(other_features, self->world.features = 4)
SPOIL(p_of_another_type, self->world.pairs->columns[3].type = HEED_INT64)
SPOIL(gap_beyond, self->world.mu = -0.1)
SPOIL(no_users, self->world.users = NULL)
SPOIL(user_beyond, ((int64_t *)in(self->world.annotations, "user"))[3] = USERS)
SPOIL(pair_beyond, ((int64_t *)in(self->world.annotations, "pair"))[3] = PAIRS)
SPOIL(out_of_order, ((int64_t *)in(self->world.annotations, "user"))[0] = 1)
SPOIL(odd_choice, ((int8_t *)in(self->world.annotations, "choice"))[2] = 3)
SPOIL(odd_left, ((int8_t *)in(self->world.annotations, "left"))[2] = -2)
SPOIL(no_choice, self->world.annotations->columns[2].name = "chosen")

static heed_status of_world(const outputs *self, heed_error *error) {
  return check_world(&self->world, error);
}

static void a_spoiled_world_is_refused(void **state) {
  static const spoiler all[] = {
      {no_pairs, "a world without pairs"},
      {prompt_beyond, "pairs.prompt of row 2 is 2, expected one of the 2"},
      {candidate_below, "pairs.response_a of row 1 is -1"},
      {p_above, "pairs.p of row 1 is 1.5, expected a probability"},
      {verdict_beyond, "pairs.verdict of row 0 is 3"},
      {model_beyond, "pairs.model_b of row 0 is 1, expected a model below 1"},
      {topic_below, "pairs.topic of row 0 is -2"},
      {held_out_beyond, "more held-out prompts than prompts"},
      {held_out_nothing, "held-out prompts without a table of prompts"},
      {wide_reward, "column reward of table prompts"},
      {other_features, "column difference of table pairs"},
      {p_of_another_type, "column p of table pairs"},
      {gap_beyond, "mu is -0.1, expected a probability"},
      {no_users, "annotations without users"},
      {user_beyond, "annotations.user of row 3 is 2, expected one of the 2"},
      {pair_beyond, "annotations.pair of row 3 is 3, expected one of the 3"},
      {out_of_order, "annotations.user of row 1 is 0 after 1"},
      {odd_choice, "annotations.choice of row 2 is 3"},
      {odd_left, "annotations.left of row 2 is -2"},
      {no_choice, "annotations lack the column user, pair, choice or left"},
  };
  refuse_each(state, of_world, all, sizeof all / sizeof *all);
}

static void an_unknown_p_may_be_nan(void **state) {
  outputs *self = *state;
  ((double *)in(self->world.pairs, "p"))[0] = NAN;
  self->world.mu = NAN;
  assert_int_equal(check_world(&self->world, &self->bench.error), HEED_OK);
}

/* ---- posteriors ---- */

SPOIL(units_beyond, self->posterior.units++)
SPOIL(mean_nan, self->posterior.mean[1] = NAN)
SPOIL(mean_missing, self->posterior.mean = NULL)
SPOIL(mean_above, self->posterior.mean[0] = 1.25)
SPOIL(sd_below, self->posterior.sd[0] = -1)
SPOIL(left_out_below, self->posterior.left_out[2] = -0.5)
SPOIL(casual_above, self->posterior.casual[3] = 2)
SPOIL(p_infinite, self->posterior.p[3] = HUGE_VAL)
SPOIL(levels_missing, self->posterior.levels = NULL)
SPOIL(levels_descend, self->posterior.levels[1] = 0.2)
SPOIL(quantiles_descend, self->posterior.quantiles[2] = 0.5)
SPOIL(mass_lost, self->posterior.mass[0] = 0.4)
SPOIL(mass_below,
      (self->posterior.mass[0] = -0.5, self->posterior.mass[1] = 1.5))
SPOIL(row_beyond, self->posterior.row[1] = 1)
SPOIL(nodes_missing, self->posterior.nodes = NULL)
SPOIL(mu_above, self->posterior.mu = 2)
SPOIL(likelihood_infinite, self->posterior.log_likelihood = -HUGE_VAL)
SPOIL(no_topics, (self->posterior.unit = HEED_BY_USER_TOPIC,
                  self->posterior.units = self->posterior.topics = 0))
SPOIL(topic_beyond, (self->posterior.unit = HEED_BY_USER_TOPIC,
                     ((int32_t *)in(self->crowd.annotations, "topic"))[1] = 1))

static heed_status of_posterior(const outputs *self, heed_error *error) {
  return check_posterior(&self->crowd, &self->posterior, error);
}

static void a_spoiled_posterior_is_refused(void **state) {
  static const spoiler all[] = {
      {units_beyond, "a posterior of 3 units, expected 2"},
      {mean_nan, "mean[1] is nan, expected a finite number"},
      {mean_missing, "mean is missing"},
      {mean_above, "mean[0] is 1.25, expected it within [-1e-09, 1]"},
      {sd_below, "sd[0] is -1"},
      {left_out_below, "left_out[2] is -0.5"},
      {casual_above, "casual[3] is 2"},
      {p_infinite, "p[3] is inf"},
      {levels_missing, "quantiles without levels"},
      {levels_descend, "levels are not ascending"},
      {quantiles_descend, "quantiles are not ascending"},
      {mass_lost, "row 0 of mass sums to 0.9, expected 1"},
      {mass_below, "mass[0] is -0.5"},
      {row_beyond, "a row index beyond the rows of mass"},
      {nodes_missing, "node_count is not 0, but nodes, mass or row is NULL"},
      {mu_above, "mu is 2"},
      {likelihood_infinite, "the log-likelihood or the objective"},
      {no_topics, "a posterior without topics"},
      {topic_beyond, "a posterior of 1 topic, but annotation 1 has topic 1"},
  };
  refuse_each(state, of_posterior, all, sizeof all / sizeof *all);
}

/* ---- selections and policies ---- */

SPOIL(weight_below, self->selection.weight[0] = -1)
SPOIL(weight_nan, self->selection.weight[0] = NAN)
SPOIL(weight_missing, self->selection.weight = NULL)
SPOIL(eta_nan, self->selection.eta[1] = NAN)
SPOIL(casual_below, self->selection.casual[1] = -0.5)

static heed_status of_selection(const outputs *self, heed_error *error) {
  return check_selection(&self->crowd, &self->selection, error);
}

static void a_spoiled_selection_is_refused(void **state) {
  static const spoiler all[] = {
      {weight_below, "weight[0] is -1"},     {weight_nan, "weight[0] is nan"},
      {weight_missing, "weight is missing"}, {eta_nan, "eta[1] is nan"},
      {casual_below, "casual[1] is -0.5"},
  };
  refuse_each(state, of_selection, all, sizeof all / sizeof *all);
}

SPOIL(scale_zero, self->policy.scale = 0)
SPOIL(scale_infinite, self->policy.scale = HUGE_VAL)
SPOIL(refined_spoiled,
      (self->policy.refined = &self->posterior, self->posterior.mean[0] = NAN))

static heed_status of_policy(const outputs *self, heed_error *error) {
  return check_policy(&self->crowd, &self->policy, error);
}

static void a_spoiled_policy_is_refused(void **state) {
  static const spoiler all[] = {
      {scale_zero, "the policy's scale is not a finite number above 0"},
      {scale_infinite, "the policy's scale is not a finite number above 0"},
      {refined_spoiled, "mean[0] is nan"},
  };
  refuse_each(state, of_policy, all, sizeof all / sizeof *all);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_spoiled_world_is_refused),
      TEST(an_unknown_p_may_be_nan),
      TEST(a_spoiled_posterior_is_refused),
      TEST(a_spoiled_selection_is_refused),
      TEST(a_spoiled_policy_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
