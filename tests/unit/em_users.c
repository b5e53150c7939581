/* SPDX-License-Identifier: GPL-3.0-or-later
 * The estimator em and its users: fitted parameters of user models, coverage
 * under the true prior, predictions, warnings and refusals. */
#include "../support/workbench.h"

enum { MOST_USERS = 6000, EACH = 20 };

typedef struct scene {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  double *eta;
} scene;

static int set_up(void **state) {
  scene *self = calloc(1, sizeof *self);
  assert_non_null(self);
  workbench_open(&self->bench, 13);
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  scene *self = *state;
  workbench_close(&self->bench);
  free(self);
  return 0;
}

static int8_t chosen(const heed_instance *model, const double *phi, double p,
                     int8_t left, double eta, double u) {
  const heed_user_model_functions *functions = model->plugin->functions;
  for (int8_t choice = HEED_CHOSE_B; choice < HEED_CHOSE_TIE; choice++) {
    const heed_answers one = {.size = sizeof one,
                              .count = 1,
                              .choice = &choice,
                              .left = &left,
                              .p = &p};
    double chance;
    functions->probability(model->self, phi, &one, 1, &eta, &chance);
    if (u < chance) return choice;
    u -= chance;
  }
  heed_domain domain = {0};
  functions->domain(model->self, &domain);
  return domain.ties ? HEED_CHOSE_TIE : HEED_CHOSE_A;
}

/* Users whose eta is drawn from `law`, who choose as the model says. */
static void scene_make(scene *self, size_t users, double gap,
                       const heed_instance *law, const heed_instance *model,
                       const double *phi) {
  const heed_host *host = &self->bench.host.host;
  const heed_distribution_functions *draw = law->plugin->functions;
  const size_t rows = users * EACH;
  heed_table *people = host->table(host, "users", users);
  heed_table *said = host->table(host, "annotations", rows);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  int8_t *choice = host->column(host, said, "choice", HEED_INT8, 1);
  int8_t *left = host->column(host, said, "left", HEED_INT8, 1);
  size_t *first = host->allocate(host, users + 1, sizeof *first);
  self->eta = host->allocate(host, users, sizeof *self->eta);
  for (size_t j = 0; j < users; j++) {
    heed_stream stream = host->stream(host, "scene", j);
    const double u = heed_uniform(&stream);
    assert_int_equal(
        draw->quantile(law->self, 1, &u, &self->eta[j], &self->bench.error),
        HEED_OK);
    for (size_t i = j * EACH; i < (j + 1) * EACH; i++) {
      user[i] = (int64_t)j;
      pair[i] = (int64_t)i;
      left[i] = heed_uniform(&stream) < 0.5 ? HEED_CHOSE_A : HEED_CHOSE_B;
      choice[i] =
          chosen(model, phi, gap, left[i], self->eta[j], heed_uniform(&stream));
    }
    first[j + 1] = (j + 1) * EACH;
  }
  self->world = (heed_world){.size = sizeof self->world,
                             .pairs = host->table(host, "pairs", rows),
                             .mu = gap,
                             .mu_requested = gap};
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = people,
                             .annotations = said,
                             .first = first};
}

static const heed_instance *beta_of(scene *self, const char *parameters) {
  return workbench_make(&self->bench, HEED_DISTRIBUTION, "beta", parameters);
}

static const heed_instance *em_of(scene *self, const char *parameters) {
  static const char *const priors[] = {"beta", "two_point", "uniform"};
  static const char *const models[] = {"attentive", "position_bias"};
  for (size_t i = 0; i < 3; i++)
    workbench_load(&self->bench, HEED_DISTRIBUTION, priors[i]);
  for (size_t i = 0; i < 2; i++)
    workbench_load(&self->bench, HEED_USER_MODEL, models[i]);
  return workbench_make(&self->bench, HEED_ESTIMATOR, "em", parameters);
}

static heed_status try_estimate(scene *self, const heed_instance *em) {
  const heed_estimator_functions *functions = em->plugin->functions;
  self->posterior = (heed_posterior){.size = sizeof self->posterior,
                                     .mu = NAN,
                                     .mu_low = NAN,
                                     .mu_high = NAN,
                                     .log_likelihood = NAN,
                                     .objective = NAN};
  self->bench.warned[0] = 0;
  return functions->estimate(em->self, &self->bench.host.host, &self->crowd,
                             &self->posterior, &self->bench.error);
}

