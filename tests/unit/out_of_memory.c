/* SPDX-License-Identifier: GPL-3.0-or-later
 * Plugins whose host refuses them memory: whichever allocation it is, they say
 * so in the same words.  Run it under AddressSanitizer or valgrind to see that
 * they leak nothing either. */
#include "../support/refusing.h"
/* After cmocka's. */
#include <hdf5.h>
#include <unistd.h>

#include "../support/overlapping.h"
#include "../support/scene.h"
#include "../support/tiny_file.h"

static char folder[64];

static const char *path_of(const char *name) {
  static char path[4][128];
  static size_t position;
  position = (position + 1) % 4;
  (void)snprintf(path[position], sizeof path[position], "%s/%s", folder, name);
  return path[position];
}

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
  assert_int_equal(fclose(file), 0);
}

static int set_up(void **state) {
  heed_error error;
  (void)state;
  (void)strcpy(folder, "/tmp/heed-out-of-memory-XXXXXX");
  assert_non_null(mkdtemp(folder));
  assert_int_equal(setenv("XDG_CACHE_HOME", folder, 1), 0);
  write_text(path_of("lexicon.txt"), "a\t1\nb\t-1\n");
  write_text(path_of("prompts.jsonl"),
             "{\"prompt\": \"x\", \"response_a\": \"a b a\", \"response_b\": "
             "\"b\"}\n{\"prompt\": \"y\"}\n{\"prompt\": \"z\"}\n");
  return tiny_file_write(path_of("tiny.gguf"), 3, NULL, &error) == HEED_OK ? 0
                                                                           : -1;
}

static int tear_down(void **state) {
  char command[128];
  (void)state;
  (void)snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

/* ---- sources ---- */

typedef struct source_call {
  const heed_instance *instance;
  const heed_host *host;
} source_call;

static heed_status make(void *context, heed_error *error) {
  const source_call *self = context;
  const heed_source_functions *functions = self->instance->plugin->functions;
  heed_world world = {.size = sizeof world, .mu = NAN, .mu_requested = NAN};
  return functions->make(self->instance->self, self->host, &world, error);
}

static void refuse_source(const char *name, const char *parameters) {
  test_workbench bench;
  workbench_open(&bench, 1);
  source_call call = {workbench_make(&bench, HEED_SOURCE, name, parameters),
                      &bench.host.host};
  refusing_each(&bench, make, &call);
  workbench_close(&bench);
}

static void the_synthetic_source_says_that_it_is_out_of_memory(void **state) {
  (void)state;
  refuse_source("synthetic",
                "{\"mu\": 0.7, \"pairs\": 40, \"prompts\": 20, \"held_out\": "
                "5, \"candidates\": 4, \"features\": 4, \"topics\": 3, "
                "\"topic_correlation\": 0.5, \"minority_scale\": 1, "
                "\"length_cosine\": 0.3, \"difficulty_correlation\": 0.5}");
}

static const char *log_parameters(const char *file, const char *more) {
  static char text[1024];
  (void)snprintf(text, sizeof text,
                 "{\"path\": \"%s\", \"columns\": {\"user\": \"user\", "
                 "\"pair\": \"pair\", \"choice\": \"choice\"%s}}",
                 path_of(file), more);
  return text;
}

static void a_log_in_csv_says_that_it_is_out_of_memory(void **state) {
  (void)state;
  write_text(path_of("log.csv"),
             "user,pair,choice,a,b,text,other,prompt,topic,p\n"
             "u,1,A,m,n,x,y,z,t,0.5\nv,1,B,m,n,x,y,z,t,0.5\n"
             "v,2,tie,m,n,x,y,z,t,0.5\nu,3,B,m,n,x,y,\"z\",s,0.25\n");
  refuse_source("log", log_parameters("log.csv",
                                      ", \"model_a\": \"a\", \"model_b\": "
                                      "\"b\", \"text_a\": \"text\", "
                                      "\"text_b\": \"other\", \"prompt\": "
                                      "\"prompt\", \"topic\": \"topic\", "
                                      "\"p\": \"p\""));
}

static void a_log_in_json_lines_says_that_it_is_out_of_memory(void **state) {
  (void)state;
  write_text(path_of("log.jsonl"),
             "{\"user\": \"u\", \"pair\": 1, \"choice\": \"A\"}\n"
             "{\"user\": \"v\", \"pair\": 1, \"choice\": \"B\"}\n");
  refuse_source("log", log_parameters("log.jsonl", ""));
}

static void put_integers(hid_t file, const char *name, const int64_t *values) {
  const hsize_t extent = 2;
  const hid_t space = H5Screate_simple(1, &extent, NULL);
  const hid_t set = H5Dcreate2(file, name, H5T_NATIVE_INT64, space, H5P_DEFAULT,
                               H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       values) >= 0);
  (void)H5Dclose(set);
  (void)H5Sclose(space);
}

