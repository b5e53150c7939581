/* SPDX-License-Identifier: GPL-3.0-or-later
 * Draws responses from a version of a language model and saves them batch by
 * batch. */
#ifndef HEED_SOURCES_LLM_DRAWING_H
#define HEED_SOURCES_LLM_DRAWING_H

#include "sources/llm/checkpoint.h"
#include "sources/llm/models.h"

typedef struct llm_source_drawing {
  const heed_host *host;
  llm_source_checkpoint *kept;
  const char *const *prompt; /* texts of rows of world->prompts */
  size_t most, together;
  /* Progress so far. */
  size_t tokens;     /* of all responses */
  size_t tokens_now; /* of responses drawn in this run */
  double seconds;    /* drawing time */
} llm_source_drawing;

/* Draws a response to the prompt of each of responses (count).  entity (count)
 * and purpose key the streams; whose: for the log and the progress. */
heed_status drawing_draw(llm_source_drawing *self, llm_source_models *open,
                         const language_model_options *options,
                         llm_sampling sampling, const char *purpose,
                         const char *whose, size_t count,
                         const uint64_t *entity, heed_response *responses,
                         heed_error *error);

#endif
