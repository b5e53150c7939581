/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention that differs between a user's annotations, against sums over all
 * that may have been attended. */
#include <gsl/gsl_integration.h>
#include <gsl/gsl_randist.h>

#include "../support/workbench.h"
#include "support/attention/histories.h"
#include "support/attention/node_posterior.h"

enum { EACH = 8, PATHS = 1 << EACH, NODES = 4 };

static const double nodes[NODES] = {0, 0.15, 0.6, 1};

static test_workbench bench;

static int set_up(void **state) {
  (void)state;
  workbench_open(&bench, 17);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  workbench_close(&bench);
  return 0;
}

static const heed_instance *made(const char *name) {
  return workbench_make(&bench, HEED_USER_MODEL, name, "{}");
}

static const heed_user_model_functions *functions_of(
    const heed_instance *instance) {
  return instance->plugin->functions;
}

/* One user's history; turns: how far answers lie apart, or NULL. */
typedef struct attention_history {
  heed_answers answers;
  int8_t choice[EACH], left[EACH];
  double p[EACH];
  size_t row[EACH];
  int64_t turn[EACH];
  int32_t topic[EACH];
} attention_history;

static void history_make(attention_history *self, uint64_t which, bool turns) {
  const heed_host *host = &bench.host.host;
  heed_stream stream = host->stream(host, "history", which);
  heed_table *table = host->table(host, "annotations", EACH);
  int64_t *turn =
      turns ? host->column(host, table, "turn", HEED_INT64, 1) : self->turn;
  int32_t *topic = host->column(host, table, "topic", HEED_INT32, 1);
  for (size_t i = 0; i < EACH; i++) {
    const double u = heed_uniform(&stream);
    self->choice[i] = u < 0.5   ? HEED_CHOSE_A
                      : u < 0.9 ? HEED_CHOSE_B
                                : HEED_CHOSE_TIE;
    self->left[i] = HEED_LEFT_UNKNOWN;
    self->p[i] = heed_uniform(&stream);
    self->row[i] = i;
    turn[i] = i == 0 ? 0 : turn[i - 1] + 1;
    if (turns && i > 0) turn[i] += (int64_t)(i % 3);
    self->turn[i] = turn[i];
    self->topic[i] = topic[i] = (int32_t)(i * i % 3);
  }
  self->answers = (heed_answers){.size = sizeof self->answers,
                                 .count = EACH,
                                 .choice = self->choice,
                                 .left = self->left,
                                 .p = self->p,
                                 .annotations = table,
                                 .row = self->row,
                                 .pair = self->row};
}

/* P(choice i | attended or not); `without`: an answer that was not given. */
static double of_choice(const attention_history *history, size_t i,
                        bool attended, size_t excluded) {
  if (i == excluded || history->choice[i] == HEED_CHOSE_TIE) return 1;
  if (!attended) return 0.5;
  return history->choice[i] == HEED_CHOSE_A ? history->p[i] : 1 - history->p[i];
}

/* P(path of attention | eta), one bit an answer. */
typedef double path_chance(const attention_history *history, double phi,
                           double eta, unsigned path);

static double by_turns(const attention_history *history, double persistence,
                       double eta, unsigned path) {
  double product = 1;
  for (size_t t = 0; t < EACH; t++) {
    const bool here = (path >> t) & 1u;
    const double fresh = here ? eta : 1 - eta;
    if (t == 0) {
      product *= fresh;
      continue;
    }
    const double stays =
        pow(persistence, (double)(history->turn[t] - history->turn[t - 1]));
    const bool same = here == ((path >> (t - 1)) & 1u);
    product *= (same ? stays : 0) + (1 - stays) * fresh;
  }
  return product;
}

/* Polya's urn, drawn from one after the other. */
static double by_topics(const attention_history *history, double spread,
                        double eta, unsigned path) {
  double product = 1;
  for (size_t t = 0; t < EACH; t++) {
    double drawn = 0, yes = 0, of_yes;
    for (size_t earlier = 0; earlier < t; earlier++)
      if (history->topic[earlier] == history->topic[t]) {
        drawn++;
        yes += (path >> earlier) & 1u;
      }
    of_yes =
        (eta * (1 - spread) + yes * spread) / (1 - spread + drawn * spread);
    product *= ((path >> t) & 1u) != 0 ? of_yes : 1 - of_yes;
  }
  return product;
}

