/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator people as a whole: what must not matter, and recovery. */
#include "../support/overlapping.h"
#include "estimators/people/fit.h"

/* Outputs that tests read, as in the plugin's table. */
enum {
  LEFT_OUT_LOSS = 6,
  ABILITY_SD = 10,
  HABIT_SD = 11,
  TIE_MEAN = 12,
  SHARE = 14,
  TAU = 15,
  STRENGTH_SD = 16
};

static test_overlapping scene;
static size_t threads;
static const void *(*extension)(const heed_host *host, const char *name);

static const void *with_threads(const heed_host *host, const char *name) {
  return strcmp(name, "heed.threads") == 0 ? &threads : extension(host, name);
}

static int set_up(void **state) {
  (void)state;
  overlapping_open(&scene, 3);
  threads = 1;
  extension = scene.bench.host.host.extension;
  scene.bench.host.host.extension = with_threads;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  overlapping_close(&scene);
  return 0;
}

/* ---- crowds from the model ---- */

enum { MANY = 120, EACH = 40, OF = 240, NAMES = 80 };

typedef struct people_truth {
  double ability[MANY], habit[MANY], tie[MANY], eta[MANY];
  double strength[NAMES], x[OF];
} people_truth;

typedef struct people_world {
  double ability_sd, habit_sd;
  double tie_mean; /* NaN: no ties; sd .5 */
  double tau;      /* NaN: no models */
  size_t models;
  bool reversed; /* users from the last to the first */
  bool turned;   /* A is called B, and first second */
  bool swapped;  /* left is right: the habit of a side has the other sign */
  bool sides;    /* known */
} people_world;

static double draw_normal(const char *purpose, size_t entity) {
  heed_stream stream =
      scene.bench.host.host.stream(&scene.bench.host.host, purpose, entity);
  return heed_normal(&stream);
}

static void draw_truth(const people_world *world, people_truth *truth) {
  for (size_t m = 0; m < NAMES; m++)
    truth->strength[m] = draw_normal("strength", m);
  for (size_t i = 0; i < OF; i++) {
    const double z = draw_normal("pair", i);
    if (isnan(world->tau))
      truth->x[i] = (i % 2 == 0 ? 1 : -1) * exp(0.4 + 0.7 * z);
    else
      truth->x[i] =
          truth->strength[i % world->models] -
          truth->strength[(i + 1 + i / world->models) % world->models] +
          world->tau * z;
  }
  for (size_t j = 0; j < MANY; j++) {
    truth->ability[j] = 1 + world->ability_sd * draw_normal("ability", j);
    truth->habit[j] = world->habit_sd * draw_normal("habit", j);
    truth->tie[j] = world->tie_mean + 0.5 * draw_normal("tie", j);
  }
}

static int8_t draw_choice(const people_truth *truth, size_t user, size_t pair,
                          double side, double u) {
  const double z =
      truth->ability[user] * truth->x[pair] + side * truth->habit[user];
  const double nu = isnan(truth->tie[user]) ? 0 : exp(truth->tie[user]);
  const double sum = exp(z / 2) + exp(-z / 2) + nu;
  if (u < exp(z / 2) / sum) return HEED_CHOSE_A;
  return u < (exp(z / 2) + exp(-z / 2)) / sum ? HEED_CHOSE_B : HEED_CHOSE_TIE;
}

static void find_eta(people_truth *truth, size_t user, size_t pair) {
  const double z = truth->ability[user] * fabs(truth->x[pair]);
  const double b = truth->habit[user];
  const double eta = 1 / (1 + exp(-z - b)) - 1 / (1 + exp(z - b));
  truth->eta[user] += eta / EACH;
}

static void add_models(size_t models, bool turned) {
  const heed_host *host = &scene.bench.host.host;
  heed_table *pairs = (heed_table *)scene.world.pairs;
  int32_t *a = host->column(host, pairs, "model_a", HEED_INT32, 1);
  int32_t *b = host->column(host, pairs, "model_b", HEED_INT32, 1);
  for (size_t i = 0; i < OF; i++) {
    (turned ? b : a)[i] = (int32_t)(i % models);
    (turned ? a : b)[i] = (int32_t)((i + 1 + i / models) % models);
  }
  scene.world.models = host->table(host, "models", models);
}

