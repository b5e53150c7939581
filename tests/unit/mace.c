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

enum { SHARE = 2 * USERS, COUNT };

static double penalised(double *x, double smoothing) {
  double sum =
      overlapping_enumerate(&scene, choice_given, x, x[SHARE], SIZE_MAX, NULL);
  for (size_t i = 0; i < 2 * USERS; i++)
    sum += smoothing * log(x[i] * (1 - x[i]));
  return sum;
}

static const char *const smooth =
    "{\"form\": \"em\", \"smoothing\": 0.5, \"tolerance\": 1e-16,"
    " \"starts\": 3}";

/* theta is the mean; xi stands in casual. */
static void parameters_of(const heed_posterior *posterior, double *x) {
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    x[scene.user[r]] = posterior->mean[scene.user[r]];
    x[USERS + scene.user[r]] = scene.choice[r] == HEED_CHOSE_A
                                   ? posterior->casual[r]
                                   : 1 - posterior->casual[r];
  }
  x[SHARE] = scene.bench.output[5];
}

static void labels_and_likelihood_are_those_of_enumeration(void **state) {
  double x[COUNT], q[PAIRS];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", smooth));
  parameters_of(posterior, x);
  assert_near(
      posterior->log_likelihood,
      overlapping_enumerate(&scene, choice_given, x, x[SHARE], SIZE_MAX, q),
      1e-12);
  assert_near(posterior->objective, penalised(x, 0.5), 1e-12);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_near(posterior->p[r], q[scene.pair[r]], 1e-12);
}

