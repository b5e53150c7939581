/* SPDX-License-Identifier: GPL-3.0-or-later
 * The dpo trainer: its optima, its tuning, its policy. */
#include <gsl/gsl_multimin.h>

#include "../support/scene.h"
#include "support/preference/loss.h"

/* In the order of the trainer's outputs. */
enum {
  LOSS,
  ITERATIONS,
  CONVERGED,
  RIDGE,
  BETA,
  TEMPERATURE,
  WEIGHT_SUM,
  NORM,
  HELD_OUT_LOSS,
  LOG_LIKELIHOOD,
  MEAN_ETA
};

#define SMALL                                                               \
  "{\"features\": 3, \"candidates\": 8, \"prompts\": 200, \"scale\": 1.5, " \
  "\"mu\": 0.68, \"held_out\": 20}"
#define WORLD \
  "{\"features\": 8, \"scale\": 1.5, \"mu\": 0.68, \"held_out\": 100}"

static heed_status try_train(test_scene *self, const char *parameters,
                             heed_policy *policy) {
  test_workbench *bench = &self->bench;
  workbench_load(bench, HEED_DISTRIBUTION, "beta");
  workbench_load(bench, HEED_DISTRIBUTION, "two_point");
  workbench_load(bench, HEED_DISTRIBUTION, "grid");
  const heed_instance *trainer =
      workbench_make(bench, HEED_TRAINER, "dpo", parameters);
  const heed_trainer_functions *functions = trainer->plugin->functions;
  *policy = (heed_policy){.size = sizeof *policy, .scale = 1.0};
  for (size_t i = 0; i < 16; i++) bench->output[i] = NAN;
  bench->warned[0] = '\0';
  return functions->train(trainer->self, &bench->host.host, &self->crowd,
                          &self->posterior, &self->selection, policy,
                          &bench->error);
}

/* Trains, and returns w = beta theta. */
static const double *train(test_scene *self, const char *parameters,
                           heed_policy *policy) {
  if (try_train(self, parameters, policy) != HEED_OK)
    fail_msg("%s: %s", parameters, self->bench.error.message);
  const size_t d = self->world.features;
  const double *theta = heed_table_data(policy->table, "theta", HEED_FLOAT64);
  double *w =
      self->bench.host.host.allocate(&self->bench.host.host, d, sizeof *w);
  assert_non_null(theta);
  for (size_t k = 0; k < d; k++) w[k] = policy->scale * theta[k];
  return w;
}

static double chance(double z) {
  return 1.0 / (1.0 + exp(-z));
}

static double dot(size_t d, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t k = 0; k < d; k++) sum += a[k] * b[k];
  return sum;
}

static double square(size_t d, const double *w) {
  return dot(d, w, w);
}

/* phi(A's) - phi(B's) of annotation i's pair, from the tables. */
static const double *difference_of(const test_scene *self, size_t i) {
  const int64_t *pair =
      heed_table_data(self->crowd.annotations, "pair", HEED_INT64);
  const double *difference =
      heed_table_data(self->world.pairs, "difference", HEED_FLOAT64);
  return difference + (size_t)pair[i] * self->world.features;
}

/* w.(phi(chosen) - phi(other)) of annotation i. */
static double margin_of(const test_scene *self, size_t i, const double *w) {
  const double z = dot(self->world.features, w, difference_of(self, i));
  return self->choice[i] == HEED_CHOSE_A ? z : -z;
}

/* What sigmoid and noise_aware minimise, written out; eta NULL: sigmoid. */
static double objective(const test_scene *self, const double *w,
                        const double *eta, double ridge) {
  double sum = 0.5 * ridge * square(self->world.features, w);
  for (size_t i = 0; i < self->selection.count; i++) {
    const double g = chance(margin_of(self, i, w));
    const double p = eta == NULL ? g : eta[i] * g + (1.0 - eta[i]) * 0.5;
    if (self->selection.weight[i] > 0.0)
      sum -= self->selection.weight[i] * log(p);
  }
  return sum;
}

typedef struct dpo_search {
  const test_scene *self;
  const double *eta;
  double ridge;
  const heed_instance *prior; /* of the joint loss */
} dpo_search;

static double searched(const gsl_vector *point, void *context) {
  const dpo_search *search = context;
  return objective(search->self, point->data, search->eta, search->ridge);
}

/* The least value of a function that Nelder and Mead find from `start`,
 * restarted until it no longer falls. */
