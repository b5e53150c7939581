/* SPDX-License-Identifier: GPL-3.0-or-later
 * Stages: cells along a tree share what they can, failures stay under their
 * node, records hold what was reported. */
#include "stages/stages.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "../support/workbench.h"
#include "evaluation/evaluation.h"
#include "files/file.h"
#include "result/result.h"

#define OK(self, call)   \
  if ((call) != HEED_OK) \
  fail_msg("line %d: %s", __LINE__, (self)->error.message)

typedef struct sweep {
  host_registry *plugins;
  json_t *nodes, *points, *metrics;
  const char *keep;
  size_t replicates;
  heed_plan *plan;
  heed_stages *stages;
  heed_work *folder;
  char path[512]; /* of a result that is never written */
  atomic_bool cancel;
  bool cancel_at_posterior;
  size_t calls[PLAN_STAGE_COUNT]; /* stages announced */
  heed_error error;
} sweep;

static int set_up(void **state) {
  static const char *const files[] = {"small/small", "faulty/faulty",
                                      "told/told"};
  sweep *self = calloc(1, sizeof *self);
  OK(self, registry_create(true, &self->plugins, &self->error));
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/tests/plugins/%s.so", HEED_TEST_BUILD,
                   files[i]);
    OK(self, registry_load(self->plugins, path, NULL, &self->error));
  }
  self->nodes = json_array();
  self->points = json_array();
  self->metrics = json_array();
  self->keep = "[]";
  self->replicates = 2;
  *state = self;
  return 0;
}

static int tear_down(void **state) {
  sweep *self = *state;
  heed_error error;
  stages_free(self->stages);
  plan_free(self->plan);
  if (self->folder != NULL) (void)work_remove(self->folder, &error);
  json_decref(self->nodes);
  json_decref(self->points);
  json_decref(self->metrics);
  registry_free(self->plugins);
  free(self);
  return 0;
}

/* ---- plans ---- */

static size_t add(sweep *self, plan_stage stage, size_t parent, json_t *spec,
                  bool costly) {
  const size_t position = json_array_size(self->nodes);
  char key[PLAN_KEY_SIZE];
  (void)snprintf(key, sizeof key, "%064zx", position + 1);
  (void)json_array_append_new(
      self->nodes,
      json_pack(
          "{s:s, s:o, s:s, s:b, s:o}", "stage", plan_stage_name(stage),
          "parent",
          parent == SIZE_MAX ? json_null() : json_integer((json_int_t)parent),
          "key", key, "costly", costly, "spec", spec));
  return position;
}

/* A node of a plugin, given as "kind/name" with its parameters as JSON. */
static size_t add_plugin(sweep *self, plan_stage stage, size_t parent,
                         heed_kind kind, const char *name,
                         const char *parameters) {
  const heed_plugin *plugin = registry_find(self->plugins, kind, name, NULL);
  json_t *given = json_loads(parameters, 0, NULL), *resolved = NULL;
  char full[64];
  assert_non_null(plugin);
  OK(self,
     schema_resolve(self->plugins, plugin->parameters, plugin->parameter_count,
                    given, ".", name, &resolved, &self->error));
  json_decref(given);
  (void)snprintf(full, sizeof full, "%s/%s", kind_name(kind), name);
  return add(self, stage, parent,
             json_pack("{s:s, s:o}", "plugin", full, "parameters", resolved),
             (plugin->flags & HEED_COSTLY) != 0);
}

static size_t add_record(sweep *self, plan_stage stage, size_t parent,
                         const heed_parameter *schema, size_t count,
                         const char *text) {
  json_t *given = json_loads(text, 0, NULL), *resolved = NULL;
  OK(self, schema_resolve(self->plugins, schema, count, given, ".", "record",
                          &resolved, &self->error));
  json_decref(given);
  return add(self, stage, parent, resolved, false);
}

static size_t add_source(sweep *self, const char *name,
                         const char *parameters) {
  return add_plugin(self, PLAN_WORLD, SIZE_MAX, HEED_SOURCE, name, parameters);
}

static size_t add_users(sweep *self, size_t parent, const char *users) {
  return add_record(self, PLAN_ANNOTATIONS, parent, stages_users,
                    stages_user_count, users);
}

