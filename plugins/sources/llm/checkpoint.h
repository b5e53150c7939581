/* SPDX-License-Identifier: GPL-3.0-or-later
 * Drawn responses in the host's checkpoint file: JSON Lines, one line per
 * batch. */
#ifndef HEED_SOURCES_LLM_CHECKPOINT_H
#define HEED_SOURCES_LLM_CHECKPOINT_H

#include <jansson.h>

#include "heed/host.h"
#include "heed/world.h"

typedef struct llm_source_checkpoint {
  const heed_host *host;
  const char *path; /* NULL: nothing is saved */
  json_t *lots;     /* an array, owned */
} llm_source_checkpoint;

/* Reads an existing checkpoint, up to the first damaged line. */
heed_status checkpoint_open(const heed_host *host, llm_source_checkpoint *self,
                            heed_error *error);
void checkpoint_close(llm_source_checkpoint *self);

/* The batch of `count` responses for this purpose that starts at `first`: sets
 * text, length and cut, in the memory of host->allocate(), and adds to *tokens.
 * *found: whether the checkpoint has it. */
heed_status checkpoint_find(const llm_source_checkpoint *self,
                            const char *purpose, size_t first, size_t count,
                            heed_response *responses, size_t *tokens,
                            bool *found, heed_error *error);

/* Rewrites the file with one more batch.  If that fails, warns and stops
 * saving. */
heed_status checkpoint_add(llm_source_checkpoint *self, const char *purpose,
                           size_t first, size_t count,
                           const heed_response *responses, size_t tokens,
                           heed_error *error);

#endif
