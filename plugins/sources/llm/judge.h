/* SPDX-License-Identifier: GPL-3.0-or-later
 * Judges: texts to scores. */
#ifndef HEED_SOURCES_LLM_JUDGE_H
#define HEED_SOURCES_LLM_JUDGE_H

#include "sources/llm/lexicon.h"
#include "sources/llm/models.h"

typedef enum llm_source_judge_kind {
  JUDGE_LIKELIHOOD, /* mean log-probability of a token, the end being one */
  JUDGE_LEXICON,    /* mean score of a word */
  JUDGE_LOG,        /* the file of prompts says; no text can be judged */
  JUDGE_NONE        /* there is no such judge */
} llm_source_judge_kind;

extern const char *const judge_kind_words[]; /* the first three, and NULL */

typedef struct llm_source_judge {
  llm_source_judge_kind kind;
  const char *model;                /* of JUDGE_LIKELIHOOD */
  const char *lexicon;              /* of JUDGE_LEXICON */
  struct llm_source_lexicon *words; /* once it was read; owned */
} llm_source_judge;

/* scores: (count).  prompt: texts of rows of world->prompts.  what: for the
 * progress.  HEED_UNSUPPORTED of a judge that cannot judge texts. */
heed_status judge_score(llm_source_judge *self, llm_source_models *open,
                        const heed_host *host, const char *what,
                        const char *const *prompt, size_t count,
                        const heed_response *responses, double *scores,
                        heed_error *error);

void judge_close(llm_source_judge *self);

#endif
