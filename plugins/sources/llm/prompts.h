/* SPDX-License-Identifier: GPL-3.0-or-later
 * The file of prompts: JSON Lines, an object a line with `prompt` and, where
 * they are known already, `response_a`, `response_b`, `score_a`, `score_b`.
 * Other keys are not read. */
#ifndef HEED_SOURCES_LLM_PROMPTS_H
#define HEED_SOURCES_LLM_PROMPTS_H

#include "heed/host.h"

typedef struct prompt_row {
  size_t line;
  const char *prompt;
  const char *response[2]; /* A's, B's; NULL: to be drawn */
  double score[2];         /* NaN: not given */
} prompt_row;

typedef struct prompt_rows {
  const char *path;
  size_t count, room;
  prompt_row *row; /* (count) */
} prompt_rows;

/* Texts are in the memory of host->allocate(), rows in scratch. */
heed_status prompts_read(const heed_host *host, const char *path,
                         prompt_rows *made, heed_error *error);

#endif
