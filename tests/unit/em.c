/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator em, against likelihoods written out here and maximised by
 * other means, and against posteriors by brute force. */
#include <gsl/gsl_integration.h>
#include <gsl/gsl_multimin.h>

#include "../support/workbench.h"
#include "heed/distribution.h"
#include "heed/estimator.h"

enum { USERS = 300, EACH = 20, ROWS = USERS * EACH, STEPS = 4000 };
enum { QUADRATURE = 24 }; /* exact: a likelihood has degree EACH */

static const double gaps[] = {0.6, 0.74, 0.98};

/* Under a checker that makes programs slow, less of the same. */
static size_t turns(size_t usually, size_t slowly) {
  return getenv("HEED_TEST_SMALL") != NULL ? slowly : usually;
}

typedef enum shape { TWO_POINT, BETA, GAUSSIAN } shape;

typedef struct em_scene {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  double trace[STEPS];
  const double *p;
  int8_t *choice;
  size_t *first;
} em_scene;

/* Users of two kinds, or of attentiveness spread about the middle; p of pairs
 * lies evenly around the gap, so that the gap is its mean. */
static void scene_open(em_scene *self, uint64_t seed, double gap, shape truth) {
  memset(self, 0, sizeof *self);
  workbench_open(&self->bench, seed);
  self->bench.series = self->trace;
  self->bench.series_room = STEPS;
  const heed_host *host = &self->bench.host.host;
  heed_table *pairs = host->table(host, "pairs", ROWS);
  heed_table *people = host->table(host, "users", USERS);
  heed_table *said = host->table(host, "annotations", ROWS);
  double *p = host->column(host, pairs, "p", HEED_FLOAT64, 1);
  double *truths = host->column(host, people, "eta", HEED_FLOAT64, 1);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  self->choice = host->column(host, said, "choice", HEED_INT8, 1);
  int8_t *left = host->column(host, said, "left", HEED_INT8, 1);
  self->first = host->allocate(host, USERS + 1, sizeof *self->first);
  for (size_t j = 0; j < USERS; j++) {
    heed_stream stream = host->stream(host, "scene", j);
    const double u = heed_uniform(&stream), v = heed_uniform(&stream);
    const double eta = truth == TWO_POINT ? (u < 0.5 ? 0.1 : 0.9) : (u + v) / 2;
    truths[j] = eta;
    for (size_t i = j * EACH; i < (j + 1) * EACH; i++) {
      user[i] = (int64_t)j;
      pair[i] = (int64_t)i;
      left[i] = HEED_LEFT_UNKNOWN;
      p[i] = gap + (i % 2 == 0 ? 0.015 : -0.015);
      self->choice[i] = heed_uniform(&stream) < eta * p[i] + (1 - eta) / 2
                            ? HEED_CHOSE_A
                            : HEED_CHOSE_B;
    }
    self->first[j + 1] = (j + 1) * EACH;
  }
  self->p = p;
  self->world = (heed_world){.size = sizeof self->world,
                             .pairs = pairs,
                             .mu = gap,
                             .mu_requested = gap};
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = people,
                             .annotations = said,
                             .first = self->first};
}

static void estimate(em_scene *self, const char *parameters) {
  static const char *const shapes[] = {"two_point", "beta", "gaussian", "grid"};
  for (size_t i = 0; i < 4; i++)
    workbench_load(&self->bench, HEED_DISTRIBUTION, shapes[i]);
  workbench_load(&self->bench, HEED_USER_MODEL, "attentive");
  const heed_instance *em =
      workbench_make(&self->bench, HEED_ESTIMATOR, "em", parameters);
  const heed_estimator_functions *functions = em->plugin->functions;
  self->posterior = (heed_posterior){.size = sizeof self->posterior,
                                     .mu = NAN,
                                     .mu_low = NAN,
                                     .mu_high = NAN,
                                     .log_likelihood = NAN,
                                     .objective = NAN};
  self->bench.series_count = 0;
  if (functions->estimate(em->self, &self->bench.host.host, &self->crowd,
                          &self->posterior, &self->bench.error) != HEED_OK)
    fail_msg("%s", self->bench.error.message);
}