static int8_t other(int8_t choice) {
  return choice == HEED_CHOSE_TIE
             ? choice
             : (int8_t)(HEED_CHOSE_A + HEED_CHOSE_B - choice);
}

/* Each user's annotations, in the same order for all worlds. */
static void build(const people_world *world, people_truth *truth) {
  static size_t user[MANY * EACH], pair[MANY * EACH];
  static int8_t choice[MANY * EACH], left[MANY * EACH];
  memset(truth, 0, sizeof *truth);
  draw_truth(world, truth);
  for (size_t j = 0; j < MANY; j++)
    for (size_t n = 0; n < EACH; n++) {
      const size_t r = (world->reversed ? MANY - 1 - j : j) * EACH + n;
      heed_stream stream = scene.bench.host.host.stream(&scene.bench.host.host,
                                                        "choice", j * EACH + n);
      const bool first = !world->sides || heed_uniform(&stream) < 0.5;
      user[r] = r / EACH;
      pair[r] = (17 * j + 7 * n) % OF;
      choice[r] =
          draw_choice(truth, j, pair[r], first ? 1 : -1, heed_uniform(&stream));
      left[r] = (first != world->swapped) != world->turned ? HEED_CHOSE_A
                                                           : HEED_CHOSE_B;
      if (world->turned) choice[r] = other(choice[r]);
      find_eta(truth, j, pair[r]);
    }
  overlapping_crowd(&scene, MANY, OF, MANY * EACH, user, pair, choice);
  if (!isnan(world->tau)) add_models(world->models, world->turned);
  if (world->sides)
    memcpy(heed_table_data(scene.crowd.annotations, "left", HEED_INT8), left,
           sizeof left);
}

/* ---- what must not matter ---- */

static const people_world worlds[] = {
    {.ability_sd = 0.5, .habit_sd = 0.8, .tie_mean = NAN, .tau = NAN},
    {.ability_sd = 0.5,
     .habit_sd = 0.8,
     .tie_mean = NAN,
     .tau = 0.8,
     .models = 12,
     .sides = true},
    {.ability_sd = 0.5,
     .habit_sd = 0.8,
     .tie_mean = -1,
     .tau = 0.8,
     .models = 12,
     .sides = true}};
enum { WORLDS = sizeof worlds / sizeof *worlds };
static const char *const few_sweeps = "{\"max_sweeps\": 3}";

static heed_posterior fit_of(const people_world *world,
                             const char *parameters) {
  people_truth truth;
  build(world, &truth);
  return *overlapping_fit(&scene,
                          overlapping_made(&scene, "people", parameters));
}

/* Differences of rounding, which extrapolated steps amplify. */
static const double rounding = 1e-5;

static void check_users(const heed_posterior *one, const heed_posterior *two,
                        bool reversed) {
  for (size_t j = 0; j < MANY; j++) {
    const size_t k = reversed ? MANY - 1 - j : j;
    assert_near(one->mean[j], two->mean[k], rounding);
    assert_near(one->sd[j], two->sd[k], rounding);
    for (size_t n = 0; n < EACH; n++)
      assert_near(one->left_out[j * EACH + n], two->left_out[k * EACH + n],
                  rounding);
  }
  assert_near(one->log_likelihood, two->log_likelihood,
              rounding * fabs(one->log_likelihood));
}

static void turning_all_labels_turns_all_signs_and_nothing_else(void **state) {
  (void)state;
  for (size_t w = 0; w < WORLDS; w++) {
    people_world turned = worlds[w];
    turned.turned = true;
    const heed_posterior one = fit_of(&worlds[w], few_sweeps);
    const heed_posterior two = fit_of(&turned, few_sweeps);
    check_users(&one, &two, false);
    for (size_t r = 0; r < MANY * EACH; r++) {
      assert_near(one.p[r], 1 - two.p[r], rounding);
      assert_near(one.casual[r], two.casual[r], rounding);
    }
    for (size_t m = 0; one.strength != NULL && m < worlds[w].models; m++)
      assert_near(one.strength[m], two.strength[m], 10 * rounding);
  }
}

