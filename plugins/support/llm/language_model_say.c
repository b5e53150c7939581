/* SPDX-License-Identifier: GPL-3.0-or-later
 * Language models: draws responses. */
#include <stdlib.h>

#include "support/llm/carving.h"
#include "support/llm/crew.h"
#include "support/llm/gguf.h"
#include "support/llm/language_model.h"
#include "support/llm/model.h"
#include "support/llm/utf8.h"

typedef struct say_speaker {
  const language_model *model;
  const language_model_speech *how;
  const heed_host *host;
  const char *what;
  size_t count;
  void *memory;         /* of the arrays below */
  llm_prompt *prompt;   /* (count) */
  llm_response *answer; /* (count) */
  int32_t *token;       /* (count, most) */
} say_speaker;

static bool going(void *context, size_t ended, size_t prompts) {
  const say_speaker *self = context;
  self->host->progress(self->host, (double)ended / (double)prompts, self->what);
  return !self->host->cancelled(self->host);
}

static void place(void *object, carving_block *block) {
  say_speaker *self = object;
  self->prompt = carve(block, self->count, sizeof *self->prompt);
  self->answer = carve(block, self->count, sizeof *self->answer);
  self->token =
      carve(block, self->count, self->how->most * sizeof *self->token);
}

static heed_status open_speaker(say_speaker *self,
                                const language_model_answer *texts,
                                const heed_stream *stream,
                                const heed_response *responses,
                                heed_error *error) {
  const size_t count = texts->count, most = self->how->most;
  const size_t context = self->model->weights->shape.context;
  self->count = count;
  self->memory = carving_open(place, self);
  if (self->memory == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    const size_t length = texts->answer[i] - texts->first[i];
    if (length + most > context)
      return heed_fail(error, HEED_UNSUPPORTED,
                       "prompt %zu has %zu tokens: with a response of %zu it "
                       "exceeds the %zu that %s reads",
                       responses[i].prompt, length, most, context,
                       gguf_name(self->model->file));
    self->prompt[i] =
        (llm_prompt){texts->tokens.id + texts->first[i], length, stream[i]};
    self->answer[i].token = self->token + i * most;
  }
  return HEED_OK;
}

/* A text without NUL, in the host's memory.  NULL: out of memory. */
static char *keep_text(const say_speaker *self, const char *text, size_t length,
                       size_t *kept) {
  static const char replacement[] = "\xef\xbf\xbd";
  const heed_host *host = self->host;
  size_t clean, zeros = 0, position = 0;
  char *valid = utf8_clean(text, length, &clean), *made = NULL;
  for (size_t i = 0; valid != NULL && i < clean; i++) zeros += valid[i] == '\0';
  *kept = clean + 2 * zeros;
  if (valid != NULL)
    made = self->how->lasting ? host->allocate(host, *kept + 1, 1)
                              : host->scratch(host, *kept + 1, 1);
  for (size_t i = 0; made != NULL && i < clean; i++) {
    if (valid[i] != '\0')
      made[position++] = valid[i];
    else
      for (size_t k = 0; k < 3; k++) made[position++] = replacement[k];
  }
  free(valid);
  return made;
}

static heed_status take_answer(const say_speaker *self,
                               const llm_response *answer,
                               heed_response *response, heed_error *error) {
  char *text = NULL;
  size_t length;
  const heed_status status =
      tokenizer_decode(self->model->tokens, answer->token, answer->length,
                       false, &text, &length, error);
  if (status != HEED_OK) return status;
  response->candidate = -1;
  response->cut = !answer->ended;
  response->text = keep_text(self, text, length, &response->length);
  free(text);
  return response->text == NULL ? heed_no_memory(error) : HEED_OK;
}

static heed_status draw(const say_speaker *self, const llm_model *weights,
                        size_t count, heed_error *error) {
  const int32_t ends[] = {language_model_end(self->model),
                          tokenizer_end_id(self->model->tokens)};
  const llm_generation generation = {.sampling = self->how->sampling,
                                     .most = self->how->most,
                                     .stop = ends,
                                     .stops = ends[1] < 0 ? 1 : 2,
                                     .slots = self->how->together,
                                     .going = going,
                                     .context = (void *)(uintptr_t)self};
  llm_crew *workers = NULL;
  heed_status status = crew_open(0, &workers, error);
  if (status == HEED_OK)
    status = llm_generate(weights, &generation, self->prompt, count,
                          self->answer, workers, error);
  crew_close(workers);
  return status;
}

heed_status language_model_say(const language_model *self,
                               const llm_model *weights,
                               const language_model_speech *how,
                               const heed_host *host, const char *what,
                               const char *const *prompt, size_t count,
                               heed_stream *stream, heed_response *responses,
                               size_t *drawn, heed_error *error) {
  language_model_answer texts = {0};
  say_speaker speaker = {.model = self, .how = how, .host = host, .what = what};
  heed_status status = HEED_OK;
  if (count == 0) return HEED_OK;
  for (size_t i = 0; i < count; i++) responses[i].text = NULL;
  status = language_model_read(self, prompt, count, responses, &texts, error);
  if (status == HEED_OK)
    status = open_speaker(&speaker, &texts, stream, responses, error);
  if (status == HEED_OK) status = draw(&speaker, weights, count, error);
  for (size_t i = 0; status == HEED_OK && i < count; i++) {
    status = take_answer(&speaker, &speaker.answer[i], &responses[i], error);
    if (drawn != NULL)
      *drawn += speaker.answer[i].length + speaker.answer[i].ended;
  }
  free(speaker.memory);
  spoken_free(&texts);
  return status;
}
