/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator em with user models other than the paper's: it reaches the
 * best of direct maximisations, recovers what the model's parameters were, and
 * beats the paper's model on such users. */
#include <gsl/gsl_multimin.h>

#include "../support/workbench.h"

enum { MOST_USERS = 2000 };

typedef struct scene {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  size_t users, each;
  double *eta;
  int8_t *choice;
} scene;

static int set_up(void **state) {
  scene *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(&self->bench, 29);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  scene *self = *state;
  workbench_close(&self->bench);
  free(self);
  return 0;
}

/* ---- a crowd ---- */

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

/* Each user has pairs of their own.  p of a pair: sigmoid of a normal reward
 * difference about `lean`, of standard deviation `spread`; covariate: standard
 * normal, of correlation `alike` with that difference. */
static void make_pairs(scene *self, double lean, double spread, double alike) {
  const heed_host *host = &self->bench.host.host;
  const size_t rows = self->users * self->each;
  heed_table *pairs = host->table(host, "pairs", rows);
  double *p = host->column(host, pairs, "p", HEED_FLOAT64, 1);
  double *covariate = host->column(host, pairs, "covariate", HEED_FLOAT64, 1);
  double *minority = host->column(host, pairs, "p_minority", HEED_FLOAT64, 1);
  int32_t *topic = host->column(host, pairs, "topic", HEED_INT32, 1);
  double *believed = host->column(host, pairs, "believed", HEED_FLOAT64, 1);
  double sum = 0;
  for (size_t i = 0; i < rows; i++) {
    heed_stream stream = host->stream(host, "pair", i);
    const double z = heed_normal(&stream), own = heed_normal(&stream);
    p[i] = sigmoid(lean + spread * z);
    covariate[i] = alike * z + sqrt(1 - alike * alike) * own;
    minority[i] = sigmoid(spread * heed_normal(&stream));
    topic[i] = (int32_t)(i % 4);
    believed[i] = 0.7;
    sum += p[i];
  }
  self->world = (heed_world){.size = sizeof self->world,
                             .pairs = pairs,
                             .mu = sum / (double)rows,
                             .mu_requested = sum / (double)rows};
}

static void choose(const scene *self, const heed_instance *model,
                   const double *phi, size_t user, const size_t *row,
                   const double *p, const int8_t *left) {
  const heed_user_model_functions *functions = model->plugin->functions;
  const size_t start = user * self->each;
  heed_stream stream =
      self->bench.host.host.stream(&self->bench.host.host, "choice", user);
  heed_answers answers = {.size = sizeof answers,
                          .count = self->each,
                          .left = left + start,
                          .p = p + start,
                          .annotations = self->crowd.annotations,
                          .pairs = self->world.pairs,
                          .row = row + start,
                          .pair = row + start};
  heed_error error;
  if (functions->simulate != NULL) {
    assert_int_equal(
        functions->simulate(model->self, phi, &stream, &answers,
                            &self->eta[user], self->choice + start, &error),
        HEED_OK);
    return;
  }
  double *of_a = calloc(self->each, sizeof *of_a);
  assert_non_null(of_a);
  memset(self->choice + start, HEED_CHOSE_A, self->each);
  answers.choice = self->choice + start;
  functions->probability(model->self, phi, &answers, 1, &self->eta[user], of_a);
  for (size_t i = 0; i < self->each; i++)
    self->choice[start + i] =
        heed_uniform(&stream) < of_a[i] ? HEED_CHOSE_A : HEED_CHOSE_B;
  free(of_a);
}

