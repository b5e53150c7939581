/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator glad, beside enumeration of every better response and direct
 * maximisation. */
#include <gsl/gsl_multimin.h>

#include "../support/overlapping.h"

enum { USERS = 6, PAIRS = 7, VALUES = USERS + PAIRS };

static const double share = 0.4, ability = 0.8, easiness = 0.5;
static const char *const plain =
    "{\"share\": 0.4, \"ability\": 0.8, \"easiness\": 0.5,"
    " \"negative\": \"keep\", \"tolerance\": 1e-16}";

static test_overlapping scene;

static int set_up(void **state) {
  (void)state;
  overlapping_open(&scene, 4);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  overlapping_close(&scene);
  return 0;
}

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

/* x: abilities, then log easiness. */
static double choice_given(void *context, const test_overlapping *self,
                           size_t row, bool better_a) {
  const double *x = context;
  const double s =
      sigmoid(x[self->user[row]] * exp(x[USERS + self->pair[row]]));
  return (self->choice[row] == HEED_CHOSE_A) == better_a ? s : 1 - s;
}

static double penalty(const double *x) {
  double sum = 0;
  for (size_t i = 0; i < VALUES; i++)
    sum += pow(x[i] - (i < USERS ? ability : easiness), 2) / 2;
  return sum;
}

static double penalised(double *x) {
  return overlapping_enumerate(&scene, choice_given, x, share, SIZE_MAX, NULL) -
         penalty(x);
}

/* ---- reading the fit ---- */

/* Predictions of A for every user and pair give alpha_j beta_i; only the prior
 * knows how much of it is ability, so that the scale is where the prior is
 * largest. */
typedef struct glad_scale {
  double *x;
} glad_scale;

static double at_scale(void *context, double shift) {
  const glad_scale *scale = context;
  double x[VALUES];
  for (size_t i = 0; i < VALUES; i++)
    x[i] = i < USERS ? scale->x[i] * exp(shift) : scale->x[i] - shift;
  return -penalty(x);
}

static void parameters_of(const heed_instance *made, const heed_posterior *seen,
                          double *x) {
  const heed_estimator_functions *functions = made->plugin->functions;
  const test_overlapping earlier = scene;
  size_t user[USERS * PAIRS], pair[USERS * PAIRS];
  int8_t choice[USERS * PAIRS];
  double chose_a[USERS * PAIRS], q[PAIRS], product[USERS * PAIRS];
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    q[scene.pair[r]] = seen->p[r];
  for (size_t r = 0; r < USERS * PAIRS; r++) {
    user[r] = r / PAIRS;
    pair[r] = r % PAIRS;
    choice[r] = HEED_CHOSE_A;
  }
  overlapping_crowd(&scene, USERS, PAIRS, USERS * PAIRS, user, pair, choice);
  assert_int_equal(
      functions->predict(made->self, &scene.bench.host.host, seen, &scene.crowd,
                         chose_a, &scene.bench.error),
      HEED_OK);
  for (size_t r = 0; r < USERS * PAIRS; r++) {
    const double p = q[pair[r]], s = (chose_a[r] - 1 + p) / (2 * p - 1);
    product[r] = log(s / (1 - s));
  }
  for (size_t j = 0; j < USERS; j++) x[j] = product[j * PAIRS] / product[0];
  for (size_t i = 0; i < PAIRS; i++) x[USERS + i] = log(product[i]);
  scene = earlier;
  glad_scale scale = {x};
  const double shift = overlapping_largest(at_scale, &scale, -5, 5);
  for (size_t i = 0; i < VALUES; i++)
    x[i] = i < USERS ? x[i] * exp(shift) : x[i] - shift;
}

/* Golden section finds the scale to 1e-8, which the penalty sees squared;
 * predictions are read back to some 1e-13. */
static void labels_and_likelihood_are_those_of_enumeration(void **state) {
  double x[VALUES], q[PAIRS];
  (void)state;
  overlapping_small(&scene);
  const heed_instance *made = overlapping_made(&scene, "glad", plain);
  const heed_posterior posterior = *overlapping_fit(&scene, made);
  parameters_of(made, &posterior, x);
  assert_near(
      posterior.log_likelihood,
      overlapping_enumerate(&scene, choice_given, x, share, SIZE_MAX, q),
      1e-11);
  assert_near(posterior.objective, penalised(x), 1e-11);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_near(posterior.p[r], q[scene.pair[r]], 1e-11);
}