static void swapping_sides_changes_no_user_and_no_pair(void **state) {
  (void)state;
  for (size_t w = 1; w < WORLDS; w++) {
    people_world swapped = worlds[w];
    swapped.swapped = true;
    const heed_posterior one = fit_of(&worlds[w], few_sweeps);
    const heed_posterior two = fit_of(&swapped, few_sweeps);
    check_users(&one, &two, false);
    for (size_t r = 0; r < MANY * EACH; r++)
      assert_near(one.p[r], two.p[r], rounding);
  }
}

static void the_order_of_users_does_not_matter(void **state) {
  (void)state;
  for (size_t w = 0; w < WORLDS; w++) {
    people_world reversed = worlds[w];
    reversed.reversed = true;
    const heed_posterior one = fit_of(&worlds[w], few_sweeps);
    const heed_posterior two = fit_of(&reversed, few_sweeps);
    check_users(&one, &two, true);
  }
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
  (void)state;
  for (size_t w = 0; w < WORLDS; w++) {
    threads = 1;
    const heed_posterior one = fit_of(&worlds[w], few_sweeps);
    for (threads = 2; threads <= 4; threads++) {
      const heed_posterior two = fit_of(&worlds[w], few_sweeps);
      assert_memory_equal(one.mean, two.mean, MANY * sizeof *one.mean);
      assert_memory_equal(one.quantiles, two.quantiles,
                          MANY * one.level_count * sizeof *one.mean);
      assert_memory_equal(one.p, two.p, MANY * EACH * sizeof *one.p);
      assert_true(one.objective == two.objective);
    }
  }
}

/* ---- recovery ---- */

/* 120 users of 40 annotations: a standard error of an sd is sd / sqrt(240) at
 * least, a fifteenth of it; with what single users leave open, about a tenth.
 * The bounds are three of those.  eta of a user has a standard error of .1 to
 * .15. */
static void simulated_parameters_are_recovered(void **state) {
  const people_world *world = &worlds[0];
  people_truth truth;
  (void)state;
  build(world, &truth);
  scene.eta = truth.eta;
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "people", "{}"));
  assert_true(posterior->converged && posterior->identified);
  assert_near(scene.bench.output[ABILITY_SD], 0.5, 0.15);
  assert_near(scene.bench.output[HABIT_SD], 0.8, 0.24);
  assert_near(scene.bench.output[SHARE], 0.5, 0.05);
  assert_true(overlapping_rmse(&scene) < 0.12);
}

/* tau: 240 pairs of 20 annotations. */
static void simulated_models_and_ties_are_recovered(void **state) {
  const people_world *world = &worlds[2];
  people_truth truth;
  double covariance = 0, variance = 0, mean = 0;
  (void)state;
  build(world, &truth);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "people", "{}"));
  assert_true(posterior->converged && posterior->identified);
  assert_near(scene.bench.output[ABILITY_SD], 0.5, 0.15);
  assert_near(scene.bench.output[HABIT_SD], 0.8, 0.24);
  assert_near(scene.bench.output[TIE_MEAN], -1, 0.3);
  assert_near(scene.bench.output[TAU], 0.8, 0.24);
  for (size_t m = 0; m < world->models; m++)
    mean += truth.strength[m] / (double)world->models;
  for (size_t m = 0; m < world->models; m++) {
    covariance += (truth.strength[m] - mean) * posterior->strength[m];
    variance += pow(truth.strength[m] - mean, 2);
  }
  assert_near(covariance / variance, 1, 0.25);
}

/* 80 models of six pairs each: the sd of a difference of strengths is .6, as
 * large as the pairs' own effects. */
static void models_of_few_pairs_are_recovered(void **state) {
  people_world world = worlds[1];
  people_truth truth;
  (void)state;
  world.models = 80;
  build(&world, &truth);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "people", "{}"));
  assert_true(posterior->converged && posterior->identified);
  assert_near(scene.bench.output[ABILITY_SD], 0.5, 0.15);
  assert_near(scene.bench.output[TAU], 0.8, 0.24);
  assert_near(scene.bench.output[STRENGTH_SD], 1, 0.3);
}

/* A binomial of 720 at .9 has an sd of .011.  The priors are taken at their
 * fit, which makes intervals somewhat narrow: of ten crowds they held .88. */
