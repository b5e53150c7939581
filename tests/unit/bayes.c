/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator bayes against sums written out, and hyperpriors. */
#include "../support/scene.h"
#include "heed/distribution.h"

/* In the order of the estimator's outputs. */
enum { LOG_EVIDENCE, POINTS, GROUPS, MU };

#define WORLD "{\"features\": 3, \"mu\": 0.8, \"held_out\": 0}"
#define PAIRS "{\"prior\": \"beta\", \"mu\": \"pair\", " MODEL "}"
#define MODEL "\"model\": \"attentive\", \"levels\": []"

static void people(test_scene *self, size_t users, size_t each) {
  scene_open(self, 31, WORLD, users, each, 0.2, 0.9);
  int8_t *left = self->bench.host.host.column(
      &self->bench.host.host, (heed_table *)self->crowd.annotations, "left",
      HEED_INT8, 1);
  memset(left, HEED_LEFT_UNKNOWN, users * each);
  workbench_load(&self->bench, HEED_USER_MODEL, "attentive");
  workbench_load(&self->bench, HEED_DISTRIBUTION, "beta");
  workbench_load(&self->bench, HEED_DISTRIBUTION, "gaussian");
  workbench_load(&self->bench, HEED_DISTRIBUTION, "two_point");
}

static const heed_posterior *estimate(test_scene *self, const char *name,
                                      const char *parameters,
                                      heed_posterior *posterior) {
  test_workbench *bench = &self->bench;
  const heed_instance *instance =
      workbench_make(bench, HEED_ESTIMATOR, name, parameters);
  const heed_estimator_functions *functions = instance->plugin->functions;
  *posterior = (heed_posterior){.size = sizeof *posterior, .mu = NAN};
  if (functions->estimate(instance->self, &bench->host.host, &self->crowd,
                          posterior, &bench->error) != HEED_OK)
    fail_msg("%s", bench->error.message);
  return posterior;
}

/* ---- by brute force ---- */

enum { FINE = 120, NODES = 30 };

/* Over theta on a fine grid, 7 deviations to each side, and eta on the prior's
 * nodes: the mean of each user's eta and the probability of all choices. */
static double brute(const test_scene *self, const char *prior_name,
                    double *mean) {
  test_workbench *bench = (test_workbench *)&self->bench;
  const heed_instance *prior =
      workbench_make(bench, HEED_DISTRIBUTION, prior_name, "{}");
  const heed_distribution_functions *functions = prior->plugin->functions;
  const size_t users = self->crowd.users->rows;
  const double mu = self->world.mu;
  double center[3], theta[3], free[2], all = 0;
  functions->theta(prior->self, theta);
  functions->to_free(prior->self, theta, center);
  memset(mean, 0, users * sizeof *mean);
  for (int a = 0; a <= FINE; a++)
    for (int b = 0; b <= FINE; b++) {
      const double z[2] = {-7 + 14.0 * a / FINE, -7 + 14.0 * b / FINE};
      double nodes[NODES], weight[NODES], of_user[8], together = 1;
      free[0] = center[0] + z[0], free[1] = center[1] + z[1];
      functions->from_free(prior->self, free, theta);
      functions->nodes(prior->self, theta, NODES, nodes);
      functions->log_weights(prior->self, theta, NODES, nodes, weight);
      for (size_t j = 0; j < users; j++) {
        double sum = 0, sum_eta = 0;
        for (size_t k = 0; k < NODES; k++) {
          double product = exp(weight[k]);
          for (size_t i = self->crowd.first[j]; i < self->crowd.first[j + 1];
               i++)
            product *= 0.5 + (self->choice[i] == HEED_CHOSE_A ? 1 : -1) *
                                 nodes[k] * (mu - 0.5);
          sum += product;
          sum_eta += product * nodes[k];
        }
        together *= sum;
        of_user[j] = sum_eta / sum;
      }
      together *= exp(-(z[0] * z[0] + z[1] * z[1]) / 2) / 6.283185307179586 *
                  (14.0 / FINE) * (14.0 / FINE);
      all += together;
      for (size_t j = 0; j < users; j++) mean[j] += together * of_user[j];
    }
  for (size_t j = 0; j < users; j++) mean[j] /= all;
  return log(all);
}

