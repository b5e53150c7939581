/* SPDX-License-Identifier: GPL-3.0-or-later
 * Byte pair encoding: a table of merges, and their application to a word. */
#ifndef HEED_SUPPORT_LLM_MERGES_H
#define HEED_SUPPORT_LLM_MERGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/status.h"

typedef struct llm_merge {
  int32_t left, right; /* tokens; left −1: free */
  int32_t rank, whole; /* lower ranks merge first; the result */
} llm_merge;

typedef struct llm_merges {
  llm_merge *entry; /* (mask + 1), owned: a hash table with open addressing */
  size_t mask;
} llm_merges;

/* Room for `count`; false: out of memory. */
bool merges_init(llm_merges *self, size_t count);
void merges_free(llm_merges *self);
/* An existing pair gets the new rank. */
void merges_add(llm_merges *self, llm_merge added);

/* Workspace of merges_apply, grown on demand; start with {0}. */
typedef struct llm_merge_room {
  size_t room;
  void *memory;                /* of the arrays below, owned */
  struct llm_merge_link *link; /* (room) */
  struct llm_merge_turn *heap; /* (3 room) */
} llm_merge_room;
void merge_room_free(llm_merge_room *room);

/* Merges the tokens of a word in place, lowest rank first, ties from the left;
 * *count shrinks.  O(n log n). */
heed_status merges_apply(const llm_merges *self, int32_t *token, size_t *count,
                         llm_merge_room *room, heed_error *error);

#endif
