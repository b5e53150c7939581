/* SPDX-License-Identifier: GPL-3.0-or-later
 * Continuous batching: sequences join and leave a running batch. */
#include "support/llm/generate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/llm/carving.h"
#include "support/llm/crew.h"
#include "support/llm/decoder.h"
#include "support/llm/model.h"

/* Slots are refilled when a quarter of them are free: prompts are cheaper to
 * read together. */
#define REFILL_SHARE 4
/* Prompt tokens per call, unless a single prompt is longer. */
#define PROMPT_TOKENS 1024

typedef struct generate_generator {
  const llm_generation *how;
  const llm_prompt *prompt;
  llm_response *response;
  size_t prompts, slots, tokens; /* tokens: of one call */
  llm_decoder *decoder;
  llm_crew *workers;
  size_t vocabulary;
  size_t started, ended; /* prompts */
  void *memory;          /* of the arrays below */
  size_t *count;         /* (slots): its prompt; `prompts`: free */
  int32_t *last;         /* (slots): the token drawn last */
  heed_stream *stream;   /* (slots) */
  llm_reading *reading;  /* (slots) */
  size_t readings;
  float *logits;
  llm_candidate *room; /* (members, vocabulary) */
} generate_generator;

static size_t longest_prompt(const llm_prompt *prompt, size_t prompts) {
  size_t longest = 1;
  for (size_t i = 0; i < prompts; i++)
    if (prompt[i].length > longest) longest = prompt[i].length;
  return longest;
}

static llm_decoder_limits limits_of(const llm_generation *how,
                                    const llm_prompt *prompt, size_t prompts) {
  const size_t longest = longest_prompt(prompt, prompts);
  llm_decoder_limits limits = {
      .slots = how->slots < prompts ? how->slots : prompts,
      .capacity = longest + how->most};
  limits.tokens = longest > PROMPT_TOKENS ? longest : PROMPT_TOKENS;
  if (limits.tokens < limits.slots) limits.tokens = limits.slots;
  return limits;
}

size_t llm_generate_bytes(const llm_shape *shape, const llm_generation *how,
                          const llm_prompt *prompt, size_t prompts,
                          size_t members) {
  const llm_decoder_limits limits = limits_of(how, prompt, prompts);
  return llm_decoder_bytes(shape, &limits, members) +
         members * shape->vocabulary * sizeof(llm_candidate);
}

static void close_generator(generate_generator *self) {
  llm_decoder_close(self->decoder);
  free(self->memory);
}

static void place(void *object, carving_block *block) {
  generate_generator *self = object;
  const size_t slots = self->slots;
  self->count = carve_sizes(block, slots);
  self->last = carve(block, slots, sizeof *self->last);
  self->stream = carve(block, slots, sizeof *self->stream);
  self->reading = carve(block, slots, sizeof *self->reading);
  self->room = carve(block, crew_members(self->workers),
                     self->vocabulary * sizeof *self->room);
}

static heed_status open_generator(generate_generator *self,
                                  const llm_model *model, heed_error *error) {
  const llm_decoder_limits limits =
      limits_of(self->how, self->prompt, self->prompts);
  self->slots = limits.slots;
  self->tokens = limits.tokens;
  self->vocabulary = model->shape.vocabulary;
  self->memory = carving_open(place, self);
  if (self->memory == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < self->slots; i++) self->count[i] = self->prompts;
  return llm_decoder_open(model, &limits, self->workers, &self->decoder, error);
}

static bool stops(const llm_generation *how, int32_t token) {
  for (size_t i = 0; i < how->stops; i++)
    if (how->stop[i] == token) return true;
  return false;
}

/* Samples the token after each reading; members share the readings. */
static void draw_work(void *context, size_t index, size_t count) {
  generate_generator *self = context;
  const llm_crew_part part = crew_share(self->readings, 1, index, count);
  for (size_t r = part.first; r < part.end; r++) {
    const size_t slot = self->reading[r].slot;
    self->last[slot] =
        llm_sample(&self->how->sampling, self->vocabulary,
                   self->logits + r * self->vocabulary, &self->stream[slot],
                   self->room + index * self->vocabulary);
  }
}

/* Appends sampled tokens to the responses; frees slots whose response has
 * ended. */