/* Few answers: the posterior of theta is wide and far from normal. */
static void theta_is_integrated_out_as_by_brute_force(void **state) {
  const char *names[] = {"beta", "gaussian"};
  (void)state;
  for (size_t n = 0; n < 2; n++) {
    test_scene self;
    heed_posterior found;
    double mean[6];
    char parameters[128];
    people(&self, 6, 5);
    (void)snprintf(parameters, sizeof parameters,
                   "{\"prior\": \"%s\", \"nodes\": 30, " MODEL "}", names[n]);
    estimate(&self, "bayes", parameters, &found);
    const double evidence = brute(&self, names[n], mean);
    assert_near(self.bench.output[LOG_EVIDENCE], evidence, 1e-4);
    for (size_t j = 0; j < 6; j++) assert_near(found.mean[j], mean[j], 1e-4);
    scene_close(&self);
  }
}

/* A mean that leaves an annotation out is that of a posterior which never saw
 * it: theta is told less, too. */
static void left_out_is_as_if_it_had_not_been_said(void **state) {
  enum { USERS = 6, EACH = 5 };
  test_scene self;
  heed_posterior all, excluded;
  (void)state;
  people(&self, USERS, EACH);
  double *p = heed_table_data(self.world.pairs, "p", HEED_FLOAT64);
  estimate(&self, "bayes", PAIRS, &all);
  for (size_t row = 0; row < USERS * EACH; row++) {
    const double earlier = p[row]; /* that of its pair, and of no other */
    p[row] = 0.5;                  /* its choice says nothing of attention */
    estimate(&self, "bayes", PAIRS, &excluded);
    assert_near(all.left_out[row], excluded.mean[row / EACH], 1e-4);
    p[row] = earlier;
  }
  scene_close(&self);
}

/* A hyperprior of no width is the prior itself. */
static void without_doubt_it_is_the_fixed_prior(void **state) {
  const char *priors[] = {
      "{\"plugin\": \"beta\", \"parameters\": {\"alpha\": "
      "2, \"beta\": 3}}",
      "{\"plugin\": \"two_point\", \"parameters\": {\"low\""
      ": 0.2, \"high\": 0.7, \"share\": 0.4}}"};
  const char *spreads[] = {"[1e-5, 1e-5]", "[1e-5, 1e-5, 1e-5]"};
  (void)state;
  for (size_t n = 0; n < 2; n++) {
    test_scene self;
    heed_posterior bayes, em;
    char parameters[320];
    people(&self, 40, 10);
    (void)snprintf(parameters, sizeof parameters,
                   "{\"prior\": %s, \"spread\": %s, " MODEL "}", priors[n],
                   spreads[n]);
    estimate(&self, "bayes", parameters, &bayes);
    const double evidence = self.bench.output[LOG_EVIDENCE];
    /* em without fitting: the two points stay where the sweep has them. */
    (void)snprintf(parameters, sizeof parameters,
                   "{\"prior\": %s, \"fit\": \"fixed\", " MODEL "}", priors[n]);
    estimate(&self, "em", parameters, &em);
    assert_near(evidence, em.log_likelihood, 1e-3);
    for (size_t j = 0; j < 40; j++)
      assert_near(bayes.mean[j], em.mean[j], 1e-4);
    scene_close(&self);
  }
}

