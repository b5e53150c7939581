/* SPDX-License-Identifier: GPL-3.0-or-later
 * Texts to ids: a hash table with open addressing, filled once. */
#ifndef HEED_SUPPORT_LLM_TEXT_MAP_H
#define HEED_SUPPORT_LLM_TEXT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct text_entry {
  const char *text; /* not owned */
  uint32_t length;
  int32_t id; /* −1: free */
} text_entry;

typedef struct text_map {
  text_entry *entry; /* (mask + 1), owned */
  size_t mask;
} text_map;

/* Room for `count` texts; false where memory is out. */
bool text_map_init(text_map *map, size_t count);
void text_map_free(text_map *map);
/* A text that is there already keeps its id. */
void text_map_add(text_map *map, const char *text, size_t length, int32_t id);
/* −1 where it is not there. */
int32_t text_map_find(const text_map *map, const char *text, size_t length);

#endif