/* ---- likelihoods written out ---- */

/* P(user j's annotations but `without` | eta); gap NaN: p of each pair. */
static double of_user(const em_scene *self, size_t j, double eta, double gap,
                      size_t excluded) {
  double product = 1;
  for (size_t i = j * EACH; i < (j + 1) * EACH; i++) {
    if (i == excluded) continue;
    const double a = eta * (isnan(gap) ? self->p[i] : gap) + (1 - eta) / 2;
    product *= self->choice[i] == HEED_CHOSE_A ? a : 1 - a;
  }
  return product;
}

typedef struct em_rule {
  size_t count;
  double point[4096], weight[4096]; /* weights sum to 1 */
} em_rule;

static void normalise(em_rule *rule) {
  double sum = 0;
  for (size_t k = 0; k < rule->count; k++) sum += rule->weight[k];
  for (size_t k = 0; k < rule->count; k++) rule->weight[k] /= sum;
}

/* The prior as points and weights: of Beta(a, b) by Gauss and Jacobi, of the
 * truncated normal and of a narrow beta by Simpson's rule. */
static void make_rule(shape prior, const double *theta, em_rule *rule) {
  if (prior == TWO_POINT) {
    *rule = (em_rule){.count = 2,
                      .point = {theta[0], theta[1]},
                      .weight = {1 - theta[2], theta[2]}};
    return;
  }
  /* GSL's rule of Jacobi goes no further. */
  if (prior == BETA && theta[0] + theta[1] < 150) {
    gsl_integration_fixed_workspace *work =
        gsl_integration_fixed_alloc(gsl_integration_fixed_jacobi, QUADRATURE, 0,
                                    1, theta[1] - 1, theta[0] - 1);
    assert_non_null(work);
    rule->count = QUADRATURE;
    for (size_t k = 0; k < QUADRATURE; k++) {
      rule->point[k] = gsl_integration_fixed_nodes(work)[k];
      rule->weight[k] = gsl_integration_fixed_weights(work)[k];
    }
    gsl_integration_fixed_free(work);
    normalise(rule);
    return;
  }
  rule->count = 1001;
  const double a = theta[0] - 1, b = theta[1] - 1;
  for (size_t k = 0; k < rule->count; k++) {
    const double x = (double)k / (double)(rule->count - 1);
    const double z = (x - theta[0]) / theta[1];
    const double simpson = k == 0 || k + 1 == rule->count ? 1 : k % 2 ? 4 : 2;
    rule->point[k] = x;
    rule->weight[k] =
        simpson * (prior == BETA
                       ? exp(a * log(x) + b * log1p(-x) - (a + b) * log(0.5))
                       : exp(-z * z / 2));
  }
  normalise(rule);
}

typedef struct problem {
  const em_scene *scene;
  shape prior;
  double gap;
  double row[EACH + 1]; /* users by how often they chose A; a shared gap */
  bool shared;
} problem;

static void problem_open(problem *self, const em_scene *scene, shape prior,
                         double gap) {
  *self = (problem){
      .scene = scene, .prior = prior, .gap = gap, .shared = !isnan(gap)};
  for (size_t j = 0; j < USERS; j++) {
    size_t k = 0;
    for (size_t i = j * EACH; i < (j + 1) * EACH; i++)
      k += scene->choice[i] == HEED_CHOSE_A;
    self->row[k]++;
  }
}

