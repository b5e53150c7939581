/* SPDX-License-Identifier: GPL-3.0-or-later
 * Draws responses. */
#include "sources/llm/drawing.h"

#include <time.h>

/* Responses per saved batch.  Fewer and fewer sequences run at the end of a
 * batch, so it is several times as large as the number drawn at a time. */
static size_t lot_of(const llm_source_drawing *self) {
  return self->together > 16 ? 4 * self->together : 64;
}

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct drawing_lot {
  llm_source_models *open;
  const language_model_options *options;
  llm_sampling sampling;
  const char *purpose, *whose;
  size_t first, count, total; /* out of */
  const uint64_t *entity;
  heed_response *responses;
} drawing_lot;

static heed_status draw_lot(llm_source_drawing *self, const drawing_lot *lot,
                            size_t *tokens, heed_error *error) {
  const heed_host *host = self->host;
  const language_model_speech how = {.sampling = lot->sampling,
                                     .most = self->most,
                                     .together = self->together,
                                     .lasting = true};
  heed_stream *stream = host->scratch(host, lot->count, sizeof *stream);
  language_model model;
  char what[96];
  heed_status status;
  if (stream == NULL) return heed_no_memory(error);
  for (size_t i = 0; i < lot->count; i++)
    stream[i] = host->stream(host, lot->purpose, lot->entity[i]);
  (void)snprintf(what, sizeof what, "responses of %s, %zu to %zu of %zu",
                 lot->whose, lot->first + 1, lot->first + lot->count,
                 lot->total);
  status = models_take(lot->open, host, lot->options, &model, error);
  const double start = now();
  if (status == HEED_OK)
    status = language_model_say(&model, model.weights, &how, host, what,
                                self->prompt, lot->count, stream,
                                lot->responses, tokens, error);
  self->seconds += now() - start;
  self->tokens_now += *tokens;
  return status;
}

/* From the checkpoint, else drawn and saved. */
static heed_status take_lot(llm_source_drawing *self, const drawing_lot *lot,
                            heed_error *error) {
  size_t tokens = 0;
  bool found;
  heed_status status =
      checkpoint_find(self->kept, lot->purpose, lot->first, lot->count,
                      lot->responses, &tokens, &found, error);
  if (status == HEED_OK && !found) {
    status = draw_lot(self, lot, &tokens, error);
    if (status == HEED_OK)
      status = checkpoint_add(self->kept, lot->purpose, lot->first, lot->count,
                              lot->responses, tokens, error);
  }
  self->tokens += tokens;
  return status;
}

heed_status drawing_draw(llm_source_drawing *self, llm_source_models *open,
                         const language_model_options *options,
                         llm_sampling sampling, const char *purpose,
                         const char *whose, size_t count,
                         const uint64_t *entity, heed_response *responses,
                         heed_error *error) {
  const size_t step = lot_of(self), tokens = self->tokens;
  const size_t tokens_now = self->tokens_now;
  const double seconds = self->seconds;
  heed_status status = HEED_OK;
  for (size_t position = 0; status == HEED_OK && position < count;
       position += step) {
    const drawing_lot lot = {open,
                             options,
                             sampling,
                             purpose,
                             whose,
                             position,
                             count - position < step ? count - position : step,
                             count,
                             entity + position,
                             responses + position};
    status = take_lot(self, &lot, error);
  }
  if (status == HEED_OK && count > 0)
    self->host->log(self->host,
                    "%s: %zu responses of %zu tokens; %zu tokens drawn in this "
                    "run, in %.1f s",
                    whose, count, self->tokens - tokens,
                    self->tokens_now - tokens_now, self->seconds - seconds);
  return status;
}
