/* SPDX-License-Identifier: GPL-3.0-or-later
 * Models and adapters as GGUF files; the file of weights that processes share;
 * merging. */
#include <sys/stat.h>
#include <unistd.h>

#include "../support/tiny_model.h"
/* After cmocka's. */
#include "../support/tiny_file.h"
#include "support/llm/gguf_writer.h"
#include "support/llm/model.h"

typedef struct fixture {
  llm_model *model;
  char folder[64], path[96], adapter[96];
  heed_error error;
} fixture;

static void fill(fixture *self, const llm_shape *shape) {
  heed_stream stream = tiny_stream(21);
  memset(self, 0, sizeof *self);
  strcpy(self->folder, "/tmp/heed-llm-XXXXXX");
  assert_non_null(mkdtemp(self->folder));
  (void)snprintf(self->path, sizeof self->path, "%s/tiny.gguf", self->folder);
  (void)snprintf(self->adapter, sizeof self->adapter, "%s/adapter.gguf",
                 self->folder);
  assert_int_equal(llm_model_new(shape, &self->model, &self->error), HEED_OK);
  llm_model_draw(self->model, &stream);
}

static void empty(fixture *self) {
  char command[256];
  llm_model_close(self->model);
  (void)snprintf(command, sizeof command, "rm -r %s", self->folder);
  assert_int_equal(system(command), 0);
}

/* What a test changes about the file. */
typedef struct llm_model_changes {
  const char *architecture; /* NULL: "llama" */
  const char *leave_out;    /* a tensor or a key */
  const char *narrow;       /* a tensor that is written a row shorter */
  const char *add;          /* a tensor of 3 numbers */
  const float *factors;     /* rope_freqs.weight */
  const char *scaling;
} llm_model_changes;

static bool kept(const llm_model_changes *changes, const char *name) {
  return changes->leave_out == NULL || strcmp(changes->leave_out, name) != 0;
}

static void put_keys(gguf_writer *writer, const llm_shape *shape,
                     const llm_model_changes *changes) {
  tiny_file_keys(
      writer, shape,
      changes->architecture != NULL ? changes->architecture : "llama",
      changes->leave_out);
  if (changes->scaling != NULL)
    gguf_writer_text(writer, "llama.rope.scaling.type", changes->scaling,
                     strlen(changes->scaling));
}

static void write_file(fixture *self, const llm_model_changes *changes) {
  static const float three[] = {1, 2, 3};
  const llm_shape *shape = &self->model->shape;
  gguf_writer *writer = gguf_writer_new(self->path);
  const uint64_t pairs = shape->head_width / 2, count = 3;
  put_keys(writer, shape, changes);
  for (size_t i = 0; i < llm_tensor_count(shape); i++) {
    const llm_tensor tensor = llm_tensor_at(shape, &self->model->layout, i);
    uint64_t sizes[] = {tensor.width, tensor.rows};
    if (!kept(changes, tensor.name)) continue;
    if (changes->narrow != NULL && strcmp(changes->narrow, tensor.name) == 0)
      sizes[1]--;
    gguf_writer_tensor(writer, tensor.name, tensor.rows > 0 ? 2 : 1, sizes,
                       self->model->weights + tensor.offset);
  }
  if (changes->factors != NULL)
    gguf_writer_tensor(writer, "rope_freqs.weight", 1, &pairs,
                       changes->factors);
  if (changes->add != NULL)
    gguf_writer_tensor(writer, changes->add, 1, &count, three);
  if (gguf_writer_finish(writer, &self->error) != HEED_OK)
    fail_msg("%s", self->error.message);
  gguf_writer_free(writer);
}

static heed_status open_file(fixture *self, const char *folder, const char *key,
                             llm_model **model) {
  gguf_file *file = NULL;
  heed_status status;
  if (gguf_open(self->path, &file, &self->error) != HEED_OK)
    fail_msg("%s", self->error.message);
  status = llm_model_open(file, folder, key, model, &self->error);
  gguf_close(file);
  return status;
}

static void assert_same(const llm_model *one, const llm_model *other) {
  for (size_t i = 0; i < llm_tensor_count(&one->shape); i++) {
    const llm_tensor tensor = llm_tensor_at(&one->shape, &one->layout, i);
    assert_memory_equal(
        one->weights + tensor.offset, other->weights + tensor.offset,
        tensor.width * (tensor.rows > 0 ? tensor.rows : 1) * sizeof(float));
  }
  assert_memory_equal(&one->layout, &other->layout, sizeof one->layout);
}

