/* SPDX-License-Identifier: GPL-3.0-or-later
 * What has no host to serve it memory, when malloc() refuses: whichever
 * allocation it is, the caller learns it in the same words.  Run it under
 * AddressSanitizer or valgrind to see that nothing leaks either. */
#include "../support/refusing_malloc.h"
/* After cmocka's. */
#include <unistd.h>

#include "../support/tiny_file.h"
#include "sample.h"
#include "support/llm/adamw.h"
#include "support/llm/language_model.h"
#include "support/llm/pass.h"

static char folder[64], model_path[96], saved_path[96];
static test_workbench bench;

static int set_up(void **state) {
  heed_error error;
  (void)state;
  (void)strcpy(folder, "/tmp/heed-refused-malloc-XXXXXX");
  assert_non_null(mkdtemp(folder));
  (void)snprintf(model_path, sizeof model_path, "%s/tiny.gguf", folder);
  (void)snprintf(saved_path, sizeof saved_path, "%s/saved.gguf", folder);
  assert_int_equal(setenv("XDG_CACHE_HOME", folder, 1), 0);
  workbench_open(&bench, 1);
  return tiny_file_write(model_path, 3, NULL, &error) == HEED_OK ? 0 : -1;
}

static int tear_down(void **state) {
  char command[128];
  (void)state;
  workbench_close(&bench);
  (void)snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

/* ---- language models ---- */

static heed_status open_model(void *context, heed_error *error) {
  const language_model_options options = {.path = model_path, .chat = true};
  language_model *model = NULL;
  const heed_status status =
      language_model_open(&options, &bench.host.host, &model, error);
  (void)context;
  assert_true((status == HEED_OK) == (model != NULL));
  language_model_close(model);
  return status;
}

static void opening_a_language_model_says_that_it_is_out_of_memory(
    void **state) {
  (void)state;
  refusing_malloc_each(open_model, NULL);
}

static heed_status say_and_score(void *context, heed_error *error) {
  static const char *const prompt[] = {"Hello", "And now?"};
  const language_model *model = context;
  const heed_host *host = &bench.host.host;
  const language_model_speech how = {
      .sampling = {1, 0, 1}, .most = 4, .together = 2};
  heed_response responses[2] = {{.prompt = 0}, {.prompt = 1}};
  heed_stream stream[2] = {host->stream(host, "test", 0),
                           host->stream(host, "test", 1)};
  double found[2];
  heed_status status =
      language_model_say(model, model->weights, &how, host, "test", prompt, 2,
                         stream, responses, NULL, error);
  if (status == HEED_OK)
    status = language_model_score(model, NULL, host, "test", prompt, 2,
                                  responses, found, NULL, error);
  arena_clear(bench.scratch);
  return status;
}

static void a_language_model_says_that_it_is_out_of_memory(void **state) {
  const language_model_options options = {.path = model_path, .chat = true};
  language_model *model = NULL;
  (void)state;
  assert_int_equal(
      language_model_open(&options, &bench.host.host, &model, &bench.error),
      HEED_OK);
  refusing_malloc_each(say_and_score, model);
  language_model_close(model);
}

static heed_status train_and_save(void *context, heed_error *error) {
  const language_model *model = context;
  const llm_adapter_shape shape = {
      .projections = LLM_EVERY_PROJECTION, .rank = 2, .alpha = 4};
  const llm_adamw_options options = {
      .rate = 1e-3, .first = 0.9, .second = 0.99, .epsilon = 1e-8};
  heed_stream stream = stream_open(1, 0, "test", "adapter", 0);
  llm_adapter *adapter = NULL, *loaded = NULL;
  llm_adamw *optimiser = NULL;
  llm_crew *workers = NULL;
  llm_model *copy = NULL;
  heed_status status =
      llm_adapter_new(&model->weights->shape, &shape, &stream, &adapter, error);
  if (status == HEED_OK) status = crew_open(2, &workers, error);
  if (status == HEED_OK)
    status = adamw_open(adapter->layout.count, &options, NULL, 0, workers,
                        &optimiser, error);
  if (status == HEED_OK)
    status = llm_adapter_save(adapter, model->weights, saved_path, error);
  if (status == HEED_OK)
    status = llm_adapter_load(saved_path, model->weights, &loaded, error);
  if (status == HEED_OK) status = llm_model_copy(model->weights, &copy, error);
  if (status == HEED_OK)
    status = llm_model_save(copy, model->file, saved_path, error);
  adamw_close(optimiser);
  crew_close(workers);
  llm_adapter_close(adapter);
  llm_adapter_close(loaded);
  llm_model_close(copy);
  return status;
}

static void training_and_saving_say_that_they_are_out_of_memory(void **state) {
  const language_model_options options = {.path = model_path, .chat = true};
  language_model *model = NULL;
  (void)state;
  assert_int_equal(
      language_model_open(&options, &bench.host.host, &model, &bench.error),
      HEED_OK);
  refusing_malloc_each(train_and_save, model);
  language_model_close(model);
}

/* ---- plans and records ---- */

static const storage_sample small = {2, 2, 2, "A sample", false};

static heed_status parse_plan(void *context, heed_error *error) {
  const char *text = context;
  heed_plan *plan = NULL;
  const heed_status status = plan_parse(text, strlen(text), &plan, error);
  plan_free(plan);
  return status;
}

static void a_plan_says_that_it_is_out_of_memory(void **state) {
  char *text = sample_plan_text(&small);
  (void)state;
  refusing_malloc_each(parse_plan, text);
  free(text);
}

static heed_status fill_record(void *context, heed_error *error) {
  static int64_t users[] = {0, 1, 2};
  static const char *names[] = {"ann", "bob", "c\xFF"};
  heed_column columns[] = {{"user", HEED_INT64, 1, users},
                           {"name", HEED_STRING, 1, names}};
  const heed_table table = {sizeof table, "users", 3, 2, columns};
  heed_record *self = record_create(context, 0);
  heed_status status = self == NULL ? heed_no_memory(error) : HEED_OK;
  for (int i = 0; i < 3 && status == HEED_OK; i++)
    status = record_warn(self, "code", "estimator/em", "a warning", error);
  if (status == HEED_OK) status = record_keep(self, &table, "users", error);
  if (status == HEED_OK)
    status = record_fail(self, RECORD_FAILED, PLAN_POSTERIOR, "estimator/em", 0,
                         "it failed", error);
  record_free(self);
  return status;
}

static void a_record_says_that_it_is_out_of_memory(void **state) {
  heed_plan *plan = sample_plan(&small);
  (void)state;
  refusing_malloc_each(fill_record, plan);
  plan_free(plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opening_a_language_model_says_that_it_is_out_of_memory),
      cmocka_unit_test(a_language_model_says_that_it_is_out_of_memory),
      cmocka_unit_test(training_and_saving_say_that_they_are_out_of_memory),
      cmocka_unit_test(a_plan_says_that_it_is_out_of_memory),
      cmocka_unit_test(a_record_says_that_it_is_out_of_memory),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