/* Users whose eta is drawn from `law`, who choose as the model says. */
static void make_users(scene *self, const heed_instance *law,
                       const heed_instance *model, const double *phi) {
  const heed_host *host = &self->bench.host.host;
  const heed_distribution_functions *draw = law->plugin->functions;
  const size_t rows = self->users * self->each;
  const double *p = heed_table_data(self->world.pairs, "p", HEED_FLOAT64);
  heed_table *people = host->table(host, "users", self->users);
  heed_table *said = host->table(host, "annotations", rows);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  int8_t *left = host->column(host, said, "left", HEED_INT8, 1);
  size_t *first = host->allocate(host, self->users + 1, sizeof *first);
  size_t *row = host->allocate(host, rows, sizeof *row);
  self->choice = host->column(host, said, "choice", HEED_INT8, 1);
  self->eta = host->allocate(host, self->users, sizeof *self->eta);
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = people,
                             .annotations = said,
                             .first = first};
  for (size_t i = 0; i < rows; i++) {
    heed_stream stream = host->stream(host, "left", i);
    row[i] = i;
    user[i] = (int64_t)(i / self->each);
    pair[i] = (int64_t)i;
    left[i] = heed_uniform(&stream) < 0.5 ? HEED_CHOSE_A : HEED_CHOSE_B;
  }
  for (size_t j = 0; j < self->users; j++) {
    heed_stream stream = host->stream(host, "eta", j);
    const double u = heed_uniform(&stream);
    assert_int_equal(
        draw->quantile(law->self, 1, &u, &self->eta[j], &self->bench.error),
        HEED_OK);
    first[j + 1] = (j + 1) * self->each;
    choose(self, model, phi, j, row, p, left);
  }
}

static const heed_instance *law_of(scene *self, const char *name,
                                   const char *parameters) {
  return workbench_make(&self->bench, HEED_DISTRIBUTION, name, parameters);
}

static const heed_instance *model_of(scene *self, const char *name,
                                     const char *parameters) {
  return workbench_make(&self->bench, HEED_USER_MODEL, name, parameters);
}

static const heed_posterior *estimate(scene *self, const char *parameters) {
  static const char *const priors[] = {"beta", "two_point", "grid"};
  static const char *const models[] = {
      "attentive",         "adversarial",
      "attention_states",  "biased",
      "minority",          "attention_by_covariate",
      "attention_by_topic"};
  for (size_t i = 0; i < sizeof priors / sizeof *priors; i++)
    workbench_load(&self->bench, HEED_DISTRIBUTION, priors[i]);
  for (size_t i = 0; i < sizeof models / sizeof *models; i++)
    workbench_load(&self->bench, HEED_USER_MODEL, models[i]);
  const heed_instance *em =
      workbench_make(&self->bench, HEED_ESTIMATOR, "em", parameters);
  const heed_estimator_functions *functions = em->plugin->functions;
  self->posterior = (heed_posterior){.size = sizeof self->posterior,
                                     .mu = NAN,
                                     .mu_low = NAN,
                                     .mu_high = NAN,
                                     .log_likelihood = NAN,
                                     .objective = NAN};
  if (functions->estimate(em->self, &self->bench.host.host, &self->crowd,
                          &self->posterior, &self->bench.error) != HEED_OK)
    fail_msg("%s", self->bench.error.message);
  return &self->posterior;
}

static double rmse(const scene *self, const heed_posterior *posterior) {
  double sum = 0;
  for (size_t j = 0; j < self->users; j++)
    sum += (posterior->mean[j] - self->eta[j]) *
           (posterior->mean[j] - self->eta[j]);
  return sqrt(sum / (double)self->users);
}

/* ---- users who work against ---- */

/* The likelihood of two points in [-1, 1] under one gap, written out: users by
 * how often they chose A. */
typedef struct em_models_mixture {
  size_t each;
  double users[64], gap; /* NaN: unknown, the fourth of the unknowns */
} em_models_mixture;

static double direct_cost(const gsl_vector *x, void *context) {
  const em_models_mixture *mixture = context;
  const double low = 2 * sigmoid(gsl_vector_get(x, 0)) - 1;
  const double high = 2 * sigmoid(gsl_vector_get(x, 1)) - 1;
  const double share = sigmoid(gsl_vector_get(x, 2));
  const double gap = isnan(mixture->gap)
                         ? 0.01 + 0.98 * sigmoid(gsl_vector_get(x, 3))
                         : mixture->gap;
  const double a = 0.5 + low * (gap - 0.5), b = 0.5 + high * (gap - 0.5);
  double sum = 0;
  for (size_t k = 0; k <= mixture->each; k++) {
    const double n = (double)k, m = (double)(mixture->each - k);
    if (mixture->users[k] > 0)
      sum += mixture->users[k] *
             log((1 - share) * exp(n * log(a) + m * log1p(-a)) +
                 share * exp(n * log(b) + m * log1p(-b)));
  }
  return isfinite(sum) ? -sum : 1e300;
}

