/* SPDX-License-Identifier: GPL-3.0-or-later
 * A whole language model in a file of some 50 kB, for tests: random weights, a
 * tokenizer that knows the printable bytes of ASCII and the end of a line, each
 * a token, and the ChatML template.  What it says is noise, mostly letters. */
#ifndef HEED_TESTS_TINY_FILE_H
#define HEED_TESTS_TINY_FILE_H

#include <string.h>

#include "host/host.h"
#include "support/llm/gguf_writer.h"
#include "support/llm/model.h"

enum {
  TINY_FILE_START, /* <|im_start|> */
  TINY_FILE_END,   /* <|im_end|> */
  TINY_FILE_LINE,
  TINY_FILE_BYTES, /* tokens of bytes ' ' to '~' */
  TINY_FILE_TOKENS = TINY_FILE_BYTES + '~' - ' ' + 1
};

static const llm_shape tiny_file_shape = {.layers = 2,
                                          .width = 24,
                                          .heads = 4,
                                          .kv_heads = 2,
                                          .head_width = 6,
                                          .feed = 32,
                                          .vocabulary = TINY_FILE_TOKENS,
                                          .context = 512,
                                          .tied = true,
                                          .epsilon = 1e-5f,
                                          .rope_base = 10000};

/* The keys of a shape.  leave_out: one of those that count something; or
 * NULL. */
static inline void tiny_file_keys(gguf_writer *writer, const llm_shape *shape,
                                  const char *architecture,
                                  const char *leave_out) {
  const struct {
    const char *key;
    size_t value;
  } keys[] = {{"llama.block_count", shape->layers},
              {"llama.embedding_length", shape->width},
              {"llama.attention.head_count", shape->heads},
              {"llama.attention.head_count_kv", shape->kv_heads},
              {"llama.attention.key_length", shape->head_width},
              {"llama.attention.value_length", shape->head_width},
              {"llama.rope.dimension_count", shape->head_width},
              {"llama.feed_forward_length", shape->feed},
              {"llama.context_length", shape->context}};
  gguf_writer_text(writer, "general.architecture", architecture,
                   strlen(architecture));
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (leave_out == NULL || strcmp(leave_out, keys[i].key) != 0)
      gguf_writer_u32(writer, keys[i].key, (uint32_t)keys[i].value);
  gguf_writer_f32(writer, "llama.attention.layer_norm_rms_epsilon",
                  shape->epsilon);
  gguf_writer_f32(writer, "llama.rope.freq_base", (float)shape->rope_base);
}

/* leave_out: NULL, or "tokenizer.ggml.pre". */
static inline void tiny_file_tokenizer(gguf_writer *writer,
                                       const char *leave_out) {
  static const char template[] =
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + "
      "'\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
      "{% endif %}";
  char bytes[TINY_FILE_TOKENS][2] = {{0}};
  const char *word[TINY_FILE_TOKENS] = {"<|im_start|>", "<|im_end|>",
                                        "\xc4\x8a" /* U+010A: \n */};
  int32_t type[TINY_FILE_TOKENS] = {3, 3, 1};
  for (int i = TINY_FILE_BYTES; i < TINY_FILE_TOKENS; i++) {
    bytes[i][0] = (char)(' ' + i - TINY_FILE_BYTES);
    word[i] = bytes[i][0] == ' ' ? "\xc4\xa0" /* U+0120 */ : bytes[i];
    type[i] = 1;
  }
  gguf_writer_text(writer, "tokenizer.ggml.model", "gpt2", 4);
  if (leave_out == NULL || strcmp(leave_out, "tokenizer.ggml.pre") != 0)
    gguf_writer_text(writer, "tokenizer.ggml.pre", "smollm", 6);
  gguf_writer_texts(writer, "tokenizer.ggml.tokens", word, NULL,
                    TINY_FILE_TOKENS);
  gguf_writer_i32s(writer, "tokenizer.ggml.token_type", type, TINY_FILE_TOKENS);
  gguf_writer_texts(writer, "tokenizer.ggml.merges", NULL, NULL, 0);
  gguf_writer_u32(writer, "tokenizer.ggml.eos_token_id", TINY_FILE_END);
  gguf_writer_text(writer, "tokenizer.chat_template", template,
                   sizeof template - 1);
}

/* Louder weights than those of llm_model_draw, so that tokens are not all
 * alike; and an end that comes often enough to be seen. */
static inline void tiny_file_weights(llm_model *model, uint64_t seed) {
  heed_stream stream = stream_open(seed, 0, "tiny", "weights", 0);
  float *embedding = model->weights + model->layout.embedding;
  const size_t width = model->shape.width;
  llm_model_draw(model, &stream);
  for (size_t i = 0; i < model->shape.vocabulary * width; i++)
    embedding[i] *= i / width == TINY_FILE_END ? 3.0f : 1.5f;
}

/* Another model for each seed. */
static inline heed_status tiny_file_write(const char *path, uint64_t seed,
                                          const char *leave_out,
                                          heed_error *error) {
  llm_model *model = NULL;
  gguf_writer *writer = gguf_writer_new(path);
  heed_status status = llm_model_new(&tiny_file_shape, &model, error);
  if (writer == NULL) status = heed_no_memory(error);
  if (status == HEED_OK) {
    tiny_file_weights(model, seed);
    tiny_file_keys(writer, &tiny_file_shape, "llama", NULL);
    tiny_file_tokenizer(writer, leave_out);
    for (size_t i = 0; i < llm_tensor_count(&model->shape); i++) {
      const llm_tensor tensor = llm_tensor_at(&model->shape, &model->layout, i);
      const uint64_t sizes[] = {tensor.width, tensor.rows};
      gguf_writer_tensor(writer, tensor.name, tensor.rows > 0 ? 2 : 1, sizes,
                         model->weights + tensor.offset);
    }
    status = gguf_writer_finish(writer, error);
  }
  gguf_writer_free(writer);
  llm_model_close(model);
  return status;
}

#endif
