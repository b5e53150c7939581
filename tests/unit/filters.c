/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filters, on posteriors made by hand. */
#include "../support/workbench.h"

/* Four users with 3, 1, 4 and 2 annotations; eta-hat 0.2, 0.9, 0.6, 0.6. */
enum { USERS = 4, ANNOTATIONS = 10, TOPICS = 2 };
static const int64_t user_of[ANNOTATIONS] = {0, 0, 0, 1, 2, 2, 2, 2, 3, 3};
static const int32_t topic_of[ANNOTATIONS] = {0, 1, 1, 0, 0, 1, 0, 1, 1, 1};
static const double eta_hat[USERS] = {0.2, 0.9, 0.6, 0.6};

typedef struct setting {
  test_workbench bench;
  heed_world world;
  heed_crowd crowd;
  heed_posterior posterior;
  heed_selection selection;
  size_t first[USERS + 1];
  double mean[ANNOTATIONS], sd[ANNOTATIONS];
  double weight[ANNOTATIONS], eta[ANNOTATIONS];
} setting;

static void open(setting *self, uint64_t seed) {
  memset(self, 0, sizeof *self);
  workbench_open(&self->bench, seed);
  const heed_host *host = &self->bench.host.host;
  heed_table *users = host->table(host, "users", USERS);
  heed_table *annotations = host->table(host, "annotations", ANNOTATIONS);
  int64_t *user = host->column(host, annotations, "user", HEED_INT64, 1);
  int32_t *topic = host->column(host, annotations, "topic", HEED_INT32, 1);
  memcpy(user, user_of, sizeof user_of);
  memcpy(topic, topic_of, sizeof topic_of);
  for (size_t i = 0; i < ANNOTATIONS; i++) {
    self->first[user_of[i] + 1] = i + 1;
    self->weight[i] = 1.0;
    self->eta[i] = eta_hat[user_of[i]];
  }
  self->crowd = (heed_crowd){.size = sizeof self->crowd,
                             .world = &self->world,
                             .users = users,
                             .annotations = annotations,
                             .first = self->first};
  memcpy(self->mean, eta_hat, sizeof eta_hat);
  self->posterior = (heed_posterior){.size = sizeof self->posterior,
                                     .unit = HEED_BY_USER,
                                     .units = USERS,
                                     .mean = self->mean,
                                     .sd = self->sd};
  self->selection = (heed_selection){.size = sizeof self->selection,
                                     .count = ANNOTATIONS,
                                     .weight = self->weight,
                                     .eta = self->eta,
                                     .left_out = self->eta,
                                     .casual = self->eta};
}

static heed_status apply(setting *self, const char *name,
                         const char *parameters) {
  const heed_instance *filter =
      workbench_make(&self->bench, HEED_FILTER, name, parameters);
  const heed_filter_functions *functions = filter->plugin->functions;
  for (size_t i = 0; i < ANNOTATIONS; i++) self->weight[i] = 1.0;
  return functions->select(filter->self, &self->bench.host.host, &self->crowd,
                           &self->posterior, &self->selection,
                           &self->bench.error);
}

/* kept: a '1' for each annotation that has weight 1, a '0' for weight 0. */
static void expect_kept(setting *self, const char *name, const char *parameters,
                        const char *kept) {
  char found[ANNOTATIONS + 1] = {0};
  assert_int_equal(apply(self, name, parameters), HEED_OK);
  for (size_t i = 0; i < ANNOTATIONS; i++)
    found[i] = self->weight[i] == 1.0   ? '1'
               : self->weight[i] == 0.0 ? '0'
                                        : '?';
  assert_string_equal(found, kept);
}

static size_t count_kept(const setting *self) {
  size_t kept = 0;
  for (size_t i = 0; i < ANNOTATIONS; i++) kept += self->weight[i] > 0.0;
  return kept;
}

static void none_keeps_everything(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  expect_kept(&self, "none", "{}", "1111111111");
  workbench_close(&self.bench);
}

static void top_keeps_a_share_of_users(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  expect_kept(&self, "top", "{\"share\": 0.25}", "0001000000");
  assert_near(self.bench.output[0], 0.9, 0.0);
  /* users 2 and 3 are equal: the lower goes first */
  expect_kept(&self, "top", "{\"share\": 0.5}", "0001111100");
  assert_near(self.bench.output[0], 0.6, 0.0);
  expect_kept(&self, "top", "{\"share\": 1}", "1111111111");
  workbench_close(&self.bench);
}