static double log_likelihood(const problem *self, const double *theta) {
  static em_rule rule;
  double sum = 0;
  make_rule(self->prior, theta, &rule);
  if (!self->shared) {
    for (size_t j = 0; j < USERS; j++) {
      double marginal = 0;
      for (size_t k = 0; k < rule.count; k++)
        marginal += rule.weight[k] *
                    of_user(self->scene, j, rule.point[k], NAN, SIZE_MAX);
      sum += log(marginal);
    }
    return sum;
  }
  for (int a = 0; a <= EACH; a++) {
    double marginal = 0;
    if (self->row[a] == 0) continue;
    for (size_t k = 0; k < rule.count; k++) {
      const double q = 0.5 + rule.point[k] * (self->gap - 0.5);
      marginal += rule.weight[k] * pow(q, a) * pow(1 - q, EACH - a);
    }
    sum += self->row[a] * log(marginal);
  }
  return sum;
}

/* ---- direct maximisation, by the simplex of Nelder and Mead ---- */

static double between(double x) {
  return 1 / (1 + exp(-x));
}

static void theta_of(shape prior, const double *x, double *theta) {
  if (prior == TWO_POINT) {
    for (int i = 0; i < 3; i++) theta[i] = between(x[i]);
    return;
  }
  if (prior == BETA) {
    for (int i = 0; i < 2; i++) theta[i] = exp(fmin(fmax(x[i], -4), 4.6));
    return;
  }
  theta[0] = x[0];
  theta[1] = exp(fmin(fmax(x[1], -5), 2));
}

static double cost(const gsl_vector *x, void *context) {
  const problem *self = context;
  double theta[3];
  theta_of(self->prior, x->data, theta);
  const double value = -log_likelihood(self, theta);
  return isfinite(value) ? value : 1e300;
}

static double best_of_many(const problem *self, size_t starts) {
  const size_t count = self->prior == TWO_POINT ? 3 : 2;
  gsl_multimin_fminimizer *simplex =
      gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, count);
  gsl_vector *x = gsl_vector_alloc(count), *step = gsl_vector_alloc(count);
  gsl_multimin_function function = {cost, count, (void *)(uintptr_t)self};
  double best = -HUGE_VAL;
  for (size_t start = 0; start < starts; start++) {
    heed_stream stream = self->scene->bench.host.host.stream(
        &self->scene->bench.host.host, "direct", start);
    for (size_t i = 0; i < count; i++)
      gsl_vector_set(
          x, i,
          (self->prior == TWO_POINT ? 4 : 1.5) * (heed_uniform(&stream) - 0.5));
    gsl_vector_set_all(step, 0.5);
    gsl_multimin_fminimizer_set(simplex, &function, x, step);
    for (int i = 0; i < 500; i++) {
      if (gsl_multimin_fminimizer_iterate(simplex) != 0) break;
      if (gsl_multimin_fminimizer_size(simplex) < 1e-7) break;
    }
    best = fmax(best, -simplex->fval);
  }
  gsl_multimin_fminimizer_free(simplex);
  gsl_vector_free(x);
  gsl_vector_free(step);
  return best;
}

/* ---- the tests ---- */

static void reaches_the_best_direct_fit(shape prior, const char *parameters) {
  for (size_t g = 0; g < turns(3, 1); g++) {
    em_scene self;
    problem direct;
    scene_open(&self, 11 + g, gaps[g], prior);
    estimate(&self, parameters);
    problem_open(&direct, &self, prior, gaps[g]);
    const double best = best_of_many(&direct, turns(20, 1));
    const double found = self.posterior.log_likelihood;
    if (!(found >= best - 1e-6 * fabs(best)))
      fail_msg("gap %g: found %.9g, the best direct fit has %.9g", gaps[g],
               found, best);
    /* What it says of its own fit is so: quadratures agree. */
    assert_near(found, log_likelihood(&direct, self.posterior.theta),
                1e-6 * fabs(found));
    workbench_close(&self.bench);
  }
}

static void two_points_reach_the_best_of_twenty_direct_fits(void **state) {
  (void)state;
  reaches_the_best_direct_fit(TWO_POINT, "{\"prior\": \"two_point\"}");
}