static const heed_posterior *estimate(scene *self, const char *parameters) {
  if (try_estimate(self, em_of(self, parameters)) != HEED_OK)
    fail_msg("%s", self->bench.error.message);
  return &self->posterior;
}

/* ---- parameters of user models ---- */

/* 6000 casual annotations' worth of 12000 tell b with a standard error of some
 * .015, as who was casual is not known: the tolerance is three of them.  The
 * sharp test is that no given b explains the annotations better. */
static void a_left_bias_is_fitted_to_the_maximum(void **state) {
  scene *self = *state;
  const double phi[1] = {0.75};
  char text[128];
  scene_make(self, 600, 0.8, beta_of(self, "{\"alpha\": 2, \"beta\": 2}"),
             workbench_make(&self->bench, HEED_USER_MODEL, "position_bias",
                            "{\"left\": 0.75}"),
             phi);
  const heed_posterior *posterior =
      estimate(self, "{\"model\": \"position_bias\"}");
  const double fitted = posterior->phi[0], best = posterior->log_likelihood;
  assert_near(fitted, 0.75, 0.045);
  for (int i = -2; i <= 2; i++) {
    (void)snprintf(text, sizeof text,
                   "{\"model\": {\"plugin\": \"position_bias\","
                   " \"parameters\": {\"left\": %.17g}}}",
                   fitted + 0.004 * i);
    posterior = estimate(self, text);
    assert_near(posterior->phi[0], fitted + 0.004 * i, 1e-15);
    if (i == 0)
      assert_near(posterior->log_likelihood, best, 1e-6 * fabs(best));
    else
      assert_true(posterior->log_likelihood < best);
  }
}

static void ties_of_davidsons_model_are_fitted(void **state) {
  scene *self = *state;
  const double phi[2] = {0.8, 0.1};
  const char *ties =
      "{\"model\": {\"plugin\": \"attentive\","
      " \"parameters\": {\"ties\": \"davidson\"}}}";
  scene_make(self, 600, 0.8, beta_of(self, "{\"alpha\": 2, \"beta\": 2}"),
             workbench_make(&self->bench, HEED_USER_MODEL, "attentive",
                            "{\"ties\": \"davidson\"}"),
             phi);
  const heed_posterior *posterior = estimate(self, ties);
  /* Share of ties .18 of 12000; standard errors some .05 and .015. */
  assert_near(posterior->phi[0], 0.8, 0.15);
  assert_near(posterior->phi[1], 0.1, 0.045);
  assert_true(posterior->converged);
}

/* ---- coverage ---- */

/* 6000 users: the standard error of a share of .9 is .0039, and .02 is five of
 * them. */
static void known_beta_covers_nine_of_ten(void **state) {
  static const double gaps[] = {0.6, 0.74, 0.98};
  scene *self = *state;
  for (int g = 0; g < 3; g++) {
    size_t inside = 0;
    scene_make(
        self, MOST_USERS, gaps[g], beta_of(self, "{\"alpha\": 2, \"beta\": 2}"),
        workbench_make(&self->bench, HEED_USER_MODEL, "attentive", "{}"), NULL);
    const heed_posterior *posterior =
        estimate(self,
                 "{\"fit\": \"fixed\", \"levels\": [0.05, 0.95], \"prior\":"
                 " {\"plugin\": \"beta\", \"parameters\":"
                 " {\"alpha\": 2, \"beta\": 2}}}");
    assert_near(posterior->theta[0], 2, 0);
    assert_near(posterior->theta[1], 2, 0);
    for (size_t j = 0; j < MOST_USERS; j++)
      inside += self->eta[j] >= posterior->quantiles[2 * j] &&
                self->eta[j] <= posterior->quantiles[2 * j + 1];
    assert_near((double)inside / MOST_USERS, 0.9, 0.02);
  }
}

/* ---- what else it hands on ---- */

static void few_users(scene *self) {
  scene_make(self, 300, 0.8, beta_of(self, "{\"alpha\": 2, \"beta\": 1}"),
             workbench_make(&self->bench, HEED_USER_MODEL, "attentive", "{}"),
             NULL);
}

