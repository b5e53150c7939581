/* SPDX-License-Identifier: GPL-3.0-or-later
 * User models, written out; and histories, which must give grouped users the
 * likelihood that each has alone. */
#include "../support/workbench.h"
#include "support/attention/histories.h"
#include "support/attention/node_posterior.h"

enum { NODES = 5, USERS = 120, EACH = 12, ROWS = USERS * EACH };

static const double nodes[NODES] = {0, 0.2, 0.5, 0.9, 1};
static const int8_t choices[] = {HEED_CHOSE_B, HEED_CHOSE_A, HEED_CHOSE_TIE};
static const int8_t lefts[] = {HEED_LEFT_UNKNOWN, HEED_CHOSE_B, HEED_CHOSE_A};

static test_workbench bench;

static int set_up(void **state) {
  (void)state;
  workbench_open(&bench, 5);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  workbench_close(&bench);
  return 0;
}

static const heed_instance *made(const char *name, const char *parameters) {
  return workbench_make(&bench, HEED_USER_MODEL, name, parameters);
}

static const heed_user_model_functions *functions_of(
    const heed_instance *instance) {
  return instance->plugin->functions;
}

static heed_domain domain_of(const heed_instance *instance) {
  heed_domain domain;
  functions_of(instance)->domain(instance->self, &domain);
  return domain;
}

/* P(choice | eta) and P(choice) of a casual user. */
static double probability(const heed_instance *instance, const double *phi,
                          int8_t choice, int8_t left, double p, double eta,
                          double *casual) {
  const heed_answers one = {.size = sizeof one,
                            .count = 1,
                            .choice = &choice,
                            .left = &left,
                            .p = &p};
  double found;
  functions_of(instance)->probability(instance->self, phi, &one, 1, &eta,
                                      &found);
  functions_of(instance)->casual(instance->self, phi, &one, casual);
  return found;
}

static void the_papers_user_follows_p_or_tosses_a_coin(void **state) {
  const heed_instance *instance = made("attentive", "{}");
  double casual;
  (void)state;
  for (int i = 0; i < NODES; i++) {
    const double a = nodes[i] * 0.8 + (1 - nodes[i]) / 2;
    assert_near(probability(instance, NULL, HEED_CHOSE_A, HEED_LEFT_UNKNOWN,
                            0.8, nodes[i], &casual),
                a, 1e-15);
    assert_near(casual, 0.5, 0);
    assert_near(probability(instance, NULL, HEED_CHOSE_B, HEED_LEFT_UNKNOWN,
                            0.8, nodes[i], &casual),
                1 - a, 1e-15);
    assert_near(casual, 0.5, 0);
    /* A tie says nothing of eta. */
    assert_near(probability(instance, NULL, HEED_CHOSE_TIE, HEED_LEFT_UNKNOWN,
                            0.8, nodes[i], &casual),
                1, 0);
  }
  assert_false(domain_of(instance).ties);
  assert_int_equal(domain_of(instance).phi_count, 0);
}

static void ties_follow_davidsons_model(void **state) {
  const heed_instance *instance = made("attentive", "{\"ties\": \"davidson\"}");
  const double phi[2] = {0.7, 0.15}, p = 0.8; /* nu; casual users' ties */
  const double tie = 0.7 * sqrt(0.8 * 0.2), whole = 1 + tie;
  double casual;
  (void)state;
  for (int i = 0; i < NODES; i++) {
    const double eta = nodes[i];
    assert_near(probability(instance, phi, HEED_CHOSE_TIE, HEED_LEFT_UNKNOWN, p,
                            eta, &casual),
                eta * tie / whole + (1 - eta) * 0.15, 1e-15);
    assert_near(casual, 0.15, 0);
    assert_near(probability(instance, phi, HEED_CHOSE_A, HEED_LEFT_UNKNOWN, p,
                            eta, &casual),
                eta * p / whole + (1 - eta) * 0.425, 1e-15);
    assert_near(casual, 0.425, 1e-15);
    assert_near(probability(instance, phi, HEED_CHOSE_B, HEED_LEFT_UNKNOWN, p,
                            eta, &casual),
                eta * (1 - p) / whole + (1 - eta) * 0.425, 1e-15);
  }
  assert_true(domain_of(instance).ties);
  assert_int_equal(domain_of(instance).phi_count, 2);
}

