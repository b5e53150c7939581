/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator mace, beside enumeration of every better response and of who
 * spams. */
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

static double choice_given(void *context, const test_overlapping *self,
                           size_t row, bool better_a) {
  const double *x = context;
  const double theta = x[self->user[row]];
  const double xi = x[USERS + self->user[row]];
  const bool a = self->choice[row] == HEED_CHOSE_A;
  return (a == better_a ? theta : 0) + (1 - theta) * (a ? xi : 1 - xi);
}

static double penalised(double *x, double smoothing) {
  double sum =
      overlapping_enumerate(&scene, choice_given, x, 0.5, SIZE_MAX, NULL);
  for (size_t i = 0; i < 2 * USERS; i++)
    sum += smoothing * log(x[i] * (1 - x[i]));
  return sum;
}

static const char *const smooth =
    "{\"smoothing\": 0.5, \"tolerance\": 1e-16, \"starts\": 3}";

/* theta is the mean; xi stands in casual. */
static void parameters_of(const heed_posterior *posterior, double *x) {
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    x[scene.user[r]] = posterior->mean[scene.user[r]];
    x[USERS + scene.user[r]] = scene.choice[r] == HEED_CHOSE_A
                                   ? posterior->casual[r]
                                   : 1 - posterior->casual[r];
  }
}

static void labels_and_likelihood_are_those_of_enumeration(void **state) {
  double x[2 * USERS], q[PAIRS];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", smooth));
  parameters_of(posterior, x);
  assert_near(posterior->log_likelihood,
              overlapping_enumerate(&scene, choice_given, x, 0.5, SIZE_MAX, q),
              1e-12);
  assert_near(posterior->objective, penalised(x, 0.5), 1e-12);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_near(posterior->p[r], q[scene.pair[r]], 1e-12);
}

/* Central differences of width 1e-5. */
static void the_gradient_is_zero_at_the_fit(void **state) {
  double x[2 * USERS];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", smooth));
  assert_true(posterior->converged && posterior->identified);
  overlapping_never_falls(&scene);
  parameters_of(posterior, x);
  for (size_t i = 0; i < 2 * USERS; i++) {
    const double point = x[i], h = 1e-5;
    assert_true(point > 0.01 && point < 0.99);
    x[i] = point + h;
    const double above = penalised(x, 0.5);
    x[i] = point - h;
    const double below = penalised(x, 0.5);
    x[i] = point;
    assert_near((above - below) / (2 * h), 0, 1e-5);
  }
}

/* EM by enumeration of (z, who spammed), written out: one step from the fit
 * leaves it where it is, and 100 random starts find nothing better. */
static void no_other_start_does_better(void **state) {
  double best = -HUGE_VAL;
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "mace",
                               "{\"smoothing\": 0.5, \"tolerance\": 1e-16}"));
  for (uint64_t start = 0; start < 100; start++) {
    heed_stream stream =
        scene.bench.host.host.stream(&scene.bench.host.host, "try", start);
    double x[2 * USERS];
    for (size_t i = 0; i < 2 * USERS; i++)
      x[i] = 0.1 + 0.8 * heed_uniform(&stream);
    for (int step = 0; step < 500; step++) {
      double knows[USERS] = {0}, spams[USERS][2] = {{0}}, q[PAIRS];
      (void)overlapping_enumerate(&scene, choice_given, x, 0.5, SIZE_MAX, q);
      for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
        const size_t j = (size_t)scene.user[r];
        if (scene.choice[r] == HEED_CHOSE_TIE) continue;
        const bool a = scene.choice[r] == HEED_CHOSE_A;
        const double right = a ? q[scene.pair[r]] : 1 - q[scene.pair[r]];
        const double known = right * x[j] / choice_given(x, &scene, r, a);
        knows[j] += known;
        spams[j][a] += 1 - known;
      }
      for (size_t j = 0; j < USERS; j++) {
        const double spam = spams[j][0] + spams[j][1];
        x[j] = (knows[j] + 0.5) / (knows[j] + spam + 1);
        x[USERS + j] = (spams[j][1] + 0.5) / (spam + 1);
      }
    }
    best = fmax(best, penalised(x, 0.5));
  }
  assert_near(posterior->objective, best, 1e-8);
}

/* ---- leaving out ---- */

typedef struct mace_question {
  double *x;
  size_t user, excluded;
} mace_question;

static double without_one(void *context, double theta) {
  const mace_question *question = context;
  double x[2 * USERS];
  memcpy(x, question->x, sizeof x);
  x[question->user] = theta;
  return overlapping_enumerate(&scene, choice_given, x, 0.5, question->excluded,
                               NULL) +
         0.5 * log(theta * (1 - theta));
}

static void left_out_is_the_users_maximum_without_the_annotation(void **state) {
  double x[2 * USERS];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", smooth));
  parameters_of(posterior, x);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    mace_question one = {x, (size_t)scene.user[r], r};
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    assert_near(posterior->left_out[r],
                overlapping_largest(without_one, &one, 1e-9, 1 - 1e-9), 1e-6);
  }
}

/* P(new | seen) = sum_z P(z | seen) P(new | z). */
static void predictions_weigh_both_responses(void **state) {
  double x[2 * USERS], q[PAIRS], probability[USERS];
  const size_t user[USERS] = {0, 1, 2, 3, 4, 5},
               pair[USERS] = {5, 6, 3, 4, 1, 1};
  const int8_t choice[USERS] = {HEED_CHOSE_A, HEED_CHOSE_B, HEED_CHOSE_TIE,
                                HEED_CHOSE_B, HEED_CHOSE_A, HEED_CHOSE_B};
  (void)state;
  overlapping_small(&scene);
  const heed_instance *made = overlapping_made(&scene, "mace", smooth);
  const heed_estimator_functions *functions = made->plugin->functions;
  const heed_posterior seen = *overlapping_fit(&scene, made);
  parameters_of(&seen, x);
  (void)overlapping_enumerate(&scene, choice_given, x, 0.5, SIZE_MAX, q);
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
                    : p * choice_given(x, &scene, r, true) +
                          (1 - p) * choice_given(x, &scene, r, false),
                1e-12);
  }
}

/* 300 users of 60 annotations, 18 a pair.  Half of them spam A in 80 %.  RMSE
 * of a binomial of 60 is at most .065 for theta; xi costs as much again where
 * theta is near 1 and spam is rare. */
static void competence_and_spam_are_recovered(void **state) {
  double eta[300], spam[300], error = 0, weight = 0;
  (void)state;
  for (size_t j = 0; j < 300; j++) {
    eta[j] = (double)j / 299;
    spam[j] = j % 2 == 0 ? 0.5 : 0.8;
  }
  overlapping_simulate(&scene, 300, 1000, 60, eta, spam);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "mace", "{\"starts\": 2}"));
  assert_true(posterior->converged);
  assert_true(overlapping_rmse(&scene) < 0.12);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const size_t j = (size_t)scene.user[r];
    const double xi = scene.choice[r] == HEED_CHOSE_A
                          ? posterior->casual[r]
                          : 1 - posterior->casual[r];
    if (eta[j] > 0.5) continue;
    error += (xi - spam[j]) * (xi - spam[j]);
    weight++;
  }
  /* At least 30 spammed choices each: sqrt(.25 / 30) = .09. */
  assert_true(sqrt(error / weight) < 0.11);
}

static void pairs_annotated_once_are_not_identified(void **state) {
  (void)state;
  overlapping_apart(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", "{}"));
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
      TEST(predictions_weigh_both_responses),
      TEST(competence_and_spam_are_recovered),
      TEST(pairs_annotated_once_are_not_identified),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
