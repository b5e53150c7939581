/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts packed into the batch of a pass. */
#include "support/llm/packed.h"

#include <stdlib.h>
#include <string.h>

#include "support/llm/carving.h"
#include "support/llm/language_model.h"

static void place(void *object, carving_block *block) {
  llm_packed *self = object;
  self->token = carve(block, self->most + 1, sizeof *self->token);
  self->length = carve_sizes(block, self->most + 1);
  self->branches = carve_sizes(block, self->most + 1);
  self->ask = carve_sizes(block, self->most + 1);
}

heed_status packed_open(const language_model_answer *texts, size_t most,
                        llm_packed *self, heed_error *error) {
  *self = (llm_packed){.texts = texts, .most = most};
  self->memory = carving_open(place, self);
  if (self->memory == NULL) return heed_no_memory(error);
  packed_clear(self);
  return HEED_OK;
}

void packed_close(llm_packed *self) {
  free(self->memory);
}

void packed_clear(llm_packed *self) {
  self->tokens = 0;
  self->batch = (llm_batch){.length = self->length,
                            .token = self->token,
                            .ask = self->ask,
                            .branches = self->branches};
}

static size_t prompt_tokens(const language_model_answer *texts, size_t i) {
  return texts->answer[i] - texts->first[i];
}

/* True if the text's prompt is the stem added last. */
static bool goes_on(const llm_packed *self, size_t text) {
  const language_model_answer *texts = self->texts;
  const size_t count = prompt_tokens(texts, text);
  return self->batch.sequences > 0 &&
         prompt_tokens(texts, self->stem) == count &&
         memcmp(texts->tokens.id + texts->first[self->stem],
                texts->tokens.id + texts->first[text],
                count * sizeof *texts->tokens.id) == 0;
}

static void put(llm_packed *self, size_t first, size_t count) {
  memcpy(self->token + self->tokens, self->texts->tokens.id + first,
         count * sizeof *self->token);
  self->length[self->batch.sequences] = count;
  self->branches[self->batch.sequences] = 0;
  self->batch.sequences++;
  self->tokens += count;
}

bool packed_add(llm_packed *self, size_t text) {
  const language_model_answer *texts = self->texts;
  const size_t prompt = prompt_tokens(texts, text);
  const size_t answer = spoken_answer(texts, text);
  const bool again = goes_on(self, text);
  if (answer == 0) return true;
  if (self->tokens + (again ? 0 : prompt) + answer > self->most) return false;
  if (!again) {
    self->stem = text;
    self->stem_sequence = self->batch.sequences;
    put(self, texts->first[text], prompt);
  }
  self->branches[self->stem_sequence]++;
  for (size_t i = 0; i < answer; i++)
    self->ask[self->batch.asked++] = self->tokens + i;
  put(self, texts->answer[text], answer);
  return true;
}