static void a_casual_user_with_a_bias_clicks_left(void **state) {
  const heed_instance *instance = made("position_bias", "{\"left\": 0.8}");
  const double phi[1] = {0.8};
  double casual;
  (void)state;
  for (int i = 0; i < NODES; i++) {
    const double eta = nodes[i];
    assert_near(probability(instance, phi, HEED_CHOSE_A, HEED_CHOSE_A, 0.6, eta,
                            &casual),
                eta * 0.6 + (1 - eta) * 0.8, 1e-15);
    assert_near(casual, 0.8, 0);
    assert_near(probability(instance, phi, HEED_CHOSE_A, HEED_CHOSE_B, 0.6, eta,
                            &casual),
                eta * 0.6 + (1 - eta) * 0.2, 1e-15);
    assert_near(casual, 0.2, 1e-15);
    assert_near(probability(instance, phi, HEED_CHOSE_B, HEED_CHOSE_B, 0.6, eta,
                            &casual),
                eta * 0.4 + (1 - eta) * 0.8, 1e-15);
    assert_near(probability(instance, phi, HEED_CHOSE_B, HEED_LEFT_UNKNOWN, 0.6,
                            eta, &casual),
                eta * 0.4 + (1 - eta) * 0.5, 1e-15);
    assert_near(casual, 0.5, 0);
  }
}

static void a_user_who_works_against_turns_p_round(void **state) {
  const heed_instance *instance = made("adversarial", "{}");
  const heed_instance *paper = made("attentive", "{}");
  double casual, other;
  (void)state;
  assert_near(domain_of(instance).low, -1, 0);
  assert_near(domain_of(instance).high, 1, 0);
  assert_near(probability(instance, NULL, HEED_CHOSE_A, HEED_LEFT_UNKNOWN, 0.8,
                          -1, &casual),
              0.2, 1e-15);
  assert_near(probability(instance, NULL, HEED_CHOSE_B, HEED_LEFT_UNKNOWN, 0.8,
                          -0.5, &casual),
              0.65, 1e-15);
  for (int i = 0; i < NODES; i++)
    for (int c = 0; c < 3; c++) {
      assert_near(probability(instance, NULL, choices[c], HEED_LEFT_UNKNOWN,
                              0.8, nodes[i], &casual),
                  probability(paper, NULL, choices[c], HEED_LEFT_UNKNOWN, 0.8,
                              nodes[i], &other),
                  0);
      assert_near(casual, other, 0);
    }
}

static void a_bias_that_is_given_is_not_fitted(void **state) {
  const heed_instance *given = made("position_bias", "{\"left\": 0.8}");
  const heed_instance *fitted = made("position_bias", "{}");
  double start, low, high;
  (void)state;
  functions_of(given)->phi(given->self, &start, &low, &high);
  assert_near(start, 0.8, 0);
  assert_near(low, 0.8, 0);
  assert_near(high, 0.8, 0);
  functions_of(fitted)->phi(fitted->self, &start, &low, &high);
  assert_true(low < start && start < high);
}

static const char *const models[][2] = {
    {"attentive", "{}"},
    {"attentive", "{\"ties\": \"davidson\"}"},
    {"position_bias", "{\"left\": 0.8}"},
    {"position_bias", "{}"},
    {"adversarial", "{}"},
    {"biased", "{\"left\": 0.8}"}};
enum { MODELS = sizeof models / sizeof *models };

static const heed_instance *model_with_phi(size_t m, double *phi) {
  const heed_instance *instance = made(models[m][0], models[m][1]);
  double low[2], high[2];
  if (functions_of(instance)->phi != NULL)
    functions_of(instance)->phi(instance->self, phi, low, high);
  return instance;
}

static void probabilities_of_all_choices_sum_to_one(void **state) {
  (void)state;
  for (size_t m = 0; m < MODELS; m++)
    for (int left = 0; left < 3; left++)
      for (int i = 0; i < NODES; i++) {
        double phi[2], casual, sum = 0, casual_sum = 0;
        const heed_instance *instance = model_with_phi(m, phi);
        const int count = domain_of(instance).ties ? 3 : 2;
        for (int c = 0; c < count; c++) {
          sum += probability(instance, phi, choices[c], lefts[left], 0.37,
                             nodes[i], &casual);
          casual_sum += casual;
        }
        assert_near(sum, 1, 1e-15);
        assert_near(casual_sum, 1, 1e-15);
      }
}

static void mixtures_are_linear_in_eta_and_casual_at_zero(void **state) {
  (void)state;
  for (size_t m = 0; m < MODELS; m++)
    for (int left = 0; left < 3; left++)
      for (int c = 0; c < 3; c++) {
        double phi[2], casual;
        const heed_instance *instance = model_with_phi(m, phi);
        assert_true(domain_of(instance).mixture);
        const double full = probability(instance, phi, choices[c], lefts[left],
                                        0.7, 1, &casual);
        for (int i = 0; i < NODES; i++)
          assert_near(probability(instance, phi, choices[c], lefts[left], 0.7,
                                  nodes[i], &casual),
                      nodes[i] * full + (1 - nodes[i]) * casual, 1e-15);
      }
}

