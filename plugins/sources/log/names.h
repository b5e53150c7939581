/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and their ids, numbered by first appearance. */
#ifndef HEED_SOURCES_LOG_NAMES_H
#define HEED_SOURCES_LOG_NAMES_H

#include "heed/memory.h"

typedef struct log_slot {
  uint64_t hash;
  size_t next; /* id + 1; 0: free */
} log_slot;

/* A log may be hostile: the hash has a random key, so that nobody can write
 * names that collide.  Ids do not depend on the key. */
typedef struct log_names {
  unsigned char key[16];
  log_slot *slots; /* mask + 1, at most half of them taken */
  size_t mask;
  const char **text; /* by id */
  size_t count;
} log_names;

/* For at most `most` names, whose texts the caller keeps.  The memory is the
 * host's scratch. */
void log_names_open(heed_memory *memory, log_names *self, size_t most);

/* The id of a name, a new id if the name is new. */
size_t log_number(log_names *self, const char *text);

/* The id of a name; SIZE_MAX if the name is unknown. */
size_t log_known_number(const log_names *self, const char *text);

#endif
