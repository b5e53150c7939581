/* SPDX-License-Identifier: GPL-3.0-or-later
 * Distributions of attentiveness, against their densities and against direct
 * maximisation. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_multimin.h>

#include "../support/workbench.h"

enum { NODES = 100, MOST_NODES = 200, MOST_THETA = 200 };

static test_workbench bench;

static int set_up(void **state) {
  (void)state;
  workbench_open(&bench, 3);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  workbench_close(&bench);
  return 0;
}

static const heed_instance *made(const char *name, const char *parameters) {
  return workbench_make(&bench, HEED_DISTRIBUTION, name, parameters);
}

static const heed_distribution_functions *functions_of(
    const heed_instance *instance) {
  return instance->plugin->functions;
}

static void refused(const char *name, const char *parameters,
                    const char *because) {
  assert_null(workbench_try(&bench, HEED_DISTRIBUTION, name, parameters));
  if (strstr(bench.error.message, because) == NULL)
    fail_msg("found \"%s\", expected \"%s\" in it", bench.error.message,
             because);
}

static double quantile_at(const heed_instance *instance, double u) {
  double eta;
  assert_int_equal(functions_of(instance)->quantile(instance->self, 1, &u, &eta,
                                                    &bench.error),
                   HEED_OK);
  return eta;
}

typedef struct distributions_shape {
  size_t count;
  double node[MOST_NODES], log_weight[MOST_NODES];
} distributions_shape;

static void shape_at(const heed_instance *instance, const double *theta,
                     distributions_shape *result) {
  const heed_distribution_functions *functions = functions_of(instance);
  result->count = functions->node_count(instance->self, NODES);
  assert_in_range(result->count, 1, MOST_NODES);
  functions->nodes(instance->self, theta, result->count, result->node);
  functions->log_weights(instance->self, theta, result->count, result->node,
                         result->log_weight);
}

static void moments_of(const distributions_shape *shape, double *mean,
                       double *variance) {
  *mean = *variance = 0;
  for (size_t k = 0; k < shape->count; k++)
    *mean += exp(shape->log_weight[k]) * shape->node[k];
  for (size_t k = 0; k < shape->count; k++)
    *variance += exp(shape->log_weight[k]) * (shape->node[k] - *mean) *
                 (shape->node[k] - *mean);
}

/* Thetas from one end of each domain to the other. */
static const double betas[][2] = {{2, 2},      {0.5, 0.5}, {1, 3}, {1e-3, 1e-3},
                                  {1e-3, 50},  {200, 3},   {1, 1}, {1e4, 1e4},
                                  {1e4, 1e-3}, {0.05, 0.8}};
static const double gaussians[][2] = {{0.5, 0.2}, {0.5, 10},   {0.5, 0.005},
                                      {-3, 0.2},  {1.4, 0.05}, {10, 0.5}};
static const double two_points[][3] = {
    {0.1, 0.9, 0.5}, {0, 1, 0.3}, {0.2, 0.3, 0}, {0.2, 0.3, 1}};

static void is_a_distribution(const heed_instance *instance,
                              const double *theta) {
  distributions_shape shape;
  double sum = 0;
  shape_at(instance, theta, &shape);
  for (size_t k = 0; k < shape.count; k++) {
    assert_true(shape.log_weight[k] < HUGE_VAL);
    assert_true(shape.node[k] >= 0 && shape.node[k] <= 1);
    if (k > 0) assert_true(shape.node[k] > shape.node[k - 1]);
    sum += exp(shape.log_weight[k]);
  }
  assert_near(sum, 1, 1e-12);
}

static void weights_of_ascending_nodes_sum_to_one(void **state) {
  double weights[41] = {[3] = 0.25, [40] = 0.75};
  (void)state;
  for (size_t i = 0; i < sizeof betas / sizeof *betas; i++)
    is_a_distribution(made("beta", "{}"), betas[i]);
  for (size_t i = 0; i < sizeof gaussians / sizeof *gaussians; i++)
    is_a_distribution(made("gaussian", "{}"), gaussians[i]);
  for (size_t i = 0; i < sizeof two_points / sizeof *two_points; i++)
    is_a_distribution(made("two_point", "{}"), two_points[i]);
  is_a_distribution(made("grid", "{}"), weights);
  is_a_distribution(made("uniform", "{}"), NULL);
}

