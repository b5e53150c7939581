/* SPDX-License-Identifier: GPL-3.0-or-later
 * Judges map texts to scores. */
#ifndef HEED_SOURCES_LLM_JUDGE_H
#define HEED_SOURCES_LLM_JUDGE_H

#include "sources/llm/lexicon.h"
#include "sources/llm/models.h"

typedef enum llm_source_judge_kind {
  JUDGE_LIKELIHOOD, /* mean log-probability per token, including the end */
  JUDGE_LEXICON,    /* mean score of a word */
  JUDGE_LOG,        /* scores from the prompts' file; judges no text */
  JUDGE_NONE        /* no judge */
} llm_source_judge_kind;

extern const char *const judge_kind_words[]; /* the first three names, then
                                              * NULL */

typedef struct llm_source_judge {
  llm_source_judge_kind kind;
  const char *model;                /* of JUDGE_LIKELIHOOD */
  const char *lexicon;              /* of JUDGE_LEXICON */
  struct llm_source_lexicon *words; /* loaded on first use; owned */
} llm_source_judge;

/* scores: (count).  prompt: texts of rows of world->prompts.  what: progress
 * label.  HEED_UNSUPPORTED if the judge cannot judge texts. */
heed_status judge_score(llm_source_judge *self, llm_source_models *open,
                        const heed_host *host, const char *what,
                        const char *const *prompt, size_t count,
                        const heed_response *responses, double *scores,
                        heed_error *error);

void judge_close(llm_source_judge *self);

#endif
