/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator dawid_skene, beside enumeration of every better response. */
#include "../support/overlapping.h"

enum { USERS = 6, PAIRS = 7 };

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

/* Accuracies of users, then the share. */
static double one_coin(void *context, const test_overlapping *self, size_t row,
                       bool better_a) {
  const double *x = context;
  const double a = x[self->user[row]];
  return (self->choice[row] == HEED_CHOSE_A) == better_a ? a : 1 - a;
}

enum { SHARE = USERS };

static double enumerated(double *x, size_t excluded, double *q) {
  return overlapping_enumerate(&scene, one_coin, x, x[SHARE], excluded, q);
}

static void parameters_of(const heed_posterior *posterior, double *x) {
  for (size_t j = 0; j < USERS; j++) x[j] = (1 + posterior->mean[j]) / 2;
  x[SHARE] = scene.bench.output[5];
}

static double penalised(double *x, double alpha, double beta) {
  double sum = enumerated(x, SIZE_MAX, NULL);
  for (size_t j = 0; j < USERS; j++)
    sum += (alpha - 1) * log(x[j]) + (beta - 1) * log(1 - x[j]);
  return sum;
}

static const char *const with_prior =
    "{\"alpha\": 2.5, \"beta\": 1.5, \"negative\": \"keep\","
    " \"tolerance\": 1e-16}";

/* Sums of at most 2^7 terms: rounding stays below 1e-13. */
static void labels_and_likelihood_are_those_of_enumeration(void **state) {
  double x[USERS + 1], q[PAIRS];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "dawid_skene", with_prior));
  parameters_of(posterior, x);
  assert_near(posterior->log_likelihood, enumerated(x, SIZE_MAX, q), 1e-12);
  assert_near(posterior->objective, penalised(x, 2.5, 1.5), 1e-12);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_near(posterior->p[r], q[scene.pair[r]], 1e-12);
}

/* Central differences of width 1e-5: error of order 1e-8 at most here. */
static void the_gradient_is_zero_at_the_fit(void **state) {
  double x[USERS + 1];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "dawid_skene", with_prior));
  assert_true(posterior->converged && posterior->identified);
  overlapping_never_falls(&scene);
  parameters_of(posterior, x);
  for (size_t i = 0; i <= USERS; i++) {
    const double point = x[i], h = 1e-5;
    assert_true(point > 0.01 && point < 0.99);
    x[i] = point + h;
    const double above = penalised(x, 2.5, 1.5);
    x[i] = point - h;
    const double below = penalised(x, 2.5, 1.5);
    x[i] = point;
    assert_near((above - below) / (2 * h), 0, 1e-5);
  }
}

/* From 200 random starts with accuracies above one half, plain EM written out
 * finds nothing better. */
static void no_other_start_does_better(void **state) {
  double best = -HUGE_VAL;
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "dawid_skene", with_prior));
  for (uint64_t start = 0; start < 200; start++) {
    heed_stream stream =
        scene.bench.host.host.stream(&scene.bench.host.host, "try", start);
    double x[USERS + 1];
    for (size_t i = 0; i <= USERS; i++)
      x[i] = 0.5 + 0.49 * heed_uniform(&stream);
    for (int step = 0; step < 400; step++) {
      double right[USERS] = {0}, said[USERS] = {0}, q[PAIRS], sum = 0;
      (void)enumerated(x, SIZE_MAX, q);
      for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
        if (scene.choice[r] == HEED_CHOSE_TIE) continue;
        const double p = q[scene.pair[r]];
        said[scene.user[r]]++;
        right[scene.user[r]] += scene.choice[r] == HEED_CHOSE_A ? p : 1 - p;
      }
      for (size_t j = 0; j < USERS; j++)
        x[j] = (right[j] + 1.5) / (said[j] + 2);
      for (size_t i = 0; i < PAIRS; i++) sum += q[i] / PAIRS;
      x[SHARE] = sum;
    }
    best = fmax(best, penalised(x, 2.5, 1.5));
  }
  assert_near(posterior->objective, best, 1e-8);
}

/* ---- leaving out ---- */