static void continuous_ones_keep_their_nodes_whatever_theta_is(void **state) {
  const heed_instance *beta = made("beta", "{}");
  const heed_instance *gaussian = made("gaussian", "{}");
  distributions_shape first, other;
  (void)state;
  shape_at(beta, betas[0], &first);
  for (size_t i = 1; i < sizeof betas / sizeof *betas; i++) {
    shape_at(beta, betas[i], &other);
    assert_memory_equal(first.node, other.node, NODES * sizeof(double));
  }
  shape_at(gaussian, gaussians[0], &first);
  for (size_t i = 1; i < sizeof gaussians / sizeof *gaussians; i++) {
    shape_at(gaussian, gaussians[i], &other);
    assert_memory_equal(first.node, other.node, NODES * sizeof(double));
  }
  assert_false(functions_of(beta)->atoms_move);
  assert_false(functions_of(gaussian)->atoms_move);
}

/* Shapes that a hundred nodes can show. */
static void nodes_of_a_beta_have_its_mean_and_variance(void **state) {
  static const double shown[][2] = {{2, 2},   {0.5, 0.5}, {1, 3},
                                    {200, 3}, {1, 1},     {30, 50}};
  (void)state;
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    const double a = shown[i][0], b = shown[i][1];
    distributions_shape shape;
    double mean, variance;
    shape_at(made("beta", "{}"), shown[i], &shape);
    moments_of(&shape, &mean, &variance);
    /* Densities end like a power of u at both ends of (0, pi): the rule is of
     * that order, and second order where they do not fall to 0. */
    const double tolerance = a == 1 || b == 1 || a > 100 ? 1e-3 : 1e-7;
    assert_near(mean, a / (a + b), tolerance * mean);
    assert_near(variance, a * b / ((a + b) * (a + b) * (a + b + 1)),
                tolerance * variance);
  }
}

/* Integrals over [0, 1] of exp(-(x - mean)^2 / (2 sd^2)) x^power, up to `end`,
 * by Simpson's rule; scaled by the density's largest value. */
static double normal_integral(double mean, double sd, int power, double end) {
  enum { CELLS = 20000 };
  const double top = fmin(fmax(mean, 0), 1);
  double sum = 0;
  for (int i = 0; i <= CELLS; i++) {
    const double x = end * i / CELLS;
    const double simpson = i == 0 || i == CELLS ? 1 : i % 2 == 1 ? 4 : 2;
    sum += simpson * pow(x, power) *
           exp(((top - mean) * (top - mean) - (x - mean) * (x - mean)) /
               (2 * sd * sd));
  }
  return sum * end / CELLS / 3;
}

static void nodes_of_a_gaussian_have_its_mean_and_variance(void **state) {
  static const double shown[][2] = {{0.5, 0.2}, {0.5, 10}, {0.1, 0.3}};
  (void)state;
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    const double whole = normal_integral(shown[i][0], shown[i][1], 0, 1);
    const double first = normal_integral(shown[i][0], shown[i][1], 1, 1);
    const double second = normal_integral(shown[i][0], shown[i][1], 2, 1);
    distributions_shape shape;
    double mean, variance;
    shape_at(made("gaussian", "{}"), shown[i], &shape);
    moments_of(&shape, &mean, &variance);
    /* sin u has a kink at both ends: the midpoint rule is of second order. */
    assert_near(mean, first / whole, 1e-4);
    assert_near(variance, second / whole - mean * mean, 2e-4);
  }
}

static void quantiles_of_a_beta_invert_its_distribution(void **state) {
  static const double us[] = {1e-9, 0.01, 0.3, 0.5, 0.77, 0.99, 1 - 1e-9};
  const heed_instance *instance[] = {
      made("beta", "{\"alpha\": 2, \"beta\": 2}"),
      made("beta", "{\"alpha\": 0.5, \"beta\": 0.5}"),
      made("beta", "{\"alpha\": 0.2, \"beta\": 3}")};
  const double ab[][2] = {{2, 2}, {0.5, 0.5}, {0.2, 3}};
  (void)state;
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < sizeof us / sizeof *us; j++)
      assert_near(
          gsl_cdf_beta_P(quantile_at(instance[i], us[j]), ab[i][0], ab[i][1]),
          us[j], 1e-9);
}

