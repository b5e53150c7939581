/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gold pairs: estimators that use them, against likelihoods written out here
 * and maximised by other means. */
#include "../support/workbench.h"

enum { USERS = 500, EACH = 20, ROWS = USERS * EACH, MODELS = 3 };

typedef enum gold_kind { NO_GOLD, ANSWERS, PROBABILITIES } gold_kind;

static const double ERROR = 0.02;

typedef struct gold_scene {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  double *gold; /* pairs: as told to the estimator; NaN: not gold */
  int8_t *choice;
  int32_t *a, *b;
  size_t *first;
} gold_scene;

static gold_scene scene;

/* P(A) of an attentive user: mu, or the known p, which answers keep with
 * probability 1 - ERROR. */
static double chance(double gold, double mu) {
  return isnan(gold) ? mu : fmin(fmax(gold, ERROR), 1 - ERROR);
}

static double gold_of(gold_kind kind, heed_stream *stream) {
  const double u = heed_uniform(stream);
  if (kind == ANSWERS) return u < 0.5 ? 0 : 1;
  return kind == PROBABILITIES ? u : NAN;
}

/* Half of the users have an eta of .1, half of .9; the last `each` annotations
 * of every user are of gold pairs. */
static void open_scene(uint64_t seed, double mu, gold_kind kind, size_t each) {
  memset(&scene, 0, sizeof scene);
  workbench_open(&scene.bench, seed);
  const heed_host *host = &scene.bench.host.host;
  heed_table *pairs = host->table(host, "pairs", ROWS);
  heed_table *people = host->table(host, "users", USERS);
  heed_table *said = host->table(host, "annotations", ROWS);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  int8_t *left = host->column(host, said, "left", HEED_INT8, 1);
  scene.gold = host->column(host, pairs, "gold", HEED_FLOAT64, 1);
  scene.choice = host->column(host, said, "choice", HEED_INT8, 1);
  scene.first = host->allocate(host, USERS + 1, sizeof *scene.first);
  for (size_t j = 0; j < USERS; j++) {
    heed_stream stream = host->stream(host, "scene", j);
    const double eta = heed_uniform(&stream) < 0.5 ? 0.1 : 0.9;
    for (size_t i = j * EACH; i < (j + 1) * EACH; i++) {
      const double drawn = gold_of(kind, &stream);
      user[i] = (int64_t)j;
      pair[i] = (int64_t)i;
      left[i] = HEED_LEFT_UNKNOWN;
      scene.gold[i] = i % EACH >= EACH - each ? drawn : NAN;
      const double p = chance(scene.gold[i], mu);
      scene.choice[i] = heed_uniform(&stream) < eta * p + (1 - eta) / 2
                            ? HEED_CHOSE_A
                            : HEED_CHOSE_B;
    }
    scene.first[j + 1] = (j + 1) * EACH;
  }
  scene.world = (heed_world){
      .size = sizeof scene.world, .pairs = pairs, .mu = mu, .mu_requested = mu};
  scene.crowd = (heed_crowd){.size = sizeof scene.crowd,
                             .world = &scene.world,
                             .users = people,
                             .annotations = said,
                             .first = scene.first};
}

static void close_scene(void) {
  workbench_close(&scene.bench);
}

static const heed_posterior *estimate(const char *name,
                                      const char *parameters) {
  static const char *const shapes[] = {"two_point", "beta", "grid"};
  for (size_t i = 0; i < 3; i++)
    workbench_load(&scene.bench, HEED_DISTRIBUTION, shapes[i]);
  workbench_load(&scene.bench, HEED_USER_MODEL, "attentive");
  const heed_instance *made =
      workbench_make(&scene.bench, HEED_ESTIMATOR, name, parameters);
  const heed_estimator_functions *functions = made->plugin->functions;
  scene.posterior = (heed_posterior){.size = sizeof scene.posterior,
                                     .mu = NAN,
                                     .mu_low = NAN,
                                     .mu_high = NAN,
                                     .log_likelihood = NAN,
                                     .objective = NAN};
  scene.bench.warned[0] = 0;
  if (functions->estimate(made->self, &scene.bench.host.host, &scene.crowd,
                          &scene.posterior, &scene.bench.error) != HEED_OK)
    fail_msg("%s", scene.bench.error.message);
  return &scene.posterior;
}

