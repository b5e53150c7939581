/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts to ids: a hash table with open addressing, filled once. */
#ifndef HEED_SUPPORT_LLM_TEXT_MAP_H
#define HEED_SUPPORT_LLM_TEXT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct llm_text_entry {
  const char *text; /* not owned */
  uint32_t length;
  int32_t id; /* −1: free */
} llm_text_entry;

typedef struct llm_text_map {
  llm_text_entry *entry; /* (mask + 1), owned */
  size_t mask;
} llm_text_map;

/* Room for `count` texts; false: out of memory. */
bool text_map_init(llm_text_map *map, size_t count);
void text_map_free(llm_text_map *map);
/* An existing text keeps its id. */
void text_map_add(llm_text_map *map, const char *text, size_t length,
                  int32_t id);
/* −1 if missing. */
int32_t text_map_find(const llm_text_map *map, const char *text, size_t length);

#endif