static void take_tokens(generate_generator *self) {
  for (size_t r = 0; r < self->readings; r++) {
    const size_t slot = self->reading[r].slot;
    llm_response *response = &self->response[self->count[slot]];
    assert(response->length < self->how->most);
    response->ended = stops(self->how, self->last[slot]);
    if (!response->ended)
      response->token[response->length++] = self->last[slot];
    if (!response->ended && response->length < self->how->most) continue;
    self->count[slot] = self->prompts;
    llm_decoder_clear(self->decoder, slot);
    self->ended++;
  }
}

static heed_status read_and_draw(generate_generator *self, heed_error *error) {
  heed_status status;
  if (self->readings == 0) return HEED_OK;
  status = llm_decoder_read(self->decoder, self->reading, self->readings,
                            &self->logits, error);
  if (status != HEED_OK) return status;
  crew_run(self->workers, draw_work, self);
  for (size_t r = 0; r < self->readings; r++)
    if (self->last[self->reading[r].slot] < 0)
      return heed_fail(error, HEED_NUMERIC,
                       "the logits after prompt %zu are NaN or infinite: the "
                       "weights exceed the range of float32",
                       self->count[self->reading[r].slot]);
  take_tokens(self);
  return HEED_OK;
}

/* Reads the next prompts into free slots, as many as fit in one call. */
static void gather_prompts(generate_generator *self) {
  size_t tokens = 0;
  self->readings = 0;
  for (size_t slot = 0; slot < self->slots; slot++) {
    const llm_prompt *next = &self->prompt[self->started];
    if (self->count[slot] < self->prompts) continue;
    if (self->started == self->prompts || tokens + next->length > self->tokens)
      return;
    tokens += next->length;
    self->count[slot] = self->started++;
    self->stream[slot] = next->stream;
    self->reading[self->readings++] =
        (llm_reading){slot, next->token, next->length};
  }
}

static size_t free_slots(const generate_generator *self) {
  size_t count = 0;
  for (size_t slot = 0; slot < self->slots; slot++)
    count += self->count[slot] == self->prompts;
  return count;
}

static heed_status refill(generate_generator *self, heed_error *error) {
  size_t least = (self->slots + REFILL_SHARE - 1) / REFILL_SHARE;
  while (self->started < self->prompts && free_slots(self) >= least) {
    heed_status status;
    gather_prompts(self);
    status = read_and_draw(self, error);
    if (status != HEED_OK) return status;
    least = 1; /* if some are read, all earlier ones are */
  }
  return HEED_OK;
}

static void gather_tokens(generate_generator *self) {
  self->readings = 0;
  for (size_t slot = 0; slot < self->slots; slot++)
    if (self->count[slot] < self->prompts)
      self->reading[self->readings++] =
          (llm_reading){slot, &self->last[slot], 1};
}

static heed_status run(generate_generator *self, heed_error *error) {
  const llm_generation *how = self->how;
  while (self->ended < self->prompts) {
    heed_status status = refill(self, error);
    gather_tokens(self);
    if (status == HEED_OK) status = read_and_draw(self, error);
    if (status != HEED_OK) return status;
    if (how->going != NULL &&
        !how->going(how->context, self->ended, self->prompts))
      return heed_fail(error, HEED_CANCELLED, "generation was cancelled");
  }
  return HEED_OK;
}

heed_status llm_generate(const llm_model *model, const llm_generation *how,
                         const llm_prompt *prompt, size_t prompts,
                         llm_response *response, llm_crew *workers,
                         heed_error *error) {
  generate_generator self = {.how = how,
                             .prompt = prompt,
                             .response = response,
                             .prompts = prompts,
                             .workers = workers};
  heed_status status = llm_sampling_check(&how->sampling, error);
  if (status != HEED_OK || prompts == 0) return status;
  if (how->most < 1 || how->slots < 1)
    return heed_fail(
        error, HEED_INVALID,
        "responses of %zu tokens, %zu at a time: expected at least 1 of each",
        how->most, how->slots);
  for (size_t i = 0; i < prompts; i++) {
    if (prompt[i].length < 1)
      return heed_fail(error, HEED_INVALID, "prompt %zu has no tokens", i);
    response[i].length = 0;
    response[i].ended = false;
  }
  status = open_generator(&self, model, error);
  if (status == HEED_OK) status = run(&self, error);
  close_generator(&self);
  return status;
}