typedef struct dawid_skene_question {
  double *x;
  size_t user, excluded;
} dawid_skene_question;

static double without_one(void *context, double eta) {
  const dawid_skene_question *question = context;
  double x[USERS + 1];
  memcpy(x, question->x, sizeof x);
  x[question->user] = (1 + eta) / 2;
  return enumerated(x, question->excluded, NULL) +
         1.5 * log(x[question->user]) + 0.5 * log(1 - x[question->user]);
}

/* All else as fitted.  Golden section is exact to the square root of
 * rounding. */
static void left_out_is_the_users_maximum_without_the_annotation(void **state) {
  double x[USERS + 1];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "dawid_skene", with_prior));
  parameters_of(posterior, x);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    dawid_skene_question one = {x, (size_t)scene.user[r], r};
    if (scene.choice[r] == HEED_CHOSE_TIE)
      assert_near(posterior->left_out[r], posterior->mean[scene.user[r]], 0);
    else
      assert_near(posterior->left_out[r],
                  overlapping_largest(without_one, &one, -1 + 1e-9, 1 - 1e-9),
                  1e-6);
  }
}

/* The curvature of the enumerated likelihood along the user's eta. */
static void sd_is_the_curvature(void **state) {
  double x[USERS + 1];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "dawid_skene", with_prior));
  parameters_of(posterior, x);
  for (size_t j = 0; j < USERS; j++) {
    dawid_skene_question one = {x, j, SIZE_MAX};
    const double h = 1e-4, point = posterior->mean[j];
    const double curvature =
        (without_one(&one, point + h) - 2 * without_one(&one, point) +
         without_one(&one, point - h)) /
        (h * h);
    assert_near(posterior->sd[j], fmin(1 / sqrt(-curvature), 2 / sqrt(12)),
                1e-5);
  }
}

/* ---- predictions ---- */

/* P(new | seen) = sum_z P(z | seen) P(new | z), P(z | seen) by enumeration. */
static void predictions_weigh_both_responses(void **state) {
  double x[USERS + 1], probability[3 * PAIRS];
  size_t user[3 * PAIRS], pair[3 * PAIRS];
  int8_t choice[3 * PAIRS];
  (void)state;
  overlapping_small(&scene);
  const heed_instance *made =
      overlapping_made(&scene, "dawid_skene", with_prior);
  const heed_estimator_functions *functions = made->plugin->functions;
  const heed_posterior seen = *overlapping_fit(&scene, made);
  parameters_of(&seen, x);
  const test_overlapping earlier = scene;
  for (size_t i = 0; i < 3 * PAIRS; i++) {
    user[i] = i / PAIRS;
    pair[i] = i % PAIRS;
    choice[i] = i == 4 ? HEED_CHOSE_TIE : (int8_t)(i % 2);
  }
  overlapping_crowd(&scene, USERS, PAIRS, 3 * PAIRS, user, pair, choice);
  const heed_crowd held_out = scene.crowd;
  assert_int_equal(
      functions->predict(made->self, &scene.bench.host.host, &seen, &held_out,
                         probability, &scene.bench.error),
      HEED_OK);
  for (size_t i = 0; i < 3 * PAIRS; i++) {
    double q[PAIRS];
    scene = earlier;
    (void)enumerated(x, SIZE_MAX, q);
    const double a = x[user[i]], p = q[pair[i]];
    const double chose_a = a * p + (1 - a) * (1 - p);
    assert_near(probability[i],
                choice[i] == HEED_CHOSE_TIE ? 1
                : choice[i] == HEED_CHOSE_A ? chose_a
                                            : 1 - chose_a,
                1e-12);
  }
}

/* ---- two coins ---- */

static const char *const per_class =
    "{\"coins\": \"per_class\", \"alpha\": 2.5, \"beta\": 1.5,"
    " \"negative\": \"keep\", \"tolerance\": 1e-16}";

enum { TWO_SHARE = 2 * USERS, TWO_COUNT };

/* Accuracies of users where A's response is better, then where B's is, then the
 * share. */