static double least(double (*function)(const gsl_vector *, void *),
                    void *context, size_t count, double *start, double size) {
  gsl_multimin_function f = {function, count, context};
  gsl_vector *step = gsl_vector_alloc(count);
  double earlier, now = HUGE_VAL;
  do {
    gsl_multimin_fminimizer *solver = gsl_multimin_fminimizer_alloc(
        gsl_multimin_fminimizer_nmsimplex2, count);
    gsl_vector_view point = gsl_vector_view_array(start, count);
    gsl_vector_set_all(step, size);
    gsl_multimin_fminimizer_set(solver, &f, &point.vector, step);
    for (int i = 0; i < 5000; i++) {
      if (gsl_multimin_fminimizer_iterate(solver) != 0) break;
      if (gsl_multimin_fminimizer_size(solver) < 1e-9) break;
    }
    earlier = now;
    now = gsl_multimin_fminimizer_minimum(solver);
    for (size_t k = 0; k < count; k++)
      start[k] = gsl_vector_get(gsl_multimin_fminimizer_x(solver), k);
    gsl_multimin_fminimizer_free(solver);
  } while (now < earlier - 1e-9);
  gsl_vector_free(step);
  return now;
}

static void sigmoid_reaches_the_least_value_of_its_objective(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  double point[3] = {0};
  scene_open(&self, 1, SMALL, 40, 10, 0.1, 0.9);
  for (size_t i = 0; i < self.selection.count; i++)
    self.selection.weight[i] = (double)(i % 4) / 2.0;
  const double *w =
      train(&self, "{\"loss\": \"sigmoid\", \"ridge\": 2}", &policy);
  dpo_search search = {.self = &self, .ridge = 2.0};
  const double best = least(searched, &search, 3, point, 0.5);
  assert_near(objective(&self, w, NULL, 2.0), best, 1e-7 * best);
  /* The minimum is quadratic: a value right to 1e-7 is a place right to 1e-3,
   * and here is better. */
  for (size_t k = 0; k < 3; k++) assert_near(w[k], point[k], 1e-4);
  assert_near(self.bench.output[CONVERGED], 1.0, 0.0);
  assert_near(self.bench.output[NORM], sqrt(square(3, w)), 1e-9);
  scene_close(&self);
}

static void noise_aware_reaches_the_least_value_of_its_objective(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  double point[3] = {0};
  scene_open(&self, 2, SMALL, 40, 10, 0.1, 0.9);
  for (size_t i = 0; i < self.selection.count; i++)
    self.selection.weight[i] = (double)(i % 4) / 2.0;
  const double *w =
      train(&self, "{\"loss\": \"noise_aware\", \"ridge\": 1}", &policy);
  dpo_search search = {
      .self = &self, .eta = self.selection.left_out, .ridge = 1.0};
  const double best = least(searched, &search, 3, point, 0.5);
  assert_near(objective(&self, w, self.selection.left_out, 1.0), best,
              1e-7 * best);
  scene_close(&self);
}

static void noise_aware_with_full_attention_trains_as_sigmoid(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 3, SMALL, 40, 10, 0.1, 0.9);
  for (size_t i = 0; i < self.selection.count; i++)
    self.selection.left_out[i] = 1.0;
  const double *a =
      train(&self, "{\"loss\": \"sigmoid\", \"ridge\": 1}", &policy);
  const double *b =
      train(&self, "{\"loss\": \"noise_aware\", \"ridge\": 1}", &policy);
  for (size_t k = 0; k < 3; k++) assert_near(a[k], b[k], 1e-6);
  scene_close(&self);
}

static void own_label_says_which_mean_noise_aware_reads(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 4, SMALL, 40, 10, 0.1, 0.9);
  for (size_t i = 0; i < self.selection.count; i++) {
    self.selection.eta[i] = 1.0;
    self.selection.left_out[i] = 0.5;
  }
  const char *included =
      "{\"loss\": \"noise_aware\", \"ridge\": 1, \"own_label\": \"included\"}";
  const double *w = train(&self, included, &policy);
  assert_near(self.bench.output[LOSS] * 400.0 + 0.5 * square(3, w),
              objective(&self, w, self.selection.eta, 1.0), 1e-8);
  w = train(&self, "{\"loss\": \"noise_aware\", \"ridge\": 1}", &policy);
  assert_near(self.bench.output[LOSS] * 400.0 + 0.5 * square(3, w),
              objective(&self, w, self.selection.left_out, 1.0), 1e-8);
  scene_close(&self);
}

/* ---- losses other than sigmoid and noise_aware, written out ---- */

static double hinge_of(double z, double e) {
  (void)e;
  return z < 1.0 ? 1.0 - z : 0.0;
}

static double ipo_of(double z, double e) {
  (void)e;
  return (z - 0.5) * (z - 0.5);
}

static double smoothed_of(double z, double e) {
  return -(1.0 - e) * log(chance(z)) - e * log(chance(-z));
}

static double robust_of(double z, double e) {
  return (-(1.0 - e) * log(chance(z)) + e * log(chance(-z))) / (1.0 - 2.0 * e);
}

typedef struct loss_case {
  const char *parameters;
  double (*function)(double z, double e);
  double flip; /* NaN: (1 - eta) / 2, eta at least .3 */
  double away; /* how far a value may lie from the written one */
} loss_case;