/* Central differences of width 1e-5. */
static void the_gradient_is_zero_at_the_fit(void **state) {
  double x[VALUES];
  (void)state;
  overlapping_small(&scene);
  const heed_instance *made = overlapping_made(&scene, "glad", plain);
  const heed_posterior posterior = *overlapping_fit(&scene, made);
  assert_true(posterior.converged && posterior.identified);
  overlapping_never_falls(&scene);
  parameters_of(made, &posterior, x);
  for (size_t i = 0; i < VALUES; i++) {
    const double point = x[i], h = 1e-5;
    x[i] = point + h;
    const double above = penalised(x);
    x[i] = point - h;
    const double below = penalised(x);
    x[i] = point;
    assert_near((above - below) / (2 * h), 0, 1e-5);
  }
}

static void eta_is_the_mean_over_the_users_pairs(void **state) {
  double x[VALUES];
  (void)state;
  overlapping_small(&scene);
  const heed_instance *made = overlapping_made(&scene, "glad", plain);
  const heed_posterior posterior = *overlapping_fit(&scene, made);
  parameters_of(made, &posterior, x);
  for (size_t j = 0; j < USERS; j++) {
    double sum = 0, count = 0;
    for (size_t r = scene.crowd.first[j]; r < scene.crowd.first[j + 1]; r++) {
      if (scene.choice[r] == HEED_CHOSE_TIE) continue;
      sum += 2 * sigmoid(x[j] * exp(x[USERS + scene.pair[r]])) - 1;
      count++;
    }
    assert_near(posterior.mean[j], sum / count, 1e-7);
  }
}

static void predictions_of_a_and_b_sum_to_1_and_a_tie_says_nothing(
    void **state) {
  double probability[3];
  const size_t user[3] = {0, 1, 1}, pair[3] = {3, 3, 4};
  const int8_t a[3] = {HEED_CHOSE_A, HEED_CHOSE_A, HEED_CHOSE_TIE};
  const int8_t b[3] = {HEED_CHOSE_B, HEED_CHOSE_B, HEED_CHOSE_TIE};
  double chose_a[3];
  (void)state;
  overlapping_small(&scene);
  const heed_instance *made = overlapping_made(&scene, "glad", plain);
  const heed_estimator_functions *functions = made->plugin->functions;
  const heed_posterior seen = *overlapping_fit(&scene, made);
  for (int turn = 0; turn < 2; turn++) {
    overlapping_crowd(&scene, USERS, PAIRS, 3, user, pair, turn == 0 ? a : b);
    assert_int_equal(
        functions->predict(made->self, &scene.bench.host.host, &seen,
                           &scene.crowd, turn == 0 ? chose_a : probability,
                           &scene.bench.error),
        HEED_OK);
  }
  for (size_t r = 0; r < 2; r++) {
    assert_near(chose_a[r] + probability[r], 1, 1e-15);
    assert_true(chose_a[r] > 0 && chose_a[r] < 1);
  }
  assert_near(chose_a[2], 1, 0);
}

/* ---- direct maximisation ---- */

static double cost(const gsl_vector *point, void *context) {
  double x[VALUES];
  (void)context;
  for (size_t i = 0; i < VALUES; i++) x[i] = gsl_vector_get(point, i);
  const double value = penalised(x);
  return isfinite(value) ? -value : 1e10;
}

/* From 6 starts with able users; simplex, thrice over. */
static void direct_maximisation_finds_nothing_better(void **state) {
  gsl_multimin_fminimizer *search =
      gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, VALUES);
  gsl_vector *x = gsl_vector_alloc(VALUES), *step = gsl_vector_alloc(VALUES);
  gsl_multimin_function function = {cost, VALUES, NULL};
  double best = HUGE_VAL;
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "glad", plain));
  gsl_vector_set_all(step, 0.5);
  for (uint64_t start = 0; start < 6; start++) {
    heed_stream stream =
        scene.bench.host.host.stream(&scene.bench.host.host, "try", start);
    for (size_t i = 0; i < VALUES; i++)
      gsl_vector_set(x, i, 2 * heed_uniform(&stream));
    for (int again = 0; again < 3; again++) {
      gsl_multimin_fminimizer_set(search, &function, x, step);
      for (int i = 0; i < 4000; i++) {
        if (gsl_multimin_fminimizer_iterate(search) != 0) break;
        if (gsl_multimin_fminimizer_size(search) < 1e-7) break;
      }
      gsl_vector_memcpy(x, search->x);
    }
    best = fmin(best, search->fval);
  }
  gsl_multimin_fminimizer_free(search);
  gsl_vector_free(x);
  gsl_vector_free(step);
  assert_near(posterior->objective, -best, 1e-6);
}