static double output_named(const char *estimator, const char *name) {
  const heed_plugin *plugin =
      registry_find(scene.bench.plugins, HEED_ESTIMATOR, estimator, NULL);
  for (size_t i = 0; i < plugin->output_count; i++)
    if (strcmp(plugin->outputs[i].name, name) == 0)
      return scene.bench.output[i];
  fail_msg("no output %s", name);
  return NAN;
}

/* ---- likelihoods written out ---- */

/* P(user j's annotations but `without` | eta), with one mu for pairs that are
 * not gold. */
static double of_user(size_t j, double eta, double mu, size_t without) {
  double product = 1;
  for (size_t i = j * EACH; i < (j + 1) * EACH; i++) {
    const double a = eta * chance(scene.gold[i], mu) + (1 - eta) / 2;
    if (i != without) product *= scene.choice[i] == HEED_CHOSE_A ? a : 1 - a;
  }
  return product;
}

/* theta: low, high, share of high. */
static double log_likelihood(const double *theta, double mu) {
  double sum = 0;
  for (size_t j = 0; j < USERS; j++)
    sum += log((1 - theta[2]) * of_user(j, theta[0], mu, ROWS) +
               theta[2] * of_user(j, theta[1], mu, ROWS));
  return sum;
}

static const double TRUTH[3] = {0.1, 0.9, 0.5};

/* Where log_likelihood(TRUTH, mu) falls by 1.92 below `top`. */
static double end_of(double mu, double outside, double top) {
  for (int i = 0; i < 60; i++) {
    const double middle = (mu + outside) / 2;
    if (log_likelihood(TRUTH, middle) > top - 1.920729410347062)
      mu = middle;
    else
      outside = middle;
  }
  return mu;
}

static double best_mu(void) {
  double low = 0.5, high = 0.99;
  while (high - low > 1e-9) {
    const double a = low + (high - low) / 3, b = high - (high - low) / 3;
    if (log_likelihood(TRUTH, a) < log_likelihood(TRUTH, b))
      low = a;
    else
      high = b;
  }
  return low;
}

/* ---- em ---- */

#define KNOWN_PRIOR                                        \
  "\"prior\": {\"plugin\": \"two_point\", \"parameters\":" \
  " {\"low\": 0.1, \"high\": 0.9, \"share\": 0.5}},"       \
  " \"fit\": \"fixed\", \"pseudo_users\": 0"

/* The ends of the interval are bisected to a 4096th of the range. */
static void mu_and_its_interval_are_those_of_the_likelihood(void **state) {
  (void)state;
  for (gold_kind kind = NO_GOLD; kind <= PROBABILITIES; kind++) {
    open_scene(1 + kind, 0.74, kind, 2);
    const heed_posterior *posterior =
        estimate("em", "{\"mu\": \"estimated\", " KNOWN_PRIOR "}");
    const double mu = best_mu(), top = log_likelihood(TRUTH, mu);
    assert_near(posterior->mu, mu, 1e-5);
    assert_near(posterior->log_likelihood, top, 1e-6);
    assert_near(posterior->mu_low, end_of(mu, 0.01, top), 2e-4);
    assert_near(posterior->mu_high, end_of(mu, 0.99, top), 2e-4);
    assert_near(output_named("em", "gold_annotations"),
                kind == NO_GOLD ? 0 : 2 * USERS, 0);
    close_scene();
  }
}

/* Answers are grouped by their counts, probabilities are not. */
static void posteriors_are_those_of_bayes_rule(void **state) {
  (void)state;
  for (gold_kind kind = ANSWERS; kind <= PROBABILITIES; kind++) {
    open_scene(3, 0.7, kind, 3);
    const heed_posterior *posterior =
        estimate("em", "{\"mu\": 0.7, " KNOWN_PRIOR "}");
    if (kind == ANSWERS)
      assert_true(posterior->row_count < USERS);
    else
      assert_true(posterior->row_count == USERS);
    for (size_t i = 0; i < ROWS; i++) {
      const size_t j = i / EACH;
      const double low = of_user(j, 0.1, 0.7, ROWS);
      const double high = of_user(j, 0.9, 0.7, ROWS);
      const double without_low = of_user(j, 0.1, 0.7, i);
      const double without_high = of_user(j, 0.9, 0.7, i);
      assert_near(posterior->mean[j], (0.1 * low + 0.9 * high) / (low + high),
                  1e-12);
      assert_near(posterior->left_out[i],
                  (0.1 * without_low + 0.9 * without_high) /
                      (without_low + without_high),
                  1e-12);
      assert_near(posterior->p[i], chance(scene.gold[i], 0.7), 0);
    }
    close_scene();
  }
}

