/* SPDX-License-Identifier: GPL-3.0-or-later
 * Responses drawn. */
#include "sources/llm/drawing.h"

#include <time.h>

/* Responses drawn before they are kept.  At the end of a lot fewer and fewer
 * are drawn together: a lot is several times as many. */
static size_t lot_of(const drawing *self) {
  return self->together > 16 ? 4 * self->together : 64;
}

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct lot {
  models *open;
  const language_model_options *options;
  llm_sampling sampling;
  const char *purpose, *whose;
  size_t first, count, of; /* of so many in all */
  const uint64_t *entity;
  heed_response *responses;
} lot;

static heed_status draw_lot(drawing *self, const lot *of, size_t *tokens,
                            heed_error *error) {
  const heed_host *host = self->host;
  const language_model_speech how = {.sampling = of->sampling,
                                     .most = self->most,
                                     .together = self->together,
                                     .lasting = true};
  heed_stream *stream = host->scratch(host, of->count, sizeof *stream);
  language_model model;
  char what[96];
  heed_status status;
  if (stream == NULL) return heed_fail(error, HEED_MEMORY, "memory is out");
  for (size_t i = 0; i < of->count; i++)
    stream[i] = host->stream(host, of->purpose, of->entity[i]);
  (void)snprintf(what, sizeof what, "responses of %s, %zu to %zu of %zu",
                 of->whose, of->first + 1, of->first + of->count, of->of);
  status = models_take(of->open, of->options, &model, error);
  const double start = now();
  if (status == HEED_OK)
    status = language_model_say(&model, model.weights, &how, host, what,
                                self->prompt, of->count, stream, of->responses,
                                tokens, error);
  self->seconds += now() - start;
  self->tokens_now += *tokens;
  return status;
}

/* From the checkpoint, or else drawn and put there. */
static heed_status take_lot(drawing *self, const lot *of, heed_error *error) {
  size_t tokens = 0;
  bool found;
  heed_status status =
      checkpoint_find(self->kept, of->purpose, of->first, of->count,
                      of->responses, &tokens, &found, error);
  if (status == HEED_OK && !found) {
    status = draw_lot(self, of, &tokens, error);
    if (status == HEED_OK)
      status = checkpoint_add(self->kept, of->purpose, of->first, of->count,
                              of->responses, tokens, error);
  }
  self->tokens += tokens;
  return status;
}

heed_status drawing_draw(drawing *self, models *open,
                         const language_model_options *options,
                         llm_sampling sampling, const char *purpose,
                         const char *whose, size_t count,
                         const uint64_t *entity, heed_response *responses,
                         heed_error *error) {
  const size_t step = lot_of(self), tokens = self->tokens;
  const size_t tokens_now = self->tokens_now;
  const double seconds = self->seconds;
  heed_status status = HEED_OK;
  for (size_t at = 0; status == HEED_OK && at < count; at += step) {
    const lot of = {open,
                    options,
                    sampling,
                    purpose,
                    whose,
                    at,
                    count - at < step ? count - at : step,
                    count,
                    entity + at,
                    responses + at};
    status = take_lot(self, &of, error);
  }
  if (status == HEED_OK && count > 0)
    self->host->log(self->host,
                    "%s: %zu responses of %zu tokens; of these %zu tokens were "
                    "drawn now, in %.1f s",
                    whose, count, self->tokens - tokens,
                    self->tokens_now - tokens_now, self->seconds - seconds);
  return status;
}