static size_t add_estimator(sweep *self, size_t parent, const char *name,
                            const char *parameters) {
  return add_plugin(self, PLAN_POSTERIOR, parent, HEED_ESTIMATOR, name,
                    parameters);
}

/* The last stage of a point. */
static void add_leaf(sweep *self, size_t parent) {
  const size_t leaf =
      add_record(self, PLAN_EVALUATION, parent, evaluation_schema,
                 evaluation_schema_count, "{\"kl\": [0.1]}");
  (void)json_array_append_new(
      self->points,
      json_pack("{s:[I], s:I}", "at", (json_int_t)json_array_size(self->points),
                "leaf", (json_int_t)leaf));
}

static void add_metric(sweep *self, const char *name) {
  (void)json_array_append_new(
      self->metrics,
      json_pack("{s:s, s:s, s:[]}", "name", name, "doc", "", "dimensions"));
}

static json_t *plugins_of(const sweep *self) {
  json_t *all = json_array();
  for (size_t i = 0; i < registry_count(self->plugins); i++) {
    const host_plugin_file *file;
    const heed_plugin *plugin = registry_at(self->plugins, i, &file);
    (void)json_array_append_new(
        all,
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", kind_name(plugin->kind),
                  "name", plugin->name, "version", plugin->version, "file",
                  file->path, "sha256", file->sha256));
  }
  return all;
}

static void announce(void *context, size_t cell, plan_stage stage) {
  sweep *self = context;
  (void)cell;
  self->calls[stage]++;
  if (stage == PLAN_POSTERIOR && self->cancel_at_posterior)
    atomic_store(&self->cancel, true);
}

/* Makes the plan of the nodes so far, and stages that run it. */
static void start(sweep *self) {
  const stages_options options = {.work = self->folder,
                                  .cancel = &self->cancel,
                                  .context = self,
                                  .announce = announce};
  const json_int_t points = (json_int_t)json_array_size(self->points);
  json_t *labels = json_array(), *whole;
  char *text;
  for (json_int_t i = 0; i < points; i++)
    (void)json_array_append_new(labels, json_real((double)i));
  whole = json_pack(
      "{s:i, s:s, s:s, s:i, s:I, s:i, s:o, s:{s:s, s:s, s:[]}, s:o, s:[],"
      " s:[{s:s, s:o, s:[]}], s:[], s:O, s:O, s:O}",
      "heed_plan", 1, "heed", HEED_VERSION, "title", "Stages", "seed", 11,
      "replicates", (json_int_t)self->replicates, "blas_threads", 1, "keep",
      json_loads(self->keep, 0, NULL), "sweep", "file", "/sweep.lua", "text",
      "", "set", "plugins", plugins_of(self), "inputs", "axes", "name", "axis",
      "numbers", labels, "tied", "dimensions", "metrics", self->metrics,
      "nodes", self->nodes, "points", self->points);
  assert_non_null(whole);
  text = json_dumps(whole, JSON_COMPACT);
  json_decref(whole);
  OK(self, plan_parse(text, strlen(text), &self->plan, &self->error));
  free(text);
  OK(self, stages_create(self->plan, self->plugins, &options, &self->stages,
                         &self->error));
}

/* The same plan by new stages, which have run nothing. */
static void start_again(sweep *self) {
  stages_free(self->stages);
  plan_free(self->plan);
  memset(self->calls, 0, sizeof self->calls);
  start(self);
}

/* ---- cells ---- */

static heed_record *run(sweep *self, size_t cell) {
  heed_record *made = record_create(self->plan, cell);
  assert_non_null(made);
  OK(self, stages_run(self->stages, cell, made, &self->error));
  return made;
}

static double value_of(const sweep *self, const heed_record *record,
                       const char *name) {
  for (size_t i = 0; i < self->plan->metric_count; i++)
    if (strcmp(self->plan->metrics[i].name, name) == 0)
      return record->values[self->plan->metrics[i].offset];
  fail_msg("no metric %s", name);
  return NAN;
}