/* The models here; each is the paper's user at its first phi. */
static const struct kind {
  const char *name;
  path_chance *chance;
  double phi[4];
} kinds[] = {{"attention_states", by_turns, {0, 0.3, 0.85, 0.9999}},
             {"attention_by_topic", by_topics, {0, 0.1, 0.5, 0.99}}};
enum { KINDS = 2 };
typedef struct kind kind;

/* P(history) by all paths of attention; *attended: of those that attend to i,
 * where i is not EACH. */
static double by_paths(const kind *model, const attention_history *history,
                       double phi, double eta, size_t i, size_t excluded,
                       double *attended) {
  double sum = 0, sum_attended = 0;
  for (unsigned path = 0; path < PATHS; path++) {
    double product = model->chance(history, phi, eta, path);
    for (size_t t = 0; t < EACH; t++)
      product *= of_choice(history, t, (path >> t) & 1u, excluded);
    sum += product;
    if (i < EACH && ((path >> i) & 1u)) sum_attended += product;
  }
  if (attended != NULL) *attended = sum_attended;
  return sum;
}

static void a_historys_likelihood_is_a_sum_over_paths_of(const kind *model) {
  const heed_instance *instance = made(model->name);
  for (uint64_t which = 0; which < 20; which++)
    for (size_t r = 0; r < 4; r++) {
      attention_history self;
      double found[NODES];
      history_make(&self, which, which % 2 == 1);
      functions_of(instance)->log_likelihood(
          instance->self, &model->phi[r], &self.answers, NODES, nodes, found);
      for (size_t k = 0; k < NODES; k++)
        assert_near(found[k],
                    log(by_paths(model, &self, model->phi[r], nodes[k], EACH,
                                 EACH, NULL)),
                    1e-12);
    }
}

static void a_historys_likelihood_is_a_sum_over_paths(void **state) {
  (void)state;
  for (size_t m = 0; m < KINDS; m++)
    a_historys_likelihood_is_a_sum_over_paths_of(&kinds[m]);
}

static void attention_is_that_of_paths_given_the_others_of(const kind *model) {
  const heed_instance *instance = made(model->name);
  for (uint64_t which = 0; which < 20; which++)
    for (size_t r = 0; r < 4; r++) {
      attention_history self;
      double found[EACH * NODES], attended;
      history_make(&self, which, which % 2 == 1);
      functions_of(instance)->attention(instance->self, &model->phi[r],
                                        &self.answers, NODES, nodes, found);
      for (size_t i = 0; i < EACH; i++)
        for (size_t k = 0; k < NODES; k++) {
          const double sum =
              by_paths(model, &self, model->phi[r], nodes[k], i, i, &attended);
          assert_near(found[i * NODES + k], attended / sum, 1e-12);
        }
    }
}

static void attention_is_that_of_paths_given_the_others(void **state) {
  (void)state;
  for (size_t m = 0; m < KINDS; m++)
    attention_is_that_of_paths_given_the_others_of(&kinds[m]);
}

static void without_memory_it_is_the_papers_user_of(const kind *model) {
  const heed_instance *instance = made(model->name);
  const heed_instance *paper = made("attentive");
  const double none = 0;
  for (uint64_t which = 0; which < 20; which++) {
    attention_history self;
    double found[NODES], attention[EACH * NODES], each[EACH * NODES];
    history_make(&self, which, which % 2 == 1);
    functions_of(instance)->log_likelihood(instance->self, &none, &self.answers,
                                           NODES, nodes, found);
    functions_of(instance)->attention(instance->self, &none, &self.answers,
                                      NODES, nodes, attention);
    functions_of(paper)->probability(paper->self, NULL, &self.answers, NODES,
                                     nodes, each);
    for (size_t k = 0; k < NODES; k++) {
      double sum = 0;
      for (size_t i = 0; i < EACH; i++) {
        sum += log(each[i * NODES + k]);
        assert_near(attention[i * NODES + k], nodes[k], 1e-15);
      }
      assert_near(found[k], sum, 1e-13);
    }
  }
}

static void without_memory_it_is_the_papers_user(void **state) {
  (void)state;
  for (size_t m = 0; m < KINDS; m++)
    without_memory_it_is_the_papers_user_of(&kinds[m]);
}

