/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator crowd_bt, beside its likelihood written out and direct
 * maximisation. */
#include <gsl/gsl_multimin.h>

#include "../support/overlapping.h"

enum { USERS = 6, PAIRS = 7, MODELS = 4, MOST = USERS + PAIRS };

static const int32_t first_model[PAIRS] = {0, 1, 2, 3, 0, 1, 2};
static const int32_t second_model[PAIRS] = {1, 2, 3, 0, 2, 3, 2};
static const double ridge = 0.1, alpha = 2.5, beta = 1.5;
static const char *const with_prior =
    "{\"ridge\": 0.1, \"alpha\": 2.5, \"beta\": 1.5, \"negative\": \"keep\","
    " \"tolerance\": 1e-16}";

static test_overlapping scene;
static bool by_model;

static int set_up(void **state) {
  (void)state;
  overlapping_open(&scene, 4);
  by_model = false;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  overlapping_close(&scene);
  return 0;
}

static void name_models(size_t pairs, const int32_t *a, const int32_t *b,
                        size_t models) {
  const heed_host *host = &scene.bench.host.host;
  int32_t *into_a =
      host->column(host, scene.world.pairs, "model_a", HEED_INT32, 1);
  int32_t *into_b =
      host->column(host, scene.world.pairs, "model_b", HEED_INT32, 1);
  memcpy(into_a, a, pairs * sizeof *a);
  memcpy(into_b, b, pairs * sizeof *b);
  scene.world.models = host->table(host, "models", models);
  by_model = true;
}

static size_t strengths(void) {
  return by_model ? MODELS : PAIRS;
}

/* x: reliabilities, then strengths. */
static double p_of(const double *x, size_t pair) {
  const double *s = x + USERS;
  const double d =
      by_model ? s[first_model[pair]] - s[second_model[pair]] : s[pair];
  return 1 / (1 + exp(-d));
}

static double likelihood(const double *x, size_t excluded) {
  double sum = 0;
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const double p = p_of(x, (size_t)scene.pair[r]), a = x[scene.user[r]];
    const double chose_a = a * p + (1 - a) * (1 - p);
    if (r == excluded || scene.choice[r] == HEED_CHOSE_TIE) continue;
    sum += log(scene.choice[r] == HEED_CHOSE_A ? chose_a : 1 - chose_a);
  }
  return sum;
}

static double penalised(const double *x, size_t excluded) {
  double sum = likelihood(x, excluded);
  for (size_t j = 0; j < USERS; j++)
    sum += (alpha - 1) * log(x[j]) + (beta - 1) * log(1 - x[j]);
  for (size_t m = 0; m < strengths(); m++)
    sum -= ridge * x[USERS + m] * x[USERS + m];
  return sum;
}

/* Strengths of pairs stand in p, those of models in the posterior. */
static void parameters_of(const heed_posterior *posterior, double *x) {
  for (size_t j = 0; j < USERS; j++) x[j] = (1 + posterior->mean[j]) / 2;
  for (size_t m = 0; by_model && m < MODELS; m++)
    x[USERS + m] = posterior->strength[m];
  for (size_t r = 0; !by_model && r < scene.crowd.annotations->rows; r++)
    x[USERS + (size_t)scene.pair[r]] =
        log(posterior->p[r] / (1 - posterior->p[r]));
}

static const heed_posterior *fitted(double *x) {
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "crowd_bt", with_prior));
  parameters_of(posterior, x);
  return posterior;
}

/* Central differences of width 1e-5. */
static void check_fit(void) {
  double x[MOST];
  const heed_posterior *posterior = fitted(x);
  assert_true(posterior->converged && posterior->identified);
  overlapping_never_falls(&scene);
  assert_near(posterior->log_likelihood, likelihood(x, SIZE_MAX), 1e-11);
  assert_near(posterior->objective, penalised(x, SIZE_MAX), 1e-11);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_near(posterior->p[r], p_of(x, (size_t)scene.pair[r]), 1e-12);
  for (size_t i = 0; i < USERS + strengths(); i++) {
    const double point = x[i], h = 1e-5;
    x[i] = point + h;
    const double above = penalised(x, SIZE_MAX);
    x[i] = point - h;
    const double below = penalised(x, SIZE_MAX);
    x[i] = point;
    assert_near((above - below) / (2 * h), 0, 1e-5);
  }
}