static void expect_failure(sweep *self, size_t cell, plan_stage stage,
                           const char *plugin, const char *said) {
  heed_record *made = run(self, cell);
  assert_int_equal(made->status, RECORD_FAILED);
  assert_int_equal(made->stage, stage);
  assert_string_equal(made->plugin, plugin);
  if (strstr(made->message, said) == NULL)
    fail_msg("expected \"%s\" in: %s", said, made->message);
  record_free(made);
}

#define SMALL_USERS                                       \
  "{\"count\": 2, \"annotations\": 4, \"holdout\": 0.25," \
  " \"attentiveness\": \"level\", \"model\": \"chooser\"}"

/* A world, its users, two estimators with three filters each. */
static void make_tree(sweep *self) {
  const size_t world = add_source(self, "small", "{\"pairs\": 8}");
  const size_t users = add_users(self, world, SMALL_USERS);
  for (int i = 0; i < 2; i++) {
    const size_t posterior = add_estimator(self, users, "faulty", "{}");
    for (int j = 0; j < 3; j++) {
      const size_t selection = add_plugin(self, PLAN_SELECTION, posterior,
                                          HEED_FILTER, "faulty", "{}");
      add_leaf(self, selection);
    }
  }
  add_metric(self, "source_draw");
  add_metric(self, "estimator_draw");
  add_metric(self, "filter_draw");
  add_metric(self, "eta_rmse");
  start(self);
}

/* Depth first, as workers run them: a replicate of all points at a time. */
static void cells_that_share_a_prefix_share_its_work(void **state) {
  sweep *self = *state;
  make_tree(self);
  for (size_t replicate = 0; replicate < 2; replicate++)
    for (size_t point = 0; point < 6; point++) {
      heed_record *made = run(self, point * 2 + replicate);
      assert_int_equal(made->status, RECORD_DONE);
      assert_true((made->seconds[PLAN_WORLD] > 0) == (point == 0));
      assert_true((made->seconds[PLAN_POSTERIOR] > 0) == (point % 3 == 0));
      assert_true(made->seconds[PLAN_EVALUATION] > 0);
      assert_true(isnan(made->seconds[PLAN_POLICY]));
      record_free(made);
    }
  assert_int_equal(self->calls[PLAN_WORLD], 2);
  assert_int_equal(self->calls[PLAN_ANNOTATIONS], 2);
  assert_int_equal(self->calls[PLAN_POSTERIOR], 4);
  assert_int_equal(self->calls[PLAN_SELECTION], 12);
  assert_int_equal(self->calls[PLAN_POLICY], 0);
  assert_int_equal(self->calls[PLAN_EVALUATION], 12);
}

static void cells_do_not_depend_on_the_order_they_run_in(void **state) {
  sweep *self = *state;
  heed_record *forward[12];
  make_tree(self);
  for (size_t cell = 0; cell < 12; cell++) forward[cell] = run(self, cell);
  start_again(self);
  for (size_t cell = 12; cell-- > 0;) {
    heed_record *made = run(self, cell);
    assert_memory_equal(made->values, forward[cell]->values,
                        self->plan->value_count * sizeof(double));
    record_free(made);
    record_free(forward[cell]);
  }
}

static void reports_stand_under_their_names(void **state) {
  sweep *self = *state;
  heed_record *first, *second;
  make_tree(self);
  first = run(self, 0);
  second = run(self, 1); /* the other replicate */
  assert_true(value_of(self, first, "source_draw") > 0);
  assert_true(value_of(self, first, "estimator_draw") > 0);
  assert_true(value_of(self, first, "eta_rmse") > 0);
  assert_true(value_of(self, first, "source_draw") !=
              value_of(self, second, "source_draw"));
  record_free(first);
  record_free(second);
}

/* What an earlier cell reported must not shine through. */
static void what_is_not_reported_is_nan(void **state) {
  sweep *self = *state;
  const size_t world = add_source(self, "small", "{\"pairs\": 8}");
  const size_t users = add_users(self, world, SMALL_USERS);
  heed_record *made;
  add_leaf(self, add_estimator(self, users, "faulty", "{}"));
  add_leaf(self, add_estimator(self, users, "empty", "{}"));
  add_metric(self, "estimator_draw");
  start(self);
  made = run(self, 0);
  assert_true(!isnan(value_of(self, made, "estimator_draw")));
  record_free(made);
  made = run(self, 2);
  assert_true(isnan(value_of(self, made, "estimator_draw")));
  record_free(made);
}

