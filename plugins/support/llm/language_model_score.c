/* SPDX-License-Identifier: GPL-3.0-or-later
 * Language models: computes the log-probabilities of responses. */
#include <stdlib.h>

#include "heed/host.h"
#include "support/llm/language_model.h"
#include "support/llm/packed.h"

/* Tokens per pass, unless a single text is longer. */
#define TOGETHER 1024

typedef struct score_scorer {
  language_model_answer texts;
  llm_packed some; /* of them */
  llm_pass *pass;
  double *found; /* (tokens of a pass) */
} score_scorer;

static heed_status open_scorer(score_scorer *self, const language_model *model,
                               const llm_adapter *adapter, llm_crew *workers,
                               heed_error *error) {
  const language_model_answer *texts = &self->texts;
  llm_pass_options options = {.training = LLM_TRAIN_NOTHING};
  size_t longest = 1, most;
  heed_status status;
  if (adapter != NULL) options.adapter = adapter->shape;
  for (size_t i = 0; i < texts->count; i++)
    if (texts->first[i + 1] - texts->first[i] > longest)
      longest = texts->first[i + 1] - texts->first[i];
  most = longest > TOGETHER ? longest : TOGETHER;
  self->found = malloc(most * sizeof *self->found);
  if (self->found == NULL) return heed_no_memory(error);
  status = packed_open(texts, most, &self->some, error);
  const llm_limits limits = {most, longest, most};
  return status == HEED_OK ? llm_pass_open(model->weights, &options, &limits,
                                           workers, &self->pass, error)
                           : status;
}

static void close_scorer(score_scorer *self) {
  llm_pass_close(self->pass);
  packed_close(&self->some);
  spoken_free(&self->texts);
  free(self->found);
}

/* Scores texts from `first` on, as many as fit in one pass; *end: the next. */
static heed_status score_some(score_scorer *self, const llm_adapter *adapter,
                              size_t first, size_t *end,
                              double *log_probability, heed_error *error) {
  size_t position = 0, last = first;
  heed_status status;
  packed_clear(&self->some);
  while (last < self->texts.count && packed_add(&self->some, last)) last++;
  status = llm_pass_forward(self->pass, adapter, &self->some.batch, self->found,
                            error);
  for (size_t i = first; status == HEED_OK && i < last; i++) {
    log_probability[i] = 0;
    for (size_t k = spoken_answer(&self->texts, i); k > 0; k--)
      log_probability[i] += self->found[position++];
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
  score_scorer scorer = {0};
  llm_crew *workers = NULL;
  heed_status status =
      language_model_read(self, prompt, count, responses, &scorer.texts, error);
  if (status == HEED_OK && count > 0) status = crew_open(0, &workers, error);
  if (status == HEED_OK && count > 0)
    status = open_scorer(&scorer, self, adapter, workers, error);
  for (size_t i = 0; status == HEED_OK && i < count;) {
    status = score_some(&scorer, adapter, i, &i, log_probability, error);
    host->progress(host, (double)i / (double)count, what);
    if (status == HEED_OK && host->cancelled(host))
      status = heed_fail(error, HEED_CANCELLED, "scoring was cancelled");
  }
  for (size_t i = 0; status == HEED_OK && tokens != NULL && i < count; i++)
    tokens[i] = spoken_answer(&scorer.texts, i);
  close_scorer(&scorer);
  crew_close(workers);
  return status;
}
