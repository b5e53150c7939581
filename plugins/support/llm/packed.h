/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts packed into the batch of a pass.  The prompt of texts that follow each
 * other with the same one stands there once, as the stem of their responses. */
#ifndef HEED_SUPPORT_LLM_PACKED_H
#define HEED_SUPPORT_LLM_PACKED_H

#include "support/llm/language_model.h"
#include "support/llm/pass.h"

typedef struct llm_packed {
  const language_model_answer *texts;
  llm_batch batch; /* asks for every token of the responses, text by text */
  size_t tokens;   /* of the batch */
  size_t most;
  size_t stem; /* whose prompt was put last, and as which sequence */
  size_t stem_sequence;
  void *memory; /* of the batch's arrays; (most) */
  int32_t *token;
  size_t *length, *branches, *ask;
} llm_packed;

/* most: tokens of a batch.  texts outlive *self; packed_close() whatever is
 * returned. */
heed_status packed_open(const language_model_answer *texts, size_t most,
                        llm_packed *self, heed_error *error);
void packed_close(llm_packed *self);

/* Empties the batch. */
void packed_clear(llm_packed *self);

/* False, and nothing is added, where there is no room for the text.  A response
 * of no tokens asks for nothing and takes no room. */
bool packed_add(llm_packed *self, size_t text);

#endif