static void a_beta_reaches_the_best_of_twenty_direct_fits(void **state) {
  (void)state;
  reaches_the_best_direct_fit(BETA,
                              "{\"prior\": \"beta\", \"pseudo_users\": 0}");
}

static void a_gaussian_reaches_the_best_of_twenty_direct_fits(void **state) {
  (void)state;
  reaches_the_best_direct_fit(GAUSSIAN,
                              "{\"prior\": \"gaussian\", \"pseudo_users\": 0}");
}

/* Free weights on nodes are a concave problem: no fit exceeds this one by more
 * than N log max_k (1/N) sum_j L_jk / f_j  (Lindsay 1983). */
static double room_above(const em_scene *self, double gap, double *found) {
  double marginal[USERS], most = 0;
  *found = 0;
  for (size_t j = 0; j < USERS; j++) {
    marginal[j] = 0;
    for (size_t k = 0; k < 21; k++)
      marginal[j] += self->posterior.theta[k] *
                     of_user(self, j, (double)k / 20, gap, SIZE_MAX);
    *found += log(marginal[j]);
  }
  for (size_t k = 0; k < 21; k++) {
    double ratio = 0;
    for (size_t j = 0; j < USERS; j++)
      ratio += of_user(self, j, (double)k / 20, gap, SIZE_MAX) / marginal[j];
    most = fmax(most, ratio / USERS);
  }
  return USERS * log(most);
}

/* The bound itself is below a millionth at a tight tolerance; the fit at the
 * usual one then lies as near to that one. */
static void free_weights_are_within_a_millionth_of_the_maximum(void **state) {
  (void)state;
  for (size_t g = 0; g < turns(3, 1); g++) {
    em_scene self;
    double sum;
    scene_open(&self, 21 + g, gaps[g], BETA);
    estimate(&self,
             "{\"prior\": {\"plugin\": \"grid\","
             " \"parameters\": {\"nodes\": 21}}, \"pseudo_users\": 0,"
             " \"tolerance\": 1e-14, \"max_iterations\": 100000}");
    const double bound = room_above(&self, gaps[g], &sum);
    assert_near(self.posterior.log_likelihood, sum, 1e-9 * fabs(sum));
    assert_near(bound, 0, 1e-6 * fabs(sum));
    estimate(&self,
             "{\"prior\": {\"plugin\": \"grid\","
             " \"parameters\": {\"nodes\": 21}}, \"pseudo_users\": 0}");
    assert_near(self.posterior.log_likelihood, sum + bound, 1e-6 * fabs(sum));
    workbench_close(&self.bench);
  }
}

/* Beyond rounding: sums of 300 logarithms.  With pseudo-users the objective is
 * the log-posterior. */
static void never_decreases(const char *pseudo_users, size_t count) {
  static const char *const priors[] = {"two_point", "beta", "gaussian", "grid"};
  static const char *const gap[] = {"\"known\"", "\"pair\"", "\"estimated\""};
  for (size_t g = 0; g < count; g++)
    for (size_t i = 0; i < 4; i++)
      for (size_t m = 0; m < 3; m++) {
        em_scene self;
        char parameters[256];
        scene_open(&self, 31 + g, gaps[g], TWO_POINT);
        (void)snprintf(parameters, sizeof parameters,
                       "{\"prior\": \"%s\", \"mu\": %s, \"starts\": 1,"
                       " \"max_iterations\": 600, \"pseudo_users\": %s}",
                       priors[i], gap[m], pseudo_users);
        estimate(&self, parameters);
        assert_true(self.bench.series_count > 1);
        for (size_t t = 1; t < self.bench.series_count; t++)
          if (!(self.trace[t] >= self.trace[t - 1] - 1e-9))
            fail_msg("%s, gap %g, mu %s: falls by %g at %zu", priors[i],
                     gaps[g], gap[m], self.trace[t - 1] - self.trace[t], t);
        workbench_close(&self.bench);
      }
}

static void the_objective_never_decreases(void **state) {
  (void)state;
  never_decreases("0", turns(3, 1));
}