static void simulated_without_memory_they_choose_alike_of(const kind *model) {
  const heed_instance *instance = made(model->name);
  const double none = 0, eta = 0.6;
  for (uint64_t which = 0; which < 50; which++) {
    attention_history self;
    int8_t choice[EACH];
    heed_stream stream = bench.host.host.stream(&bench.host.host, "c", which);
    heed_stream again = stream;
    history_make(&self, which, false);
    assert_int_equal(functions_of(instance)->simulate(
                         instance->self, &none, &stream, &self.answers, &eta,
                         choice, &bench.error),
                     HEED_OK);
    for (size_t i = 0; i < EACH; i++)
      assert_int_equal(choice[i],
                       heed_uniform(&again) < 0.5 + eta * (self.p[i] - 0.5)
                           ? HEED_CHOSE_A
                           : HEED_CHOSE_B);
  }
}

static void simulated_without_memory_they_choose_alike(void **state) {
  (void)state;
  for (size_t m = 0; m < KINDS; m++)
    simulated_without_memory_they_choose_alike_of(&kinds[m]);
}

/* 100000 histories fall into 256 kinds: chi-squared with 255 degrees of
 * freedom exceeds 330 once in a thousand. */
static void histories_are_simulated_as_often_as_they_are_likely_of(
    const kind *model) {
  enum { DRAWN = 100000 };
  double seen[PATHS] = {0};
  const heed_instance *instance = made(model->name);
  const double phi = 0.7, eta = 0.4;
  heed_stream stream = bench.host.host.stream(&bench.host.host, "many", 0);
  attention_history self;
  double chi = 0, sum = 0;
  history_make(&self, 1, true);
  for (int n = 0; n < DRAWN; n++) {
    int8_t choice[EACH];
    size_t which = 0;
    assert_int_equal(functions_of(instance)->simulate(
                         instance->self, &phi, &stream, &self.answers, &eta,
                         choice, &bench.error),
                     HEED_OK);
    for (size_t i = 0; i < EACH; i++) which |= (size_t)choice[i] << i;
    seen[which]++;
  }
  for (size_t which = 0; which < PATHS; which++) {
    for (size_t i = 0; i < EACH; i++) self.choice[i] = (which >> i) & 1;
    const double chance = by_paths(model, &self, phi, eta, EACH, EACH, NULL);
    const double expected = DRAWN * chance;
    sum += chance;
    chi += (seen[which] - expected) * (seen[which] - expected) / expected;
  }
  assert_near(sum, 1, 1e-12);
  assert_true(chi < 330);
}

static void histories_are_simulated_as_often_as_they_are_likely(void **state) {
  (void)state;
  for (size_t m = 0; m < KINDS; m++)
    histories_are_simulated_as_often_as_they_are_likely_of(&kinds[m]);
}

/* eta_topic drawn from its Beta, by quadrature; also where a topic has more
 * answers than paths could be summed over. */
static double topic_integrand(double x, void *context) {
  const double *values =
      context; /* how often A, how often B; the Beta's a, b */
  return pow((1 + x) / 2, values[0]) * pow((1 - x) / 2, values[1]) *
         gsl_ran_beta_pdf(x, values[2], values[3]);
}

static void topics_are_integrals_over_a_beta(void **state) {
  enum { MANY = 60 };
  const heed_instance *instance = made("attention_by_topic");
  const heed_host *host = &bench.host.host;
  const double rho = 0.2, eta = 0.4;
  heed_table *table = host->table(host, "annotations", MANY);
  int8_t choice[MANY], left[MANY];
  double p[MANY], found, exact, error;
  size_t row[MANY];
  gsl_integration_workspace *room = gsl_integration_workspace_alloc(1000);
  (void)state;
  (void)host->column(host, table, "topic", HEED_INT32, 1);
  for (size_t i = 0; i < MANY; i++) {
    choice[i] = i < 35 ? HEED_CHOSE_A : HEED_CHOSE_B;
    left[i] = HEED_LEFT_UNKNOWN;
    p[i] = 1; /* then a choice of A has (1 + eta) / 2, of B (1 - eta) / 2 */
    row[i] = i;
  }
  const heed_answers answers = {.size = sizeof answers,
                                .count = MANY,
                                .choice = choice,
                                .left = left,
                                .p = p,
                                .annotations = table,
                                .row = row,
                                .pair = row};
  functions_of(instance)->log_likelihood(instance->self, &rho, &answers, 1,
                                         &eta, &found);
  double context[] = {35, 25, eta * (1 - rho) / rho,
                      (1 - eta) * (1 - rho) / rho};
  gsl_function function = {topic_integrand, context};
  assert_int_equal(gsl_integration_qags(&function, 0, 1, 0, 1e-10, 1000, room,
                                        &exact, &error),
                   0);
  gsl_integration_workspace_free(room);
  assert_near(found, log(exact), 1e-8);
}