/* Central differences of width 1e-5. */
static void the_gradient_is_zero_at_the_fit(void **state) {
  double x[COUNT];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", smooth));
  assert_true(posterior->converged && posterior->identified);
  overlapping_never_falls(&scene);
  parameters_of(posterior, x);
  for (size_t i = 0; i < COUNT; i++) {
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
                               "{\"form\": \"em\", \"smoothing\": 0.5,"
                               " \"tolerance\": 1e-16}"));
  for (uint64_t start = 0; start < 100; start++) {
    heed_stream stream =
        scene.bench.host.host.stream(&scene.bench.host.host, "try", start);
    double x[COUNT];
    for (size_t i = 0; i < COUNT; i++) x[i] = 0.1 + 0.8 * heed_uniform(&stream);
    for (int step = 0; step < 500; step++) {
      double knows[USERS] = {0}, spams[USERS][2] = {{0}}, q[PAIRS], sum = 0;
      (void)overlapping_enumerate(&scene, choice_given, x, x[SHARE], SIZE_MAX,
                                  q);
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
      for (size_t i = 0; i < PAIRS; i++) sum += q[i] / PAIRS;
      x[SHARE] = sum;
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
  double x[COUNT];
  memcpy(x, question->x, sizeof x);
  x[question->user] = theta;
  return overlapping_enumerate(&scene, choice_given, x, x[SHARE],
                               question->excluded, NULL) +
         0.5 * log(theta * (1 - theta));
}

static void left_out_is_the_users_maximum_without_the_annotation(void **state) {
  double x[COUNT];
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

/* ---- the variational form ---- */

static const char *const variational =
    "{\"alpha\": 0.7, \"beta\": 0.6, \"strategy\": 3, \"tolerance\": 1e-16}";

typedef struct mace_beta {
  double a, b;
} mace_beta;

/* The mean of value(log t, log (1 - t), context) under Beta(a, b), by the
 * trapezoidal rule on logit t, whose error falls faster than any power: the
 * integrand is analytic and vanishes at both ends. */
static double mean_under(mace_beta beta,
                         double (*value)(double, double, const mace_beta *),
                         const mace_beta *context) {
  double sum = 0, all = 0;
  for (double x = -120; x <= 120; x += 0.02) {
    const double up = -log1p(exp(-x)), down = -log1p(exp(x));
    const double mass = exp(beta.a * up + beta.b * down);
    sum += mass * value(up, down, context);
    all += mass;
  }
  return sum / all;
}

static double log_up(double up, double down, const mace_beta *context) {
  (void)down, (void)context;
  return up;
}

static double log_down(double up, double down, const mace_beta *context) {
  (void)up, (void)context;
  return down;
}

static double log_beta(mace_beta beta) {
  return lgamma(beta.a) + lgamma(beta.b) - lgamma(beta.a + beta.b);
}

/* context: q and its prior. */
static double log_ratio(double up, double down, const mace_beta *context) {
  return (context[0].a - context[1].a) * up +
         (context[0].b - context[1].b) * down - log_beta(context[0]) +
         log_beta(context[1]);
}

/* The distributions of theta and xi, from their means. */
typedef struct mace_user {
  mace_beta theta, xi;
} mace_user;

static mace_user user_of(const double *x, size_t j) {
  double count = 0;
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    count += scene.user[r] == (int64_t)j && scene.choice[r] != HEED_CHOSE_TIE;
  const double t = 1.3 + count, b = (1 - x[j]) * t, s = 6 + b - 0.6;
  return (mace_user){{x[j] * t, b}, {x[USERS + j] * s, (1 - x[USERS + j]) * s}};
}

/* Exponentials of mean logarithms: knows, spams A, spams B of each user. */
static void weights_of(const double *x, double *weights) {
  for (size_t j = 0; j < USERS; j++) {
    const mace_user user = user_of(x, j);
    const double spams = mean_under(user.theta, log_down, NULL);
    weights[3 * j] = exp(mean_under(user.theta, log_up, NULL));
    weights[3 * j + 1] = exp(spams + mean_under(user.xi, log_up, NULL));
    weights[3 * j + 2] = exp(spams + mean_under(user.xi, log_down, NULL));
  }
}

static double weighed(void *context, const test_overlapping *self, size_t row,
                      bool better_a) {
  const double *weights = (double *)context + 3 * self->user[row];
  const bool a = self->choice[row] == HEED_CHOSE_A;
  return (a == better_a ? weights[0] : 0) + weights[a ? 1 : 2];
}

/* Rounding of 12,000 terms. */
static void the_bound_is_that_of_enumeration_and_quadrature(void **state) {
  double x[COUNT], q[PAIRS], weights[3 * USERS], bound;
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", variational));
  parameters_of(posterior, x);
  weights_of(x, weights);
  bound =
      overlapping_enumerate(&scene, weighed, weights, x[SHARE], SIZE_MAX, q);
  for (size_t j = 0; j < USERS; j++) {
    const mace_user user = user_of(x, j);
    const mace_beta theta[2] = {user.theta, {0.7, 0.6}};
    const mace_beta xi[2] = {user.xi, {3, 3}};
    bound -= mean_under(user.theta, log_ratio, theta) +
             mean_under(user.xi, log_ratio, xi);
  }
  assert_near(posterior->objective, bound, 1e-9);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    assert_near(posterior->p[r], q[scene.pair[r]], 1e-9);
  assert_near(
      posterior->log_likelihood,
      overlapping_enumerate(&scene, choice_given, x, x[SHARE], SIZE_MAX, NULL),
      1e-12);
}

static void the_bound_never_falls(void **state) {
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", variational));
  assert_true(posterior->converged && posterior->identified);
  overlapping_never_falls(&scene);
}

/* log of the integral over theta and xi of P(the user's choices | z), of at
 * most 7: the sum over who knows and who spams, each a Beta function. */
static double log_evidence_of(size_t user, size_t z) {
  size_t row[PAIRS], count = 0;
  double sum = 0;
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    if (scene.user[r] == (int64_t)user && scene.choice[r] != HEED_CHOSE_TIE)
      row[count++] = r;
  for (size_t knows = 0; knows < (size_t)1 << count; knows++) {
    double known = 0, spam_a = 0, spam_b = 0;
    bool possible = true;
    for (size_t n = 0; n < count; n++) {
      const bool a = scene.choice[row[n]] == HEED_CHOSE_A;
      const bool better_a = (z >> scene.pair[row[n]] & 1) != 0;
      if (knows >> n & 1) {
        possible = possible && a == better_a;
        known++;
      } else {
        spam_a += a;
        spam_b += !a;
      }
    }
    if (!possible) continue;
    sum += exp(log_beta((mace_beta){0.7 + known, 0.6 + spam_a + spam_b}) -
               log_beta((mace_beta){0.7, 0.6}) +
               log_beta((mace_beta){3 + spam_a, 3 + spam_b}) -
               log_beta((mace_beta){3, 3}));
  }
  return log(sum);
}

/* Of users of about five choices, mean field is some nat below. */
static void the_bound_is_below_the_exact_evidence(void **state) {
  double evidence = 0;
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", variational));
  const double share = scene.bench.output[5];
  for (size_t z = 0; z < (size_t)1 << PAIRS; z++) {
    double sum = 0;
    for (size_t i = 0; i < PAIRS; i++)
      sum += log(z >> i & 1 ? share : 1 - share);
    for (size_t j = 0; j < USERS; j++) sum += log_evidence_of(j, z);
    evidence += exp(sum);
  }
  assert_true(posterior->objective < log(evidence));
  assert_true(posterior->objective > log(evidence) - 4);
}

/* k_n summed over the user's other annotations, with the mean logarithms of a
 * user who has one choice less. */
static double left_side(const heed_posterior *posterior, const double *x,
                        const double *weights, size_t excluded, double theta) {
  const size_t user = (size_t)scene.user[excluded];
  const mace_user all = user_of(x, user);
  const double both = all.theta.a + all.theta.b - 1;
  const mace_beta rest = {theta * both, (1 - theta) * both};
  const double knows = exp(mean_under(rest, log_up, NULL));
  const double spams = exp(mean_under(rest, log_down, NULL));
  const double *w = weights + 3 * user;
  double sum = 0.7;
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    if (scene.user[r] != (int64_t)user || r == excluded) continue;
    if (scene.choice[r] == HEED_CHOSE_TIE) continue;
    const bool a = scene.choice[r] == HEED_CHOSE_A;
    const double spam_is_a =
        exp(mean_under(all.xi, a ? log_up : log_down, NULL));
    const double odds = posterior->p[r] / (1 - posterior->p[r]);
    const double own = (w[0] + w[a ? 1 : 2]) / w[a ? 1 : 2];
    const double right = (a ? odds : 1 / odds) / own;
    const double known = knows * right / (1 + right);
    sum += known / (known + spams * spam_is_a);
  }
  return sum - theta * both;
}

static void left_out_has_the_expected_counts_of_the_others(void **state) {
  double x[COUNT], weights[3 * USERS];
  (void)state;
  overlapping_small(&scene);
  const heed_posterior *posterior =
      overlapping_fit(&scene, overlapping_made(&scene, "mace", variational));
  parameters_of(posterior, x);
  weights_of(x, weights);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const double left = posterior->left_out[r];
    if (scene.choice[r] == HEED_CHOSE_TIE)
      assert_near(left, posterior->mean[scene.user[r]], 0);
    else
      assert_near(left_side(posterior, x, weights, r, left), 0, 1e-8);
  }
}