/* ---- failures ---- */

static void a_node_that_failed_fails_the_cells_under_it_without_a_rerun(
    void **state) {
  sweep *self = *state;
  const size_t world = add_source(self, "small", "{\"pairs\": 8}");
  const size_t users = add_users(self, world, SMALL_USERS);
  const size_t bad =
      add_estimator(self, users, "faulty", "{\"fault\": \"error\"}");
  heed_record *made;
  add_leaf(self, bad);
  add_leaf(self, bad);
  add_leaf(self, add_estimator(self, users, "faulty", "{}"));
  start(self);
  expect_failure(self, 0, PLAN_POSTERIOR, "estimator/faulty",
                 "faulty.so: the matrix is not definite");
  expect_failure(self, 2, PLAN_POSTERIOR, "estimator/faulty",
                 "faulty.so: the matrix is not definite");
  assert_int_equal(self->calls[PLAN_POSTERIOR], 1);
  assert_int_equal(self->calls[PLAN_EVALUATION], 0);
  made = run(self, 4);
  assert_int_equal(made->status, RECORD_DONE);
  assert_int_equal(self->calls[PLAN_WORLD], 1);
  record_free(made);
}

static void faults_of_an_estimator_are_named(void **state) {
  static const char *const faults[][2] = {
      {"nan", "mean[0] is"},
      {"infinite", "its output \"draw\" is inf"},
      {"wrong_counts", "a posterior of 3 units, expected 2"},
      {"silent", "failed without a message"},
      {"quits", "it had enough"}};
  sweep *self = *state;
  const size_t world = add_source(self, "small", "{\"pairs\": 8}");
  const size_t users = add_users(self, world, SMALL_USERS);
  for (size_t i = 0; i < 5; i++) {
    char parameters[64];
    (void)snprintf(parameters, sizeof parameters, "{\"fault\": \"%s\"}",
                   faults[i][0]);
    add_leaf(self, add_estimator(self, users, "faulty", parameters));
  }
  add_metric(self, "estimator_draw");
  start(self);
  for (size_t i = 0; i < 5; i++)
    expect_failure(self, 2 * i, PLAN_POSTERIOR, "estimator/faulty",
                   faults[i][1]);
}

static void told_users(char *text, size_t size, double point, int choice) {
  (void)snprintf(text, size,
                 "{\"count\": 2, \"annotations\": 4, \"holdout\": 0.25,"
                 " \"attentiveness\": {\"plugin\": \"distribution/told\","
                 " \"parameters\": {\"at\": %g}}, \"model\": {\"plugin\":"
                 " \"user_model/told\", \"parameters\": {\"choice\": %d}}}",
                 point, choice);
}

static void the_users_stage_blames_the_plugin_it_called(void **state) {
  static const struct {
    double point;
    int choice;
    const char *plugin, *said;
  } all[] = {
      {-5, 1, "distribution/told", "attentiveness of user 0 is nan"},
      {1.5, 1, "distribution/told",
       "draws attentiveness 1.5 for user 0, but the user model told expects "
       "it within [0, 1]"},
      {0.5, 7, "user_model/told", "choice 0 of user 0 is 7"}};
  sweep *self = *state;
  const size_t world = add_source(self, "told", "{}");
  for (size_t i = 0; i < 3; i++) {
    char users[512];
    told_users(users, sizeof users, all[i].point, all[i].choice);
    add_leaf(self,
             add_estimator(self, add_users(self, world, users), "told", "{}"));
  }
  add_leaf(self,
           add_estimator(self, add_users(self, world, "{}"), "told", "{}"));
  start(self);
  for (size_t i = 0; i < 3; i++)
    expect_failure(self, 2 * i, PLAN_ANNOTATIONS, all[i].plugin, all[i].said);
  expect_failure(self, 6, PLAN_ANNOTATIONS, "", "users.count: is missing");
}