/* By the simplex of Nelder and Mead from `starts` random points. */
static double best_direct(const scene *self, double gap, uint64_t starts) {
  em_models_mixture mixture = {.each = self->each, .gap = gap};
  const size_t unknowns = isnan(gap) ? 4 : 3;
  gsl_multimin_function function = {direct_cost, unknowns, &mixture};
  gsl_multimin_fminimizer *simplex = gsl_multimin_fminimizer_alloc(
      gsl_multimin_fminimizer_nmsimplex2, unknowns);
  gsl_vector *x = gsl_vector_alloc(unknowns),
             *step = gsl_vector_alloc(unknowns);
  double best = -HUGE_VAL;
  for (size_t j = 0; j < self->users; j++) {
    size_t k = 0;
    for (size_t i = 0; i < self->each; i++)
      k += self->choice[j * self->each + i] == HEED_CHOSE_A;
    mixture.users[k]++;
  }
  gsl_vector_set_all(step, 1);
  for (uint64_t start = 0; start < starts; start++) {
    heed_stream stream =
        self->bench.host.host.stream(&self->bench.host.host, "direct", start);
    for (size_t i = 0; i < unknowns; i++)
      gsl_vector_set(x, i, 6 * (heed_uniform(&stream) - 0.5));
    gsl_multimin_fminimizer_set(simplex, &function, x, step);
    for (int i = 0; i < 3000; i++)
      if (gsl_multimin_fminimizer_iterate(simplex) != 0 ||
          gsl_multimin_fminimizer_size(simplex) < 1e-8)
        break;
    best = fmax(best, -gsl_multimin_fminimizer_minimum(simplex));
  }
  gsl_multimin_fminimizer_free(simplex);
  gsl_vector_free(x);
  gsl_vector_free(step);
  return best;
}

/* Some who work against and others; as many of each, and as strongly, so that
 * all moments of odd order are 0; and the paper's users. */
static const char *const crowds[] = {
    "{\"low\": -0.7, \"high\": 0.8, \"share\": 0.7}",
    "{\"low\": -0.6, \"high\": 0.6, \"share\": 0.5}",
    "{\"low\": -0.9, \"high\": 0.1, \"share\": 0.6}",
    "{\"low\": 0.1, \"high\": 0.9, \"share\": 0.5}"};

static void below_zero_em_reaches_the_best_direct_maximum(void **state) {
  scene *self = *state;
  self->users = 400;
  self->each = 20;
  make_pairs(self, 1, 0, 0);
  for (size_t i = 0; i < 4; i++) {
    make_users(self, law_of(self, "two_point", crowds[i]),
               model_of(self, "adversarial", "{}"), NULL);
    const double direct = best_direct(self, self->world.mu, 24);
    const heed_posterior *posterior =
        estimate(self,
                 "{\"model\": \"adversarial\", \"prior\": {\"plugin\":"
                 " \"two_point\", \"parameters\": {\"low\": -0.5}}}");
    assert_true(posterior->converged);
    assert_near(posterior->log_likelihood, direct, 1e-6 * fabs(direct));
  }
}

/* Where mu is estimated too, (eta, mu - 1/2) and (-eta, 1/2 - mu) explain the
 * annotations alike, and what is symmetric about 0 is a saddle between. */
static void with_an_unknown_gap_em_leaves_the_saddle(void **state) {
  scene *self = *state;
  self->users = 400;
  self->each = 20;
  make_pairs(self, 1.5, 0, 0);
  for (size_t i = 0; i < 4; i++) {
    make_users(self, law_of(self, "two_point", crowds[i]),
               model_of(self, "adversarial", "{}"), NULL);
    const double direct = best_direct(self, NAN, 40);
    const heed_posterior *posterior =
        estimate(self,
                 "{\"model\": \"adversarial\", \"mu\": \"estimated\","
                 " \"prior\": {\"plugin\": \"two_point\", \"parameters\":"
                 " {\"low\": -0.5}}}");
    assert_near(posterior->log_likelihood, direct, 1e-6 * fabs(direct));
    assert_false(posterior->identified);
  }
}