/* No point near the fit explains the annotations better; the truth does not
 * either. */
static void everything_is_fitted_to_the_maximum(void **state) {
  (void)state;
  for (gold_kind kind = ANSWERS; kind <= PROBABILITIES; kind++) {
    open_scene(5, 0.74, kind, 2);
    const heed_posterior *posterior =
        estimate("em", "{\"mu\": \"estimated\", \"prior\": \"two_point\"}");
    const double mu = posterior->mu, *theta = posterior->theta;
    assert_near(posterior->log_likelihood, log_likelihood(theta, mu), 1e-6);
    assert_true(posterior->log_likelihood > log_likelihood(TRUTH, 0.74));
    for (size_t i = 0; i < 4; i++)
      for (int sign = -1; sign <= 1; sign += 2) {
        double near[4] = {theta[0], theta[1], theta[2], mu};
        near[i] += sign * 1e-3;
        assert_true(log_likelihood(near, near[3]) <
                    posterior->log_likelihood + 1e-9);
      }
    close_scene();
  }
}

static void pairs_without_gold_change_nothing(void **state) {
  (void)state;
  double mean[USERS], mu, low;
  open_scene(7, 0.74, NO_GOLD, 0);
  const heed_posterior *posterior = estimate("em", "{\"mu\": \"estimated\"}");
  memcpy(mean, posterior->mean, sizeof mean);
  mu = posterior->mu;
  low = posterior->mu_low;
  ((heed_table *)scene.world.pairs)->column_count = 0;
  posterior = estimate("em", "{\"mu\": \"estimated\"}");
  assert_memory_equal(mean, posterior->mean, sizeof mean);
  assert_near(posterior->mu, mu, 0);
  assert_near(posterior->mu_low, low, 0);
  close_scene();
}

/* One pair in twenty is gold.  Ten logs: mu varies by .012 and .017 from log to
 * log, so its mean has a standard error below .006, and .02 is three of them.
 * An independent fit has intervals of .04 and .05 with gold pairs, .41 and .28
 * without.  At .6 most fits put an atom at 1 and say `boundary`; mu is known
 * all the same. */
static void one_gold_pair_in_twenty_identifies_mu(void **state) {
  static const double gaps[] = {0.6, 0.74};
  enum { LOGS = 10 };
  (void)state;
  for (size_t g = 0; g < 2; g++) {
    double mean = 0, width = 0;
    size_t identified = 0;
    for (uint64_t seed = 1; seed <= LOGS; seed++) {
      open_scene(seed, gaps[g], ANSWERS, 1);
      const heed_posterior *posterior =
          estimate("em", "{\"mu\": \"estimated\", \"prior\": \"two_point\"}");
      mean += posterior->mu / LOGS;
      width += (posterior->mu_high - posterior->mu_low) / LOGS;
      if (posterior->identified) identified++;
      assert_true(strcmp(scene.bench.warned, "not_identified") != 0);
      close_scene();
    }
    assert_near(mean, gaps[g], 0.02);
    assert_true(width < 0.1);
    if (g == 1) assert_true(identified >= 8);
    open_scene(1, gaps[g], NO_GOLD, 0);
    const heed_posterior *posterior =
        estimate("em", "{\"mu\": \"estimated\", \"prior\": \"two_point\"}");
    assert_false(posterior->identified);
    assert_true(posterior->mu_high - posterior->mu_low > 0.25);
    close_scene();
  }
}

/* A user with eta = 1 may slip: without an error rate, one slip on a pair of
 * known answer would be impossible. */
