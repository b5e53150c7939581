/* SPDX-License-Identifier: GPL-3.0-or-later
 * The steps of the estimator people: beside an independent program, and beside
 * enumeration. */
#include "../support/overlapping.h"
#include "estimators/people/fit.h"
#include "estimators/people/response.h"

enum { USERS = 12, PAIRS = 20, MODELS = 3 };

static test_overlapping scene;

static int set_up(void **state) {
  (void)state;
  overlapping_open(&scene, 19);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  overlapping_close(&scene);
  return 0;
}

static void name_models(size_t models) {
  const heed_host *host = &scene.bench.host.host;
  heed_table *pairs = (heed_table *)scene.world.pairs;
  int32_t *a = host->column(host, pairs, "model_a", HEED_INT32, 1);
  int32_t *b = host->column(host, pairs, "model_b", HEED_INT32, 1);
  for (size_t i = 0; i < pairs->rows; i++) {
    a[i] = (int32_t)(i % models);
    b[i] = (int32_t)((i % models + 1 + i % 2) % models);
  }
  scene.world.models = host->table(host, "models", models);
}

static void open_fit(const people_request *request, bool ties,
                     crowd_annotations *annotations, people_fit *fit) {
  const heed_host *host = &scene.bench.host.host;
  assert_int_equal(annotations_open(host, &scene.crowd, ties, ANNOTATIONS_A,
                                    annotations, &scene.bench.error),
                   HEED_OK);
  assert_int_equal(people_open(host, &scene.crowd, annotations, request, fit,
                               &scene.bench.error),
                   HEED_OK);
}

/* ---- one step ---- */

/* The other program's prior: a density at the node times the distance between
 * the middles to its neighbours; at an end, to its neighbour. */
static void set_density_prior(people_fit *fit) {
  double sum = 0;
  for (size_t m = 0; m < fit->nodes.users; m++) {
    fit->user_prior[m] = 0;
    for (size_t d = 0; d < PEOPLE_TRAITS; d++) {
      const people_axis *axis = &fit->nodes.axis[d];
      const size_t k = m / fit->nodes.stride[d] % axis->count;
      const size_t below = k == 0 ? 0 : k - 1;
      const size_t above = k + 1 == axis->count ? k : k + 1;
      const double z = (axis->value[k] - fit->hyper.mean[d]) / fit->hyper.sd[d];
      if (axis->count == 1) continue;
      fit->user_prior[m] += log((axis->value[above] - axis->value[below]) /
                                (double)(above - below)) -
                            z * z / 2;
    }
    sum += exp(fit->user_prior[m]);
  }
  for (size_t m = 0; m < fit->nodes.users; m++) fit->user_prior[m] -= log(sum);
}

static void build_regular(bool ties) {
  size_t user[USERS * PAIRS], pair[USERS * PAIRS], rows = 0;
  int8_t choice[USERS * PAIRS];
  for (size_t j = 0; j < USERS; j++)
    for (size_t i = 0; i < PAIRS; i++) {
      const size_t v = (j * i * i + 3 * j + i) % 7;
      if ((7 * j + 3 * i) % 5 >= 3) continue;
      user[rows] = j;
      pair[rows] = i;
      choice[rows++] = ties && v == 5  ? HEED_CHOSE_TIE
                       : v < 3 + i % 2 ? HEED_CHOSE_A
                                       : HEED_CHOSE_B;
    }
  overlapping_crowd(&scene, USERS, PAIRS, rows, user, pair, choice);
}

static double mean_x(const people_fit *fit, size_t pair) {
  double sum = 0;
  for (size_t k = 0; k < fit->nodes.pairs; k++)
    sum += fit->q[pair * fit->nodes.pairs + k] * fit->nodes.x[k];
  return sum;
}

static double chance_a(const people_fit *fit, size_t pair) {
  double sum = 0;
  for (size_t k = 0; k < fit->nodes.pairs; k++) {
    const double x = fit->nodes.x[k];
    sum += fit->q[pair * fit->nodes.pairs + k] * (x > 0 ? 1 : x < 0 ? 0 : 0.5);
  }
  return sum;
}

/* Of all users' traits: their sums over users. */
static double sum_of_trait(const people_fit *fit, size_t trait) {
  double sum = 0;
  for (size_t m = 0; m < fit->nodes.users; m++)
    sum += fit->of_users.mass[m] * fit->nodes.trait[trait][m];
  return sum;
}