/* P(A) = 1/2 + E[eta] (mu - 1/2): the model is linear in eta. */
static void predictions_follow_the_mean(void **state) {
  scene *self = *state;
  few_users(self);
  const heed_instance *em = em_of(self, "{}");
  const heed_estimator_functions *functions = em->plugin->functions;
  const size_t rows = self->crowd.annotations->rows;
  const int8_t *choice =
      heed_table_data(self->crowd.annotations, "choice", HEED_INT8);
  double *found = calloc(rows, sizeof *found);
  assert_non_null(found);
  assert_int_equal(try_estimate(self, em), HEED_OK);
  assert_int_equal(
      functions->predict(em->self, &self->bench.host.host, &self->posterior,
                         &self->crowd, found, &self->bench.error),
      HEED_OK);
  for (size_t i = 0; i < rows; i++) {
    const double a = 0.5 + 0.3 * self->posterior.mean[i / EACH];
    assert_near(found[i], choice[i] == HEED_CHOSE_A ? a : 1 - a, 1e-12);
  }
  free(found);
}

static void mass_of_each_user_sums_to_one_and_has_the_mean(void **state) {
  scene *self = *state;
  few_users(self);
  const heed_posterior *posterior = estimate(self, "{}");
  assert_true(posterior->row_count <= EACH + 1);
  for (size_t j = 0; j < posterior->units; j++) {
    const double *mass =
        posterior->mass + posterior->row[j] * posterior->node_count;
    double sum = 0, mean = 0;
    for (size_t k = 0; k < posterior->node_count; k++) {
      sum += mass[k];
      mean += mass[k] * posterior->nodes[k];
    }
    assert_near(sum, 1, 1e-12);
    assert_near(posterior->mean[j], mean, 1e-14);
    for (size_t i = 1; i < posterior->level_count; i++)
      assert_true(posterior->quantiles[j * posterior->level_count + i] >=
                  posterior->quantiles[j * posterior->level_count + i - 1]);
  }
}

/* Everyone always follows: both points want to be at 1. */
static void a_fit_on_the_boundary_says_so(void **state) {
  scene *self = *state;
  few_users(self);
  int8_t *choice =
      heed_table_data(self->crowd.annotations, "choice", HEED_INT8);
  for (size_t i = 0; i < self->crowd.annotations->rows; i++)
    choice[i] = HEED_CHOSE_A;
  const heed_posterior *posterior =
      estimate(self, "{\"prior\": \"two_point\"}");
  assert_false(posterior->identified);
  assert_string_equal(self->bench.warned, "boundary");
}

/* Everyone always follows, and no pseudo-user says that people differ. */
static void a_prior_that_collapses_to_a_point_says_so(void **state) {
  scene *self = *state;
  few_users(self);
  int8_t *choice =
      heed_table_data(self->crowd.annotations, "choice", HEED_INT8);
  for (size_t i = 0; i < self->crowd.annotations->rows; i++)
    choice[i] = HEED_CHOSE_A;
  const heed_posterior *posterior = estimate(self, "{\"pseudo_users\": 0}");
  assert_false(posterior->identified);
  assert_string_equal(self->bench.warned, "boundary");
}

static void a_fit_that_is_cut_short_says_so(void **state) {
  scene *self = *state;
  few_users(self);
  const heed_posterior *posterior = estimate(self, "{\"max_iterations\": 1}");
  assert_false(posterior->converged);
  assert_string_equal(self->bench.warned, "not_converged");
}

static void a_prior_beyond_the_models_range_is_refused(void **state) {
  scene *self = *state;
  few_users(self);
  const heed_instance *em =
      em_of(self,
            "{\"prior\": {\"plugin\": \"uniform\","
            " \"parameters\": {\"low\": -1, \"high\": 1}}}");
  assert_int_equal(try_estimate(self, em), HEED_UNSUPPORTED);
  if (strstr(self->bench.error.message,
             "outside the 0 to 1 of the model "
             "attentive") == NULL)
    fail_msg("%s", self->bench.error.message);
}

static void levels_that_do_not_ascend_are_refused(void **state) {
  scene *self = *state;
  (void)em_of(self, "{}");
  assert_null(workbench_try(&self->bench, HEED_ESTIMATOR, "em",
                            "{\"levels\": [0.5, 0.1]}"));
  assert_non_null(
      strstr(self->bench.error.message, "levels: found 0.1 after 0.5"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_left_bias_is_fitted_to_the_maximum),
      TEST(ties_of_davidsons_model_are_fitted),
      TEST(known_beta_covers_nine_of_ten),
      TEST(predictions_follow_the_mean),
      TEST(mass_of_each_user_sums_to_one_and_has_the_mean),
      TEST(a_fit_on_the_boundary_says_so),
      TEST(a_prior_that_collapses_to_a_point_says_so),
      TEST(a_fit_that_is_cut_short_says_so),
      TEST(a_prior_beyond_the_models_range_is_refused),
      TEST(levels_that_do_not_ascend_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