static void annotations_of_a_class_have_one_probability(void **state) {
  (void)state;
  for (size_t m = 0; m < MODELS; m++)
    for (int left = 0; left < 3; left++)
      for (int c = 0; c < 3; c++) {
        double phi[2], casual, other_casual;
        int8_t choice, other_left;
        const heed_instance *instance = model_with_phi(m, phi);
        const size_t class = functions_of(instance)->class_of(
            instance->self, choices[c], lefts[left]);
        assert_true(class < domain_of(instance).class_count);
        functions_of(instance)->of_class(instance->self, class, &choice,
                                         &other_left);
        assert_near(probability(instance, phi, choices[c], lefts[left], 0.7,
                                0.3, &casual),
                    probability(instance, phi, choice, other_left, 0.7, 0.3,
                                &other_casual),
                    0);
        assert_near(casual, other_casual, 0);
      }
}

static void every_class_is_that_of_its_own_example(void **state) {
  (void)state;
  for (size_t m = 0; m < MODELS; m++) {
    double phi[2];
    const heed_instance *instance = model_with_phi(m, phi);
    for (size_t class = 0; class < domain_of(instance).class_count; class ++) {
      int8_t choice, left;
      functions_of(instance)->of_class(instance->self, class, &choice, &left);
      assert_int_equal(
          functions_of(instance)->class_of(instance->self, choice, left),
          class);
    }
  }
}

/* ---- histories ---- */

typedef struct scene {
  heed_world world;
  heed_crowd crowd;
  int8_t *choice, *left;
} scene;

/* Users who follow `of` with eta 0, 1/2 or 1 in turn; user 5 says nothing. */
static void scene_open(scene *self, const heed_instance *instance,
                       const double *phi) {
  const heed_host *host = &bench.host.host;
  heed_table *pairs = host->table(host, "pairs", ROWS);
  heed_table *people = host->table(host, "users", USERS);
  heed_table *said = host->table(host, "annotations", ROWS - EACH);
  double *p = host->column(host, pairs, "p", HEED_FLOAT64, 1);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  size_t *first = host->allocate(host, USERS + 1, sizeof *first);
  self->choice = host->column(host, said, "choice", HEED_INT8, 1);
  self->left = host->column(host, said, "left", HEED_INT8, 1);
  for (size_t i = 0; i < ROWS; i++) p[i] = 0.5 + 0.4 * (double)(i % 7) / 6;
  for (size_t j = 0, i = 0; j < USERS; j++) {
    heed_stream stream = host->stream(host, "scene", j);
    for (; i < first[j] + (j == 5 ? 0 : EACH); i++) {
      double casual, u = heed_uniform(&stream);
      user[i] = (int64_t)j;
      pair[i] = (int64_t)i;
      self->left[i] = heed_uniform(&stream) < 0.5;
      self->choice[i] = HEED_CHOSE_TIE;
      for (int c = 0; c < (domain_of(instance).ties ? 3 : 2); c++) {
        const double chance =
            probability(instance, phi, choices[c], self->left[i], 0.7,
                        (double)(j % 3) / 2, &casual);
        if (u >= 0 && u < chance) self->choice[i] = choices[c];
        u -= chance;
      }
      if (!domain_of(instance).ties && i % 11 == 0)
        self->choice[i] = HEED_CHOSE_TIE;
    }
    first[j + 1] = i;
  }
  self->world = (heed_world){.size = sizeof self->world,
                             .pairs = pairs,
                             .mu = 0.7,
                             .mu_requested = 0.7};
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = people,
                             .annotations = said,
                             .first = first};
}

/* log P(user's annotations | eta), term by term; p NaN: of each pair. */
static double of_user(const scene *self, const heed_instance *instance,
                      const double *phi, size_t j, double p, double eta,
                      size_t excluded) {
  const double *own = heed_table_data(self->world.pairs, "p", HEED_FLOAT64);
  double sum = 0, casual;
  for (size_t i = self->crowd.first[j]; i < self->crowd.first[j + 1]; i++)
    if (i != excluded)
      sum += log(probability(instance, phi, self->choice[i], self->left[i],
                             isnan(p) ? own[i] : p, eta, &casual));
  return sum;
}