/* In the middle, and 15 to 20 sd out in either tail. */
static void quantiles_of_a_gaussian_invert_its_distribution(void **state) {
  static const double us[] = {1e-6, 0.01, 0.3, 0.5, 0.77, 0.99, 1 - 1e-6};
  static const char *const parameters[] = {
      "{\"mean\": 0.5, \"sd\": 0.2}", "{\"mean\": -3, \"sd\": 0.2}",
      "{\"mean\": 4, \"sd\": 0.2}", "{\"mean\": 0.2, \"sd\": 5}"};
  static const double point[][2] = {{0.5, 0.2}, {-3, 0.2}, {4, 0.2}, {0.2, 5}};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    const heed_instance *instance = made("gaussian", parameters[i]);
    const double whole = normal_integral(point[i][0], point[i][1], 0, 1);
    for (size_t j = 0; j < sizeof us / sizeof *us; j++) {
      const double eta = quantile_at(instance, us[j]);
      assert_true(eta > 0 && eta < 1);
      assert_near(normal_integral(point[i][0], point[i][1], 0, eta) / whole,
                  us[j], 1e-8);
    }
  }
}

static void quantiles_of_atoms_jump_where_mass_is_reached(void **state) {
  const heed_instance *two =
      made("two_point", "{\"low\": 0.2, \"high\": 0.7, \"share\": 0.25}");
  const heed_instance *grid = made("grid", "{\"nodes\": 5}");
  const heed_instance *flat = made("uniform", "{\"low\": 0.2, \"high\": 0.6}");
  (void)state;
  assert_near(quantile_at(two, 0.7499), 0.2, 0);
  assert_near(quantile_at(two, 0.7501), 0.7, 0);
  assert_near(quantile_at(grid, 0.199), 0, 0);
  assert_near(quantile_at(grid, 0.201), 0.25, 0);
  assert_near(quantile_at(grid, 0.999999), 1, 0);
  assert_near(quantile_at(flat, 0.25), 0.3, 1e-15);
}

static void the_free_scale_and_back_is_the_same_theta(void **state) {
  const heed_instance *beta = made("beta", "{}");
  const heed_instance *gaussian = made("gaussian", "{}");
  double free[2], back[2];
  (void)state;
  for (size_t i = 0; i < sizeof betas / sizeof *betas; i++) {
    functions_of(beta)->to_free(beta->self, betas[i], free);
    functions_of(beta)->from_free(beta->self, free, back);
    for (size_t j = 0; j < 2; j++)
      assert_near(back[j], betas[i][j], 1e-12 * betas[i][j]);
  }
  for (size_t i = 0; i < sizeof gaussians / sizeof *gaussians; i++) {
    functions_of(gaussian)->to_free(gaussian->self, gaussians[i], free);
    functions_of(gaussian)->from_free(gaussian->self, free, back);
    for (size_t j = 0; j < 2; j++)
      assert_near(back[j], gaussians[i][j], 1e-12 * fabs(gaussians[i][j]));
  }
}

static void a_start_has_about_the_moments_asked_for(void **state) {
  static const char *const names[] = {"beta", "gaussian", "two_point"};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    const heed_instance *instance = made(names[i], "{}");
    double theta[3], mean, variance;
    distributions_shape shape;
    functions_of(instance)->start(instance->self, 0.45, 0.03, theta);
    shape_at(instance, theta, &shape);
    moments_of(&shape, &mean, &variance);
    assert_near(mean, 0.45, 0.01);
    assert_near(variance, 0.03, 0.005);
  }
}