static void a_log_in_hdf5_says_that_it_is_out_of_memory(void **state) {
  const int64_t numbers[2] = {1, 2};
  const char choices[2] = {'A', 'B'};
  const hsize_t extent = 2;
  const hid_t file =
      H5Fcreate(path_of("log.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(1, &extent, NULL);
  const hid_t set = H5Dcreate2(file, "choice", H5T_C_S1, space, H5P_DEFAULT,
                               H5P_DEFAULT, H5P_DEFAULT);
  (void)state;
  assert_true(H5Dwrite(set, H5T_C_S1, H5S_ALL, H5S_ALL, H5P_DEFAULT, choices) >=
              0);
  put_integers(file, "user", numbers);
  put_integers(file, "pair", numbers);
  (void)H5Dclose(set);
  (void)H5Sclose(space);
  assert_true(H5Fclose(file) >= 0);
  refuse_source("log", log_parameters("log.h5", ""));
}

static void the_llm_source_says_that_it_is_out_of_memory(void **state) {
  char parameters[1024];
  (void)state;
  (void)snprintf(parameters, sizeof parameters,
                 "{\"prompts\": \"%s\", \"a\": {\"model\": \"%s\"}, "
                 "\"max_tokens\": 4, \"held_out\": 1, \"judge\": {\"kind\": "
                 "\"likelihood\"}, \"second_judge\": {\"kind\": \"lexicon\", "
                 "\"lexicon\": \"%s\"}, \"mu\": 0.5}",
                 path_of("prompts.jsonl"), path_of("tiny.gguf"),
                 path_of("lexicon.txt"));
  refuse_source("llm", parameters);
}

/* ---- estimators ---- */

typedef struct estimator_call {
  test_overlapping *scene;
  const heed_instance *instance;
  double *probability; /* annotations */
} estimator_call;

static heed_status estimate_and_predict(void *context, heed_error *error) {
  const estimator_call *self = context;
  const heed_estimator_functions *functions = self->instance->plugin->functions;
  test_overlapping *scene = self->scene;
  const heed_host *host = &scene->bench.host.host;
  heed_posterior posterior = {.size = sizeof posterior,
                              .mu = NAN,
                              .mu_low = NAN,
                              .mu_high = NAN,
                              .log_likelihood = NAN,
                              .objective = NAN};
  const heed_status status = functions->estimate(
      self->instance->self, host, &scene->crowd, &posterior, error);
  if (status != HEED_OK || functions->predict == NULL) return status;
  return functions->predict(self->instance->self, host, &posterior,
                            &scene->crowd, self->probability, error);
}

/* Each of 3 models meets the others. */
static void say_which_models_meet(test_overlapping *self) {
  const heed_host *host = &self->bench.host.host;
  heed_table *pairs = (heed_table *)self->world.pairs;
  int32_t *a = host->column(host, pairs, "model_a", HEED_INT32, 1);
  int32_t *b = host->column(host, pairs, "model_b", HEED_INT32, 1);
  for (size_t i = 0; i < pairs->rows; i++) {
    a[i] = (int32_t)(i % 3);
    b[i] = (int32_t)((i + 1) % 3);
  }
  self->world.models = host->table(host, "models", 3);
}

static void open_overlapping(test_overlapping *self) {
  static const char *const distributions[] = {"beta", "gaussian", "grid",
                                              "two_point"};
  overlapping_open(self, 1);
  overlapping_small(self);
  for (size_t i = 0; i < 4; i++)
    workbench_load(&self->bench, HEED_DISTRIBUTION, distributions[i]);
  workbench_load(&self->bench, HEED_USER_MODEL, "attentive");
  workbench_load(&self->bench, HEED_USER_MODEL, "attention_states");
}

static void refuse_estimator(test_overlapping *scene, const char *name,
                             const char *parameters) {
  double probability[64];
  estimator_call call = {scene, overlapping_made(scene, name, parameters),
                         probability};
  assert_true(scene->crowd.annotations->rows <= 64);
  refusing_each(&scene->bench, estimate_and_predict, &call);
}

static void estimators_say_that_they_are_out_of_memory(void **state) {
  static const char *const estimators[][2] = {
      {"constant", "{\"mu\": 0.8}"},
      {"frequency", "{\"mu\": 0.8}"},
      {"majority", "{}"},
      {"moments", "{\"mu\": 0.8, \"nodes\": 12}"},
      {"dawid_skene", "{}"},
      {"mace", "{\"starts\": 2}"},
      {"glad", "{}"},
      {"people", "{\"max_iterations\": 3, \"max_sweeps\": 2}"},
      {"crowd_bt", "{}"},
      {"bayes", "{\"mu\": 0.8, \"nodes\": 8, \"prior\": \"two_point\"}"},
      {"em", "{\"mu\": 0.8, \"nodes\": 12, \"levels\": [0.1, 0.9]}"},
      {"em", "{\"mu\": 0.8, \"nodes\": 12, \"unit\": \"annotation\"}"},
      {"em", "{\"mu\": \"estimated\", \"prior\": \"two_point\"}"},
      {"em", "{\"mu\": 0.8, \"prior\": \"grid\"}"},
      {"em",
       "{\"mu\": 0.8, \"nodes\": 12, \"model\": "
       "\"attention_states\"}"}};
  test_overlapping scene;
  (void)state;
  open_overlapping(&scene);
  for (size_t i = 0; i < sizeof estimators / sizeof *estimators; i++)
    refuse_estimator(&scene, estimators[i][0], estimators[i][1]);
  overlapping_close(&scene);
}

static void strengths_of_models_say_that_they_are_out_of_memory(void **state) {
  test_overlapping scene;
  (void)state;
  open_overlapping(&scene);
  say_which_models_meet(&scene);
  refuse_estimator(&scene, "crowd_bt", "{}");
  refuse_estimator(&scene, "people",
                   "{\"max_iterations\": 3, \"max_sweeps\": 2}");
  refuse_estimator(&scene, "em_bradley_terry",
                   "{\"nodes\": 12, \"prior\": \"beta\"}");
  refuse_estimator(&scene, "em_bradley_terry",
                   "{\"prior\": \"grid\", \"checks\": [\"left_share\"], "
                   "\"check_draws\": 3}");
  overlapping_close(&scene);
}

/* ---- filters and trainers ---- */

typedef struct scene_call {
  test_scene *scene;
  const heed_instance *instance;
} scene_call;

static void open_scene(test_scene *self) {
  scene_open(self, 1,
             "{\"mu\": 0.7, \"pairs\": 40, \"prompts\": 20, \"held_out\": 5, "
             "\"candidates\": 4, \"features\": 4}",
             8, 6, 0.2, 0.9);
}

static heed_status select_by(void *context, heed_error *error) {
  const scene_call *self = context;
  const heed_filter_functions *functions = self->instance->plugin->functions;
  test_scene *scene = self->scene;
  return functions->select(self->instance->self, &scene->bench.host.host,
                           &scene->crowd, &scene->posterior, &scene->selection,
                           error);
}

static void filters_say_that_they_are_out_of_memory(void **state) {
  static const char *const filters[][2] = {{"confident", "{}"},
                                           {"cutoff", "{\"threshold\": 0.5}"},
                                           {"soft", "{}"},
                                           {"random", "{\"share\": 0.5}"},
                                           {"top", "{\"share\": 0.5}"}};
  test_scene scene;
  (void)state;
  open_scene(&scene);
  for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
    scene_call call = {&scene, workbench_make(&scene.bench, HEED_FILTER,
                                              filters[i][0], filters[i][1])};
    refusing_each(&scene.bench, select_by, &call);
  }
  scene_close(&scene);
}

static heed_status train(void *context, heed_error *error) {
  const scene_call *self = context;
  const heed_trainer_functions *functions = self->instance->plugin->functions;
  test_scene *scene = self->scene;
  heed_policy policy = {.size = sizeof policy, .scale = 1};
  const heed_status status = functions->train(
      self->instance->self, &scene->bench.host.host, &scene->crowd,
      &scene->posterior, &scene->selection, &policy, error);
  if (functions->release != NULL)
    functions->release(self->instance->self, &policy);
  return status;
}

static void trainers_say_that_they_are_out_of_memory(void **state) {
  static const char *const parameters[] = {
      "{}", "{\"ridge\": 1, \"loss\": \"noise_aware\"}",
      "{\"ridge\": 1, \"loss\": \"joint\", \"prior\": \"beta\"}"};
  test_scene scene;
  (void)state;
  open_scene(&scene);
  for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
    workbench_load(&scene.bench, HEED_DISTRIBUTION, "beta");
    scene_call call = {&scene, workbench_make(&scene.bench, HEED_TRAINER, "dpo",
                                              parameters[i])};
    refusing_each(&scene.bench, train, &call);
  }
  scene_close(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_synthetic_source_says_that_it_is_out_of_memory),
      cmocka_unit_test(a_log_in_csv_says_that_it_is_out_of_memory),
      cmocka_unit_test(a_log_in_json_lines_says_that_it_is_out_of_memory),
      cmocka_unit_test(a_log_in_hdf5_says_that_it_is_out_of_memory),
      cmocka_unit_test(the_llm_source_says_that_it_is_out_of_memory),
      cmocka_unit_test(estimators_say_that_they_are_out_of_memory),
      cmocka_unit_test(strengths_of_models_say_that_they_are_out_of_memory),
      cmocka_unit_test(filters_say_that_they_are_out_of_memory),
      cmocka_unit_test(trainers_say_that_they_are_out_of_memory),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