/* A fit on [-1, 1] holds all of [0, 1]: its likelihood is never less. */
static void who_works_against_is_found(void **state) {
  static const char *const against =
      "{\"model\": \"adversarial\", \"prior\": {\"plugin\": \"%s\","
      " \"parameters\": {\"low\": -1}}}";
  static const char *const priors[] = {"grid", "beta"};
  scene *self = *state;
  char text[256];
  self->users = 500;
  self->each = 30;
  make_pairs(self, 2, 0, 0);
  make_users(self, law_of(self, "two_point", crowds[0]),
             model_of(self, "adversarial", "{}"), NULL);
  for (size_t n = 0; n < 2; n++) {
    (void)snprintf(text, sizeof text, "{\"prior\": \"%s\"}", priors[n]);
    const heed_posterior *posterior = estimate(self, text);
    const double paper = posterior->log_likelihood,
                 wrong = rmse(self, posterior);
    (void)snprintf(text, sizeof text, against, priors[n]);
    posterior = estimate(self, text);
    assert_true(posterior->log_likelihood > paper + 100);
    assert_true(rmse(self, posterior) < wrong / 2);
    for (size_t i = 0; i < posterior->units * posterior->level_count; i++)
      assert_true(posterior->quantiles[i] >= -1 &&
                  posterior->quantiles[i] <= 1);
  }
}

/* The same numbers from the two models where both may be. */
static void on_zero_to_one_it_is_the_papers_model(void **state) {
  static const char *const models[] = {"attentive", "adversarial"};
  scene *self = *state;
  double mean[MOST_USERS];
  self->users = 200;
  self->each = 20;
  make_pairs(self, 1, 1, 0);
  make_users(self, law_of(self, "beta", "{}"),
             model_of(self, "attentive", "{}"), NULL);
  for (size_t m = 0; m < 2; m++) {
    char text[128];
    (void)snprintf(text, sizeof text,
                   "{\"model\": \"%s\", \"mu\": \"pair\", \"prior\": \"grid\"}",
                   models[m]);
    const heed_posterior *posterior = estimate(self, text);
    for (size_t j = 0; j < self->users; j++) {
      if (m == 0)
        mean[j] = posterior->mean[j];
      else
        assert_near(posterior->mean[j], mean[j], 1e-12);
    }
  }
}

/* ---- fitted parameters ---- */

/* The likelihood ratio of the true phi, fixed by `given`, and the one fitted:
 * twice its logarithm is chi-squared with one degree of freedom a parameter,
 * above 10.83 (one) or 13.82 (two) once in a thousand.  Returns the posterior
 * of the fit. */
static const heed_posterior *recovers(scene *self, const char *given,
                                      const char *fitted, double most) {
  const double truth = estimate(self, given)->log_likelihood;
  const heed_posterior *posterior = estimate(self, fitted);
  assert_true(posterior->converged);
  assert_true(posterior->log_likelihood >= truth - 1e-6 * fabs(truth));
  assert_true(2 * (posterior->log_likelihood - truth) < most);
  return posterior;
}

/* What pays is which labels are kept: of the half most probably attended, told
 * by the user's other answers, the share that names the better response. */
static double accuracy_of_best_half(const scene *self,
                                    const heed_posterior *posterior) {
  const double *p = heed_table_data(self->world.pairs, "p", HEED_FLOAT64);
  const size_t rows = self->users * self->each;
  double right = 0, kept = 0, low = 0, high = 1;
  for (int turn = 0; turn < 40; turn++) { /* the median, by bisection */
    const double middle = (low + high) / 2;
    double above = 0;
    for (size_t i = 0; i < rows; i++) above += posterior->left_out[i] > middle;
    if (above > (double)rows / 2)
      low = middle;
    else
      high = middle;
  }
  for (size_t i = 0; i < rows; i++) {
    if (!(posterior->left_out[i] > high)) continue;
    kept++;
    right += (p[i] > 0.5) == (self->choice[i] == HEED_CHOSE_A);
  }
  return right / kept;
}

#define GRID "\"mu\": \"pair\", \"prior\": \"grid\""

/* The standard error of the difference of two shares of 9000 labels is below
 * .006: .012 is two of them. */