static void rounding_does_not_rank_users(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  self.mean[3] = nextafter(0.6, 1);
  expect_kept(&self, "top", "{\"share\": 0.5}", "0001111100");
  self.mean[3] = 0.6 + 1e-9;
  expect_kept(&self, "top", "{\"share\": 0.5}", "0001000011");
  workbench_close(&self.bench);
}

static void top_by_labels_keeps_exactly_the_share_of_labels(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  expect_kept(&self, "top", "{\"share\": 0.1, \"by\": \"labels\"}",
              "0001000000");
  expect_kept(&self, "top", "{\"share\": 0.4, \"by\": \"labels\"}",
              "0001111000");
  expect_kept(&self, "top", "{\"share\": 0.9, \"by\": \"labels\"}",
              "1101111111");
  for (int tenths = 1; tenths <= 10; tenths++) {
    char parameters[64];
    (void)snprintf(parameters, sizeof parameters,
                   "{\"share\": %g, \"by\": \"labels\"}", tenths / 10.0);
    assert_int_equal(apply(&self, "top", parameters), HEED_OK);
    assert_int_equal(count_kept(&self), tenths);
  }
  workbench_close(&self.bench);
}

static void users_without_annotations_are_no_share_of_users(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  int64_t *user = heed_table_data(self.crowd.annotations, "user", HEED_INT64);
  user[3] = 2; /* user 1, the best, says nothing any more */
  expect_kept(&self, "top", "{\"share\": 0.34}", "0001111100");
  workbench_close(&self.bench);
}

static void random_by_labels_keeps_as_many_as_top(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed < 20; seed++) {
    setting self;
    open(&self, seed);
    assert_int_equal(
        apply(&self, "random", "{\"share\": 0.6, \"by\": \"labels\"}"),
        HEED_OK);
    assert_int_equal(count_kept(&self), 6);
    workbench_close(&self.bench);
  }
}

static void random_draws_every_user_about_equally_often(void **state) {
  (void)state;
  size_t drawn[USERS] = {0};
  for (uint64_t seed = 1; seed <= 400; seed++) {
    setting self;
    open(&self, seed);
    assert_int_equal(apply(&self, "random", "{\"share\": 0.5}"), HEED_OK);
    for (size_t u = 0; u < USERS; u++)
      drawn[u] += self.weight[self.first[u + 1] - 1] > 0.0;
    workbench_close(&self.bench);
  }
  /* binomial(400, 1/2) has sd 10: four of them */
  for (size_t u = 0; u < USERS; u++) assert_in_range(drawn[u], 160, 240);
}

static void random_keeps_the_same_users_when_asked_twice(void **state) {
  (void)state;
  setting self;
  double earlier[ANNOTATIONS];
  open(&self, 5);
  assert_int_equal(apply(&self, "random", "{\"share\": 0.5}"), HEED_OK);
  memcpy(earlier, self.weight, sizeof earlier);
  assert_int_equal(apply(&self, "random", "{\"share\": 0.5}"), HEED_OK);
  assert_memory_equal(earlier, self.weight, sizeof earlier);
  workbench_close(&self.bench);
}

static void cutoff_keeps_those_at_the_threshold(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  expect_kept(&self, "cutoff", "{\"threshold\": 0.6}", "0001111111");
  expect_kept(&self, "cutoff", "{\"threshold\": 0.61}", "0001000000");
  expect_kept(&self, "cutoff", "{\"threshold\": 2}", "0000000000");
  workbench_close(&self.bench);
}

static void confident_reads_the_mass_on_nodes(void **state) {
  (void)state;
  setting self;
  double nodes[3] = {0.2, 0.5, 0.8};
  double mass[6] = {0.1, 0.05, 0.85, 0.05, 0.0, 0.95};
  size_t row[USERS] = {0, 1, 0, 1};
  open(&self, 1);
  self.posterior.node_count = 3;
  self.posterior.row_count = 2;
  self.posterior.nodes = nodes;
  self.posterior.mass = mass;
  self.posterior.row = row;
  expect_kept(&self, "confident", "{\"threshold\": 0.5, \"confidence\": 0.9}",
              "0001000011");
  expect_kept(&self, "confident", "{\"threshold\": 0.5, \"confidence\": 0.85}",
              "1111111111");
  expect_kept(&self, "confident", "{\"threshold\": 0.4, \"confidence\": 0.9}",
              "1111111111");
  workbench_close(&self.bench);
}