static double flip_of(const loss_case *that, double eta) {
  if (!isnan(that->flip)) return that->flip;
  return (1.0 - fmax(eta, 0.3)) / 2.0;
}

typedef struct loss_search {
  const test_scene *self;
  const loss_case *that;
  const double *eta;
} loss_search;

static double loss_objective(const gsl_vector *point, void *context) {
  const loss_search *search = context;
  double sum = 0.5 * square(3, point->data);
  for (size_t i = 0; i < search->self->selection.count; i++)
    if (search->self->selection.weight[i] > 0.0)
      sum += search->self->selection.weight[i] *
             search->that->function(margin_of(search->self, i, point->data),
                                    flip_of(search->that, search->eta[i]));
  return sum;
}

static void every_loss_reaches_the_least_value_of_its_objective(void **state) {
  const loss_case cases[] = {
      {"{\"ridge\": 1, \"loss\": \"hinge\"}", hinge_of, 0, 0.005},
      {"{\"ridge\": 1, \"loss\": \"ipo\"}", ipo_of, 0, 0},
      {"{\"ridge\": 1, \"loss\": \"label_smoothing\", \"smoothing\": 0.2}",
       smoothed_of, 0.2, 0},
      {"{\"ridge\": 1, \"loss\": \"robust\", \"flip_rate\": 0.3}", robust_of,
       0.3, 0},
      {"{\"ridge\": 1, \"loss\": \"robust_per_user\", \"floor\": 0.3}",
       robust_of, NAN, 0},
      {"{\"ridge\": 1, \"loss\": \"robust_per_user\", \"floor\": 0.3, "
       "\"own_label\": \"included\"}",
       robust_of, NAN, 0}};
  (void)state;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    test_scene self;
    heed_policy policy;
    double point[3] = {0}, weights = 0;
    scene_open(&self, 21, SMALL, 40, 10, 0.1, 0.9);
    for (size_t i = 0; i < self.selection.count; i++) {
      self.selection.weight[i] = (double)(i % 4) / 2.0;
      self.selection.eta[i] = 1 - self.selection.left_out[i];
      weights += self.selection.weight[i];
    }
    double *w = (double *)train(&self, cases[c].parameters, &policy);
    const gsl_vector_view found = gsl_vector_view_array(w, 3);
    loss_search search = {
        &self, &cases[c],
        c == 5 ? self.selection.eta : self.selection.left_out};
    const double best = least(loss_objective, &search, 3, point, 0.5);
    assert_near(loss_objective(&found.vector, &search), best,
                1e-7 * fabs(best) + cases[c].away * weights);
    for (size_t k = 0; cases[c].away == 0 && k < 3; k++)
      assert_near(w[k], point[k], 2e-4);
    assert_near(self.bench.output[CONVERGED], 1.0, 0.0);
    scene_close(&self);
  }
}

/* Tuning works for all, also where margins are no log-odds, and the policy
 * follows the reward. */
static void every_loss_can_be_tuned(void **state) {
  (void)state;
  for (const char *const *word = preference_words; *word != NULL; word++) {
    test_scene self;
    heed_policy policy;
    char parameters[160];
    scene_open(&self, 22, WORLD, 200, 20, 0.3, 0.9);
    (void)snprintf(parameters, sizeof parameters,
                   "{\"loss\": \"%s\", \"beta\": \"tuned\"%s}", *word,
                   strcmp(*word, "joint") == 0 ? ", \"prior\": \"beta\"" : "");
    const double *w = train(&self, parameters, &policy);
    double right = 0, pairs = 0;
    const double *p = heed_table_data(self.world.pairs, "p", HEED_FLOAT64);
    for (size_t i = 0; i < self.selection.count; i++, pairs++)
      right += (dot(self.world.features, w, difference_of(&self, i)) > 0) ==
               (p[((const int64_t *)heed_table_data(
                    self.crowd.annotations, "pair", HEED_INT64))[i]] > 0.5);
    assert_true(right / pairs > 0.75);
    assert_near(self.bench.output[CONVERGED], 1.0, 0.0);
    assert_true(self.bench.output[HELD_OUT_LOSS] < 0.6931);
    scene_close(&self);
  }
}

/* -log-likelihood of the joint loss over w, log alpha and log beta, written
 * out over the prior's own nodes and weights. */