static void the_gradient_is_zero_at_the_fit_of_pairs(void **state) {
  (void)state;
  overlapping_small(&scene);
  check_fit();
  assert_null(scene.posterior.strength);
}

static void the_gradient_is_zero_at_the_fit_of_models(void **state) {
  (void)state;
  overlapping_small(&scene);
  name_models(PAIRS, first_model, second_model, MODELS);
  check_fit();
  assert_non_null(scene.posterior.strength);
}

/* ---- direct maximisation, reliabilities on a logit scale ---- */

static double cost(const gsl_vector *point, void *context) {
  double x[MOST];
  (void)context;
  for (size_t i = 0; i < USERS + strengths(); i++) {
    x[i] = gsl_vector_get(point, i);
    if (i < USERS) x[i] = 1 / (1 + exp(-x[i]));
  }
  const double value = penalised(x, SIZE_MAX);
  return isfinite(value) ? -value : 1e10;
}

static double minimised(gsl_multimin_fminimizer *search, uint64_t start) {
  heed_stream stream =
      scene.bench.host.host.stream(&scene.bench.host.host, "try", start);
  const size_t count = USERS + strengths();
  gsl_multimin_function function = {cost, count, NULL};
  gsl_vector *x = gsl_vector_alloc(count), *step = gsl_vector_alloc(count);
  gsl_vector_set_all(step, 0.5);
  for (size_t i = 0; i < count; i++)
    gsl_vector_set(
        x, i,
        i < USERS ? 2 * heed_uniform(&stream) : 2 * heed_uniform(&stream) - 1);
  for (int again = 0; again < 3; again++) {
    gsl_multimin_fminimizer_set(search, &function, x, step);
    for (int i = 0; i < 20000; i++) {
      if (gsl_multimin_fminimizer_iterate(search) != 0) break;
      if (gsl_multimin_fminimizer_size(search) < 1e-9) break;
    }
    gsl_vector_memcpy(x, search->x);
  }
  gsl_vector_free(x);
  gsl_vector_free(step);
  return search->fval;
}

/* Reliable starts only: every user's opposite under opposite strengths is as
 * likely but for the prior. */
static void direct_maximisation_finds_nothing_better(void **state) {
  double x[MOST];
  (void)state;
  overlapping_small(&scene);
  name_models(PAIRS, first_model, second_model, MODELS);
  const heed_posterior *posterior = fitted(x);
  gsl_multimin_fminimizer *search = gsl_multimin_fminimizer_alloc(
      gsl_multimin_fminimizer_nmsimplex2, USERS + MODELS);
  double best = HUGE_VAL;
  for (uint64_t start = 0; start < 10; start++)
    best = fmin(best, minimised(search, start));
  gsl_multimin_fminimizer_free(search);
  assert_near(posterior->objective, -best, 1e-6);
}

/* ---- leaving out ---- */

typedef struct crowd_bt_question {
  double *x;
  size_t user, excluded;
} crowd_bt_question;

static double without_one(void *context, double eta) {
  const crowd_bt_question *question = context;
  double x[MOST];
  memcpy(x, question->x, sizeof x);
  x[question->user] = (1 + eta) / 2;
  return penalised(x, question->excluded);
}

static void left_out_is_the_users_maximum_without_the_annotation(void **state) {
  double x[MOST];
  (void)state;
  overlapping_small(&scene);
  name_models(PAIRS, first_model, second_model, MODELS);
  const heed_posterior *posterior = fitted(x);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    crowd_bt_question one = {x, (size_t)scene.user[r], r};
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    assert_near(posterior->left_out[r],
                overlapping_largest(without_one, &one, -1 + 1e-9, 1 - 1e-9),
                1e-6);
  }
}