/* P(eta > 0.5) = Phi((mean - 0.5) / sd): with sd 0.1 that is 0.9987 at 0.8 and
 * 0.8413 at 0.6. */
static void confident_without_nodes_takes_the_posterior_for_normal(
    void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  self.mean[1] = 0.8;
  for (size_t u = 0; u < USERS; u++) self.sd[u] = 0.1;
  expect_kept(&self, "confident",
              "{\"threshold\": 0.5, \"confidence\": 0.8414}", "0001000000");
  expect_kept(&self, "confident",
              "{\"threshold\": 0.5, \"confidence\": 0.8413}", "0001111111");
  workbench_close(&self.bench);
}

static void confident_takes_a_certain_posterior_at_its_word(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  expect_kept(&self, "confident", "{\"threshold\": 0.6, \"confidence\": 0.9}",
              "0001000000");
  workbench_close(&self.bench);
}

static void soft_weighs_by_a_power_of_eta(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  self.mean[0] = -0.3;
  assert_int_equal(apply(&self, "soft", "{\"power\": 2}"), HEED_OK);
  assert_near(self.weight[0], 0.0, 0.0);
  assert_near(self.weight[3], 0.81, 1e-15);
  assert_near(self.weight[9], 0.36, 1e-15);
  workbench_close(&self.bench);
}

static void posteriors_by_user_and_topic_filter_by_both(void **state) {
  (void)state;
  setting self;
  const double mean[USERS * TOPICS] = {0.9, 0.1, 0.2, 0.0, 0.3, 0.8, 0.0, 0.7};
  open(&self, 1);
  memcpy(self.mean, mean, sizeof mean);
  self.posterior.unit = HEED_BY_USER_TOPIC;
  self.posterior.topics = TOPICS;
  self.posterior.units = USERS * TOPICS;
  expect_kept(&self, "cutoff", "{\"threshold\": 0.5}", "1000010111");
  /* six units annotated: half of them are three */
  expect_kept(&self, "top", "{\"share\": 0.5}", "1000010111");
  workbench_close(&self.bench);
}

static void posteriors_by_annotation_filter_annotations(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  for (size_t i = 0; i < ANNOTATIONS; i++) self.mean[i] = (double)i / 10.0;
  self.posterior.unit = HEED_BY_ANNOTATION;
  self.posterior.units = ANNOTATIONS;
  expect_kept(&self, "top", "{\"share\": 0.3}", "0000000111");
  expect_kept(&self, "cutoff", "{\"threshold\": 0.5}", "0000011111");
  workbench_close(&self.bench);
}

static void posterior_of_another_crowd_is_refused(void **state) {
  (void)state;
  setting self;
  open(&self, 1);
  self.posterior.units = USERS + 1;
  assert_int_equal(apply(&self, "cutoff", "{\"threshold\": 0.5}"),
                   HEED_UNSUPPORTED);
  assert_non_null(strstr(self.bench.error.message, "5 units"));
  workbench_close(&self.bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(none_keeps_everything),
      cmocka_unit_test(top_keeps_a_share_of_users),
      cmocka_unit_test(rounding_does_not_rank_users),
      cmocka_unit_test(top_by_labels_keeps_exactly_the_share_of_labels),
      cmocka_unit_test(users_without_annotations_are_no_share_of_users),
      cmocka_unit_test(random_by_labels_keeps_as_many_as_top),
      cmocka_unit_test(random_draws_every_user_about_equally_often),
      cmocka_unit_test(random_keeps_the_same_users_when_asked_twice),
      cmocka_unit_test(cutoff_keeps_those_at_the_threshold),
      cmocka_unit_test(confident_reads_the_mass_on_nodes),
      cmocka_unit_test(confident_without_nodes_takes_the_posterior_for_normal),
      cmocka_unit_test(confident_takes_a_certain_posterior_at_its_word),
      cmocka_unit_test(soft_weighs_by_a_power_of_eta),
      cmocka_unit_test(posteriors_by_user_and_topic_filter_by_both),
      cmocka_unit_test(posteriors_by_annotation_filter_annotations),
      cmocka_unit_test(posterior_of_another_crowd_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
