/* SPDX-License-Identifier: GPL-3.0-or-later
 * Maps texts to ids. */
#include "support/llm/text_map.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a (Fowler, Noll, Vo) with its upper bits folded in. */
static uint64_t hash(const char *text, size_t length) {
  uint64_t value = 0xcbf29ce484222325u;
  for (size_t i = 0; i < length; i++)
    value = (value ^ (uint8_t)text[i]) * 0x100000001b3u;
  return value ^ value >> 32;
}

bool text_map_init(llm_text_map *map, size_t count) {
  size_t room = 16;
  while (room < 2 * count) room *= 2;
  map->entry = malloc(room * sizeof *map->entry);
  if (map->entry == NULL) return false;
  map->mask = room - 1;
  for (size_t i = 0; i < room; i++) map->entry[i] = (llm_text_entry){.id = -1};
  return true;
}

void text_map_free(llm_text_map *map) {
  free(map->entry);
}

/* The slot of the text, or a free one. */
static llm_text_entry *seek(const llm_text_map *map, const char *text,
                            size_t length) {
  size_t position = (size_t)hash(text, length) & map->mask;
  for (;; position = (position + 1) & map->mask) {
    llm_text_entry *entry = &map->entry[position];
    if (entry->id < 0 ||
        (entry->length == length && memcmp(entry->text, text, length) == 0))
      return entry;
  }
}

void text_map_add(llm_text_map *map, const char *text, size_t length,
                  int32_t id) {
  llm_text_entry *entry = seek(map, text, length);
  if (entry->id < 0)
    *entry =
        (llm_text_entry){.text = text, .length = (uint32_t)length, .id = id};
}

int32_t text_map_find(const llm_text_map *map, const char *text,
                      size_t length) {
  return seek(map, text, length)->id;
}
