/* SPDX-License-Identifier: GPL-3.0-or-later
 * Incremental decoding: sequences in slots, each with a key-value cache.
 *
 * Adapters are not applied here: merge one into a copy of the model.
 *
 * Memory: the cache has 8 x layers x kv_heads x head_width bytes per token (46
 * KB for SmolLM2-135M) for slots x capacity tokens, of which only those read
 * are touched; plus workspace for the tokens of one call. */
#ifndef HEED_SUPPORT_LLM_DECODER_H
#define HEED_SUPPORT_LLM_DECODER_H

#include "support/llm/crew.h"
#include "support/llm/model.h"

typedef struct llm_decoder llm_decoder;

typedef struct llm_decoder_limits {
  size_t slots;
  size_t capacity; /* tokens per slot, at most the model's context */
  size_t tokens;   /* per call, over all slots; at least `slots` */
} llm_decoder_limits;

/* A slot's input in one call. */
typedef struct llm_reading {
  size_t slot;
  const int32_t *token;
  size_t count; /* at least 1 */
} llm_reading;

size_t llm_decoder_bytes(const llm_shape *shape,
                         const llm_decoder_limits *limits, size_t members);

/* model and workers outlive the decoder.  Owned by the caller. */
heed_status llm_decoder_open(const llm_model *model,
                             const llm_decoder_limits *limits,
                             llm_crew *workers, llm_decoder **opened,
                             heed_error *error);
void llm_decoder_close(llm_decoder *self);

/* Empties the slot. */
void llm_decoder_clear(llm_decoder *self, size_t slot);

/* Reads more tokens, each slot at most once.  Row i of the result, (readings,
 * vocabulary), holds the logits after reading i.  The decoder owns it; the
 * caller may overwrite it; it is valid until the next call. */
heed_status llm_decoder_read(llm_decoder *self, const llm_reading *reading,
                             size_t readings, float **logits,
                             heed_error *error);

#endif