static double two_coin(void *context, const test_overlapping *self, size_t row,
                       bool better_a) {
  const double *x = (double *)context + (better_a ? 0 : USERS);
  const double a = x[self->user[row]];
  return (self->choice[row] == HEED_CHOSE_A) == better_a ? a : 1 - a;
}

static double two_enumerated(double *x, size_t excluded, double *q) {
  return overlapping_enumerate(&scene, two_coin, x, x[TWO_SHARE], excluded, q);
}

static double two_penalised(double *x, size_t excluded) {
  double sum = two_enumerated(x, excluded, NULL);
  for (size_t i = 0; i < 2 * USERS; i++)
    sum += 1.5 * log(x[i]) + 0.5 * log(1 - x[i]);
  return sum;
}

/* P(A | z) = eta [z = A] + (1 - eta) h, h in casual. */
static void two_parameters_of(const heed_posterior *posterior, double *x) {
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const size_t j = (size_t)scene.user[r];
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    const double eta = posterior->mean[j];
    const double h = scene.choice[r] == HEED_CHOSE_A ? posterior->casual[r]
                                                     : 1 - posterior->casual[r];
    x[j] = eta + (1 - eta) * h;
    x[USERS + j] = 1 - (1 - eta) * h;
  }
  x[TWO_SHARE] = scene.bench.output[5];
}

static const heed_posterior *fit_per_class(double *x) {
  overlapping_small(&scene);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "dawid_skene", per_class));
  two_parameters_of(posterior, x);
  return posterior;
}

static void per_class_labels_are_those_of_enumeration(void **state) {
  double x[TWO_COUNT], q[PAIRS];
  (void)state;
  const heed_posterior *posterior = fit_per_class(x);
  assert_near(posterior->log_likelihood, two_enumerated(x, SIZE_MAX, q), 1e-12);
  assert_near(posterior->objective, two_penalised(x, SIZE_MAX), 1e-12);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_near(posterior->p[r], q[scene.pair[r]], 1e-12);
}

/* Central differences, as of one coin. */
static void per_class_the_gradient_is_zero_at_the_fit(void **state) {
  double x[TWO_COUNT];
  (void)state;
  const heed_posterior *posterior = fit_per_class(x);
  assert_true(posterior->converged && posterior->identified);
  overlapping_never_falls(&scene);
  for (size_t i = 0; i < TWO_COUNT; i++) {
    const double point = x[i], h = 1e-5;
    assert_true(point > 0.01 && point < 0.99);
    x[i] = point + h;
    const double above = two_penalised(x, SIZE_MAX);
    x[i] = point - h;
    const double below = two_penalised(x, SIZE_MAX);
    x[i] = point;
    assert_near((above - below) / (2 * h), 0, 1e-5);
  }
}

/* One step of plain EM, written out. */
static void two_step(double *x) {
  double right[2 * USERS] = {0}, all[2 * USERS] = {0}, q[PAIRS], sum = 0;
  (void)two_enumerated(x, SIZE_MAX, q);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    const size_t j = (size_t)scene.user[r];
    const double p = q[scene.pair[r]];
    all[j] += p;
    all[USERS + j] += 1 - p;
    if (scene.choice[r] == HEED_CHOSE_A)
      right[j] += p;
    else
      right[USERS + j] += 1 - p;
  }
  for (size_t i = 0; i < 2 * USERS; i++) x[i] = (right[i] + 1.5) / (all[i] + 2);
  for (size_t i = 0; i < PAIRS; i++) sum += q[i] / PAIRS;
  x[TWO_SHARE] = sum;
}

/* From random starts with accuracies above one half. */
static void per_class_no_other_start_does_better(void **state) {
  double x[TWO_COUNT], best = -HUGE_VAL;
  (void)state;
  const double found = fit_per_class(x)->objective;
  for (uint64_t start = 0; start < 100; start++) {
    heed_stream stream =
        scene.bench.host.host.stream(&scene.bench.host.host, "try", start);
    for (size_t i = 0; i < TWO_COUNT; i++)
      x[i] = 0.5 + 0.49 * heed_uniform(&stream);
    for (int step = 0; step < 400; step++) two_step(x);
    best = fmax(best, two_penalised(x, SIZE_MAX));
  }
  assert_near(found, best, 1e-8);
}

