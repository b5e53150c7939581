/* SPDX-License-Identifier: GPL-3.0-or-later
 * Judges. */
#include "sources/llm/judge.h"

#include <math.h>

#include "support/llm/model.h"

const char *const judge_kind_words[] = {"likelihood", "lexicon", "log", NULL};

/* The judge reads whole prompts, even if the models saw a part. */
static heed_status by_likelihood(const llm_source_judge *self,
                                 llm_source_models *open, const heed_host *host,
                                 const char *what, const char *const *prompt,
                                 size_t count, const heed_response *responses,
                                 double *scores, heed_error *error) {
  const language_model_options options = {.path = self->model};
  language_model model;
  size_t *tokens = host->scratch(host, count, sizeof *tokens);
  heed_status status;
  if (tokens == NULL) return heed_no_memory(error);
  status = models_take(open, host, &options, &model, error);
  if (status == HEED_OK)
    status = language_model_score(&model, NULL, host, what, prompt, count,
                                  responses, scores, tokens, error);
  for (size_t i = 0; status == HEED_OK && i < count; i++)
    scores[i] = tokens[i] > 0 ? scores[i] / (double)tokens[i]
                              : -log((double)model.weights->shape.vocabulary);
  return status;
}

static heed_status by_lexicon(llm_source_judge *self, size_t count,
                              const heed_response *responses, double *scores,
                              heed_error *error) {
  if (self->words == NULL) {
    const heed_status status = lexicon_open(self->lexicon, &self->words, error);
    if (status != HEED_OK) return status;
  }
  for (size_t i = 0; i < count; i++)
    scores[i] =
        lexicon_score(self->words, responses[i].text, responses[i].length);
  return HEED_OK;
}

heed_status judge_score(llm_source_judge *self, llm_source_models *open,
                        const heed_host *host, const char *what,
                        const char *const *prompt, size_t count,
                        const heed_response *responses, double *scores,
                        heed_error *error) {
  switch (self->kind) {
    case JUDGE_LIKELIHOOD:
      return by_likelihood(self, open, host, what, prompt, count, responses,
                           scores, error);
    case JUDGE_LEXICON:
      return by_lexicon(self, count, responses, scores, error);
    case JUDGE_LOG:
      return heed_fail(error, HEED_UNSUPPORTED,
                       "the judge is a log: it cannot judge other texts");
    case JUDGE_NONE:
      break;
  }
  return heed_fail(error, HEED_UNSUPPORTED, "no such judge");
}

void judge_close(llm_source_judge *self) {
  lexicon_close(self->words);
  self->words = NULL;
}