static double joint_objective(const gsl_vector *point, void *context) {
  enum { NODES = 41 };
  const dpo_search *search = context;
  const test_scene *self = search->self;
  const heed_distribution_functions *prior = search->prior->plugin->functions;
  const double theta[2] = {exp(point->data[3]), exp(point->data[4])};
  double nodes[NODES], log_weight[NODES];
  double sum = 0.5 * search->ridge * square(3, point->data);
  prior->nodes(search->prior->self, theta, NODES, nodes);
  prior->log_weights(search->prior->self, theta, NODES, nodes, log_weight);
  for (size_t j = 0; j < self->crowd.users->rows; j++) {
    double together[NODES], all = 0.0;
    for (size_t k = 0; k < NODES; k++) together[k] = exp(log_weight[k]);
    for (size_t i = self->crowd.first[j]; i < self->crowd.first[j + 1]; i++) {
      const double g = chance(margin_of(self, i, point->data));
      for (size_t k = 0; k < NODES; k++)
        together[k] *= nodes[k] * g + (1.0 - nodes[k]) * 0.5;
    }
    for (size_t k = 0; k < NODES; k++) all += together[k];
    sum -= log(all);
  }
  return sum;
}

static void joint_reaches_the_best_of_direct_maximisations(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 5, SMALL, 60, 12, 0.1, 0.9);
  const double *w =
      train(&self, "{\"loss\": \"joint\", \"ridge\": 1, \"prior\": \"beta\"}",
            &policy);
  const double found = -self.bench.output[LOG_LIKELIHOOD] + 0.5 * square(3, w);
  dpo_search search = {
      .self = &self,
      .ridge = 1.0,
      .prior = workbench_make(&self.bench, HEED_DISTRIBUTION, "beta", "{}")};
  double best = HUGE_VAL;
  const double starts[3][5] = {
      {0}, {1.0, -1.0, 0.5, 0.7, 0.7}, {-0.5, 0.5, 2.0, -1.0, -1.0}};
  for (size_t s = 0; s < 3; s++) {
    double point[5];
    memcpy(point, starts[s], sizeof point);
    best = fmin(best, least(joint_objective, &search, 5, point, 0.5));
  }
  assert_near(found, best, 1e-6 * best);
  /* and what it reports is the objective at what it hands on */
  double here[5] = {w[0], w[1], w[2], log(policy.refined->theta[0]),
                    log(policy.refined->theta[1])};
  gsl_vector_view point = gsl_vector_view_array(here, 5);
  assert_near(joint_objective(&point.vector, &search), found, 1e-8);
  scene_close(&self);
}

/* ---- joint with free weights on a grid ---- */

enum { GRID = 21 };

/* likelihood[users x GRID] of the users' histories at the nodes k / 20. */
static void fill_histories(const test_scene *self, const double *w,
                           double *likelihood) {
  for (size_t j = 0; j < self->crowd.users->rows; j++) {
    double *own = likelihood + j * GRID;
    for (size_t k = 0; k < GRID; k++) own[k] = 1.0;
    for (size_t i = self->crowd.first[j]; i < self->crowd.first[j + 1]; i++) {
      const double gain = chance(margin_of(self, i, w)) - 0.5;
      for (size_t k = 0; k < GRID; k++)
        own[k] *= 0.5 + (double)k / (GRID - 1) * gain;
    }
  }
}

/* Of one user under the weights. */
static double mixture(const double *likelihood, const double *weight) {
  return dot(GRID, likelihood, weight);
}

/* -log-likelihood over w, at the weights in `search->eta`. */
static double grid_objective(const gsl_vector *point, void *context) {
  const dpo_search *search = context;
  const size_t users = search->self->crowd.users->rows;
  double *likelihood = malloc(users * GRID * sizeof *likelihood);
  double sum = 0.5 * search->ridge * square(3, point->data);
  assert_non_null(likelihood);
  fill_histories(search->self, point->data, likelihood);
  for (size_t j = 0; j < users; j++)
    sum -= log(mixture(likelihood + j * GRID, search->eta));
  free(likelihood);
  return sum;
}

/* By how much other weights could raise the log-likelihood at most (Lindsay
 * 1983): N log(max_k sum_j L_jk / f_j / N). */
static double most_gain(const test_scene *self, const double *w,
                        const double *weight) {
  const size_t users = self->crowd.users->rows;
  double *likelihood = malloc(users * GRID * sizeof *likelihood);
  double slope[GRID] = {0}, most = 0.0;
  assert_non_null(likelihood);
  fill_histories(self, w, likelihood);
  for (size_t j = 0; j < users; j++)
    for (size_t k = 0; k < GRID; k++)
      slope[k] +=
          likelihood[j * GRID + k] / mixture(likelihood + j * GRID, weight);
  for (size_t k = 0; k < GRID; k++) most = fmax(most, slope[k]);
  free(likelihood);
  return (double)users * log(most / (double)users);
}

