/* SPDX-License-Identifier: GPL-3.0-or-later
 * Responses to prompts, many at a time.
 *
 * Prompts of any lengths share a batch; a response that has ended makes room
 * for the next prompt.  Each prompt has a stream of its own, so that what is
 * drawn for it does not depend on its company; the logits do not either, but
 * for the last bits that OpenBLAS rounds differently for other numbers of
 * rows. */
#ifndef HEED_SUPPORT_LLM_GENERATE_H
#define HEED_SUPPORT_LLM_GENERATE_H

#include "support/llm/decoder.h"
#include "support/llm/sample.h"

typedef struct llm_generation {
  llm_sampling sampling;
  size_t most; /* tokens of a response */
  /* Tokens that end a response, and do not belong to it. */
  const int32_t *stop;
  size_t stops;
  size_t slots; /* prompts at a time */
  /* Called between steps with the number of responses that have ended; false
   * stops with HEED_CANCELLED.  NULL: not called. */
  bool (*going)(void *context, size_t ended, size_t prompts);
  void *context;
} llm_generation;

typedef struct llm_prompt {
  const int32_t *token;
  size_t length; /* at least 1; with `most` at most the model's context */
  heed_stream stream;
} llm_prompt;

typedef struct llm_response {
  int32_t *token; /* the caller's, of `most` */
  size_t length;
  bool ended; /* by a stop token, not by `most` */
} llm_response;

/* Bytes that it takes besides the model, were every slot filled up. */
size_t llm_generate_bytes(const llm_shape *shape, const llm_generation *how,
                          const llm_prompt *prompt, size_t prompts,
                          size_t members);

/* prompt and response: (prompts). */
heed_status llm_generate(const llm_model *model, const llm_generation *how,
                         const llm_prompt *prompt, size_t prompts,
                         llm_response *response, llm_crew *workers,
                         heed_error *error);

#endif