/* f and eta = a + b - 1 of a user, as functions of a for a given eta. */
typedef struct two_question {
  double *x;
  size_t user, excluded;
  double eta;
} two_question;

static double along_a(void *context, double a) {
  const two_question *question = context;
  double x[TWO_COUNT];
  memcpy(x, question->x, sizeof x);
  x[question->user] = a;
  x[USERS + question->user] = 1 + question->eta - a;
  return two_penalised(x, question->excluded);
}

/* The profile of eta: a and b stay within 0 and 1. */
static double along_eta(void *context, double eta) {
  two_question *question = context;
  question->eta = eta;
  const double low = fmax(eta, 0) + 1e-9, high = fmin(1 + eta, 1) - 1e-9;
  return along_a(question, overlapping_largest(along_a, question, low, high));
}

/* Golden section is exact to the square root of rounding.  Eight annotations:
 * each takes 10^4 enumerations. */
static void per_class_left_out_is_the_maximum_without_it(void **state) {
  double x[TWO_COUNT];
  (void)state;
  const heed_posterior *posterior = fit_per_class(x);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r += 4) {
    two_question one = {x, (size_t)scene.user[r], r, 0};
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    assert_near(posterior->left_out[r],
                overlapping_largest(along_eta, &one, -0.999, 0.999), 1e-6);
  }
}

/* The curvature of the profile of eta. */
static void per_class_sd_is_the_curvature(void **state) {
  double x[TWO_COUNT];
  (void)state;
  const heed_posterior *posterior = fit_per_class(x);
  for (size_t j = 0; j < USERS; j++) {
    two_question one = {x, j, SIZE_MAX, 0};
    const double h = 1e-3, point = posterior->mean[j];
    const double curvature =
        (along_eta(&one, point + h) - 2 * along_eta(&one, point) +
         along_eta(&one, point - h)) /
        (h * h);
    assert_near(posterior->sd[j], fmin(1 / sqrt(-curvature), sqrt(2.0 / 12)),
                1e-4);
  }
}

static void per_class_predictions_weigh_both_responses(void **state) {
  double x[TWO_COUNT], q[PAIRS], probability[USERS];
  const size_t user[USERS] = {0, 1, 2, 3, 4, 5},
               pair[USERS] = {5, 6, 3, 4, 1, 1};
  const int8_t choice[USERS] = {HEED_CHOSE_A, HEED_CHOSE_B, HEED_CHOSE_TIE,
                                HEED_CHOSE_B, HEED_CHOSE_A, HEED_CHOSE_B};
  (void)state;
  (void)fit_per_class(x);
  (void)two_enumerated(x, SIZE_MAX, q);
  const heed_posterior seen = scene.posterior;
  const heed_instance *made =
      overlapping_made(&scene, "dawid_skene", per_class);
  const heed_estimator_functions *functions = made->plugin->functions;
  overlapping_crowd(&scene, USERS, PAIRS, USERS, user, pair, choice);
  assert_int_equal(
      functions->predict(made->self, &scene.bench.host.host, &seen,
                         &scene.crowd, probability, &scene.bench.error),
      HEED_OK);
  for (size_t r = 0; r < USERS; r++) {
    const double p = q[pair[r]];
    assert_near(probability[r],
                choice[r] == HEED_CHOSE_TIE
                    ? 1
                    : p * two_coin(x, &scene, r, true) +
                          (1 - p) * two_coin(x, &scene, r, false),
                1e-12);
  }
}

/* Half of the users always choose A when they do not look.  Of about 36 and 24
 * annotations of the two classes, the sd of eta is at most sqrt(1 / 4 (1 / 36 +
 * 1 / 24)) = .13. */