static void the_log_posterior_never_decreases(void **state) {
  (void)state;
  never_decreases("1", 1);
}

/* Means of all users, and of all annotations without them, by the rule. */
static void posterior_is_that_of(const em_scene *self, const em_rule *rule,
                                 double gap) {
  for (size_t j = 0; j < USERS; j++) {
    double sum = 0, first = 0, second = 0;
    for (size_t k = 0; k < rule->count; k++) {
      const double mass =
          rule->weight[k] * of_user(self, j, rule->point[k], gap, SIZE_MAX);
      sum += mass;
      first += mass * rule->point[k];
      second += mass * rule->point[k] * rule->point[k];
    }
    const double mean = first / sum;
    assert_near(self->posterior.mean[j], mean, 1e-7);
    assert_near(self->posterior.sd[j], sqrt(second / sum - mean * mean), 1e-6);
    for (size_t i = j * EACH; i < (j + 1) * EACH; i++) {
      double rest = 0, weighted = 0;
      for (size_t k = 0; k < rule->count; k++) {
        const double mass =
            rule->weight[k] * of_user(self, j, rule->point[k], gap, i);
        rest += mass;
        weighted += mass * rule->point[k];
      }
      assert_near(self->posterior.left_out[i], weighted / rest, 1e-7);
    }
  }
}

static void posteriors_are_those_of_brute_force_integration(void **state) {
  static const double two_and_three[2] = {2, 3};
  static const char *const gap[] = {"known", "pair"};
  static em_rule rule;
  (void)state;
  make_rule(BETA, two_and_three, &rule);
  for (size_t m = 0; m < 2; m++) {
    em_scene self;
    char parameters[256];
    scene_open(&self, 41, 0.74, BETA);
    (void)snprintf(parameters, sizeof parameters,
                   "{\"fit\": \"fixed\", \"mu\": \"%s\", \"prior\":"
                   " {\"plugin\": \"beta\", \"parameters\":"
                   " {\"alpha\": 2, \"beta\": 3}}}",
                   gap[m]);
    estimate(&self, parameters);
    posterior_is_that_of(&self, &rule, m == 0 ? 0.74 : NAN);
    for (size_t i = 0; i < ROWS; i++) {
      assert_near(self.posterior.casual[i], 0.5, 0);
      assert_near(self.posterior.p[i], m == 0 ? 0.74 : self.p[i], 1e-15);
    }
    workbench_close(&self.bench);
  }
}

static void p_of_each_pair_reaches_the_best_direct_fit(void **state) {
  em_scene self;
  problem direct;
  static em_rule rule;
  (void)state;
  scene_open(&self, 51, 0.74, TWO_POINT);
  estimate(&self, "{\"prior\": \"two_point\", \"mu\": \"pair\"}");
  problem_open(&direct, &self, TWO_POINT, NAN);
  const double best = best_of_many(&direct, turns(5, 1));
  assert_true(self.posterior.log_likelihood >= best - 1e-6 * fabs(best));
  assert_true(self.posterior.log_likelihood <= best + 1e-6 * fabs(best));
  assert_true(isnan(self.posterior.mu));
  make_rule(TWO_POINT, self.posterior.theta, &rule);
  posterior_is_that_of(&self, &rule, NAN);
  workbench_close(&self.bench);
}

/* Users are more alike than tosses of one coin.  The likelihood is largest with
 * one eta for all, so both shapes grow to their bound, 10^4.  The variance of
 * eta is then 1/4 / (2 10^4), plus at most 0.8^2 10^-6 if the best eta lies
 * between two nodes (1.6 10^-3 apart).  It costs half of itself times the
 * curvature. */