static void intervals_hold_eta(void **state) {
  enum { CROWDS = 6 };
  people_truth truth;
  double held = 0;
  (void)state;
  for (scene.bench.host.seed = 1; scene.bench.host.seed <= CROWDS;
       scene.bench.host.seed++) {
    build(&worlds[0], &truth);
    const heed_posterior *posterior = overlapping_fit(
        &scene, overlapping_made(&scene, "people", "{\"negative\": \"keep\"}"));
    const size_t levels = posterior->level_count;
    for (size_t j = 0; j < MANY; j++)
      held += truth.eta[j] >= posterior->quantiles[j * levels] &&
              truth.eta[j] <= posterior->quantiles[(j + 1) * levels - 1];
  }
  assert_near(held / CROWDS / MANY, 0.9, 0.05);
}

/* ---- the posterior ---- */

static void predictions_sum_to_1_and_dropped_ties_say_nothing(void **state) {
  const char *const parameters[] = {"{}", "{\"ties\": \"drop\"}"};
  (void)state;
  for (size_t c = 0; c < 2; c++) {
    double p[3][64];
    overlapping_small(&scene);
    const size_t rows = scene.crowd.annotations->rows;
    const heed_instance *made =
        overlapping_made(&scene, "people", parameters[c]);
    const heed_estimator_functions *functions = made->plugin->functions;
    const heed_posterior posterior = *overlapping_fit(&scene, made);
    for (int8_t said = 0; said < 3; said++) {
      for (size_t r = 0; r < rows; r++) scene.choice[r] = said;
      assert_int_equal(
          functions->predict(made->self, &scene.bench.host.host, &posterior,
                             &scene.crowd, p[said], &scene.bench.error),
          HEED_OK);
    }
    for (size_t r = 0; r < rows; r++) {
      const double tie = p[HEED_CHOSE_TIE][r];
      assert_near(p[HEED_CHOSE_A][r] + p[HEED_CHOSE_B][r], c == 0 ? 1 - tie : 1,
                  1e-9);
      if (c == 1) assert_true(tie == 1);
    }
  }
}

/* Mass on the reported nodes has the reported mean. */
static void mass_and_quantiles_belong_to_the_mean(void **state) {
  const char *const parameters[] = {"{}", "{\"negative\": \"keep\"}"};
  (void)state;
  for (size_t c = 0; c < 2; c++) {
    overlapping_small(&scene);
    const heed_posterior *posterior = overlapping_fit(
        &scene, overlapping_made(&scene, "people", parameters[c]));
    for (size_t j = 0; j < posterior->units; j++) {
      const double *mass = posterior->mass + j * posterior->node_count;
      double sum = 0, mean = 0;
      for (size_t k = 0; k < posterior->node_count; k++) {
        sum += mass[k];
        mean += mass[k] * posterior->nodes[k];
      }
      assert_near(sum, 1, 1e-12);
      assert_near(mean, posterior->mean[j], 1e-12);
    }
  }
}

static void coin_tosses_are_not_identified(void **state) {
  static const double eta[MANY] = {0};
  (void)state;
  overlapping_simulate(&scene, 30, 60, 30, eta, NULL);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "people", "{}"));
  assert_false(posterior->identified);
  assert_string_equal(scene.bench.warned, "not_identified");
}

static void pairs_annotated_once_are_not_identified(void **state) {
  (void)state;
  overlapping_apart(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "people", "{}"));
  assert_false(posterior->identified);
}

static void strengths_without_models_are_refused(void **state) {
  (void)state;
  overlapping_small(&scene);
  assert_int_equal(
      overlapping_try(&scene, overlapping_made(&scene, "people",
                                               "{\"pairs\": \"strengths\"}")),
      HEED_UNSUPPORTED);
  assert_non_null(strstr(scene.bench.error.message, "model_a"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(turning_all_labels_turns_all_signs_and_nothing_else),
      TEST(swapping_sides_changes_no_user_and_no_pair),
      TEST(the_order_of_users_does_not_matter),
      TEST(any_number_of_threads_gives_the_same_bits),
      TEST(simulated_parameters_are_recovered),
      TEST(simulated_models_and_ties_are_recovered),
      TEST(models_of_few_pairs_are_recovered),
      TEST(intervals_hold_eta),
      TEST(predictions_sum_to_1_and_dropped_ties_say_nothing),
      TEST(mass_and_quantiles_belong_to_the_mean),
      TEST(coin_tosses_are_not_identified),
      TEST(pairs_annotated_once_are_not_identified),
      TEST(strengths_without_models_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