static void persistence_is_recovered_and_pays_by_annotation(void **state) {
  scene *self = *state;
  const double persistence = 0.95;
  self->users = 300;
  self->each = 60;
  make_pairs(self, 1, 3, 0);
  make_users(self, law_of(self, "beta", "{}"),
             model_of(self, "attention_states", "{\"persistence\": 0.95}"),
             &persistence);
  const heed_posterior *posterior = estimate(self, "{" GRID "}");
  const double paper = posterior->log_likelihood, wrong = rmse(self, posterior);
  const double kept = accuracy_of_best_half(self, posterior);
  posterior = recovers(self,
                       "{" GRID
                       ", \"model\": {\"plugin\": \"attention_states\","
                       " \"parameters\": {\"persistence\": 0.95}}}",
                       "{" GRID ", \"model\": \"attention_states\"}", 10.83);
  assert_near(posterior->phi[0], 0.95, 0.02);
  assert_true(posterior->log_likelihood > paper + 100);
  assert_true(rmse(self, posterior) < wrong);
  posterior = estimate(self, "{" GRID
                             ", \"model\": \"attention_states\","
                             " \"unit\": \"annotation\"}");
  assert_true(accuracy_of_best_half(self, posterior) > kept + 0.012);
}

/* Everyone is drawn to the left, and to what is long; A's responses tend to be
 * long.  The paper's model takes that for attention. */
static void biases_are_recovered(void **state) {
  scene *self = *state;
  const double phi[2] = {0.8, -0.6};
  self->users = 400;
  self->each = 30;
  make_pairs(self, 1, 2, 0.4);
  make_users(self, law_of(self, "beta", "{}"),
             model_of(self, "biased",
                      "{\"length\": \"fitted\", \"column\": \"covariate\"}"),
             phi);
  const heed_posterior *posterior = estimate(self, "{" GRID "}");
  const double paper = posterior->log_likelihood, wrong = rmse(self, posterior);
  posterior = recovers(self,
                       "{" GRID
                       ", \"model\": {\"plugin\": \"biased\", \"parameters\":"
                       " {\"left\": 0.8, \"length\": -0.6, \"column\":"
                       " \"covariate\"}}}",
                       "{" GRID
                       ", \"model\": {\"plugin\": \"biased\", \"parameters\":"
                       " {\"length\": \"fitted\", \"column\": \"covariate\"}}}",
                       13.82);
  assert_near(posterior->phi[0], 0.8, 0.2);
  assert_near(posterior->phi[1], -0.6, 0.2);
  assert_true(posterior->log_likelihood > paper + 50);
  assert_true(rmse(self, posterior) < wrong);
}

/* The minority's taste is known and has nothing to fit. */
static void a_minority_is_told_from_coin_tossers(void **state) {
  scene *self = *state;
  self->users = 400;
  self->each = 30;
  make_pairs(self, 1, 3, 0);
  make_users(self, law_of(self, "beta", "{}"), model_of(self, "minority", "{}"),
             NULL);
  const heed_posterior *posterior = estimate(self, "{" GRID "}");
  const double paper = posterior->log_likelihood, wrong = rmse(self, posterior);
  posterior = estimate(self, "{" GRID ", \"model\": \"minority\"}");
  assert_true(posterior->log_likelihood > paper + 1000);
  assert_true(rmse(self, posterior) < wrong - 0.01);
}

static void a_slope_of_attention_is_recovered(void **state) {
  scene *self = *state;
  const double slope = -2;
  self->users = 400;
  self->each = 30;
  make_pairs(self, 1, 3, 0);
  make_users(
      self, law_of(self, "beta", "{}"),
      model_of(self, "attention_by_covariate", "{\"column\": \"covariate\"}"),
      &slope);
  const heed_posterior *posterior = estimate(self, "{" GRID "}");
  const double paper = posterior->log_likelihood;
  const double wrong = rmse(self, posterior),
               kept = accuracy_of_best_half(self, posterior);
#define BY_COVARIATE                                                        \
  "{" GRID                                                                  \
  ", \"unit\": \"%s\", \"model\": {\"plugin\": \"attention_by_covariate\"," \
  " \"parameters\": {\"column\": \"covariate\"%s}}}"
  char given[256], fitted[256];
  (void)snprintf(given, sizeof given, BY_COVARIATE, "user", ", \"slope\": -2");
  (void)snprintf(fitted, sizeof fitted, BY_COVARIATE, "user", "");
  posterior = recovers(self, given, fitted, 10.83);
  assert_near(posterior->phi[0], -2, 0.3);
  assert_true(posterior->log_likelihood > paper + 50);
  assert_true(rmse(self, posterior) < wrong);
  (void)snprintf(fitted, sizeof fitted, BY_COVARIATE, "annotation", "");
  posterior = estimate(self, fitted);
  /* Standard error of the difference below .0074: two of them. */
  assert_true(accuracy_of_best_half(self, posterior) > kept + 0.015);
}