static void per_class_recovers_users_of_one_answer(void **state) {
  double eta[300], spam[300], error = 0, count = 0;
  (void)state;
  for (size_t j = 0; j < 300; j++) {
    eta[j] = (double)j / 299;
    spam[j] = j % 2 == 0 ? 0.5 : 1;
  }
  overlapping_simulate(&scene, 300, 1000, 60, eta, spam);
  const heed_posterior *posterior = overlapping_fit(
      &scene,
      overlapping_made(&scene, "dawid_skene", "{\"coins\": \"per_class\"}"));
  assert_true(posterior->converged && posterior->identified);
  assert_true(overlapping_rmse(&scene) < 0.13);
  assert_near(scene.bench.output[5], 0.6, 0.05);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const size_t j = (size_t)scene.user[r];
    if (eta[j] > 0.5 || spam[j] < 1) continue;
    const double h = scene.choice[r] == HEED_CHOSE_A ? posterior->casual[r]
                                                     : 1 - posterior->casual[r];
    error += 1 - h;
    count++;
  }
  assert_true(error / count < 0.1);
}

/* Beyond TWO_COINS_EXACT annotations.  A choice that is surely wrong lowers
 * eta, one that is right raises it. */
static void per_class_left_out_moves_away_from_the_choice(void **state) {
  double eta[30], moved = 0;
  (void)state;
  for (size_t j = 0; j < 30; j++) eta[j] = 0.3 + 0.02 * (double)j;
  overlapping_simulate(&scene, 30, 160, 80, eta, NULL);
  const heed_posterior *posterior = overlapping_fit(
      &scene,
      overlapping_made(&scene, "dawid_skene", "{\"coins\": \"per_class\"}"));
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const double p =
        scene.choice[r] == HEED_CHOSE_A ? posterior->p[r] : 1 - posterior->p[r];
    const double change =
        posterior->left_out[r] - posterior->mean[scene.user[r]];
    if (p < 0.01) assert_true(change > 0);
    if (p > 0.99) assert_true(change < 0);
    moved = fmax(moved, fabs(change));
  }
  assert_true(moved > 0.005 && moved < 0.1);
}

/* One mistake in the held-out labels of a user without a mistake so far. */
static void the_first_mistake_is_possible(void **state) {
  double eta[20], probability[1];
  const size_t user[1] = {0}, pair[1] = {0};
  (void)state;
  for (size_t j = 0; j < 20; j++) eta[j] = 1;
  overlapping_simulate(&scene, 20, 40, 10, eta, NULL);
  const heed_instance *made = overlapping_made(&scene, "dawid_skene", "{}");
  const heed_estimator_functions *functions = made->plugin->functions;
  const heed_posterior seen = *overlapping_fit(&scene, made);
  const int8_t choice[1] = {scene.better[0] ? HEED_CHOSE_B : HEED_CHOSE_A};
  overlapping_crowd(&scene, 20, 40, 1, user, pair, choice);
  assert_int_equal(
      functions->predict(made->self, &scene.bench.host.host, &seen,
                         &scene.crowd, probability, &scene.bench.error),
      HEED_OK);
  /* One label more each way: 1 / 12 of ten right labels. */
  assert_near(probability[0], 1.0 / 12, 0.02);
}

/* ---- users ---- */

static void who_is_mostly_wrong_is_negative_or_clipped(void **state) {
  double eta[40];
  (void)state;
  for (size_t j = 0; j < 40; j++) eta[j] = j < 5 ? -0.8 : 0.7;
  overlapping_simulate(&scene, 40, 60, 30, eta, NULL);
  const heed_posterior *posterior = overlapping_fit(
      &scene,
      overlapping_made(&scene, "dawid_skene", "{\"negative\": \"keep\"}"));
  for (size_t j = 0; j < 5; j++) assert_true(posterior->mean[j] < -0.4);
  posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "dawid_skene", "{}"));
  for (size_t j = 0; j < 5; j++) assert_near(posterior->mean[j], 0, 0);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_true(posterior->left_out[r] >= 0 && posterior->left_out[r] <= 1);
}

/* 300 users of 60 annotations, 18 a pair, so that labels are all but known:
 * RMSE of eta is then that of a binomial, sqrt((1 - eta^2) / 60), whose mean
 * over uniform eta is .101; a tenth more for labels.  left_out of users with
 * more than LINEAR_POSTERIOR_EXACT is not met here. */