static void a_slip_on_a_gold_pair_is_possible(void **state) {
  (void)state;
  open_scene(9, 0.9, ANSWERS, 1);
  const heed_posterior *posterior = estimate(
      "em",
      "{\"mu\": 0.9, \"fit\": \"fixed\", \"pseudo_users\": 0, \"prior\":"
      " {\"plugin\": \"two_point\", \"parameters\":"
      " {\"low\": 0, \"high\": 1, \"share\": 0.5}}}");
  for (size_t j = 0; j < USERS; j++) {
    const double none = of_user(j, 0, 0.9, ROWS),
                 all = of_user(j, 1, 0.9, ROWS);
    assert_near(posterior->mean[j], all / (none + all), 1e-12);
  }
  close_scene();
}

/* ---- how many are needed ---- */

/* Four logs: the mean width after as many more gold annotations as the first
 * fit asks for is the one asked for, within a fifth.  (Numbers are rounded to
 * gold pairs a user.) */
static void as_many_as_needed_narrow_mu_to_the_width(void **state) {
  enum { LOGS = 4 };
  (void)state;
  double needed = 0, width = 0;
  const char *parameters =
      "{\"mu\": \"estimated\", \"prior\": \"two_point\","
      " \"gold_width\": 0.045}";
  for (uint64_t seed = 1; seed <= LOGS; seed++) {
    open_scene(seed, 0.74, ANSWERS, 1);
    (void)estimate("em", parameters);
    needed += output_named("em", "gold_needed") / LOGS;
    close_scene();
  }
  const size_t each = 1 + (size_t)(needed / USERS + 0.5);
  assert_true(each > 1 && each < 6);
  for (uint64_t seed = 1; seed <= LOGS; seed++) {
    open_scene(seed, 0.74, ANSWERS, each);
    const heed_posterior *posterior = estimate("em", parameters);
    width += (posterior->mu_high - posterior->mu_low) / LOGS;
    close_scene();
  }
  assert_near(width, 0.045, 0.009);
}

static void none_are_needed_where_mu_is_certain_enough(void **state) {
  (void)state;
  open_scene(1, 0.74, ANSWERS, 2);
  (void)estimate("em",
                 "{\"mu\": \"estimated\", \"prior\": \"two_point\","
                 " \"gold_width\": 0.3}");
  assert_near(output_named("em", "gold_needed"), 0, 0);
  close_scene();
}

static void the_warning_of_an_unknown_gap_names_the_number(void **state) {
  char expected[64];
  (void)state;
  open_scene(1, 0.6, NO_GOLD, 0);
  (void)estimate("em", "{\"mu\": \"estimated\", \"gold_width\": 0.2}");
  assert_string_equal(scene.bench.warned, "not_identified");
  (void)snprintf(expected, sizeof expected,
                 "some %.0f more annotations of gold pairs would narrow",
                 output_named("em", "gold_needed"));
  if (strstr(scene.bench.warning, expected) == NULL)
    fail_msg("%s", scene.bench.warning);
  close_scene();
}

/* With the other labels as few as they are, no number of gold pairs tells mu to
 * a thousandth. */
static void too_few_labels_are_said(void **state) {
  (void)state;
  open_scene(1, 0.74, ANSWERS, 1);
  (void)estimate("em",
                 "{\"mu\": \"estimated\", \"prior\": \"two_point\","
                 " \"gold_width\": 0.001}");
  assert_true(isnan(output_named("em", "gold_needed")));
  close_scene();
}

/* ---- em_bradley_terry ---- */

/* Model 2 against the others, its p that of the scene. */
static void add_models(void) {
  const heed_host *host = &scene.bench.host.host;
  heed_table *pairs = (heed_table *)scene.world.pairs;
  scene.a = host->column(host, pairs, "model_a", HEED_INT32, 1);
  scene.b = host->column(host, pairs, "model_b", HEED_INT32, 1);
  for (size_t i = 0; i < ROWS; i++) {
    scene.a[i] = 2;
    scene.b[i] = (int32_t)(i % 2);
  }
  scene.world.models = host->table(host, "models", MODELS);
}

