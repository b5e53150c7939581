/* SPDX-License-Identifier: GPL-3.0-or-later
 * Generates responses to many prompts at a time.
 *
 * Prompts of any lengths share a batch; when a response ends, the next prompt
 * takes its slot.  Each prompt has its own random stream, so its response does
 * not depend on the rest of the batch, and neither do the logits, except for
 * last bits that OpenBLAS rounds differently for different numbers of rows. */
#ifndef HEED_SUPPORT_LLM_GENERATE_H
#define HEED_SUPPORT_LLM_GENERATE_H

#include "support/llm/crew.h"
#include "support/llm/model.h"
#include "support/llm/sample.h"

typedef struct llm_generation {
  llm_sampling sampling;
  size_t most; /* tokens per response */
  /* Tokens that end a response; not part of it. */
  const int32_t *stop;
  size_t stops;
  size_t slots; /* prompts at a time */
  /* Called between steps with the number of finished responses; false stops
   * with HEED_CANCELLED.  NULL: not called. */
  bool (*going)(void *context, size_t ended, size_t prompts);
  void *context;
} llm_generation;

typedef struct llm_prompt {
  const int32_t *token;
  size_t length; /* at least 1; plus `most` at most the model's context */
  heed_stream stream;
} llm_prompt;

typedef struct llm_response {
  int32_t *token; /* owned by the caller; room for `most` */
  size_t length;
  bool ended; /* by a stop token, not by `most` */
} llm_response;

/* Bytes used besides the model if every slot is full. */
size_t llm_generate_bytes(const llm_shape *shape, const llm_generation *how,
                          const llm_prompt *prompt, size_t prompts,
                          size_t members);

/* prompt and response: (prompts). */
heed_status llm_generate(const llm_model *model, const llm_generation *how,
                         const llm_prompt *prompt, size_t prompts,
                         llm_response *response, llm_crew *workers,
                         heed_error *error);

#endif