static void joint_with_a_grid_reaches_the_best_of_direct_maximisations(
    void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 9, SMALL, 60, 12, 0.1, 0.9);
  const double *w = train(&self,
                          "{\"loss\": \"joint\", \"ridge\": 1, \"prior\": "
                          "{\"plugin\": \"grid\", \"parameters\": "
                          "{\"nodes\": 21}}}",
                          &policy);
  const double found = -self.bench.output[LOG_LIKELIHOOD] + 0.5 * square(3, w);
  /* The maximum over the weights at this w, and over w at these weights. */
  dpo_search search = {
      .self = &self, .ridge = 1.0, .eta = policy.refined->theta};
  double point[3] = {0};
  const double best = least(grid_objective, &search, 3, point, 0.5);
  assert_near(found, best, 1e-8 * best);
  assert_true(most_gain(&self, w, policy.refined->theta) < 1e-8 * best);
  assert_near(self.bench.output[CONVERGED], 1.0, 0.0);
  scene_close(&self);
}

static void joint_never_lowers_its_objective(void **state) {
  (void)state;
  const char *priors[] = {"beta", "two_point", "grid"};
  for (uint64_t seed = 1; seed <= 10; seed++) {
    test_scene self;
    heed_policy policy;
    char parameters[128];
    double series[2000];
    (void)snprintf(parameters, sizeof parameters,
                   "{\"loss\": \"joint\", \"ridge\": 0.1, \"prior\": \"%s\"}",
                   priors[seed % 3]);
    scene_open(&self, seed, SMALL, 40, 8, 0.0, 1.0);
    self.bench.series = series;
    self.bench.series_room = 2000;
    train(&self, parameters, &policy);
    assert_true(self.bench.series_count > 2);
    for (size_t i = 1; i < self.bench.series_count; i++)
      assert_true(series[i] >= series[i - 1]);
    scene_close(&self);
  }
}

static void joint_hands_on_a_posterior_of_all_users(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 6, WORLD, 200, 20, 0.1, 0.9);
  for (size_t i = 0; i < 40; i++) self.selection.weight[i] = 0.0;
  const double *w =
      train(&self, "{\"loss\": \"joint\", \"ridge\": 1, \"prior\": \"beta\"}",
            &policy);
  const heed_posterior *refined = policy.refined;
  const double *difference =
      heed_table_data(self.world.pairs, "difference", HEED_FLOAT64);
  double low = 0.0, high = 0.0, lows = 0.0, highs = 0.0, prior_mean = 0.0;
  assert_non_null(refined);
  assert_int_equal(refined->unit, HEED_BY_USER);
  assert_int_equal(refined->units, 200);
  for (size_t j = 0; j < 200; j++) {
    double sum = 0.0, mean = 0.0;
    for (size_t k = 0; k < refined->node_count; k++) {
      const double mass =
          refined->mass[refined->row[j] * refined->node_count + k];
      sum += mass;
      mean += mass * refined->nodes[k];
    }
    assert_near(sum, 1.0, 1e-12);
    assert_near(refined->mean[j], mean, 1e-12);
    assert_true(refined->sd[j] > 0.0);
    if (j < 2) continue;
    *(self.eta[j] < 0.5 ? &low : &high) += mean;
    *(self.eta[j] < 0.5 ? &lows : &highs) += 1.0;
  }
  assert_true(high / highs > low / lows + 0.3);
  /* Of users left out nothing is known but the prior. */
  prior_mean = self.bench.output[MEAN_ETA];
  assert_near(refined->mean[0], prior_mean, 1e-9);
  assert_near(refined->left_out[7], prior_mean, 1e-9);
  for (size_t i = 0; i < 20; i++)
    assert_near(refined->p[i], chance(dot(8, difference + i * 8, w)), 1e-12);
  scene_close(&self);
}

static void joint_learns_the_scale_that_coin_flips_hide_from_sigmoid(
    void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 7, WORLD, 500, 20, 0.1, 0.9);
  const double *w =
      train(&self, "{\"loss\": \"sigmoid\", \"ridge\": 1}", &policy);
  const double shrunk = sqrt(square(8, w));
  w = train(&self, "{\"loss\": \"joint\", \"ridge\": 1, \"prior\": \"beta\"}",
            &policy);
  /* The true length is 1.5; the sampling error at 10000 labels, half of them
   * coin flips, is some 0.1. */
  assert_near(sqrt(square(8, w)), 1.5, 0.3);
  assert_true(shrunk < 0.75);
  scene_close(&self);
}

static void fixed_prior_stays_as_it_is_given(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 8, SMALL, 40, 10, 0.1, 0.9);
  train(&self,
        "{\"loss\": \"joint\", \"ridge\": 1, \"fit_prior\": false, \"prior\": "
        "{\"plugin\": \"beta\", \"parameters\": {\"alpha\": 3, \"beta\": 2}}}",
        &policy);
  assert_near(policy.refined->theta[0], 3.0, 0.0);
  assert_near(policy.refined->theta[1], 2.0, 0.0);
  assert_near(self.bench.output[MEAN_ETA], 0.6, 0.01);
  scene_close(&self);
}