/* A step of an independent program in numpy, which holds the nodes in another
 * order: the crowd of build_regular(), for which it printed P(x > 0) and E x of
 * pair 3, P(x > 0) of pair 17, the sums over users of the means of ability (or
 * logit eta), habit and tie habit, and the bound without the log-priors of
 * parameters. */
typedef struct step_case {
  people_request request;
  bool ties;
  double found[7];
} step_case;

static const step_case step_cases[] = {
    {{PEOPLE_ABILITY, PEOPLE_FREE, true, 0.02},
     false,
     {0.6711835713361, 0.6231854312771, 0.6711835713361, 9.394353312586,
      0.4942033412783, 0, -101.0139721977}},
    {{PEOPLE_ABILITY, PEOPLE_STRENGTHS, true, 0.02},
     false,
     {0.6081282488991, 0.2156098509752, 0.6081282488991, 14.7818253714,
      0.9224069768701, 0, -95.90243806312}},
    {{PEOPLE_ABILITY, PEOPLE_STRENGTHS, true, 0.02},
     true,
     {0.7198426950386, 0.4564305658293, 0.619076908402, 12.49825382182,
      4.507121834843, -7.27402300605, -157.2803596378}},
    {{PEOPLE_ATTEND, PEOPLE_FREE, true, 0.02},
     false,
     {0.6522464801954, 0.5720516791438, 0.6522464801954, 15.1450985903,
      0.6456653531674, 0, -90.51379609126}},
    {{PEOPLE_ATTEND, PEOPLE_STRENGTHS, true, 0.02},
     true,
     {0.6732837324002, 0.3912507987064, 0.5901241205021, 13.04945182529,
      5.503806493732, -7.680186300914, -154.29233671}}};

static void one_step_equals_that_of_another_program(void **state) {
  (void)state;
  for (size_t c = 0; c < sizeof step_cases / sizeof *step_cases; c++) {
    const step_case *one = &step_cases[c];
    crowd_annotations annotations;
    people_fit fit;
    build_regular(one->ties);
    name_models(MODELS);
    open_fit(&one->request, one->ties, &annotations, &fit);
    fit.hyper.strength_sd = 1e-6; /* the other program holds strengths at 0 */
    set_density_prior(&fit);
    people_start(&fit);
    (void)people_mean_field_step(&fit);
    const double bound =
        fit.of_users.log_z + fit.of_pairs.log_z - fit.of_pairs.expected;
    assert_near(chance_a(&fit, 3), one->found[0], 1e-10);
    assert_near(mean_x(&fit, 3), one->found[1], 1e-10);
    assert_near(chance_a(&fit, 17), one->found[2], 1e-10);
    for (size_t d = 0; d < (one->ties ? 3 : 2); d++)
      assert_near(sum_of_trait(&fit, d), one->found[3 + d], 1e-9);
    assert_near(bound, one->found[6], 1e-9);
    people_close(&fit);
  }
}

/* ---- the bound ---- */

/* Users of any ability and habit, some annotations of each: 3 to 14 users, 2 to
 * 16 pairs. */
static void build_random(uint64_t seed, bool ties) {
  heed_stream stream =
      scene.bench.host.host.stream(&scene.bench.host.host, "crowd", seed);
  const size_t users = 3 + heed_uniform_integer(&stream, 12);
  const size_t pairs = 2 + heed_uniform_integer(&stream, 15);
  size_t user[256], pair[256], rows = 0;
  int8_t choice[256];
  for (size_t j = 0; j < users; j++) {
    const double favours_a = heed_uniform(&stream);
    const double right = heed_uniform(&stream);
    for (size_t i = 0; i < pairs; i++) {
      if (heed_uniform(&stream) < 0.4) continue;
      user[rows] = j;
      pair[rows] = i;
      const bool a = heed_uniform(&stream) < right
                         ? i % 2 == 0
                         : heed_uniform(&stream) < favours_a;
      choice[rows++] = ties && heed_uniform(&stream) < 0.2 ? HEED_CHOSE_TIE
                       : a                                 ? HEED_CHOSE_A
                                                           : HEED_CHOSE_B;
    }
  }
  overlapping_crowd(&scene, users, pairs, rows, user, pair, choice);
}

/* Rounding of sums of some hundred terms of size 100 is below 1e-10. */
static void check_course(people_fit *fit, int steps, bool refits) {
  double earlier = -HUGE_VAL;
  for (int i = 0; i < steps; i++) {
    const double bound = people_mean_field_step(fit) + fit->effects.log_det / 2;
    if (bound < earlier - 1e-9)
      fail_msg("the bound fell from %.12f to %.12f at step %d", earlier, bound,
               i);
    earlier = bound;
    if (refits) (void)people_refit(fit);
  }
}