/* A told world with its users, an estimator and a trainer, and a leaf. */
static void add_told(sweep *self, const char *source, const char *estimator,
                     const char *trainer) {
  char users[512];
  told_users(users, sizeof users, 0.5, 1);
  const size_t world = add_source(self, "told", source);
  const size_t posterior =
      add_estimator(self, add_users(self, world, users), "told", estimator);
  add_leaf(self, add_plugin(self, PLAN_POLICY, posterior, HEED_TRAINER, "told",
                            trainer));
}

static void evaluation_blames_the_plugin_it_called(void **state) {
  sweep *self = *state;
  add_told(self, "{\"say\": \"reward\"}", "{}", "{}");
  add_told(self, "{\"say\": \"reference\"}", "{}", "{}");
  add_told(self, "{}", "{\"probability\": 1.5}", "{}");
  add_told(self, "{}", "{}", "{\"chance\": -0.5}");
  add_told(self, "{}", "{}", "{\"chance\": 1.5}");
  add_told(self, "{}", "{}", "{\"refines\": true, \"sized\": false}");
  add_metric(self, "held_out_log_loss");
  add_metric(self, "win_rate");
  start(self);
  expect_failure(self, 0, PLAN_WORLD, "source/told",
                 "candidate 0 of prompt 1 has reward nan");
  expect_failure(self, 2, PLAN_WORLD, "source/told",
                 "over the candidates of prompt 1 sum to 1.5, expected 1");
  expect_failure(self, 4, PLAN_EVALUATION, "estimator/told",
                 "told.so: predict() gave 1.5");
  expect_failure(self, 6, PLAN_EVALUATION, "trainer/told",
                 "the policy's probabilities over the candidates of prompt 1");
  expect_failure(self, 8, PLAN_POLICY, "trainer/told", "a chance above 1");
  expect_failure(self, 10, PLAN_POLICY, "trainer/told",
                 "the refined posterior's size is 0 bytes, expected "
                 "sizeof(heed_posterior)");
}

static void warnings_of_a_stage_that_failed_are_kept(void **state) {
  sweep *self = *state;
  heed_record *made;
  add_told(self, "{}", "{}", "{\"chance\": 1.5}");
  start(self);
  made = run(self, 0);
  assert_int_equal(made->status, RECORD_FAILED);
  assert_int_equal(made->warning_count, 1);
  assert_string_equal(made->warnings[0].code, "told");
  record_free(made);
}

/* ---- what passes between stages ---- */

static void only_those_who_may_are_shown_the_truth(void **state) {
  sweep *self = *state;
  const size_t world = add_source(self, "small", "{\"pairs\": 8}");
  const size_t users = add_users(self, world,
                                 "{\"count\": 2, \"annotations\": 4,"
                                 " \"attentiveness\": \"level\","
                                 " \"model\": \"chooser\"}");
  heed_record *told, *seer;
  add_leaf(self, add_estimator(self, users, "told", "{}"));
  add_leaf(self, add_estimator(self, users, "seer", "{}"));
  add_metric(self, "estimator_sees_truth");
  start(self);
  told = run(self, 0);
  seer = run(self, 2);
  assert_true(value_of(self, told, "estimator_sees_truth") == 0);
  assert_true(value_of(self, seer, "estimator_sees_truth") == 1);
  record_free(told);
  record_free(seer);
}

static heed_table *kept(const heed_record *record, const char *name) {
  for (size_t i = 0; i < record->kept_count; i++)
    if (strcmp(record->kept[i]->name, name) == 0) return record->kept[i];
  fail_msg("no table %s is kept", name);
  return NULL;
}

static void what_keep_asks_for_stands_in_the_record(void **state) {
  sweep *self = *state;
  heed_record *made;
  self->keep = "[\"users\", \"trace\", \"policy\"]";
  add_told(self, "{}", "{}", "{}");
  start(self);
  made = run(self, 0);
  assert_int_equal(made->kept_count, 3);
  const heed_table *users = kept(made, "users"), *trace = kept(made, "trace");
  const int64_t *count = heed_table_data(users, "annotations", HEED_INT64);
  const double *eta = heed_table_data(users, "eta", HEED_FLOAT64);
  const char **series = heed_table_data(trace, "series", HEED_STRING);
  const int64_t *step = heed_table_data(trace, "step", HEED_INT64);
  assert_int_equal(users->rows, 2);
  assert_int_equal(count[1], 3);
  assert_true(eta[1] == 0.5);
  assert_int_equal(trace->rows, 2);
  assert_string_equal(series[0], "objective");
  assert_int_equal(step[0], 3);
  assert_string_equal(series[1], "loss");
  assert_int_equal(kept(made, "policy")->rows, 2);
  record_free(made);
}