/* Beta(a, b) on [low, high] is low + (high - low) x, whatever is asked. */
static void a_stretched_beta_is_a_beta_stretched(void **state) {
  static const double us[] = {0.01, 0.3, 0.5, 0.77, 0.99};
  const heed_instance *instance =
      made("beta", "{\"alpha\": 0.5, \"beta\": 3, \"low\": -1}");
  const heed_instance *plain = made("beta", "{\"alpha\": 0.5, \"beta\": 3}");
  const double ab[2] = {2, 5};
  double mean, variance, mass[NODES], theta[2] = {1, 1},
                                      plain_theta[2] = {1, 1};
  distributions_shape shape, plain_at;
  (void)state;
  for (size_t i = 0; i < sizeof us / sizeof *us; i++)
    assert_near(quantile_at(instance, us[i]), 2 * quantile_at(plain, us[i]) - 1,
                1e-15);
  shape_at(instance, ab, &shape);
  shape_at(plain, ab, &plain_at);
  for (size_t k = 0; k < NODES; k++) {
    assert_near(shape.node[k], 2 * plain_at.node[k] - 1, 1e-15);
    /* (x + 1) / 2 rounds the last digits of an x near -1. */
    assert_near(shape.log_weight[k], plain_at.log_weight[k], 1e-10);
    mass[k] = (double)(k % 7) + (k < 30);
  }
  moments_of(&shape, &mean, &variance);
  assert_near(mean, 2 * 2.0 / 7 - 1, 1e-7);
  assert_near(variance, 4 * 10.0 / (49 * 8), 1e-7);
  assert_int_equal(
      functions_of(instance)->refit(instance->self, NODES, shape.node, mass,
                                    theta, &bench.error),
      HEED_OK);
  assert_int_equal(functions_of(plain)->refit(plain->self, NODES, plain_at.node,
                                              mass, plain_theta, &bench.error),
                   HEED_OK);
  for (int i = 0; i < 2; i++) assert_near(theta[i], plain_theta[i], 1e-9);
}

static void a_start_below_zero_has_about_the_moments_asked_for(void **state) {
  static const char *const names[] = {"beta", "two_point"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    const heed_instance *instance = made(names[i], "{\"low\": -1}");
    double theta[3], mean, variance;
    distributions_shape shape;
    functions_of(instance)->start(instance->self, -0.35, 0.2, theta);
    shape_at(instance, theta, &shape);
    moments_of(&shape, &mean, &variance);
    assert_near(mean, -0.35, 0.01);
    assert_near(variance, 0.2, 0.005);
  }
}

/* Moments that no distribution on [0, 1] has, or that lie on its edge. */
static void a_start_is_inside_the_domain_whatever_is_asked_for(void **state) {
  static const double asked[][2] = {{0, 0},      {1, 0},    {-2, 5},
                                    {0.5, 0.25}, {0.5, -1}, {3, 1}};
  static const char *const names[] = {"beta", "gaussian", "two_point", "grid"};
  (void)state;
  for (size_t n = 0; n < 4; n++)
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
      const heed_instance *instance = made(names[n], "{}");
      double theta[MOST_THETA];
      distributions_shape shape;
      functions_of(instance)->start(instance->self, asked[i][0], asked[i][1],
                                    theta);
      is_a_distribution(instance, theta);
      shape_at(instance, theta, &shape);
      for (size_t k = 0; k < shape.count; k++)
        assert_true(shape.log_weight[k] > -HUGE_VAL);
    }
}

/* ---- the M-step ---- */

typedef struct expected {
  const heed_instance *instance;
  double mass[MOST_NODES];
} expected;

static double q_at(const expected *self, const double *theta) {
  distributions_shape shape;
  double sum = 0;
  shape_at(self->instance, theta, &shape);
  for (size_t k = 0; k < shape.count; k++)
    if (self->mass[k] > 0) sum += self->mass[k] * shape.log_weight[k];
  return sum;
}

static double cost(const gsl_vector *x, void *context) {
  const expected *self = context;
  double theta[2];
  functions_of(self->instance)->from_free(self->instance->self, x->data, theta);
  const double q = q_at(self, theta);
  return isfinite(q) ? -q : 1e300;
}