static void attentiveness_is_recovered(void **state) {
  double eta[300];
  size_t right = 0;
  (void)state;
  for (size_t j = 0; j < 300; j++) eta[j] = (double)j / 299;
  overlapping_simulate(&scene, 300, 1000, 60, eta, NULL);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "dawid_skene", "{}"));
  assert_true(posterior->converged && posterior->identified);
  assert_true(overlapping_rmse(&scene) < 0.115);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    right += (posterior->p[r] > 0.5) == scene.better[scene.pair[r]];
  assert_true((double)right > 0.98 * (double)scene.crowd.annotations->rows);
  assert_near(scene.bench.output[5], 0.6, 0.05);
}

/* Beyond LINEAR_POSTERIOR_EXACT annotations left_out is one step of Newton's:
 * of 80 of them it differs from the maximum by less than 1 / 80^2 x 10. */
static void left_out_of_users_with_many_annotations_is_near(void **state) {
  double eta[30];
  (void)state;
  for (size_t j = 0; j < 30; j++) eta[j] = 0.3 + 0.02 * (double)j;
  overlapping_simulate(&scene, 30, 160, 80, eta, NULL);
  const heed_instance *made = overlapping_made(
      &scene, "dawid_skene",
      "{\"alpha\": 2, \"beta\": 2, \"tolerance\": 1e-15, \"share\": 0.6}");
  const heed_posterior posterior = *overlapping_fit(&scene, made);
  double moved = 0;
  for (size_t r = 0; r < 5 * 80; r++) {
    double slope = 0;
    const double t = posterior.left_out[r];
    const size_t j = (size_t)scene.user[r];
    /* f' at left_out, with p from the others: 0 at the maximum. */
    for (size_t i = j * 80; i < (j + 1) * 80; i++) {
      if (i == r) continue;
      const double a = (1 + posterior.mean[j]) / 2;
      const double own =
          scene.choice[i] == HEED_CHOSE_A ? log(a / (1 - a)) : log((1 - a) / a);
      const double odds = log(posterior.p[i] / (1 - posterior.p[i])) - own;
      const double p = 1 / (1 + exp(-odds));
      const double d = (scene.choice[i] == HEED_CHOSE_A ? p : 1 - p) - 0.5;
      slope += d / (0.5 + t * d);
    }
    slope += 1 / (1 + t) - 1 / (1 - t);
    /* f'' is about -1 / sd^2. */
    assert_near(slope * posterior.sd[j] * posterior.sd[j], 0, 10.0 / (80 * 80));
    moved = fmax(moved, fabs(t - posterior.mean[j]));
  }
  assert_true(moved > 0.005);
}

static void pairs_annotated_once_are_not_identified(void **state) {
  (void)state;
  overlapping_apart(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "dawid_skene", "{}"));
  assert_false(posterior->identified);
  assert_string_equal(scene.bench.warned, "no_overlap");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(labels_and_likelihood_are_those_of_enumeration),
      TEST(the_gradient_is_zero_at_the_fit),
      TEST(no_other_start_does_better),
      TEST(left_out_is_the_users_maximum_without_the_annotation),
      TEST(sd_is_the_curvature),
      TEST(predictions_weigh_both_responses),
      TEST(per_class_labels_are_those_of_enumeration),
      TEST(per_class_the_gradient_is_zero_at_the_fit),
      TEST(per_class_no_other_start_does_better),
      TEST(per_class_left_out_is_the_maximum_without_it),
      TEST(per_class_sd_is_the_curvature),
      TEST(per_class_predictions_weigh_both_responses),
      TEST(per_class_recovers_users_of_one_answer),
      TEST(per_class_left_out_moves_away_from_the_choice),
      TEST(the_first_mistake_is_possible),
      TEST(who_is_mostly_wrong_is_negative_or_clipped),
      TEST(attentiveness_is_recovered),
      TEST(left_out_of_users_with_many_annotations_is_near),
      TEST(pairs_annotated_once_are_not_identified),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