static void the_bound_never_falls_without_models(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 50; seed++) {
    const people_request request = {
        .form = seed % 3 == 0 ? PEOPLE_ATTEND : PEOPLE_ABILITY,
        .kind = seed % 2 == 0 ? PEOPLE_FREE : PEOPLE_HARD,
        .habit = seed % 5 != 0,
        .gold_error = 0.02};
    crowd_annotations annotations;
    people_fit fit;
    build_random(seed, seed % 4 == 0);
    open_fit(&request, true, &annotations, &fit);
    people_start(&fit);
    check_course(&fit, 40, true);
    people_close(&fit);
  }
}

/* Refits of tau and of the strengths' spread follow the likelihood without
 * strengths, not the bound at their best value; the bound is checked between
 * them, without the volume of Laplace's approximation. */
static void the_bound_never_falls_with_models_at_given_spreads(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 50; seed++) {
    const people_request request = {
        .form = seed % 3 == 0 ? PEOPLE_ATTEND : PEOPLE_ABILITY,
        .kind = PEOPLE_STRENGTHS,
        .habit = true,
        .gold_error = 0.02};
    crowd_annotations annotations;
    people_fit fit;
    build_random(seed, seed % 4 == 0);
    name_models(MODELS);
    open_fit(&request, true, &annotations, &fit);
    people_start(&fit);
    for (int refit = 0; refit < 4; refit++) {
      check_course(&fit, 10, false);
      (void)people_refit(&fit);
    }
    people_close(&fit);
  }
}

/* ---- belief propagation ---- */

enum { CHAIN = 4 }; /* pairs: user j says something of pairs j and j + 1 */
static const int8_t chain_said[CHAIN - 1][2] = {{HEED_CHOSE_A, HEED_CHOSE_A},
                                                {HEED_CHOSE_A, HEED_CHOSE_B},
                                                {HEED_CHOSE_B, HEED_CHOSE_B}};

static void build_chain(void) {
  size_t user[2 * CHAIN], pair[2 * CHAIN], rows = 0;
  int8_t choice[2 * CHAIN];
  for (size_t j = 0; j + 1 < CHAIN; j++)
    for (size_t i = 0; i < 2; i++) {
      user[rows] = j;
      pair[rows] = j + i;
      choice[rows++] = chain_said[j][i];
    }
  overlapping_crowd(&scene, CHAIN - 1, CHAIN, rows, user, pair, choice);
}

/* P(what user j says | nodes of both pairs), but for annotation `excluded`. */
static double link_at(const people_fit *fit, size_t j, const size_t *k,
                      size_t excluded) {
  const size_t users = fit->nodes.users;
  double sum = 0;
  for (size_t m = 0; m < users; m++) {
    double p = exp(fit->user_prior[m]);
    for (size_t i = 0; i < 2; i++) {
      const size_t code =
          chain_said[j][i] == HEED_CHOSE_A ? ANNOTATED_A : ANNOTATED_B;
      if (2 * j + i != excluded)
        p *= fit->table[(code * fit->nodes.pairs + k[j + i]) * users + m];
    }
    sum += p;
  }
  return sum;
}

/* log P(all but `excluded`), by every node of every pair; above[CHAIN]: P(x > 0
 * | them), or NULL. */
static double enumerate(const people_fit *fit, size_t excluded, double *above) {
  static double link[CHAIN - 1][16][16];
  const size_t width = fit->nodes.pairs;
  double sum = 0, with[CHAIN] = {0};
  assert_true(width <= 16);
  for (size_t j = 0; j + 1 < CHAIN; j++)
    for (size_t one = 0; one < width; one++)
      for (size_t two = 0; two < width; two++) {
        size_t k[CHAIN] = {0};
        k[j] = one;
        k[j + 1] = two;
        link[j][one][two] = link_at(fit, j, k, excluded);
      }
  const size_t all = width * width * width * width;
  for (size_t state = 0; state < all; state++) {
    const size_t k[CHAIN] = {state % width, state / width % width,
                             state / width / width % width,
                             state / width / width / width};
    double p = 1;
    for (size_t i = 0; i < CHAIN; i++) p *= exp(fit->pair_prior[k[i]]);
    for (size_t j = 0; j + 1 < CHAIN; j++) p *= link[j][k[j]][k[j + 1]];
    sum += p;
    for (size_t i = 0; i < CHAIN; i++)
      if (fit->nodes.x[k[i]] > 0) with[i] += p;
  }
  for (size_t i = 0; above != NULL && i < CHAIN; i++) above[i] = with[i] / sum;
  return log(sum);
}