/* The simplex of Nelder and Mead, started again where it ended. */
static double best_direct(expected *self, const double *theta) {
  gsl_multimin_function function = {cost, 2, self};
  gsl_multimin_fminimizer *simplex =
      gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, 2);
  gsl_vector *x = gsl_vector_alloc(2), *step = gsl_vector_alloc(2);
  double best = -HUGE_VAL;
  functions_of(self->instance)->to_free(self->instance->self, theta, x->data);
  for (int turn = 0; turn < 4; turn++) {
    gsl_vector_set_all(step, 0.3);
    gsl_multimin_fminimizer_set(simplex, &function, x, step);
    for (int i = 0; i < 400; i++) {
      if (gsl_multimin_fminimizer_iterate(simplex) != 0) break;
      if (gsl_multimin_fminimizer_size(simplex) < 1e-9) break;
    }
    gsl_vector_memcpy(x, simplex->x);
    best = fmax(best, -simplex->fval);
  }
  gsl_multimin_fminimizer_free(simplex);
  gsl_vector_free(x);
  gsl_vector_free(step);
  return best;
}

/* Masses of a fit are some shape, disturbed; and one is two bumps. */
static void draw_mass(expected *self, uint64_t which) {
  const heed_host *host = &bench.host.host;
  heed_stream stream = host->stream(host, "mass", which);
  distributions_shape shape;
  const double centre = 0.1 + 0.8 * heed_uniform(&stream);
  const double width = 0.1 + 0.3 * heed_uniform(&stream);
  shape_at(self->instance, which == 0 ? betas[0] : gaussians[0], &shape);
  for (size_t k = 0; k < shape.count; k++) {
    const double z = (shape.node[k] - centre) / width;
    const double other = (shape.node[k] - 0.95) / 0.03;
    self->mass[k] = heed_uniform(&stream) * exp(-z * z / 2) +
                    (which % 3 == 0 ? exp(-other * other / 2) : 0);
  }
}

static void refits_to_the_best_direct_fit(const char *name) {
  expected self = {.instance = made(name, "{}")};
  distributions_shape shape;
  for (uint64_t which = 0; which < 8; which++) {
    double start[2], theta[2];
    functions_of(self.instance)->start(self.instance->self, 0.5, 0.05, start);
    memcpy(theta, start, sizeof theta);
    draw_mass(&self, which);
    shape_at(self.instance, theta, &shape);
    assert_int_equal(functions_of(self.instance)
                         ->refit(self.instance->self, shape.count, shape.node,
                                 self.mass, theta, &bench.error),
                     HEED_OK);
    const double direct = best_direct(&self, start);
    assert_near(q_at(&self, theta), direct, 1e-9 * fabs(direct));
  }
}

static void a_beta_is_refitted_to_the_maximum(void **state) {
  (void)state;
  refits_to_the_best_direct_fit("beta");
}

static void a_gaussian_is_refitted_to_the_maximum(void **state) {
  (void)state;
  refits_to_the_best_direct_fit("gaussian");
}

/* All mass on one node: the maximum lies at infinity. */
static void a_refit_to_one_node_stays_in_the_domain(void **state) {
  static const char *const names[] = {"beta", "gaussian"};
  static const size_t nodes[] = {0, 40, NODES - 1};
  (void)state;
  for (size_t n = 0; n < 2; n++)
    for (size_t i = 0; i < 3; i++) {
      expected self = {.instance = made(names[n], "{}")};
      double theta[2];
      distributions_shape shape;
      functions_of(self.instance)->start(self.instance->self, 0.5, 0.05, theta);
      shape_at(self.instance, theta, &shape);
      self.mass[nodes[i]] = 7;
      const double earlier = q_at(&self, theta);
      assert_int_equal(functions_of(self.instance)
                           ->refit(self.instance->self, shape.count, shape.node,
                                   self.mass, theta, &bench.error),
                       HEED_OK);
      is_a_distribution(self.instance, theta);
      assert_true(q_at(&self, theta) >= earlier);
    }
}

static void two_points_that_cross_are_named_anew(void **state) {
  const heed_instance *instance = made("two_point", "{}");
  const double moved[2] = {0.8, 0.3}, mass[2] = {30, 10};
  double theta[3] = {0.1, 0.9, 0.5};
  (void)state;
  assert_true(functions_of(instance)->atoms_move);
  assert_int_equal(functions_of(instance)->refit(instance->self, 2, moved, mass,
                                                 theta, &bench.error),
                   HEED_OK);
  assert_near(theta[0], 0.3, 0);
  assert_near(theta[1], 0.8, 0);
  assert_near(theta[2], 0.75, 1e-15);
}