/* ---- leaving out ---- */

typedef struct glad_question {
  double *x;
  size_t user, excluded;
} glad_question;

static double without_one(void *context, double alpha) {
  const glad_question *question = context;
  double x[VALUES];
  memcpy(x, question->x, sizeof x);
  x[question->user] = alpha;
  return overlapping_enumerate(&scene, choice_given, x, share,
                               question->excluded, NULL) -
         pow(alpha - ability, 2) / 2;
}

static void left_out_is_the_users_maximum_without_the_annotation(void **state) {
  double x[VALUES];
  (void)state;
  overlapping_small(&scene);
  const heed_instance *made = overlapping_made(&scene, "glad", plain);
  const heed_posterior posterior = *overlapping_fit(&scene, made);
  parameters_of(made, &posterior, x);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const size_t j = (size_t)scene.user[r];
    glad_question one = {x, j, r};
    double sum = 0, count = 0;
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    const double alpha =
        overlapping_largest(without_one, &one, x[j] - 1, x[j] + 1);
    for (size_t s = scene.crowd.first[j]; s < scene.crowd.first[j + 1]; s++) {
      if (scene.choice[s] == HEED_CHOSE_TIE) continue;
      sum += 2 * sigmoid(alpha * exp(x[USERS + scene.pair[s]])) - 1;
      count++;
    }
    assert_near(posterior.left_out[r], sum / count, 1e-6);
  }
}

/* ---- recovery ---- */

/* 200 users of 60 annotations, 15 a pair: abilities from 0 to 2, and half of
 * the pairs have easiness .4, half 2.5.  eta is then the mean of tanh(alpha
 * beta / 2); a binomial of 60 has an RMSE of .1, and users are ranked. */
static void ability_is_recovered(void **state) {
  enum { MANY = 200, EACH = 60, OF = 800 };
  const heed_host *host = &scene.bench.host.host;
  size_t *user = host->scratch(host, MANY * EACH, sizeof *user);
  size_t *pair = host->scratch(host, MANY * EACH, sizeof *pair);
  int8_t *choice = host->scratch(host, MANY * EACH, sizeof *choice);
  double eta[MANY] = {0};
  (void)state;
  for (size_t j = 0; j < MANY; j++) {
    heed_stream stream = host->stream(host, "users", j);
    const double alpha = 2.0 * (double)j / (MANY - 1);
    const size_t start = heed_uniform_integer(&stream, OF);
    for (size_t i = 0; i < EACH; i++) {
      const size_t r = j * EACH + i;
      user[r] = j;
      pair[r] = (start + 13 * i) % OF;
      const double m = alpha * (pair[r] % 2 == 0 ? 0.4 : 2.5);
      const bool right = heed_uniform(&stream) < sigmoid(m);
      choice[r] = right == (pair[r] % 3 == 0) ? HEED_CHOSE_A : HEED_CHOSE_B;
      eta[j] += (2 * sigmoid(m) - 1) / EACH;
    }
  }
  overlapping_crowd(&scene, MANY, OF, MANY * EACH, user, pair, choice);
  scene.eta = eta;
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "glad", "{}"));
  assert_true(posterior->converged);
  assert_true(overlapping_rmse(&scene) < 0.13);
}

static void pairs_annotated_once_are_not_identified(void **state) {
  (void)state;
  overlapping_apart(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "glad", "{}"));
  assert_false(posterior->identified);
  assert_string_equal(scene.bench.warned, "no_overlap");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(labels_and_likelihood_are_those_of_enumeration),
      TEST(the_gradient_is_zero_at_the_fit),
      TEST(eta_is_the_mean_over_the_users_pairs),
      TEST(predictions_of_a_and_b_sum_to_1_and_a_tie_says_nothing),
      TEST(direct_maximisation_finds_nothing_better),
      TEST(left_out_is_the_users_maximum_without_the_annotation),
      TEST(ability_is_recovered),
      TEST(pairs_annotated_once_are_not_identified),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