static void a_model_is_what_its_file_says(void **state) {
  (void)state;
  for (int untied = 0; untied < 2; untied++) {
    llm_shape shape = tiny_shape;
    const llm_model_changes none = {0};
    fixture self;
    llm_model *found = NULL;
    shape.tied = !untied;
    fill(&self, &shape);
    write_file(&self, &none);
    if (open_file(&self, NULL, NULL, &found) != HEED_OK)
      fail_msg("%s", self.error.message);
    assert_same(found, self.model);
    assert_true(found->own && found->shape.tied == shape.tied);
    llm_model_close(found);
    empty(&self);
  }
}

static void shared_weights_are_made_once_and_only_for_their_key(void **state) {
  const llm_model_changes none = {0};
  fixture self;
  llm_model *one = NULL, *two = NULL;
  struct stat made, again;
  char path[256];
  FILE *file;
  (void)state;
  fill(&self, &tiny_shape);
  write_file(&self, &none);
  (void)snprintf(path, sizeof path, "%s/abc.weights", self.folder);
  if (open_file(&self, self.folder, "abc", &one) != HEED_OK)
    fail_msg("%s", self.error.message);
  assert_int_equal(stat(path, &made), 0);
  assert_int_equal(open_file(&self, self.folder, "abc", &two), HEED_OK);
  assert_int_equal(stat(path, &again), 0);
  assert_true(made.st_ino == again.st_ino && !one->own && !two->own);
  assert_same(one, self.model);
  assert_same(two, self.model);
  llm_model_close(two);
  /* A file of another key, and one that was cut, are made anew. */
  (void)snprintf(path, sizeof path, "cp %s/abc.weights %s/def.weights",
                 self.folder, self.folder);
  assert_int_equal(system(path), 0);
  (void)snprintf(path, sizeof path, "%s/def.weights", self.folder);
  assert_int_equal(stat(path, &made), 0);
  assert_int_equal(open_file(&self, self.folder, "def", &two), HEED_OK);
  assert_int_equal(stat(path, &again), 0);
  assert_true(made.st_ino != again.st_ino);
  llm_model_close(two);
  file = fopen(path, "r+b");
  assert_int_equal(ftruncate(fileno(file), 5000), 0);
  (void)fclose(file);
  assert_int_equal(open_file(&self, self.folder, "def", &two), HEED_OK);
  assert_same(two, self.model);
  llm_model_close(two);
  llm_model_close(one);
  assert_int_equal(open_file(&self, "/nowhere", "abc", &one), HEED_IO);
  assert_non_null(strstr(self.error.message, "/nowhere/abc.weights"));
  empty(&self);
}

static void expect_refusal(const llm_model_changes *changes,
                           const char *message) {
  fixture self;
  llm_model *found = NULL;
  fill(&self, &tiny_shape);
  write_file(&self, changes);
  assert_true(open_file(&self, NULL, NULL, &found) != HEED_OK);
  assert_null(found);
  if (strstr(self.error.message, message) == NULL)
    fail_msg("\"%s\" is not in \"%s\"", message, self.error.message);
  assert_non_null(strstr(self.error.message, "tiny.gguf"));
  empty(&self);
}

static void what_is_not_such_a_model_is_refused_by_name(void **state) {
  (void)state;
  expect_refusal(&(llm_model_changes){.architecture = "qwen2"},
                 "general.architecture is \"qwen2\", expected \"llama\"");
  expect_refusal(&(llm_model_changes){.leave_out = "llama.block_count"},
                 "llama.block_count");
  expect_refusal(&(llm_model_changes){.leave_out = "blk.1.ffn_up.weight"},
                 "missing tensor blk.1.ffn_up.weight");
  expect_refusal(&(llm_model_changes){.leave_out = "token_embd.weight"},
                 "token_embd.weight");
  expect_refusal(&(llm_model_changes){.narrow = "blk.0.attn_k.weight"},
                 "tensor blk.0.attn_k.weight is 20 x 11 x 1 x 1, expected 20 x "
                 "12");
  expect_refusal(&(llm_model_changes){.add = "blk.0.attn_q.bias"},
                 "unknown tensor blk.0.attn_q.bias for this architecture");
  expect_refusal(&(llm_model_changes){.scaling = "yarn"},
                 "\"yarn\", expected \"none\"");
}