static void control_labels_do_not_depend_on_what_users_said(void **state) {
  (void)state;
  const char *parameters[] = {"{\"labels\": \"always_a\"}",
                              "{\"labels\": \"better\"}"};
  for (size_t c = 0; c < 2; c++) {
    test_scene self;
    heed_policy policy;
    scene_open(&self, 9, SMALL, 40, 10, 0.1, 0.9);
    const double *earlier = train(&self, parameters[c], &policy);
    for (size_t i = 0; i < self.selection.count; i++)
      self.choice[i] =
          self.choice[i] == HEED_CHOSE_A ? HEED_CHOSE_B : HEED_CHOSE_A;
    const double *later = train(&self, parameters[c], &policy);
    assert_memory_equal(earlier, later, 3 * sizeof *earlier);
    scene_close(&self);
  }
}

static void clean_labels_point_along_the_true_reward(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 10, WORLD, 500, 20, 0.1, 0.9);
  const double *w = train(&self, "{\"labels\": \"better\"}", &policy);
  const double *phi =
      heed_table_data(self.world.prompts, "features", HEED_FLOAT64);
  const double *reward =
      heed_table_data(self.world.prompts, "reward", HEED_FLOAT64);
  double zr = 0.0, zz = 0.0, rr = 0.0;
  for (size_t k = 0; k < 4000; k++) {
    const double z = dot(8, phi + k * 8, w);
    zr += z * reward[k];
    zz += z * z;
    rr += reward[k] * reward[k];
  }
  assert_true(zr / sqrt(zz * rr) > 0.999);
  scene_close(&self);
}

static void ties_and_weights_of_zero_teach_nothing(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 11, SMALL, 40, 10, 0.1, 0.9);
  for (size_t i = 0; i < self.selection.count; i++)
    if (i % 3 == 0) self.selection.weight[i] = 0.0;
  const double *excluded = train(&self, "{\"ridge\": 1}", &policy);
  assert_near(self.bench.output[WEIGHT_SUM], 266.0, 0.0);
  for (size_t i = 0; i < self.selection.count; i++)
    if (i % 3 == 0) {
      self.selection.weight[i] = 1.0;
      self.choice[i] = HEED_CHOSE_TIE;
    }
  const double *tied = train(&self, "{\"ridge\": 1}", &policy);
  assert_memory_equal(excluded, tied, 3 * sizeof *tied);
  scene_close(&self);
}

static void nothing_left_is_a_warning_and_the_reference(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 12, SMALL, 10, 10, 0.1, 0.9);
  for (size_t i = 0; i < self.selection.count; i++)
    self.selection.weight[i] = 0.0;
  const double *w = train(&self, "{}", &policy);
  assert_string_equal(self.bench.warned, "nothing_left");
  for (size_t k = 0; k < 3; k++) assert_near(w[k], 0.0, 0.0);
  scene_close(&self);
}

static void tuned_ridge_predicts_labels_held_out_best(void **state) {
  (void)state;
  const char *losses[] = {"sigmoid", "noise_aware", "joint"};
  for (size_t l = 0; l < 3; l++) {
    test_scene self;
    heed_policy policy;
    char parameters[160];
    const char *prior = l == 2 ? ", \"prior\": \"two_point\"" : "";
    /* Few labels for 32 features: the ridge matters. */
    scene_open(&self, 13, "{\"features\": 32, \"scale\": 1.5, \"mu\": 0.68}",
               50, 10, 0.1, 0.9);
    (void)snprintf(parameters, sizeof parameters,
                   "{\"loss\": \"%s\", \"beta\": \"tuned\"%s}", losses[l],
                   prior);
    train(&self, parameters, &policy);
    const double tuned = self.bench.output[HELD_OUT_LOSS];
    assert_true(tuned < log(2.0));
    for (double ridge = 0.1; ridge < 2000.0; ridge *= 10.0) {
      (void)snprintf(parameters, sizeof parameters,
                     "{\"loss\": \"%s\", \"beta\": \"tuned\", \"ridge\": %g%s}",
                     losses[l], ridge, prior);
      train(&self, parameters, &policy);
      /* A fit that starts elsewhere ends within its tolerance. */
      assert_true(tuned <= self.bench.output[HELD_OUT_LOSS] + 1e-3);
    }
    scene_close(&self);
  }
}

static void tuned_beta_takes_back_what_a_strong_ridge_shrank(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 14, WORLD, 500, 20, 1.0, 1.0);
  const double *w = train(&self, "{\"ridge\": 5000}", &policy);
  const double shrunk = sqrt(square(8, w));
  w = train(&self, "{\"ridge\": 5000, \"beta\": \"tuned\"}", &policy);
  assert_near(policy.scale, 1.0, 0.0);
  assert_near(self.bench.output[BETA], 1.0, 0.0);
  assert_true(self.bench.output[TEMPERATURE] > 1.5);
  assert_near(sqrt(square(8, w)), self.bench.output[TEMPERATURE] * shrunk,
              1e-6);
  /* All users attend, so that the labels show the true scale. */
  assert_near(sqrt(square(8, w)), 1.5, 0.25);
  scene_close(&self);
}