static void topics_must_be_there(void **state) {
  const heed_instance *instance = made("attention_by_topic");
  const heed_host *host = &bench.host.host;
  heed_table *empty = host->table(host, "pairs", 1);
  const heed_world world = {.size = sizeof world, .pairs = empty};
  (void)state;
  assert_int_equal(functions_of(instance)->check(instance->self, &world, empty,
                                                 &bench.error),
                   HEED_UNSUPPORTED);
  assert_non_null(strstr(bench.error.message, "have a column `topic`"));
}

/* ---- posteriors by annotation ---- */

typedef struct scene {
  heed_world world;
  heed_crowd crowd;
  attention_history users[3];
} scene;

static void scene_open(scene *self) {
  enum { ROWS = 3 * EACH };
  const heed_host *host = &bench.host.host;
  heed_table *pairs = host->table(host, "pairs", ROWS);
  heed_table *said = host->table(host, "annotations", ROWS);
  double *p = host->column(host, pairs, "p", HEED_FLOAT64, 1);
  int64_t *user = host->column(host, said, "user", HEED_INT64, 1);
  int64_t *pair = host->column(host, said, "pair", HEED_INT64, 1);
  int64_t *turn = host->column(host, said, "turn", HEED_INT64, 1);
  int32_t *topic = host->column(host, said, "topic", HEED_INT32, 1);
  int8_t *choice = host->column(host, said, "choice", HEED_INT8, 1);
  int8_t *left = host->column(host, said, "left", HEED_INT8, 1);
  size_t *first = host->allocate(host, 4, sizeof *first);
  for (size_t j = 0; j < 3; j++) {
    history_make(&self->users[j], j, true);
    for (size_t i = 0; i < EACH; i++) {
      const size_t row = j * EACH + i;
      user[row] = (int64_t)j;
      pair[row] = (int64_t)row;
      p[row] = self->users[j].p[i];
      turn[row] = self->users[j].turn[i];
      topic[row] = self->users[j].topic[i];
      choice[row] = self->users[j].choice[i];
      left[row] = HEED_LEFT_UNKNOWN;
    }
    first[j + 1] = (j + 1) * EACH;
  }
  self->world = (heed_world){.size = sizeof self->world, .pairs = pairs};
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = host->table(host, "users", 3),
                             .annotations = said,
                             .first = first};
}

static const double log_weight[NODES] = {-1.4, -1.1, -1.5, -1.6};

static heed_status fill(const scene *self, const heed_instance *instance,
                        const double *phi, bool by_annotation, bool own_label,
                        heed_posterior *posterior) {
  const heed_host *host = &bench.host.host;
  static attention_histories all;
  *posterior = (heed_posterior){.size = sizeof *posterior};
  assert_int_equal(
      histories_make(host, &self->crowd, instance, NAN, &all, &bench.error),
      HEED_OK);
  double *likelihood =
      host->allocate(host, all.group_count * NODES, sizeof *likelihood);
  assert_int_equal(histories_likelihood(&all, host, phi, NODES, nodes,
                                        likelihood, &bench.error),
                   HEED_OK);
  const node_posterior source = {.histories = &all,
                                 .phi = phi,
                                 .node_count = NODES,
                                 .nodes = nodes,
                                 .log_weight = log_weight,
                                 .log_likelihood = likelihood,
                                 .by_annotation = by_annotation,
                                 .own_label = own_label};
  return node_posterior_fill(&source, host, posterior, &bench.error);
}

/* Sums over nodes and paths: what is expected of eta and of attention to i. */
static void expected_of(const kind *model, const attention_history *history,
                        double phi, size_t i, size_t excluded, double *eta,
                        double *attention) {
  double sum = 0;
  *eta = *attention = 0;
  for (size_t k = 0; k < NODES; k++) {
    double attended;
    const double here =
        exp(log_weight[k]) *
        by_paths(model, history, phi, nodes[k], i, excluded, &attended);
    sum += here;
    *eta += here * nodes[k];
    *attention += exp(log_weight[k]) * attended;
  }
  *eta /= sum;
  *attention /= sum;
}

