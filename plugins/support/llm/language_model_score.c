/* SPDX-License-Identifier: GPL-3.0-or-later
 * Language models: the log-probabilities of responses. */
#include <stdlib.h>

#include "support/llm/language_model.h"
#include "support/llm/pass.h"

/* Tokens that a pass reads at a time, unless one text alone is longer. */
#define TOGETHER 1024

typedef struct scorer {
  const spoken *texts;
  llm_pass *pass;
  size_t most;    /* tokens of a pass */
  size_t *length; /* (texts) */
  size_t *ask;    /* (most) */
  double *found;  /* (most) */
} scorer;

static size_t length_of(const spoken *texts, size_t i) {
  return texts->first[i + 1] - texts->first[i];
}

static heed_status open_scorer(scorer *self, const language_model *model,
                               const llm_adapter *adapter, crew *workers,
                               heed_error *error) {
  const spoken *texts = self->texts;
  llm_pass_options options = {.training = LLM_TRAIN_NOTHING};
  size_t longest = 1;
  if (adapter != NULL) options.adapter = adapter->shape;
  for (size_t i = 0; i < texts->count; i++)
    if (length_of(texts, i) > longest) longest = length_of(texts, i);
  self->most = longest > TOGETHER ? longest : TOGETHER;
  self->length = malloc((texts->count + 1) * sizeof *self->length);
  self->ask = malloc(self->most * sizeof *self->ask);
  self->found = malloc(self->most * sizeof *self->found);
  if (self->length == NULL || self->ask == NULL || self->found == NULL)
    return heed_fail(error, HEED_MEMORY, "memory is out to score %zu texts",
                     texts->count);
  const llm_limits limits = {self->most, longest, self->most};
  return llm_pass_open(model->weights, &options, &limits, workers, &self->pass,
                       error);
}

static void close_scorer(scorer *self) {
  llm_pass_close(self->pass);
  free(self->length);
  free(self->ask);
  free(self->found);
}

/* Scores texts from `first` on, as many as one pass takes; *end: the next. */
static heed_status score_some(scorer *self, const llm_adapter *adapter,
                              size_t first, size_t *end,
                              double *log_probability, heed_error *error) {
  const spoken *texts = self->texts;
  const size_t start = texts->first[first];
  size_t asked = 0, at = 0, last = first;
  heed_status status;
  while (last < texts->count && texts->first[last + 1] - start <= self->most) {
    self->length[last - first] = length_of(texts, last);
    for (size_t k = texts->answer[last]; k < texts->first[last + 1]; k++)
      self->ask[asked++] = k - start;
    last++;
  }
  const llm_batch batch = {last - first, self->length, texts->tokens.id + start,
                           asked, self->ask};
  status = llm_pass_forward(self->pass, adapter, &batch, self->found, error);
  for (size_t i = first; status == HEED_OK && i < last; i++) {
    log_probability[i] = 0;
    for (size_t k = texts->answer[i]; k < texts->first[i + 1]; k++)
      log_probability[i] += self->found[at++];
  }
  *end = last;
  return status;
}

heed_status language_model_score(const language_model *self,
                                 const llm_adapter *adapter,
                                 const heed_host *host, const char *what,
                                 const char *const *prompt, size_t count,
                                 const heed_response *responses,
                                 double *log_probability, size_t *tokens,
                                 heed_error *error) {
  spoken texts = {0};
  scorer with = {.texts = &texts};
  crew *workers = NULL;
  heed_status status =
      language_model_read(self, prompt, count, responses, &texts, error);
  if (status == HEED_OK && count > 0) status = crew_open(0, &workers, error);
  if (status == HEED_OK && count > 0)
    status = open_scorer(&with, self, adapter, workers, error);
  for (size_t i = 0; status == HEED_OK && i < count;) {
    status = score_some(&with, adapter, i, &i, log_probability, error);
    host->progress(host, (double)i / (double)count, what);
    if (status == HEED_OK && host->cancelled(host))
      status = heed_fail(error, HEED_CANCELLED, "scoring was stopped");
  }
  for (size_t i = 0; status == HEED_OK && tokens != NULL && i < count; i++)
    tokens[i] = texts.first[i + 1] - texts.answer[i];
  close_scorer(&with);
  crew_close(workers);
  spoken_free(&texts);
  return status;
}