/* Mean and sd of eta under Beta(1/2, 1/2) times the product of c + eta d: the
 * exact posterior of a user, the others as fitted.  Users of 60 annotations:
 * variational means are off by a third of an sd at most, sds by a quarter. */
static void means_and_sds_are_near_those_of_quadrature(void **state) {
  double eta[100], spam[100];
  (void)state;
  for (size_t j = 0; j < 100; j++) {
    eta[j] = 0.2 + 0.6 * (double)j / 99;
    spam[j] = 0.7;
  }
  overlapping_simulate(&scene, 100, 300, 60, eta, spam);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "mace", "{\"starts\": 1}"));
  for (size_t j = 0; j < 100; j++) {
    double all = 0, first = 0, second = 0, most = -HUGE_VAL;
    for (int pass = 0; pass < 2; pass++)
      for (double t = 0.0005; t < 1; t += 0.001) {
        double sum = -0.5 * log(t * (1 - t));
        for (size_t r = 60 * j; r < 60 * (j + 1); r++) {
          const double p = scene.choice[r] == HEED_CHOSE_A
                               ? posterior->p[r]
                               : 1 - posterior->p[r];
          sum += log(posterior->casual[r] + t * (p - posterior->casual[r]));
        }
        if (pass == 0) {
          most = fmax(most, sum);
          continue;
        }
        all += exp(sum - most);
        first += t * exp(sum - most);
        second += t * t * exp(sum - most);
      }
    const double mean = first / all, sd = sqrt(second / all - mean * mean);
    assert_near(posterior->mean[j], mean, sd / 2);
    assert_true(posterior->sd[j] > 0.9 * sd && posterior->sd[j] < 1.6 * sd);
  }
}

/* Users of more annotations than are solved again: the step from the fit ends
 * where the equation holds up to the square of its length. */
static void left_out_of_users_with_many_annotations_is_near(void **state) {
  double eta[20], moved = 0;
  (void)state;
  for (size_t j = 0; j < 20; j++) eta[j] = 0.3 + 0.03 * (double)j;
  overlapping_simulate(&scene, 20, 160, 80, eta, NULL);
  const heed_posterior *posterior = overlapping_fit(
      &scene, overlapping_made(&scene, "mace", "{\"starts\": 1}"));
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    const double p =
        scene.choice[r] == HEED_CHOSE_A ? posterior->p[r] : 1 - posterior->p[r];
    const double change =
        posterior->left_out[r] - posterior->mean[scene.user[r]];
    /* A choice that is surely wrong lowers eta, one that is right raises it. */
    if (p < 0.01) assert_true(change > 0);
    if (p > 0.99) assert_true(change < 0);
    moved = fmax(moved, fabs(change));
  }
  assert_true(moved > 0.005 && moved < 0.1);
}

