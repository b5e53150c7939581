/* SPDX-License-Identifier: GPL-3.0-or-later
 * Byte pair encoding: a table of merges, and their application to a word. */
#ifndef HEED_SUPPORT_LLM_MERGES_H
#define HEED_SUPPORT_LLM_MERGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heed/status.h"

typedef struct merge {
  int32_t left, right; /* tokens; left −1: free */
  int32_t rank, whole; /* lower ranks merge first; what comes out */
} merge;

typedef struct merges {
  merge *entry; /* (mask + 1), owned: a hash table with open addressing */
  size_t mask;
} merges;

/* Room for `count`; false where memory is out. */
bool merges_init(merges *self, size_t count);
void merges_free(merges *self);
/* A pair that is there already takes the new rank. */
void merges_add(merges *self, merge added);
/* NULL where the pair does not merge. */
const merge *merges_find(const merges *self, int32_t left, int32_t right);

/* Scratch of merges_apply, which grows as words need; start with {0}. */
typedef struct merge_room {
  struct merge_link *link; /* owned */
  struct merge_turn *heap; /* owned */
  size_t room;
} merge_room;
void merge_room_free(merge_room *room);

/* Merges the tokens of a word in place, the lowest rank first and from the left
 * among equals; *count shrinks.  O(n log n). */
heed_status merges_apply(const merges *self, int32_t *token, size_t *count,
                         merge_room *room, heed_error *error);

#endif
