/* SPDX-License-Identifier: GPL-3.0-or-later
 * A language model as plugins see it: a file with its tokenizer; prompts and
 * responses are texts.
 *
 * A prompt is the user's turn of a chat and the response the assistant's;
 * without `chat`, the response continues the prompt.  The probability of a
 * response includes the token that ends it, unless the response was truncated
 * at a limit.
 *
 * Dequantised weights are cached in $XDG_CACHE_HOME/heed or ~/.cache/heed as
 * FILE'S-SHA-256.weights and mapped by all processes; without that folder they
 * are in private memory. */
#ifndef HEED_SUPPORT_LLM_LANGUAGE_MODEL_H
#define HEED_SUPPORT_LLM_LANGUAGE_MODEL_H

#include "heed/host.h"
#include "heed/world.h"
#include "support/llm/adapter.h"
#include "support/llm/chat.h"
#include "support/llm/generate.h"
#include "support/llm/tokenizer.h"

typedef struct language_model_options {
  const char *path;    /* GGUF */
  const char *adapter; /* GGUF LoRA to merge into the weights, which are then
                        * private; or NULL */
  bool chat;           /* by the file's template */
  const char *system;  /* system turn; NULL: the template's own, if any */
  size_t context;      /* read only this many last tokens of a prompt; 0: all */
} language_model_options;

typedef struct language_model {
  gguf_file *file;
  llm_tokenizer *tokens;
  llm_chat *turns; /* NULL without `chat` */
  llm_model *weights;
  const char *system;
  size_t context;
} language_model;

/* The texts of options outlive *opened.  Owned by the caller; NULL on failure.
 * Warns the host of suspicious metadata (metadata.h). */
heed_status language_model_open(const language_model_options *options,
                                const heed_host *host, language_model **opened,
                                heed_error *error);
void language_model_close(language_model *self); /* may be NULL */

/* The token that ends a response. */
int32_t language_model_end(const language_model *self);

/* Appends the tokens before a response. */
heed_status language_model_read_prompt(const language_model *self,
                                       const char *prompt, llm_token_list *list,
                                       heed_error *error);

/* Appends a response, and its end token unless it was truncated. */
heed_status language_model_read_response(const language_model *self,
                                         const heed_response *response,
                                         llm_token_list *list,
                                         heed_error *error);

/* The number of tokens of a prompt with a response. */
heed_status language_model_length(const language_model *self,
                                  const char *prompt,
                                  const heed_response *response, size_t *tokens,
                                  heed_error *error);

/* Truncates a response that does not fit behind its prompt in the model's
 * context; its length is 0 if there is no room at all. */
heed_status language_model_truncate(const language_model *self,
                                    const char *prompt, heed_response *response,
                                    heed_error *error);

/* Tokenized texts, concatenated.  Start with {0}. */
typedef struct language_model_answer {
  size_t count;          /* of texts */
  llm_token_list tokens; /* of all prompts and responses */
  void *memory;          /* of the arrays below */
  size_t *first;         /* (count + 1): where each prompt starts */
  size_t *answer;        /* (count): where each response does */
} language_model_answer;

/* Number of tokens of a response, including its end. */
static inline size_t spoken_answer(const language_model_answer *self,
                                   size_t text) {
  return self->first[text + 1] - self->answer[text];
}

/* prompt: the text of a row of world->prompts; responses of any rows. */
heed_status language_model_read(const language_model *self,
                                const char *const *prompt, size_t count,
                                const heed_response *responses,
                                language_model_answer *made, heed_error *error);
void spoken_free(language_model_answer *self);

/* Scores and responses of many texts; both may stop with HEED_CANCELLED, and
 * report progress to the host as `what`.  A crew of as many threads as OpenBLAS
 * has works for the time of the call. */

/* log_probability: (count).  tokens: (count) or NULL: number of tokens in each
 * sum.  adapter: NULL, or one of the weights' shape. */
heed_status language_model_score(const language_model *self,
                                 const llm_adapter *adapter,
                                 const heed_host *host, const char *what,
                                 const char *const *prompt, size_t count,
                                 const heed_response *responses,
                                 double *log_probability, size_t *tokens,
                                 heed_error *error);

/* Draws a response to the prompt of each of responses and sets its text, length
 * and cut; from host->allocate() if `lasting`, else from host->scratch().
 * Texts are UTF-8 without NUL: invalid bytes become U+FFFD.  weights: the
 * model's own, or of the same shape with a merged adapter.  drawn (or NULL):
 * the number of drawn tokens is added. */
typedef struct language_model_speech {
  llm_sampling sampling;
  size_t most;     /* tokens of a response */
  size_t together; /* responses drawn at a time */
  bool lasting;
} language_model_speech;

heed_status language_model_say(const language_model *self,
                               const llm_model *weights,
                               const language_model_speech *how,
                               const heed_host *host, const char *what,
                               const char *const *prompt, size_t count,
                               heed_stream *stream, heed_response *responses,
                               size_t *drawn, heed_error *error);

#endif