static void predictions_are_by_the_formula(void **state) {
  double x[MOST], probability[USERS];
  const size_t user[USERS] = {0, 1, 2, 3, 4, 5},
               pair[USERS] = {5, 6, 3, 4, 1, 1};
  const int8_t choice[USERS] = {HEED_CHOSE_A, HEED_CHOSE_B, HEED_CHOSE_TIE,
                                HEED_CHOSE_B, HEED_CHOSE_A, HEED_CHOSE_B};
  (void)state;
  overlapping_small(&scene);
  name_models(PAIRS, first_model, second_model, MODELS);
  const heed_instance *made = overlapping_made(&scene, "crowd_bt", with_prior);
  const heed_estimator_functions *functions = made->plugin->functions;
  const heed_posterior seen = *overlapping_fit(&scene, made);
  parameters_of(&seen, x);
  overlapping_crowd(&scene, USERS, PAIRS, USERS, user, pair, choice);
  assert_int_equal(
      functions->predict(made->self, &scene.bench.host.host, &seen,
                         &scene.crowd, probability, &scene.bench.error),
      HEED_OK);
  for (size_t r = 0; r < USERS; r++) {
    const double p = p_of(x, pair[r]), a = x[user[r]];
    const double chose_a = a * p + (1 - a) * (1 - p);
    assert_near(probability[r],
                choice[r] == HEED_CHOSE_TIE ? 1
                : choice[r] == HEED_CHOSE_A ? chose_a
                                            : 1 - chose_a,
                1e-12);
  }
}

/* ---- recovery ---- */

/* 8 models of strengths -3.5 to 3.5, pairs of all of them, 200 users of 100
 * choices: users who follow sigmoid(s_a - s_b) with probability eta.  The
 * curvature says what the error of eta is: the mean sd, and RMSE no more than a
 * tenth above it.  Strengths have 20000 choices: errors of some hundredths. */
static void strengths_and_attentiveness_are_recovered(void **state) {
  enum { MANY = 200, EACH = 100, KINDS = 8, COUPLES = 56 };
  const heed_host *host = &scene.bench.host.host;
  int32_t a[COUPLES], b[COUPLES];
  size_t *user = host->scratch(host, MANY * EACH, sizeof *user);
  size_t *pair = host->scratch(host, MANY * EACH, sizeof *pair);
  int8_t *choice = host->scratch(host, MANY * EACH, sizeof *choice);
  double eta[MANY], sd = 0, mean = 0;
  (void)state;
  for (int32_t i = 0, n = 0; i < KINDS; i++)
    for (int32_t k = 0; k < KINDS; k++)
      if (i != k) {
        a[n] = i;
        b[n++] = k;
      }
  for (size_t j = 0; j < MANY; j++) {
    heed_stream stream = host->stream(host, "users", j);
    eta[j] = (double)j / (MANY - 1);
    for (size_t r = j * EACH; r < (j + 1) * EACH; r++) {
      user[r] = j;
      pair[r] = heed_uniform_integer(&stream, COUPLES);
      const double d = a[pair[r]] - b[pair[r]];
      const double p = eta[j] / (1 + exp(-d)) + (1 - eta[j]) / 2;
      choice[r] = heed_uniform(&stream) < p ? HEED_CHOSE_A : HEED_CHOSE_B;
    }
  }
  overlapping_crowd(&scene, MANY, COUPLES, MANY * EACH, user, pair, choice);
  name_models(COUPLES, a, b, KINDS);
  scene.eta = eta;
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "crowd_bt", "{}"));
  assert_true(posterior->converged && posterior->identified);
  for (size_t j = 0; j < MANY; j++) sd += posterior->sd[j] / MANY;
  assert_true(overlapping_rmse(&scene) < 1.1 * sd && sd < 0.12);
  for (size_t m = 0; m < KINDS; m++) mean += posterior->strength[m] / KINDS;
  for (size_t m = 0; m < KINDS; m++)
    assert_near(posterior->strength[m] - mean, (double)m - 3.5, 0.35);
}

static void pairs_annotated_once_are_not_identified_without_models(
    void **state) {
  (void)state;
  overlapping_apart(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "crowd_bt", "{}"));
  assert_false(posterior->identified);
  assert_string_equal(scene.bench.warned, "no_overlap");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_gradient_is_zero_at_the_fit_of_pairs),
      TEST(the_gradient_is_zero_at_the_fit_of_models),
      TEST(direct_maximisation_finds_nothing_better),
      TEST(left_out_is_the_users_maximum_without_the_annotation),
      TEST(predictions_are_by_the_formula),
      TEST(strengths_and_attentiveness_are_recovered),
      TEST(pairs_annotated_once_are_not_identified_without_models),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
