/* SPDX-License-Identifier: GPL-3.0-or-later
 * The file of prompts: JSON Lines, one object per line with `prompt` and,
 * optionally, `response_a`, `response_b`, `score_a`, `score_b`.  Other keys are
 * ignored. */
#ifndef HEED_SOURCES_LLM_PROMPTS_H
#define HEED_SOURCES_LLM_PROMPTS_H

#include "heed/host.h"

typedef struct llm_source_prompt {
  size_t line;
  const char *prompt;
  const char *response[2]; /* A's, B's; NULL: not given */
  double score[2];         /* NaN: not given */
} llm_source_prompt;

typedef struct llm_source_prompts {
  const char *path;
  size_t count, room;
  llm_source_prompt *row; /* (count) */
} llm_source_prompts;

/* Texts are in the memory of host->allocate(), rows in scratch. */
heed_status prompts_read(const heed_host *host, const char *path,
                         llm_source_prompts *made, heed_error *error);

#endif
