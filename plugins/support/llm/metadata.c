/* SPDX-License-Identifier: GPL-3.0-or-later
 * Metadata that changes what a model computes.  Names and meaning of the keys:
 * docs/gguf.md of the ggml project; llama.cpp's reading of them, for instance
 * that a scaling factor without a type is linear. */
#include "support/llm/metadata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what is refused ---- */

/* A number that must be 0, its default, or `plain`. */
typedef struct plain_number {
  const char *key;
  double plain;
} plain_number;

static const plain_number numbers[] = {
    {"llama.expert_count", 0},
    {"llama.expert_used_count", 0},
    {"llama.rope.scale_linear", 1},
    {"llama.rope.scaling.attn_factor", 1},
    {"llama.logit_scale", 1},
    {"llama.residual_scale", 1},
    {"llama.embedding_scale", 1},
    {"llama.attention.clamp_kqv", 0},
    {"llama.attention.max_alibi_bias", 0},
    {"llama.attn_logit_softcapping", 0},
    {"llama.final_logit_softcapping", 0},
};

static heed_status expect_number(const gguf_file *file, const char *key,
                                 double plain, heed_error *error) {
  double found = 0;
  if (!gguf_has(file, key)) return HEED_OK;
  const heed_status status = gguf_number(file, key, &found, error);
  if (status != HEED_OK || found == 0 || fabs(found - plain) <= 1e-6 * plain)
    return status;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s: %s is %g, expected %g: heed computes only the plain "
                   "Llama model",
                   gguf_name(file), key, found, plain);
}

static heed_status expect_flag(const gguf_file *file, const char *key,
                               bool plain, heed_error *error) {
  bool found = plain;
  if (!gguf_has(file, key)) return HEED_OK;
  const heed_status status = gguf_flag(file, key, &found, error);
  if (status != HEED_OK || found == plain) return status;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s: %s is %s, expected %s: heed computes only the plain "
                   "Llama model",
                   gguf_name(file), key, found ? "true" : "false",
                   plain ? "true" : "false");
}

/* An optional size that must be the expected one. */
static heed_status expect_size(const gguf_file *file, const char *key,
                               size_t expected, heed_error *error) {
  int64_t found = (int64_t)expected;
  if (!gguf_has(file, key)) return HEED_OK;
  const heed_status status = gguf_integer(file, key, &found, error);
  if (status != HEED_OK || found == (int64_t)expected) return status;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s: %s is %lld, expected %zu, the width of a head",
                   gguf_name(file), key, (long long)found, expected);
}

/* A window as long as the context is none. */
static heed_status check_window(const gguf_file *file, const llm_shape *shape,
                                heed_error *error) {
  static const char *const key = "llama.attention.sliding_window";
  int64_t found = 0;
  if (!gguf_has(file, key)) return HEED_OK;
  const heed_status status = gguf_integer(file, key, &found, error);
  if (status != HEED_OK || found == 0 || found >= (int64_t)shape->context)
    return status;
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s: %s is %lld, less than the context of %zu: attention "
                   "windows are not supported",
                   gguf_name(file), key, (long long)found, shape->context);
}

/* A missing type means linear; "none" overrides the factor. */
static heed_status check_scaling(const gguf_file *file, heed_error *error) {
  static const char *const key = "llama.rope.scaling.type";
  const char *type = "linear";
  size_t length = strlen(type);
  heed_status status = HEED_OK;
  if (gguf_has(file, key)) status = gguf_text(file, key, &type, &length, error);
  if (status != HEED_OK) return status;
  if (length == 4 && memcmp(type, "none", 4) == 0) return HEED_OK;
  if (length == 6 && memcmp(type, "linear", 6) == 0)
    return expect_number(file, "llama.rope.scaling.factor", 1, error);
  return heed_fail(error, HEED_UNSUPPORTED,
                   "%s: %s is \"%.*s\", expected \"none\"", gguf_name(file),
                   key, (int)(length < 64 ? length : 64), type);
}

heed_status metadata_check(const gguf_file *file, const llm_shape *shape,
                           heed_error *error) {
  heed_status status = HEED_OK;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    status = expect_number(file, numbers[i].key, numbers[i].plain, error);
    if (status != HEED_OK) return status;
  }
  status = expect_number(file, "llama.attention.scale",
                         1 / sqrt((double)shape->head_width), error);
  if (status == HEED_OK)
    status = expect_flag(file, "llama.attention.causal", true, error);
  if (status == HEED_OK)
    status = expect_flag(file, "llama.use_parallel_residual", false, error);
  if (status == HEED_OK)
    status = expect_size(file, "llama.rope.dimension_count", shape->head_width,
                         error);
  if (status == HEED_OK)
    status = expect_size(file, "llama.attention.value_length",
                         shape->head_width, error);
  if (status == HEED_OK) status = check_window(file, shape, error);
  return status == HEED_OK ? check_scaling(file, error) : status;
}

/* ---- what is reported ---- */

/* Keys that are read or checked, or that do not change the computation. */
static const char *const known[] = {
    "llama.block_count",
    "llama.context_length",
    "llama.embedding_length",
    "llama.feed_forward_length",
    "llama.vocab_size",
    "llama.tensor_data_layout",
    "llama.attention.causal",
    "llama.attention.head_count",
    "llama.attention.head_count_kv",
    "llama.attention.key_length",
    "llama.attention.value_length",
    "llama.attention.layer_norm_rms_epsilon",
    "llama.attention.scale",
    "llama.attention.sliding_window",
    "llama.rope.dimension_count",
    "llama.rope.freq_base",
    "llama.rope.scaling.type",
    "llama.rope.scaling.factor",
    "llama.rope.scaling.finetuned",
    "llama.rope.scaling.original_context_length",
    "llama.use_parallel_residual",
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.token_type_count",
    "tokenizer.ggml.merges",
    "tokenizer.ggml.scores",
    "tokenizer.ggml.add_bos_token",
    "tokenizer.ggml.add_eos_token",
    "tokenizer.ggml.add_space_prefix",
};

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool is_known(const char *key) {
  if (strncmp(key, "llama.", 6) != 0 &&
      strncmp(key, "tokenizer.ggml.", 15) != 0)
    return true;
  if (ends_with(key, "_token_id")) return true;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(key, known[i]) == 0) return true;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (strcmp(key, numbers[i].key) == 0) return true;
  return false;
}

static void warn_of_unknown(const gguf_file *file, const heed_host *host) {
  size_t count = 0;
  const char *first = NULL;
  for (size_t i = 0; i < gguf_key_count(file); i++) {
    const char *key = gguf_key_at(file, i);
    if (is_known(key)) continue;
    if (first == NULL) first = key;
    count++;
  }
  if (count > 0)
    host->warn(host, "unknown_metadata",
               "%s: %zu unknown keys, the first is %s: heed ignores them, and "
               "may not compute the model as its author intended",
               gguf_name(file), count, first);
}

void metadata_warn(const gguf_file *file, const heed_host *host) {
  if (!gguf_has(file, "tokenizer.ggml.pre"))
    host->warn(host, "no_pre_tokenizer",
               "%s: missing key tokenizer.ggml.pre: heed splits text by "
               "GPT-2's rule, so tokens may be wrong; convert the model again "
               "with llama.cpp of May 2024 or later",
               gguf_name(file));
  warn_of_unknown(file, host);
}