static void without_cycles_belief_propagation_is_exact(void **state) {
  const people_request request = {
      .form = PEOPLE_ABILITY, .kind = PEOPLE_FREE, .habit = true};
  crowd_annotations annotations;
  people_fit fit;
  double evidence = 0, above[CHAIN], left_out = 0;
  (void)state;
  build_chain();
  open_fit(&request, true, &annotations, &fit);
  fit.active = NULL; /* no node is left out */
  people_start(&fit);
  assert_int_equal(people_propagate_open(&fit, &scene.bench.error), HEED_OK);
  for (int i = 0; i < 2 * CHAIN; i++)
    evidence = people_sweep(&fit, NULL, NULL) - people_log_hyperprior(&fit);
  const double exact = enumerate(&fit, SIZE_MAX, above);
  assert_near(evidence, exact, 1e-10);
  for (size_t i = 0; i < CHAIN; i++)
    assert_near(chance_a(&fit, i), above[i], 1e-10);
  for (size_t n = 0; n < 2 * (CHAIN - 1); n++)
    left_out += exact - enumerate(&fit, n, NULL);
  assert_near(fit.of_users.log_messages, left_out, 1e-10);
  people_close(&fit);
}

/* With an ability of 1 for certain every user is right with probability
 * sigmoid(1).  The neighbours of the node 1 keep 4e-10 of the prior. */
static void users_who_are_alike_vote_like_one_coin(void **state) {
  const people_request request = {.form = PEOPLE_ABILITY, .kind = PEOPLE_HARD};
  crowd_annotations annotations;
  people_fit fit;
  const double right = (1 - 2 * PEOPLE_LEAST) / (1 + exp(-1)) + PEOPLE_LEAST;
  const double vote = log(right / (1 - right));
  (void)state;
  build_random(7, false);
  open_fit(&request, false, &annotations, &fit);
  fit.hyper.sd[PEOPLE_QUALITY] = 0.02;
  people_set_priors(&fit);
  people_start(&fit);
  (void)people_mean_field_step(&fit);
  for (size_t i = 0; i < annotations.pairs; i++) {
    double odds = log(fit.hyper.share / (1 - fit.hyper.share));
    for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
      if ((size_t)scene.pair[r] == i)
        odds += scene.choice[r] == HEED_CHOSE_A ? vote : -vote;
    assert_near(chance_a(&fit, i), 1 / (1 + exp(-odds)), 1e-10);
  }
  people_close(&fit);
}

/* A gold answer that is wrong with probability .1 is a label of log-odds log 9;
 * a known p is a log-odds near which x stays: nodes are up to 2.5 apart. */
static void gold_pairs_pull_their_log_odds(void **state) {
  const people_request request = {
      .form = PEOPLE_ABILITY, .kind = PEOPLE_FREE, .gold_error = 0.1};
  const heed_host *host = &scene.bench.host.host;
  crowd_annotations annotations;
  people_fit fit, plain;
  (void)state;
  build_chain();
  open_fit(&request, true, &annotations, &plain);
  people_start(&plain);
  (void)people_mean_field_step(&plain);
  double *gold = host->column(host, (heed_table *)scene.world.pairs, "gold",
                              HEED_FLOAT64, 1);
  gold[0] = 0;
  gold[1] = 0.73;
  gold[2] = gold[3] = NAN;
  open_fit(&request, true, &annotations, &fit);
  people_start(&fit);
  (void)people_mean_field_step(&fit);
  const double before = chance_a(&plain, 0), after = chance_a(&fit, 0);
  assert_near(log(after / (1 - after)), log(before / (1 - before)) - log(9),
              1e-12);
  assert_near(mean_x(&fit, 1), 1, 0.1); /* logit .73 is .99 */
  assert_near(chance_a(&fit, 3), chance_a(&plain, 3), 1e-12);
  people_close(&fit);
  people_close(&plain);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(one_step_equals_that_of_another_program),
      TEST(the_bound_never_falls_without_models),
      TEST(the_bound_never_falls_with_models_at_given_spreads),
      TEST(without_cycles_belief_propagation_is_exact),
      TEST(users_who_are_alike_vote_like_one_coin),
      TEST(gold_pairs_pull_their_log_odds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