/* Without a filter all that is seen is selected.  This world has no texts; the
 * two users of the told model choose A, three times each. */
static void a_kept_selection_says_who_chose_what_at_which_weight(void **state) {
  sweep *self = *state;
  heed_record *made;
  self->keep = "[\"selection\"]";
  add_told(self, "{}", "{}", "{}");
  start(self);
  made = run(self, 0);
  const heed_table *selection = kept(made, "selection");
  const int64_t *user = heed_table_data(selection, "user", HEED_INT64);
  const int8_t *choice = heed_table_data(selection, "choice", HEED_INT8);
  const double *weight = heed_table_data(selection, "weight", HEED_FLOAT64);
  const double *eta = heed_table_data(selection, "eta_hat", HEED_FLOAT64);
  assert_int_equal(selection->rows, 6);
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(user[i], i / 3);
    assert_int_equal(choice[i], HEED_CHOSE_A);
    assert_true(weight[i] == 1);
    assert_true(eta[i] == 0.5);
  }
  assert_non_null(heed_table_data(selection, "pair", HEED_INT64));
  assert_null(heed_table_column(selection, "chosen"));
  record_free(made);
}

/* Users of the told model choose A always; the policy has scale 1/2 and
 * probabilities 3/4 and 1/4 where the reference has 1/2. */
static void a_policy_is_evaluated_against_its_world(void **state) {
  static const char *const names[] = {"win_rate",        "kl_from_reference",
                                      "reward_score",    "held_out_log_loss",
                                      "policy_log_loss", "policy_accuracy",
                                      "label_accuracy"};
  sweep *self = *state;
  const double win = 1 / (1 + exp(-1)), implied = 0.5 * log(3);
  heed_record *made;
  add_told(self, "{}", "{}", "{}");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    add_metric(self, names[i]);
  start(self);
  made = run(self, 0);
  assert_near(value_of(self, made, "win_rate"),
              0.75 * (0.25 + 0.5 * win) + 0.25 * (0.25 + 0.5 * (1 - win)),
              1e-14);
  assert_near(value_of(self, made, "kl_from_reference"),
              0.75 * log(1.5) + 0.25 * log(0.5), 1e-14);
  assert_near(value_of(self, made, "reward_score"), 0.25, 1e-14);
  assert_near(value_of(self, made, "held_out_log_loss"), log(2), 1e-14);
  assert_near(value_of(self, made, "policy_log_loss"),
              -log(0.5 / (1 + exp(-implied)) + 0.25), 1e-14);
  assert_near(value_of(self, made, "policy_accuracy"), 1, 0);
  assert_near(value_of(self, made, "label_accuracy"), 1, 0);
  record_free(made);
}

/* ---- costly stages ---- */

static size_t bytes_of(const char *path) {
  FILE *file = fopen(path, "rb");
  size_t count = 0;
  while (file != NULL && fgetc(file) != EOF) count++;
  if (file != NULL) (void)fclose(file);
  return count;
}

static void expect_same_column(const heed_column *a, const heed_column *b,
                               size_t rows) {
  assert_string_equal(a->name, b->name);
  assert_int_equal(a->type, b->type);
  assert_int_equal(a->width, b->width);
  if (a->type == HEED_STRING)
    for (size_t i = 0; i < rows * a->width; i++)
      assert_string_equal(((char **)a->data)[i], ((char **)b->data)[i]);
  else
    assert_memory_equal(a->data, b->data,
                        rows * a->width *
                            (a->type == HEED_FLOAT64 ? 8
                             : a->type == HEED_INT64 ? 8
                                                     : 4));
}