static void likelihoods_are_products_over_annotations(void **state) {
  static const double gaps[] = {0.7, NAN};
  (void)state;
  for (size_t m = 0; m < MODELS; m++)
    for (int g = 0; g < 2; g++) {
      double phi[2];
      const heed_instance *instance = model_with_phi(m, phi);
      const heed_host *host = &bench.host.host;
      attention_histories made_of;
      scene self;
      scene_open(&self, instance, phi);
      assert_int_equal(histories_make(host, &self.crowd, instance, gaps[g],
                                      &made_of, &bench.error),
                       HEED_OK);
      double *found = calloc(made_of.group_count * NODES, sizeof *found);
      assert_non_null(found);
      assert_int_equal(histories_likelihood(&made_of, host, phi, NODES, nodes,
                                            found, &bench.error),
                       HEED_OK);
      for (size_t j = 0; j < USERS; j++)
        for (size_t k = 0; k < NODES; k++)
          assert_near(
              found[made_of.group_of[j] * NODES + k],
              of_user(&self, instance, phi, j, gaps[g], nodes[k], SIZE_MAX),
              1e-11);
      assert_true(made_of.reduced == (g == 0));
      free(found);
    }
}

static void users_with_equal_counts_are_one_group(void **state) {
  const heed_instance *instance = made("attentive", "{}");
  attention_histories made_of;
  double users = 0;
  scene self;
  (void)state;
  scene_open(&self, instance, NULL);
  assert_int_equal(histories_make(&bench.host.host, &self.crowd, instance, 0.7,
                                  &made_of, &bench.error),
                   HEED_OK);
  assert_true(made_of.group_count < USERS / 2);
  for (size_t g = 0; g < made_of.group_count; g++) users += made_of.users[g];
  assert_near(users, USERS, 0);
  for (size_t a = 0; a < USERS; a++)
    for (size_t b = 0; b < USERS; b++) {
      int counts[2][3] = {{0}};
      for (size_t i = self.crowd.first[a]; i < self.crowd.first[a + 1]; i++)
        counts[0][self.choice[i]]++;
      for (size_t i = self.crowd.first[b]; i < self.crowd.first[b + 1]; i++)
        counts[1][self.choice[i]]++;
      assert_true((made_of.group_of[a] == made_of.group_of[b]) ==
                  (memcmp(counts[0], counts[1], sizeof counts[0]) == 0));
    }
}

static void a_pair_without_p_is_named(void **state) {
  const heed_instance *instance = made("attentive", "{}");
  attention_histories made_of;
  scene self;
  (void)state;
  scene_open(&self, instance, NULL);
  double *p = heed_table_data(self.world.pairs, "p", HEED_FLOAT64);
  p[17] = NAN;
  assert_int_equal(histories_make(&bench.host.host, &self.crowd, instance, NAN,
                                  &made_of, &bench.error),
                   HEED_UNSUPPORTED);
  assert_non_null(strstr(bench.error.message, "pair 17 has no preference"));
}

static void p_of_an_annotation_goes_before_that_of_its_pair(void **state) {
  const heed_instance *instance = made("attentive", "{}");
  const heed_host *host = &bench.host.host;
  attention_histories made_of;
  scene self;
  (void)state;
  scene_open(&self, instance, NULL);
  double *own =
      host->column(host, (heed_table *)(uintptr_t)self.crowd.annotations, "p",
                   HEED_FLOAT64, 1);
  for (size_t i = 0; i < self.crowd.annotations->rows; i++) own[i] = NAN;
  own[3] = 0.99;
  assert_int_equal(
      histories_make(host, &self.crowd, instance, NAN, &made_of, &bench.error),
      HEED_OK);
  assert_near(made_of.p[3], 0.99, 0);
  assert_near(made_of.p[4], 0.5 + 0.4 * 4.0 / 6, 1e-15);
}

/* ---- posteriors on nodes ---- */

static const double log_weight[NODES] = {-1.4, -1.9, -1.2, -2.1, -1.7};