/* With many users theta is all but known, and plugging it in does no harm. */
static void with_many_users_it_comes_to_em(void **state) {
  test_scene self;
  heed_posterior bayes, em;
  double away = 0;
  (void)state;
  people(&self, 4000, 30);
  estimate(&self, "bayes",
           "{\"prior\": \"two_point\", \"nodes\": 400, " MODEL "}", &bayes);
  estimate(&self, "em", "{\"prior\": \"two_point\", " MODEL "}", &em);
  for (size_t j = 0; j < 4000; j++)
    away += fabs(bayes.mean[j] - em.mean[j]) / 4000;
  assert_true(away < 0.01);
  for (size_t i = 0; i < 3; i++) assert_near(bayes.theta[i], em.theta[i], 0.05);
  scene_close(&self);
}

static void what_cannot_be_integrated_is_refused(void **state) {
  test_scene self;
  (void)state;
  people(&self, 4, 4);
  test_workbench *bench = &self.bench;
  workbench_load(bench, HEED_DISTRIBUTION, "grid");
  assert_null(
      workbench_try(bench, HEED_ESTIMATOR, "bayes", "{\"prior\": \"grid\"}"));
  assert_non_null(strstr(bench->error.message, "no free scale"));
  assert_null(workbench_try(bench, HEED_ESTIMATOR, "bayes",
                            "{\"prior\": \"beta\", \"center\": [1]}"));
  assert_non_null(strstr(bench->error.message,
                         "center: found 1, expected one for each of the 2"));
  assert_null(workbench_try(bench, HEED_ESTIMATOR, "bayes",
                            "{\"prior\": {\"plugin\": \"two_point\", "
                            "\"parameters\": {\"low\": 0}}}"));
  assert_non_null(strstr(bench->error.message, "boundary of their domain"));
  scene_close(&self);
}

/* ---- drawn ---- */

/* 2000 replicates: log alpha is normal with the mean and the deviation asked
 * for; the mean eta of a replicate's users that of its parameters. */
static void parameters_are_drawn_anew_in_every_replicate(void **state) {
  enum { TIMES = 2000, USERS = 400 };
  double sum = 0, square = 0, gap = 0;
  (void)state;
  for (uint64_t r = 0; r < TIMES; r++) {
    test_workbench bench;
    double u[USERS], eta[USERS], mean = 0;
    workbench_open(&bench, 5);
    bench.host.replicate = r;
    workbench_load(&bench, HEED_DISTRIBUTION, "two_point");
    const heed_instance *instance = workbench_make(
        &bench, HEED_DISTRIBUTION, "drawn",
        "{\"of\": \"two_point\", \"center\": [-20, 20, 0.5], \"spread\": "
        "[0.001, 0.001, 0.8]}");
    const heed_distribution_functions *functions = instance->plugin->functions;
    for (size_t i = 0; i < USERS; i++) u[i] = ((double)i + 0.5) / USERS;
    assert_int_equal(
        functions->quantile(instance->self, USERS, u, eta, &bench.error),
        HEED_OK);
    for (size_t i = 0; i < USERS; i++) mean += eta[i] / USERS;
    /* low 0, high 1: the mean is share, whose log-odds are N(.5, .8). */
    mean = fmin(fmax(mean, 0.5 / USERS), 1 - 0.5 / USERS);
    const double z = log(mean / (1 - mean));
    sum += z / TIMES;
    square += z * z / TIMES;
    gap += mean / TIMES;
    workbench_close(&bench);
  }
  assert_near(sum, 0.5, 4 * 0.8 / sqrt(TIMES));
  assert_near(sqrt(square - sum * sum), 0.8, 4 * 0.8 / sqrt(2.0 * TIMES));
  assert_true(gap > 0.55 && gap < 0.65);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(theta_is_integrated_out_as_by_brute_force),
      cmocka_unit_test(left_out_is_as_if_it_had_not_been_said),
      cmocka_unit_test(without_doubt_it_is_the_fixed_prior),
      cmocka_unit_test(with_many_users_it_comes_to_em),
      cmocka_unit_test(what_cannot_be_integrated_is_refused),
      cmocka_unit_test(parameters_are_drawn_anew_in_every_replicate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