/* ---- the share ---- */

static double share_of(const char *parameters) {
  (void)overlapping_fit(&scene, overlapping_made(&scene, "mace", parameters));
  return scene.bench.output[5];
}

/* One choice of each is added to the answers. */
static void the_share_is_fitted_or_given_or_that_of_answers(void **state) {
  double for_a = 0, count = 0;
  (void)state;
  overlapping_small(&scene);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++) {
    for_a += scene.choice[r] == HEED_CHOSE_A;
    count += scene.choice[r] != HEED_CHOSE_TIE;
  }
  assert_near(share_of("{\"share\": 0.3}"), 0.3, 0);
  assert_near(share_of("{\"share\": \"answers\"}"), (for_a + 1) / (count + 2),
              1e-15);
  const double given = scene.posterior.objective;
  (void)share_of("{}");
  assert_true(scene.posterior.objective >= given);
}

/* 60 users of 60 annotations on 200 pairs; A's response is better in 19 of 20.
 * Users of competence eta, else a coin. */
static void simulate_unbalanced(void) {
  enum { MANY = 60, OVER = 200, EACH = 60 };
  static size_t user[MANY * EACH], pair[MANY * EACH];
  static int8_t choice[MANY * EACH];
  static double eta[MANY];
  const heed_host *host = &scene.bench.host.host;
  for (size_t j = 0; j < MANY; j++) {
    heed_stream stream = host->stream(host, "unbalanced", j);
    eta[j] = (double)j / MANY;
    for (size_t n = 0; n < EACH; n++) {
      const size_t i = (7 * j + 3 * n) % OVER, row = j * EACH + n;
      const bool looks = heed_uniform(&stream) < eta[j];
      const bool a = looks ? i % 20 != 0 : heed_uniform(&stream) < 0.5;
      user[row] = j;
      pair[row] = i;
      choice[row] = a ? HEED_CHOSE_A : HEED_CHOSE_B;
    }
  }
  overlapping_crowd(&scene, MANY, OVER, MANY * EACH, user, pair, choice);
  scene.eta = eta;
}

/* With a share of one half, the choices of A that all share pass for spam, and
 * who finds the rare B for incompetent.  An sd of eta is sqrt(1 / 60) = .13 at
 * most. */
static void an_unbalanced_share_is_fitted(void **state) {
  (void)state;
  simulate_unbalanced();
  (void)share_of("{\"form\": \"em\", \"share\": 0.5}");
  const double half = scene.posterior.objective;
  assert_true(overlapping_rmse(&scene) > 0.4);
  assert_near(share_of("{\"form\": \"em\"}"), 0.95, 0.02);
  assert_true(scene.posterior.objective > half + 50);
  assert_near(share_of("{}"), 0.95, 0.02);
  assert_true(overlapping_rmse(&scene) < 0.13);
}

/* ---- predictions ---- */

/* P(new | seen) = sum_z P(z | seen) P(new | z). */
static void predictions_are_right(const char *parameters) {
  double x[COUNT], q[PAIRS], probability[USERS];
  const size_t user[USERS] = {0, 1, 2, 3, 4, 5},
               pair[USERS] = {5, 6, 3, 4, 1, 1};
  const int8_t choice[USERS] = {HEED_CHOSE_A, HEED_CHOSE_B, HEED_CHOSE_TIE,
                                HEED_CHOSE_B, HEED_CHOSE_A, HEED_CHOSE_B};
  overlapping_small(&scene);
  const heed_instance *made = overlapping_made(&scene, "mace", parameters);
  const heed_estimator_functions *functions = made->plugin->functions;
  const heed_posterior seen = *overlapping_fit(&scene, made);
  parameters_of(&seen, x);
  for (size_t r = 0; r < scene.crowd.annotations->rows; r++)
    q[scene.pair[r]] = seen.p[r];
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

static void predictions_weigh_both_responses(void **state) {
  (void)state;
  predictions_are_right(smooth);
  predictions_are_right(variational);
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
      TEST(the_bound_is_that_of_enumeration_and_quadrature),
      TEST(the_bound_never_falls),
      TEST(the_bound_is_below_the_exact_evidence),
      TEST(left_out_has_the_expected_counts_of_the_others),
      TEST(means_and_sds_are_near_those_of_quadrature),
      TEST(left_out_of_users_with_many_annotations_is_near),
      TEST(the_share_is_fitted_or_given_or_that_of_answers),
      TEST(an_unbalanced_share_is_fitted),
      TEST(predictions_weigh_both_responses),
      TEST(competence_and_spam_are_recovered),
      TEST(pairs_annotated_once_are_not_identified),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