/* In the paper's world no persistence is found, and little lost. */
static void where_there_is_no_persistence_none_is_found(void **state) {
  scene *self = *state;
  self->users = 300;
  self->each = 40;
  make_pairs(self, 1, 3, 0);
  make_users(self, law_of(self, "beta", "{}"),
             model_of(self, "attentive", "{}"), NULL);
  const heed_posterior *posterior = estimate(self, "{" GRID "}");
  const double paper = posterior->log_likelihood, right = rmse(self, posterior);
  posterior = recovers(self,
                       "{" GRID
                       ", \"model\": {\"plugin\": \"attention_states\","
                       " \"parameters\": {\"persistence\": 0}}}",
                       "{" GRID ", \"model\": \"attention_states\"}", 10.83);
  assert_true(posterior->log_likelihood >= paper - 1e-6 * fabs(paper));
  assert_true(posterior->phi[0] < 0.2);
  assert_near(rmse(self, posterior), right, 0.01);
}

/* Ten answers in each of four topics. */
static void a_spread_over_topics_is_recovered_and_pays(void **state) {
  scene *self = *state;
  const double spread = 0.5;
  self->users = 800;
  self->each = 40;
  make_pairs(self, 1, 3, 0);
  make_users(self, law_of(self, "beta", "{}"),
             model_of(self, "attention_by_topic", "{\"spread\": 0.5}"),
             &spread);
  const heed_posterior *posterior = estimate(self, "{" GRID "}");
  const double paper = posterior->log_likelihood, wrong = rmse(self, posterior);
  const double kept = accuracy_of_best_half(self, posterior);
  posterior = recovers(self,
                       "{" GRID
                       ", \"model\": {\"plugin\": \"attention_by_topic\","
                       " \"parameters\": {\"spread\": 0.5}}}",
                       "{" GRID ", \"model\": \"attention_by_topic\"}", 10.83);
  assert_near(posterior->phi[0], 0.5, 0.1);
  assert_true(posterior->log_likelihood > paper + 100);
  assert_true(rmse(self, posterior) < wrong);
  posterior = estimate(self, "{" GRID
                             ", \"model\": \"attention_by_topic\","
                             " \"unit\": \"annotation\"}");
  /* The standard error of the difference of two shares of 16000 labels is
   * below .005. */
  assert_true(accuracy_of_best_half(self, posterior) > kept + 0.013);
}

/* A column of the pairs can say what p is believed to be. */
static void p_is_read_from_the_column_named(void **state) {
  scene *self = *state;
  self->users = 100;
  self->each = 20;
  make_pairs(self, 1, 3, 0);
  make_users(self, law_of(self, "beta", "{}"),
             model_of(self, "attentive", "{}"), NULL);
  const double given =
      estimate(self, "{\"mu\": 0.7, \"prior\": \"grid\"}")->log_likelihood;
  const double read =
      estimate(self, "{" GRID ", \"p\": \"believed\"}")->log_likelihood;
  assert_near(read, given, 1e-7 * fabs(given));
  const heed_instance *em = workbench_make(&self->bench, HEED_ESTIMATOR, "em",
                                           "{" GRID ", \"p\": \"covariate\"}");
  const heed_estimator_functions *functions = em->plugin->functions;
  assert_int_equal(
      functions->estimate(em->self, &self->bench.host.host, &self->crowd,
                          &self->posterior, &self->bench.error),
      HEED_UNSUPPORTED);
  assert_non_null(
      strstr(self->bench.error.message, "column \"covariate\" of pair"));
  assert_non_null(strstr(self->bench.error.message, "expected a probability"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(below_zero_em_reaches_the_best_direct_maximum),
      TEST(with_an_unknown_gap_em_leaves_the_saddle),
      TEST(who_works_against_is_found),
      TEST(on_zero_to_one_it_is_the_papers_model),
      TEST(persistence_is_recovered_and_pays_by_annotation),
      TEST(biases_are_recovered),
      TEST(a_minority_is_told_from_coin_tossers),
      TEST(a_slope_of_attention_is_recovered),
      TEST(where_there_is_no_persistence_none_is_found),
      TEST(a_spread_over_topics_is_recovered_and_pays),
      TEST(p_is_read_from_the_column_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