/* The penalised likelihood at strengths s and weights w of K nodes. */
static double of_strengths(const double *s, size_t count, const double *nodes,
                           const double *weight) {
  double sum = 0;
  for (size_t m = 0; m < MODELS; m++) sum -= 0.05 * s[m] * s[m];
  for (size_t j = 0; j < USERS; j++) {
    double likelihood = 0;
    for (size_t k = 0; k < count; k++) {
      double product = weight[k];
      for (size_t i = j * EACH; i < (j + 1) * EACH; i++) {
        const double p =
            chance(scene.gold[i], 1 / (1 + exp(s[scene.b[i]] - s[scene.a[i]])));
        const double a = nodes[k] * p + (1 - nodes[k]) / 2;
        product *= scene.choice[i] == HEED_CHOSE_A ? a : 1 - a;
      }
      likelihood += product;
    }
    sum += log(likelihood);
  }
  return sum;
}

/* Kinds of answers are merged; of 500 x 3 probabilities they are not. */
static void strengths_are_fitted_beside_gold_pairs(void **state) {
  (void)state;
  for (gold_kind kind = ANSWERS; kind <= PROBABILITIES; kind++) {
    open_scene(11, 0.74, kind, 3);
    add_models();
    const heed_posterior *posterior =
        estimate("em_bradley_terry",
                 "{\"pseudo_users\": 0, \"prior\": {\"plugin\": \"grid\","
                 " \"parameters\": {\"nodes\": 11}}}");
    const double *s = posterior->strength, *nodes = posterior->nodes;
    const double *weight = posterior->theta;
    assert_int_equal(posterior->node_count, 11);
    const double top = of_strengths(s, 11, nodes, weight);
    assert_near(posterior->objective, top, 1e-5);
    for (size_t m = 0; m < MODELS; m++)
      for (int sign = -1; sign <= 1; sign += 2) {
        double near[MODELS];
        memcpy(near, s, sizeof near);
        near[m] += sign * 1e-2;
        assert_true(of_strengths(near, 11, nodes, weight) < top + 1e-6);
      }
    for (size_t i = 0; i < ROWS; i++)
      if (!isnan(scene.gold[i]))
        assert_near(posterior->p[i], chance(scene.gold[i], NAN), 0);
    close_scene();
  }
}

/* ---- others ---- */

/* Half of the users have .1 and half .9: a mean of .5 with a standard error of
 * .018, a standard deviation of .4.  Users with five gold pairs are told apart
 * better than users with none: the error of eta-hat is well below that of
 * guessing the mean. */
static void moments_and_bayes_use_them(void **state) {
  static const char *const names[] = {"moments", "bayes"};
  double error[2];
  (void)state;
  for (size_t e = 0; e < 2; e++) {
    for (size_t with = 0; with < 2; with++) {
      open_scene(15, 0.6, ANSWERS, 5);
      error[with] = 0;
      const heed_posterior *posterior =
          estimate(names[e], with ? "{\"mu\": 0.6}"
                                  : "{\"mu\": 0.6, \"gold_error\": 0.499}");
      for (size_t j = 0; j < USERS; j++) {
        heed_stream stream =
            scene.bench.host.host.stream(&scene.bench.host.host, "scene", j);
        const double eta = heed_uniform(&stream) < 0.5 ? 0.1 : 0.9;
        error[with] += (posterior->mean[j] - eta) * (posterior->mean[j] - eta);
      }
      close_scene();
    }
    assert_true(error[1] < 0.6 * error[0]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mu_and_its_interval_are_those_of_the_likelihood),
      cmocka_unit_test(posteriors_are_those_of_bayes_rule),
      cmocka_unit_test(everything_is_fitted_to_the_maximum),
      cmocka_unit_test(pairs_without_gold_change_nothing),
      cmocka_unit_test(one_gold_pair_in_twenty_identifies_mu),
      cmocka_unit_test(a_slip_on_a_gold_pair_is_possible),
      cmocka_unit_test(as_many_as_needed_narrow_mu_to_the_width),
      cmocka_unit_test(none_are_needed_where_mu_is_certain_enough),
      cmocka_unit_test(the_warning_of_an_unknown_gap_names_the_number),
      cmocka_unit_test(too_few_labels_are_said),
      cmocka_unit_test(strengths_are_fitted_beside_gold_pairs),
      cmocka_unit_test(moments_and_bayes_use_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