static void a_beta_that_should_be_a_point_ends_at_its_bound(void **state) {
  const double gap = 0.98;
  em_scene self;
  double best = -HUGE_VAL, curvature = 0;
  (void)state;
  scene_open(&self, 61, gap, BETA);
  for (size_t i = 0; i < ROWS; i++)
    self.choice[i] =
        i % EACH < EACH / 2 + 4 + i / EACH % 2 ? HEED_CHOSE_A : HEED_CHOSE_B;
  estimate(&self,
           "{\"prior\": \"beta\", \"pseudo_users\": 0, \"nodes\": 1000}");
  for (double eta = 0; eta <= 1; eta += 1e-4) {
    double sum = 0;
    for (size_t j = 0; j < USERS; j++)
      sum += log(of_user(&self, j, eta, gap, SIZE_MAX));
    best = fmax(best, sum);
  }
  curvature = ROWS * pow(gap - 0.5, 2) / (0.725 * 0.275);
  const double found = self.posterior.objective;
  assert_true(self.posterior.converged);
  assert_true(self.posterior.iterations < 3000);
  assert_true(found < best + 1e-6);
  assert_true(found > best - 0.55 * 1.31e-5 * curvature);
  assert_near(self.bench.output[5], 1, 0); /* boundary */
  assert_false(self.posterior.identified);
  workbench_close(&self.bench);
}

/* Two points with free support and free mu: any mu explains the data. */
static void an_estimated_gap_says_that_it_is_not_identified(void **state) {
  em_scene self;
  (void)state;
  scene_open(&self, 61, 0.74, TWO_POINT);
  estimate(&self, "{\"prior\": \"two_point\", \"mu\": \"estimated\"}");
  assert_false(self.posterior.identified);
  assert_true(self.posterior.mu_low <= self.posterior.mu);
  assert_true(self.posterior.mu_high >= self.posterior.mu);
  assert_true(self.posterior.mu_high - self.posterior.mu_low > 0.1);
  workbench_close(&self.bench);
}

/* A strong prior makes the interval narrow, but what it says is its own. */
static void a_prior_does_not_pass_for_data(void **state) {
  em_scene self;
  (void)state;
  scene_open(&self, 61, 0.74, TWO_POINT);
  estimate(&self,
           "{\"prior\": \"two_point\", \"mu\": \"estimated\", "
           "\"mu_alpha\": 240, \"mu_beta\": 60}");
  assert_near(self.posterior.mu, 0.8, 0.01);
  assert_true(self.posterior.mu_high - self.posterior.mu_low < 0.12);
  assert_false(self.posterior.identified);
  workbench_close(&self.bench);
}

/* An extrapolated step may carry the two points past each other, where the gap
 * is small and they lie close: quantiles would descend. */
static void two_points_keep_their_order(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < turns(200, 2); seed++) {
    em_scene self;
    scene_open(&self, seed, 0.6, TWO_POINT);
    estimate(&self, "{\"prior\": \"two_point\"}");
    if (!(self.posterior.nodes[0] <= self.posterior.nodes[1]))
      fail_msg("seed %llu: %g before %g", (unsigned long long)seed,
               self.posterior.nodes[0], self.posterior.nodes[1]);
    workbench_close(&self.bench);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_points_reach_the_best_of_twenty_direct_fits),
      cmocka_unit_test(a_beta_reaches_the_best_of_twenty_direct_fits),
      cmocka_unit_test(a_gaussian_reaches_the_best_of_twenty_direct_fits),
      cmocka_unit_test(free_weights_are_within_a_millionth_of_the_maximum),
      cmocka_unit_test(the_objective_never_decreases),
      cmocka_unit_test(the_log_posterior_never_decreases),
      cmocka_unit_test(posteriors_are_those_of_brute_force_integration),
      cmocka_unit_test(p_of_each_pair_reaches_the_best_direct_fit),
      cmocka_unit_test(a_beta_that_should_be_a_point_ends_at_its_bound),
      cmocka_unit_test(an_estimated_gap_says_that_it_is_not_identified),
      cmocka_unit_test(a_prior_does_not_pass_for_data),
      cmocka_unit_test(two_points_keep_their_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