static void shapes_that_no_model_has_are_refused(void **state) {
  llm_shape shape = tiny_shape;
  llm_model *made = NULL;
  heed_error error;
  (void)state;
  shape.kv_heads = 4;
  assert_int_equal(llm_model_new(&shape, &made, &error), HEED_UNSUPPORTED);
  assert_non_null(strstr(error.message, "6 heads for 4 key-value heads"));
  shape = tiny_shape;
  shape.layers = (size_t)1 << 40;
  assert_int_equal(llm_model_new(&shape, &made, &error), HEED_UNSUPPORTED);
  shape = tiny_shape;
  shape.head_width = 7;
  assert_int_equal(llm_model_new(&shape, &made, &error), HEED_UNSUPPORTED);
  shape = tiny_shape;
  shape.epsilon = 0;
  assert_int_equal(llm_model_new(&shape, &made, &error), HEED_UNSUPPORTED);
}

static void factors_divide_the_frequencies(void **state) {
  static const float factors[] = {1, 2, 8};
  static const float bad[] = {1, 0, 8};
  fixture self;
  llm_model *found = NULL;
  (void)state;
  fill(&self, &tiny_shape);
  write_file(&self, &(llm_model_changes){.factors = factors});
  assert_int_equal(open_file(&self, NULL, NULL, &found), HEED_OK);
  for (size_t i = 0; i < 3; i++)
    assert_close(found->frequency[i],
                 pow(10000, -(double)i / 3) / (double)factors[i], 1e-15);
  llm_model_close(found);
  empty(&self);
  expect_refusal(&(llm_model_changes){.factors = bad},
                 "rope_freqs.weight holds 0");
}

static void a_model_is_saved_and_opened_again_bit_for_bit(void **state) {
  static const float factors[] = {1, 2, 8};
  fixture self;
  gguf_file *file = NULL;
  llm_model *trained = NULL, *again = NULL;
  (void)state;
  fill(&self, &tiny_shape);
  write_file(&self, &(llm_model_changes){.factors = factors});
  assert_int_equal(open_file(&self, NULL, NULL, &trained), HEED_OK);
  for (size_t i = 0; i < trained->layout.count; i += 3)
    trained->weights[i] += 0.25f;
  assert_int_equal(gguf_open(self.path, &file, &self.error), HEED_OK);
  (void)snprintf(self.path, sizeof self.path, "%s/saved.gguf", self.folder);
  if (llm_model_save(trained, file, self.path, &self.error) != HEED_OK)
    fail_msg("%s", self.error.message);
  gguf_close(file);
  if (open_file(&self, NULL, NULL, &again) != HEED_OK)
    fail_msg("%s", self.error.message);
  assert_same(again, trained);
  assert_memory_equal(again->frequency, trained->frequency, 3 * sizeof(double));
  llm_model_close(again);
  llm_model_close(trained);
  empty(&self);
}

/* ---- adapters ---- */

static llm_adapter *some_adapter(const llm_model *model, unsigned projections) {
  const llm_adapter_shape shape = {projections, 3, 6};
  heed_stream stream = tiny_stream(22);
  heed_error error;
  llm_adapter *adapter = NULL;
  assert_int_equal(
      llm_adapter_new(&model->shape, &shape, &stream, &adapter, &error),
      HEED_OK);
  for (size_t i = 0; i < adapter->layout.count; i++)
    adapter->values[i] = (float)(0.2 * heed_normal(&stream));
  return adapter;
}

