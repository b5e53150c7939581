/* SPDX-License-Identifier: GPL-3.0-or-later
 * Language models: opens files, tokenizes texts. */
#include "support/llm/language_model.h"

#include <errno.h>
#include <limits.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/llm/carving.h"
#include "support/llm/gguf.h"
#include "support/llm/metadata.h"
#include "support/llm/model.h"

/* ---- weights ---- */

#define KEY_SIZE (2 * SHA256_DIGEST_SIZE + 1)

static void key_of(const gguf_file *file, char key[KEY_SIZE]) {
  struct sha256_ctx context;
  uint8_t digest[SHA256_DIGEST_SIZE];
  size_t size;
  const uint8_t *bytes = gguf_image(file, &size);
  sha256_init(&context);
  sha256_update(&context, size, bytes);
  sha256_digest(&context, sizeof digest, digest);
  base16_encode_update(key, sizeof digest, digest);
  key[KEY_SIZE - 1] = '\0';
}

static bool make_folder(const char *folder) {
  return mkdir(folder, 0777) == 0 || errno == EEXIST;
}

/* Path of the weights' cache; false if there is none. */
static bool find_folder(char *folder, size_t size) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  char above[PATH_MAX];
  int length;
  if (cache != NULL && *cache == '/')
    length = snprintf(above, sizeof above, "%s", cache);
  else if (home != NULL && *home == '/')
    length = snprintf(above, sizeof above, "%s/.cache", home);
  else
    return false;
  if (length < 0 || (size_t)length >= sizeof above || !make_folder(above))
    return false;
  length = snprintf(folder, size, "%s/heed", above);
  return length > 0 && (size_t)length < size && make_folder(folder) &&
         access(folder, W_OK) == 0;
}

/* The weights shared by all processes, or, without a cache, private ones. */
static heed_status open_weights(language_model *self, heed_error *error) {
  char folder[PATH_MAX], key[KEY_SIZE];
  heed_status status = HEED_IO;
  if (find_folder(folder, sizeof folder)) {
    key_of(self->file, key);
    status = llm_model_open(self->file, folder, key, &self->weights, error);
  }
  return status == HEED_IO
             ? llm_model_open(self->file, NULL, NULL, &self->weights, error)
             : status;
}

static heed_status merge_adapter(language_model *self, const char *path,
                                 heed_error *error) {
  llm_adapter *adapter = NULL;
  llm_model *merged = NULL;
  heed_status status = llm_adapter_load(path, self->weights, &adapter, error);
  if (status == HEED_OK) status = llm_model_copy(self->weights, &merged, error);
  if (status == HEED_OK) {
    llm_adapter_merge(adapter, merged);
    llm_model_close(self->weights);
    self->weights = merged;
  }
  llm_adapter_close(adapter);
  return status;
}

heed_status language_model_open(const language_model_options *options,
                                const heed_host *host, language_model **opened,
                                heed_error *error) {
  language_model *self = calloc(1, sizeof *self);
  heed_status status;
  *opened = NULL;
  if (self == NULL) return heed_no_memory(error);
  self->system = options->system;
  self->context = options->context;
  status = gguf_open(options->path, &self->file, error);
  if (status == HEED_OK)
    status = tokenizer_open(self->file, &self->tokens, error);
  if (status == HEED_OK && options->chat)
    status = chat_open(self->file, self->tokens, &self->turns, error);
  if (status == HEED_OK && !options->chat && tokenizer_end_id(self->tokens) < 0)
    status =
        heed_fail(error, HEED_UNSUPPORTED,
                  "%s: missing end-of-text token (tokenizer.ggml.eos_token_id)",
                  options->path);
  if (status == HEED_OK) status = open_weights(self, error);
  if (status == HEED_OK && options->adapter != NULL)
    status = merge_adapter(self, options->adapter, error);
  if (status != HEED_OK) {
    language_model_close(self);
    return status;
  }
  metadata_warn(self->file, host);
  *opened = self;
  return HEED_OK;
}

void language_model_close(language_model *self) {
  if (self == NULL) return;
  llm_model_close(self->weights);
  chat_close(self->turns);
  tokenizer_close(self->tokens);
  gguf_close(self->file);
  free(self);
}

/* ---- texts ---- */

int32_t language_model_end(const language_model *self) {
  return self->turns != NULL ? chat_end_id(self->turns)
                             : tokenizer_end_id(self->tokens);
}

/* The last tokens of a prompt as a text; owned by the caller. */
static heed_status last_of(const language_model *self, const char *prompt,
                           char **text, heed_error *error) {
  llm_token_list all = {0};
  size_t length;
  heed_status status = tokenizer_encode(self->tokens, prompt, strlen(prompt),
                                        false, &all, error);
  if (status == HEED_OK) {
    const size_t skipped =
        all.count > self->context ? all.count - self->context : 0;
    status = tokenizer_decode(self->tokens, all.id + skipped,
                              all.count - skipped, false, text, &length, error);
  }
  token_list_free(&all);
  return status;
}

static heed_status read_turns(const language_model *self, const char *prompt,
                              llm_token_list *list, heed_error *error) {
  const bool system = self->system != NULL;
  heed_status status = chat_begin(self->turns, system, list, error);
  if (status == HEED_OK && system)
    status = chat_turn(self->turns, "system", self->system,
                       strlen(self->system), list, error);
  if (status == HEED_OK)
    status =
        chat_turn(self->turns, "user", prompt, strlen(prompt), list, error);
  return status == HEED_OK ? chat_answer(self->turns, list, error) : status;
}

