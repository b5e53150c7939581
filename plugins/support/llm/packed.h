/* SPDX-License-Identifier: GPL-3.0-or-later
 * Packs texts into the batch of a pass.  Consecutive texts with the same prompt
 * share it, as the stem of their responses. */
#ifndef HEED_SUPPORT_LLM_PACKED_H
#define HEED_SUPPORT_LLM_PACKED_H

#include "support/llm/pass.h"

typedef struct language_model_answer
    language_model_answer; /* language_model.h */

typedef struct llm_packed {
  const language_model_answer *texts;
  llm_batch batch; /* requests every token of the responses, text by text */
  size_t tokens;   /* of the batch */
  size_t most;
  size_t stem; /* text and sequence of the prompt added last */
  size_t stem_sequence;
  void *memory; /* of the batch's arrays; (most) */
  int32_t *token;
  size_t *length, *branches, *ask;
} llm_packed;

/* most: tokens per batch.  texts outlive *self; call packed_close() even on
 * failure. */
heed_status packed_open(const language_model_answer *texts, size_t most,
                        llm_packed *self, heed_error *error);
void packed_close(llm_packed *self);

/* Empties the batch. */
void packed_clear(llm_packed *self);

/* False, and adds nothing, if the text does not fit.  An empty response
 * requests nothing and takes no room. */
bool packed_add(llm_packed *self, size_t text);

#endif
