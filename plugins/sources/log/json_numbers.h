/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON whose numbers jansson does not hold. */
#ifndef HEED_SOURCES_LOG_JSON_NUMBERS_H
#define HEED_SOURCES_LOG_JSON_NUMBERS_H

#include <jansson.h>

#include "heed/memory.h"

/* Room for a copy of a text, used again. */
typedef struct json_room {
  heed_memory memory;
  char *bytes;
  size_t size;
  char *mended;    /* the last text that had halves of characters */
  bool was_mended; /* the last value is of such a text */
} json_room;

/* Parses a value.  Integers beyond 64 bits with a sign become texts, and what
 * else is too large is an error: jansson has integers of 64 bits with a sign,
 * and no way to ask for others.  Half of a UTF-16 pair that stands alone
 * becomes U+FFFD. */
json_t *json_load(json_room *room, const char *bytes, size_t length,
                  json_error_t *where);

/* The same value, with each number that reads as 0 but is not 0 as a text. */
json_t *json_load_tiny(json_room *room, const char *bytes, size_t length);

#endif