static void without_an_annotation_the_mean_is_that_of_the_others(void **state) {
  static const double gaps[] = {0.7, NAN};
  (void)state;
  for (size_t m = 0; m < MODELS; m++)
    for (int g = 0; g < 2; g++) {
      double phi[2];
      const heed_instance *instance = model_with_phi(m, phi);
      const heed_host *host = &bench.host.host;
      heed_posterior posterior = {.size = sizeof posterior};
      attention_histories made_of;
      scene self;
      scene_open(&self, instance, phi);
      assert_int_equal(histories_make(host, &self.crowd, instance, gaps[g],
                                      &made_of, &bench.error),
                       HEED_OK);
      double *likelihood =
          host->allocate(host, made_of.group_count * NODES, sizeof *likelihood);
      assert_int_equal(histories_likelihood(&made_of, host, phi, NODES, nodes,
                                            likelihood, &bench.error),
                       HEED_OK);
      const node_posterior fill = {.histories = &made_of,
                                   .phi = phi,
                                   .node_count = NODES,
                                   .nodes = nodes,
                                   .log_weight = log_weight,
                                   .log_likelihood = likelihood};
      assert_int_equal(
          node_posterior_fill(&fill, host, &posterior, &bench.error), HEED_OK);
      for (size_t j = 0; j < USERS; j++)
        for (size_t i = self.crowd.first[j]; i <= self.crowd.first[j + 1];
             i++) {
          /* Past the last annotation: none is left out. */
          double sum = 0, mean = 0;
          for (size_t k = 0; k < NODES; k++) {
            const double mass =
                exp(log_weight[k] +
                    of_user(&self, instance, phi, j, gaps[g], nodes[k], i));
            sum += mass;
            mean += mass * nodes[k];
          }
          assert_near(i == self.crowd.first[j + 1] ? posterior.mean[j]
                                                   : posterior.left_out[i],
                      mean / sum, 1e-12);
        }
    }
}

static void a_quantile_of_atoms_is_the_atom_that_reaches_it(void **state) {
  static const double point[3] = {0.1, 0.4, 0.9}, mass[3] = {0.25, 0.5, 0.25};
  (void)state;
  assert_near(node_posterior_quantile(3, point, mass, true, 0, 1, 0.2), 0.1, 0);
  assert_near(node_posterior_quantile(3, point, mass, true, 0, 1, 0.3), 0.4, 0);
  assert_near(node_posterior_quantile(3, point, mass, true, 0, 1, 0.75), 0.4,
              0);
  assert_near(node_posterior_quantile(3, point, mass, true, 0, 1, 0.8), 0.9, 0);
}

/* Cells end at 0, .25, .65 and 1. */
static void a_quantile_of_a_density_is_spread_over_its_cell(void **state) {
  static const double point[3] = {0.1, 0.4, 0.9}, mass[3] = {0.25, 0.5, 0.25};
  (void)state;
  assert_near(node_posterior_quantile(3, point, mass, false, 0, 1, 0.125),
              0.125, 1e-15);
  assert_near(node_posterior_quantile(3, point, mass, false, 0, 1, 0.5), 0.45,
              1e-15);
  assert_near(node_posterior_quantile(3, point, mass, false, 0, 1, 0.875),
              0.825, 1e-15);
}

static void nodes_that_are_all_impossible_have_no_mass(void **state) {
  static const double never[2] = {-HUGE_VAL, -HUGE_VAL}, even[2] = {-0.7, -0.7};
  double mass[2] = {1, 1};
  (void)state;
  assert_true(node_posterior_mass(2, even, never, mass) == -HUGE_VAL);
  assert_near(mass[0] + mass[1], 0, 0);
}

/* A thousand annotations: exp() of the likelihood would be 0. */
static void tiny_likelihoods_keep_their_ratio(void **state) {
  static const double even[2] = {-1, -1}, tiny[2] = {-9000, -9001};
  double mass[2];
  (void)state;
  assert_near(node_posterior_mass(2, even, tiny, mass), -9001 + log1p(exp(-1)),
              1e-9);
  assert_near(mass[1] / mass[0], exp(-1), 1e-12);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(the_papers_user_follows_p_or_tosses_a_coin),
      TEST(ties_follow_davidsons_model),
      TEST(a_casual_user_with_a_bias_clicks_left),
      TEST(a_user_who_works_against_turns_p_round),
      TEST(a_bias_that_is_given_is_not_fitted),
      TEST(probabilities_of_all_choices_sum_to_one),
      TEST(mixtures_are_linear_in_eta_and_casual_at_zero),
      TEST(annotations_of_a_class_have_one_probability),
      TEST(every_class_is_that_of_its_own_example),
      TEST(likelihoods_are_products_over_annotations),
      TEST(users_with_equal_counts_are_one_group),
      TEST(a_pair_without_p_is_named),
      TEST(p_of_an_annotation_goes_before_that_of_its_pair),
      TEST(without_an_annotation_the_mean_is_that_of_the_others),
      TEST(a_quantile_of_atoms_is_the_atom_that_reaches_it),
      TEST(a_quantile_of_a_density_is_spread_over_its_cell),
      TEST(nodes_that_are_all_impossible_have_no_mass),
      TEST(tiny_likelihoods_keep_their_ratio),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