static void check_by_paths(const kind *model, const heed_instance *instance,
                           const double *fitted, double phi) {
  scene self;
  heed_posterior by_user, blind, told;
  scene_open(&self);
  assert_int_equal(fill(&self, instance, fitted, false, false, &by_user),
                   HEED_OK);
  assert_int_equal(fill(&self, instance, fitted, true, false, &blind), HEED_OK);
  assert_int_equal(fill(&self, instance, fitted, true, true, &told), HEED_OK);
  assert_int_equal(by_user.units, 3);
  assert_int_equal(blind.unit, HEED_BY_ANNOTATION);
  assert_int_equal(blind.units, 3 * EACH);
  for (size_t row = 0; row < 3 * EACH; row++) {
    const attention_history *user = &self.users[row / EACH];
    const size_t i = row % EACH;
    double eta, attention;
    expected_of(model, user, phi, i, i, &eta, &attention);
    assert_near(by_user.left_out[row], eta, 1e-12);
    assert_near(blind.mean[row], attention, 1e-12);
    assert_near(blind.left_out[row], attention, 1e-12);
    assert_near(told.left_out[row], attention, 1e-12);
    expected_of(model, user, phi, i, EACH, &eta, &attention);
    assert_near(by_user.mean[row / EACH], eta, 1e-12);
    assert_near(told.mean[row], attention, 1e-12);
    assert_near(told.sd[row], sqrt(attention * (1 - attention)), 1e-12);
  }
}

static void posteriors_by_annotation_are_sums_over_paths(void **state) {
  (void)state;
  for (size_t m = 0; m < KINDS; m++)
    for (size_t r = 0; r < 4; r++)
      check_by_paths(&kinds[m], made(kinds[m].name), &kinds[m].phi[r],
                     kinds[m].phi[r]);
}

/* It attends to each annotation by itself. */
static void the_papers_user_has_one_by_annotation_too(void **state) {
  (void)state;
  check_by_paths(&kinds[0], made("attentive"), NULL, 0);
}

/* p of 0 and 1: what was chosen is impossible if it was attended, and no
 * likelihood can be divided by. */
static void impossible_choices_were_not_attended_of(const kind *model) {
  const heed_instance *instance = made(model->name);
  const double phi = 0.6;
  heed_posterior told;
  scene self;
  scene_open(&self);
  double *p = heed_table_data(self.world.pairs, "p", HEED_FLOAT64);
  int8_t *choice = heed_table_data(self.crowd.annotations, "choice", HEED_INT8);
  choice[3] = self.users[0].choice[3] = HEED_CHOSE_B;
  p[3] = self.users[0].p[3] = 1;
  choice[5] = self.users[0].choice[5] = HEED_CHOSE_A;
  p[5] = self.users[0].p[5] = 0;
  assert_int_equal(fill(&self, instance, &phi, true, true, &told), HEED_OK);
  assert_near(told.mean[3], 0, 0);
  assert_near(told.mean[5], 0, 0);
  for (size_t i = 0; i < EACH; i++) {
    double eta, attention;
    expected_of(model, &self.users[0], phi, i, i, &eta, &attention);
    assert_near(((const heed_posterior *)told.state)->left_out[i], eta, 1e-12);
    assert_near(told.left_out[i], attention, 1e-12);
  }
}

static void impossible_choices_were_not_attended(void **state) {
  (void)state;
  for (size_t m = 0; m < KINDS; m++)
    impossible_choices_were_not_attended_of(&kinds[m]);
}

static void a_model_that_goes_below_zero_has_no_attention(void **state) {
  heed_posterior posterior;
  scene self;
  (void)state;
  scene_open(&self);
  assert_int_equal(
      fill(&self, made("adversarial"), NULL, true, false, &posterior),
      HEED_UNSUPPORTED);
  assert_non_null(strstr(bench.error.message,
                         "the user model adversarial does not say which"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_historys_likelihood_is_a_sum_over_paths),
      TEST(attention_is_that_of_paths_given_the_others),
      TEST(without_memory_it_is_the_papers_user),
      TEST(simulated_without_memory_they_choose_alike),
      TEST(histories_are_simulated_as_often_as_they_are_likely),
      TEST(topics_are_integrals_over_a_beta),
      TEST(topics_must_be_there),
      TEST(posteriors_by_annotation_are_sums_over_paths),
      TEST(the_papers_user_has_one_by_annotation_too),
      TEST(impossible_choices_were_not_attended),
      TEST(a_model_that_goes_below_zero_has_no_attention),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