static void expect_same(const sweep *self, const heed_record *a,
                        const heed_record *b) {
  assert_memory_equal(a->values, b->values,
                      self->plan->value_count * sizeof(double));
  assert_int_equal(a->warning_count, b->warning_count);
  for (size_t i = 0; i < a->warning_count; i++)
    assert_string_equal(a->warnings[i].message, b->warnings[i].message);
  assert_int_equal(a->kept_count, b->kept_count);
  for (size_t i = 0; i < a->kept_count; i++) {
    assert_string_equal(a->kept[i]->name, b->kept[i]->name);
    assert_int_equal(a->kept[i]->rows, b->kept[i]->rows);
    assert_int_equal(a->kept[i]->column_count, b->kept[i]->column_count);
    for (size_t j = 0; j < a->kept[i]->column_count; j++)
      expect_same_column(&a->kept[i]->columns[j], &b->kept[i]->columns[j],
                         a->kept[i]->rows);
  }
}

/* A folder of this test alone; `made` counts trainings. */
static void open_folder(sweep *self, const char *name, char *made,
                        size_t size) {
  const char *temporary = getenv("TMPDIR");
  (void)snprintf(self->path, sizeof self->path, "%s/heed-%s-%ld.h5",
                 temporary == NULL ? "/tmp" : temporary, name, (long)getpid());
  (void)snprintf(made, size, "%s.made", self->path);
  (void)unlink(made);
  OK(self, work_open(self->path, &self->folder, &self->error));
}

static void a_costly_policy_is_trained_once_and_loaded_the_same(void **state) {
  sweep *self = *state;
  char made[600], parameters[700];
  heed_record *trained, *loaded;
  open_folder(self, "stages", made, sizeof made);
  (void)snprintf(parameters, sizeof parameters, "{\"made\": \"%s\"}", made);
  self->keep = "[\"users\", \"trace\", \"policy\"]";
  add_told(self, "{}", "{}", parameters);
  add_metric(self, "trainer_loss");
  add_metric(self, "win_rate");
  start(self);
  trained = run(self, 0);
  start_again(self);
  loaded = run(self, 0);
  assert_int_equal(bytes_of(made), 1);
  assert_true(value_of(self, loaded, "trainer_loss") == 0.1);
  assert_int_equal(loaded->warning_count, 1);
  expect_same(self, trained, loaded);
  record_free(run(self, 1)); /* another replicate trains anew */
  assert_int_equal(bytes_of(made), 2);
  record_free(trained);
  record_free(loaded);
  (void)unlink(made);
}

static size_t files_named(const char *folder, const char *end) {
  DIR *entries = opendir(folder);
  const struct dirent *entry;
  size_t count = 0;
  while (entries != NULL && (entry = readdir(entries)) != NULL) {
    const size_t length = strlen(entry->d_name), wanted = strlen(end);
    count +=
        length >= wanted && strcmp(entry->d_name + length - wanted, end) == 0;
  }
  if (entries != NULL) (void)closedir(entries);
  return count;
}

static void a_refined_posterior_is_saved_with_its_policy(void **state) {
  sweep *self = *state;
  char made[600], parameters[700];
  heed_record *trained, *loaded;
  open_folder(self, "refined", made, sizeof made);
  (void)snprintf(parameters, sizeof parameters,
                 "{\"made\": \"%s\", \"refines\": true}", made);
  self->keep = "[\"users\"]";
  add_told(self, "{}", "{}", parameters);
  add_metric(self, "refined_eta_rmse");
  start(self);
  trained = run(self, 0);
  assert_true(isfinite(value_of(self, trained, "refined_eta_rmse")));
  /* Its checkpoint went once it was done. */
  assert_int_equal(files_named(work_folder(self->folder), ".policy"), 1);
  assert_int_equal(files_named(work_folder(self->folder), ".checkpoint"), 0);
  start_again(self);
  loaded = run(self, 0);
  assert_int_equal(bytes_of(made), 1);
  expect_same(self, trained, loaded);
  record_free(trained);
  record_free(loaded);
  (void)unlink(made);
}