static void folds_are_the_same_for_every_filter(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 15, SMALL, 40, 10, 0.1, 0.9);
  train(&self, "{}", &policy);
  const double earlier = self.bench.output[HELD_OUT_LOSS];
  train(&self, "{}", &policy);
  assert_near(self.bench.output[HELD_OUT_LOSS], earlier, 0.0);
  scene_close(&self);
}

static void beta_scales_the_policy_and_not_the_reward(void **state) {
  (void)state;
  test_scene self;
  heed_policy sharp, flat;
  scene_open(&self, 16, SMALL, 40, 10, 0.1, 0.9);
  const double *a = train(&self, "{\"ridge\": 1, \"beta\": 0.1}", &sharp);
  const double *b = train(&self, "{\"ridge\": 1, \"beta\": 2}", &flat);
  const double *steep = heed_table_data(sharp.table, "theta", HEED_FLOAT64);
  const double *gentle = heed_table_data(flat.table, "theta", HEED_FLOAT64);
  for (size_t k = 0; k < 3; k++) {
    assert_near(a[k], b[k], 1e-12);
    assert_near(steep[k], 20.0 * gentle[k], 1e-9);
  }
  scene_close(&self);
}

static void policy_is_the_reference_tilted_and_sums_to_one(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  double log_pi[8], expected[8], all = 0.0, sum = 0.0;
  heed_response asked[8] = {0};
  scene_open(&self, 17,
             "{\"features\": 3, \"candidates\": 8, \"prompts\": 200, "
             "\"reference\": \"a\", \"scale\": 1.5, \"mu\": 0.68}",
             40, 10, 0.1, 0.9);
  train(&self, "{\"ridge\": 1}", &policy);
  const heed_plugin *plugin =
      registry_find(self.bench.plugins, HEED_TRAINER, "dpo", NULL);
  const heed_trainer_functions *functions = plugin->functions;
  const double *theta = heed_table_data(policy.table, "theta", HEED_FLOAT64);
  const double *phi =
      heed_table_data(self.world.prompts, "features", HEED_FLOAT64);
  const double *reference =
      heed_table_data(self.world.prompts, "reference", HEED_FLOAT64);
  const size_t prompt = 230;
  for (size_t k = 0; k < 8; k++) {
    asked[k] = (heed_response){.prompt = prompt, .candidate = (int64_t)k};
    expected[k] =
        reference[prompt * 8 + k] + dot(3, phi + (prompt * 8 + k) * 3, theta);
    all += exp(expected[k]);
  }
  assert_int_equal(
      functions->log_probability(NULL, &self.bench.host.host, &self.world,
                                 &policy, 8, asked, log_pi, &self.bench.error),
      HEED_OK);
  for (size_t k = 0; k < 8; k++) {
    assert_near(log_pi[k], expected[k] - log(all), 1e-10);
    sum += exp(log_pi[k]);
  }
  assert_near(sum, 1.0, 1e-12);
  asked[0].candidate = 8;
  assert_int_equal(
      functions->log_probability(NULL, &self.bench.host.host, &self.world,
                                 &policy, 1, asked, log_pi, &self.bench.error),
      HEED_INVALID);
  scene_close(&self);
}

/* Asks about two whole prompts, the second again, then single candidates.  Each
 * answer is the same as if the question were asked alone. */
static void responses_may_be_asked_about_in_any_number(void **state) {
  (void)state;
  enum { WIDE = 8, COUNT = 3 * WIDE + 3 };
  test_scene self;
  heed_policy policy;
  heed_response asked[COUNT];
  double found[COUNT], alone;
  scene_open(&self, 17,
             "{\"features\": 3, \"candidates\": 8, \"prompts\": 200, "
             "\"reference\": \"a\", \"scale\": 1.5, \"mu\": 0.68}",
             40, 10, 0.1, 0.9);
  train(&self, "{\"ridge\": 1}", &policy);
  const heed_plugin *plugin =
      registry_find(self.bench.plugins, HEED_TRAINER, "dpo", NULL);
  const heed_trainer_functions *functions = plugin->functions;
  for (size_t i = 0; i < COUNT; i++)
    asked[i] = (heed_response){.prompt = i < WIDE ? 220 : 221,
                               .candidate = (int64_t)(i % WIDE)};
  asked[COUNT - 2] = (heed_response){.prompt = 7, .candidate = 5};
  asked[COUNT - 1] = (heed_response){.prompt = 7, .candidate = 2};
  assert_int_equal(functions->log_probability(NULL, &self.bench.host.host,
                                              &self.world, &policy, COUNT,
                                              asked, found, &self.bench.error),
                   HEED_OK);
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(functions->log_probability(
                         NULL, &self.bench.host.host, &self.world, &policy, 1,
                         &asked[i], &alone, &self.bench.error),
                     HEED_OK);
    assert_near(found[i], alone, 1e-13);
  }
  scene_close(&self);
}

