/* SPDX-License-Identifier: GPL-3.0-or-later
 * Metadata of model files that changes the computation, or that heed does not
 * know. */
#include <unistd.h>

#include "../support/workbench.h"
/* After cmocka's. */
#include "../support/tiny_file.h"
#include "support/llm/metadata.h"

static const llm_shape shape = {
    .layers = 1, .width = 8, .heads = 2, .head_width = 4, .context = 64};

typedef enum metadata_type { NUMBER, FLAG, TEXT } metadata_type;

/* One key of a file. */
typedef struct metadata_key {
  const char *key;
  metadata_type type;
  double number;
  const char *text;
} metadata_key;

static char path[64];

static gguf_file *write_keys(const metadata_key *keys, size_t count) {
  heed_error error;
  gguf_file *file = NULL;
  strcpy(path, "/tmp/heed-metadata-XXXXXX");
  const int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  (void)close(descriptor);
  gguf_writer *writer = gguf_writer_new(path);
  assert_non_null(writer);
  for (size_t i = 0; i < count; i++) switch (keys[i].type) {
      case NUMBER:
        gguf_writer_f32(writer, keys[i].key, (float)keys[i].number);
        break;
      case FLAG:
        gguf_writer_flag(writer, keys[i].key, keys[i].number != 0);
        break;
      case TEXT:
        gguf_writer_text(writer, keys[i].key, keys[i].text,
                         strlen(keys[i].text));
        break;
    }
  if (gguf_writer_finish(writer, &error) != HEED_OK)
    fail_msg("%s", error.message);
  gguf_writer_free(writer);
  assert_int_equal(gguf_open(path, &file, &error), HEED_OK);
  assert_int_equal(unlink(path), 0);
  return file;
}

static heed_status check(const metadata_key *keys, size_t count,
                         heed_error *error) {
  gguf_file *file = write_keys(keys, count);
  const heed_status status = metadata_check(file, &shape, error);
  gguf_close(file);
  return status;
}

static void what_changes_the_computation_is_refused(void **state) {
  static const metadata_key keys[] = {
      {"llama.rope.scale_linear", NUMBER, 4, NULL},
      {"llama.rope.scaling.factor", NUMBER, 4, NULL},
      {"llama.rope.scaling.attn_factor", NUMBER, 2, NULL},
      {"llama.rope.scaling.type", TEXT, 0, "yarn"},
      {"llama.attention.scale", NUMBER, 0.1, NULL},
      {"llama.attention.causal", FLAG, 0, NULL},
      {"llama.logit_scale", NUMBER, 0.5, NULL},
      {"llama.attention.clamp_kqv", NUMBER, 8, NULL},
      {"llama.attn_logit_softcapping", NUMBER, 50, NULL},
      {"llama.use_parallel_residual", FLAG, 1, NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    heed_error error = {HEED_OK, ""};
    assert_int_equal(check(&keys[i], 1, &error), HEED_UNSUPPORTED);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, keys[i].key));
  }
}

static void a_linear_scaling_by_a_factor_is_refused(void **state) {
  static const metadata_key keys[] = {
      {"llama.rope.scaling.type", TEXT, 0, "linear"},
      {"llama.rope.scaling.factor", NUMBER, 2, NULL}};
  heed_error error = {HEED_OK, ""};
  (void)state;
  assert_int_equal(check(keys, 2, &error), HEED_UNSUPPORTED);
  assert_non_null(strstr(error.message, "llama.rope.scaling.factor is 2"));
}

static void metadata_that_says_plain_is_accepted(void **state) {
  static const metadata_key keys[] = {
      {"llama.rope.scale_linear", NUMBER, 1, NULL},
      {"llama.rope.scaling.type", TEXT, 0, "none"},
      {"llama.rope.scaling.factor", NUMBER, 4, NULL}, /* overridden */
      {"llama.attention.scale", NUMBER, 0.5, NULL},
      {"llama.attention.causal", FLAG, 1, NULL},
      {"llama.logit_scale", NUMBER, 0, NULL}};
  heed_error error = {HEED_OK, ""};
  (void)state;
  if (check(keys, sizeof keys / sizeof *keys, &error) != HEED_OK)
    fail_msg("%s", error.message);
}

/* The code of the warning, "" if none. */
static void warn(const metadata_key *keys, size_t count, char code[64]) {
  test_workbench bench;
  gguf_file *file = write_keys(keys, count);
  workbench_open(&bench, 1);
  bench.warned[0] = '\0';
  metadata_warn(file, &bench.host.host);
  (void)snprintf(code, 64, "%s", bench.warned);
  workbench_close(&bench);
  gguf_close(file);
}

static void a_missing_rule_for_splitting_text_is_warned_of(void **state) {
  static const metadata_key keys[] = {
      {"tokenizer.ggml.model", TEXT, 0, "gpt2"}};
  char code[64];
  (void)state;
  warn(keys, 1, code);
  assert_string_equal(code, "no_pre_tokenizer");
}

static void an_unknown_key_is_warned_of(void **state) {
  static const metadata_key keys[] = {
      {"tokenizer.ggml.pre", TEXT, 0, "smollm"},
      {"llama.attention.shiny", NUMBER, 1, NULL}};
  char code[64];
  (void)state;
  warn(keys, 2, code);
  assert_string_equal(code, "unknown_metadata");
}

static void known_keys_and_those_of_others_are_not_warned_of(void **state) {
  static const metadata_key keys[] = {
      {"tokenizer.ggml.pre", TEXT, 0, "smollm"},
      {"tokenizer.ggml.fim_pre_token_id", NUMBER, 1, NULL},
      {"llama.vocab_size", NUMBER, 1, NULL},
      {"quantize.imatrix.file", TEXT, 0, "x"},
      {"general.license", TEXT, 0, "mit"}};
  char code[64];
  (void)state;
  warn(keys, sizeof keys / sizeof *keys, code);
  assert_string_equal(code, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_changes_the_computation_is_refused),
      cmocka_unit_test(a_linear_scaling_by_a_factor_is_refused),
      cmocka_unit_test(metadata_that_says_plain_is_accepted),
      cmocka_unit_test(a_missing_rule_for_splitting_text_is_warned_of),
      cmocka_unit_test(an_unknown_key_is_warned_of),
      cmocka_unit_test(known_keys_and_those_of_others_are_not_warned_of),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