static void kept_policies_stay_beside_the_result(void **state) {
  sweep *self = *state;
  char made[600], parameters[700], folder[700], path[800];
  open_folder(self, "kept", made, sizeof made);
  (void)snprintf(folder, sizeof folder, "%s.policies", self->path);
  (void)snprintf(path, sizeof path, "%s/cell-1.policy", folder);
  (void)snprintf(parameters, sizeof parameters, "{\"made\": \"%s\"}", made);
  add_told(self, "{}", "{}", parameters);
  start(self);
  record_free(run(self, 1));
  OK(self,
     result_keep_policies(self->folder, self->path, self->plan, &self->error));
  assert_int_equal(files_named(folder, ".policy"), 0); /* nobody asked */
  self->keep = "[\"policy\"]";
  start_again(self);
  for (int turn = 0; turn < 2; turn++) /* a second time changes nothing */
    OK(self, result_keep_policies(self->folder, self->path, self->plan,
                                  &self->error));
  assert_int_equal(bytes_of(path), sizeof(double));
  assert_int_equal(files_named(folder, ""), 3); /* with . and .. */
  (void)unlink(path);
  (void)rmdir(folder);
  (void)unlink(made);
}

/* A resumed sweep may report more than the one that saved. */
static void costly_reports_keep_their_names_when_metrics_are_added(
    void **state) {
  sweep *self = *state;
  char made[600];
  heed_record *first, *second;
  open_folder(self, "metrics", made, sizeof made);
  add_leaf(
      self,
      add_estimator(self,
                    add_users(self, add_source(self, "saved", "{\"pairs\": 8}"),
                              SMALL_USERS),
                    "faulty", "{}"));
  add_metric(self, "source_draw");
  start(self);
  first = run(self, 0);
  const double drawn = value_of(self, first, "source_draw");
  json_array_clear(self->metrics);
  add_metric(self, "estimator_draw");
  add_metric(self, "source_draw");
  start_again(self);
  second = run(self, 0);
  assert_true(value_of(self, second, "source_draw") == drawn);
  assert_true(value_of(self, second, "estimator_draw") != drawn);
  record_free(first);
  record_free(second);
}

/* ---- cancellation ---- */

static void a_cancelled_cell_leaves_no_record_and_runs_again(void **state) {
  sweep *self = *state;
  const size_t world = add_source(self, "small", "{\"pairs\": 8}");
  const size_t users = add_users(self, world, SMALL_USERS);
  heed_record *made;
  add_leaf(self,
           add_estimator(self, users, "faulty", "{\"fault\": \"quits\"}"));
  start(self);
  self->cancel_at_posterior = true;
  made = record_create(self->plan, 0);
  assert_int_equal(stages_run(self->stages, 0, made, &self->error),
                   HEED_CANCELLED);
  record_free(made);
  self->cancel_at_posterior = false;
  atomic_store(&self->cancel, false);
  expect_failure(self, 0, PLAN_POSTERIOR, "estimator/faulty", "it had enough");
  assert_int_equal(self->calls[PLAN_WORLD], 1);
  assert_int_equal(self->calls[PLAN_POSTERIOR], 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(cells_that_share_a_prefix_share_its_work),
      TEST(cells_do_not_depend_on_the_order_they_run_in),
      TEST(reports_stand_under_their_names),
      TEST(what_is_not_reported_is_nan),
      TEST(a_node_that_failed_fails_the_cells_under_it_without_a_rerun),
      TEST(faults_of_an_estimator_are_named),
      TEST(the_users_stage_blames_the_plugin_it_called),
      TEST(evaluation_blames_the_plugin_it_called),
      TEST(warnings_of_a_stage_that_failed_are_kept),
      TEST(only_those_who_may_are_shown_the_truth),
      TEST(what_keep_asks_for_stands_in_the_record),
      TEST(a_kept_selection_says_who_chose_what_at_which_weight),
      TEST(a_policy_is_evaluated_against_its_world),
      TEST(a_costly_policy_is_trained_once_and_loaded_the_same),
      TEST(a_refined_posterior_is_saved_with_its_policy),
      TEST(kept_policies_stay_beside_the_result),
      TEST(costly_reports_keep_their_names_when_metrics_are_added),
      TEST(a_cancelled_cell_leaves_no_record_and_runs_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