static heed_status read_plain(const language_model *self, const char *prompt,
                              llm_token_list *list, heed_error *error) {
  heed_status status = HEED_OK;
  const size_t earlier = list->count;
  if (tokenizer_adds_begin(self->tokens))
    status = token_list_add(list, tokenizer_begin_id(self->tokens), error);
  if (status == HEED_OK)
    status = tokenizer_encode(self->tokens, prompt, strlen(prompt), false, list,
                              error);
  if (status == HEED_OK && list->count == earlier)
    status = heed_fail(
        error, HEED_INVALID,
        "empty prompt: a model without a chat template needs text to continue");
  return status;
}

heed_status language_model_read_prompt(const language_model *self,
                                       const char *prompt, llm_token_list *list,
                                       heed_error *error) {
  char *part = NULL;
  heed_status status = HEED_OK;
  if (self->context > 0) status = last_of(self, prompt, &part, error);
  if (status == HEED_OK)
    status = self->turns != NULL
                 ? read_turns(self, part != NULL ? part : prompt, list, error)
                 : read_plain(self, part != NULL ? part : prompt, list, error);
  free(part);
  return status;
}

heed_status language_model_read_response(const language_model *self,
                                         const heed_response *response,
                                         llm_token_list *list,
                                         heed_error *error) {
  const heed_status status = tokenizer_encode(
      self->tokens, response->text, response->length, false, list, error);
  return status == HEED_OK && !response->cut
             ? token_list_add(list, language_model_end(self), error)
             : status;
}

heed_status language_model_length(const language_model *self,
                                  const char *prompt,
                                  const heed_response *response, size_t *tokens,
                                  heed_error *error) {
  llm_token_list list = {0};
  heed_status status = language_model_read_prompt(self, prompt, &list, error);
  if (status == HEED_OK)
    status = language_model_read_response(self, response, &list, error);
  *tokens = list.count;
  token_list_free(&list);
  return status;
}

/* The bytes of the first tokens of a response, without a last part of a
 * character. */
static heed_status bytes_of(const language_model *self,
                            const heed_response *response, size_t most,
                            size_t *bytes, heed_error *error) {
  llm_token_list list = {0};
  char *text = NULL;
  heed_status status = tokenizer_encode(self->tokens, response->text,
                                        response->length, false, &list, error);
  const size_t count = list.count < most ? list.count : most;
  if (status == HEED_OK)
    status = tokenizer_decode(self->tokens, list.id, count, true, &text, bytes,
                              error);
  if (status == HEED_OK && *bytes > response->length) *bytes = response->length;
  while (status == HEED_OK && *bytes > 0 && *bytes < response->length &&
         ((uint8_t)response->text[*bytes] & 0xc0) == 0x80)
    --*bytes;
  free(text);
  token_list_free(&list);
  return status;
}

heed_status language_model_truncate(const language_model *self,
                                    const char *prompt, heed_response *response,
                                    heed_error *error) {
  const size_t context = self->weights->shape.context;
  const heed_response empty = {.text = "", .cut = true};
  size_t before, tokens;
  heed_status status =
      language_model_length(self, prompt, response, &tokens, error);
  if (status != HEED_OK || tokens <= context) return status;
  status = language_model_length(self, prompt, &empty, &before, error);
  size_t room = before < context ? context - before : 0;
  response->cut = true;
  /* A part of a text can have more tokens than its share of the whole. */
  for (; status == HEED_OK && tokens > context; room -= room > 0) {
    status = bytes_of(self, response, room, &response->length, error);
    if (response->length == 0) break;
    if (status == HEED_OK)
      status = language_model_length(self, prompt, response, &tokens, error);
  }
  return status;
}

static void place_answer(void *object, carving_block *block) {
  language_model_answer *self = object;
  self->first = carve_sizes(block, self->count + 1);
  self->answer = carve_sizes(block, self->count);
}

heed_status language_model_read(const language_model *self,
                                const char *const *prompt, size_t count,
                                const heed_response *responses,
                                language_model_answer *made,
                                heed_error *error) {
  heed_status status = HEED_OK;
  made->count = count;
  made->memory = carving_open(place_answer, made);
  if (made->memory == NULL) return heed_no_memory(error);
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    made->first[i] = made->tokens.count;
    status = language_model_read_prompt(self, prompt[responses[i].prompt],
                                        &made->tokens, error);
    made->answer[i] = made->tokens.count;
    if (status == HEED_OK && responses[i].text != NULL)
      status = language_model_read_response(self, &responses[i], &made->tokens,
                                            error);
    made->first[i + 1] = made->tokens.count;
    if (status == HEED_OK &&
        made->first[i + 1] - made->first[i] > self->weights->shape.context)
      status = heed_fail(
          error, HEED_UNSUPPORTED,
          "prompt %zu with its response has %zu tokens, %s reads at most %zu",
          responses[i].prompt, made->first[i + 1] - made->first[i],
          gguf_name(self->file), self->weights->shape.context);
  }
  return status;
}

void spoken_free(language_model_answer *self) {
  token_list_free(&self->tokens);
  free(self->memory);
}