/* Log-probabilities of one sequence. */
static void score(const llm_model *model, const llm_adapter *adapter,
                  double found[9]) {
  const size_t length[] = {10}, ask[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const int32_t token[] = {5, 900, 17, 33, 2, 71, 600, 8, 44, 10};
  const llm_batch batch = {
      .sequences = 1, .length = length, .token = token, .asked = 9, .ask = ask};
  const llm_limits limits = {10, 10, 9};
  llm_pass_options options = {.training = LLM_TRAIN_NOTHING};
  heed_error error = {0};
  llm_crew *workers = NULL;
  llm_pass *pass = NULL;
  if (adapter != NULL) options.adapter = adapter->shape;
  assert_int_equal(crew_open(1, &workers, &error), HEED_OK);
  assert_int_equal(
      llm_pass_open(model, &options, &limits, workers, &pass, &error), HEED_OK);
  if (llm_pass_forward(pass, adapter, &batch, found, &error) != HEED_OK)
    fail_msg("%s", error.message);
  llm_pass_close(pass);
  crew_close(workers);
}

static void a_new_adapter_changes_nothing(void **state) {
  const llm_adapter_shape shape = {LLM_EVERY_PROJECTION, 3, 6};
  heed_stream stream = tiny_stream(22);
  double included[9], excluded[9];
  llm_adapter *adapter = NULL;
  fixture self;
  (void)state;
  fill(&self, &tiny_shape);
  assert_int_equal(
      llm_adapter_new(&tiny_shape, &shape, &stream, &adapter, &self.error),
      HEED_OK);
  score(self.model, adapter, included);
  score(self.model, NULL, excluded);
  assert_memory_equal(included, excluded, sizeof included);
  llm_adapter_close(adapter);
  empty(&self);
}

static void a_merged_adapter_computes_the_same(void **state) {
  fixture self;
  llm_model *merged = NULL;
  llm_adapter *adapter;
  double apart[9], together[9], excluded[9], moved = 0;
  (void)state;
  fill(&self, &tiny_shape);
  adapter = some_adapter(self.model, LLM_EVERY_PROJECTION);
  assert_int_equal(llm_model_copy(self.model, &merged, &self.error), HEED_OK);
  llm_adapter_merge(adapter, merged);
  score(self.model, adapter, apart);
  score(merged, NULL, together);
  score(self.model, NULL, excluded);
  for (size_t i = 0; i < 9; i++) {
    assert_close(together[i], apart[i], 2e-5);
    moved += fabs(excluded[i] - apart[i]);
  }
  assert_true(moved > 0.1);
  llm_adapter_close(adapter);
  llm_model_close(merged);
  empty(&self);
}

static void an_adapter_is_saved_and_loaded_bit_for_bit(void **state) {
  static const unsigned chosen[] = {
      LLM_EVERY_PROJECTION, 1u << LLM_QUERY | 1u << LLM_VALUE, 1u << LLM_DOWN,
      1u << LLM_KEY | 1u << LLM_UP | 1u << LLM_OUTPUT};
  fixture self;
  (void)state;
  fill(&self, &tiny_shape);
  for (size_t i = 0; i < 4; i++) {
    llm_adapter *adapter = some_adapter(self.model, chosen[i]), *loaded = NULL;
    double earlier[9], later[9];
    if (llm_adapter_save(adapter, self.model, self.adapter, &self.error) !=
            HEED_OK ||
        llm_adapter_load(self.adapter, self.model, &loaded, &self.error) !=
            HEED_OK)
      fail_msg("%s", self.error.message);
    assert_int_equal(loaded->shape.projections, chosen[i]);
    assert_int_equal(loaded->shape.rank, 3);
    score(self.model, adapter, earlier);
    score(self.model, loaded, later);
    assert_memory_equal(earlier, later, sizeof earlier);
    llm_adapter_close(adapter);
    llm_adapter_close(loaded);
  }
  empty(&self);
}

/* llama.cpp's names and shapes: NAME.lora_a is (rank, inputs), NAME.lora_b
 * (outputs, rank), shape[0] contiguous. */
static void the_file_of_an_adapter_is_as_llama_cpp_wants_it(void **state) {
  fixture self;
  llm_adapter *adapter;
  gguf_file *file = NULL;
  const gguf_tensor *a, *b;
  const char *text = NULL;
  size_t length = 0;
  double alpha = 0;
  (void)state;
  fill(&self, &tiny_shape);
  adapter = some_adapter(self.model, LLM_EVERY_PROJECTION);
  assert_int_equal(
      llm_adapter_save(adapter, self.model, self.adapter, &self.error),
      HEED_OK);
  assert_int_equal(gguf_open(self.adapter, &file, &self.error), HEED_OK);
  assert_int_equal(gguf_tensor_count(file), 2 * 7 * 2);
  a = gguf_find(file, "blk.1.ffn_down.weight.lora_a");
  b = gguf_find(file, "blk.1.ffn_down.weight.lora_b");
  assert_true(a != NULL && a->shape[0] == 27 && a->shape[1] == 3);
  assert_true(b != NULL && b->shape[0] == 3 && b->shape[1] == 20);
  assert_int_equal(gguf_text(file, "adapter.type", &text, &length, &self.error),
                   HEED_OK);
  assert_memory_equal(text, "lora", 4);
  assert_int_equal(gguf_number(file, "adapter.lora.alpha", &alpha, &self.error),
                   HEED_OK);
  assert_close(alpha, 6, 0);
  gguf_close(file);
  llm_adapter_close(adapter);
  empty(&self);
}

static void an_adapter_of_another_model_is_refused(void **state) {
  fixture self;
  llm_shape wider = tiny_shape;
  llm_model *other = NULL;
  llm_adapter *adapter, *loaded = NULL;
  (void)state;
  fill(&self, &tiny_shape);
  adapter = some_adapter(self.model, LLM_EVERY_PROJECTION);
  assert_int_equal(
      llm_adapter_save(adapter, self.model, self.adapter, &self.error),
      HEED_OK);
  wider.feed = 40;
  assert_int_equal(llm_model_new(&wider, &other, &self.error), HEED_OK);
  assert_int_equal(llm_adapter_load(self.adapter, other, &loaded, &self.error),
                   HEED_INVALID);
  assert_non_null(strstr(self.error.message, "blk.0.ffn_gate.weight.lora_b"));
  llm_model_close(other);
  wider = tiny_shape;
  wider.layers = 1;
  assert_int_equal(llm_model_new(&wider, &other, &self.error), HEED_OK);
  assert_int_equal(llm_adapter_load(self.adapter, other, &loaded, &self.error),
                   HEED_UNSUPPORTED);
  assert_null(loaded);
  llm_model_close(other);
  llm_adapter_close(adapter);
  empty(&self);
}

/* Copies an adapter's file, with one more key. */
static void add_key(const fixture *self, const char *path, const char *key) {
  static const char *const copied[] = {"general.type", "general.architecture",
                                       "adapter.type", "adapter.lora.alpha"};
  gguf_file *file = NULL;
  heed_error error;
  gguf_writer *writer = gguf_writer_new(path);
  float values[27 * 40];
  assert_int_equal(gguf_open(self->adapter, &file, &error), HEED_OK);
  for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
    gguf_writer_copy(writer, file, copied[i]);
  gguf_writer_u32(writer, key, 7);
  for (size_t i = 0; i < gguf_tensor_count(file); i++) {
    const gguf_tensor *tensor = gguf_tensor_at(file, i);
    assert_true(tensor->bytes <= sizeof values);
    memcpy(values, tensor->data, tensor->bytes);
    gguf_writer_tensor(writer, tensor->name, 2, tensor->shape, values);
  }
  assert_int_equal(gguf_writer_finish(writer, &error), HEED_OK);
  gguf_writer_free(writer);
  gguf_close(file);
}

/* Such an adapter would apply only behind the tokens that activate it. */
static void an_activated_adapter_is_refused(void **state) {
  fixture self;
  llm_adapter *adapter, *loaded = NULL;
  char path[96];
  (void)state;
  fill(&self, &tiny_shape);
  (void)snprintf(path, sizeof path, "%s/other.gguf", self.folder);
  adapter = some_adapter(self.model, LLM_EVERY_PROJECTION);
  assert_int_equal(
      llm_adapter_save(adapter, self.model, self.adapter, &self.error),
      HEED_OK);
  add_key(&self, path, "adapter.alora.invocation_tokens");
  assert_int_equal(llm_adapter_load(path, self.model, &loaded, &self.error),
                   HEED_UNSUPPORTED);
  assert_non_null(
      strstr(self.error.message, "adapter.alora.invocation_tokens"));
  assert_null(loaded);
  add_key(&self, path, "general.version");
  assert_int_equal(llm_adapter_load(path, self.model, &loaded, &self.error),
                   HEED_OK);
  llm_adapter_close(loaded);
  llm_adapter_close(adapter);
  empty(&self);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_model_is_what_its_file_says),
      cmocka_unit_test(shared_weights_are_made_once_and_only_for_their_key),
      cmocka_unit_test(what_is_not_such_a_model_is_refused_by_name),
      cmocka_unit_test(shapes_that_no_model_has_are_refused),
      cmocka_unit_test(factors_divide_the_frequencies),
      cmocka_unit_test(a_model_is_saved_and_opened_again_bit_for_bit),
      cmocka_unit_test(a_new_adapter_changes_nothing),
      cmocka_unit_test(a_merged_adapter_computes_the_same),
      cmocka_unit_test(an_adapter_is_saved_and_loaded_bit_for_bit),
      cmocka_unit_test(the_file_of_an_adapter_is_as_llama_cpp_wants_it),
      cmocka_unit_test(an_adapter_of_another_model_is_refused),
      cmocka_unit_test(an_activated_adapter_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