static void free_weights_are_refitted_to_shares_of_mass(void **state) {
  const heed_instance *instance = made("grid", "{\"nodes\": 3}");
  const double point[3] = {0, 0.5, 1}, mass[3] = {1, 0, 3};
  double theta[3], log_weight[3];
  (void)state;
  functions_of(instance)->theta(instance->self, theta);
  assert_int_equal(functions_of(instance)->refit(instance->self, 3, point, mass,
                                                 theta, &bench.error),
                   HEED_OK);
  assert_near(theta[0], 0.25, 1e-15);
  assert_near(theta[1], 0, 0);
  assert_near(theta[2], 0.75, 1e-15);
  functions_of(instance)->log_weights(instance->self, theta, 3, point,
                                      log_weight);
  assert_true(log_weight[1] == -HUGE_VAL);
}

static void a_refit_to_no_mass_is_an_error(void **state) {
  static const double nothing[3] = {0, 0, 0}, point[3] = {0, 0.5, 1};
  double theta[3] = {0.1, 0.9, 0.5};
  const heed_instance *two = made("two_point", "{}");
  const heed_instance *grid = made("grid", "{\"nodes\": 3}");
  (void)state;
  assert_int_equal(functions_of(two)->refit(two->self, 2, point, nothing, theta,
                                            &bench.error),
                   HEED_NUMERIC);
  assert_int_equal(functions_of(grid)->refit(grid->self, 3, point, nothing,
                                             theta, &bench.error),
                   HEED_NUMERIC);
}

static void ends_that_do_not_ascend_are_refused_by_name(void **state) {
  (void)state;
  refused("two_point", "{\"low\": 0.9, \"high\": 0.1}",
          "low: found 0.9, expected less than high, 0.1");
  refused("beta", "{\"low\": 0.5, \"high\": 0.5}",
          "low: found 0.5, expected less than high, 0.5");
  refused("uniform", "{\"low\": 0.5, \"high\": 0.5}",
          "low: found 0.5, expected less than high, 0.5");
  refused("grid", "{\"low\": 1, \"high\": 0}",
          "low: found 1, expected less than high, 0");
}

static void a_gaussian_too_far_from_its_range_is_refused(void **state) {
  (void)state;
  refused("gaussian", "{\"mean\": 5, \"sd\": 0.1}",
          "mean: found 5 with sd 0.1");
  refused("gaussian", "{\"mean\": -5, \"sd\": 0.1}",
          "expected a mean within 30 sd of [0, 1]");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(weights_of_ascending_nodes_sum_to_one),
      TEST(continuous_ones_keep_their_nodes_whatever_theta_is),
      TEST(nodes_of_a_beta_have_its_mean_and_variance),
      TEST(nodes_of_a_gaussian_have_its_mean_and_variance),
      TEST(quantiles_of_a_beta_invert_its_distribution),
      TEST(quantiles_of_a_gaussian_invert_its_distribution),
      TEST(quantiles_of_atoms_jump_where_mass_is_reached),
      TEST(the_free_scale_and_back_is_the_same_theta),
      TEST(a_start_has_about_the_moments_asked_for),
      TEST(a_stretched_beta_is_a_beta_stretched),
      TEST(a_start_below_zero_has_about_the_moments_asked_for),
      TEST(a_start_is_inside_the_domain_whatever_is_asked_for),
      TEST(a_beta_is_refitted_to_the_maximum),
      TEST(a_gaussian_is_refitted_to_the_maximum),
      TEST(a_refit_to_one_node_stays_in_the_domain),
      TEST(two_points_that_cross_are_named_anew),
      TEST(free_weights_are_refitted_to_shares_of_mass),
      TEST(a_refit_to_no_mass_is_an_error),
      TEST(ends_that_do_not_ascend_are_refused_by_name),
      TEST(a_gaussian_too_far_from_its_range_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
