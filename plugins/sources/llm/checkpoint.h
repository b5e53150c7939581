/* SPDX-License-Identifier: GPL-3.0-or-later
 * Responses that are drawn already, in the host's checkpoint file: JSON Lines,
 * a line for each lot of them. */
#ifndef HEED_SOURCES_LLM_CHECKPOINT_H
#define HEED_SOURCES_LLM_CHECKPOINT_H

#include <jansson.h>

#include "heed/host.h"
#include "heed/world.h"

typedef struct llm_source_checkpoint {
  const heed_host *host;
  const char *path; /* NULL: nothing is kept */
  json_t *lots;     /* an array, owned */
} llm_source_checkpoint;

/* Reads what is there.  A file that is not whole counts up to where it is. */
heed_status checkpoint_open(const heed_host *host, llm_source_checkpoint *self,
                            heed_error *error);
void checkpoint_close(llm_source_checkpoint *self);

/* The lot of `count` responses for this purpose of which `first` is the first:
 * sets text, length and cut, in the memory of host->allocate(), and adds to
 * *tokens.  *found: it is there. */
heed_status checkpoint_find(const llm_source_checkpoint *self,
                            const char *purpose, size_t first, size_t count,
                            heed_response *responses, size_t *tokens,
                            bool *found, heed_error *error);

/* Writes the file anew with one lot more.  One that cannot be written is a
 * warning, and nothing more is kept. */
heed_status checkpoint_add(llm_source_checkpoint *self, const char *purpose,
                           size_t first, size_t count,
                           const heed_response *responses, size_t tokens,
                           heed_error *error);

#endif
