/* SPDX-License-Identifier: GPL-3.0-or-later
 * Names and their ids, numbered by first appearance. */
#ifndef HEED_SOURCES_LOG_NAMES_H
#define HEED_SOURCES_LOG_NAMES_H

#include "heed/memory.h"
#include "sources/log/text.h"

/* Memory of the host for many short texts.  It lives as long as the world. */
typedef struct log_block log_block;
typedef struct log_pool {
  heed_memory memory;
  char *free;
  size_t left;
  size_t taken;             /* bytes of all blocks */
  log_block *used, *unused; /* blocks */
} log_pool;

/* Forgets all texts; the memory is for the next ones. */
void log_pool_clear(log_pool *pool);

/* A copy that NUL ends; NULL: out of memory. */
const char *log_copy(log_pool *pool, log_text text);

/* A 64-bit hash with a random key.  A log may be hostile: nobody can write
 * texts that collide. */
typedef struct log_hash {
  unsigned char key[16];
} log_hash;

void log_hash_open(log_hash *self);
uint64_t log_hash_of(const log_hash *self, log_text text);

typedef struct log_slot {
  uint32_t tag;  /* of the hash */
  uint32_t next; /* id + 1; 0: free */
} log_slot;

/* Ids do not depend on the key of the hash. */
typedef struct log_names {
  log_hash hash;
  log_pool *pool;
  log_slot *slots;   /* mask + 1, at most two thirds of them taken */
  const char **text; /* by id; in the pool */
  size_t mask, count, room;
  bool refused; /* out of memory: ids are not valid */
  /* Where ids are given in another order than that of the log, as in
   * packed_sort.c: the moment of each call, which counts on, and by id the
   * least of its moments.  NULL: nobody asks. */
  uint64_t *moment, *first;
} log_names;

void log_names_open(log_names *self, log_pool *pool);
void log_names_close(log_names *self);
/* Forgets all names, but not how many there were: the table keeps its size. */
void log_names_clear(log_names *self);

uint32_t log_tag_of(const log_names *self, log_text text);

/* The processor waits for memory less if it is asked for early.  Three calls
 * for each of several names, stage by stage, before they are looked for. */
typedef enum log_stage { LOG_SLOT, LOG_POINTER, LOG_NAME } log_stage;
void log_foresee(const log_names *self, uint32_t tag, log_stage stage);

/* Where a name is or belongs, until another name is added. */
typedef struct log_finding {
  uint32_t tag; /* log_tag_of() the name */
  size_t slot;
} log_finding;

/* The id of a name; SIZE_MAX if the name is unknown. */
size_t log_find(const log_names *self, log_text text, log_finding *finding);
/* The id of a name that log_find() did not find. */
size_t log_add_name(log_names *self, log_text text, const log_finding *finding);

/* Gives a name that stays where it is the next id.  False: the name is known,
 * or out of memory (refused). */
bool log_adopt_name(log_names *self, const char *name);

/* The id of a name, a new id if the name is new. */
size_t log_number(log_names *self, log_text text);

/* The id of a name; SIZE_MAX if the name is unknown. */
size_t log_known_number(const log_names *self, log_text text);

#endif