static void many_features_and_few_labels_still_fit(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 18,
             "{\"features\": 64, \"candidates\": 8, \"scale\": 1.5, \"mu\": "
             "0.68, \"prompts\": 300}",
             10, 5, 0.1, 0.9);
  train(&self, "{\"ridge\": 0}", &policy);
  assert_true(isfinite(self.bench.output[NORM]));
  train(&self, "{}", &policy);
  assert_near(self.bench.output[CONVERGED], 1.0, 0.0);
  scene_close(&self);
}

static void parameters_that_do_not_go_together_are_refused(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy;
  scene_open(&self, 19, SMALL, 10, 5, 0.1, 0.9);
  test_workbench *bench = &self.bench;
  workbench_load(bench, HEED_DISTRIBUTION, "beta");
  assert_null(
      workbench_try(bench, HEED_TRAINER, "dpo",
                    "{\"loss\": \"noise_aware\", \"labels\": \"always_a\"}"));
  assert_non_null(strstr(bench->error.message, "labels = always_a"));
  assert_null(
      workbench_try(bench, HEED_TRAINER, "dpo", "{\"prior\": \"beta\"}"));
  assert_non_null(strstr(bench->error.message, "loss is sigmoid"));
  assert_int_equal(try_train(&self, "{\"loss\": \"joint\"}", &policy),
                   HEED_UNSUPPORTED);
  assert_non_null(strstr(bench->error.message, "needs a prior"));
  self.world.features = 0;
  assert_int_equal(try_train(&self, "{}", &policy), HEED_UNSUPPORTED);
  assert_non_null(strstr(bench->error.message, "difference"));
  scene_close(&self);
}

static void trainer_none_leaves_no_policy(void **state) {
  (void)state;
  test_scene self;
  heed_policy policy = {.size = sizeof policy, .scale = 1.0};
  scene_open(&self, 20, SMALL, 10, 5, 0.1, 0.9);
  const heed_instance *trainer =
      workbench_make(&self.bench, HEED_TRAINER, "none", "{}");
  const heed_trainer_functions *functions = trainer->plugin->functions;
  assert_int_equal(
      functions->train(trainer->self, &self.bench.host.host, &self.crowd,
                       &self.posterior, &self.selection, &policy,
                       &self.bench.error),
      HEED_OK);
  assert_null(policy.state);
  assert_null(functions->log_probability);
  scene_close(&self);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sigmoid_reaches_the_least_value_of_its_objective),
      cmocka_unit_test(noise_aware_reaches_the_least_value_of_its_objective),
      cmocka_unit_test(noise_aware_with_full_attention_trains_as_sigmoid),
      cmocka_unit_test(own_label_says_which_mean_noise_aware_reads),
      cmocka_unit_test(every_loss_reaches_the_least_value_of_its_objective),
      cmocka_unit_test(every_loss_can_be_tuned),
      cmocka_unit_test(joint_reaches_the_best_of_direct_maximisations),
      cmocka_unit_test(
          joint_with_a_grid_reaches_the_best_of_direct_maximisations),
      cmocka_unit_test(joint_never_lowers_its_objective),
      cmocka_unit_test(joint_hands_on_a_posterior_of_all_users),
      cmocka_unit_test(
          joint_learns_the_scale_that_coin_flips_hide_from_sigmoid),
      cmocka_unit_test(fixed_prior_stays_as_it_is_given),
      cmocka_unit_test(control_labels_do_not_depend_on_what_users_said),
      cmocka_unit_test(clean_labels_point_along_the_true_reward),
      cmocka_unit_test(ties_and_weights_of_zero_teach_nothing),
      cmocka_unit_test(nothing_left_is_a_warning_and_the_reference),
      cmocka_unit_test(tuned_ridge_predicts_labels_held_out_best),
      cmocka_unit_test(tuned_beta_takes_back_what_a_strong_ridge_shrank),
      cmocka_unit_test(folds_are_the_same_for_every_filter),
      cmocka_unit_test(beta_scales_the_policy_and_not_the_reward),
      cmocka_unit_test(policy_is_the_reference_tilted_and_sums_to_one),
      cmocka_unit_test(responses_may_be_asked_about_in_any_number),
      cmocka_unit_test(many_features_and_few_labels_still_fit),
      cmocka_unit_test(parameters_that_do_not_go_together_are_refused),
      cmocka_unit_test(trainer_none_leaves_no_policy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
